#pragma once
// From the configuration to the view of a cluster.

#include <memory>

#include "adapters/kube/credentials.h"
#include "apps/serve/config.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"

namespace reeve {

struct ClusterLink {
  std::shared_ptr<kube::Credentials> credentials{};  // null without a cluster
  std::unique_ptr<ClusterView> view{};               // never null; empty for ever without a cluster
};

// Reads the credentials at once and connects in the background: a cluster that is away now is no failure. Invalid argument,
// not found, unsupported, unavailable: the credentials are of no use. `clock` outlives the view.
Result<ClusterLink> link_cluster(const KubernetesConfig& config, const Clock& clock);

}  // namespace reeve
