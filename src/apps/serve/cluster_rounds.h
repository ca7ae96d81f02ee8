#pragma once
// What is asked again and again of a cluster beside its watches: how its serving engines do, and what it uses.

#include <memory>
#include <optional>

#include "adapters/collect_loop/collect_loop.h"
#include "adapters/serving_scraper/serving_scraper.h"
#include "apps/serve/config.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"
#include "ports/metric_store.h"

namespace reeve {

class ClusterRounds {
 public:
  // All is borrowed. Runs a round each `config.collect_interval` on a thread of its own, and one as soon as the pods are known;
  // without a cluster none ever.
  ClusterRounds(const ServeConfig& config, ClusterView& cluster, MetricStore& store, const Clock& clock);
  ~ClusterRounds() { stop(); }
  ClusterRounds(const ClusterRounds&) = delete;
  ClusterRounds& operator=(const ClusterRounds&) = delete;

  const ServingView& serving() const { return *serving_; }
  void stop();

 private:
  void run_round();

  const Milliseconds deadline_;
  ClusterView& cluster_;
  MetricStore& store_;
  const Clock& clock_;
  std::unique_ptr<ServingScraper> serving_;
  std::string trouble_{};  // of the last round
  std::optional<CollectLoop> loop_;
  bool known_ = false;  // the pods, once; of the listener's thread
  std::shared_ptr<void> listening_;
};

}  // namespace reeve
