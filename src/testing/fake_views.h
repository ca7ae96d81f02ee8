#pragma once
// Views of Kubernetes whose content a test sets. Empty until it does: no cluster, nobody seen, nothing serving.

#include <memory>
#include <mutex>
#include <vector>

#include "ports/cluster_view.h"
#include "ports/holdings_view.h"
#include "ports/serving_view.h"

namespace reeve {

// What a test shows, read by the threads of what it tests. Threads: any.
template <class Content>
class Shown {
 public:
  std::shared_ptr<const Content> get() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void set(Content next) {
    auto shared = std::make_shared<const Content>(std::move(next));
    const std::lock_guard lock(mutex_);
    now_ = std::move(shared);
  }

 private:
  mutable std::mutex mutex_{};
  std::shared_ptr<const Content> now_ = std::make_shared<const Content>();
};

// Threads: any may read, one subscribes and sets.
class FakeClusterView final : public ClusterView {
 public:
  std::shared_ptr<const cluster::Snapshot> snapshot() const override { return now_.get(); }
  std::shared_ptr<void> subscribe(Listener listener) override {
    auto handle = std::make_shared<Listener>(std::move(listener));
    listeners_.push_back(handle);
    return handle;
  }

  // Listeners hear of it at once. `next` needs no version.
  void set(cluster::Snapshot next) {
    next.version = snapshot()->version + 1;
    now_.set(std::move(next));
    for (const auto& weak : listeners_)
      if (const auto listener = weak.lock()) (*listener)(snapshot());
  }

 private:
  Shown<cluster::Snapshot> now_{};
  std::vector<std::weak_ptr<Listener>> listeners_{};
};

// Threads: any may read, one sets.
class FakeHoldingsView final : public HoldingsView {
 public:
  std::shared_ptr<const holding::Report> report() const override { return now_.get(); }
  void set(holding::Report next) { now_.set(std::move(next)); }

 private:
  Shown<holding::Report> now_{};
};

// Threads: any may read, one sets.
class FakeServingView final : public ServingView {
 public:
  std::shared_ptr<const Servers> servers() const override { return now_.get(); }
  void set(Servers next) { now_.set(std::move(next)); }

 private:
  Shown<Servers> now_{};
};

}  // namespace reeve
