#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/fleet_summary.h"
#include "delivery/legacy/shared.h"
#include "delivery/legacy/usage.h"
#include "domain/health/thresholds.h"

namespace reeve::legacy {
namespace {

constexpr int usage_hours_standard = 24;
constexpr int data_hours_standard = 1;
constexpr int cleanup_days_standard = 30;
constexpr int data_points_max = 300;  // as many as a chart can show
constexpr Milliseconds alert_step = std::chrono::minutes(1);
constexpr std::size_t resources_per_query = 256;  // of 60 minutes: 1 MB of points
// Histories of the whole fleet are read at most so often, whoever asks.
constexpr Freshness history_freshness{.young = std::chrono::seconds(15), .old = std::chrono::minutes(1), .sees_changes = false};

http::Response failed_usage(const Moment& moment, int hours) {
  return http::json_response(503, print_json([&](JsonWriter& json) {
                               begin_usage(json, moment, fmt::format("{} hours", hours), {});
                               json.field("error", "Failed to retrieve statistics").end_object();
                             }));
}

http::Response usage_statistics(const LegacyApi& api, int hours) {
  const Moment moment(api);
  const auto usage = usage_of_hours(moment, hours);
  if (!usage) return failed_usage(moment, hours);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               begin_usage(json, moment, fmt::format("{} hours", hours), *usage);
                               json.end_object();
                             }));
}

void serve_usage(const SharedPtr& shared, const http::Request& request, int standard, std::shared_ptr<http::Responder> responder) {
  const auto hours = whole_parameter(request, "hours", standard);
  if (!hours) return responder->respond(framework_error(shared->api, 400, request.path));
  if (*hours < 0 || *hours > hours_max) return responder->respond(empty_response(400));
  shared->histories->serve(
      fmt::format("usage {}", *hours), history_freshness, [shared, hours = *hours] { return usage_statistics(shared->api, hours); },
      std::move(responder));
}

http::Response realtime(const LegacyApi& api) {
  const Moment moment(api);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               begin_usage(json, moment, "realtime", usage_now(moment));
                               json.field("realtime", true).field("timestamp", moment.local_now()).end_object();
                             }));
}

// One resource that was too hot within the last hour, at its worst.
struct HeatAlert {
  std::string resource{};
  double celsius = 0;
  Timestamp at{};
};

std::vector<std::string> all_resources(const Fleet& fleet) {
  std::vector<std::string> resources;
  fleet.for_each_device([&](const DeviceView& view) {
    resources.push_back(view.device->id.text);
    for (const Instance& part : view.device->instances) resources.push_back(part.id.text);
  });
  return resources;
}

// The hottest step of each of `resources` within the last hour, where that was too hot.
Result<std::vector<HeatAlert>> too_hot(const Moment& moment, const std::vector<std::string>& resources, Milliseconds step) {
  std::vector<HeatAlert> alerts;
  for (std::size_t first = 0; first < resources.size(); first += resources_per_query) {
    const std::span portion = std::span(resources).subspan(first, std::min(resources_per_query, resources.size() - first));
    const auto found = moment.api.metrics.query({.resources = {portion.begin(), portion.end()},
                                                 .metrics = {Metric::gpu_temperature},
                                                 .from = moment.now - std::chrono::hours(1),
                                                 .to = moment.now + Milliseconds(1),
                                                 .step = step});
    if (!found) return found.error();
    for (const Series& series : *found) {
      HeatAlert worst{.resource = series.resource};
      for (const Point& point : series.points)
        if (point.max >= worst.celsius) worst = {series.resource, point.max, point.at};  // of equals the newest
      if (health::overheating(worst.celsius)) alerts.push_back(std::move(worst));
    }
  }
  return alerts;
}

// Newest first. The few that were hot at all are found by their hour, then dated to the minute.
Result<std::vector<HeatAlert>> heat_of_last_hour(const Moment& moment) {
  const auto by_hour = too_hot(moment, all_resources(*moment.fleet), std::chrono::hours(1));
  if (!by_hour) return by_hour.error();
  std::vector<std::string> hot;
  for (const HeatAlert& alert : *by_hour) hot.push_back(alert.resource);
  auto alerts = too_hot(moment, hot, alert_step);
  if (alerts) std::ranges::stable_sort(*alerts, std::ranges::greater{}, &HeatAlert::at);
  return alerts;
}

http::Response overheating_alerts(const LegacyApi& api) {
  const Moment moment(api);
  const auto alerts = heat_of_last_hour(moment);
  if (!alerts) return http::json_response(503, "[ ]");
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_array();
                               for (const HeatAlert& alert : *alerts) {
                                 const bool slice = is_slice(alert.resource);
                                 json.begin_object().field("deviceId", alert.resource.substr(0, alert.resource.find("-MIG-")));
                                 json.field("migId", slice ? std::optional(alert.resource) : std::nullopt);
                                 json.field("temperature", alert.celsius).field("timestamp", moment.local(alert.at));
                                 json.field("severity", *health::overheating(alert.celsius)).end_object();
                               }
                               json.end_array();
                             }));
}

http::Response message_answer(const LegacyApi& api, int status, std::string_view message, std::optional<std::string> action = {}) {
  return http::json_response(status, print_json([&](JsonWriter& json) {
                               json.begin_object().field("status", status == 200 ? "SUCCESS" : "ERROR").field("message", message);
                               json.field_if("action", action);
                               json.field("timestamp", api.options.zone.format(api.clock.now())).end_object();
                             }));
}

// Answers when a round that began after the request is over: what the client reads next is new.
void collect(const LegacyApi& api, std::string message, std::optional<std::string> action,
             const std::shared_ptr<http::Responder>& responder) {
  api.collector.collect_now([api, responder, message = std::move(message), action = std::move(action)](const Status& done) {
    responder->respond(done ? message_answer(api, 200, message, action) : message_answer(api, 500, done.error().message));
  });
}

void control_collection(const LegacyApi& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  const std::string& asked = request.path_parameters.at("action");
  const std::string action = upper_case(asked);
  if (action == "PAUSE" || action == "RESUME") {
    api.collector.set_paused(action == "PAUSE");
    const std::string_view message = action == "PAUSE" ? "Metrics collection paused" : "Metrics collection resumed";
    return responder->respond(message_answer(api, 200, message, action));
  }
  if (action == "RESTART") {
    api.collector.set_paused(false);
    return collect(api, "Metrics collection restarted", action, responder);
  }
  responder->respond(message_answer(api, 400, fmt::format("Invalid action: {}. Valid actions: pause, resume, restart", asked)));
}

std::int64_t interval_seconds(const LegacyApi& api) {
  return std::chrono::round<std::chrono::seconds>(api.options.collection_interval).count();
}

http::Response collection_status(const LegacyApi& api) {
  const auto round = api.collect_status.last_round();
  return http::json_response(
      200, print_json([&](JsonWriter& json) {
        json.begin_object().field("status", api.collector.is_paused() ? "PAUSED" : "RUNNING");
        json.field("lastCollection", round ? std::optional(api.options.zone.format(round->started_at + round->duration)) : std::nullopt);
        json.field("collectionInterval", fmt::format("{} seconds", interval_seconds(api)));
        json.field("metricsRetentionDays", api.options.metrics_retention.count());
        json.field("timestamp", api.options.zone.format(api.clock.now())).end_object();
      }));
}

http::Response config(const LegacyApi& api) {
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object().field("collectionInterval", interval_seconds(api));
                               json.field("retentionDays", api.options.metrics_retention.count()).field("batchSize", nullptr);
                               json.field("nvidiaSmiEnabled", false).field("nvidiaSmiPath", nullptr).field("nvidiaSmiTimeout", nullptr);
                               json.field("temperatureThreshold", health::overheating_celsius);
                               json.field("powerThreshold", health::high_power_watts);
                               json.field("timestamp", api.options.zone.format(api.clock.now())).end_object();
                             }));
}

http::Response cleanup(const LegacyApi& api, const http::Request& request) {
  const auto days = whole_parameter(request, "olderThanDays", cleanup_days_standard);
  if (!days) return framework_error(api, 400, request.path);
  if (*days < 1) return empty_response(400);
  const auto forgotten = api.metrics.forget(api.clock.now() - std::chrono::days(*days));
  if (!forgotten) return message_answer(api, 503, forgotten.error().message);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object().field("status", "SUCCESS").field("message", "Metrics cleanup completed");
                               json.field("olderThanDays", *days).field("deletedRecords", *forgotten);
                               json.field("timestamp", api.options.zone.format(api.clock.now())).end_object();
                             }));
}

struct DataColumn {
  Metric metric;
  std::string_view name;
};
constexpr std::array data_columns{
    DataColumn{Metric::gpu_utilization, "gpuUtilization"}, DataColumn{Metric::memory_copy_utilization, "memoryUtilization"},
    DataColumn{Metric::memory_used, "memoryUsedMb"},       DataColumn{Metric::gpu_temperature, "temperature"},
    DataColumn{Metric::power_usage, "powerDraw"},          DataColumn{Metric::fan_speed, "fanSpeed"},
    DataColumn{Metric::sm_clock, "clockGraphics"},         DataColumn{Metric::memory_clock, "clockMemory"}};

using DataRows = std::map<Timestamp, std::array<std::optional<double>, data_columns.size()>>;

Result<DataRows> read_data(const LegacyApi& api, const std::string& resource, int hours, Timestamp now) {
  const Milliseconds span = std::chrono::hours(hours);
  SeriesQuery query{.resources = {resource}, .from = now - span, .to = now + Milliseconds(1)};
  query.step = std::max({span / data_points_max, api.options.collection_interval, Milliseconds(1)});
  for (const DataColumn& column : data_columns) query.metrics.push_back(column.metric);
  const auto found = api.metrics.query(query);
  if (!found) return found.error();
  DataRows rows;
  for (const Series& series : *found) {
    const auto column = std::ranges::find(data_columns, series.metric, &DataColumn::metric) - data_columns.begin();
    for (const Point& point : series.points) rows[point.at][static_cast<std::size_t>(column)] = point.mean;
  }
  return rows;
}

// `id_field`: "deviceId" or "migId", whichever the client asked by.
http::Response data_of(const LegacyApi& api, std::string_view id_field, const std::string& resource, int hours) {
  const Timestamp now = api.clock.now();
  const auto rows = read_data(api, resource, hours, now);
  if (!rows) return empty_response(503);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object().field(id_field, resource).field("timeRange", fmt::format("{} hours", hours));
                               json.key("data").begin_array();
                               for (const auto& [at, values] : *rows) {
                                 json.begin_object().field("timestamp", api.options.zone.format(at));
                                 for (std::size_t i = 0; i < values.size(); ++i) json.field(data_columns[i].name, values[i]);
                                 json.end_object();
                               }
                               json.end_array().field("timestamp", api.options.zone.format(now)).end_object();
                             }));
}

void metrics_data(const SharedPtr& shared, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  const LegacyApi& api = shared->api;
  const auto device = text_parameter(request, "deviceId");
  const auto slice = text_parameter(request, "migId");
  if (!device && !slice) return serve_usage(shared, request, data_hours_standard, responder);
  const auto hours = whole_parameter(request, "hours", data_hours_standard);
  if (!hours) return responder->respond(framework_error(api, 400, request.path));
  if (*hours < 0 || *hours > hours_max) return responder->respond(empty_response(400));
  const auto fleet = api.keeper.snapshot();
  const bool known = device ? fleet->find_device(DeviceId{*device}).has_value() : fleet->find_instance(InstanceId{*slice}).has_value();
  if (!known) return responder->respond(empty_response(404));
  const std::string_view id_field = device ? "deviceId" : "migId";
  const bool taken = api.run_slow([shared, id_field, id = device ? *device : *slice, hours = *hours, responder] {
    responder->respond(data_of(shared->api, id_field, id, hours));
  });
  if (!taken) responder->respond(empty_response(503));
}

}  // namespace

void add_metric_routes(Routes& routes, const SharedPtr& shared) {
  using ResponderPtr = std::shared_ptr<http::Responder>;
  routes.push_back(
      {"GET", "/k8s-monitor/api/v1/gpu/metrics/usage-statistics", [shared](const http::Request& request, ResponderPtr responder) {
         serve_usage(shared, request, usage_hours_standard, std::move(responder));
       }});
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/metrics/overheating-alerts", [shared](const http::Request&, ResponderPtr responder) {
                      shared->histories->serve(
                          "alerts", history_freshness, [shared] { return overheating_alerts(shared->api); }, std::move(responder));
                    }});
  routes.push_back({"POST", "/k8s-monitor/api/v1/gpu/metrics/collect", [shared](const http::Request&, const ResponderPtr& responder) {
                      collect(shared->api, "GPU metrics collection triggered successfully", std::nullopt, responder);
                    }});
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/metrics/collection-status",
                    http::immediate([shared](const auto&) { return collection_status(shared->api); })});
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/metrics/data",
                    [shared](const http::Request& request, const ResponderPtr& responder) { metrics_data(shared, request, responder); }});
  routes.push_back(
      {"GET", "/k8s-monitor/api/v1/gpu/metrics/config", http::immediate([shared](const auto&) { return config(shared->api); })});
  routes.push_back({"POST", "/k8s-monitor/api/v1/gpu/metrics/cleanup",
                    on_pool(shared->api.run_slow, [shared](const auto& request) { return cleanup(shared->api, request); })});
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/metrics/realtime", [shared](const http::Request&, ResponderPtr responder) {
                      shared->prepared->serve(
                          "realtime", {}, [shared] { return realtime(shared->api); }, std::move(responder));
                    }});
  routes.push_back(
      {"POST", "/k8s-monitor/api/v1/gpu/metrics/collection/{action}",
       [shared](const http::Request& request, const ResponderPtr& responder) { control_collection(shared->api, request, responder); }});
}

}  // namespace reeve::legacy
