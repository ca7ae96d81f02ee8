#include "sim/nvml/driver.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace reeve::sim {

Gpu::Gpu(const GpuSpec& spec) : mig_current(spec.mig_enabled), mig_pending(spec.mig_enabled), spec_(&spec) {
  for (const InstanceSpec& instance : spec.instances) {
    GpuInstanceState state{.id = instance.gpu_instance_id, .profile_id = instance.place.profile_id, .placement = instance.place.placement};
    state.load = instance.load;
    state.processes = instance.processes;
    const mig::ComputeInstanceProfile whole = geometry().compute_profiles(state.profile_id).back();
    state.compute.emplace(0, ComputeInstanceState{.id = 0, .profile_id = whole.id, .placement = {0, whole.size}});
    instances.emplace(state.id, std::move(state));
  }
}

std::vector<mig::PlacedInstance> Gpu::placed() const {
  std::vector<mig::PlacedInstance> result;
  for (const auto& [id, instance] : instances) result.push_back({instance.profile_id, instance.placement});
  return result;
}

std::vector<mig::Placement> Gpu::free_compute(const GpuInstanceState& instance, const mig::ComputeInstanceProfile& profile) const {
  std::vector<mig::Placement> free;
  for (const int start : profile.starts) {
    const mig::Placement place{start, profile.size};
    const auto taken = [&](const auto& entry) { return place.overlaps(entry.second.placement); };
    if (std::ranges::none_of(instance.compute, taken)) free.push_back(place);
  }
  return free;
}

std::vector<LoadPart> Gpu::parts() const {
  if (!mig_current) return {{spec_->load.get(), 1}};
  std::vector<LoadPart> parts;
  for (const auto& [id, instance] : instances)
    if (!instance.compute.empty()) parts.push_back({instance.load.get(), compute_share(geometry(), profile_of(instance))});
  return parts;
}

bool Gpu::is_busy(Timestamp at) const {
  if (!mig_current) return !running_processes(spec_->processes, *spec_->load, usable_memory(), at).empty();
  return std::ranges::any_of(instances, [&](const auto& entry) {
    return !running_processes(entry.second.processes, *entry.second.load, usable_memory(), at).empty();
  });
}

MiB Gpu::used_memory(Timestamp at) const {
  if (!mig_current) return memory_used(spec_->processes, *spec_->load, usable_memory(), at);
  MiB used{};
  for (const auto& [id, instance] : instances)
    used += memory_used(instance.processes, *instance.load, board().instance_memory(profile_of(instance)), at);
  return used;
}

GpuValues Gpu::raw_values(Timestamp at) const {
  Restraint now = restraint;
  now.thermal_throttle = spec_->throttled(at);
  return gpu_values(board(), parts(), now, at);
}

GpuValues Gpu::values(Timestamp at) const {
  const GpuValues& zero = *spec_->when_loaded;
  GpuValues now = raw_values(at);
  now.energy_joules += offsets_.energy_joules - zero.energy_joules;
  now.power_capped_seconds += offsets_.capped_seconds;
  now.pcie_tx_bytes += offsets_.pcie_tx_bytes - zero.pcie_tx_bytes;
  now.pcie_rx_bytes += offsets_.pcie_rx_bytes - zero.pcie_rx_bytes;
  now.nvlink_tx_bytes += offsets_.nvlink_bytes - zero.nvlink_tx_bytes;
  now.nvlink_rx_bytes += offsets_.nvlink_bytes - zero.nvlink_rx_bytes;
  return now;
}

Driver::Driver(Scenario scenario) : scenario_(std::move(scenario)) {
  for (const GpuSpec& spec : scenario_.gpus) gpus_.emplace_back(spec);
  std::ifstream file(scenario_.state_file);
  if (scenario_.state_file.empty() || !file) return;
  restore_mig_state(std::string(std::istreambuf_iterator<char>(file), {}), scenario_, gpus_);
}

Timestamp Driver::now() const { return scenario_.time_at(std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now())); }

bool Driver::privileged() const { return scenario_.privileged.value_or(geteuid() == 0); }

void* Driver::handle(const Handle& what) {
  auto& slot = handles_[{what.kind, what.gpu, what.gpu_instance, what.compute_instance}];
  if (!slot) {
    slot = std::make_unique<Handle>(what);
    known_.insert(slot.get());
  }
  return slot.get();
}

const Handle* Driver::find(const void* handle) const { return known_.contains(handle) ? static_cast<const Handle*>(handle) : nullptr; }

void Driver::save() const {
  if (scenario_.state_file.empty()) return;
  const std::string next = scenario_.state_file + ".next";
  std::ofstream file(next);
  file << mig_state_text(*this, gpus_);
  file.close();
  if (!file || std::rename(next.c_str(), scenario_.state_file.c_str()) != 0)
    std::fprintf(stderr, "reeve sim: cannot write the MIG state to %s\n", scenario_.state_file.c_str());
}

std::vector<std::pair<int, int>> Driver::mig_devices(const Gpu& gpu) const {
  std::vector<std::pair<int, int>> result;
  for (const auto& [id, instance] : gpu.instances)
    for (const auto& [compute_id, compute] : instance.compute) result.emplace_back(id, compute_id);
  return result;
}

}  // namespace reeve::sim
