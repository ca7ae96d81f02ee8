// GET /api/v1/devices/{id}/metrics, /api/v1/instances/{id}/metrics, /api/v1/metrics/query: history as series.

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

constexpr std::int64_t points_default = 300;  // about the width of a chart
constexpr std::int64_t points_max = 11'000;   // of one series: a week in minutes
constexpr std::int64_t step_seconds_max = 366 * 24 * 3600;
constexpr std::size_t resources_max = 200;  // of one query
constexpr Milliseconds window_default{3'600'000};
constexpr std::array<std::int64_t, 15> usual_steps{30,   60,    120,   300,   600,   900,    1800,   3600,
                                                   7200, 10800, 21600, 43200, 86400, 604800, 2592000};
constexpr std::array default_metrics{Metric::gpu_utilization, Metric::memory_used, Metric::gpu_temperature, Metric::power_usage};

std::int64_t default_step(Milliseconds window) {
  for (const std::int64_t step : usual_steps)
    if (window.count() / 1000 <= step * points_default) return step;
  return window.count() / 1000 / points_default + 1;
}

std::vector<std::string> stored_names(std::span<const MetricInfo> metrics) {
  std::vector<std::string> names;
  for (const MetricInfo& metric : metrics)
    if (metric.stored) names.emplace_back(metric.name);
  return names;
}

// metrics (of those in `known`, a beginning of the table), from, to and step; faults are kept in the reader.
SeriesQuery read_series(const Api& api, QueryReader& query, std::span<const MetricInfo> known) {
  SeriesQuery series;
  for (const std::string& name : query.words("metrics")) {
    const MetricInfo* metric = metric_by_name(name);
    const bool is_known = metric != nullptr && metric->stored && static_cast<std::size_t>(metric->metric) < known.size();
    if (!is_known)
      query.refuse("metrics", fmt::format("there is no history of '{}'", name), stored_names(known));
    else
      series.metrics.push_back(metric->metric);
  }
  if (series.metrics.empty()) series.metrics.assign(default_metrics.begin(), default_metrics.end());
  series.to = query.time("to").value_or(api.clock.now());
  series.from = query.time("from").value_or(series.to - window_default);
  const auto step = query.number("step", 1, step_seconds_max);
  const Milliseconds window = series.to - series.from;
  if (window <= Milliseconds(0)) query.refuse("from", "it is not before 'to'");
  const std::int64_t seconds = step.value_or(default_step(window));
  if (window.count() / 1000 / seconds > points_max) query.refuse("step", fmt::format("it gives more than {} points", points_max));
  series.step = std::chrono::seconds(seconds);
  return series;
}

void write_points(JsonWriter& json, const std::vector<Point>& points) {
  json.key("points").begin_array();
  for (const Point& point : points) {
    json.begin_array().value(point.at.time_since_epoch().count()).value(point.count);
    json.value(point.min).value(point.mean).value(point.max).value(point.last).end_array();
  }
  json.end_array();
}

http::Response series_answer(const Api& api, const std::optional<std::string>& resource, const SeriesQuery& asked,
                             const http::Request& request) {
  const auto found = api.metrics.query(asked);
  if (!found) return problem_response(found.error(), ApiCode::not_found, request);
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("resource", resource).field("from", asked.from).field("to", asked.to);
  json.field("step_seconds", asked.step.count() / 1000).key("series").begin_array();
  for (const Series& series : *found) {
    json.begin_object();
    series.resource.empty() ? json.field("resource", nullptr) : json.field("resource", series.resource);
    json.field("metric", info(series.metric).name).field("unit", info(series.metric).unit);
    write_points(json, series.points);
    json.end_object();
  }
  json.end_array().end_object();
  return tagged_json(request, std::move(body));
}

http::Response resource_metrics(const Api& api, const http::Request& request, bool known, ApiCode missing) {
  QueryReader query(request);
  SeriesQuery series = read_series(api, query, device_metrics());
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const std::string& id = path_value(request, "id");
  if (!known) return problem_response({.code = missing, .detail = fmt::format("cannot find '{}'", id)}, request);
  series.resources = {id};
  return series_answer(api, id, series, request);
}

http::Response device_metrics(const Api& api, const http::Request& request) {
  const bool known = api.keeper.snapshot()->find_device(DeviceId{path_value(request, "id")}).has_value();
  return resource_metrics(api, request, known, ApiCode::device_not_found);
}

http::Response instance_metrics(const Api& api, const http::Request& request) {
  const bool known = api.keeper.snapshot()->find_instance(InstanceId{path_value(request, "id")}).has_value();
  return resource_metrics(api, request, known, ApiCode::instance_not_found);
}

http::Response query_metrics(const Api& api, const http::Request& request) {
  QueryReader query(request);
  SeriesQuery series = read_series(api, query, metric_table);
  series.resources = query.words("resources");
  if (series.resources.size() > resources_max) query.refuse("resources", fmt::format("it names more than {} resources", resources_max));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  return series_answer(api, std::nullopt, series, request);
}

}  // namespace

Routes metric_routes(Api& api) {
  return {{"GET", "/api/v1/devices/{id}/metrics", on_pool(api, device_metrics)},
          {"GET", "/api/v1/instances/{id}/metrics", on_pool(api, instance_metrics)},
          {"GET", "/api/v1/metrics/query", on_pool(api, query_metrics)}};
}

}  // namespace reeve::rest
