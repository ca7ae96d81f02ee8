#pragma once
// Gives the GPUs of the simulated workloads to their pods, through the use case that the REST API calls.

#include <set>
#include <string>
#include <vector>

#include "apps/demo/fleet_plan.h"
#include "usecases/allocate.h"

namespace reeve::demo {

// Remembers in a file what was asked for once: what a user released stays released after a restart.
// Threads: one at a time. The context outlives it.
class Holders final {
 public:
  Holders(const AllocationContext& context, std::string done_file);

  // Asks for all holders of the node that were not asked for before; returns how many hold something now because
  // of it. A refusal is final, save when the store cannot commit: those are asked for again by the next call.
  std::size_t place(const PlannedNode& node);

 private:
  AllocationContext context_;
  std::string done_file_;
  std::set<std::string> done_{};
};

}  // namespace reeve::demo
