#pragma once
// What stands where the views of Kubernetes would be when no cluster is configured: nothing is known of pods, of
// who holds what, or of what serves models.

#include <memory>

#include "ports/cluster_view.h"
#include "ports/holdings_view.h"
#include "ports/serving_view.h"

namespace reeve {

// Threads: any.
class NoCluster final : public ClusterView, public HoldingsView, public ServingView {
 public:
  std::shared_ptr<const cluster::Snapshot> snapshot() const override { return snapshot_; }
  std::shared_ptr<void> subscribe(Listener) override { return std::make_shared<int>(); }  // nothing will ever be published
  std::shared_ptr<const holding::Report> report() const override { return report_; }
  std::shared_ptr<const Servers> servers() const override { return servers_; }

 private:
  const std::shared_ptr<const cluster::Snapshot> snapshot_ = std::make_shared<const cluster::Snapshot>();
  const std::shared_ptr<const holding::Report> report_ = std::make_shared<const holding::Report>();
  const std::shared_ptr<const Servers> servers_ = std::make_shared<const Servers>();
};

}  // namespace reeve
