#pragma once
#include <chrono>

#include "delivery/openmetrics/self_metrics.h"
#include "ports/fleet_store.h"

namespace reeve {

// Notes how long each commit takes. Everything passes through to `store`, which is borrowed.
class MeteredFleetStore final : public FleetStore {
 public:
  MeteredFleetStore(FleetStore& store, openmetrics::DurationHistogram& commits) : store_(store), commits_(commits) {}

  Status commit(const FleetChange& change) override {
    const auto began = std::chrono::steady_clock::now();
    Status committed = store_.commit(change);
    commits_.observe(std::chrono::steady_clock::now() - began);
    return committed;
  }
  Result<Fleet> load() override { return store_.load(); }
  Result<AllocationPage> list_allocations(const AllocationFilter& filter, const std::string& cursor, std::size_t limit) const override {
    return store_.list_allocations(filter, cursor, limit);
  }
  Result<std::optional<Allocation>> find_allocation(const AllocationId& id) const override { return store_.find_allocation(id); }
  Result<std::optional<IdempotencyRecord>> find_idempotency(const std::string& key) const override { return store_.find_idempotency(key); }
  Result<std::vector<AuditRecord>> list_audit(const std::string& subject, std::size_t limit) const override {
    return store_.list_audit(subject, limit);
  }

 private:
  FleetStore& store_;
  openmetrics::DurationHistogram& commits_;
};

}  // namespace reeve
