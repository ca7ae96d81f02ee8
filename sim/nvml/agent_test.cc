// The agent's driver adapter over the simulated library sees what sim::observe computes.

#include <chrono>
#include <thread>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "adapters/vendor_nvml/nvml_driver.h"
#include "sim/model/observe.h"
#include "sim/nvml/probe.h"

namespace reeve::sim {
namespace {

Timestamp wall_now() { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }

class WallClock final : public Clock {
 public:
  Timestamp now() const override { return wall_now(); }
};

// Loads that stand still, so that the two sides may look at slightly different moments.
std::string still_node() {
  const std::string load = R"("load": {"kind": "steady", "level": 0.6, "volatility": 0, "memory": 0.5})";
  return Probe::node(R"({"model": "H100_80GB", )" + load + R"(}, {"model": "A100_40GB", )" + load + R"(}, {"model": "t4", )" + load +
                         R"(}, {"model": "RTX4090", )" + load + R"(}, {"model": "H100_80GB", "mig": [{"profile": "3g.40gb", )" + load +
                         R"(}, "1g.10gb"]}, {"model": "V100_32GB", )" + load +
                         R"(}, {"model": "GTX1080"}, {"model": "A100_40GB", "mig_mode": true})",
                     R"("start": "2026-11-23T00:00:00Z", "privileged": true, )");
}

// Memory wanders by the hour, counters by the second; the rest must be the same.
double tolerance(Metric metric, double value) {
  if (metric == Metric::total_energy) return 5e6;
  if (metric == Metric::nvlink_bandwidth_total) return 1e9;
  if (metric == Metric::gpu_temperature || metric == Metric::memory_temperature || metric == Metric::temperature_margin) return 1;
  if (metric == Metric::pcie_tx || metric == Metric::pcie_rx) return 1024 + 1e-3 * value;  // some boards count in KiB
  return 1e-3 * std::abs(value) + 2e-3;
}

void expect_same(const MetricValues& agent, const MetricValues& model, const std::string& what) {
  for (const MetricInfo& metric : metric_table) {
    EXPECT_EQ(agent.has(metric.metric), model.has(metric.metric)) << what << ": " << metric.name;
    if (!agent.has(metric.metric) || !model.has(metric.metric)) continue;
    const double value = *model.get(metric.metric);
    EXPECT_NEAR(*agent.get(metric.metric), value, tolerance(metric.metric, value)) << what << ": " << metric.name;
  }
}

TEST(NvmlAgent, the_agent_sees_what_the_model_computes) {
  const Probe probe(still_node());
  const WallClock clock;
  const auto driver = make_nvml_driver({.library = REEVE_SIM_NVML}, clock);
  ASSERT_TRUE(driver->observe().ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // rates need two looks
  const auto seen = driver->observe();
  ASSERT_TRUE(seen.ok());
  const auto catalogue = load_catalogue();
  const auto scenario = parse_scenario(still_node(), *catalogue, wall_now());
  const NodeObservation model = observe(*scenario, wall_now());
  EXPECT_EQ(seen->driver_version, model.driver_version);
  EXPECT_EQ(seen->cuda_version, model.cuda_version);
  ASSERT_EQ(seen->devices.size(), model.devices.size());
  for (std::size_t i = 0; i < model.devices.size(); ++i) {
    const DeviceObservation& a = seen->devices[i];
    const DeviceObservation& m = model.devices[i];
    EXPECT_EQ(a.uuid, m.uuid);
    EXPECT_EQ(a.product_name, m.product_name);
    EXPECT_EQ(a.serial, m.serial);
    EXPECT_EQ(a.pci_address, m.pci_address);
    EXPECT_EQ(a.pci_device_id, m.pci_device_id);
    EXPECT_EQ(a.vbios_version, m.vbios_version);
    EXPECT_EQ(a.memory, m.memory);
    EXPECT_EQ(a.mig_enabled, m.mig_enabled);
    expect_same(a.values, m.values, a.product_name);
    ASSERT_EQ(a.instances.size(), m.instances.size());
    for (std::size_t n = 0; n < m.instances.size(); ++n) {
      EXPECT_EQ(a.instances[n].uuid, m.instances[n].uuid);
      EXPECT_EQ(a.instances[n].profile, m.instances[n].profile);
      EXPECT_EQ(a.instances[n].profile_id, m.instances[n].profile_id);
      EXPECT_EQ(a.instances[n].placement, m.instances[n].placement);
      EXPECT_EQ(a.instances[n].memory, m.instances[n].memory);
      expect_same(a.instances[n].values, m.instances[n].values, m.instances[n].profile);
    }
    ASSERT_EQ(a.processes.size(), m.processes.size());
    for (std::size_t n = 0; n < m.processes.size(); ++n) {
      EXPECT_EQ(a.processes[n].pid, m.processes[n].pid);
      EXPECT_EQ(a.processes[n].memory, m.processes[n].memory);
      EXPECT_EQ(a.processes[n].gpu_instance, m.processes[n].gpu_instance);
    }
  }
}

}  // namespace
}  // namespace reeve::sim
