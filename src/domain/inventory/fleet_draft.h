#pragma once
// The next Fleet in the making. Every change of the fleet goes through here, is checked against the
// invariants, and is noted, so that exactly what changed can be committed before it is published.
//
// Used by one thread, the fleet's writer. A method that fails leaves the draft as it was.

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "domain/inventory/fleet.h"

namespace reeve {

// The answer to a creation that was asked under an idempotency key: asked again, it is given again.
struct IdempotencyRecord {
  std::string key{};
  std::string request_digest{};  // the same key with another request is a conflict
  AllocationId allocation{};
  Timestamp at{};

  friend bool operator==(const IdempotencyRecord&, const IdempotencyRecord&) = default;
};

// One line of the audit trail.
struct AuditRecord {
  Timestamp at{};
  std::string actor{};    // user id, "collector", "expiry"
  std::string action{};   // "allocate", "release", "device-state"
  std::string subject{};  // id of what changed
  std::string detail{};   // "ACTIVE -> MAINTENANCE"

  friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

// What is new since the draft began; what a FleetStore commits as one transaction.
struct FleetChange {
  std::vector<std::shared_ptr<const Node>> nodes{};  // whole new state of each changed node, devices and instances included
  std::vector<Allocation> allocations{};             // new or changed, ended ones included
  std::vector<IdempotencyRecord> idempotency{};
  std::vector<AuditRecord> audit{};

  bool empty() const { return nodes.empty() && allocations.empty() && idempotency.empty() && audit.empty(); }
};

class FleetDraft {
 public:
  explicit FleetDraft(const Fleet& base);

  // The state so far; its references are invalid after the next change.
  const Fleet& fleet() const { return next_; }

  // Adds the node or replaces it whole. Conflict: a device id, GPU UUID or instance id that another place
  // has already; a held device or instance that would vanish stays, marked lost.
  Status put_node(Node node);

  // Not durable: readings are no part of FleetChange. Unknown nodes are ignored.
  void put_readings(const NodeName& node, std::shared_ptr<const NodeReadings> readings);

  // Adds an allocation (status ALLOCATED) or changes one; any other status ends it and frees its resource.
  // Conflict, for a new one that is requested: the resource is held by somebody else, seen or on request, or is part or
  // whole of something that is. An observed one is a fact and stands beside what is there.
  // Not found: the resource does not exist. Invalid argument: resource or origin of one that is there would change.
  Status put_allocation(Allocation allocation);

  void remember(IdempotencyRecord record) { change_.idempotency.push_back(std::move(record)); }
  void note(AuditRecord record) { change_.audit.push_back(std::move(record)); }

  const FleetChange& change() const { return change_; }

  // The finished snapshot. The draft is used up.
  std::shared_ptr<const Fleet> finish() &&;

 private:
  void index_node(const Node& node);
  void forget_node(const Node& node);
  AllocationMap& own_allocations();
  HolderMap& own_holders();
  ObservedMap& own_observed();
  Fleet::NodeList& own_nodes();
  Fleet::Index& own_index();
  Status check_resource(const Allocation& allocation) const;
  Status check_free(const Allocation& allocation) const;
  void hold(const Allocation& allocation);
  void let_go(const Allocation& allocation);

  Fleet next_;
  FleetChange change_;
  std::unordered_map<AllocationId, std::size_t> noted_;  // places in change_.allocations
  // Set once this draft has made its own copy of the part, which it may then change in place.
  std::shared_ptr<AllocationMap> allocations_;
  std::shared_ptr<HolderMap> holders_;
  std::shared_ptr<ObservedMap> observed_;
  std::shared_ptr<Fleet::NodeList> nodes_;
  std::shared_ptr<Fleet::Index> index_;
};

}  // namespace reeve
