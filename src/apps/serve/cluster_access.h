#pragma once
// From the configuration to the view of a cluster.

#include <memory>

#include "apps/serve/config.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"

namespace reeve {

// Reads the credentials at once and connects in the background: a cluster that is away now is no failure. With access
// `off` a view that is empty for ever. Invalid argument, not found, unsupported, unavailable: the credentials are of no use.
// `clock` outlives the view.
Result<std::unique_ptr<ClusterView>> make_cluster_view(const KubernetesConfig& config, const Clock& clock);

}  // namespace reeve
