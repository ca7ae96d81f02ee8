#pragma once
// The cluster in figures: `clusterSummary` of resources/usage, and what is alarming in it.

#include <span>
#include <string>
#include <vector>

#include "codec/json_writer.h"
#include "delivery/legacy/cluster_facts.h"

namespace reeve::legacy {

using PodList = std::vector<const PodFacts*>;

enum class PodResource { cpu, memory, gpu };

// Of a pod, when it was measured.
std::optional<cluster::Quantity> usage_of(const PodFacts& pod, PodResource resource);

// The `limit` pods that use the most of it, the greediest first; those that were not measured are left out, and so are pods
// without a GPU where it is about GPUs.
PodList top_pods(const PodList& pods, PodResource resource, std::size_t limit);

// The fields of the old ClusterSummary, in an object of their own. `pods`: those of the answer. Totals and means are over what
// was measured, null where nothing was.
void write_summary(JsonWriter& json, const PodList& pods, const std::vector<NodeFacts>& nodes);

// Something that uses more than four fifths of what it may.
struct HighUsage {
  const PodFacts* pod = nullptr;  // one of the two is set
  const NodeFacts* node = nullptr;
  PodResource resource = PodResource::cpu;  // cpu or memory
  double percent = 0;
  bool critical = false;  // by the limits that clusterSummary.alerts has: 90 % of a pod's limit
  std::optional<Timestamp> at{};
};

inline constexpr double high_usage_percent = 80;
inline constexpr double pod_critical_percent = 90;
inline constexpr double node_warning_percent = 85;

// Pods first, both in their order.
std::vector<HighUsage> high_usage(const ClusterFacts& facts);

}  // namespace reeve::legacy
