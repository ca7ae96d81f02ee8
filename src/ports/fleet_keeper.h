#pragma once
#include <functional>
#include <memory>

#include "base/result.h"
#include "domain/inventory/fleet.h"
#include "domain/inventory/fleet_draft.h"

namespace reeve {

// Keeps the one Fleet: snapshots for everybody, changes one after the other on one strand.
//
// Threads:  every method may be called from any thread; none blocks on a change in progress.
// Order:    changes run in the order of submission. A change sees all changes before it.
// Durable:  `done` hears success only after the change is committed to the FleetStore and published.
// Failures: a change that returns an error has no effect. When the store cannot commit, every change of
//           the batch fails with the store's error and nothing is published.
class FleetKeeper {
 public:
  // Runs on the writer's strand; must not block. Leaves the draft alone when it returns an error.
  using Change = std::move_only_function<Status(FleetDraft&)>;
  // Runs on the writer's strand after the outcome is final; must not block.
  using Committed = std::move_only_function<void(Status)>;
  // Called on the writer's strand after each publication; must not block.
  using Listener = std::function<void(const std::shared_ptr<const Fleet>&)>;

  virtual ~FleetKeeper() = default;

  virtual std::shared_ptr<const Fleet> snapshot() const = 0;
  virtual void submit(Change change, Committed done) = 0;

  // Newest values of one node; not durable, coalesced with what else is waiting.
  virtual void publish_readings(NodeName node, std::shared_ptr<const NodeReadings> readings) = 0;

  // The listener lives until the returned handle is destroyed; destroying it waits for a call in progress.
  virtual std::shared_ptr<void> subscribe(Listener listener) = 0;
};

}  // namespace reeve
