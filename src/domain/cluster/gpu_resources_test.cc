#include "domain/cluster/gpu_resources.h"

#include <gtest/gtest.h>

namespace reeve::cluster {
namespace {

TEST(GpuResources, device_plugins_names_are_known) {
  EXPECT_EQ(gpu_resource("nvidia.com/gpu"), (GpuResource{GpuVendor::nvidia, GpuShare::whole, ""}));
  EXPECT_EQ(gpu_resource("nvidia.com/gpu.shared"), (GpuResource{GpuVendor::nvidia, GpuShare::shared, ""}));
  EXPECT_EQ(gpu_resource("nvidia.com/mig-1g.10gb"), (GpuResource{GpuVendor::nvidia, GpuShare::slice, "1g.10gb"}));
  EXPECT_EQ(gpu_resource("nvidia.com/mig-1g.24gb.me"), (GpuResource{GpuVendor::nvidia, GpuShare::slice, "1g.24gb.me"}));
  EXPECT_EQ(gpu_resource("nvidia.com/mig-1g.10gb.shared"), (GpuResource{GpuVendor::nvidia, GpuShare::shared, "1g.10gb"}));
  EXPECT_EQ(gpu_resource("amd.com/gpu"), (GpuResource{GpuVendor::amd, GpuShare::whole, ""}));
  EXPECT_EQ(gpu_resource("amd.com/cpx_nps4"), (GpuResource{GpuVendor::amd, GpuShare::slice, "cpx_nps4"}));
  EXPECT_EQ(gpu_resource("gpu.intel.com/xe"), (GpuResource{GpuVendor::intel, GpuShare::whole, ""}));
  EXPECT_EQ(gpu_resource("gpu.intel.com/i915"), (GpuResource{GpuVendor::intel, GpuShare::whole, ""}));
  EXPECT_EQ(gpu_resource("habana.ai/gaudi"), (GpuResource{GpuVendor::habana, GpuShare::whole, ""}));
}

TEST(GpuResources, amounts_of_memory_or_cores_are_no_count_of_gpus) {
  for (const std::string_view name :
       {"cpu", "memory", "", "nvidia.com/", "nvidia.com/gpumem", "nvidia.com/gpumem-percentage", "nvidia.com/gpucores", "nvidia.com/mig-",
        "nvidia.com/mig-manager", "gpu.intel.com/i915_monitoring", "gpu.intel.com/monitoring", "amd.com/xcp_nps1", "amd.com/cpx_nps3",
        "amd.com/gpu.x", "koordinator.sh/gpu-core", "volcano.sh/vgpu-memory", "requests.nvidia.com/gpu", "hugepages-2Mi"})
    EXPECT_EQ(gpu_resource(name), std::nullopt) << name;
}

TEST(GpuResources, gpus_of_all_kinds_are_counted_together) {
  const ResourceList resources{{"amd.com/cpx_nps4", Quantity::of(3)},
                               {"cpu", Quantity::of(64)},
                               {"nvidia.com/gpu", Quantity::of(2)},
                               {"nvidia.com/gpumem", Quantity::of(8000)},
                               {"nvidia.com/mig-1g.10gb", Quantity::of(4)}};
  EXPECT_EQ(gpu_count(resources), 9);
  EXPECT_EQ(gpu_count({}), 0);
}

}  // namespace
}  // namespace reeve::cluster
