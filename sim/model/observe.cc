#include "sim/model/observe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/model/gpu_values.h"

namespace reeve::sim {
namespace {

constexpr int xid_fallen_off_the_bus = 79;
constexpr double bytes_per_kib = 1024;

double whole(double value) { return std::floor(value); }
double percent(double ratio) { return static_cast<double>(std::lround(std::clamp(ratio, 0.0, 1.0) * 100)); }
double milli(double value) { return std::round(value * 1000) / 1000; }  // the driver counts in thousandths

void set_memory(MetricValues& values, MiB total, MiB reserved, MiB used) {
  values.set(Metric::memory_total, static_cast<double>(total.count()));
  values.set(Metric::memory_reserved, static_cast<double>(reserved.count()));
  values.set(Metric::memory_used, static_cast<double>(used.count()));
  values.set(Metric::memory_free, static_cast<double>((total - reserved - used).count()));
}

// What GPM says of the last second.
void set_engines(MetricValues& values, const EngineTotals& now, const EngineTotals& before, double share) {
  const auto mean = [&](double EngineMix::*engine) { return (now.engines.*engine - before.engines.*engine) / share; };
  values.set(Metric::graphics_engine_active, (now.busy - before.busy) / share);
  values.set(Metric::sm_active, mean(&EngineMix::sm));
  values.set(Metric::sm_occupancy, mean(&EngineMix::occupancy));
  values.set(Metric::tensor_active, mean(&EngineMix::tensor));
  values.set(Metric::dram_active, mean(&EngineMix::dram));
  values.set(Metric::fp64_active, mean(&EngineMix::fp64));
  values.set(Metric::fp32_active, mean(&EngineMix::fp32));
  values.set(Metric::fp16_active, mean(&EngineMix::fp16));
}

void set_gpm(MetricValues& values, std::span<const LoadPart> parts, double share, Timestamp at) {
  EngineTotals now, before;
  for (const LoadPart& part : parts) {
    now.add(*part.load, part.share, at);
    before.add(*part.load, part.share, at - Milliseconds(1000));
  }
  set_engines(values, now, before, share);
}

void set_power(MetricValues& values, const Board& board, const GpuValues& now, const GpuValues& when_loaded) {
  values.set(Metric::power_usage, milli(board.can.averaged_power ? now.mean_watts : now.watts));
  if (board.can.power_instant) values.set(Metric::power_usage_instant, milli(now.watts));
  if (board.can.energy) values.set(Metric::total_energy, whole((now.energy_joules - when_loaded.energy_joules) * 1000));
  for (const Metric metric : {Metric::power_limit, Metric::power_limit_default, Metric::enforced_power_limit, Metric::power_limit_max})
    values.set(metric, board.tdp_watts);
  values.set(Metric::power_limit_min, board.min_limit_watts);
}

void set_temperatures(MetricValues& values, const Board& board, const GpuValues& now) {
  values.set(Metric::gpu_temperature, now.temperature);
  if (board.can.memory_temperature) values.set(Metric::memory_temperature, now.memory_temperature);
  if (board.can.absolute_thresholds) {
    values.set(Metric::shutdown_temperature, board.thresholds.shutdown);
    values.set(Metric::slowdown_temperature, board.thresholds.slowdown);
    values.set(Metric::gpu_max_temperature, board.thresholds.gpu_max);
    if (board.thresholds.memory_max > 0) values.set(Metric::memory_max_temperature, board.thresholds.memory_max);
  }
  if (board.can.relative_thresholds) {
    values.set(Metric::temperature_margin, board.thresholds.gpu_max - now.temperature);
    values.set(Metric::shutdown_tlimit, board.relative_limits.shutdown);
    values.set(Metric::slowdown_tlimit, board.relative_limits.slowdown);
    values.set(Metric::gpu_max_tlimit, board.relative_limits.gpu_max);
    if (board.can.memory_temperature) values.set(Metric::memory_max_tlimit, board.relative_limits.memory_max);
  }
}

void set_health(MetricValues& values, const Board& board, const Health& health, bool instances) {
  values.set(Metric::pcie_replays, health.pcie_replays);
  if (board.can.ecc) {
    values.set(Metric::ecc_single_bit_volatile, static_cast<double>(health.ecc_corrected));
    values.set(Metric::ecc_double_bit_volatile, static_cast<double>(health.ecc_uncorrected));
    values.set(Metric::ecc_single_bit_aggregate, static_cast<double>(health.ecc_corrected));
    values.set(Metric::ecc_double_bit_aggregate, static_cast<double>(health.ecc_uncorrected));
  }
  if (board.can.retired_pages) {
    values.set(Metric::retired_pages_single_bit, health.retired_single_bit);
    values.set(Metric::retired_pages_double_bit, health.retired_double_bit);
    values.set(Metric::retired_pages_pending, health.retired_pending ? 1 : 0);
  }
  if (board.can.remapped_rows && !instances) {
    values.set(Metric::correctable_remapped_rows, health.remapped_correctable);
    values.set(Metric::uncorrectable_remapped_rows, health.remapped_uncorrectable);
    values.set(Metric::row_remap_pending, health.remapped_pending ? 1 : 0);
    values.set(Metric::row_remap_failure, health.remapped_failure ? 1 : 0);
  }
}

void set_traffic(MetricValues& values, const Board& board, const GpuValues& now, const GpuValues& when_loaded) {
  values.set(Metric::pcie_tx, now.pcie_tx);
  values.set(Metric::pcie_rx, now.pcie_rx);
  values.set(Metric::pcie_link_generation, board.pcie_generation);
  values.set(Metric::pcie_link_width, 16);
  if (board.nvlinks.count == 0) return;
  values.set(Metric::nvlink_tx, now.nvlink_tx);
  values.set(Metric::nvlink_rx, now.nvlink_rx);
  const double bytes = now.nvlink_tx_bytes + now.nvlink_rx_bytes - when_loaded.nvlink_tx_bytes - when_loaded.nvlink_rx_bytes;
  values.set(Metric::nvlink_bandwidth_total, whole(bytes / bytes_per_kib));
}

void set_violations(MetricValues& values, const Board& board) {
  if (!board.can.inforom) return;
  values.set(Metric::power_violation, 0);
  values.set(Metric::thermal_violation, 0);
}

void add_processes(DeviceObservation& device, std::span<const RunningProcess> running, std::optional<int> gpu_instance) {
  for (const RunningProcess& process : running) {
    ProcessObservation seen{.pid = process.pid, .name = *process.name, .memory = process.memory, .gpu_instance = gpu_instance};
    if (gpu_instance) seen.compute_instance = 0;
    device.processes.push_back(std::move(seen));
  }
}

// 0: none so far.
int last_xid(const GpuSpec& gpu, Timestamp at) {
  int code = 0;
  for (const Event& event : gpu.events) {
    if (event.from > at) break;
    if (event.kind == EventKind::xid) code = event.code;
    if (event.kind == EventKind::lost) code = xid_fallen_off_the_bus;
  }
  return code;
}

int compute_count(std::span<const RunningProcess> running) {
  return static_cast<int>(std::ranges::count(running, false, &RunningProcess::graphics));
}

void observe_instances(const GpuSpec& gpu, Timestamp at, DeviceObservation& device) {
  const mig::Geometry& geometry = *gpu.board->geometry;
  MiB used_by_all{};
  int processes = 0;
  for (std::size_t i = 0; i < gpu.instances.size(); ++i) {
    const InstanceSpec& spec = gpu.instances[i];
    const mig::GpuInstanceProfile& profile = *geometry.profile(spec.place.profile_id);
    const MiB memory = gpu.board->instance_memory(profile);
    InstanceObservation instance{.gpu_instance_id = spec.gpu_instance_id, .uuid = mig_uuid(gpu.uuid, spec.gpu_instance_id, 0)};
    instance.profile = profile.name;
    instance.profile_id = profile.id;
    instance.placement = spec.place.placement;
    instance.memory = memory;
    const auto running = running_processes(spec.processes, *spec.load, memory, at);
    const MiB used = memory_used(spec.processes, *spec.load, memory, at);
    set_memory(instance.values, memory, MiB(0), used);
    instance.values.set(Metric::compute_processes, compute_count(running));
    if (gpu.board->can.gpm) set_gpm(instance.values, std::span(&gpu.parts[i], 1), gpu.parts[i].share, at);
    add_processes(device, running, spec.gpu_instance_id);
    used_by_all += used;
    processes += compute_count(running);
    device.instances.push_back(std::move(instance));
  }
  std::ranges::sort(device.instances, {}, &InstanceObservation::gpu_instance_id);
  set_memory(device.values, gpu.board->memory_total, gpu.board->memory_reserved, used_by_all);
  device.values.set(Metric::compute_processes, processes);
}

void observe_whole(const GpuSpec& gpu, const GpuValues& now, Timestamp at, DeviceObservation& device) {
  MetricValues& values = device.values;
  values.set(Metric::gpu_utilization, percent(now.activity));
  values.set(Metric::memory_copy_utilization, percent(now.memory_activity));
  values.set(Metric::encoder_utilization, percent(now.encoder));
  values.set(Metric::decoder_utilization, percent(now.decoder));
  const MiB capacity = gpu.board->memory_total - gpu.board->memory_reserved;
  const auto running = running_processes(gpu.processes, *gpu.load, capacity, at);
  set_memory(values, gpu.board->memory_total, gpu.board->memory_reserved, memory_used(gpu.processes, *gpu.load, capacity, at));
  values.set(Metric::compute_processes, compute_count(running));
  add_processes(device, running, std::nullopt);
}

DeviceObservation observe_gpu(const GpuSpec& gpu, Timestamp at) {
  const Board& board = *gpu.board;
  DeviceObservation device{.index = gpu.index, .uuid = gpu.uuid, .product_name = board.product_name, .pci_address = gpu.pci_address};
  device.pci_device_id = board.pci_device_id;
  if (board.can.inforom) device.serial = gpu.serial;
  device.vbios_version = board.vbios_version;
  device.memory = board.memory_total;
  if (board.geometry) device.mig_enabled = gpu.mig_enabled;
  device.lost = gpu.lost(at);
  if (device.lost) return device;
  const GpuValues now = gpu_values(board, gpu.parts, {.thermal_throttle = gpu.throttled(at)}, at);
  MetricValues& values = device.values;
  values.set(Metric::sm_clock, now.graphics_clock);
  values.set(Metric::memory_clock, now.memory_clock);
  values.set(Metric::performance_state, now.performance_state);
  values.set(Metric::clock_event_reasons, static_cast<double>(now.clock_reasons));
  if (board.fans > 0) values.set(Metric::fan_speed, now.fan_percent);
  values.set(Metric::last_xid, last_xid(gpu, at));
  set_power(values, board, now, *gpu.when_loaded);
  set_temperatures(values, board, now);
  set_traffic(values, board, now, *gpu.when_loaded);
  set_violations(values, board);
  set_health(values, board, gpu.health, !gpu.instances.empty());
  if (board.can.gpm && !gpu.parts.empty()) set_gpm(values, gpu.parts, 1, at);
  if (gpu.mig_enabled)
    observe_instances(gpu, at, device);
  else
    observe_whole(gpu, now, at, device);
  return device;
}

}  // namespace

NodeObservation observe(const Scenario& scenario, Timestamp at) {
  NodeObservation node{.node = scenario.node, .source = ObservationSource::reeve_agent, .at = at};
  node.driver_version = scenario.driver_version;
  node.cuda_version = fmt::format("{}.{}", scenario.cuda_version / 1000, scenario.cuda_version % 1000 / 10);
  node.devices.reserve(scenario.gpus.size());
  for (const GpuSpec& gpu : scenario.gpus) node.devices.push_back(observe_gpu(gpu, at));
  return node;
}

std::vector<DeviceEvent> events_between(const Scenario& scenario, Timestamp after, Timestamp until, std::uint64_t first_sequence) {
  std::vector<DeviceEvent> events;
  for (const GpuSpec& gpu : scenario.gpus)
    for (const Event& event : gpu.events) {
      const bool is_xid = event.kind == EventKind::xid || event.kind == EventKind::lost;
      if (!is_xid || event.from <= after || event.from > until) continue;
      const int code = event.kind == EventKind::lost ? xid_fallen_off_the_bus : event.code;
      events.push_back({.at = event.from, .device = gpu.uuid, .gpu_instance = event.gpu_instance, .code = code});
    }
  std::ranges::stable_sort(events, {}, &DeviceEvent::at);
  for (DeviceEvent& event : events) event.sequence = first_sequence++;
  return events;
}

}  // namespace reeve::sim
