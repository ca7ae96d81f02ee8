// How the cluster's sources do, and what is alarming: resources/health, metrics/status and alerts.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/shared.h"

namespace reeve::legacy {
namespace {

using cluster::Kind;
using cluster::KindState;

constexpr std::array metric_kinds{Kind::node_metrics, Kind::pod_metrics};
constexpr std::array object_kinds{Kind::nodes, Kind::pods};

template <std::size_t N>
bool all_live(const cluster::Snapshot& snapshot, const std::array<Kind, N>& kinds) {
  return std::ranges::all_of(kinds, [&](Kind kind) { return snapshot.status(kind).state == KindState::live; });
}

// How many usages of pods and nodes the newest polls told.
std::size_t recent_metrics(const cluster::Snapshot& snapshot) {
  return (snapshot.pod_usage ? snapshot.pod_usage->size() : 0) + (snapshot.node_usage ? snapshot.node_usage->size() : 0);
}

// HEALTHY: pods, nodes and their usage are known and come on. ERROR: neither pods nor nodes were ever listed. Else DEGRADED.
std::string_view overall_status(const cluster::Snapshot& snapshot) {
  const bool known = std::ranges::any_of(object_kinds, [&](Kind kind) { return snapshot.status(kind).synced_at.has_value(); });
  if (!known) return "ERROR";
  return all_live(snapshot, object_kinds) && all_live(snapshot, metric_kinds) && recent_metrics(snapshot) > 0 ? "HEALTHY" : "DEGRADED";
}

std::optional<std::string> first_error(const cluster::Snapshot& snapshot) {
  for (const cluster::KindStatus& kind : snapshot.kinds)
    if (!kind.error.empty()) return kind.error;
  if (std::ranges::all_of(snapshot.kinds, [](const cluster::KindStatus& kind) { return kind.state == KindState::off; }))
    return "no Kubernetes cluster is configured";
  return std::nullopt;
}

void write_kinds(JsonWriter& json, const LegacyApi& api, const cluster::Snapshot& snapshot) {
  json.key("kubernetes").begin_object();
  for (std::size_t i = 0; i < snapshot.kinds.size(); ++i) {
    const cluster::KindStatus& kind = snapshot.kinds[i];
    json.key(to_text(static_cast<Kind>(i))).begin_object().field("state", kind.state);
    text_field(json, "error", kind.error);
    json.field("lastSync", kind.synced_at ? std::optional(api.options.zone.format(*kind.synced_at)) : std::nullopt).end_object();
  }
  json.end_object();
}

http::Response health(const LegacyApi& api) {
  const auto snapshot = api.cluster.snapshot();
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object().field("metricsServerAvailable", all_live(*snapshot, metric_kinds));
                               json.field("recentMetricsCount", recent_metrics(*snapshot));
                               json.field("overallStatus", overall_status(*snapshot)).field_if("error", first_error(*snapshot));
                               json.field("timestamp", api.options.zone.format(api.clock.now()));
                               write_kinds(json, api, *snapshot);
                               json.end_object();
                             }));
}

std::optional<Timestamp> last_poll(const cluster::Snapshot& snapshot) {
  std::optional<Timestamp> last;
  for (const Kind kind : metric_kinds) last = std::max(last, snapshot.status(kind).synced_at);
  return last;
}

http::Response metrics_status(const LegacyApi& api) {
  const auto snapshot = api.cluster.snapshot();
  const bool available = all_live(*snapshot, metric_kinds);
  const auto polled = last_poll(*snapshot);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object().field("available", available).field("status", available ? "RUNNING" : "UNAVAILABLE");
                               json.field("recentMetrics", recent_metrics(*snapshot));
                               json.field("lastSuccessfulCollection",
                                          polled ? std::optional(api.options.zone.format(*polled)) : std::nullopt);
                               json.field("timestamp", api.options.zone.format(api.clock.now())).end_object();
                             }));
}

void write_alert(JsonWriter& json, const HighUsage& usage, const LocalZone& zone) {
  const bool cpu = usage.resource == PodResource::cpu;
  const cluster::ObjectMeta& meta = usage.pod != nullptr ? usage.pod->pod->meta : usage.node->node->meta;
  json.begin_object().field("type", cpu ? "HIGH_CPU_USAGE" : "HIGH_MEMORY_USAGE");
  json.field("resourceType", usage.pod != nullptr ? "POD" : "NODE").field("resourceName", meta.name);
  text_field(json, "namespace", meta.namespace_name);
  json.field("message", fmt::format("{} usage above {:.0f}%: {:.0f}%", cpu ? "CPU" : "Memory", high_usage_percent, usage.percent));
  json.field("timestamp", usage.at ? std::optional(zone.format(*usage.at)) : std::nullopt);
  json.field("severity", usage.critical ? "CRITICAL" : "WARNING").end_object();
}

http::Response alerts(const Shared& shared) {
  const auto facts = shared.board->facts();
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_array();
                               for (const HighUsage& usage : high_usage(*facts)) write_alert(json, usage, shared.api.options.zone);
                               json.end_array();
                             }));
}

}  // namespace

void add_resource_status_routes(Routes& routes, const SharedPtr& shared) {
  routes.push_back(
      {"GET", "/k8s-monitor/api/v1/resources/health", http::immediate([shared](const http::Request&) { return health(shared->api); })});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/metrics/status",
                    http::immediate([shared](const http::Request&) { return metrics_status(shared->api); })});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/alerts",
                    on_pool(shared->api.run_slow, [shared](const http::Request&) { return alerts(*shared); })});
}

}  // namespace reeve::legacy
