#include "testing/memory_fleet_store.h"

#include <algorithm>

#include <fmt/format.h>

namespace reeve {
namespace {

bool matches(const AllocationFilter& filter, const Allocation& allocation) {
  const auto same = [](const auto& wanted, const auto& value) { return !wanted || *wanted == value; };
  return same(filter.namespace_name, allocation.namespace_name) && same(filter.user_id, allocation.user_id) &&
         same(filter.team_id, allocation.team_id) && same(filter.resource, allocation.resource) && same(filter.status, allocation.status) &&
         same(filter.origin, allocation.origin) && (!filter.allocated_from || allocation.allocated_at >= *filter.allocated_from) &&
         (!filter.allocated_before || allocation.allocated_at < *filter.allocated_before);
}

// Newest first, then by id.
bool comes_before(const Allocation& a, const Allocation& b) {
  return a.allocated_at != b.allocated_at ? a.allocated_at > b.allocated_at : a.id < b.id;
}

}  // namespace

void MemoryFleetStore::fail_with(std::optional<Error> error) {
  const std::scoped_lock lock(mutex_);
  failure_ = std::move(error);
}

std::size_t MemoryFleetStore::commit_count() const {
  const std::scoped_lock lock(mutex_);
  return commits_;
}

Result<Fleet> MemoryFleetStore::load() {
  const std::scoped_lock lock(mutex_);
  FleetDraft draft{Fleet()};
  for (const auto& [name, node] : nodes_)
    if (const Status put = draft.put_node(*node); !put) return put.error();
  // What was asked for goes first: what was seen may stand beside it, not the other way round.
  for (const AllocationOrigin origin : {AllocationOrigin::requested, AllocationOrigin::observed})
    for (const auto& [id, allocation] : allocations_)
      if (allocation.status == AllocationStatus::allocated && allocation.origin == origin)
        if (const Status put = draft.put_allocation(allocation); !put) return put.error();
  return *std::move(draft).finish();
}

Status MemoryFleetStore::commit(const FleetChange& change) {
  const std::scoped_lock lock(mutex_);
  if (failure_) return *failure_;
  auto allocations = allocations_;
  for (const Allocation& changed : change.allocations) allocations.insert_or_assign(changed.id, changed);
  std::map<std::string, AllocationId> holders;
  for (const auto& [id, allocation] : allocations)
    if (allocation.status == AllocationStatus::allocated && allocation.origin == AllocationOrigin::requested &&
        !holders.emplace(allocation.resource, id).second)
      return Error{Errc::conflict, fmt::format("cannot commit the fleet: '{}' is held already", allocation.resource)};
  for (const IdempotencyRecord& record : change.idempotency)
    if (idempotency_.contains(record.key))
      return Error{Errc::conflict, fmt::format("cannot commit the fleet: idempotency key '{}' is taken", record.key)};
  allocations_ = std::move(allocations);
  for (const auto& node : change.nodes) nodes_[node->name] = node;
  for (const IdempotencyRecord& record : change.idempotency) idempotency_.emplace(record.key, record);
  audit_.insert(audit_.end(), change.audit.begin(), change.audit.end());
  ++commits_;
  return Done{};
}

Result<AllocationPage> MemoryFleetStore::list_allocations(const AllocationFilter& filter, const std::string& cursor,
                                                          std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Allocation> found;
  for (const auto& [id, allocation] : allocations_)
    if (matches(filter, allocation)) found.push_back(allocation);
  std::ranges::sort(found, comes_before);
  if (!cursor.empty()) {  // the id of the last allocation of the page before
    const auto last = allocations_.find(AllocationId{cursor});
    if (last == allocations_.end()) return Error{Errc::invalid_argument, "cannot list allocations: no page gave that cursor", "cursor"};
    std::erase_if(found, [&](const Allocation& allocation) { return !comes_before(last->second, allocation); });
  }
  AllocationPage page;
  for (const Allocation& allocation : found) {
    if (page.items.size() == limit) {
      page.next_cursor = page.items.empty() ? cursor : page.items.back().id.text;
      break;
    }
    page.items.push_back(allocation);
  }
  return page;
}

Result<std::optional<Allocation>> MemoryFleetStore::find_allocation(const AllocationId& id) const {
  const std::scoped_lock lock(mutex_);
  if (failure_) return *failure_;
  const auto found = allocations_.find(id);
  return found == allocations_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::optional<IdempotencyRecord>> MemoryFleetStore::find_idempotency(const std::string& key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = idempotency_.find(key);
  return found == idempotency_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::vector<AuditRecord>> MemoryFleetStore::list_audit(const std::string& subject, std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  std::vector<AuditRecord> found;
  for (auto record = audit_.rbegin(); record != audit_.rend(); ++record)
    if (subject.empty() || record->subject == subject) found.push_back(*record);
  std::ranges::stable_sort(found, std::greater{}, &AuditRecord::at);
  if (found.size() > limit) found.resize(limit);
  return found;
}

}  // namespace reeve
