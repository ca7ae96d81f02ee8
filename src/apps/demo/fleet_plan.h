#pragma once
// A fleet worth looking at: which GPUs each node has, what runs on them, who holds them and what goes wrong.
// The same number of nodes and start give the same plan on every machine, so a restarted demo goes on.

#include <string>
#include <vector>

#include "base/time.h"
#include "domain/catalogue/catalogue.h"

namespace reeve::demo {

// One request to the control plane, as a scheduler would make it.
struct PlannedHolder {
  std::string key{};          // idempotency key: the same at each start
  std::string device{};       // id of the GPU
  std::string mig_profile{};  // empty: the whole GPU
  std::string namespace_name{};
  std::string pod{};
  std::string container{};
  std::string workload_type{};
  std::string team{};
  std::string user{};
  std::string project{};
  std::string app{};  // its label

  friend bool operator==(const PlannedHolder&, const PlannedHolder&) = default;
};

struct PlannedNode {
  std::string name{};
  std::string cluster{};
  std::string scenario{};  // JSON for the simulated driver, see sim/README.md
  std::vector<PlannedHolder> holders{};

  friend bool operator==(const PlannedNode&, const PlannedNode&) = default;
};

inline constexpr int gpus_per_node = 8;

// `start`: when the demo began; faults are spread over a week before and a month after it.
std::vector<PlannedNode> plan_fleet(int nodes, Timestamp start, const Catalogue& catalogue);

}  // namespace reeve::demo
