#include "delivery/legacy/usage.h"

#include <algorithm>

namespace reeve::legacy {
namespace {

// One portion of the history: 256 devices x 168 hours x 3 metrics are 6 MB of points.
constexpr std::size_t devices_per_query = 256;
constexpr Milliseconds span_per_query = std::chrono::days(7);
constexpr Milliseconds step = std::chrono::hours(1);

void add_series(Usage& usage, const Moment& moment, const std::vector<Series>& found) {
  for (const Series& series : found) {
    UsageMeans& device = usage.by_device[series.resource];
    for (const Point& point : series.points) {
      device.of(series.metric).add(point);
      const auto hour = static_cast<std::size_t>(moment.api.options.zone.hour_of_day(point.at));
      usage.by_hour[hour].of(series.metric).add(point);
    }
  }
}

void write_means(JsonWriter& json, const UsageMeans& means) {
  json.field("avgGpuUtilization", means.utilization.get()).field("avgMemoryUtilization", means.memory.get());
  json.field("avgTemperature", means.temperature.get());
}

struct Group {
  std::size_t devices = 0;
  UsageMeans means{};
};

void write_groups(JsonWriter& json, std::string_view name, const std::map<std::string, Group>& groups) {
  json.key(name).begin_object();
  for (const auto& [key, group] : groups) {
    json.key(key).begin_object().field("deviceCount", group.devices);
    write_means(json, group.means);
    json.end_object();
  }
  json.end_object();
}

}  // namespace

Result<Usage> usage_of_hours(const Moment& moment, int hours) {
  Usage usage;
  std::vector<std::string> devices;
  moment.fleet->for_each_device([&](const DeviceView& view) { devices.push_back(view.device->id.text); });
  const Timestamp begin = moment.now - std::chrono::hours(hours);
  for (std::size_t first = 0; first < devices.size(); first += devices_per_query) {
    const std::size_t last = std::min(first + devices_per_query, devices.size());
    for (Timestamp from = begin; from < moment.now; from += span_per_query) {
      const auto found = moment.api.metrics.query(
          {.resources = {devices.begin() + static_cast<std::ptrdiff_t>(first), devices.begin() + static_cast<std::ptrdiff_t>(last)},
           .metrics = {Metric::gpu_utilization, Metric::memory_copy_utilization, Metric::gpu_temperature},
           .from = from,
           .to = std::min(from + span_per_query, moment.now + Milliseconds(1)),
           .step = step});
      if (!found) return found.error();
      add_series(usage, moment, *found);
    }
  }
  std::erase_if(usage.by_device, [](const auto& entry) { return entry.second.empty(); });
  return usage;
}

Usage usage_now(const Moment& moment) {
  Usage usage;
  const auto hour = static_cast<std::size_t>(moment.api.options.zone.hour_of_day(moment.now));
  moment.fleet->for_each_device([&](const DeviceView& view) {
    const MetricValues* values = fresh_values(moment, view);
    if (values == nullptr) return;
    UsageMeans means;
    means.utilization.add(values->get(Metric::gpu_utilization));
    means.memory.add(values->get(Metric::memory_copy_utilization));
    means.temperature.add(values->get(Metric::gpu_temperature));
    if (means.empty()) return;
    usage.by_hour[hour].add(means);
    usage.by_device.emplace(view.device->id.text, means);
  });
  return usage;
}

void begin_usage(JsonWriter& json, const Moment& moment, const std::string& time_range, const Usage& usage) {
  std::map<std::string, Group> models;
  std::map<std::string, Group> nodes;
  json.begin_object().field("timeRange", time_range).key("deviceStatistics").begin_object();
  for (const auto& [id, means] : usage.by_device) {
    const auto view = moment.fleet->find_device(DeviceId{id});
    if (!view) continue;
    const std::string model = model_name(moment, *view->device);
    json.key(id).begin_object().field("modelName", model);
    write_means(json, means);
    json.end_object();
    for (Group* group : {&models[model], &nodes[view->node->name.text]}) {
      ++group->devices;
      group->means.add(means);
    }
  }
  json.end_object();
  write_groups(json, "modelStatistics", models);
  write_groups(json, "nodeStatistics", nodes);
  json.key("hourlyTrend").begin_array();
  for (std::size_t hour = 0; hour < usage.by_hour.size(); ++hour) {
    if (usage.by_hour[hour].empty()) continue;
    json.begin_object().field("hour", hour);
    write_means(json, usage.by_hour[hour]);
    json.end_object();
  }
  json.end_array().field("lastUpdated", moment.local_now());
}

}  // namespace reeve::legacy
