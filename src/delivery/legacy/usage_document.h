#pragma once
// The answer of resources/usage as bytes. With 20,000 serving pods it is 20 MB, of which little changes from one to the next:
// what a pod's document said before is copied, and only its usage is written anew.

#include <memory>
#include <string>
#include <vector>

#include "delivery/legacy/cluster_facts.h"
#include "delivery/legacy/cluster_summary.h"
#include "delivery/legacy/resource_info.h"

namespace reeve::legacy {

// Immutable.
struct UsageDocument {
  std::shared_ptr<const ClusterFacts> facts{};
  std::shared_ptr<const std::string> body{};
  std::vector<PodSpan> spans{};  // of facts->pods, in their order; end == 0: the pod serves nothing and is not in the body
};

// All serving pods and all nodes. `previous` may be null.
std::shared_ptr<const UsageDocument> write_usage(const std::shared_ptr<const ClusterFacts>& facts, const UsageDocument* previous,
                                                 const LocalZone& zone);

// `pods` of it only, the summary over `summed`; written from scratch.
std::string write_usage_of(const ClusterFacts& facts, const PodList& pods, const PodList& summed, const LocalZone& zone);

}  // namespace reeve::legacy
