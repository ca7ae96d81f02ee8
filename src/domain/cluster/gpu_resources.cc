#include "domain/cluster/gpu_resources.h"

#include <array>

namespace reeve::cluster {
namespace {

struct FixedName {
  std::string_view name;
  GpuResource resource;
};

// Sources: NVIDIA k8s-device-plugin (nvidia.com/gpu, renameByDefault: .shared), ROCm k8s-device-plugin, Intel device plugins
// for Kubernetes (i915, xe), Habana device plugin, Volcano device plugin (one vgpu-number is a part of a GPU).
constexpr std::array fixed_names{
    FixedName{"nvidia.com/gpu", {GpuVendor::nvidia, GpuShare::whole}},
    FixedName{"nvidia.com/gpu.shared", {GpuVendor::nvidia, GpuShare::shared}},
    FixedName{"volcano.sh/vgpu-number", {GpuVendor::nvidia, GpuShare::shared}},
    FixedName{"amd.com/gpu", {GpuVendor::amd, GpuShare::whole}},
    FixedName{"gpu.intel.com/i915", {GpuVendor::intel, GpuShare::whole}},
    FixedName{"gpu.intel.com/xe", {GpuVendor::intel, GpuShare::whole}},
    FixedName{"habana.ai/gaudi", {GpuVendor::habana, GpuShare::whole}},
};

constexpr std::string_view mig_prefix = "nvidia.com/mig-";
constexpr std::string_view amd_prefix = "amd.com/";
constexpr std::string_view shared_suffix = ".shared";

// "cpx_nps4": a compute partition mode and a memory partition mode, as the ROCm device plugin names mixed partitions.
bool is_amd_partition(std::string_view name) {
  constexpr std::array<std::string_view, 5> compute{"spx", "dpx", "tpx", "qpx", "cpx"};
  constexpr std::array<std::string_view, 4> memory{"nps1", "nps2", "nps4", "nps8"};
  if (name.size() != 8 || name[3] != '_') return false;
  for (const auto mode : compute)
    for (const auto nps : memory)
      if (name.substr(0, 3) == mode && name.substr(4) == nps) return true;
  return false;
}

}  // namespace

std::optional<GpuResource> gpu_resource(std::string_view resource_name) {
  for (const FixedName& fixed : fixed_names)
    if (fixed.name == resource_name) return fixed.resource;
  if (resource_name.starts_with(mig_prefix)) {
    std::string_view profile = resource_name.substr(mig_prefix.size());
    const bool shared = profile.ends_with(shared_suffix);
    if (shared) profile.remove_suffix(shared_suffix.size());
    // "1g.10gb": what else begins so is no MIG device ("mig-manager...").
    if (profile.size() < 4 || profile[0] < '1' || profile[0] > '9' || profile.find("g.") == std::string_view::npos) return std::nullopt;
    return GpuResource{GpuVendor::nvidia, shared ? GpuShare::shared : GpuShare::slice, profile};
  }
  if (resource_name.starts_with(amd_prefix) && is_amd_partition(resource_name.substr(amd_prefix.size())))
    return GpuResource{GpuVendor::amd, GpuShare::slice, resource_name.substr(amd_prefix.size())};
  return std::nullopt;
}

std::int64_t gpu_count(const ResourceList& resources) {
  std::int64_t count = 0;
  for (const auto& [name, quantity] : resources)
    if (gpu_resource(name)) count += quantity.milli() / 1000;
  return count;
}

}  // namespace reeve::cluster
