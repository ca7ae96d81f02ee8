#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/inventory/observation.h"

namespace reeve {

// A place where a node's GPUs can be observed over the network.
struct Target {
  std::string url{};  // "http://10.0.0.7:9400"; a path, if any, goes before /metrics: "http://proxy/node-7"
  ObservationSource kind = ObservationSource::reeve_agent;
  NodeName node{};  // empty: what the exposition says in its hostname label
  std::string cluster{};

  friend auto operator<=>(const Target&, const Target&) = default;
};

// All targets that are configured now.
struct TargetList {
  std::vector<Target> targets{};
  std::string error{};  // why a part of the configuration is not in force; empty when all of it is
};

// Looks at many nodes at once.
//
// Threads:  one call of observe_all() at a time. `found` runs on threads of the source, for one target at
//           a time, and must not block.
// Failures: `timed_out` and `unavailable` concern one target; none delays the others.
class NodeSource {
 public:
  using Found = std::function<void(const Target&, Result<NodeObservation>)>;

  virtual ~NodeSource() = default;

  // Returns when every target has answered, failed or passed `deadline` from now.
  virtual void observe_all(std::span<const Target> targets, Milliseconds deadline, const Found& found) = 0;
};

}  // namespace reeve
