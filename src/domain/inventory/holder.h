#pragma once
// Who was seen to hold a GPU or a slice of one, and who says so. Evidence, not yet a decision: domain/holding weighs
// it against the cluster's pods and against the allocations.

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/enum_text.h"

namespace reeve {

// By descending weight: the kubelet hands devices out, the scheduler decides on claims, an exporter only repeats.
enum class HolderSource {
  pod_resources,    // the kubelet's PodResources API, asked by our agent on the node
  resource_claim,   // an allocated ResourceClaim (DRA) and the driver's ResourceSlice
  exporter_labels,  // pod labels on an exporter's rows
};

constexpr std::string_view to_text(HolderSource source) {
  switch (source) {
    case HolderSource::pod_resources: return "pod-resources";
    case HolderSource::resource_claim: return "resource-claim";
    case HolderSource::exporter_labels: return "exporter-labels";
  }
  return {};
}

// One container that has one device, or one share of it.
struct HolderObservation {
  HolderSource source = HolderSource::pod_resources;
  std::string namespace_name{};
  std::string pod{};
  std::string container{};
  std::string resource_name{};        // "nvidia.com/gpu", "nvidia.com/mig-1g.10gb"; empty when the source does not tell
  std::string device_id{};            // as the source names it: "GPU-...::3", "nvidia0/gi7", "gpu.nvidia.com/node-1/gpu-0"
  std::optional<int> gpu_instance{};  // set: the slice with this GPU instance id, not the whole GPU
  std::optional<int> replica{};       // set: one of several shares (time-slicing, MPS) of the same device

  friend auto operator<=>(const HolderObservation&, const HolderObservation&) = default;
};

}  // namespace reeve
