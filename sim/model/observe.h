#pragma once
// A simulated node as an agent would report it, computed in process: for filling history and for benchmarks.
// The values are those that the simulated driver library shows at the same time; MIG layouts are those at the
// start of the scenario.

#include <vector>

#include "base/time.h"
#include "domain/inventory/observation.h"
#include "sim/model/scenario.h"

namespace reeve::sim {

// Pure; any thread. `at` is simulated time: Scenario::time_at() plays no part.
NodeObservation observe(const Scenario& scenario, Timestamp at);

// Xid events in (after, until], oldest first, numbered from `first_sequence`. A GPU that falls off the bus
// reports Xid 79.
std::vector<DeviceEvent> events_between(const Scenario& scenario, Timestamp after, Timestamp until, std::uint64_t first_sequence);

}  // namespace reeve::sim
