// Compute instances within a GPU instance.

#include <algorithm>
#include <functional>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned int info_v2_tag = ComputeInstanceProfileInfoV2{}.version;
constexpr unsigned int info_v3_tag = ComputeInstanceProfileInfoV3{}.version;
constexpr unsigned int engine_profile_count = 1;

unsigned int number(int value) { return static_cast<unsigned int>(value); }

template <class Info>  // the members that all three layouts have
void fill_common(Info& info, const mig::GpuInstanceProfile& gpu, const mig::ComputeInstanceProfile& profile) {
  info.id = number(profile.id);
  info.slice_count = number(profile.slices);
  info.instance_count = number(profile.max_instances);
  info.multiprocessor_count = number(profile.multiprocessors);
  info.shared_copy_engine_count = number(gpu.copy_engines);
  info.shared_decoder_count = number(gpu.decoders);
  info.shared_encoder_count = number(gpu.encoders);
  info.shared_jpeg_count = number(gpu.jpeg_engines);
  info.shared_ofa_count = number(gpu.ofa_engines);
}

std::vector<mig::ComputeInstanceProfile> profiles_of(const Target& target) {
  return target.gpu.geometry().compute_profiles(target.gpu_instance->profile_id);
}

std::optional<mig::ComputeInstanceProfile> find_by(const Target& target, int mig::ComputeInstanceProfile::*member, unsigned int value) {
  for (const mig::ComputeInstanceProfile& profile : profiles_of(target))
    if (number(profile.*member) == value) return profile;
  return std::nullopt;
}

// The caller may change MIG and the profile exists in the instance.
template <class Body>  // Return(Target&, const ComputeInstanceProfile&)
Return on_profile(std::string_view name, GpuInstance instance, unsigned int profile_id, bool arguments_there, Body&& body) {
  return on_gpu_instance(name, instance, arguments_there, [&](Target& target) {
    if (!target.driver.privileged()) return Return::no_permission;
    const auto profile = find_by(target, &mig::ComputeInstanceProfile::id, profile_id);
    return profile ? body(target, *profile) : Return::invalid_argument;
  });
}

ComputeInstance handle_of(const Target& target, int id) {
  return static_cast<ComputeInstance>(
      target.driver.handle({HandleKind::compute_instance, target.gpu.spec().index, target.gpu_instance->id, id}));
}

ComputeInstance create(Target& target, const mig::ComputeInstanceProfile& profile, mig::Placement place) {
  int id = 0;
  while (target.gpu_instance->compute.contains(id)) ++id;
  target.gpu.alter(target.now, [&] { target.gpu_instance->compute.emplace(id, ComputeInstanceState{id, profile.id, place}); });
  target.driver.mig_changes.push_back({target.now, target.gpu.spec().index});
  target.driver.save();
  return handle_of(target, id);
}

bool runs_something(const Target& target) {
  const GpuInstanceState& instance = *target.gpu_instance;
  if (target.compute_instance->id != instance.compute.begin()->first) return false;
  const MiB memory = target.board().instance_memory(target.gpu.profile_of(instance));
  return !running_processes(instance.processes, *instance.load, memory, target.now).empty();
}

Return info_of(std::string_view name, ComputeInstance instance, bool there, const std::function<void(const Target&)>& fill) {
  return on_compute_instance(name, instance, there, [&](Target& target) {
    fill(target);
    return Return::success;
  });
}

Device device_of(const Target& target) {
  return static_cast<Device>(target.driver.handle({.kind = HandleKind::gpu, .gpu = target.gpu.spec().index}));
}

GpuInstance gpu_instance_of(const Target& target) {
  return static_cast<GpuInstance>(target.driver.handle({HandleKind::gpu_instance, target.gpu.spec().index, target.gpu_instance->id, -1}));
}

}  // namespace

REEVE_NVML_EXPORT nvmlGpuInstanceGetComputeInstanceProfileInfo(GpuInstance instance, unsigned int profile, unsigned int engines,
                                                               ComputeInstanceProfileInfo* info) {
  const bool fine = info != nullptr && profile < compute_instance_profile_count && engines < engine_profile_count;
  return on_gpu_instance("nvmlGpuInstanceGetComputeInstanceProfileInfo", instance, fine, [&](Target& target) {
    const auto found = find_by(target, &mig::ComputeInstanceProfile::nvml_enum, profile);
    if (!found) return Return::not_supported;
    fill_common(*info, target.gpu.profile_of(*target.gpu_instance), *found);
    return Return::success;
  });
}

// Two layouts under one name, told apart by the tag.
REEVE_NVML_EXPORT nvmlGpuInstanceGetComputeInstanceProfileInfoV(GpuInstance instance, unsigned int profile, unsigned int engines,
                                                                ComputeInstanceProfileInfoV2* info) {
  const bool fine = info != nullptr && profile < compute_instance_profile_count && engines < engine_profile_count;
  return on_gpu_instance("nvmlGpuInstanceGetComputeInstanceProfileInfoV", instance, fine, [&](Target& target) {
    if (info->version != info_v2_tag && info->version != info_v3_tag) return Return::argument_version_mismatch;
    const auto found = find_by(target, &mig::ComputeInstanceProfile::nvml_enum, profile);
    if (!found) return Return::not_supported;
    const mig::GpuInstanceProfile& gpu = target.gpu.profile_of(*target.gpu_instance);
    fill_common(*info, gpu, *found);
    if (info->version == info_v3_tag) reinterpret_cast<ComputeInstanceProfileInfoV3*>(info)->capabilities = gpu.graphics ? 1 : 0;
    return copy_text("MIG " + found->name, info->name, sizeof info->name);
  });
}

REEVE_NVML_EXPORT nvmlGpuInstanceGetComputeInstancePossiblePlacements(GpuInstance instance, unsigned int profile_id,
                                                                      ComputeInstancePlacement* placements, unsigned int* count) {
  return on_profile("nvmlGpuInstanceGetComputeInstancePossiblePlacements", instance, profile_id, count != nullptr,
                    [&](Target&, const mig::ComputeInstanceProfile& profile) {
                      *count = static_cast<unsigned int>(profile.starts.size());
                      if (placements == nullptr) return Return::success;
                      for (const int start : profile.starts) *placements++ = {number(start), number(profile.size)};
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlGpuInstanceGetComputeInstanceRemainingCapacity(GpuInstance instance, unsigned int profile_id, unsigned int* count) {
  return on_profile("nvmlGpuInstanceGetComputeInstanceRemainingCapacity", instance, profile_id, count != nullptr,
                    [&](Target& target, const mig::ComputeInstanceProfile& profile) {
                      *count = static_cast<unsigned int>(target.gpu.free_compute(*target.gpu_instance, profile).size());
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlGpuInstanceCreateComputeInstance(GpuInstance instance, unsigned int profile_id, ComputeInstance* compute) {
  return on_profile("nvmlGpuInstanceCreateComputeInstance", instance, profile_id, compute != nullptr,
                    [&](Target& target, const mig::ComputeInstanceProfile& profile) {
                      const auto free = target.gpu.free_compute(*target.gpu_instance, profile);
                      if (free.empty()) return Return::insufficient_resources;
                      *compute = create(target, profile, free.front());
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlGpuInstanceCreateComputeInstanceWithPlacement(GpuInstance instance, unsigned int profile_id,
                                                                    const ComputeInstancePlacement* placement, ComputeInstance* compute) {
  const bool there = placement != nullptr && compute != nullptr;
  return on_profile("nvmlGpuInstanceCreateComputeInstanceWithPlacement", instance, profile_id, there,
                    [&](Target& target, const mig::ComputeInstanceProfile& profile) {
                      const mig::Placement wanted{static_cast<int>(placement->start), static_cast<int>(placement->size)};
                      const bool legal = wanted.size == profile.size && std::ranges::count(profile.starts, wanted.start) == 1;
                      if (!legal) return Return::invalid_argument;
                      const auto free = target.gpu.free_compute(*target.gpu_instance, profile);
                      if (std::ranges::find(free, wanted) == free.end()) return Return::insufficient_resources;
                      *compute = create(target, profile, wanted);
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlComputeInstanceDestroy(ComputeInstance compute) {
  return on_compute_instance("nvmlComputeInstanceDestroy", compute, true, [&](Target& target) {
    if (!target.driver.privileged()) return Return::no_permission;
    if (runs_something(target)) return Return::in_use;
    target.gpu.alter(target.now, [&] { target.gpu_instance->compute.erase(target.compute_instance->id); });
    target.driver.mig_changes.push_back({target.now, target.gpu.spec().index});
    target.driver.save();
    return Return::success;
  });
}

// The caller's array has room for all that the profile allows.
REEVE_NVML_EXPORT nvmlGpuInstanceGetComputeInstances(GpuInstance instance, unsigned int profile_id, ComputeInstance* computes,
                                                     unsigned int* count) {
  return on_profile("nvmlGpuInstanceGetComputeInstances", instance, profile_id, computes != nullptr && count != nullptr,
                    [&](Target& target, const mig::ComputeInstanceProfile& profile) {
                      *count = 0;
                      for (const auto& [id, compute] : target.gpu_instance->compute)
                        if (compute.profile_id == profile.id) computes[(*count)++] = handle_of(target, id);
                      return Return::success;
                    });
}

REEVE_NVML_EXPORT nvmlGpuInstanceGetComputeInstanceById(GpuInstance instance, unsigned int id, ComputeInstance* compute) {
  return on_gpu_instance("nvmlGpuInstanceGetComputeInstanceById", instance, compute != nullptr, [&](Target& target) {
    if (!target.driver.privileged()) return Return::no_permission;
    if (!target.gpu_instance->compute.contains(static_cast<int>(id))) return Return::not_found;
    *compute = handle_of(target, static_cast<int>(id));
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlComputeInstanceGetInfo_v2(ComputeInstance compute, ComputeInstanceInfo* info) {
  return info_of("nvmlComputeInstanceGetInfo_v2", compute, info != nullptr, [&](const Target& target) {
    const ComputeInstanceState& state = *target.compute_instance;
    *info = {device_of(target), gpu_instance_of(target), number(state.id), number(state.profile_id), {}};
    info->placement = {number(state.placement.start), number(state.placement.size)};
  });
}

// The first layout ends before the placement.
struct ComputeInstanceInfoV1 {
  Device device;
  GpuInstance gpu_instance;
  unsigned int id, profile_id;
};
static_assert(sizeof(ComputeInstanceInfoV1) == 24);

REEVE_NVML_EXPORT nvmlComputeInstanceGetInfo(ComputeInstance compute, ComputeInstanceInfoV1* info) {
  return info_of("nvmlComputeInstanceGetInfo", compute, info != nullptr, [&](const Target& target) {
    const ComputeInstanceState& state = *target.compute_instance;
    *info = {device_of(target), gpu_instance_of(target), number(state.id), number(state.profile_id)};
  });
}

}  // namespace reeve::sim
