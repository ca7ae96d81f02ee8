#include "adapters/vendor_nvml/mig_reader.h"

namespace reeve::nvml {

std::string profile_in(std::string_view driver_name) {
  constexpr std::string_view mark = "MIG ";
  const std::size_t at = driver_name.rfind(mark);
  if (at == std::string_view::npos) return {};
  driver_name.remove_prefix(at + mark.size());
  const std::size_t dot = driver_name.find('.');
  if (dot != std::string_view::npos && dot > 0 && driver_name[dot - 1] == 'c') driver_name.remove_prefix(dot + 1);
  return std::string(driver_name);
}

std::optional<bool> MigReader::enabled(Device device) {
  unsigned int current = 0;
  unsigned int pending = 0;
  if (!calls_.get(calls_.calls().nvmlDeviceGetMigMode, device, &current, &pending)) return std::nullopt;
  return current != 0;
}

std::vector<MigDevice> MigReader::devices(Device device) {
  const Calls& calls = calls_.calls();
  std::vector<MigDevice> found;
  unsigned int most = 0;
  if (!calls_.get(calls.nvmlDeviceGetMaxMigDeviceCount, device, &most)) return found;
  for (unsigned int i = 0; i < most; ++i) {
    Device handle = nullptr;
    const Return code = calls_.ask(calls.nvmlDeviceGetMigDeviceHandleByIndex, device, i, &handle);
    if (code == Return::not_found) continue;  // indices have gaps
    if (code != Return::success) break;
    if (std::optional<InstanceObservation> identity = identify(device, handle)) found.push_back({handle, std::move(*identity)});
  }
  std::sort(found.begin(), found.end(), [](const MigDevice& a, const MigDevice& b) {
    return std::pair(a.identity.gpu_instance_id, a.identity.compute_instance_id) <
           std::pair(b.identity.gpu_instance_id, b.identity.compute_instance_id);
  });
  return found;
}

std::optional<InstanceObservation> MigReader::identify(Device device, Device mig_device) {
  const Calls& calls = calls_.calls();
  unsigned int gpu_instance = 0;
  unsigned int compute_instance = 0;
  if (!calls_.get(calls.nvmlDeviceGetGpuInstanceId, mig_device, &gpu_instance)) return std::nullopt;
  if (!calls_.get(calls.nvmlDeviceGetComputeInstanceId, mig_device, &compute_instance)) return std::nullopt;
  InstanceObservation instance;
  instance.gpu_instance_id = static_cast<int>(gpu_instance);
  instance.compute_instance_id = static_cast<int>(compute_instance);
  read_gpu_instance(device, instance);
  const DeviceCalls::OfMigDevice scope(calls_);
  instance.uuid.text = calls_.text(calls.nvmlDeviceGetUUID, mig_device);
  DeviceAttributes attributes;
  if (calls_.get(calls.nvmlDeviceGetAttributes_v2, mig_device, &attributes))
    instance.memory = MiB(static_cast<std::int64_t>(attributes.memory_size_mb));
  if (instance.profile.empty()) instance.profile = profile_in(calls_.text(calls.nvmlDeviceGetName, mig_device));
  return instance;
}

void MigReader::read_gpu_instance(Device device, InstanceObservation& instance) {
  // Needs root or the capability of the instance; without it the profile's name still comes from the device.
  const Calls& calls = calls_.calls();
  GpuInstance handle = nullptr;
  if (!calls_.get(calls.nvmlDeviceGetGpuInstanceById, device, static_cast<unsigned int>(instance.gpu_instance_id), &handle)) return;
  GpuInstanceInfo info;
  if (!calls_.get(calls.nvmlGpuInstanceGetInfo, handle, &info)) return;
  instance.profile_id = static_cast<int>(info.profile_id);
  instance.placement = mig::Placement{static_cast<int>(info.placement.start), static_cast<int>(info.placement.size)};
  instance.profile = profile_name(device, info.profile_id);
}

std::string MigReader::profile_name(Device device, unsigned int profile_id) {
  if (profile_names_.empty()) {
    for (unsigned int profile = 0; profile < gpu_instance_profile_count; ++profile) {
      GpuInstanceProfileInfoV2 info;
      const auto call = calls_.calls().nvmlDeviceGetGpuInstanceProfileInfoV;
      if (calls_.ask_variant(profile, call, device, profile, &info) == Return::success)
        profile_names_.emplace(info.id, profile_in(info.name));
    }
  }
  const auto found = profile_names_.find(profile_id);
  return found == profile_names_.end() ? std::string() : found->second;
}

}  // namespace reeve::nvml
