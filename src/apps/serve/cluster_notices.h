#pragma once
// Tells the cluster, as Events of its pods, where sources disagree on who holds a GPU. Of several control planes only the
// one that has the Lease tells; what came while none had it, or it was not known who, is told by the next that takes it.

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "adapters/kube/api_client.h"
#include "adapters/kube/event_recorder.h"
#include "adapters/kube/lease_lock.h"
#include "domain/holding/holding.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"

namespace reeve {

class ClusterNotices {
 public:
  // `clock` and `cluster` outlive it. Takes the lease in the background, in the namespace of the credentials.
  ClusterNotices(std::shared_ptr<kube::Credentials> credentials, const ClusterView& cluster, const Clock& clock);
  ~ClusterNotices();
  ClusterNotices(const ClusterNotices&) = delete;
  ClusterNotices& operator=(const ClusterNotices&) = delete;

  // Never waits. Threads: any.
  void tell(std::span<const holding::Conflict> conflicts);

 private:
  struct Untold {
    std::chrono::steady_clock::time_point at{};
    holding::Conflict conflict{};
  };

  void keep_lease(const std::stop_token& stop);
  void tell_untold();
  void record(const holding::Conflict& conflict, const cluster::Snapshot& snapshot);

  const ClusterView& cluster_;
  kube::ApiClient lease_client_;
  kube::LeaseLock lease_;
  kube::EventRecorder events_;
  std::mutex mutex_{};
  std::deque<Untold> untold_{};  // the oldest first
  std::jthread keeper_;
};

}  // namespace reeve
