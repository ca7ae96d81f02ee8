// GPU instances: what can be made, made, listed and destroyed.

#include <algorithm>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

REEVE_NVML_EXPORT nvmlDeviceGetMigMode(Device device, unsigned int* current, unsigned int* pending);

namespace {

constexpr unsigned int info_v2_tag = GpuInstanceProfileInfoV2{}.version;
constexpr unsigned int info_v3_tag = GpuInstanceProfileInfoV3{}.version;
constexpr unsigned int capability_p2p = 0x1, capability_graphics = 0x2;

unsigned int number(int value) { return static_cast<unsigned int>(value); }

template <class Info>  // the members that all three layouts have
void fill_common(Info& info, const Board& board, const mig::GpuInstanceProfile& profile) {
  info.id = number(profile.id);
  info.slice_count = number(profile.gpu_slices);
  info.instance_count = number(profile.max_instances);
  info.multiprocessor_count = number(profile.multiprocessors);
  info.copy_engine_count = number(profile.copy_engines);
  info.decoder_count = number(profile.decoders);
  info.encoder_count = number(profile.encoders);
  info.jpeg_count = number(profile.jpeg_engines);
  info.ofa_count = number(profile.ofa_engines);
  info.memory_size_mb = static_cast<unsigned long long>(board.instance_memory(profile).count());
}

// MIG is on, the caller may change it, the profile exists.
template <class Body>  // Return(Target&, const GpuInstanceProfile&)
Return on_profile(std::string_view name, Device device, unsigned int profile_id, bool arguments_there, Body&& body) {
  return on_device(name, device, arguments_there, MigDevice::refused, [&](Target& target) {
    if (!target.board().geometry || !target.gpu.mig_current) return Return::not_supported;
    if (!target.driver.privileged()) return Return::no_permission;
    const mig::GpuInstanceProfile* profile = target.gpu.geometry().profile(static_cast<int>(profile_id));
    return profile == nullptr ? Return::invalid_argument : body(target, *profile);
  });
}

GpuInstance handle_of(const Target& target, int id) {
  return static_cast<GpuInstance>(target.driver.handle({HandleKind::gpu_instance, target.gpu.spec().index, id, -1}));
}

GpuInstance create(Target& target, const mig::GpuInstanceProfile& profile, mig::Placement place) {
  GpuInstanceState state{.id = target.gpu.geometry().gpu_instance_id(place), .profile_id = profile.id, .placement = place};
  state.load = target.gpu.spec().instance_load;
  const int id = state.id;
  target.gpu.instances.emplace(id, std::move(state));  // loads nothing before it has a compute instance
  target.driver.mig_changes.push_back({target.now, target.gpu.spec().index});
  target.driver.save();
  return handle_of(target, id);
}

// All legal places, whatever stands there and whether MIG is on or off.
Return possible_placements(std::string_view name, Device device, unsigned int profile_id, GpuInstancePlacement* placements,
                           unsigned int* count) {
  return on_device(name, device, count != nullptr, MigDevice::refused, [&](Target& target) {
    if (!target.board().geometry) return Return::not_supported;
    if (!target.driver.privileged()) return Return::no_permission;
    const mig::GpuInstanceProfile* profile = target.gpu.geometry().profile(static_cast<int>(profile_id));
    if (profile == nullptr) return Return::invalid_argument;
    *count = static_cast<unsigned int>(profile->starts.size());
    if (placements == nullptr) return Return::success;
    for (const int start : profile->starts) *placements++ = {number(start), number(profile->size)};
    return Return::success;
  });
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetGpuInstanceProfileInfo(Device device, unsigned int profile, GpuInstanceProfileInfo* info) {
  const bool fine = info != nullptr && profile < gpu_instance_profile_count;
  return on_device("nvmlDeviceGetGpuInstanceProfileInfo", device, fine, MigDevice::refused, [&](Target& target) {
    if (!target.board().geometry) return Return::not_supported;
    const mig::GpuInstanceProfile* found = target.gpu.geometry().profile_by_enum(static_cast<int>(profile));
    if (found == nullptr) return Return::not_supported;
    fill_common(*info, target.board(), *found);
    info->is_p2p_supported = found->p2p ? 1 : 0;
    return Return::success;
  });
}

// Two layouts under one name, told apart by the tag.
REEVE_NVML_EXPORT nvmlDeviceGetGpuInstanceProfileInfoV(Device device, unsigned int profile, GpuInstanceProfileInfoV2* info) {
  const bool fine = info != nullptr && profile < gpu_instance_profile_count;
  return on_device("nvmlDeviceGetGpuInstanceProfileInfoV", device, fine, MigDevice::refused, [&](Target& target) {
    if (info->version != info_v2_tag && info->version != info_v3_tag) return Return::argument_version_mismatch;
    if (!target.board().geometry) return Return::not_supported;
    const mig::GpuInstanceProfile* found = target.gpu.geometry().profile_by_enum(static_cast<int>(profile));
    if (found == nullptr) return Return::not_supported;
    const std::string name = "MIG " + found->name;
    if (info->version == info_v2_tag) {
      fill_common(*info, target.board(), *found);
      info->is_p2p_supported = found->p2p ? 1 : 0;
      return copy_text(name, info->name, sizeof info->name);
    }
    auto* third = reinterpret_cast<GpuInstanceProfileInfoV3*>(info);
    fill_common(*third, target.board(), *found);
    third->capabilities = (found->p2p ? capability_p2p : 0) | (found->graphics ? capability_graphics : 0);
    return copy_text(name, third->name, sizeof third->name);
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetGpuInstancePossiblePlacements_v2(Device device, unsigned int profile_id, GpuInstancePlacement* placements,
                                                                unsigned int* count) {
  return possible_placements("nvmlDeviceGetGpuInstancePossiblePlacements_v2", device, profile_id, placements, count);
}

// The first version wants MIG to be on.
REEVE_NVML_EXPORT nvmlDeviceGetGpuInstancePossiblePlacements(Device device, unsigned int profile_id, GpuInstancePlacement* placements,
                                                             unsigned int* count) {
  unsigned int current = 0, pending = 0;
  if (const Return mode = nvmlDeviceGetMigMode(device, &current, &pending); mode != Return::success) return mode;
  if (current == 0) return Return::not_supported;
  return possible_placements("nvmlDeviceGetGpuInstancePossiblePlacements", device, profile_id, placements, count);
}

REEVE_NVML_EXPORT nvmlDeviceGetGpuInstanceRemainingCapacity(Device device, unsigned int profile_id, unsigned int* count) {
  return on_profile("nvmlDeviceGetGpuInstanceRemainingCapacity", device, profile_id, count != nullptr,
                    [&](Target& target, const mig::GpuInstanceProfile& profile) {
                      const std::vector<mig::PlacedInstance> placed = target.gpu.placed();
                      const auto present = std::ranges::count(placed, profile.id, &mig::PlacedInstance::profile_id);
                      const auto free = static_cast<long>(target.gpu.geometry().free_placements(profile.id, placed).size());
                      *count = static_cast<unsigned int>(std::min<long>(free, profile.max_instances - present));
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlDeviceCreateGpuInstance(Device device, unsigned int profile_id, GpuInstance* instance) {
  return on_profile("nvmlDeviceCreateGpuInstance", device, profile_id, instance != nullptr,
                    [&](Target& target, const mig::GpuInstanceProfile& profile) {
                      const auto place = target.gpu.geometry().driver_choice(profile.id, target.gpu.placed());
                      if (!place) return Return::insufficient_resources;
                      *instance = create(target, profile, *place);
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlDeviceCreateGpuInstanceWithPlacement(Device device, unsigned int profile_id, const GpuInstancePlacement* placement,
                                                           GpuInstance* instance) {
  return on_profile("nvmlDeviceCreateGpuInstanceWithPlacement", device, profile_id, placement != nullptr && instance != nullptr,
                    [&](Target& target, const mig::GpuInstanceProfile& profile) {
                      const mig::Placement wanted{static_cast<int>(placement->start), static_cast<int>(placement->size)};
                      const bool legal = wanted.size == profile.size && std::ranges::count(profile.starts, wanted.start) == 1;
                      if (!legal) return Return::invalid_argument;
                      const auto free = target.gpu.geometry().free_placements(profile.id, target.gpu.placed());
                      if (std::ranges::find(free, wanted) == free.end()) return Return::insufficient_resources;
                      *instance = create(target, profile, wanted);
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlGpuInstanceDestroy(GpuInstance instance) {
  return on_gpu_instance("nvmlGpuInstanceDestroy", instance, true, [&](Target& target) {
    if (!target.driver.privileged()) return Return::no_permission;
    if (!target.gpu_instance->compute.empty()) return Return::in_use;
    target.gpu.instances.erase(target.gpu_instance->id);
    target.driver.mig_changes.push_back({target.now, target.gpu.spec().index});
    target.driver.save();
    return Return::success;
  });
}

// The caller's array has room for all that the profile allows.
REEVE_NVML_EXPORT nvmlDeviceGetGpuInstances(Device device, unsigned int profile_id, GpuInstance* instances, unsigned int* count) {
  return on_profile("nvmlDeviceGetGpuInstances", device, profile_id, instances != nullptr && count != nullptr,
                    [&](Target& target, const mig::GpuInstanceProfile& profile) {
                      *count = 0;
                      for (const auto& [id, instance] : target.gpu.instances)
                        if (instance.profile_id == profile.id) instances[(*count)++] = handle_of(target, id);
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlDeviceGetGpuInstanceById(Device device, unsigned int id, GpuInstance* instance) {
  return on_device("nvmlDeviceGetGpuInstanceById", device, instance != nullptr, MigDevice::refused, [&](Target& target) {
    if (!target.board().geometry || !target.gpu.mig_current) return Return::not_supported;
    if (!target.driver.privileged()) return Return::no_permission;
    if (!target.gpu.instances.contains(static_cast<int>(id))) return Return::not_found;
    *instance = handle_of(target, static_cast<int>(id));
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlGpuInstanceGetInfo(GpuInstance instance, GpuInstanceInfo* info) {
  return on_gpu_instance("nvmlGpuInstanceGetInfo", instance, info != nullptr, [&](Target& target) {
    const GpuInstanceState& state = *target.gpu_instance;
    info->device = static_cast<Device>(target.driver.handle({.kind = HandleKind::gpu, .gpu = target.gpu.spec().index}));
    info->id = number(state.id);
    info->profile_id = number(state.profile_id);
    info->placement = {number(state.placement.start), number(state.placement.size)};
    return Return::success;
  });
}

}  // namespace reeve::sim
