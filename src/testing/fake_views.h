#pragma once
// Views of Kubernetes whose content a test sets. Empty until it does: no cluster, nobody seen, nothing serving.

#include <memory>
#include <vector>

#include "ports/cluster_view.h"
#include "ports/holdings_view.h"
#include "ports/serving_view.h"

namespace reeve {

// Threads: one.
class FakeClusterView final : public ClusterView {
 public:
  std::shared_ptr<const cluster::Snapshot> snapshot() const override { return now_; }
  std::shared_ptr<void> subscribe(Listener listener) override {
    auto handle = std::make_shared<Listener>(std::move(listener));
    listeners_.push_back(handle);
    return handle;
  }

  // Listeners hear of it at once. `next` needs no version.
  void set(cluster::Snapshot next) {
    next.version = now_->version + 1;
    now_ = std::make_shared<const cluster::Snapshot>(std::move(next));
    for (const auto& weak : listeners_)
      if (const auto listener = weak.lock()) (*listener)(now_);
  }

 private:
  std::shared_ptr<const cluster::Snapshot> now_ = std::make_shared<const cluster::Snapshot>();
  std::vector<std::weak_ptr<Listener>> listeners_{};
};

// Threads: one.
class FakeHoldingsView final : public HoldingsView {
 public:
  std::shared_ptr<const holding::Report> report() const override { return now_; }
  void set(holding::Report next) { now_ = std::make_shared<const holding::Report>(std::move(next)); }

 private:
  std::shared_ptr<const holding::Report> now_ = std::make_shared<const holding::Report>();
};

// Threads: one.
class FakeServingView final : public ServingView {
 public:
  std::shared_ptr<const Servers> servers() const override { return now_; }
  void set(Servers next) { now_ = std::make_shared<const Servers>(std::move(next)); }

 private:
  std::shared_ptr<const Servers> now_ = std::make_shared<const Servers>();
};

}  // namespace reeve
