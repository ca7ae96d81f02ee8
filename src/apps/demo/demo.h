#pragma once
// `reeve demo`: the control plane of `reeve serve` over agents of simulated nodes. The agents are real and are observed
// over HTTP; only their driver library is simulated. Nothing in the control plane knows the difference.

#include <functional>
#include <string>

#include "apps/serve/config.h"

namespace reeve::demo {

struct DemoOptions {
  ServeConfig serve{};  // its targets are replaced by the simulated nodes
  int nodes = 64;
  Milliseconds history{};    // how far back it is filled; 0: not at all
  bool workloads = true;     // pods hold GPUs
  std::string program{};     // of the agents; empty: this one
  std::string nvml{};        // the simulated driver library; empty: sim/libnvidia-ml.so.1 beside this program
  std::string port_file{};   // empty: none
  bool progress_bar = true;  // one line that changes; else a line every tenth
};

inline constexpr int nodes_max = 5000;  // 40,000 GPUs; every node is a process

// Runs until `wait_for_end` returns. Conflict: another process uses the data directory; unavailable: the address or
// the directory cannot be used; not found: there is no simulated driver library.
Status run_demo(const DemoOptions& options, const std::function<void()>& wait_for_end);

}  // namespace reeve::demo
