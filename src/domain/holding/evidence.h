#pragma once
// All that is said of who holds what, each word under the device or slice that it means.

#include <deque>
#include <string_view>
#include <vector>

#include "domain/cluster/snapshot.h"
#include "domain/holding/holding.h"
#include "domain/inventory/fleet.h"

namespace reeve::holding {

// Borrows from the fleet, and what it says from there or from Gathered::made.
struct Evidence {
  std::string_view resource{};
  const NodeView* node = nullptr;
  const HolderObservation* said = nullptr;
  Timestamp at{};             // when it was so
  bool claim_shared = false;  // a ResourceClaim that gives the device to several pods or containers
};

struct Gathered {
  std::vector<Evidence> placed{};
  std::vector<Unplaced> unplaced{};
  std::deque<HolderObservation> made{};  // from claims; evidence points into it
};

// From the readings of all nodes (old ones included: they say what they last knew) and from the allocated claims.
// Valid as long as `fleet` lives. Claims on devices of drivers that are not for GPUs are left out.
Gathered gather(const Fleet& fleet, const cluster::Snapshot& cluster, Timestamp now);

}  // namespace reeve::holding
