#include "delivery/openmetrics/fleet_metrics.h"

#include <functional>

namespace reeve::openmetrics {
namespace {

constexpr double micro = 1e-6;
constexpr double bytes_per_mib = 1024.0 * 1024.0;

struct Scene {
  const Fleet& fleet;
  Timestamp now;
  Milliseconds stale_after;

  bool fresh(const NodeReadings& readings) const { return readings.at && now - *readings.at <= stale_after; }
};

std::string_view model_of(const Device& device) { return device.model.empty() ? device.product_name : device.model.text; }

Labels device_labels(const Device& device) {
  return {{"node", device.node.text}, {"model", model_of(device)}, {"device_id", device.id.text}};
}

std::optional<double> scaled(std::optional<double> value, double factor) { return value ? std::optional(*value * factor) : std::nullopt; }

// Used of all, in percent, when both are known.
std::optional<double> share(std::optional<double> used, std::optional<double> total) {
  return used && total && *total > 0 ? std::optional(*used / *total * 100) : std::nullopt;
}

std::optional<double> total_mib(const MetricValues& values, std::optional<MiB> known) {
  if (const auto total = values.get(Metric::memory_total)) return total;
  return known ? std::optional(static_cast<double>(known->count())) : std::nullopt;
}

using DeviceValue = std::function<std::optional<double>(const Device&, const MetricValues&)>;

void write_measured(ExpositionText& text, const Scene& scene, std::string_view name, std::string_view help, const DeviceValue& value) {
  text.gauge(name, help);
  scene.fleet.for_each_device([&](const DeviceView& view) {
    if (view.reading == nullptr || !scene.fresh(*view.node_readings)) return;
    text.sample(device_labels(*view.device), value(*view.device, view.reading->values));
  });
}

DeviceValue newest(Metric metric) {
  return [metric](const Device&, const MetricValues& values) { return values.get(metric); };
}

void write_devices(ExpositionText& text, const Scene& scene) {
  text.gauge("gpu_device_info", "A GPU that is known; status is what its administrator wants of it.");
  scene.fleet.for_each_device([&](const DeviceView& view) {
    Labels labels = device_labels(*view.device);
    labels.emplace_back("status", view.device->lost ? "LOST" : to_text(view.device->state));
    labels.emplace_back("uuid", view.device->uuid.text);
    labels.emplace_back("mig", view.device->mig_enabled ? "true" : "false");
    labels.emplace_back("allocated", scene.fleet.holder(view.device->id) != nullptr ? "true" : "false");
    text.sample(labels, 1);
  });
  write_measured(text, scene, "gpu_utilization_percent", "Time in which a kernel ran.", newest(Metric::gpu_utilization));
  write_measured(text, scene, "gpu_memory_utilization_percent", "Memory in use of all memory.",
                 [](const Device& device, const MetricValues& values) {
                   return share(values.get(Metric::memory_used), total_mib(values, device.memory));
                 });
  write_measured(text, scene, "gpu_memory_used_bytes", "Memory in use.",
                 [](const Device&, const MetricValues& values) { return scaled(values.get(Metric::memory_used), bytes_per_mib); });
  write_measured(text, scene, "gpu_temperature_celsius", "Core temperature.", newest(Metric::gpu_temperature));
  write_measured(text, scene, "gpu_power_draw_watts", "Power draw.", newest(Metric::power_usage));
}

using InstanceSample = std::function<void(const Device&, const Instance&, const InstanceReading*)>;

void for_each_instance(const Scene& scene, const InstanceSample& visit) {
  scene.fleet.for_each_device([&](const DeviceView& view) {
    const bool fresh = view.reading != nullptr && scene.fresh(*view.node_readings);
    for (const Instance& instance : view.device->instances) {
      const InstanceReading* own = nullptr;
      if (fresh)
        for (const InstanceReading& reading : view.reading->instances)
          if (reading.id == instance.id) own = &reading;
      visit(*view.device, instance, own);
    }
  });
}

Labels instance_labels(const Device& device, const Instance& instance) {
  return {{"node", device.node.text}, {"device_id", device.id.text}, {"mig_id", instance.id.text}, {"profile", instance.profile}};
}

void write_instances(ExpositionText& text, const Scene& scene) {
  text.gauge("mig_instance_info", "A MIG instance that is known.");
  for_each_instance(scene, [&](const Device& device, const Instance& instance, const InstanceReading*) {
    Labels labels = instance_labels(device, instance);
    labels.emplace_back("status", device.lost ? "LOST" : to_text(device.state));
    labels.emplace_back("allocated", scene.fleet.holder(instance.id) != nullptr ? "true" : "false");
    text.sample(labels, 1);
  });
  text.gauge("mig_utilization_percent", "Time in which the instance's own engines worked, when that is measured.");
  for_each_instance(scene, [&](const Device& device, const Instance& instance, const InstanceReading* own) {
    if (own != nullptr) text.sample(instance_labels(device, instance), scaled(own->values.get(Metric::graphics_engine_active), 100));
  });
  text.gauge("mig_memory_utilization_percent", "Memory in use of the instance's memory.");
  for_each_instance(scene, [&](const Device& device, const Instance& instance, const InstanceReading* own) {
    if (own == nullptr) return;
    text.sample(instance_labels(device, instance), share(own->values.get(Metric::memory_used), total_mib(own->values, instance.memory)));
  });
}

Labels allocation_labels(const Allocation& allocation) {
  return {{"allocation_id", allocation.id.text},
          {"namespace", allocation.namespace_name},
          {"team_id", allocation.team_id},
          {"user_id", allocation.user_id},
          {"project_id", allocation.project_id},
          {"workload_type", allocation.workload_type},
          {"resource_type", to_text(allocation.resource_type)},
          {"resource", allocation.resource}};
}

void write_allocations(ExpositionText& text, const Scene& scene) {
  text.gauge("gpu_allocation_info", "A GPU or slice that is held.");
  for (const auto& [id, allocation] : scene.fleet.allocations()) {
    Labels labels = allocation_labels(allocation);
    labels.emplace_back("status", to_text(allocation.status));
    labels.emplace_back("pod", allocation.pod_name);
    text.sample(labels, 1);
  }
  text.gauge("gpu_allocation_cost_per_hour", "Price of what is held, US dollars an hour.");
  for (const auto& [id, allocation] : scene.fleet.allocations())
    if (allocation.cost_per_hour)
      text.sample(allocation_labels(allocation), static_cast<double>(allocation.cost_per_hour->count()) * micro);
  text.gauge("gpu_allocation_total_cost", "Cost of what is held from its beginning until now, US dollars.");
  for (const auto& [id, allocation] : scene.fleet.allocations())
    if (allocation.cost_per_hour && scene.now >= allocation.allocated_at)
      text.sample(allocation_labels(allocation), static_cast<double>(cost_until(allocation, scene.now).count()) * micro);
  text.gauge("gpu_allocation_remaining_hours", "Time to the planned release; below 0 when it has passed.");
  for (const auto& [id, allocation] : scene.fleet.allocations())
    if (allocation.planned_release)
      text.sample(allocation_labels(allocation), static_cast<double>((*allocation.planned_release - scene.now).count()) / 3'600'000.0);
}

}  // namespace

void write_fleet(ExpositionText& text, const Fleet& fleet, Timestamp now, Milliseconds stale_after) {
  const Scene scene{fleet, now, stale_after};
  write_devices(text, scene);
  write_instances(text, scene);
  write_allocations(text, scene);
}

}  // namespace reeve::openmetrics
