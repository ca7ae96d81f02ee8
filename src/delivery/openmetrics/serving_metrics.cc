#include "delivery/openmetrics/serving_metrics.h"

#include <algorithm>
#include <map>
#include <span>

#include "domain/serving/meter.h"

namespace reeve::openmetrics {
namespace {

using serving::Server;

struct Row {
  const Server* server = nullptr;
  std::optional<MetricValues> values{};  // absent: none that are fresh
};

std::vector<Row> rows_of(const ServingView::Servers& servers, Timestamp now, Milliseconds stale_after) {
  std::vector<Row> rows;
  for (const Server& server : std::span(servers).first(std::min(servers.size(), servers_written_max))) {
    Row& row = rows.emplace_back(Row{.server = &server});
    if (server.at && now - *server.at <= stale_after) row.values = metric_values(server.values);
  }
  return rows;
}

Labels labels_of(const Server& server) {
  return {{"namespace", server.namespace_name},
          {"pod", server.pod},
          {"engine", to_text(server.identity.engine)},
          {"model", server.served_model}};
}

void write_servers(ExpositionText& text, const std::vector<Row>& rows) {
  text.gauge("reeve_serving_up", "1: the engine's last answer was good.");
  for (const Row& row : rows) text.sample(labels_of(*row.server), row.server->at && row.server->last_error.empty() ? 1 : 0);
  for (const MetricInfo& metric : metric_table) {
    if (metric.scope != MetricScope::serving) continue;
    metric.kind == MetricKind::counter ? text.counter(metric.dcgm_name, metric.help) : text.gauge(metric.dcgm_name, metric.help);
    for (const Row& row : rows)
      if (row.values) text.sample(labels_of(*row.server), row.values->get(metric.metric));
  }
}

using ByModel = std::map<std::string_view, serving::Together>;

void write_by_model(ExpositionText& text, const ByModel& models, std::string_view name, std::string_view help,
                    std::optional<double> serving::Values::*value) {
  text.gauge(name, help);
  for (const auto& [model, together] : models) text.sample({{"model", model}}, together.values().*value);
}

void write_models(ExpositionText& text, const std::vector<Row>& rows) {
  ByModel models;
  for (const Row& row : rows)
    if (row.values && !row.server->served_model.empty()) models[row.server->served_model].add(row.server->values, nullptr);
  text.gauge("reeve_served_model_servers", "Servers of the model that answer.");
  for (const auto& [model, together] : models) text.sample({{"model", model}}, static_cast<double>(together.servers()));
  using serving::Values;
  write_by_model(text, models, "reeve_served_model_requests_running", "Requests that the model's engines work on.",
                 &Values::requests_running);
  write_by_model(text, models, "reeve_served_model_requests_waiting", "Requests that wait for the model's engines.",
                 &Values::requests_waiting);
  write_by_model(text, models, "reeve_served_model_prompt_tokens_per_second", "Tokens of prompts per second.",
                 &Values::prompt_tokens_per_second);
  write_by_model(text, models, "reeve_served_model_generation_tokens_per_second", "Tokens generated per second.",
                 &Values::generation_tokens_per_second);
  write_by_model(text, models, "reeve_served_model_kv_cache_usage_ratio",
                 "Share of the key-value cache in use, the mean of the model's engines.", &Values::kv_cache_usage);
}

}  // namespace

void write_serving(ExpositionText& text, const ServingView::Servers& servers, Timestamp now, Milliseconds stale_after) {
  text.gauge("reeve_serving_servers", "Pods that serve language models.");
  text.sample({}, static_cast<double>(servers.size()));
  if (servers.empty()) return;
  const std::vector<Row> rows = rows_of(servers, now, stale_after);
  write_servers(text, rows);
  write_models(text, rows);
}

}  // namespace reeve::openmetrics
