#include "usecases/allocate.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "domain/holding/join.h"
#include "usecases/limits.h"

namespace reeve {
namespace {

Status check_length(std::string_view field, const std::string& text, std::size_t max) {
  if (text.size() <= max) return Done{};
  return Error{Errc::invalid_argument,
               fmt::format("cannot allocate: '{}' has {} characters, at most {} are allowed", field, text.size(), max), std::string(field)};
}

Status check_request(const AllocationRequest& request, const Catalogue& catalogue, Timestamp now) {
  const auto refuse = [](std::string field, std::string why) {
    return Error{Errc::invalid_argument, "cannot allocate: " + std::move(why), std::move(field)};
  };
  if (request.namespace_name.empty()) return refuse("namespace", "'namespace' is required");
  if (request.pod_name.empty()) return refuse("pod", "'pod' is required");
  if (const Status ok = check_length("namespace", request.namespace_name, namespace_length_max); !ok) return ok.error();
  if (const Status ok = check_length("pod", request.pod_name, pod_name_length_max); !ok) return ok.error();
  if (const Status ok = check_length("container", request.container_name, pod_name_length_max); !ok) return ok.error();
  for (const auto& [field, text] :
       {std::pair("user", &request.user_id), std::pair("team", &request.team_id), std::pair("project", &request.project_id),
        std::pair("workload_type", &request.workload_type), std::pair("priority", &request.priority_class)})
    if (const Status ok = check_length(field, *text, owner_length_max); !ok) return ok.error();
  if (request.memory_gb && *request.memory_gb < 0) return refuse("memory_gb", "'memory_gb' is negative");
  if (request.max_cost_per_hour && *request.max_cost_per_hour < MicroUsd(0))
    return refuse("max_cost_per_hour_usd", "the cost limit is negative");
  if (request.model && catalogue.find(*request.model) == nullptr)
    return refuse("model", fmt::format("there is no GPU model '{}' in the catalogue", request.model->text));
  if (request.planned_release && *request.planned_release <= now)
    return refuse("planned_release_at", "the planned release is not in the future");
  return Done{};
}

Allocation allocation_of(const AllocationRequest& request, const Grant& grant, AllocationId id, Timestamp now) {
  Allocation allocation;
  allocation.id = std::move(id);
  allocation.namespace_name = request.namespace_name;
  allocation.pod_name = request.pod_name;
  allocation.container_name = request.container_name;
  allocation.workload_type = request.workload_type;
  allocation.resource_type = grant.type;
  allocation.resource = grant.resource;
  allocation.requested_memory_gb = request.memory_gb;
  allocation.allocated_memory_gb = grant.memory_gb;
  allocation.priority_class = request.priority_class;
  allocation.allocated_at = now;
  allocation.planned_release = request.planned_release;
  allocation.cost_per_hour = grant.cost_per_hour;
  allocation.user_id = request.user_id;
  allocation.team_id = request.team_id;
  allocation.project_id = request.project_id;
  allocation.labels = request.labels;
  return allocation;
}

// While the pods are not listed, or the store cannot write, nothing of what is seen becomes an observed allocation.
IsSeenHeld seen_by(const HoldingsView* holdings, const AllocationRequest& request) {
  if (holdings == nullptr) return {};
  return [report = holdings->report(), &request](std::string_view resource) {
    return std::ranges::any_of(holding::holdings_of(*report, resource), [&](const holding::Holding& one) {
      return !one.allocation && (one.namespace_name != request.namespace_name || one.pod != request.pod_name);
    });
  };
}

// One request on its way through the writer's strand.
struct Attempt {
  AllocationContext context;
  AllocationRequest request;
  std::optional<IdempotencyKey> key;
  AllocationAnswer answer{Error{Errc::internal, "cannot allocate: the request was not run"}};

  Status run(FleetDraft& draft);

 private:
  // An earlier answer to the same key, when there is one.
  Result<std::optional<Allocation>> earlier(const FleetDraft& draft) const;
  Result<AllocationId> free_id(const Fleet& fleet) const;
  Status fail(Error error) {
    answer.outcome = error;
    return error;
  }
};

Result<std::optional<Allocation>> Attempt::earlier(const FleetDraft& draft) const {
  if (!key) return std::optional<Allocation>();
  std::optional<IdempotencyRecord> record;
  for (const IdempotencyRecord& waiting : draft.change().idempotency)  // of this batch, not yet in the store
    if (waiting.key == key->key) record = waiting;
  if (!record) {
    auto stored = context.store.find_idempotency(key->key);
    if (!stored) return stored.error();
    record = std::move(*stored);
  }
  if (!record) return std::optional<Allocation>();
  if (record->request_digest != key->request_digest)
    return Error{Errc::conflict, fmt::format("cannot allocate: idempotency key '{}' was used for another request", key->key),
                 "Idempotency-Key"};
  if (const Allocation* active = draft.fleet().find_allocation(record->allocation)) return std::optional(*active);
  return context.store.find_allocation(record->allocation);
}

Result<AllocationId> Attempt::free_id(const Fleet& fleet) const {
  for (int tries = 0; tries < id_tries_max; ++tries) {
    AllocationId id = context.ids.new_allocation_id();
    if (fleet.find_allocation(id) != nullptr) continue;
    const auto ended = context.store.find_allocation(id);
    if (!ended) return ended.error();
    if (!*ended) return id;
  }
  return Error{Errc::internal, "cannot allocate: no free allocation id was found"};
}

Status Attempt::run(FleetDraft& draft) {
  auto before = earlier(draft);
  if (!before) return fail(before.error());
  if (*before) {
    answer.outcome = std::move(**before);
    answer.replayed = true;
    return Done{};
  }
  const Timestamp now = context.clock.now();
  if (const Status ok = check_request(request, context.catalogue, now); !ok) return fail(ok.error());
  const auto heard_since = context.stale_after ? std::optional(now - *context.stale_after) : std::nullopt;
  const Placement placement =
      place(draft.fleet(), context.catalogue, context.prices, request, heard_since, seen_by(context.holdings, request));
  if (const auto* refusal = std::get_if<Refusal>(&placement)) {
    answer.blocked_by = refusal->blocked_by;
    return fail({Errc::exhausted, refusal->message});
  }
  const auto id = free_id(draft.fleet());
  if (!id) return fail(id.error());
  Allocation allocation = allocation_of(request, std::get<Grant>(placement), *id, now);
  if (const Status put = draft.put_allocation(allocation); !put) return fail(put.error());
  if (key) draft.remember({key->key, key->request_digest, allocation.id, now});
  draft.note({now, request.user_id.empty() ? "api" : request.user_id, "allocate", allocation.id.text,
              fmt::format("{} for {}/{}", allocation.resource, allocation.namespace_name, allocation.pod_name)});
  answer.outcome = std::move(allocation);
  return Done{};
}

}  // namespace

void allocate(const AllocationContext& context, AllocationRequest request, std::optional<IdempotencyKey> key,
              std::move_only_function<void(AllocationAnswer)> done) {
  auto attempt = std::make_shared<Attempt>(Attempt{context, std::move(request), std::move(key)});
  context.keeper.submit([attempt](FleetDraft& draft) { return attempt->run(draft); },
                        [attempt, done = std::move(done)](const Status& committed) mutable {
                          if (!committed && attempt->answer.outcome) attempt->answer.outcome = committed.error();
                          done(std::move(attempt->answer));
                        });
}

}  // namespace reeve
