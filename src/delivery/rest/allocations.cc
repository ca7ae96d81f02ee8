// GET, POST /api/v1/allocations; GET, DELETE /api/v1/allocations/{id}

#include <cmath>

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"
#include "net/http/target.h"
#include "usecases/release.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 9> sortable{"id",   "allocated_at", "planned_release_at", "namespace",        "pod",
                                                   "user", "team",         "resource",           "cost_per_hour_usd"};
constexpr std::int64_t memory_gb_max = 100'000;
constexpr double money_max = 1e9;                  // dollars an hour: more is a typing error
constexpr std::size_t idempotency_key_max = 255;   // the IETF draft names no limit; a UUID has 36
constexpr std::size_t ended_scanned_max = 20'000;  // rows that one request looks at for filters that the store does not know

// Which allocations: those that hold something now, or those of the past too.
enum class StatusWanted { allocated, released, expired, failed, pending, all };

constexpr std::string_view to_text(StatusWanted status) {
  switch (status) {
    case StatusWanted::allocated: return "ALLOCATED";
    case StatusWanted::released: return "RELEASED";
    case StatusWanted::expired: return "EXPIRED";
    case StatusWanted::failed: return "FAILED";
    case StatusWanted::pending: return "PENDING";
    case StatusWanted::all: return "ALL";
  }
  return {};
}

SortKey key_of(const Allocation& allocation, const std::string& sort) {
  if (sort == "allocated_at") return {.number = static_cast<double>(allocation.allocated_at.time_since_epoch().count())};
  if (sort == "planned_release_at") {
    const auto& time = allocation.planned_release;
    return {.number = time ? std::optional(static_cast<double>(time->time_since_epoch().count())) : std::nullopt};
  }
  if (sort == "namespace") return {.text = allocation.namespace_name};
  if (sort == "pod") return {.text = allocation.pod_name};
  if (sort == "user") return {.text = allocation.user_id};
  if (sort == "team") return {.text = allocation.team_id};
  if (sort == "resource") return {.text = allocation.resource};
  if (sort == "cost_per_hour_usd") return {.number = usd(allocation.cost_per_hour)};
  return {.text = allocation.id.text};
}

struct AllocationQuery {
  StatusWanted status = StatusWanted::allocated;
  AllocationFilter known{};  // what the store can filter by
  std::optional<std::string> node{};
  std::string part{};

  bool matches(const Allocation& allocation) const {
    if (known.namespace_name && allocation.namespace_name != *known.namespace_name) return false;
    if (known.user_id && allocation.user_id != *known.user_id) return false;
    if (known.team_id && allocation.team_id != *known.team_id) return false;
    if (known.origin && allocation.origin != *known.origin) return false;
    if (known.resource && allocation.resource != *known.resource) return false;
    if (node && place_of(allocation.resource).node != *node) return false;
    return any_contains(std::array<std::string_view, 6>{allocation.id.text, allocation.namespace_name, allocation.pod_name,
                                                        allocation.resource, allocation.user_id, allocation.team_id},
                        part);
  }
};

AllocationQuery read_query(QueryReader& query) {
  AllocationQuery asked;
  asked.status = query.word<StatusWanted>("status").value_or(StatusWanted::allocated);
  asked.known.namespace_name = query.text("namespace");
  asked.known.user_id = query.text("user");
  asked.known.team_id = query.text("team");
  asked.known.resource = query.text("resource");
  asked.known.origin = query.word<AllocationOrigin>("origin");
  asked.node = query.text("node");
  asked.part = lower_case(query.text("q").value_or(""));
  if (asked.status != StatusWanted::all) asked.known.status = from_text<AllocationStatus>(to_text(asked.status));
  return asked;
}

http::Response list_active(const Api& api, const AllocationQuery& asked, const ListRequest& list, const http::Request& request) {
  const auto fleet = api.keeper.snapshot();
  const auto report = api.holdings.report();
  std::vector<Row<const Allocation*>> rows;
  for (const auto& [id, allocation] : fleet->allocations())
    if (asked.matches(allocation)) rows.push_back({key_of(allocation, list.sort), id.text, &allocation});
  return tagged_json(request,
                     write_page(std::move(rows), list, [&](JsonWriter& json, const Allocation* allocation, const FieldSet& fields) {
                       write_allocation(json, *report, *allocation, fields);
                     }));
}

// The past lies in the store, newest first. `total` is null: counting it would cost more than the page.
http::Response list_past(const Api& api, const AllocationQuery& asked, const ListRequest& list, const http::Request& request) {
  const auto report = api.holdings.report();
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  std::string cursor = list.cursor ? list.cursor->id : "";
  std::optional<std::string> next;
  std::size_t shown = 0;
  for (std::size_t scanned = 0; shown < list.limit && scanned < ended_scanned_max;) {
    const auto page = api.store.list_allocations(asked.known, cursor, list.limit - shown);
    if (!page) return problem_response(page.error(), ApiCode::not_found, request);
    for (const Allocation& allocation : page->items)
      if (asked.matches(allocation)) write_allocation(json, *report, allocation, list.fields), ++shown;
    next = page->next_cursor;
    if (!next) break;
    scanned += page->items.size();
    cursor = *next;
  }
  json.end_array();
  next ? json.field("next_cursor", encode_cursor({.id = *next})) : json.field("next_cursor", nullptr);
  json.field("total", nullptr).end_object();
  return tagged_json(request, std::move(body));
}

void list_allocations(const Api& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, allocation_fields, sortable);
  const AllocationQuery asked = read_query(query);
  const bool active = asked.status == StatusWanted::allocated;
  if (!active && !list.sort.empty() && (list.sort != "allocated_at" || !list.descending))
    query.refuse("sort", "allocations of the past come newest first", {"-allocated_at"});
  if (const auto fault = query.finish()) return responder->respond(problem_response(*fault, request));
  if (active) return responder->respond(list_active(api, asked, list, request));
  answer_on_pool(api, request, responder, [&api, asked, list](const http::Request& from) { return list_past(api, asked, list, from); });
}

http::Response one_allocation(const Api& api, const Allocation& allocation, const FieldSet& fields, const http::Request& request) {
  std::string body;
  JsonWriter json(body);
  write_allocation(json, *api.holdings.report(), allocation, fields);
  return tagged_json(request, std::move(body));
}

http::Response find_past(const Api& api, const AllocationId& id, const FieldSet& fields, const http::Request& request) {
  const auto found = api.store.find_allocation(id);
  if (!found) return problem_response(found.error(), ApiCode::allocation_not_found, request);
  if (*found) return one_allocation(api, **found, fields, request);
  return problem_response({.code = ApiCode::allocation_not_found, .detail = fmt::format("cannot find allocation '{}'", id.text)}, request);
}

void get_allocation(const Api& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  QueryReader query(request);
  const FieldSet fields = read_fields(query, allocation_fields);
  if (const auto fault = query.finish()) return responder->respond(problem_response(*fault, request));
  const AllocationId id{path_value(request, "id")};
  const auto fleet = api.keeper.snapshot();
  if (const Allocation* active = fleet->find_allocation(id)) return responder->respond(one_allocation(api, *active, fields, request));
  answer_on_pool(api, request, responder, [&api, id, fields](const http::Request& from) { return find_past(api, id, fields, from); });
}

AllocationRequest read_allocation_request(BodyReader& body) {
  AllocationRequest wanted;
  wanted.namespace_name = body.required_text("namespace");
  wanted.pod_name = body.required_text("pod");
  wanted.container_name = body.text("container").value_or("");
  wanted.workload_type = body.text("workload_type").value_or("");
  wanted.priority_class = body.text("priority").value_or("");
  wanted.use_mig = body.flag("use_mig").value_or(false);
  wanted.memory_gb = body.number("memory_gb", 1, memory_gb_max);
  if (auto model = body.text("model")) wanted.model = ModelId{std::move(*model)};
  wanted.architecture = body.text("architecture");
  wanted.mig_profile = body.text("mig_profile");
  if (auto node = body.text("node")) wanted.node = NodeName{std::move(*node)};
  if (auto device = body.text("device")) wanted.device = DeviceId{std::move(*device)};
  if (const auto most = body.amount("max_cost_per_hour_usd", money_max)) wanted.max_cost_per_hour = MicroUsd(std::llround(*most * 1e6));
  wanted.planned_release = body.time("planned_release_at");
  wanted.user_id = body.text("user").value_or("");
  wanted.team_id = body.text("team").value_or("");
  wanted.project_id = body.text("project").value_or("");
  wanted.labels = body.labels("labels");
  return wanted;
}

std::optional<Problem> bad_idempotency_key(std::string_view key) {
  const bool printable = std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7F; });
  if (!key.empty() && key.size() <= idempotency_key_max && printable) return std::nullopt;
  return Problem{.code = ApiCode::invalid_request,
                 .detail = fmt::format("cannot read header 'Idempotency-Key': it is not 1 to {} printable characters", idempotency_key_max),
                 .field = "Idempotency-Key"};
}

// Nothing fits: when only the price stands in the way, or the model cannot be sliced at all, the code says so.
ApiCode refusal_code(const Catalogue& catalogue, const AllocationRequest& wanted, const BlockerCounts& blocked_by) {
  const bool slice = wanted.use_mig || wanted.mig_profile;
  if (slice && wanted.model && catalogue.geometry(*wanted.model) == nullptr) return ApiCode::mig_not_supported;
  const bool too_dear = blocked_by.contains(Blocker::too_dear);
  const bool busy = std::ranges::any_of(std::array{Blocker::held, Blocker::not_in_service, Blocker::silent_node, Blocker::gone_slice},
                                        [&](Blocker reason) { return blocked_by.contains(reason); });
  return too_dear && !busy ? ApiCode::cost_limit_exceeded : ApiCode::resource_not_available;
}

http::Response allocation_answer(const Api& api, const AllocationRequest& wanted, const AllocationAnswer& answer, const std::string& path) {
  if (!answer.outcome) {
    Problem problem = problem_of(answer.outcome.error(), ApiCode::not_found);
    problem.blocked_by = answer.blocked_by;
    if (answer.outcome.error().code == Errc::exhausted) problem.code = refusal_code(api.catalogue, wanted, answer.blocked_by);
    return problem_response(problem, path);
  }
  std::string body;
  JsonWriter json(body);
  write_allocation(json, *api.holdings.report(), *answer.outcome);
  http::Response response = http::json_response(201, std::move(body));
  response.headers.emplace("Location", "/api/v1/allocations/" + http::percent_encode(answer.outcome->id.text));
  if (answer.replayed) response.headers.emplace("Idempotency-Replayed", "true");
  return response;
}

void post_allocation(const Api& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  QueryReader query(request);
  if (const auto fault = query.finish()) return responder->respond(problem_response(*fault, request));
  BodyReader body(request);
  AllocationRequest wanted = read_allocation_request(body);
  if (const auto fault = body.finish()) return responder->respond(problem_response(*fault, request));
  std::optional<IdempotencyKey> key;
  if (const auto given = request.header("Idempotency-Key")) {
    if (const auto fault = bad_idempotency_key(*given)) return responder->respond(problem_response(*fault, request));
    key = IdempotencyKey{std::string(*given), body.digest()};
  }
  allocate(api.allocation_context(), wanted, std::move(key),
           [&api, wanted, path = request.path, responder](const AllocationAnswer& answer) {
             responder->respond(allocation_answer(api, wanted, answer, path));
           });
}

void delete_allocation(const Api& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  QueryReader query(request);
  if (const auto fault = query.finish()) return responder->respond(problem_response(*fault, request));
  release(api.allocation_context(), AllocationId{path_value(request, "id")}, "api",
          [&api, path = request.path, responder](const Result<Allocation>& outcome) {
            if (!outcome) return responder->respond(problem_response(problem_of(outcome.error(), ApiCode::allocation_not_found), path));
            std::string body;
            JsonWriter json(body);
            write_allocation(json, *api.holdings.report(), *outcome);
            responder->respond(http::json_response(200, std::move(body)));
          });
}

}  // namespace

Routes allocation_routes(Api& api) {
  return {{"GET", "/api/v1/allocations", later(api, list_allocations)},
          {"POST", "/api/v1/allocations", later(api, post_allocation)},
          {"GET", "/api/v1/allocations/{id}", later(api, get_allocation)},
          {"DELETE", "/api/v1/allocations/{id}", later(api, delete_allocation)}};
}

}  // namespace reeve::rest
