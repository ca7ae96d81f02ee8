#include "apps/serve/cluster_rounds.h"

#include <fmt/format.h>

#include <cstdio>

#include "usecases/record_cluster_usage.h"

namespace reeve {

ClusterRounds::ClusterRounds(const ServeConfig& config, ClusterView& cluster, MetricStore& store, const Clock& clock)
    : deadline_(config.collect_deadline),
      cluster_(cluster),
      store_(store),
      clock_(clock),
      serving_(make_serving_scraper(cluster, store, clock, {.rules = config.kubernetes.serving})) {
  if (config.kubernetes.access == KubernetesConfig::Access::off) return;
  loop_.emplace(config.collect_interval, CollectLoop::Work{.round = [this] { run_round(); }, .interrupt = [this] { serving_->stop(); }});
  listening_ = cluster_.subscribe([this](const std::shared_ptr<const cluster::Snapshot>& snapshot) {
    if (known_ || snapshot->status(cluster::Kind::pods).state != cluster::KindState::live) return;
    known_ = true;
    loop_->collect_now([](const Status&) {});
  });
}

void ClusterRounds::stop() {
  listening_.reset();
  if (loop_) loop_->stop();
}

void ClusterRounds::run_round() {
  const ServingRound round = serving_->scrape(deadline_);
  const auto recorded = record_cluster_usage(*cluster_.snapshot(), *serving_->servers(), store_, clock_.now());
  const std::string trouble = recorded ? round.store_error : recorded.error().message;
  if (!trouble.empty() && trouble != trouble_) fmt::print(stderr, "reeve: {}\n", trouble);
  trouble_ = trouble;
}

}  // namespace reeve
