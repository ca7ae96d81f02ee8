#pragma once
#include <vector>

#include "ports/fleet_keeper.h"

namespace reeve {

// A FleetKeeper without a thread and without a store: each change runs at once, in the caller.
// Threads: one.
class InlineFleetKeeper final : public FleetKeeper {
 public:
  explicit InlineFleetKeeper(Fleet start = {}) : now_(std::make_shared<const Fleet>(std::move(start))) {}

  std::shared_ptr<const Fleet> snapshot() const override { return now_; }

  void submit(Change change, Committed done) override {
    FleetDraft draft(*now_);
    const Status outcome = change(draft);
    if (outcome) {
      changes_.push_back(draft.change());
      publish(std::move(draft).finish());
    }
    done(outcome);
  }

  void publish_readings(NodeName node, std::shared_ptr<const NodeReadings> readings) override {
    FleetDraft draft(*now_);
    draft.put_readings(node, std::move(readings));
    publish(std::move(draft).finish());
  }

  std::shared_ptr<void> subscribe(Listener listener) override {
    auto handle = std::make_shared<Listener>(std::move(listener));
    listeners_.push_back(handle);
    return handle;
  }

  // What a store would have been asked to commit, oldest first.
  const std::vector<FleetChange>& changes() const { return changes_; }

 private:
  void publish(std::shared_ptr<const Fleet> next) {
    now_ = std::move(next);
    for (const auto& weak : listeners_)
      if (const auto listener = weak.lock()) (*listener)(now_);
  }

  std::shared_ptr<const Fleet> now_;
  std::vector<FleetChange> changes_;
  std::vector<std::weak_ptr<Listener>> listeners_;
};

}  // namespace reeve
