#pragma once
// The view of a Kubernetes cluster: one watch per kind for everybody, one snapshot for all of them.

#include <functional>
#include <memory>
#include <vector>

#include "adapters/kube/api_reader.h"
#include "adapters/kube/reflector.h"
#include "adapters/kube/retry_delay.h"
#include "adapters/kube/usage_poller.h"
#include "domain/cluster/snapshot.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"

namespace reeve::kube {

struct ClusterWatchOptions {
  // Others stay `off`.
  std::vector<cluster::Kind> kinds{
      cluster::Kind::nodes,           cluster::Kind::pods,         cluster::Kind::namespaces, cluster::Kind::resource_claims,
      cluster::Kind::resource_slices, cluster::Kind::node_metrics, cluster::Kind::pod_metrics};
  Milliseconds poll_interval{15'000};  // of metrics.k8s.io
  Milliseconds publish_quiet{10};      // from the first change to its publication: what comes close together shares one
  Milliseconds publish_interval{200};  // between two publications
  ReflectorOptions reflector{};
};

// Begins at once, with a thread a kind, one that polls and one that publishes; destruction ends them, whatever they wait for.
// `clock` outlives the view. Without `random`, the system's.
std::unique_ptr<ClusterView> make_cluster_view(const ApiAccess& access, const Clock& clock, ClusterWatchOptions options = {},
                                               Random random = {});

// For a Reeve without Kubernetes: empty, every kind `off`, no thread.
std::unique_ptr<ClusterView> make_no_cluster_view();

}  // namespace reeve::kube
