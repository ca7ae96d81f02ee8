#pragma once
// Targets that the cluster itself names, beside those of the configuration.

#include <string>

#include "domain/cluster/snapshot.h"
#include "ports/node_source.h"

namespace reeve {

// Adds the agents and exporters that run as pods. A URL or a node that `configured` has already stays as it is there: who
// writes a target down knows better. `cluster`: name given to the targets found.
TargetList with_discovered(TargetList configured, const cluster::Snapshot& snapshot, const std::string& cluster);

}  // namespace reeve
