#pragma once
// Gives a GPU or a slice to a workload: decided on the writer's strand against the newest fleet, so that
// two requests can never be given the same resource; durable before the caller hears of it.

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "domain/allocation/allocation.h"
#include "domain/catalogue/catalogue.h"
#include "domain/cost/price_list.h"
#include "domain/placement/placement.h"
#include "ports/clock.h"
#include "ports/fleet_keeper.h"
#include "ports/fleet_store.h"
#include "ports/holdings_view.h"
#include "ports/id_source.h"

namespace reeve {

// What the use cases of allocations need. All borrowed; they outlive every call in progress.
struct AllocationContext {
  FleetKeeper& keeper;
  const FleetStore& store;
  const Catalogue& catalogue;
  const PriceList& prices;
  const Clock& clock;
  IdSource& ids;
  std::optional<Milliseconds> stale_after{};  // a node that is silent for longer gets nothing new; absent: age does not matter
  const HoldingsView* holdings =
      nullptr;  // whoever is seen there keeps others off, also before an allocation covers it; null: nobody looks
};

// Asked again with the same key and the same digest, the first answer is given again; with another digest
// it is a conflict. The digest is any text that tells requests apart.
struct IdempotencyKey {
  std::string key{};
  std::string request_digest{};
};

struct AllocationAnswer {
  Result<Allocation> outcome;
  BlockerCounts blocked_by{};  // why nothing fits, when outcome is `exhausted`
  bool replayed = false;       // an earlier answer to the same idempotency key
};

// Errors of the outcome: invalid_argument (names the field), exhausted (nothing fits), conflict (the
// idempotency key was used for another request), unavailable (the store cannot commit now).
// Threads: any; `done` is called once, on the writer's strand or at once in the caller, and must not block.
void allocate(const AllocationContext& context, AllocationRequest request, std::optional<IdempotencyKey> key,
              std::move_only_function<void(AllocationAnswer)> done);

}  // namespace reeve
