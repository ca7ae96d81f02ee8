#pragma once
// Tells the cluster, as Events of its pods, where sources disagree on who holds a GPU. Of several control planes only the
// one that has the Lease tells.

#include <memory>
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
  void keep_lease(const std::stop_token& stop);

  const ClusterView& cluster_;
  kube::ApiClient lease_client_;
  kube::LeaseLock lease_;
  kube::EventRecorder events_;
  std::jthread keeper_;
};

}  // namespace reeve
