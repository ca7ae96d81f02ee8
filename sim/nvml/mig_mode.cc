// MIG mode, and the handles of MIG devices.

#include <algorithm>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

unsigned int most_mig_devices(const Board& board) {
  int most = 0;
  for (const mig::GpuInstanceProfile& profile : board.geometry->profiles()) most = std::max(most, profile.gpu_slices);
  return static_cast<unsigned int>(most);
}

void switch_mode(Target& target, bool on) {
  target.gpu.alter(target.now, [&] {
    target.gpu.mig_current = on;
    target.gpu.instances.clear();
  });
  target.driver.mig_changes.push_back({target.now, target.gpu.spec().index});
}

// Ampere must be reset, which needs that nobody uses it; what was asked stays pending until then.
Return set_mode_with_reset(Target& target, bool on, Return* activation) {
  Gpu& gpu = target.gpu;
  gpu.mig_pending = on;
  *activation = Return::success;
  if (gpu.mig_current == on) return Return::success;
  const bool has_compute = std::ranges::any_of(gpu.instances, [](const auto& entry) { return !entry.second.compute.empty(); });
  if (gpu.is_busy(target.now) || has_compute)
    *activation = Return::in_use;
  else if (gpu.spec().held_by_client)
    *activation = Return::reset_required;
  else
    switch_mode(target, on);
  return Return::success;
}

Return set_mode_at_once(Target& target, bool on, Return* activation) {
  Gpu& gpu = target.gpu;
  *activation = Return::success;
  if (gpu.mig_current == on) return Return::success;
  if (gpu.is_busy(target.now) || !gpu.instances.empty()) return *activation = Return::in_use;
  gpu.mig_pending = on;
  switch_mode(target, on);
  return Return::success;
}

template <class Give>
Return of_mig_device(std::string_view name, Device device, unsigned int* id, Give&& give) {
  return on_device(name, device, id != nullptr, MigDevice::answered, [&](Target& target) {
    if (!target.is_mig_device()) return Return::not_supported;
    *id = static_cast<unsigned int>(give(target));
    return Return::success;
  });
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetMigMode(Device device, unsigned int* current, unsigned int* pending) {
  return on_device("nvmlDeviceGetMigMode", device, current != nullptr && pending != nullptr, MigDevice::refused, [&](Target& target) {
    if (!target.board().geometry) return Return::not_supported;
    *current = target.gpu.mig_current ? 1 : 0;
    *pending = target.gpu.mig_pending ? 1 : 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceSetMigMode(Device device, unsigned int mode, Return* activation) {
  return on_device("nvmlDeviceSetMigMode", device, activation != nullptr && mode <= 1, MigDevice::refused, [&](Target& target) {
    if (!target.board().geometry) return Return::not_supported;
    if (!target.driver.privileged()) return Return::no_permission;
    const bool at_once = target.board().can.resetless_mig;
    const Return code = at_once ? set_mode_at_once(target, mode == 1, activation) : set_mode_with_reset(target, mode == 1, activation);
    target.driver.save();
    return code;
  });
}

// 0 where there is no MIG, or it is off.
REEVE_NVML_EXPORT nvmlDeviceGetMaxMigDeviceCount(Device device, unsigned int* count) {
  return on_device("nvmlDeviceGetMaxMigDeviceCount", device, count != nullptr, MigDevice::refused, [&](Target& target) {
    *count = target.board().geometry && target.gpu.mig_current ? most_mig_devices(target.board()) : 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetMigDeviceHandleByIndex(Device device, unsigned int index, Device* mig_device) {
  return on_device("nvmlDeviceGetMigDeviceHandleByIndex", device, mig_device != nullptr, MigDevice::refused, [&](Target& target) {
    if (!target.board().geometry) return Return::not_supported;
    if (index >= most_mig_devices(target.board())) return Return::invalid_argument;
    const auto all = target.driver.mig_devices(target.gpu);
    if (index >= all.size()) return Return::not_found;
    const auto& [instance, compute] = all[index];
    *mig_device = static_cast<Device>(target.driver.handle({HandleKind::mig_device, target.gpu.spec().index, instance, compute}));
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetDeviceHandleFromMigDeviceHandle(Device mig_device, Device* device) {
  const bool there = device != nullptr;
  return on_device("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", mig_device, there, MigDevice::answered, [&](Target& target) {
    if (!target.is_mig_device()) return Return::invalid_argument;
    *device = static_cast<Device>(target.driver.handle({.kind = HandleKind::gpu, .gpu = target.gpu.spec().index}));
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceIsMigDeviceHandle(Device device, unsigned int* is_mig_device) {
  return on_device("nvmlDeviceIsMigDeviceHandle", device, is_mig_device != nullptr, MigDevice::answered, [&](Target& target) {
    *is_mig_device = target.is_mig_device() ? 1 : 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetGpuInstanceId(Device device, unsigned int* id) {
  return of_mig_device("nvmlDeviceGetGpuInstanceId", device, id, [](const Target& target) { return target.gpu_instance->id; });
}

REEVE_NVML_EXPORT nvmlDeviceGetComputeInstanceId(Device device, unsigned int* id) {
  return of_mig_device("nvmlDeviceGetComputeInstanceId", device, id, [](const Target& target) { return target.compute_instance->id; });
}

namespace {

Return attributes_of(const Target& target, DeviceAttributes& attributes) {
  const mig::GpuInstanceProfile& profile = target.gpu.profile_of(*target.gpu_instance);
  attributes = {};
  for (const mig::ComputeInstanceProfile& compute : target.gpu.geometry().compute_profiles(profile.id)) {
    if (compute.id != target.compute_instance->profile_id) continue;
    attributes.multiprocessor_count = static_cast<unsigned int>(compute.multiprocessors);
    attributes.compute_instance_slice_count = static_cast<unsigned int>(compute.slices);
  }
  attributes.shared_copy_engine_count = static_cast<unsigned int>(profile.copy_engines);
  attributes.shared_decoder_count = static_cast<unsigned int>(profile.decoders);
  attributes.shared_encoder_count = static_cast<unsigned int>(profile.encoders);
  attributes.shared_jpeg_count = static_cast<unsigned int>(profile.jpeg_engines);
  attributes.shared_ofa_count = static_cast<unsigned int>(profile.ofa_engines);
  attributes.gpu_instance_slice_count = static_cast<unsigned int>(profile.gpu_slices);
  attributes.memory_size_mb = static_cast<unsigned long long>(target.board().instance_memory(profile).count());
  return Return::success;
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetAttributes_v2(Device device, DeviceAttributes* attributes) {
  return on_device("nvmlDeviceGetAttributes_v2", device, attributes != nullptr, MigDevice::answered,
                   [&](Target& target) { return target.is_mig_device() ? attributes_of(target, *attributes) : Return::not_supported; });
}

// The first layout ends before the slice counts and the memory.
struct DeviceAttributesV1 {
  unsigned int multiprocessors, copy_engines, decoders, encoders, jpeg_engines, ofa_engines;
};

REEVE_NVML_EXPORT nvmlDeviceGetAttributes(Device device, DeviceAttributesV1* attributes) {
  return on_device("nvmlDeviceGetAttributes", device, attributes != nullptr, MigDevice::answered, [&](Target& target) {
    if (!target.is_mig_device()) return Return::not_supported;
    DeviceAttributes full;
    attributes_of(target, full);
    *attributes = {full.multiprocessor_count, full.shared_copy_engine_count, full.shared_decoder_count,
                   full.shared_encoder_count, full.shared_jpeg_count,        full.shared_ofa_count};
    return Return::success;
  });
}

}  // namespace reeve::sim
