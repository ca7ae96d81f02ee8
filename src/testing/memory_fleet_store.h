#pragma once
#include <map>
#include <mutex>

#include "ports/fleet_store.h"

namespace reeve {

// A FleetStore in memory; what it holds survives only as long as it lives. Threads: any.
class MemoryFleetStore final : public FleetStore {
 public:
  Result<Fleet> load() override;
  Status commit(const FleetChange& change) override;
  Result<AllocationPage> list_allocations(const AllocationFilter& filter, const std::string& cursor, std::size_t limit) const override;
  Result<std::optional<Allocation>> find_allocation(const AllocationId& id) const override;
  Result<std::optional<IdempotencyRecord>> find_idempotency(const std::string& key) const override;
  Result<std::vector<AuditRecord>> list_audit(const std::string& subject, std::size_t limit) const override;

  // From now on commit() fails with this and keeps nothing, and find_allocation() fails; nullopt: works again.
  void fail_with(std::optional<Error> error);

  std::size_t commit_count() const;

 private:
  mutable std::mutex mutex_;
  std::map<NodeName, std::shared_ptr<const Node>> nodes_;
  std::map<AllocationId, Allocation> allocations_;
  std::map<std::string, IdempotencyRecord> idempotency_;
  std::vector<AuditRecord> audit_;
  std::optional<Error> failure_;
  std::size_t commits_ = 0;
};

}  // namespace reeve
