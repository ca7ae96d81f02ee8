// The driver adapter over the simulated libnvidia-ml.so.1: what it sees, and what happens when the driver
// misbehaves. Times are short and limits wide: nothing here depends on how fast the machine is.

#include "adapters/vendor_nvml/nvml_driver.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "adapters/system/system_clock.h"
#include "adapters/vendor_nvml/nvml_calls.h"
#include "delivery/agent/exposition_writer.h"
#include "wire/exposition/exposition_observation.h"

namespace reeve {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

class NvmlDriverOverSim : public testing::Test {
 protected:
  NvmlDriverOverSim() : path_(std::filesystem::temp_directory_path() / fmt::format("reeve-agent-test-{}.json", getpid())) {
    setenv("REEVE_SIM_SCENARIO", path_.c_str(), 1);
  }
  ~NvmlDriverOverSim() override { std::filesystem::remove(path_); }

  void scenario(const std::string& json) { std::ofstream(path_) << json; }

  DeviceDriver& driver() {
    if (!driver_) driver_ = make_nvml_driver({.library = REEVE_SIM_LIBRARY, .call_deadline = 300ms}, clock_);
    return *driver_;
  }
  NodeObservation observe() {
    Result<NodeObservation> node = driver().observe();
    EXPECT_TRUE(node.ok()) << (node.ok() ? "" : node.error().message);
    return node.ok() ? *std::move(node) : NodeObservation{};
  }
  // Observes until `done` holds; the last observation. Fails when it never does.
  template <class Done>
  NodeObservation observe_until(Done&& done) {
    const auto end = Steady::now() + 20s;
    while (Steady::now() < end) {
      const Result<NodeObservation> node = driver().observe();
      if (node && done(*node)) return *node;
      std::this_thread::sleep_for(20ms);
    }
    ADD_FAILURE() << "it did not happen within 20 s";
    return {};
  }

  SystemClock clock_;
  std::filesystem::path path_;
  std::unique_ptr<DeviceDriver> driver_{};
};

TEST_F(NvmlDriverOverSim, each_gpu_tells_what_its_family_can_tell_and_nothing_else) {
  scenario(R"({"gpus": [{"model": "H100_80GB", "load": "training"}, {"model": "t4", "load": "inference"}, {"model": "GTX1080"}]})");
  observe();
  std::this_thread::sleep_for(150ms);  // profiling values are made of two samples
  const NodeObservation node = observe();
  ASSERT_EQ(node.devices.size(), 3U);
  EXPECT_FALSE(node.driver_version.empty());
  EXPECT_EQ(node.cuda_version, "13.0");
  const DeviceObservation& h100 = node.devices[0];
  const DeviceObservation& t4 = node.devices[1];
  const DeviceObservation& gtx = node.devices[2];
  EXPECT_EQ(h100.memory, MiB(81559));
  EXPECT_TRUE(h100.uuid.text.starts_with("GPU-"));
  EXPECT_FALSE(h100.vbios_version.empty());
  EXPECT_EQ(h100.mig_enabled, false);
  EXPECT_FALSE(t4.mig_enabled);
  using enum Metric;
  const auto has = [](const DeviceObservation& device, std::initializer_list<Metric> metrics, bool expected) {
    for (const Metric metric : metrics) EXPECT_EQ(device.values.has(metric), expected) << device.product_name << ' ' << info(metric).name;
  };
  const auto everybody = {sm_clock,     memory_clock, gpu_temperature,     power_usage, gpu_utilization,     memory_used, memory_free,
                          memory_total, pcie_replays, encoder_utilization, power_limit, clock_event_reasons, last_xid};
  for (const DeviceObservation& device : node.devices) has(device, everybody, true);
  has(h100,
      {graphics_engine_active, tensor_active, sm_active, pcie_tx, nvlink_tx, memory_temperature, total_energy, slowdown_tlimit,
       uncorrectable_remapped_rows, ecc_double_bit_volatile, memory_reserved, nvlink_bandwidth_total},
      true);
  has(h100, {fan_speed, slowdown_temperature, retired_pages_single_bit}, false);
  has(t4, {total_energy, slowdown_temperature, retired_pages_single_bit, ecc_double_bit_volatile}, true);
  has(t4, {graphics_engine_active, memory_temperature, uncorrectable_remapped_rows, fan_speed, nvlink_bandwidth_total}, false);
  has(gtx, {fan_speed}, true);
  has(gtx, {total_energy, ecc_double_bit_volatile, graphics_engine_active, retired_pages_single_bit}, false);
}

TEST_F(NvmlDriverOverSim, a_cut_gpu_shows_its_instances_with_their_own_values) {
  scenario(R"({"privileged": true, "gpus": [{"model": "H100_80GB", "mig": [{"profile": "3g.40gb", "load": "training"}, "1g.10gb"]}]})");
  observe();
  std::this_thread::sleep_for(150ms);
  const NodeObservation node = observe();
  ASSERT_EQ(node.devices.size(), 1U);
  const DeviceObservation& device = node.devices[0];
  EXPECT_EQ(device.mig_enabled, true);
  EXPECT_FALSE(device.values.has(Metric::gpu_utilization));
  ASSERT_EQ(device.instances.size(), 2U);
  const auto big = std::ranges::find(device.instances, "3g.40gb", &InstanceObservation::profile);
  const auto small = std::ranges::find(device.instances, "1g.10gb", &InstanceObservation::profile);
  ASSERT_NE(big, device.instances.end());
  ASSERT_NE(small, device.instances.end());
  EXPECT_EQ(big->profile_id, 9);
  EXPECT_EQ(big->placement->size, 4);
  EXPECT_TRUE(big->uuid.text.starts_with("MIG-"));
  EXPECT_GT(big->memory->count(), 39'000);
  EXPECT_GT(*big->values.get(Metric::memory_used), *small->values.get(Metric::memory_used));
  EXPECT_TRUE(big->values.has(Metric::graphics_engine_active));
  EXPECT_FALSE(big->values.has(Metric::power_usage));
}

TEST_F(NvmlDriverOverSim, what_is_served_reads_back_as_what_was_seen) {
  scenario(R"({"gpus": [{"model": "H100_80GB", "load": "training"}, {"model": "A100_40GB", "mig": ["3g.20gb", "1g.5gb", "1g.5gb"]}]})");
  AgentReport report;
  report.observation = observe();
  report.observation.node.text = "n1";
  report.observation.at = clock_.now();
  const auto read =
      wire::observation_from_exposition(write_exposition(report, {}), {{}, ObservationSource::reeve_agent, report.observation.at});
  ASSERT_TRUE(read.ok());
  NodeObservation back = wire::with_inventory(report.observation, read->observation);
  ASSERT_EQ(back.devices.size(), 2U);
  for (const MetricInfo& row : device_metrics()) {
    const auto seen = report.observation.devices[0].values.get(row.metric);
    const auto told = back.devices[0].values.get(row.metric);
    ASSERT_EQ(told.has_value(), seen.has_value()) << row.name;
    if (!seen) continue;
    EXPECT_NEAR(*told, *seen, 1e-6) << row.name;  // the exposition has six decimals
  }
  back.devices[0].values = report.observation.devices[0].values;
  EXPECT_EQ(back.devices[0], report.observation.devices[0]);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(back.devices[1].instances[i].values.get(Metric::memory_used),
              report.observation.devices[1].instances[i].values.get(Metric::memory_used));
  EXPECT_EQ(back.devices[1].values.get(Metric::power_usage), report.observation.devices[1].values.get(Metric::power_usage));
}

TEST_F(NvmlDriverOverSim, a_hanging_call_delays_nothing_else) {
  scenario(R"({"gpus": [{"model": "H100_80GB"}, {"model": "H100_80GB", "events": [{"at": 1, "for": 4, "hang": "nvmlDeviceGetPowerUsage"}]},
                        {"model": "H100_80GB"}]})");
  for (const DeviceObservation& device : observe().devices) EXPECT_FALSE(device.values.empty());
  const NodeObservation node = observe_until([](const NodeObservation& seen) { return seen.devices.at(1).values.empty(); });
  EXPECT_FALSE(node.devices[1].uuid.empty());
  EXPECT_FALSE(node.devices[1].lost);
  EXPECT_FALSE(node.devices[0].values.empty());
  EXPECT_FALSE(node.devices[2].values.empty());

  const auto begin = Steady::now();  // it is not asked again, so nothing is waited for
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(observe().devices.at(1).values.empty());
  EXPECT_LT(Steady::now() - begin, 900ms);

  observe_until([](const NodeObservation& seen) { return !seen.devices.at(1).values.empty(); });  // the call returned after all
}

TEST_F(NvmlDriverOverSim, ending_does_not_wait_for_a_hanging_call) {
  scenario(R"({"gpus": [{"model": "H100_80GB", "events": [{"at": 0.5, "for": 2.5, "hang": "nvmlDeviceGetPowerUsage"}]}]})");
  observe();
  observe_until([](const NodeObservation& seen) { return seen.devices.at(0).values.empty(); });
  const auto begin = Steady::now();
  driver_.reset();
  EXPECT_LT(Steady::now() - begin, 1s);
  std::this_thread::sleep_for(3s);  // the thread that was left behind ends, and with it the library: the next test gets a fresh one
}

TEST_F(NvmlDriverOverSim, a_gpu_that_falls_off_the_bus_is_lost_and_the_others_stay) {
  scenario(R"({"gpus": [{"model": "H100_80GB"}, {"model": "H100_80GB", "events": [{"at": 1, "for": 2, "lost": true}]}]})");
  const std::string uuid = observe().devices.at(1).uuid.text;
  const NodeObservation node = observe_until([](const NodeObservation& seen) { return seen.devices.at(1).lost; });
  ASSERT_EQ(node.devices.size(), 2U);
  EXPECT_EQ(node.devices[1].uuid.text, uuid);
  EXPECT_TRUE(node.devices[1].values.empty());
  EXPECT_FALSE(node.devices[0].lost);
  EXPECT_FALSE(node.devices[0].values.empty());
  observe_until([](const NodeObservation& seen) { return !seen.devices.at(1).lost && !seen.devices.at(1).values.empty(); });
}

TEST_F(NvmlDriverOverSim, an_xid_is_told_once_with_its_time) {
  scenario(R"({"gpus": [{"model": "H100_80GB", "events": [{"at": 1, "xid": 31}, {"at": 1.4, "xid": 48}]}]})");
  const Timestamp begin = clock_.now();
  EXPECT_EQ(observe().devices.at(0).values.get(Metric::last_xid), std::nullopt);  // registered only after this look
  EXPECT_EQ(observe_until([](const NodeObservation& seen) { return seen.devices.at(0).values.has(Metric::last_xid); })
                .devices[0]
                .values.get(Metric::last_xid),
            0);
  std::vector<DeviceEvent> events;
  observe_until([&](const NodeObservation& seen) {
    for (DeviceEvent& event : driver().take_events()) events.push_back(std::move(event));
    return seen.devices.at(0).values.get(Metric::last_xid) == 48 && events.size() >= 2;
  });
  std::this_thread::sleep_for(500ms);
  EXPECT_TRUE(driver().take_events().empty());
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].code, 31);
  EXPECT_EQ(events[0].sequence, 1U);
  EXPECT_EQ(events[1].code, 48);
  EXPECT_EQ(events[1].sequence, 2U);
  EXPECT_TRUE(events[0].device.text.starts_with("GPU-"));
  EXPECT_GE(events[0].at, begin + 900ms);
  EXPECT_LE(events[0].at, events[1].at);
}

TEST_F(NvmlDriverOverSim, a_change_of_the_mig_layout_is_seen) {
  scenario(R"({"privileged": true, "gpus": [{"model": "H100_80GB"}]})");
  EXPECT_EQ(observe().devices.at(0).mig_enabled, false);
  void* library = dlopen(REEVE_SIM_LIBRARY, RTLD_NOW);  // somebody else on the node
  ASSERT_NE(library, nullptr);
  nvml::Calls calls;
  const auto look_up = [&](auto*& call, const char* name) {
    call = reinterpret_cast<std::remove_reference_t<decltype(call)>>(dlsym(library, name));
  };
  look_up(calls.nvmlInit_v2, "nvmlInit_v2");
  look_up(calls.nvmlShutdown, "nvmlShutdown");
  look_up(calls.nvmlDeviceGetHandleByIndex_v2, "nvmlDeviceGetHandleByIndex_v2");
  look_up(calls.nvmlDeviceSetMigMode, "nvmlDeviceSetMigMode");
  look_up(calls.nvmlDeviceCreateGpuInstance, "nvmlDeviceCreateGpuInstance");
  look_up(calls.nvmlGpuInstanceCreateComputeInstance, "nvmlGpuInstanceCreateComputeInstance");
  ASSERT_EQ(calls.nvmlInit_v2(), nvml::Return::success);
  nvml::Device device = nullptr;
  nvml::Return activation{};
  nvml::GpuInstance gpu_instance = nullptr;
  nvml::ComputeInstance compute_instance = nullptr;
  ASSERT_EQ(calls.nvmlDeviceGetHandleByIndex_v2(0, &device), nvml::Return::success);
  ASSERT_EQ(calls.nvmlDeviceSetMigMode(device, 1, &activation), nvml::Return::success);
  EXPECT_EQ(observe().devices.at(0).mig_enabled, true);
  EXPECT_TRUE(observe().devices.at(0).instances.empty());
  ASSERT_EQ(calls.nvmlDeviceCreateGpuInstance(device, 14, &gpu_instance), nvml::Return::success);
  ASSERT_EQ(calls.nvmlGpuInstanceCreateComputeInstance(gpu_instance, 1, &compute_instance), nvml::Return::success);
  const NodeObservation node = observe();
  ASSERT_EQ(node.devices.at(0).instances.size(), 1U);
  EXPECT_EQ(node.devices[0].instances[0].profile, "2g.20gb");
  calls.nvmlShutdown();
  dlclose(library);
}

TEST_F(NvmlDriverOverSim, a_driver_that_comes_later_is_found) {
  const Result<NodeObservation> without = driver().observe();  // no scenario: the driver is not loaded
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().code, Errc::unavailable);
  EXPECT_NE(without.error().message.find("driver not loaded"), std::string::npos) << without.error().message;
  scenario(R"({"gpus": [{"model": "t4"}]})");
  EXPECT_EQ(observe().devices.size(), 1U);
}

TEST_F(NvmlDriverOverSim, after_a_driver_update_the_library_is_loaded_anew) {
  // The fault's time is fixed: loading the library anew, which reads the scenario anew, does not end it.
  scenario(fmt::format(R"({{"start": "{}", "gpus": [{{"model": "t4"}}],
                            "events": [{{"at": 0.5, "for": 1, "error": "nvmlDeviceGetCount", "return": "LIB_RM_VERSION_MISMATCH"}}]}})",
                       to_rfc3339(clock_.now())));
  EXPECT_EQ(observe().devices.size(), 1U);
  bool refused = false;
  const auto end = Steady::now() + 3s;
  while (!refused && Steady::now() < end) {
    refused = !driver().observe().ok();
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(refused);
  observe_until([](const NodeObservation& seen) { return seen.devices.size() == 1 && !seen.devices[0].values.empty(); });
}

TEST(NvmlDriver, a_library_that_is_not_there_is_unavailable_and_says_which) {
  const SystemClock clock;
  const auto driver = make_nvml_driver({.library = "/nowhere/libnvidia-ml.so.1"}, clock);
  const auto node = driver->observe();
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.error().code, Errc::unavailable);
  EXPECT_NE(node.error().message.find("/nowhere/libnvidia-ml.so.1"), std::string::npos);
}

}  // namespace
}  // namespace reeve
