#pragma once
// Which GPU or slice a request gets: a pure function of the fleet and the request. Deterministic: the same
// fleet and request give the same answer.

#include <map>
#include <string>
#include <variant>

#include "domain/allocation/allocation.h"
#include "domain/catalogue/catalogue.h"
#include "domain/cost/price_list.h"
#include "domain/inventory/fleet.h"

namespace reeve {

struct Grant {
  ResourceType type = ResourceType::full_gpu;
  std::string resource{};
  std::int64_t memory_gb = 0;
  std::optional<MicroUsd> cost_per_hour{};
};

// Why nothing fits. Each device or slice is counted once, under the first requirement that it fails, in the
// order in which they are checked.
struct Refusal {
  std::string message{};                            // "cannot allocate: of 512 GPUs 480 are held, 32 have under 80 GB"
  std::map<std::string, std::size_t> blocked_by{};  // "held" -> 480
};

using Placement = std::variant<Grant, Refusal>;

// Best fit: of what satisfies the request take the least memory, then the cheapest, then the node with the
// fewest free GPUs, then the lowest id.
Placement place(const Fleet& fleet, const Catalogue& catalogue, const PriceList& prices, const AllocationRequest& request);

}  // namespace reeve
