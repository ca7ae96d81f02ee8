#pragma once
// Who hears of each new snapshot.

#include <memory>
#include <mutex>
#include <vector>

#include "ports/cluster_view.h"

namespace reeve::kube {

// Threads: any. The handles may outlive it.
class Subscribers {
 public:
  std::shared_ptr<void> add(ClusterView::Listener listener);
  // Calls each listener that has not gone.
  void tell(const std::shared_ptr<const cluster::Snapshot>& snapshot);

 private:
  struct Subscriber;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Subscriber>> all_{};
};

}  // namespace reeve::kube
