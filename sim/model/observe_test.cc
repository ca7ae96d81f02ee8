#include "sim/model/observe.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "sim/model/gpu_values.h"
#include "testing/source_tree.h"

namespace reeve::sim {
namespace {

constexpr Timestamp monday{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)};

Timestamp after(double seconds) { return monday + Milliseconds(static_cast<std::int64_t>(seconds * 1000)); }

const Catalogue& catalogue() {
  static const Result<Catalogue> loaded = load_catalogue();
  return *loaded;
}

Scenario scenario(const std::string& json) {
  Result<Scenario> parsed = parse_scenario(json, catalogue(), monday);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
  return *std::move(parsed);
}

std::string fault(const std::string& json) {
  const Result<Scenario> parsed = parse_scenario(json, catalogue(), monday);
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(Scenario, gpus_get_stable_identities_of_their_own) {
  const Scenario a = scenario(R"({"node": "n1", "gpus": [{"model": "H100_80GB", "count": 8}]})");
  const Scenario b = scenario(R"({"node": "n1", "gpus": [{"model": "H100_80GB", "count": 8}]})");
  const Scenario other = scenario(R"({"node": "n2", "gpus": [{"model": "H100_80GB", "count": 8}]})");
  ASSERT_EQ(a.gpus.size(), 8u);
  EXPECT_EQ(a.gpus[3].uuid, b.gpus[3].uuid);
  EXPECT_NE(a.gpus[3].uuid, a.gpus[4].uuid);
  EXPECT_NE(a.gpus[3].uuid, other.gpus[3].uuid);
  EXPECT_EQ(a.gpus[0].pci_address, "00000000:18:00.0");
  EXPECT_EQ(a.gpus[0].serial.size(), 13u);
  EXPECT_EQ(a.gpus[0].uuid.text.size(), 40u);
}

TEST(Scenario, faults_are_named_with_their_place) {
  EXPECT_EQ(fault(R"({"gpus": [{"model": "Z9"}]})"),
            "cannot read scenario: gpus[0].model: cannot simulate 'Z9': the catalogue has no such model");
  EXPECT_EQ(fault(R"({"gpus": [{"model": "H100_80GB", "mig": ["9g.90gb"]}]})"),
            "cannot read scenario: gpus[0].mig[0]: H100-80GB (SXM5/PCIe) has no such MIG profile");
  EXPECT_EQ(fault(R"({"gpus": [{"model": "H100_80GB", "colour": 1}]})"), "cannot read scenario: gpus[0].colour: nobody knows this member");
  EXPECT_EQ(fault(R"({"gpus": [{"model": "H100_80GB", "load": "party"}]})"),
            "cannot read scenario: gpus[0].load: 'party' is none of idle, steady, office, inference, training, batch");
  EXPECT_EQ(fault(R"({"gpus": [{"model": "t4", "mig": []}]})"), "cannot read scenario: gpus[0].mig: Tesla T4 has no MIG");
  EXPECT_EQ(fault(R"({"gpus": [{"model": "H100_80GB", "events": [{"at": 1}]}]})"),
            "cannot read scenario: gpus[0].events[0]: it needs one of xid, lost, hang, error, throttle");
  EXPECT_EQ(fault(R"({"gpus": [{"model": "H100_80GB", "mig": ["4g.40gb", "4g.40gb"]}]})"),
            "cannot read scenario: gpus[0].mig[1]: '4g.40gb' does not fit beside the instances before it");
  EXPECT_NE(fault("[1"), "");
  EXPECT_NE(fault("[]"), "");
  EXPECT_EQ(fault(R"({"gpus": []})"), "");
}

TEST(Scenario, a_layout_is_placed_as_the_driver_would) {
  const Scenario node = scenario(R"({"gpus": [{"model": "A100_40GB", "mig": ["3g.20gb", "1g.5gb", 14, {"profile": "1g.5gb"}]}]})");
  std::vector<int> ids;
  for (const InstanceSpec& instance : node.gpus[0].instances) ids.push_back(instance.gpu_instance_id);
  EXPECT_EQ(ids, (std::vector<int>{2, 7, 4, 8}));
}

TEST(Scenario, a_faster_clock_starts_at_the_start) {
  Scenario node = scenario(R"({"clock": {"speed": 60, "offset_seconds": 5}})");
  EXPECT_EQ(node.time_at(after(10)), after(605));
  node.clock = {};
  EXPECT_EQ(node.time_at(after(10)), after(10));
}

TEST(Scenario, the_files_that_come_with_reeve_are_read) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_path("sim/scenarios"))) {
    std::ifstream file(entry.path());
    EXPECT_EQ(fault(std::string(std::istreambuf_iterator<char>(file), {})), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 4);
}

TEST(Observe, memory_adds_up_and_stays_within_the_board) {
  const Scenario node = scenario(R"({"gpus": [{"model": "H100_80GB", "load": "training"}, {"model": "A100_80GB", "load": "inference"},
      {"model": "RTX4090", "load": "office"}, {"model": "A100_40GB", "mig": [{"profile": "3g.20gb", "load": "inference"}, "1g.5gb"]}]})");
  for (int hour = 0; hour < 48; ++hour)
    for (const DeviceObservation& device : observe(node, after(hour * 3600.0)).devices) {
      const MetricValues& v = device.values;
      EXPECT_EQ(*v.get(Metric::memory_total), *v.get(Metric::memory_used) + *v.get(Metric::memory_free) + *v.get(Metric::memory_reserved));
      EXPECT_GE(*v.get(Metric::memory_free), 0);
    }
}

TEST(Observe, totals_are_those_of_the_driver) {
  const Scenario node = scenario(R"({"gpus": [{"model": "A100_40GB"}, {"model": "H100_80GB"}, {"model": "t4"}, {"model": "b200"}]})");
  const NodeObservation seen = observe(node, monday);
  const double expected[] = {40960, 81559, 15360, 183359};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(seen.devices[i].values.get(Metric::memory_total), expected[i]);
}

TEST(Observe, power_and_heat_follow_the_work_and_keep_to_the_board) {
  const Scenario node = scenario(R"({"gpus": [{"model": "H100_80GB"}, {"model": "H100_80GB", "load": {"kind": "steady", "level": 1}}]})");
  const NodeObservation seen = observe(node, after(7200));
  const MetricValues& idle = seen.devices[0].values;
  const MetricValues& busy = seen.devices[1].values;
  EXPECT_EQ(idle.get(Metric::power_usage), 68);
  EXPECT_EQ(busy.get(Metric::power_usage), 700);
  EXPECT_EQ(busy.get(Metric::gpu_utilization), 100);
  EXPECT_EQ(idle.get(Metric::sm_clock), 345);
  EXPECT_GT(*busy.get(Metric::sm_clock), 1600);
  EXPECT_GT(*busy.get(Metric::gpu_temperature), *idle.get(Metric::gpu_temperature) + 30);
  EXPECT_LT(*busy.get(Metric::gpu_temperature), 85);
  EXPECT_EQ(idle.get(Metric::clock_event_reasons), 1);
}

TEST(Observe, energy_is_the_integral_of_the_power) {
  const Scenario node = scenario(R"({"gpus": [{"model": "H100_80GB", "load": "inference"}]})");
  const auto at = [&](double t) { return observe(node, after(t)).devices[0].values; };
  double joules = 0, last = 0;
  for (int second = 1; second <= 600; ++second) {
    joules += *at(36000 + second).get(Metric::power_usage);  // the mean of the second before
    const double energy = *at(36000 + second).get(Metric::total_energy);
    ASSERT_GT(energy, last);
    last = energy;
  }
  EXPECT_NEAR((*at(36600).get(Metric::total_energy) - *at(36000).get(Metric::total_energy)) / 1000, joules, 1);
}

TEST(Observe, what_a_family_cannot_say_is_absent) {
  const Scenario node = scenario(R"({"gpus": [{"model": "GTX1080"}, {"model": "t4"}, {"model": "A100_40GB"}, {"model": "H100_80GB"},
      {"model": "H100_80GB", "mig": ["7g.80gb"]}]})");
  const NodeObservation seen = observe(node, monday);
  const auto has = [&](std::size_t gpu, Metric metric) { return seen.devices[gpu].values.has(metric); };
  EXPECT_FALSE(has(0, Metric::total_energy));
  EXPECT_FALSE(has(0, Metric::ecc_single_bit_volatile));
  EXPECT_TRUE(has(0, Metric::fan_speed));
  EXPECT_TRUE(seen.devices[0].serial.empty());
  EXPECT_FALSE(seen.devices[0].mig_enabled.has_value());
  EXPECT_TRUE(has(1, Metric::retired_pages_single_bit));
  EXPECT_FALSE(has(1, Metric::memory_temperature));
  EXPECT_FALSE(has(1, Metric::uncorrectable_remapped_rows));
  EXPECT_TRUE(has(2, Metric::memory_max_temperature));
  EXPECT_FALSE(has(2, Metric::graphics_engine_active));
  EXPECT_TRUE(has(3, Metric::graphics_engine_active));
  EXPECT_FALSE(has(3, Metric::shutdown_temperature));
  EXPECT_FALSE(has(4, Metric::gpu_utilization));
  EXPECT_FALSE(has(4, Metric::uncorrectable_remapped_rows));
}

TEST(Observe, slices_have_their_own_load) {
  const Scenario node = scenario(
      R"({"gpus": [{"model": "H100_80GB", "mig": [
        {"profile": "3g.40gb", "load": {"kind": "steady", "level": 0.5, "volatility": 0}}, "1g.10gb"]}]})");
  const DeviceObservation device = observe(node, after(100)).devices[0];
  ASSERT_EQ(device.instances.size(), 2u);
  EXPECT_EQ(device.instances[0].profile, "3g.40gb");
  EXPECT_EQ(device.instances[0].gpu_instance_id, 2);
  EXPECT_NEAR(*device.instances[0].values.get(Metric::graphics_engine_active), 0.5, 1e-4);
  EXPECT_NEAR(*device.instances[1].values.get(Metric::graphics_engine_active), 0, 1e-9);
  EXPECT_NEAR(*device.values.get(Metric::graphics_engine_active), 0.5 * 3 / 7, 1e-4);
  ASSERT_EQ(device.processes.size(), 1u);
  EXPECT_EQ(device.processes[0].gpu_instance, 2);
  EXPECT_TRUE(device.instances[0].uuid.text.starts_with("MIG-"));
}

TEST(Observe, a_gpu_that_fell_off_the_bus_has_no_values_and_leaves_an_xid) {
  const Scenario node =
      scenario(R"({"gpus": [{"model": "H100_80GB", "events": [{"at": 10, "xid": 31}, {"at": 60, "lost": true, "for": 30}]}]})");
  EXPECT_FALSE(observe(node, after(59)).devices[0].lost);
  EXPECT_TRUE(observe(node, after(60)).devices[0].lost);
  EXPECT_TRUE(observe(node, after(60)).devices[0].values.empty());
  EXPECT_FALSE(observe(node, after(90)).devices[0].lost);
  const auto events = events_between(node, monday, after(100), 5);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].code, 31);
  EXPECT_EQ(events[1].code, 79);
  EXPECT_EQ(events[1].sequence, 6u);
  EXPECT_TRUE(events_between(node, after(60), after(100), 1).empty());
}

}  // namespace
}  // namespace reeve::sim
