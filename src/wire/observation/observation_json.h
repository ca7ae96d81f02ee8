#pragma once
// A NodeObservation as JSON: what an agent serves at /v1/devices and what the control plane reads there.
//
// Field names are those of the structs, snake_case; absent values are left out; metric values stand under
// their names of domain/metrics. Pure functions, safe from any thread.

#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/inventory/observation.h"

namespace reeve::wire {

std::string to_json(const NodeObservation& observation);

// Reads what to_json writes, from agents of other versions too: unknown fields and unknown metrics are
// passed over. Invalid argument names the field: not JSON, a missing key of identity, a wrong type, a
// number out of range. Fractions come back to within a unit or two in the last place of a double.
Result<NodeObservation> observation_from_json(std::string_view text);

// Sixteen hex digits that change whenever something of the inventory does (identity, instances, MIG mode,
// lost GPUs, driver), and not with values, processes or events. Equal inventories give equal digits, in
// every process of one version of Reeve.
std::string inventory_fingerprint(const NodeObservation& observation);

}  // namespace reeve::wire
