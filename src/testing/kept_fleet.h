#pragma once
#include <mutex>

#include "base/check.h"
#include "ports/fleet_keeper.h"
#include "testing/memory_fleet_store.h"

namespace reeve {

// A FleetKeeper without a thread, over a store in memory: each change runs, is committed and is answered at
// once, in the caller. Threads: one; snapshot() any.
class KeptFleet final : public FleetKeeper {
 public:
  explicit KeptFleet(Fleet start = {}) : now_(std::make_shared<const Fleet>(std::move(start))) {}

  std::shared_ptr<const Fleet> snapshot() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  void submit(Change change, Committed done) override {
    FleetDraft draft(*now_);
    Status outcome = change(draft);
    if (outcome) outcome = store.commit(draft.change());
    if (outcome) publish(std::move(draft).finish());
    done(std::move(outcome));
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

  MemoryFleetStore store;

 private:
  void publish(std::shared_ptr<const Fleet> next) {
    {
      const std::lock_guard lock(mutex_);
      now_ = next;
    }
    for (const auto& weak : listeners_)
      if (const auto listener = weak.lock()) (*listener)(next);
  }

  mutable std::mutex mutex_;  // guards now_
  std::shared_ptr<const Fleet> now_;
  std::vector<std::weak_ptr<Listener>> listeners_;
};

}  // namespace reeve
