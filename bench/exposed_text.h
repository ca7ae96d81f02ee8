#pragma once
// Expositions for benchmarks: what dcgm-exporter or a Reeve agent would print for one node of eight GPUs,
// with figures that follow from node, device and round alone.

#include <string>

namespace reeve {

struct ExposedNode {
  int node = 0;          // "bench-node-0007"
  int devices = 8;       // H100
  long round = 0;        // values move with it
  bool workload = true;  // rows carry container, namespace and pod
};

std::string exposed_text(const ExposedNode& what);

}  // namespace reeve
