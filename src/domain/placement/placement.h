#pragma once
// Which GPU or slice a request gets: a pure function of the fleet and the request. Deterministic: the same
// fleet and request give the same answer.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "domain/allocation/allocation.h"
#include "domain/catalogue/catalogue.h"
#include "domain/cost/price_list.h"
#include "domain/inventory/fleet.h"

namespace reeve {

// Why a GPU or a slice is not given, in the order in which requirements are checked. The texts stand in messages
// ("2 are held") and are the keys of the API's `blocked_by`.
enum class Blocker {
  wrong_device,
  wrong_node,
  wrong_model,
  wrong_architecture,
  wrong_profile,
  too_small,
  too_dear,
  price_unknown,
  not_in_service,
  silent_node,
  gone_slice,
  partitioned,
  held,
};

constexpr std::string_view to_text(Blocker blocker) {
  switch (blocker) {
    case Blocker::wrong_device: return "are not the device asked for";
    case Blocker::wrong_node: return "are on another node";
    case Blocker::wrong_model: return "are of another model";
    case Blocker::wrong_architecture: return "are of another architecture";
    case Blocker::wrong_profile: return "have another MIG profile";
    case Blocker::too_small: return "have too little memory";
    case Blocker::too_dear: return "cost more per hour";
    case Blocker::price_unknown: return "have no known price";
    case Blocker::not_in_service: return "are not in service";
    case Blocker::silent_node: return "are on a node that does not answer";
    case Blocker::gone_slice: return "do not exist any more";
    case Blocker::partitioned: return "are in MIG mode";
    case Blocker::held: return "are held";
  }
  return {};
}

using BlockerCounts = std::map<Blocker, std::size_t>;

struct Grant {
  ResourceType type = ResourceType::full_gpu;
  std::string resource{};
  std::int64_t memory_gb = 0;
  std::optional<MicroUsd> cost_per_hour{};
};

// Why nothing fits. Each device or slice is counted once, under the first requirement that it fails, in the
// order in which they are checked.
struct Refusal {
  std::string message{};  // "cannot allocate: of 512 GPUs 480 are held, 32 have under 80 GB"
  BlockerCounts blocked_by{};
};

using Placement = std::variant<Grant, Refusal>;

// What a whole GPU or a slice offers: memory as it is sold, and its price where one is known.
struct Worth {
  std::int64_t memory_gb = 0;
  std::optional<MicroUsd> price{};
};
Worth worth_of(const Device& device, const Catalogue& catalogue, const PriceList& prices);
Worth worth_of(const Device& device, const Instance& part, const Catalogue& catalogue, const PriceList& prices);

// Was somebody seen on this device or slice whom no allocation covers?
using IsSeenHeld = std::function<bool(std::string_view resource)>;

// Best fit: of what satisfies the request take the least memory, then the cheapest, then the node with the
// fewest free GPUs, then the lowest id. `heard_since`: nodes that agents or exporters were asked of and that have
// not answered since get nothing new, for nobody knows what is left of them; absent: age does not matter. `is_seen_held`: what it names,
// its slices and its whole GPU are given to nobody; may be empty.
Placement place(const Fleet& fleet, const Catalogue& catalogue, const PriceList& prices, const AllocationRequest& request,
                std::optional<Timestamp> heard_since = std::nullopt, const IsSeenHeld& is_seen_held = {});

}  // namespace reeve
