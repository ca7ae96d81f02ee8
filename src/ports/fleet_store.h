#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/inventory/fleet_draft.h"

namespace reeve {

// Which allocations to list, ended ones included. Absent means "no matter".
struct AllocationFilter {
  std::optional<std::string> namespace_name{};
  std::optional<std::string> user_id{};
  std::optional<std::string> team_id{};
  std::optional<std::string> resource{};
  std::optional<AllocationStatus> status{};
  std::optional<AllocationOrigin> origin{};
  std::optional<Timestamp> allocated_from{};    // allocated_at >= this
  std::optional<Timestamp> allocated_before{};  // allocated_at < this
};

struct AllocationPage {
  std::vector<Allocation> items{};           // newest first, then by id
  std::optional<std::string> next_cursor{};  // absent on the last page
};

// Where the fleet survives: nodes, devices, slices, allocations, idempotency keys, audit trail.
//
// Threads:  load() and commit() from the writer's strand only; the reading methods from any thread.
// Durable:  commit() returns success only when the change survives a power cut.
// Failures: `unavailable` leaves the store unchanged and is worth a retry; `conflict` means that the store
//           knows better (a unique constraint: somebody else gave the resource out).
// Every adapter passes testing/fleet_store_conformance.h; that file is the precise contract.
class FleetStore {
 public:
  virtual ~FleetStore() = default;

  // Everything that holds now: all nodes, and the allocations with status ALLOCATED.
  virtual Result<Fleet> load() = 0;

  // All of `change` or nothing.
  virtual Status commit(const FleetChange& change) = 0;

  // Invalid argument: a cursor that no page gave.
  // At most `limit` allocations that match, from `cursor` (a next_cursor of before; empty: from the start).
  virtual Result<AllocationPage> list_allocations(const AllocationFilter& filter, const std::string& cursor, std::size_t limit) const = 0;
  virtual Result<std::optional<Allocation>> find_allocation(const AllocationId& id) const = 0;
  virtual Result<std::optional<IdempotencyRecord>> find_idempotency(const std::string& key) const = 0;
  // Newest first; `subject` empty: all.
  virtual Result<std::vector<AuditRecord>> list_audit(const std::string& subject, std::size_t limit) const = 0;
};

}  // namespace reeve
