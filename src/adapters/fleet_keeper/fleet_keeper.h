#pragma once
#include <memory>

#include "ports/fleet_keeper.h"
#include "ports/fleet_store.h"

namespace reeve {

// The one writer of the fleet: a thread that takes all changes that wait, commits them to `store` in one
// transaction (group commit), publishes one new snapshot and then tells each caller.
//
// `store` is borrowed and outlives the keeper. Destruction carries out what was submitted before it.
std::unique_ptr<FleetKeeper> make_fleet_keeper(Fleet start, FleetStore& store);

}  // namespace reeve
