// Identity and values of whole GPUs.

#include <chrono>
#include <cstring>
#include <thread>

#include "sim/nvml/probe.h"

namespace reeve::sim {
namespace {

using namespace nvml;

constexpr unsigned long long mib = 1ULL << 20;
const std::string two_h100 = R"({"model": "H100_80GB", "count": 2, "load": "training"})";

TEST(NvmlDevice, handles_are_found_by_index_uuid_serial_and_pci_address) {
  const Probe probe(Probe::node(two_h100));
  const Device second = probe.gpu(1);
  Device found = nullptr;
  EXPECT_EQ(calls().nvmlDeviceGetHandleByUUID(text(calls().nvmlDeviceGetUUID, second).c_str(), &found), Return::success);
  EXPECT_EQ(found, second);
  EXPECT_EQ(calls().nvmlDeviceGetHandleBySerial(text(calls().nvmlDeviceGetSerial, second).c_str(), &found), Return::success);
  EXPECT_EQ(found, second);
  for (const char* address : {"00000000:2A:00.0", "0000:2a:00.0", "2A:00.0"}) {
    EXPECT_EQ(calls().nvmlDeviceGetHandleByPciBusId_v2(address, &found), Return::success) << address;
    EXPECT_EQ(found, second);
  }
  EXPECT_EQ(calls().nvmlDeviceGetHandleByPciBusId_v2("0000:77:00.0", &found), Return::not_found);
  EXPECT_EQ(calls().nvmlDeviceGetHandleByPciBusId_v2("here", &found), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceGetHandleByUUID("GPU-0", &found), Return::not_found);
  EXPECT_EQ(calls().nvmlDeviceGetHandleBySerial("1", &found), Return::not_found);
  EXPECT_EQ(calls().nvmlDeviceGetHandleByIndex_v2(2, &found), Return::invalid_argument);
}

TEST(NvmlDevice, identity_is_that_of_the_board) {
  const Probe probe(Probe::node(two_h100));
  const Device gpu = probe.gpu(1);
  EXPECT_EQ(text(calls().nvmlDeviceGetName, gpu), "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(text(calls().nvmlDeviceGetVbiosVersion, gpu), "96.00.99.00.01");
  PciInfo pci;
  EXPECT_EQ(calls().nvmlDeviceGetPciInfo_v3(gpu, &pci), Return::success);
  EXPECT_STREQ(pci.bus_id, "00000000:2A:00.0");
  EXPECT_STREQ(pci.bus_id_legacy, "0000:2A:00.0");
  EXPECT_EQ(pci.bus, 0x2Au);
  EXPECT_EQ(pci.pci_device_id, 0x233010DEu);
  EXPECT_EQ(pci.pci_sub_system_id, 0x16C110DEu);
  unsigned int number = 0;
  EXPECT_EQ(calls().nvmlDeviceGetIndex(gpu, &number), Return::success);
  EXPECT_EQ(number, 1u);
  EXPECT_EQ(calls().nvmlDeviceGetMinorNumber(gpu, &number), Return::success);
  EXPECT_EQ(number, 1u);
  EXPECT_EQ(calls().nvmlDeviceGetArchitecture(gpu, &number), Return::success);
  EXPECT_EQ(number, arch_hopper);
  int major = 0, minor = 0;
  EXPECT_EQ(calls().nvmlDeviceGetCudaComputeCapability(gpu, &major, &minor), Return::success);
  EXPECT_EQ(major * 10 + minor, 90);
}

TEST(NvmlDevice, versions_are_told) {
  const Probe probe(Probe::node(two_h100, R"("driver_version": "570.148.08", "cuda_version": "12.8", )"));
  char version[80];
  int cuda = 0;
  EXPECT_EQ(calls().nvmlSystemGetDriverVersion(version, sizeof version), Return::success);
  EXPECT_STREQ(version, "570.148.08");
  EXPECT_EQ(calls().nvmlSystemGetNVMLVersion(version, sizeof version), Return::success);
  EXPECT_STREQ(version, "12.570.148.08");
  EXPECT_EQ(calls().nvmlSystemGetCudaDriverVersion_v2(&cuda), Return::success);
  EXPECT_EQ(cuda, 12080);
}

TEST(NvmlDevice, a_buffer_that_is_too_small_is_left_alone) {
  const Probe probe(Probe::node(two_h100));
  char buffer[8] = "before";
  EXPECT_EQ(calls().nvmlDeviceGetName(probe.gpu(), buffer, sizeof buffer), Return::insufficient_size);
  EXPECT_EQ(calls().nvmlDeviceGetUUID(probe.gpu(), buffer, sizeof buffer), Return::insufficient_size);
  EXPECT_EQ(calls().nvmlDeviceGetSerial(probe.gpu(), buffer, 5), Return::insufficient_size);
  EXPECT_EQ(calls().nvmlDeviceGetVbiosVersion(probe.gpu(), buffer, 5), Return::insufficient_size);
  EXPECT_EQ(calls().nvmlSystemGetDriverVersion(buffer, 5), Return::insufficient_size);
  EXPECT_EQ(calls().nvmlSystemGetNVMLVersion(buffer, 5), Return::insufficient_size);
  EXPECT_STREQ(buffer, "before");
}

TEST(NvmlDevice, memory_adds_up_in_both_versions) {
  const Probe probe(Probe::node(two_h100));
  MemoryV2 second;
  Memory first;
  EXPECT_EQ(calls().nvmlDeviceGetMemoryInfo_v2(probe.gpu(), &second), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetMemoryInfo(probe.gpu(), &first), Return::success);
  EXPECT_EQ(second.total, 81559 * mib);
  EXPECT_EQ(second.total, second.reserved + second.used + second.free);
  EXPECT_GT(second.reserved, 0u);
  EXPECT_EQ(first.total, first.used + first.free);
  EXPECT_EQ(first.used, second.used + second.reserved);
  Bar1Memory bar1;
  EXPECT_EQ(calls().nvmlDeviceGetBAR1MemoryInfo(probe.gpu(), &bar1), Return::success);
  EXPECT_EQ(bar1.bar1_total, bar1.bar1_free + bar1.bar1_used);
}

TEST(NvmlDevice, a_wrong_version_tag_is_refused) {
  const Probe probe(Probe::node(two_h100));
  MemoryV2 memory{.version = 0x1000028};
  EXPECT_EQ(calls().nvmlDeviceGetMemoryInfo_v2(probe.gpu(), &memory), Return::argument_version_mismatch);
  TemperatureV1 temperature{.version = 1};
  EXPECT_EQ(calls().nvmlDeviceGetTemperatureV(probe.gpu(), &temperature), Return::argument_version_mismatch);
  MarginTemperatureV1 margin{.version = 0};
  EXPECT_EQ(calls().nvmlDeviceGetMarginTemperature(probe.gpu(), &margin), Return::argument_version_mismatch);
  PowerValueV2 power{.version = 0x100000c};
  EXPECT_EQ(calls().nvmlDeviceSetPowerManagementLimit_v2(probe.gpu(), &power), Return::argument_version_mismatch);
  ProcessesUtilizationInfoV1 utilization{.version = 7};
  EXPECT_EQ(calls().nvmlDeviceGetProcessesUtilizationInfo(probe.gpu(), &utilization), Return::argument_version_mismatch);
  GpuInstanceProfileInfoV2 profile{.version = 0x1000098};
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceProfileInfoV(probe.gpu(), 0, &profile), Return::argument_version_mismatch);
  GpmSupport support{.version = 0x1000008};
  EXPECT_EQ(calls().nvmlGpmQueryDeviceSupport(probe.gpu(), &support), Return::argument_version_mismatch);
  GpuFabricInfoV3 fabric{.version = 3};
  EXPECT_EQ(calls().nvmlDeviceGetGpuFabricInfoV(probe.gpu(), &fabric), Return::argument_version_mismatch);
}

TEST(NvmlDevice, processes_are_counted_first_and_have_no_instance_outside_mig) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "load": {"kind": "steady", "memory": 0.5},
      "processes": [{"name": "a", "pid": 71}, {"name": "b", "pid": 72, "memory_mib": 100},
        {"name": "Xorg", "pid": 73, "memory_mib": 8, "graphics": true}]})"));
  unsigned int count = 0;
  EXPECT_EQ(calls().nvmlDeviceGetComputeRunningProcesses_v3(probe.gpu(), &count, nullptr), Return::insufficient_size);
  EXPECT_EQ(count, 2u);
  ProcessInfo infos[4];
  count = 4;
  EXPECT_EQ(calls().nvmlDeviceGetComputeRunningProcesses_v3(probe.gpu(), &count, infos), Return::success);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(infos[0].pid, 71u);
  EXPECT_EQ(infos[0].gpu_instance_id, no_instance);
  EXPECT_EQ(infos[0].compute_instance_id, no_instance);
  EXPECT_EQ(infos[1].used_gpu_memory, 100 * mib);
  MemoryV2 memory;
  EXPECT_EQ(calls().nvmlDeviceGetMemoryInfo_v2(probe.gpu(), &memory), Return::success);
  EXPECT_EQ(memory.used, infos[0].used_gpu_memory + 108 * mib);
  count = 1;
  EXPECT_EQ(calls().nvmlDeviceGetComputeRunningProcesses_v3(probe.gpu(), &count, nullptr), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceGetComputeRunningProcesses_v3(probe.gpu(), &count, infos), Return::insufficient_size);
  ProcessInfoV1 old[4] = {};
  count = 4;
  EXPECT_EQ(calls().nvmlDeviceGetComputeRunningProcesses(probe.gpu(), &count, old), Return::success);
  EXPECT_EQ(old[1].pid, 72u);
  count = 4;
  EXPECT_EQ(calls().nvmlDeviceGetGraphicsRunningProcesses_v3(probe.gpu(), &count, infos), Return::success);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(infos[0].pid, 73u);
  char name[16];
  EXPECT_EQ(symbol<Return (*)(unsigned int, char*, unsigned int)>("nvmlSystemGetProcessName")(73, name, sizeof name), Return::success);
  EXPECT_STREQ(name, "Xorg");
}

TEST(NvmlDevice, an_idle_gpu_has_no_process_and_that_is_no_error) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB"})"));
  unsigned int count = 0;
  EXPECT_EQ(calls().nvmlDeviceGetComputeRunningProcesses_v3(probe.gpu(), &count, nullptr), Return::success);
  EXPECT_EQ(count, 0u);
  ProcessUtilizationSample sample;
  count = 1;
  EXPECT_EQ(calls().nvmlDeviceGetProcessUtilization(probe.gpu(), &sample, &count, 0), Return::not_found);
}

TEST(NvmlDevice, process_utilisation_tells_only_what_is_new) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "load": {"kind": "steady", "level": 0.8, "volatility": 0, "memory": 0.5}})"));
  ProcessUtilizationSample sample;
  unsigned int count = 0;
  EXPECT_EQ(calls().nvmlDeviceGetProcessUtilization(probe.gpu(), nullptr, &count, 0), Return::insufficient_size);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(calls().nvmlDeviceGetProcessUtilization(probe.gpu(), &sample, &count, 0), Return::success);
  EXPECT_EQ(sample.sm_util, 80u);
  EXPECT_EQ(calls().nvmlDeviceGetProcessUtilization(probe.gpu(), &sample, &count, ~0ULL), Return::not_found);
}

TEST(NvmlDevice, limits_are_kept_and_can_be_changed_by_root) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "load": {"kind": "steady", "level": 1}})", R"("privileged": true, )"));
  unsigned int least = 0, most = 0, value = 0;
  EXPECT_EQ(calls().nvmlDeviceGetPowerManagementLimitConstraints(probe.gpu(), &least, &most), Return::success);
  EXPECT_EQ(least, 200000u);
  EXPECT_EQ(most, 700000u);
  EXPECT_EQ(calls().nvmlDeviceSetPowerManagementLimit(probe.gpu(), 199999), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceSetPowerManagementLimit(probe.gpu(), 700001), Return::invalid_argument);
  unsigned long long before = 0, after = 0;
  EXPECT_EQ(calls().nvmlDeviceGetTotalEnergyConsumption(probe.gpu(), &before), Return::success);
  EXPECT_EQ(calls().nvmlDeviceSetPowerManagementLimit(probe.gpu(), 300000), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetTotalEnergyConsumption(probe.gpu(), &after), Return::success);
  EXPECT_GE(after, before);
  EXPECT_LT(after - before, 1000000u);
  EXPECT_EQ(calls().nvmlDeviceGetEnforcedPowerLimit(probe.gpu(), &value), Return::success);
  EXPECT_EQ(value, 300000u);
  EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(probe.gpu(), &value), Return::success);
  EXPECT_LE(value, 300000u);
  EXPECT_EQ(calls().nvmlDeviceGetPowerManagementDefaultLimit(probe.gpu(), &value), Return::success);
  EXPECT_EQ(value, 700000u);
  unsigned long long reasons = 0;
  EXPECT_EQ(calls().nvmlDeviceGetCurrentClocksEventReasons(probe.gpu(), &reasons), Return::success);
  EXPECT_NE(reasons & reason_sw_power_cap, 0u);
}

TEST(NvmlDevice, locked_clocks_hold) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "load": {"kind": "steady", "level": 1}})", R"("privileged": true, )"));
  unsigned int mhz = 0;
  EXPECT_EQ(calls().nvmlDeviceSetGpuLockedClocks(probe.gpu(), 900, 600), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceSetGpuLockedClocks(probe.gpu(), 600, 900), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetClockInfo(probe.gpu(), clock_sm, &mhz), Return::success);
  EXPECT_EQ(mhz, 900u);
  EXPECT_EQ(calls().nvmlDeviceResetGpuLockedClocks(probe.gpu()), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetClockInfo(probe.gpu(), clock_sm, &mhz), Return::success);
  EXPECT_GT(mhz, 900u);
  EXPECT_EQ(calls().nvmlDeviceGetMaxClockInfo(probe.gpu(), clock_sm, &mhz), Return::success);
  EXPECT_EQ(mhz, 1980u);
  EXPECT_EQ(calls().nvmlDeviceGetClock(probe.gpu(), clock_sm, 1, &mhz), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetClock(probe.gpu(), clock_sm, 9, &mhz), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceGetClockInfo(probe.gpu(), 4, &mhz), Return::invalid_argument);
}

TEST(NvmlDevice, application_clocks_are_gone_from_driver_595_on) {
  const Probe probe(Probe::node(R"({"model": "t4"})", R"("driver_version": "595.91.07", )"));
  unsigned int mhz = 0;
  EXPECT_EQ(calls().nvmlDeviceGetClock(probe.gpu(), clock_sm, 1, &mhz), Return::deprecated);
}

TEST(NvmlDevice, who_is_not_root_may_look_but_not_change) {
  const Probe probe(Probe::node(two_h100, R"("privileged": false, )"));
  Return activation{};
  EXPECT_EQ(calls().nvmlDeviceSetPowerManagementLimit(probe.gpu(), 300000), Return::no_permission);
  EXPECT_EQ(calls().nvmlDeviceSetMigMode(probe.gpu(), 1, &activation), Return::no_permission);
  EXPECT_EQ(calls().nvmlDeviceSetPersistenceMode(probe.gpu(), 1), Return::no_permission);
  EXPECT_EQ(calls().nvmlDeviceSetComputeMode(probe.gpu(), 3), Return::no_permission);
  EXPECT_EQ(calls().nvmlDeviceSetGpuLockedClocks(probe.gpu(), 600, 900), Return::no_permission);
  GpuInstanceProfileInfo info;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceProfileInfo(probe.gpu(), 0, &info), Return::success);
}

TEST(NvmlDevice, modes_can_be_set_by_root) {
  const Probe probe(Probe::node(two_h100, R"("privileged": true, )"));
  unsigned int mode = 9;
  EXPECT_EQ(calls().nvmlDeviceSetComputeMode(probe.gpu(), 3), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetComputeMode(probe.gpu(), &mode), Return::success);
  EXPECT_EQ(mode, 3u);
  EXPECT_EQ(calls().nvmlDeviceSetComputeMode(probe.gpu(), 4), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceSetPersistenceMode(probe.gpu(), 0), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetPersistenceMode(probe.gpu(), &mode), Return::success);
  EXPECT_EQ(mode, 0u);
}

TEST(NvmlDevice, field_values_carry_a_code_each) {
  const Probe probe(Probe::node(two_h100));
  FieldValue fields[6];
  const unsigned int ids[] = {field_memory_temperature, field_power_instant,  9999,
                              field_slowdown_tlimit,    field_nvlink_data_tx, field_retired_single};
  for (std::size_t i = 0; i < 6; ++i) fields[i].field_id = ids[i];
  fields[4].scope_id = 17;
  EXPECT_EQ(calls().nvmlDeviceGetFieldValues(probe.gpu(), 6, fields), Return::success);
  EXPECT_EQ(fields[0].nvml_return, Return::success);
  EXPECT_EQ(fields[0].value_type, value_unsigned_int);
  EXPECT_EQ(fields[1].nvml_return, Return::success);
  EXPECT_EQ(fields[2].nvml_return, Return::not_supported);
  EXPECT_EQ(fields[3].value_type, value_signed_int);
  EXPECT_EQ(fields[3].value.as_int, -2);
  EXPECT_EQ(fields[4].nvml_return, Return::success);
  EXPECT_EQ(fields[5].nvml_return, Return::not_supported);
  EXPECT_GT(fields[0].timestamp, 1700000000000000);
  FieldValue version{.field_id = 166, .scope_id = 3};
  EXPECT_EQ(calls().nvmlDeviceGetFieldValues(probe.gpu(), 1, &version), Return::success);
  EXPECT_EQ(version.value.as_uint, 6u);
  fields[4].scope_id = 18;
  EXPECT_EQ(calls().nvmlDeviceGetFieldValues(probe.gpu(), 6, fields), Return::success);
  EXPECT_EQ(fields[4].nvml_return, Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceGetFieldValues(probe.gpu(), 0, fields), Return::invalid_argument);
}

TEST(NvmlDevice, links_are_those_of_the_board) {
  const Probe probe(Probe::node(R"({"model": "A100_40GB"}, {"model": "t4"}, {"model": "H100_80GB"})"));
  unsigned int value = 0;
  EXPECT_EQ(calls().nvmlDeviceGetNvLinkState(probe.gpu(0), 11, &value), Return::success);
  EXPECT_EQ(value, 1u);
  EXPECT_EQ(calls().nvmlDeviceGetNvLinkState(probe.gpu(0), 12, &value), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceGetNvLinkVersion(probe.gpu(0), 0, &value), Return::success);
  EXPECT_EQ(value, 4u);
  EXPECT_EQ(calls().nvmlDeviceGetNvLinkState(probe.gpu(1), 0, &value), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetNvLinkState(probe.gpu(2), 17, &value), Return::success);
  PciInfo pci;
  EXPECT_EQ(calls().nvmlDeviceGetNvLinkRemotePciInfo_v2(probe.gpu(2), 0, &pci), Return::success);
  unsigned long long errors = 7;
  EXPECT_EQ(calls().nvmlDeviceGetNvLinkErrorCounter(probe.gpu(2), 0, 0, &errors), Return::success);
  EXPECT_EQ(errors, 0u);
  EXPECT_EQ(calls().nvmlDeviceGetNvLinkErrorCounter(probe.gpu(2), 0, 5, &errors), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceGetPcieThroughput(probe.gpu(2), pcie_rx, &value), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetPcieThroughput(probe.gpu(2), 2, &value), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlDeviceGetCurrPcieLinkGeneration(probe.gpu(2), &value), Return::success);
  EXPECT_EQ(value, 5u);
  EXPECT_EQ(calls().nvmlDeviceGetCurrPcieLinkWidth(probe.gpu(2), &value), Return::success);
  EXPECT_EQ(value, 16u);
}

TEST(NvmlDevice, gpus_of_one_socket_are_nearer_to_each_other) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "count": 4})"));
  unsigned int level = 0, count = 0, status = 9;
  EXPECT_EQ(calls().nvmlDeviceGetTopologyCommonAncestor(probe.gpu(0), probe.gpu(1), &level), Return::success);
  EXPECT_EQ(level, topology_node);
  EXPECT_EQ(calls().nvmlDeviceGetTopologyCommonAncestor(probe.gpu(0), probe.gpu(3), &level), Return::success);
  EXPECT_EQ(level, topology_system);
  EXPECT_EQ(calls().nvmlDeviceGetTopologyNearestGpus(probe.gpu(0), topology_system, &count, nullptr), Return::success);
  EXPECT_EQ(count, 2u);
  Device near[2] = {};
  EXPECT_EQ(calls().nvmlDeviceGetTopologyNearestGpus(probe.gpu(0), topology_system, &count, near), Return::success);
  EXPECT_EQ(near[1], probe.gpu(3));
  EXPECT_EQ(calls().nvmlDeviceGetP2PStatus(probe.gpu(0), probe.gpu(3), 2, &status), Return::success);
  EXPECT_EQ(status, 0u);
  unsigned long cpus[2] = {}, nodes[1] = {};
  EXPECT_EQ(calls().nvmlDeviceGetCpuAffinity(probe.gpu(3), 2, cpus), Return::success);
  EXPECT_EQ(cpus[0], 0u);
  EXPECT_EQ(cpus[1], ~0UL);
  EXPECT_EQ(calls().nvmlDeviceGetMemoryAffinity(probe.gpu(3), 1, nodes, 0), Return::success);
  EXPECT_EQ(nodes[0], 2u);
}

TEST(NvmlDevice, first_layouts_are_not_written_beyond_their_end) {
  const Probe probe(Probe::node(two_h100));
  unsigned char record[64];
  const auto untouched_from = [&](std::size_t size) {
    for (std::size_t i = size; i < sizeof record; ++i) EXPECT_EQ(record[i], 0xEE) << i;
  };
  std::memset(record, 0xEE, sizeof record);
  EXPECT_EQ(symbol<Return (*)(Device, void*)>("nvmlDeviceGetPciInfo")(probe.gpu(), record), Return::success);
  untouched_from(32);
  std::memset(record, 0xEE, sizeof record);
  EXPECT_EQ(symbol<Return (*)(Device, void*)>("nvmlDeviceGetPciInfo_v2")(probe.gpu(), record), Return::success);
  untouched_from(52);
  std::memset(record, 0xEE, sizeof record);
  unsigned int count = 1;
  EXPECT_EQ(calls().nvmlDeviceGetComputeRunningProcesses(probe.gpu(), &count, reinterpret_cast<ProcessInfoV1*>(record)), Return::success);
  untouched_from(16);
  GpuFabricInfoV3 fabric{.version = 0x2000024};
  fabric.health_summary = 0xEE;
  EXPECT_EQ(calls().nvmlDeviceGetGpuFabricInfoV(probe.gpu(), &fabric), Return::success);
  EXPECT_EQ(fabric.health_summary, 0xEE);
}

}  // namespace
}  // namespace reeve::sim
