#pragma once
#include <functional>
#include <memory>
#include <string>

#include "domain/cluster/snapshot.h"

namespace reeve {

// What is known of the Kubernetes cluster now.
//
// Threads:  any; nothing waits for the API server.
// Order:    snapshots have ascending versions; changes that come close together (200 ms) share one.
// Failures: being cut off is no error: the last snapshot stays, and its `kinds` say that it is stale and why.
class ClusterView {
 public:
  using Listener = std::function<void(const std::shared_ptr<const cluster::Snapshot>&)>;

  virtual ~ClusterView() = default;

  // Never null; empty with every kind `off` when no cluster is configured.
  virtual std::shared_ptr<const cluster::Snapshot> snapshot() const = 0;

  // Called on a thread of the view after each publication; must not block. The listener lives until the returned
  // handle is destroyed; destroying it waits for a call in progress.
  virtual std::shared_ptr<void> subscribe(Listener listener) = 0;
};

}  // namespace reeve
