#pragma once
// How well the whole cluster is: five checks, the worst of which is the verdict.

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/enum_text.h"

namespace reeve::health {

enum class Verdict { unknown, healthy, warning, critical };  // ascending: the worse, the greater

constexpr std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::unknown: return "UNKNOWN";
    case Verdict::healthy: return "HEALTHY";
    case Verdict::warning: return "WARNING";
    case Verdict::critical: return "CRITICAL";
  }
  return {};
}

struct ClusterFacts {
  std::size_t devices = 0;
  std::size_t devices_active = 0;  // may be given out, MIG or not, and not lost
  std::size_t allocations = 0;
  std::size_t allocations_healthy = 0;  // on an active device
  std::size_t nodes_observed = 0;       // nodes that somebody collects from
  std::size_t nodes_fresh = 0;          // of these, with values that are not stale
  std::optional<double> utilization_percent{};
  std::optional<double> temperature_celsius{};
  std::size_t alerts = 0;
  std::size_t alerts_critical = 0;
};

struct ClusterHealth {
  std::optional<double> device_ratio{};  // absent: there is nothing to compare
  Verdict devices = Verdict::unknown;
  std::optional<double> allocation_ratio{};
  Verdict allocations = Verdict::unknown;
  Verdict metrics = Verdict::unknown;
  Verdict resources = Verdict::unknown;
  Verdict alerts = Verdict::unknown;
  Verdict overall = Verdict::unknown;
  std::optional<int> score{};  // 0..100, mean over the checks that know something, alerts included
};

ClusterHealth judge_cluster(const ClusterFacts& facts);

}  // namespace reeve::health
