#pragma once
// What an observation of a node makes of the fleet: the node's next durable state, and its readings.
//
// A device is its GPU UUID. It keeps its id, its administrator's state and its accounts for as long as the
// UUID is seen, whatever index the driver gives it. Pure functions; a ModelRecogniser is used by one thread.

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "domain/catalogue/catalogue.h"
#include "domain/inventory/fleet.h"
#include "domain/inventory/observation.h"

namespace reeve {

// A catalogue that remembers what it was asked: a fleet has ten thousand GPUs and a handful of models.
class ModelRecogniser {
 public:
  // `catalogue` outlives it.
  explicit ModelRecogniser(const Catalogue& catalogue) : catalogue_(catalogue) {}

  // Empty when no row of the catalogue fits.
  const ModelId& recognise(const ModelClues& clues);
  const mig::Geometry* geometry(const ModelId& model) const { return catalogue_.geometry(model); }
  const GpuModel* find(const ModelId& model) const { return catalogue_.find(model); }

 private:
  const Catalogue& catalogue_;
  std::map<std::tuple<std::string, std::string, std::int64_t>, ModelId> known_{};
};

// The node after a good observation; `before` is null when the node is new. Fields that the source does not
// tell stay as they were. A GPU that is missing is lost and stays, until another takes its id: the one that
// appears at its index. Registered devices that nobody has observed yet are left alone.
Node merge_observation(const Node* before, const NodeObservation& seen, ModelRecogniser& models, Timestamp now);

// Where a node is observed.
struct NodePlace {
  std::string cluster{};
  std::string address{};  // "10.0.0.7:9400"
};

// The nodes to put, in this order, so that the fleet agrees with the observation; empty when it does already.
// The observed node is the last. A GPU that moved here is first taken from the node that had it, provided
// that node has lost it, never saw it itself, or was not heard of for `stale_after`; a conflict otherwise.
Result<std::vector<Node>> reconcile(const Fleet& fleet, const NodeObservation& seen, const NodePlace& place, ModelRecogniser& models,
                                    Timestamp now, Milliseconds stale_after);

// The values and holders of the observation under the ids of the node; GPUs and slices that the node lacks are left
// out, and so are lost GPUs that nobody holds.
NodeReadings readings_of(const Node& node, NodeObservation seen);

}  // namespace reeve
