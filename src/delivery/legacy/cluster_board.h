#pragma once
// The newest facts about the cluster, gathered at most once for all who ask.

#include <memory>
#include <mutex>

#include "delivery/legacy/cluster_facts.h"

namespace reeve::legacy {

// Threads: any of the pool: gathering the facts of 20,000 pods takes milliseconds, and who comes meanwhile waits for them.
class ClusterBoard {
 public:
  explicit ClusterBoard(const LegacyApi& api) : api_(api) {}

  // Never null. Knows every change of the cluster, of holders and of serving pods that was published before the call;
  // readings of GPUs are up to a second old.
  std::shared_ptr<const ClusterFacts> facts();

  // Has nothing been published since these facts? Readings of GPUs apart. Does not wait.
  bool knows_all(const ClusterFacts& facts) const;
  bool knows_readings(const ClusterFacts& facts) const;

  // Lets go of the facts, and of the snapshot that they hold alive, when nobody has asked for them lately. Does not wait.
  void forget_if_idle();

 private:
  const LegacyApi api_;
  std::mutex mutex_;  // guards what follows; held while gathering
  std::shared_ptr<const ClusterFacts> last_;
  Timestamp asked_at_{};
};

}  // namespace reeve::legacy
