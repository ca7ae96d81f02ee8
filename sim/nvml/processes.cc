// Who uses a GPU.

#include <cmath>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned long long mib = 1ULL << 20;
constexpr unsigned int utilization_tag = ProcessesUtilizationInfoV1{}.version;

struct Found {
  RunningProcess process{};
  unsigned int gpu_instance = no_instance;
  unsigned int compute_instance = no_instance;
};

void add_of_instance(const Target& target, const GpuInstanceState& instance, std::vector<Found>& found) {
  const MiB memory = target.board().instance_memory(target.gpu.profile_of(instance));
  if (instance.compute.empty()) return;
  const auto first = static_cast<unsigned int>(instance.compute.begin()->first);
  for (const RunningProcess& process : running_processes(instance.processes, *instance.load, memory, target.now))
    found.push_back({process, static_cast<unsigned int>(instance.id), first});
}

// With MIG on the GPU itself shows the processes of all instances, but only to who may see them.
std::vector<Found> find_processes(const Target& target) {
  std::vector<Found> found;
  const GpuSpec& spec = target.gpu.spec();
  if (target.is_mig_device()) {
    const bool in_first = target.compute_instance->id == target.gpu_instance->compute.begin()->first;
    if (in_first) add_of_instance(target, *target.gpu_instance, found);
  } else if (target.gpu.mig_current) {
    if (target.driver.privileged())
      for (const auto& [id, instance] : target.gpu.instances) add_of_instance(target, instance, found);
  } else {
    for (const RunningProcess& process : running_processes(spec.processes, *spec.load, target.gpu.usable_memory(), target.now))
      found.push_back({process});
  }
  return found;
}

void put(const Found& found, ProcessInfo& info) {
  info = {found.process.pid, static_cast<unsigned long long>(found.process.memory.count()) * mib, found.gpu_instance,
          found.compute_instance};
}
void put(const Found& found, ProcessInfoV1& info) {
  info = {found.process.pid, static_cast<unsigned long long>(found.process.memory.count()) * mib};
}

enum class Wanted { compute, graphics, none };

template <class Info>
Return list(std::string_view name, Device device, unsigned int* count, Info* infos, Wanted wanted) {
  return on_device(name, device, count != nullptr, MigDevice::answered, [&](Target& target) {
    std::vector<Found> found = wanted == Wanted::none ? std::vector<Found>() : find_processes(target);
    std::erase_if(found, [&](const Found& each) { return each.process.graphics != (wanted == Wanted::graphics); });
    const unsigned int room = *count;
    if (room > 0 && infos == nullptr) return Return::invalid_argument;
    *count = static_cast<unsigned int>(found.size());
    if (room < found.size()) return Return::insufficient_size;
    for (std::size_t i = 0; i < found.size(); ++i) put(found[i], infos[i]);
    return Return::success;
  });
}

struct Shares {  // percent of one process
  unsigned int sm, memory, encoder, decoder;
};

Shares shares_of(const Target& target, std::size_t processes) {
  const GpuValues now = target.gpu.values(target.now);
  const auto part = [&](double ratio) { return static_cast<unsigned int>(std::lround(ratio * 100 / static_cast<double>(processes))); };
  return {part(now.activity), part(now.memory_activity), part(now.encoder), part(now.decoder)};
}

unsigned long long microseconds(Timestamp at) { return static_cast<unsigned long long>(at.time_since_epoch().count()) * 1000; }

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetComputeRunningProcesses_v3(Device device, unsigned int* count, ProcessInfo* infos) {
  return list("nvmlDeviceGetComputeRunningProcesses_v3", device, count, infos, Wanted::compute);
}
REEVE_NVML_EXPORT nvmlDeviceGetComputeRunningProcesses_v2(Device device, unsigned int* count, ProcessInfo* infos) {
  return list("nvmlDeviceGetComputeRunningProcesses_v2", device, count, infos, Wanted::compute);
}
REEVE_NVML_EXPORT nvmlDeviceGetComputeRunningProcesses(Device device, unsigned int* count, ProcessInfoV1* infos) {
  return list("nvmlDeviceGetComputeRunningProcesses", device, count, infos, Wanted::compute);
}
REEVE_NVML_EXPORT nvmlDeviceGetGraphicsRunningProcesses_v3(Device device, unsigned int* count, ProcessInfo* infos) {
  return list("nvmlDeviceGetGraphicsRunningProcesses_v3", device, count, infos, Wanted::graphics);
}
REEVE_NVML_EXPORT nvmlDeviceGetGraphicsRunningProcesses_v2(Device device, unsigned int* count, ProcessInfo* infos) {
  return list("nvmlDeviceGetGraphicsRunningProcesses_v2", device, count, infos, Wanted::graphics);
}
REEVE_NVML_EXPORT nvmlDeviceGetGraphicsRunningProcesses(Device device, unsigned int* count, ProcessInfoV1* infos) {
  return list("nvmlDeviceGetGraphicsRunningProcesses", device, count, infos, Wanted::graphics);
}
REEVE_NVML_EXPORT nvmlDeviceGetMPSComputeRunningProcesses_v3(Device device, unsigned int* count, ProcessInfo* infos) {
  return list("nvmlDeviceGetMPSComputeRunningProcesses_v3", device, count, infos, Wanted::none);
}
REEVE_NVML_EXPORT nvmlDeviceGetMPSComputeRunningProcesses_v2(Device device, unsigned int* count, ProcessInfo* infos) {
  return list("nvmlDeviceGetMPSComputeRunningProcesses_v2", device, count, infos, Wanted::none);
}
REEVE_NVML_EXPORT nvmlDeviceGetMPSComputeRunningProcesses(Device device, unsigned int* count, ProcessInfoV1* infos) {
  return list("nvmlDeviceGetMPSComputeRunningProcesses", device, count, infos, Wanted::none);
}

REEVE_NVML_EXPORT nvmlDeviceGetProcessUtilization(Device device, ProcessUtilizationSample* samples, unsigned int* count,
                                                  unsigned long long last_seen) {
  return on_device("nvmlDeviceGetProcessUtilization", device, count != nullptr, MigDevice::refused, [&](Target& target) {
    if (target.gpu.mig_current) return Return::not_supported;
    const std::vector<Found> found = find_processes(target);
    const unsigned int room = *count;
    *count = static_cast<unsigned int>(found.size());
    if (found.empty() || last_seen >= microseconds(target.now)) return Return::not_found;
    if (samples == nullptr || room < found.size()) return Return::insufficient_size;
    const Shares shares = shares_of(target, found.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      samples[i] = {found[i].process.pid, microseconds(target.now), shares.sm, shares.memory, shares.encoder, shares.decoder};
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetProcessesUtilizationInfo(Device device, ProcessesUtilizationInfoV1* info) {
  return on_device("nvmlDeviceGetProcessesUtilizationInfo", device, info != nullptr, MigDevice::refused, [&](Target& target) {
    if (info->version != utilization_tag) return Return::argument_version_mismatch;
    if (target.gpu.mig_current) return Return::not_supported;
    const std::vector<Found> found = find_processes(target);
    const unsigned int room = info->process_samples_count;
    info->process_samples_count = static_cast<unsigned int>(found.size());
    if (found.empty() || info->last_seen_time_stamp >= microseconds(target.now)) return Return::not_found;
    if (info->proc_util_array == nullptr || room < found.size()) return Return::insufficient_size;
    const Shares shares = shares_of(target, found.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      info->proc_util_array[i] = {microseconds(target.now), found[i].process.pid, shares.sm, shares.memory,
                                  shares.encoder,           shares.decoder,       0,         0};
    return Return::success;
  });
}

}  // namespace reeve::sim
