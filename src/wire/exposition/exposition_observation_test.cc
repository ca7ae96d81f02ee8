#include "wire/exposition/exposition_observation.h"
#include "testing/source_tree.h"

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace reeve::wire {
namespace {

const Timestamp noon{std::chrono::hours(24 * 365 * 56)};

std::string sample_file(const std::string& name) {
  std::ifstream in(source_path(std::string("tests/data/exposition/") + name));
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

ExposedNode read(std::string_view text, ExpositionOrigin origin = {{}, ObservationSource::dcgm_exporter, noon}) {
  auto exposed = observation_from_exposition(text, origin);
  EXPECT_TRUE(exposed.ok()) << (exposed.ok() ? "" : exposed.error().message);
  return exposed.ok() ? std::move(exposed).value() : ExposedNode{};
}

// One row of GPU 0 on node n1.
std::string row(std::string_view metric, std::string_view value, std::string_view more_labels = "") {
  return fmt::format("{}{{gpu=\"0\",UUID=\"GPU-a\",device=\"nvidia0\",modelName=\"NVIDIA A30\",hostname=\"n1\"{}}} {}\n", metric,
                     more_labels, value);
}

TEST(ExpositionObservation, a_dcgm_exporter_of_whole_gpus_is_read) {
  const ExposedNode exposed = read(sample_file("dcgm-exporter-full-gpu.prom"));
  const NodeObservation& node = exposed.observation;
  EXPECT_EQ(node.node.text, "gpu-node-01");
  EXPECT_EQ(node.driver_version, "570.148.08");
  EXPECT_EQ(node.at, noon);
  ASSERT_EQ(node.devices.size(), 4u);
  const DeviceObservation& device = node.devices[1];
  EXPECT_EQ(device.index, 1);
  EXPECT_EQ(device.uuid.text, "GPU-5a3c0e10-0000-4000-8000-000000000001");
  EXPECT_EQ(device.product_name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(device.pci_address, "00000000:2A:00.0");
  EXPECT_TRUE(device.instances.empty());
  EXPECT_FALSE(device.mig_enabled.has_value());
  EXPECT_EQ(device.values.get(Metric::nvlink_bandwidth_total), 52890);
  EXPECT_EQ(device.values.get(Metric::tensor_active), 0.509221);
  EXPECT_EQ(device.values.get(Metric::pcie_tx), 180330004);
  EXPECT_EQ(exposed.broken_lines, 0u);
  EXPECT_EQ(exposed.dropped_rows, 0u);
}

TEST(ExpositionObservation, an_instance_never_gets_its_gpus_power_temperature_or_clock) {
  const NodeObservation node = read(sample_file("dcgm-exporter-mig.prom")).observation;
  ASSERT_EQ(node.devices.size(), 2u);
  const DeviceObservation& cut = node.devices[0];
  EXPECT_EQ(cut.mig_enabled, true);
  ASSERT_EQ(cut.instances.size(), 4u);
  EXPECT_EQ(cut.instances[0].gpu_instance_id, 2);
  EXPECT_EQ(cut.instances[0].profile, "3g.20gb");
  EXPECT_EQ(cut.values.get(Metric::power_usage), 243.118);
  EXPECT_EQ(cut.values.get(Metric::sm_clock), 1410);
  EXPECT_EQ(cut.values.get(Metric::total_energy), 7712003991112);
  EXPECT_FALSE(cut.values.has(Metric::graphics_engine_active));
  EXPECT_FALSE(cut.values.has(Metric::gpu_utilization));
  for (const InstanceObservation& instance : cut.instances) {
    for (const Metric metric : {Metric::power_usage, Metric::gpu_temperature, Metric::sm_clock, Metric::total_energy, Metric::last_xid,
                                Metric::pcie_tx, Metric::uncorrectable_remapped_rows})
      EXPECT_FALSE(instance.values.has(metric)) << info(metric).name;
    EXPECT_TRUE(instance.values.has(Metric::memory_used));
    EXPECT_TRUE(instance.values.has(Metric::graphics_engine_active));
  }
  EXPECT_TRUE(node.devices[1].instances.empty());
  EXPECT_EQ(node.devices[1].values.get(Metric::gpu_utilization), 99);
}

TEST(ExpositionObservation, a_cut_gpu_uses_the_memory_that_its_instances_use) {
  const NodeObservation node = read(row("DCGM_FI_DEV_FB_USED", "10", ",GPU_I_PROFILE=\"1g.6gb\",GPU_I_ID=\"3\"") +
                                    row("DCGM_FI_DEV_FB_USED", "32", ",GPU_I_PROFILE=\"1g.6gb\",GPU_I_ID=\"4\""))
                                   .observation;
  EXPECT_EQ(node.devices[0].values.get(Metric::memory_used), 42);
  EXPECT_FALSE(node.devices[0].values.has(Metric::memory_total));
}

TEST(ExpositionObservation, the_gpus_own_row_wins_over_what_instances_repeat) {
  const std::string own = row("DCGM_FI_DEV_POWER_USAGE", "70.5");
  const std::string repeated = row("DCGM_FI_DEV_POWER_USAGE", "70.1", ",GPU_I_PROFILE=\"1g.6gb\",GPU_I_ID=\"3\"");
  for (const std::string& text : {own + repeated, repeated + own})
    EXPECT_EQ(read(text).observation.devices[0].values.get(Metric::power_usage), 70.5);
}

TEST(ExpositionObservation, old_and_new_spellings_of_labels_are_the_same) {
  const std::string text =
      "DCGM_FI_DEV_GPU_TEMP{gpu=\"3\",uuid=\"GPU-a\",device=\"nvidia3\",modelName=\"Tesla T4\",Hostname=\"n7\"} 41\n"
      "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL{gpu=\"3\",gpu_uuid=\"GPU-a\",model_name=\"Tesla T4\",hostname=\"n7\"} 9\n";
  const NodeObservation node = read(text).observation;
  EXPECT_EQ(node.node.text, "n7");
  ASSERT_EQ(node.devices.size(), 1u);
  EXPECT_EQ(node.devices[0].index, 3);
  EXPECT_EQ(node.devices[0].product_name, "Tesla T4");
  EXPECT_EQ(node.devices[0].values.get(Metric::nvlink_bandwidth_total), 9);
}

TEST(ExpositionObservation, the_node_that_the_target_names_wins_over_the_hostname) {
  EXPECT_EQ(read(row("DCGM_FI_DEV_GPU_TEMP", "41"), {{"named"}, ObservationSource::dcgm_exporter, noon}).observation.node.text, "named");
}

TEST(ExpositionObservation, numbers_that_mean_unknown_are_absent) {
  for (const char* blank : {"9223372036854775792", "9223372036854775794", "9223372036854775807", "2147483632", "2147483635", "NaN", "+Inf"})
    EXPECT_FALSE(read(row("DCGM_FI_DEV_MEMORY_TEMP", blank)).observation.devices[0].values.has(Metric::memory_temperature)) << blank;
  for (const char* blank : {"140737488355328.000000", "140737488355330.000000"})
    EXPECT_FALSE(read(row("DCGM_FI_DEV_POWER_USAGE", blank)).observation.devices[0].values.has(Metric::power_usage)) << blank;
  // A counter may truly come by there.
  EXPECT_EQ(read(row("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "2147483632")).observation.devices[0].values.get(Metric::total_energy),
            2147483632);
  EXPECT_EQ(read(row("DCGM_FI_DEV_GPU_TEMP", "0")).observation.devices[0].values.get(Metric::gpu_temperature), 0);
}

TEST(ExpositionObservation, total_memory_is_the_sum_of_its_parts_where_it_is_not_told) {
  const std::string parts = row("DCGM_FI_DEV_FB_FREE", "80000") + row("DCGM_FI_DEV_FB_USED", "928") + row("DCGM_FI_DEV_FB_RESERVED", "631");
  EXPECT_EQ(read(parts).observation.devices[0].memory, MiB(81559));
  EXPECT_EQ(read(parts).observation.devices[0].values.get(Metric::memory_total), 81559);
  EXPECT_EQ(read(parts + row("DCGM_FI_DEV_FB_TOTAL", "81560")).observation.devices[0].memory, MiB(81560));
  // Without the reserved part the sum would be too small.
  EXPECT_FALSE(read(row("DCGM_FI_DEV_FB_FREE", "80000") + row("DCGM_FI_DEV_FB_USED", "928")).observation.devices[0].memory.has_value());
}

TEST(ExpositionObservation, violation_counters_in_microseconds_become_nanoseconds) {
  const std::string help = "# HELP DCGM_FI_DEV_POWER_VIOLATION Throttling duration due to power constraints ";
  EXPECT_EQ(read(help + "(in us).\n" + row("DCGM_FI_DEV_POWER_VIOLATION", "7")).observation.devices[0].values.get(Metric::power_violation),
            7000);
  EXPECT_EQ(read(help + "(in ns).\n" + row("DCGM_FI_DEV_POWER_VIOLATION", "7")).observation.devices[0].values.get(Metric::power_violation),
            7);
}

TEST(ExpositionObservation, the_old_name_of_clock_event_reasons_is_known) {
  EXPECT_EQ(read(row("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "4")).observation.devices[0].values.get(Metric::clock_event_reasons), 4);
}

TEST(ExpositionObservation, an_agents_events_processes_and_inventory_version_are_read) {
  const ExposedNode exposed = read(
      "reeve_agent_inventory_info{hostname=\"n1\",version=\"00ff\"} 1\n" + row("DCGM_FI_DEV_GPU_TEMP", "41") +
          "reeve_device_event_timestamp_seconds{UUID=\"GPU-a\",xid=\"79\",sequence=\"12\",hostname=\"n1\"} 1700000001\n"
          "reeve_device_event_timestamp_seconds{UUID=\"GPU-a\",GPU_I_ID=\"7\",xid=\"43\",sequence=\"11\",hostname=\"n1\"} 1700000000.25\n"
          "reeve_process_memory_mib{UUID=\"GPU-a\",gpu=\"0\",pid=\"77\",process_name=\"say \\\"hi\\\"\",GPU_I_ID=\"7\",hostname=\"n1\"} "
          "1024\n",
      {{}, ObservationSource::reeve_agent, noon});
  EXPECT_EQ(exposed.inventory_version, "00ff");
  const NodeObservation& node = exposed.observation;
  ASSERT_EQ(node.events.size(), 2u);
  EXPECT_EQ(node.events[0], (DeviceEvent{Timestamp(Milliseconds(1700000000250)), {"GPU-a"}, 7, 43, 11}));
  EXPECT_EQ(node.events[1].code, 79);
  ASSERT_EQ(node.devices[0].processes.size(), 1u);
  EXPECT_EQ(node.devices[0].processes[0], (ProcessObservation{77, "say \"hi\"", MiB(1024), 7, std::nullopt}));
}

TEST(ExpositionObservation, an_agent_whose_gpus_are_all_lost_is_still_an_agent) {
  const ExposedNode exposed = read("reeve_agent_inventory_info{hostname=\"n1\",version=\"1\"} 1\n");
  EXPECT_EQ(exposed.observation.node.text, "n1");
  EXPECT_TRUE(exposed.observation.devices.empty());
}

TEST(ExpositionObservation, an_agent_says_when_it_looked_and_whether_it_could) {
  const ExposedNode exposed = read(
      "reeve_agent_inventory_info{hostname=\"n1\",version=\"1\"} 1\nreeve_agent_driver_up{hostname=\"n1\"} 0\n"
      "reeve_agent_observation_timestamp_seconds{hostname=\"n1\"} 1700000000.250\n");
  EXPECT_FALSE(exposed.driver_up);
  EXPECT_EQ(exposed.looked_at, Timestamp(Milliseconds(1700000000250)));
  EXPECT_TRUE(read(row("DCGM_FI_DEV_GPU_TEMP", "41")).driver_up);
}

TEST(ExpositionObservation, what_is_no_exposition_of_gpus_is_refused_with_the_reason) {
  const auto refusal = [](std::string_view text) { return observation_from_exposition(text, {}).error(); };
  EXPECT_EQ(refusal("").code, Errc::invalid_argument);
  EXPECT_NE(refusal("<html>\n<body>").message.find("without one metric line (2 broken lines)"), std::string::npos);
  EXPECT_EQ(refusal("up 1\ngo_threads 7\n").code, Errc::not_found);
  EXPECT_NE(refusal("up 1\ngo_threads 7\n").message.find("none of its 2 metric lines names a GPU"), std::string::npos);
  EXPECT_NE(refusal("DCGM_FI_DEV_GPU_TEMP{UUID=\"GPU-a\"} 1\n").message.find("hostname"), std::string::npos);
  EXPECT_EQ(refusal("DCGM_FI_DEV_GPU_TEMP{UUID=\"GPU-a\",hostname=\"a b\"} 1\n").code, Errc::invalid_argument);
}

TEST(ExpositionObservation, rows_without_identity_or_beyond_the_limits_are_dropped_and_counted) {
  std::string text = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",hostname=\"n1\"} 1\n";
  for (std::size_t i = 0; i < exposed_devices_max + 3; ++i)
    text += fmt::format("DCGM_FI_DEV_GPU_TEMP{{gpu=\"{0}\",UUID=\"GPU-{0}\",hostname=\"n1\"}} 1\n", i);
  const ExposedNode exposed = read(text);
  EXPECT_EQ(exposed.observation.devices.size(), exposed_devices_max);
  EXPECT_EQ(exposed.dropped_rows, 4u);
}

TEST(ExpositionObservation, text_that_is_not_printable_does_not_reach_the_fleet) {
  const NodeObservation node =
      read("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\",modelName=\"A\\nB\xff\",hostname=\"n1\"} 1\n").observation;
  EXPECT_EQ(node.devices[0].product_name, "A?B?");
}

TEST(ExpositionObservation, the_inventory_says_what_there_is_and_the_exposition_what_was_measured) {
  NodeObservation inventory = read(row("DCGM_FI_DEV_GPU_TEMP", "99")).observation;
  inventory.devices[0].serial = "S1";
  inventory.devices[0].instances = {{.gpu_instance_id = 7, .uuid = {"MIG-1"}, .profile = "1g.6gb"}};
  inventory.devices.push_back({.index = 1, .uuid = {"GPU-b"}, .lost = true});
  const NodeObservation merged =
      with_inventory(inventory, read(row("DCGM_FI_DEV_GPU_TEMP", "41") + row("DCGM_FI_DEV_FB_USED", "5", ",GPU_I_ID=\"7\"")).observation);
  ASSERT_EQ(merged.devices.size(), 2u);
  EXPECT_EQ(merged.devices[0].serial, "S1");
  EXPECT_EQ(merged.devices[0].values.get(Metric::gpu_temperature), 41);
  EXPECT_EQ(merged.devices[0].instances[0].uuid.text, "MIG-1");
  EXPECT_EQ(merged.devices[0].instances[0].values.get(Metric::memory_used), 5);
  EXPECT_TRUE(merged.devices[1].lost);
  EXPECT_TRUE(merged.devices[1].values.empty());
}

}  // namespace
}  // namespace reeve::wire
