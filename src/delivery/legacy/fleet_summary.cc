#include "delivery/legacy/fleet_summary.h"

#include <algorithm>
#include <unordered_map>

#include "delivery/legacy/answer.h"

namespace reeve::legacy {
namespace {

std::int64_t free_memory_gb(const Moment& moment, const Device& device) {
  if (moment.fleet->is_free(device)) return memory_gb(moment, device).value_or(0);
  std::int64_t sum = 0;
  for (const Instance& part : device.instances)
    if (moment.fleet->is_free(device, part)) sum += memory_gb(part).value_or(0);
  return sum;
}

void count_status(FleetSummary& summary, const Device& device) {
  const std::string_view status = status_of(device);
  if (status == "MIG_ENABLED") ++summary.mig_enabled;
  if (status == to_text(DeviceState::active)) ++summary.active;
  if (status == to_text(DeviceState::maintenance)) ++summary.maintenance;
  if (status == to_text(DeviceState::failed)) ++summary.failed;
}

void count_values(FleetSummary& summary, const DeviceView& view, const MetricValues& values) {
  const auto celsius = values.get(Metric::gpu_temperature);
  summary.utilization.add(values.get(Metric::gpu_utilization));
  summary.memory_utilization.add(values.get(Metric::memory_copy_utilization));
  summary.temperature.add(celsius);
  summary.power.add(values.get(Metric::power_usage));
  if (const auto severity = health::overheating(celsius)) {
    summary.hot.push_back({view.device->id, *celsius, *severity, *view.node_readings->at});
    if (*severity == health::Severity::critical) ++summary.hot_critical;
  }
}

void count_node(FleetSummary& summary, const Moment& moment, const NodeView& view) {
  if (!view.node->devices.empty()) summary.by_node[view.node->name.text] = static_cast<std::int64_t>(view.node->devices.size());
  if (!view.node->address.empty() || view.readings->at) {
    ++summary.nodes_observed;
    if (is_fresh(moment, *view.readings)) ++summary.nodes_fresh;
  }
  if (view.readings->at) summary.newest_reading = std::max(summary.newest_reading.value_or(*view.readings->at), *view.readings->at);
}

// Devices of one catalogue model share their names: they are counted by id first.
void count_models(FleetSummary& summary, const Moment& moment, const std::unordered_map<ModelId, std::int64_t>& models) {
  for (const auto& [id, count] : models) {
    const GpuModel* model = moment.api.catalogue.find(id);
    if (model != nullptr) summary.by_model[model->name] += count;
    summary.by_architecture[model != nullptr ? model->architecture : "Unknown"] += count;
    summary.by_generation[std::string(generation_of(model))] += count;
  }
}

}  // namespace

FleetSummary summarise(const Moment& moment) {
  FleetSummary summary;
  std::unordered_map<ModelId, std::int64_t> models;
  summary.devices = moment.fleet->device_count();
  summary.instances = moment.fleet->instance_count();
  for (const NodeView& view : moment.fleet->nodes()) count_node(summary, moment, view);
  moment.fleet->for_each_device([&](const DeviceView& view) {
    const Device& device = *view.device;
    count_status(summary, device);
    ++models[device.model];
    if (model_of(moment, device) == nullptr) ++summary.by_model[model_name(moment, device)];
    summary.memory_gb += memory_gb(moment, device).value_or(0);
    summary.memory_free_gb += free_memory_gb(moment, device);
    if (const MetricValues* values = fresh_values(moment, view)) count_values(summary, view, *values);
  });
  count_models(summary, moment, models);
  std::ranges::stable_sort(summary.hot, std::ranges::greater{}, &HotDevice::celsius);
  return summary;
}

AllocationSummary summarise_allocations(const Moment& moment) {
  AllocationSummary summary;
  for (const auto& [id, allocation] : moment.fleet->allocations()) {
    ++summary.count;
    ++summary.by_workload[or_unknown(allocation.workload_type)];
    ++summary.by_namespace[or_unknown(allocation.namespace_name)];
    ++summary.by_team[or_unknown(allocation.team_id)];
    if (allocation.cost_per_hour) summary.hourly_cost += *allocation.cost_per_hour;
    const Device* device = nullptr;
    if (const auto whole = moment.fleet->find_device(DeviceId{allocation.resource}))
      device = whole->device;
    else if (const auto part = moment.fleet->find_instance(InstanceId{allocation.resource}))
      device = part->of.device;
    if (device != nullptr && is_active(*device)) ++summary.healthy;
  }
  return summary;
}

std::shared_ptr<const AllocationSummary> RememberedAllocations::of(const Moment& moment) {
  const std::uint64_t version = moment.fleet->inventory_version();
  {
    const std::lock_guard lock(mutex_);
    if (summary_ && version_ == version) return summary_;
  }
  auto made = std::make_shared<const AllocationSummary>(summarise_allocations(moment));
  const std::lock_guard lock(mutex_);
  if (!summary_ || version_ < version) {
    summary_ = made;
    version_ = version;
  }
  return made;
}

health::ClusterHealth judge(const FleetSummary& fleet, const AllocationSummary& allocations) {
  return health::judge_cluster({.devices = fleet.devices,
                                .devices_active = fleet.active + fleet.mig_enabled,
                                .allocations = allocations.count,
                                .allocations_healthy = allocations.healthy,
                                .nodes_observed = fleet.nodes_observed,
                                .nodes_fresh = fleet.nodes_fresh,
                                .utilization_percent = fleet.utilization.get(),
                                .temperature_celsius = fleet.temperature.get(),
                                .alerts = fleet.hot.size(),
                                .alerts_critical = fleet.hot_critical});
}

}  // namespace reeve::legacy
