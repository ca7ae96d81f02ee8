#pragma once
// Which extended resources are GPUs or parts of them, by the names their device plugins register.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/enum_text.h"
#include "domain/cluster/objects.h"

namespace reeve::cluster {

enum class GpuVendor { nvidia, amd, intel, habana };

constexpr std::string_view to_text(GpuVendor vendor) {
  switch (vendor) {
    case GpuVendor::nvidia: return "nvidia";
    case GpuVendor::amd: return "amd";
    case GpuVendor::intel: return "intel";
    case GpuVendor::habana: return "habana";
  }
  return {};
}

enum class GpuShare {
  whole,   // one is a GPU: "nvidia.com/gpu" (a MIG device where the strategy is `single`)
  slice,   // one is a partition: "nvidia.com/mig-1g.10gb", "amd.com/cpx_nps4"
  shared,  // one is a place on a GPU or slice that others use too: "nvidia.com/gpu.shared"
};

constexpr std::string_view to_text(GpuShare share) {
  switch (share) {
    case GpuShare::whole: return "whole";
    case GpuShare::slice: return "slice";
    case GpuShare::shared: return "shared";
  }
  return {};
}

struct GpuResource {
  GpuVendor vendor = GpuVendor::nvidia;
  GpuShare share = GpuShare::whole;
  std::string_view profile{};  // of a slice, a part of the name: "1g.10gb" ("1g.10gb.me"), "cpx_nps4"; else empty

  friend bool operator==(const GpuResource&, const GpuResource&) = default;
};

// What a resource's name says; absent: it counts no GPUs ("cpu", "nvidia.com/gpumem", "gpu.intel.com/i915_monitoring").
// The profile points into `resource_name`.
std::optional<GpuResource> gpu_resource(std::string_view resource_name);

// How many GPUs, slices and shared places together.
std::int64_t gpu_count(const ResourceList& resources);

}  // namespace reeve::cluster
