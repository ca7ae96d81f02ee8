#include "wire/exposition/vendor_node.h"

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing/source_tree.h"

namespace reeve::wire {
namespace {

NodeObservation read(std::string_view text, ObservationSource source) {
  auto exposed = observation_from_exposition(text, {{}, source, {}});
  EXPECT_TRUE(exposed.ok()) << (exposed.ok() ? "" : exposed.error().message);
  return exposed.ok() ? std::move(exposed).value().observation : NodeObservation{};
}

NodeObservation read_file(const std::string& name, ObservationSource source) {
  std::ifstream in(source_path("tests/data/exposition/" + name));
  std::stringstream text;
  text << in.rdbuf();
  return read(text.str(), source);
}

TEST(AmdExposition, a_whole_gpu_is_its_serial_number_with_energy_in_millijoules_and_memory_in_mib) {
  const NodeObservation node = read_file("amd-device-metrics-exporter.prom", ObservationSource::amd_exporter);
  EXPECT_EQ(node.node.text, "amd-node-01");
  EXPECT_EQ(node.source, ObservationSource::amd_exporter);
  EXPECT_EQ(node.driver_version, "6.12.12");
  ASSERT_EQ(node.devices.size(), 1U);
  const DeviceObservation& device = node.devices[0];
  EXPECT_EQ(device.uuid.text, "AMD-692432001234");
  EXPECT_EQ(device.serial, "692432001234");
  EXPECT_EQ(device.product_name, "AMD Instinct MI300X OAM");
  EXPECT_TRUE(device.instances.empty());
  EXPECT_EQ(device.memory, MiB(196592));
  EXPECT_EQ(device.values.get(Metric::gpu_utilization), 97);
  EXPECT_EQ(device.values.get(Metric::power_usage), 702);
  EXPECT_EQ(device.values.get(Metric::gpu_temperature), 61);
  EXPECT_EQ(device.values.get(Metric::memory_used), 172828);
  EXPECT_EQ(device.values.get(Metric::total_energy), 180211293000.0);
  EXPECT_EQ(node.holders_from, HolderSource::exporter_labels);
  ASSERT_EQ(device.holders.size(), 1U);
  EXPECT_EQ(device.holders[0].pod, "amd-0");
  EXPECT_EQ(device.holders[0].container, "worker");
}

TEST(AmdExposition, partitions_are_slices_and_only_the_first_one_tells_of_the_gpu) {
  const NodeObservation node = read_file("amd-exporter-cpx-nps4.prom", ObservationSource::amd_exporter);
  ASSERT_EQ(node.devices.size(), 2U);
  EXPECT_EQ(node.devices[1].index, 1);
  EXPECT_EQ(node.devices[1].uuid.text, "AMD-692432001");
  const DeviceObservation& cut = node.devices[0];
  ASSERT_EQ(cut.instances.size(), 8U);
  EXPECT_EQ(cut.instances[3].gpu_instance_id, 3);
  EXPECT_EQ(cut.instances[3].profile, "cpx_nps4");
  EXPECT_EQ(cut.instances[3].memory, MiB(24574));
  EXPECT_EQ(cut.instances[3].values.get(Metric::gpu_utilization), 30);
  EXPECT_FALSE(cut.instances[3].values.has(Metric::power_usage));
  EXPECT_EQ(cut.values.get(Metric::power_usage), 610);
  EXPECT_EQ(cut.values.get(Metric::total_energy), 5000);
  EXPECT_EQ(cut.values.get(Metric::gpu_temperature), 57);
  EXPECT_EQ(cut.values.get(Metric::sm_clock), 2104);
  EXPECT_EQ(cut.values.get(Metric::memory_clock), 900);
  EXPECT_FALSE(cut.values.has(Metric::gpu_utilization));
  EXPECT_EQ(cut.memory, MiB(8 * 24574));
  EXPECT_EQ(cut.values.get(Metric::memory_used), 8028);
  ASSERT_EQ(cut.holders.size(), 1U);
  EXPECT_EQ(cut.holders[0].gpu_instance, 3);
  EXPECT_TRUE(node.devices[1].holders.empty());
}

TEST(AmdExposition, partitions_that_all_see_the_whole_memory_are_not_summed) {
  std::string text;
  for (int id = 0; id < 8; ++id)
    text += fmt::format(
        "gpu_total_vram{{gpu_id=\"{0}\",gpu_partition_id=\"{0}\",gpu_compute_partition_type=\"CPX\","
        "gpu_memory_partition_type=\"NPS1\",serial_number=\"1\",hostname=\"n\"}} 196592\n",
        id);
  EXPECT_EQ(read(text, ObservationSource::amd_exporter).devices[0].memory, MiB(196592));
}

TEST(AmdExposition, what_another_partition_prints_for_the_gpu_is_not_the_gpus) {
  const auto power = [](int partition, int watts) {
    return fmt::format(
        "gpu_package_power{{gpu_id=\"{0}\",gpu_partition_id=\"{0}\",gpu_compute_partition_type=\"dpx\",serial_number=\"1\","
        "hostname=\"n\"}} {1}\n",
        partition, watts);
  };
  EXPECT_EQ(read(power(1, 33) + power(0, 610), ObservationSource::amd_exporter).devices[0].values.get(Metric::power_usage), 610);
  EXPECT_FALSE(read(power(1, 33), ObservationSource::amd_exporter).devices[0].values.has(Metric::power_usage));
}

TEST(AmdExposition, a_gpu_without_a_serial_number_is_its_place) {
  const NodeObservation node = read(
      "gpu_package_power{gpu_id=\"2\",serial_number=\"N/A\",hostname=\"n1\"} 0\n"
      "gpu_average_package_power{gpu_id=\"2\",serial_number=\"N/A\",hostname=\"n1\"} 88\n",
      ObservationSource::amd_exporter);
  EXPECT_EQ(node.devices.at(0).uuid.text, "AMD-n1-2");
  EXPECT_EQ(node.devices[0].values.get(Metric::power_usage), 88);  // 0 W is what is printed for a sensor that is not there
  EXPECT_FALSE(node.holders_from.has_value());
}

TEST(IntelExposition, a_gpu_is_its_address_on_its_node_and_ratios_hertz_joules_and_bytes_become_our_units) {
  const NodeObservation node = read_file("intel-xpumd.prom", ObservationSource::intel_exporter);
  EXPECT_EQ(node.node.text, "intel-node-01");
  EXPECT_EQ(node.driver_version, "25.18.33578");
  ASSERT_EQ(node.devices.size(), 2U);
  const DeviceObservation& device = node.devices[1];
  EXPECT_EQ(device.uuid.text, "INTEL-intel-node-01-0000:83:00.0");
  EXPECT_EQ(device.pci_address, "0000:83:00.0");
  EXPECT_EQ(device.product_name, "Intel(R) Data Center GPU Max 1550");
  EXPECT_EQ(device.values.get(Metric::power_usage), 300.5);  // of the card, not of a package or a tile
  EXPECT_EQ(device.values.get(Metric::total_energy), 1234500);
  EXPECT_EQ(device.values.get(Metric::gpu_temperature), 71);
  EXPECT_EQ(device.values.get(Metric::memory_temperature), 64);
  EXPECT_EQ(device.values.get(Metric::sm_clock), 1550);
  EXPECT_EQ(device.values.get(Metric::gpu_utilization), 52);
  EXPECT_EQ(device.values.get(Metric::memory_copy_utilization), 25);
  EXPECT_EQ(device.memory, MiB(131072));
  EXPECT_EQ(device.values.get(Metric::memory_used), 2048);
  EXPECT_FALSE(node.holders_from.has_value());
  EXPECT_EQ(node.devices[0].values.get(Metric::power_usage), 601);
}

TEST(GaudiExposition, power_is_in_milliwatts_limits_are_no_readings_and_the_exporters_own_pod_holds_nothing) {
  const NodeObservation node = read_file("gaudi-exporter.prom", ObservationSource::gaudi_exporter);
  EXPECT_EQ(node.node.text, "gaudi-node-01");
  EXPECT_EQ(node.driver_version, "1.22.1-97ec1a4");
  ASSERT_EQ(node.devices.size(), 2U);
  const DeviceObservation& device = node.devices[0];
  EXPECT_EQ(device.uuid.text, "01P4-HL3090A0-18-U4V193-22-07-00");
  EXPECT_EQ(device.serial, "AM22007700");
  EXPECT_EQ(device.memory, MiB(131072));
  EXPECT_EQ(device.values.get(Metric::memory_used), 98200);
  EXPECT_EQ(device.values.get(Metric::power_usage), 781);
  EXPECT_EQ(device.values.get(Metric::power_limit_default), 850);
  EXPECT_EQ(device.values.get(Metric::gpu_temperature), 61);
  EXPECT_FALSE(device.values.has(Metric::memory_temperature));
  EXPECT_EQ(device.values.get(Metric::memory_max_temperature), 104);
  EXPECT_FALSE(device.values.has(Metric::total_energy));
  EXPECT_EQ(node.devices[1].values.get(Metric::gpu_utilization), 0);
  EXPECT_EQ(node.holders_from, HolderSource::exporter_labels);
  ASSERT_EQ(device.holders.size(), 1U);
  EXPECT_EQ(device.holders[0].pod, "train-7");
  EXPECT_EQ(device.holders[0].namespace_name, "team-g");
  EXPECT_TRUE(node.devices[1].holders.empty());
}

TEST(VendorExposition, more_devices_than_a_node_can_have_and_foreign_texts_do_not_come_in) {
  std::string text;
  for (std::size_t i = 0; i < exposed_devices_max + 2; ++i)
    text += fmt::format("gpu_gfx_activity{{gpu_id=\"{0}\",serial_number=\"s{0}\",hostname=\"n\"}} 1\n", i);
  const auto exposed = observation_from_exposition(text, {{}, ObservationSource::amd_exporter, {}});
  EXPECT_EQ(exposed->observation.devices.size(), exposed_devices_max);
  EXPECT_EQ(exposed->dropped_rows, 2U);
  for (const auto source : {ObservationSource::amd_exporter, ObservationSource::intel_exporter, ObservationSource::gaudi_exporter})
    EXPECT_EQ(observation_from_exposition("DCGM_FI_DEV_GPU_TEMP{UUID=\"GPU-a\",hostname=\"n\"} 1\n", {{}, source, {}}).error().code,
              Errc::not_found);
}

}  // namespace
}  // namespace reeve::wire
