#include <algorithm>
#include <cmath>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/device_facts.h"
#include "delivery/legacy/mean.h"
#include "delivery/legacy/money.h"
#include "delivery/legacy/request_body.h"
#include "delivery/legacy/shared.h"
#include "domain/health/thresholds.h"
#include "usecases/allocate.h"
#include "usecases/release.h"

namespace reeve::legacy {
namespace {

constexpr std::string_view actor = "legacy-api";
constexpr int expiring_hours_standard = 24;
constexpr std::size_t rows_per_page = 1000;
// The old API has no paging, so an answer is one piece: about 80 MB at this size.
constexpr std::size_t history_rows_max = 100'000;
// Statistics over all of history are made at most so often.
constexpr Freshness statistics_freshness{.young = std::chrono::seconds(10), .old = std::chrono::minutes(1)};

AllocationContext allocations_of(const LegacyApi& api) {
  return {
      api.keeper,   api.store, api.catalogue, api.prices, api.clock, api.ids, api.options.collection_interval * health::stale_after_rounds,
      &api.holdings};
}

double hours_held(const Allocation& allocation, Timestamp now) {
  const Milliseconds held = allocation.released_at.value_or(now) - allocation.allocated_at;
  return static_cast<double>(held.count()) / static_cast<double>(Milliseconds(std::chrono::hours(1)).count());
}

void time_field(JsonWriter& json, std::string_view name, const LocalZone& zone, std::optional<Timestamp> time) {
  json.field(name, time ? std::optional(zone.format(*time)) : std::nullopt);
}

void write_money(JsonWriter& json, const Allocation& allocation, Timestamp now) {
  json.field("usageDurationHours", static_cast<std::int64_t>(std::max(0.0, hours_held(allocation, now))));
  json.field("costPerHour", dollars(allocation.cost_per_hour)).field("totalCost", dollars(allocation.total_cost));
  json.field("estimatedMonthlyCost", monthly_dollars(allocation.cost_per_hour));
}

// GpuAllocationInfo
void write_allocation(JsonWriter& json, const LocalZone& zone, const Allocation& allocation, Timestamp now) {
  json.begin_object().field("allocationId", allocation.id).field("namespace", allocation.namespace_name);
  json.field("podName", allocation.pod_name);
  text_field(json, "containerName", allocation.container_name);
  text_field(json, "workloadType", allocation.workload_type);
  json.field("resourceType", allocation.resource_type).field("allocatedResource", allocation.resource);
  json.field("requestedMemoryGb", allocation.requested_memory_gb).field("allocatedMemoryGb", allocation.allocated_memory_gb);
  text_field(json, "priorityClass", allocation.priority_class);
  time_field(json, "allocationTime", zone, allocation.allocated_at);
  time_field(json, "plannedReleaseTime", zone, allocation.planned_release);
  time_field(json, "releaseTime", zone, allocation.released_at);
  json.field("status", allocation.status);
  write_money(json, allocation, now);
  text_field(json, "userId", allocation.user_id);
  text_field(json, "teamId", allocation.team_id);
  text_field(json, "projectId", allocation.project_id);
  json.field("deviceInfo", nullptr).field("migInstanceInfo", nullptr).key("labels");
  if (allocation.labels.empty())
    json.value(nullptr);
  else
    json.value(allocation.labels);
  json.field("annotations", nullptr).end_object();
}

http::Response list_answer(const LegacyApi& api, const std::vector<Allocation>& items) {
  const Timestamp now = api.clock.now();
  return http::json_response(200, print_json([&](JsonWriter& json) {
                               json.begin_array();
                               for (const Allocation& item : items) write_allocation(json, api.options.zone, item, now);
                               json.end_array();
                             }));
}

void oldest_first(std::vector<Allocation>& items) {
  std::ranges::sort(items, {}, [](const Allocation& item) { return std::pair(item.allocated_at, item.id); });
}

std::vector<Allocation> active(const LegacyApi& api) {
  std::vector<Allocation> items;
  for (const auto& [id, allocation] : api.keeper.snapshot()->allocations()) items.push_back(allocation);
  oldest_first(items);
  return items;
}

// Calls visit(const Allocation&) for each allocation that matches, ended ones included, newest first.
template <class Visit>
Status for_each_recorded(const FleetStore& store, const AllocationFilter& filter, std::size_t rows_max, Visit visit) {
  std::string cursor;
  std::size_t rows = 0;
  do {
    const auto page = store.list_allocations(filter, cursor, std::min(rows_per_page, rows_max - rows));
    if (!page) return page.error();
    for (const Allocation& item : page->items) visit(item);
    rows += page->items.size();
    cursor = page->next_cursor.value_or("");
  } while (!cursor.empty() && rows < rows_max);
  return Done{};
}

bool is_filtered(const http::Request& request) {
  return text_parameter(request, "namespace") || text_parameter(request, "userId") || text_parameter(request, "teamId");
}

// Ended ones included.
http::Response list_filtered(const LegacyApi& api, const http::Request& request) {
  AllocationFilter filter;
  filter.namespace_name = text_parameter(request, "namespace");
  filter.user_id = text_parameter(request, "userId");
  filter.team_id = text_parameter(request, "teamId");
  std::vector<Allocation> items;
  const Status listed = for_each_recorded(api.store, filter, history_rows_max, [&](const Allocation& item) { items.push_back(item); });
  if (!listed) return empty_response(503);
  oldest_first(items);
  return list_answer(api, items);
}

http::Response list_expiring(const LegacyApi& api, const http::Request& request) {
  const auto hours = whole_parameter(request, "hours", expiring_hours_standard);
  if (!hours) return framework_error(api, 400, request.path);
  if (*hours < 0 || *hours > hours_max) return empty_response(400);
  const Timestamp now = api.clock.now();
  std::vector<Allocation> items = active(api);
  std::erase_if(items, [&](const Allocation& item) {
    return !item.planned_release || *item.planned_release < now || *item.planned_release > now + std::chrono::hours(*hours);
  });
  return list_answer(api, items);
}

struct CostGroup {
  std::int64_t count = 0;
  MicroUsd total{};
};

struct WorkloadGroup {
  std::int64_t count = 0;
  Mean hours{};
};

void write_cost_groups(JsonWriter& json, std::string_view name, const std::map<std::string, CostGroup>& groups) {
  json.key(name).begin_object();
  for (const auto& [key, group] : groups) {
    json.key(key).begin_object().field("count", group.count).field("totalCost", dollars(group.total));
    json.field("avgCost", dollars(group.total) / static_cast<double>(group.count)).end_object();
  }
  json.end_object();
}

http::Response cost_statistics(const LegacyApi& api) {
  const Timestamp now = api.clock.now();
  std::map<std::string, CostGroup> namespaces, teams;
  std::map<std::string, WorkloadGroup> workloads;
  const Status read = for_each_recorded(api.store, {}, SIZE_MAX, [&](const Allocation& item) {
    WorkloadGroup& workload = workloads[or_unknown(item.workload_type)];
    ++workload.count;
    workload.hours.add(hours_held(item, now));
    if (!item.total_cost) return;
    for (CostGroup* group : {&namespaces[or_unknown(item.namespace_name)], &teams[or_unknown(item.team_id)]}) {
      ++group->count;
      group->total += *item.total_cost;
    }
  });
  if (!read) return empty_response(503);
  return http::json_response(
      200, print_json([&](JsonWriter& json) {
        json.begin_object();
        write_cost_groups(json, "namespaceStatistics", namespaces);
        write_cost_groups(json, "teamStatistics", teams);
        json.key("workloadStatistics").begin_object();
        for (const auto& [type, group] : workloads)
          json.key(type).begin_object().field("count", group.count).field("avgDurationHours", group.hours.get()).end_object();
        json.end_object().field("lastUpdated", api.options.zone.format(now)).end_object();
      }));
}

// "maxDurationHours" bounds the planned release, "maxTotalCost" the hourly price once it is known how long.
bool apply_bounds(AllocationRequest& wanted, RequestBody& body, Timestamp now) {
  const auto duration = body.whole("maxDurationHours");
  const auto hourly = body.real("maxCostPerHour");
  const auto total = body.real("maxTotalCost");
  if ((duration && *duration <= 0) || (hourly && *hourly < 0) || (total && *total < 0)) return false;
  if (duration) {
    const Timestamp latest = now + std::chrono::hours(std::min<std::int64_t>(*duration, std::int64_t{100} * hours_max));
    wanted.planned_release = std::min(wanted.planned_release.value_or(latest), latest);
  }
  auto most = hourly;
  if (total && wanted.planned_release && *wanted.planned_release > now) {
    const double hours = static_cast<double>((*wanted.planned_release - now).count()) / Milliseconds(std::chrono::hours(1)).count();
    most = std::min(most.value_or(*total / hours), *total / hours);
  }
  constexpr double usd_max = 1e9;  // dearer than any GPU: no bound
  if (most && *most <= usd_max) wanted.max_cost_per_hour = MicroUsd(std::llround(*most * 1e6));
  return true;
}

AllocationRequest read_request(RequestBody& body, const LocalZone& zone) {
  AllocationRequest wanted;
  wanted.namespace_name = body.text("namespace");
  wanted.pod_name = body.text("podName");
  wanted.container_name = body.text("containerName");
  wanted.workload_type = body.text("workloadType");
  wanted.priority_class = body.text("priorityClass");
  wanted.use_mig = body.flag("useMig");
  wanted.memory_gb = body.whole("requiredMemoryGb");
  if (auto model = body.text("preferredModelId"); !model.empty()) wanted.model = ModelId{std::move(model)};
  if (auto architecture = body.text("preferredArchitecture"); !architecture.empty()) wanted.architecture = std::move(architecture);
  wanted.planned_release = body.time("plannedReleaseTime", zone);
  wanted.user_id = body.text("userId");
  wanted.team_id = body.text("teamId");
  wanted.project_id = body.text("projectId");
  return wanted;
}

void post_allocation(const LegacyApi& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  auto parsed = RequestBody::parse(request);
  if (const int* refused = std::get_if<int>(&parsed)) return responder->respond(framework_error(api, *refused, request.path));
  RequestBody& body = std::get<RequestBody>(parsed);
  AllocationRequest wanted = read_request(body, api.options.zone);
  const bool sensible = apply_bounds(wanted, body, api.clock.now());
  if (body.broken()) return responder->respond(framework_error(api, 400, request.path));
  if (!sensible) return responder->respond(empty_response(400));
  allocate(allocations_of(api), std::move(wanted), std::nullopt, [api, responder](const AllocationAnswer& answer) {
    if (!answer.outcome) return responder->respond(empty_response(answer.outcome.error().code == Errc::unavailable ? 503 : 400));
    responder->respond(http::json_response(
        200, print_json([&](JsonWriter& json) { write_allocation(json, api.options.zone, *answer.outcome, api.clock.now()); })));
  });
}

void delete_allocation(const LegacyApi& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  release(allocations_of(api), AllocationId{request.path_parameters.at("allocationId")}, std::string(actor),
          [responder](const Result<Allocation>& done) {
            responder->respond(empty_response(done ? 200 : done.error().code == Errc::unavailable ? 503 : 400));
          });
}

}  // namespace

void add_allocation_routes(Routes& routes, const SharedPtr& shared) {
  const LegacyApi& api = shared->api;
  const auto pooled = [&](std::function<http::Response(const http::Request&)> answer) { return on_pool(api.run_slow, std::move(answer)); };
  routes.push_back({"POST", "/k8s-monitor/api/v1/gpu/allocations",
                    [shared](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
                      post_allocation(shared->api, request, responder);
                    }});
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/allocations",
                    [shared, filtered = pooled([shared](const auto& request) { return list_filtered(shared->api, request); })](
                        http::Request request, std::shared_ptr<http::Responder> responder) {
                      if (is_filtered(request)) return filtered(std::move(request), std::move(responder));
                      shared->prepared->serve(
                          "allocations", {}, [shared] { return list_answer(shared->api, active(shared->api)); }, std::move(responder));
                    }});
  routes.push_back(
      {"GET", "/k8s-monitor/api/v1/gpu/allocations/cost-statistics", [shared](http::Request, std::shared_ptr<http::Responder> responder) {
         shared->histories->serve(
             "cost-statistics", statistics_freshness, [shared] { return cost_statistics(shared->api); }, std::move(responder));
       }});
  routes.push_back({"GET", "/k8s-monitor/api/v1/gpu/allocations/expiring",
                    pooled([shared](const auto& request) { return list_expiring(shared->api, request); })});
  routes.push_back({"DELETE", "/k8s-monitor/api/v1/gpu/allocations/{allocationId}",
                    [shared](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
                      delete_allocation(shared->api, request, responder);
                    }});
}

}  // namespace reeve::legacy
