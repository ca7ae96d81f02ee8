#include <fmt/format.h>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/fleet_summary.h"
#include "delivery/legacy/shared.h"

namespace reeve::legacy {
namespace {

constexpr int checks_performed = 5;

void write_parts(JsonWriter& json, const Moment& moment, const FleetSummary& fleet, const AllocationSummary& allocations,
                 const health::ClusterHealth& verdict) {
  json.key("deviceHealth").begin_object().field("totalDevices", fleet.devices);
  json.field("activeDevices", fleet.active + fleet.mig_enabled).field("failedDevices", fleet.failed);
  json.field("healthRatio", verdict.device_ratio).field("status", verdict.devices).end_object();
  json.key("allocationHealth").begin_object().field("totalAllocations", allocations.count);
  json.field("healthyAllocations", allocations.healthy).field("healthRatio", verdict.allocation_ratio);
  json.field("status", verdict.allocations).end_object();
  json.key("metricsHealth").begin_object().field("available", fleet.nodes_fresh > 0);
  json.field("lastCollection", fleet.newest_reading ? std::optional(moment.local(*fleet.newest_reading)) : std::nullopt);
  json.field("status", verdict.metrics).end_object();
  json.key("resourceHealth").begin_object().field("gpuUtilization", fleet.utilization.get());
  json.field("temperature", fleet.temperature.get()).field("status", verdict.resources).end_object();
  json.key("alertHealth").begin_object().field("totalAlerts", fleet.hot.size()).field("criticalAlerts", fleet.hot_critical);
  json.field("status", verdict.alerts).end_object();
}

void write_recommendations(JsonWriter& json, const FleetSummary& fleet, const health::ClusterHealth& verdict) {
  json.key("recommendations").begin_array();
  switch (verdict.overall) {
    case health::Verdict::critical: json.value("클러스터 상태가 위험합니다. 즉시 점검이 필요합니다."); break;
    case health::Verdict::warning: json.value("클러스터에 주의가 필요한 항목이 있습니다."); break;
    case health::Verdict::healthy: json.value("클러스터가 정상적으로 동작하고 있습니다."); break;
    case health::Verdict::unknown: json.value("아직 수집된 정보가 없어 상태를 판단할 수 없습니다."); break;
  }
  if (!fleet.hot.empty()) json.value(fmt::format("활성 알람이 {}개 있습니다. 알람을 확인하세요.", fleet.hot.size()));
  if (fleet.nodes_fresh < fleet.nodes_observed)
    json.value(fmt::format("{}개 노드의 메트릭이 수집되지 않고 있습니다.", fleet.nodes_observed - fleet.nodes_fresh));
  json.end_array();
}

http::Response cluster_health(const Shared& shared) {
  const Moment moment(shared.api);
  const FleetSummary fleet = summarise(moment);
  const auto held = shared.allocations->of(moment);
  const AllocationSummary& allocations = *held;
  const health::ClusterHealth verdict = judge(fleet, allocations);
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object();
                               write_parts(json, moment, fleet, allocations, verdict);
                               json.field("overallStatus", verdict.overall).field("healthScore", verdict.score);
                               write_recommendations(json, fleet, verdict);
                               json.field("timestamp", moment.local_now()).field("lastCheck", moment.local_now());
                               json.field("checksPerformed", checks_performed).end_object();
                             }));
}

}  // namespace

void add_health_routes(Routes& routes, const SharedPtr& shared) {
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/health", [shared](http::Request, std::shared_ptr<http::Responder> responder) {
                      shared->prepared->serve(
                          "health", {}, [shared] { return cluster_health(*shared); }, std::move(responder));
                    }});
}

}  // namespace reeve::legacy
