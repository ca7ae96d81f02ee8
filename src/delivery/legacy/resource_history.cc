// What the history of the cluster tells: resources/statistics, namespaces and forecast.

#include <array>
#include <span>

#include <fmt/format.h>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/hourly_forecast.h"
#include "delivery/legacy/shared.h"
#include "domain/metrics/resource_key.h"

namespace reeve::legacy {
namespace {

using ResponderPtr = std::shared_ptr<http::Responder>;

constexpr int hours_standard = 24;
constexpr int forecast_history_hours = 7 * 24;
constexpr Milliseconds step = std::chrono::hours(1);
constexpr std::size_t keys_per_query = 256;
constexpr std::array<std::string_view, 3> engines{"vllm", "sglang", "unknown"};
// Histories are read at most so often, whoever asks.
constexpr Freshness history_freshness{.young = std::chrono::seconds(15), .old = std::chrono::minutes(1), .sees_changes = false};

struct Means {
  Mean cpu{};
  Mean memory{};

  Mean& of(Metric metric) { return metric == Metric::cpu_usage ? cpu : memory; }
};

using MeansByKey = std::map<std::string, Means>;

Result<std::vector<Series>> read_hours(const LegacyApi& api, std::vector<std::string> keys, Timestamp now, int hours) {
  return api.metrics.query({.resources = std::move(keys),
                            .metrics = {Metric::cpu_usage, Metric::working_set_usage, Metric::running_pods},
                            .from = now - std::chrono::hours(hours),
                            .to = now + Milliseconds(1),
                            .step = step});
}

Result<MeansByKey> means_of(const LegacyApi& api, const std::vector<std::string>& keys, Timestamp now, int hours) {
  MeansByKey means;
  for (std::size_t first = 0; first < keys.size(); first += keys_per_query) {
    const std::span portion = std::span(keys).subspan(first, std::min(keys_per_query, keys.size() - first));
    const auto found = read_hours(api, {portion.begin(), portion.end()}, now, hours);
    if (!found) return found.error();
    for (const Series& series : *found)
      if (series.metric != Metric::running_pods)
        for (const Point& point : series.points) means[series.resource].of(series.metric).add(point);
  }
  return means;
}

// A group's hour counts for as many pods as ran in it.
struct EngineHistory {
  MeansByKey by_engine{};
  double cpu_sum = 0, cpu_weight = 0;
  double memory_sum = 0, memory_weight = 0;

  std::optional<double> cpu() const { return cpu_weight > 0 ? std::optional(cpu_sum / cpu_weight) : std::nullopt; }
  std::optional<double> memory() const { return memory_weight > 0 ? std::optional(memory_sum / memory_weight) : std::nullopt; }
};

Result<EngineHistory> read_engines(const LegacyApi& api, Timestamp now, int hours) {
  std::vector<std::string> keys;
  for (const std::string_view engine : engines) keys.push_back(resource_key::engine(engine));
  const auto found = read_hours(api, keys, now, hours);
  if (!found) return found.error();
  std::map<std::pair<std::string, Timestamp>, double> running;
  for (const Series& series : *found)
    if (series.metric == Metric::running_pods)
      for (const Point& point : series.points) running[{series.resource, point.at}] = point.mean;
  EngineHistory history;
  for (const Series& series : *found) {
    if (series.metric == Metric::running_pods) continue;
    for (const Point& point : series.points) {
      history.by_engine[series.resource].of(series.metric).add(point);
      const auto pods = running.find({series.resource, point.at});
      const double weight = (pods != running.end() ? pods->second : 1.0) * point.count;
      const bool cpu = series.metric == Metric::cpu_usage;
      (cpu ? history.cpu_sum : history.memory_sum) += point.mean * weight;
      (cpu ? history.cpu_weight : history.memory_weight) += weight;
    }
  }
  return history;
}

void write_means(JsonWriter& json, std::optional<double> cpu, std::optional<double> memory) {
  json.field("avgCpuUsage", cpu).field("avgMemoryUsage", memory);
}

void write_trend(JsonWriter& json, std::string_view name, const std::array<Mean, 24>& day) {
  json.key(name).begin_object();
  for (std::size_t hour = 0; hour < day.size(); ++hour)
    if (const auto mean = day[hour].get()) json.field(std::to_string(hour), *mean);
  json.end_object();
}

struct ClusterHistory {
  Means means{};
  std::array<Mean, 24> cpu_by_hour{};
  std::array<Mean, 24> memory_by_hour{};
};

Result<ClusterHistory> read_cluster(const LegacyApi& api, Timestamp now, int hours) {
  const auto found = read_hours(api, {std::string(resource_key::cluster)}, now, hours);
  if (!found) return found.error();
  ClusterHistory history;
  for (const Series& series : *found) {
    if (series.metric == Metric::running_pods) continue;
    auto& day = series.metric == Metric::cpu_usage ? history.cpu_by_hour : history.memory_by_hour;
    for (const Point& point : series.points) {
      history.means.of(series.metric).add(point);
      day[static_cast<std::size_t>(api.options.zone.hour_of_day(point.at))].add(point);
    }
  }
  return history;
}

void write_models(JsonWriter& json, const ClusterFacts& facts, EngineHistory& history) {
  std::map<std::string_view, std::size_t> pods;
  for (const PodFacts& pod : facts.pods) ++pods[pod.model.type];
  json.key("modelStatistics").begin_object();
  for (const std::string_view engine : engines) {
    Means& means = history.by_engine[resource_key::engine(engine)];
    json.key(engine).begin_object().field("podCount", pods[engine]);
    write_means(json, means.cpu.get(), means.memory.get());
    json.end_object();
  }
  json.end_object();
}

http::Response statistics(const Shared& shared, int hours) {
  const LegacyApi& api = shared.api;
  const auto facts = shared.board->facts();
  const Timestamp now = api.clock.now();
  auto pods = read_engines(api, now, hours);
  const auto cluster = read_cluster(api, now, hours);
  if (!pods || !cluster) return empty_response(503);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object().key("podStatistics").begin_object().field("totalPods", facts->pods.size());
                               write_means(json, pods->cpu(), pods->memory());
                               json.end_object().key("nodeStatistics").begin_object().field("totalNodes", facts->nodes.size());
                               write_means(json, cluster->means.cpu.get(), cluster->means.memory.get());
                               json.end_object();
                               write_models(json, *facts, *pods);
                               json.key("trends").begin_object();
                               write_trend(json, "cpuTrendByHour", cluster->cpu_by_hour);
                               write_trend(json, "memoryTrendByHour", cluster->memory_by_hour);
                               json.end_object().field("timeRange", fmt::format("{} hours", hours));
                               json.field("timestamp", api.options.zone.format(now)).end_object();
                             }));
}

http::Response namespaces(const Shared& shared) {
  const LegacyApi& api = shared.api;
  const auto facts = shared.board->facts();
  const Timestamp now = api.clock.now();
  std::map<std::string, std::size_t> pods;
  for (const PodFacts& pod : facts->pods) ++pods[pod.pod->meta.namespace_name];
  std::vector<std::string> keys;
  for (const auto& [name, count] : pods) keys.push_back(resource_key::kube_namespace(name));
  auto means = means_of(api, keys, now, 1);
  if (!means) return empty_response(503);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object().key("namespaces").begin_object();
                               for (const auto& [name, count] : pods) {
                                 Means& of = (*means)[resource_key::kube_namespace(name)];
                                 json.key(name).begin_object().field("podCount", count);
                                 write_means(json, of.cpu.get(), of.memory.get());
                                 json.end_object();
                               }
                               json.end_object().field("timestamp", api.options.zone.format(now)).end_object();
                             }));
}

// The day that is shown by hour of the day, in the order of time.
std::vector<HourMean> gpu_hours(const Shared& shared, Timestamp now) {
  const DayOfHours day = shared.trends->last_day();
  std::vector<HourMean> hours;
  for (int back = 23; back >= 0; --back) {
    const Timestamp at = std::chrono::floor<std::chrono::hours>(now) - std::chrono::hours(back);
    const auto mean = day[static_cast<std::size_t>(shared.api.options.zone.hour_of_day(at))].utilization;
    if (mean) hours.push_back({at, *mean});
  }
  return hours;
}

void write_forecast(JsonWriter& json, std::string_view name, const std::vector<HourMean>& hours, int ahead) {
  json.key(name).begin_object();
  if (const auto made = forecast(hours, ahead)) {
    json.field("current", made->current).field("average", made->average);
    json.field("trend", made->trend).field("prediction", made->prediction);
  }
  json.end_object();
}

http::Response resource_forecast(const Shared& shared, int ahead) {
  const LegacyApi& api = shared.api;
  const Timestamp now = api.clock.now();
  shared.trends->refresh_if_due();
  const auto found = read_hours(api, {std::string(resource_key::cluster)}, now, forecast_history_hours);
  if (!found) return empty_response(503);
  std::vector<HourMean> cpu;
  std::vector<HourMean> memory;
  for (const Series& series : *found) {
    if (series.metric == Metric::running_pods) continue;
    for (const Point& point : series.points) (series.metric == Metric::cpu_usage ? cpu : memory).push_back({point.at, point.mean});
  }
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object();
                               write_forecast(json, "cpuForecast", cpu, ahead);
                               write_forecast(json, "memoryForecast", memory, ahead);
                               write_forecast(json, "gpuForecast", gpu_hours(shared, now), ahead);
                               json.field("forecastHours", ahead).field("timestamp", api.options.zone.format(now)).end_object();
                             }));
}

// `answer` reads the history of so many hours, or looks so many ahead.
http::Handler of_hours(const SharedPtr& shared, std::string name, http::Response (*answer)(const Shared&, int)) {
  return [shared, name = std::move(name), answer](const http::Request& request, ResponderPtr responder) {
    const auto hours = whole_parameter(request, "hours", hours_standard);
    if (!hours) return responder->respond(framework_error(shared->api, 400, request.path));
    if (*hours < 1 || *hours > hours_max) return responder->respond(empty_response(400));
    shared->histories->serve(
        fmt::format("{} {}", name, *hours), history_freshness, [shared, answer, hours = *hours] { return answer(*shared, hours); },
        std::move(responder));
  };
}

}  // namespace

void add_resource_history_routes(Routes& routes, const SharedPtr& shared) {
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/statistics", of_hours(shared, "statistics", statistics)});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/forecast", of_hours(shared, "resource forecast", resource_forecast)});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/namespaces", [shared](const http::Request&, ResponderPtr responder) {
                      shared->histories->serve(
                          "namespaces", history_freshness, [shared] { return namespaces(*shared); }, std::move(responder));
                    }});
}

}  // namespace reeve::legacy
