#include <algorithm>

#include <fmt/format.h>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/fleet_summary.h"
#include "delivery/legacy/money.h"
#include "delivery/legacy/shared.h"

namespace reeve::legacy {
namespace {

constexpr std::size_t top_alerts_max = 5;

void write_inventory(JsonWriter& json, const FleetSummary& fleet, const AllocationSummary& allocations) {
  json.field("totalNodes", fleet.by_node.size()).field("totalGpuDevices", fleet.devices).field("totalMigInstances", fleet.instances);
  json.field("activeAllocations", allocations.count);
  json.field("devicesByModel", fleet.by_model).field("devicesByArchitecture", fleet.by_architecture);
  json.field("devicesByGeneration", fleet.by_generation);
  json.field("overallGpuUtilization", fleet.utilization.get()).field("overallMemoryUtilization", fleet.memory_utilization.get());
  json.field("overallTemperature", fleet.temperature.get()).field("overallPowerConsumption", fleet.power_watts());
}

void write_allocations(JsonWriter& json, const AllocationSummary& allocations) {
  json.field("allocationsByWorkloadType", allocations.by_workload).field("allocationsByNamespace", allocations.by_namespace);
  json.field("allocationsByTeam", allocations.by_team);
  // The third is a number and not a map in the old type, and its clients read it as one.
  json.field("totalHourlyCost", dollars(allocations.hourly_cost))
      .field("totalMonthlyCost", monthly_dollars(allocations.hourly_cost))
      .field("costByWorkloadType", dollars(allocations.hourly_cost));
}

void write_alerts(JsonWriter& json, const FleetSummary& fleet) {
  json.field("totalAlerts", fleet.hot.size()).field("criticalAlerts", fleet.hot_critical);
  json.field("warningAlerts", fleet.hot.size() - fleet.hot_critical).key("topAlerts").begin_array();
  for (std::size_t i = 0; i < std::min(top_alerts_max, fleet.hot.size()); ++i)
    json.value(fmt::format("{}: {}", fleet.hot[i].device.text, to_text(fleet.hot[i].severity)));
  json.end_array();
}

void write_trend(JsonWriter& json, std::string_view name, const DayOfHours& day, std::optional<double> HourMeans::*which) {
  json.key(name).begin_object();
  for (std::size_t hour = 0; hour < day.size(); ++hour) json.field(fmt::format("hour_{}", hour), day[hour].*which);
  json.end_object();
}

http::Response overview(const Shared& shared) {
  const Moment moment(shared.api);
  const FleetSummary fleet = summarise(moment);
  const auto held = shared.allocations->of(moment);
  const AllocationSummary& allocations = *held;
  shared.trends->refresh_if_due();
  const DayOfHours day = shared.trends->last_day();
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_object();
                               write_inventory(json, fleet, allocations);
                               write_allocations(json, allocations);
                               json.field("totalMemoryCapacityGb", fleet.memory_gb);
                               json.field("availableMemoryCapacityGb", fleet.memory_free_gb);
                               json.field("memoryUtilizationPercent", fleet.memory_taken_percent());
                               write_alerts(json, fleet);
                               write_trend(json, "utilizationTrend24h", day, &HourMeans::utilization);
                               write_trend(json, "temperatureTrend24h", day, &HourMeans::temperature);
                               json.field("lastUpdated", moment.local_now()).end_object();
                             }));
}

}  // namespace

void add_overview_routes(Routes& routes, const SharedPtr& shared) {
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/overview", [shared](http::Request, std::shared_ptr<http::Responder> responder) {
                      shared->prepared->serve(
                          "overview", {}, [shared] { return overview(*shared); }, std::move(responder));
                    }});
}

}  // namespace reeve::legacy
