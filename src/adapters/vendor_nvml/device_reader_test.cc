#include "adapters/vendor_nvml/device_reader.h"

#include <gtest/gtest.h>

#include <cstring>

namespace reeve::nvml {
namespace {

// One GPU behind a table of calls; its state is the test's to turn.
struct FakeGpu {
  std::string uuid = "GPU-1";
  bool lost = false;
  bool mig = false;
  std::vector<unsigned int> instances{};  // GPU instance ids, profile 19, one compute instance each
  int utilization_calls = 0;
  unsigned long long pcie_bytes = 0;
  long long now_us = 1;
  Return memory_v2 = Return::success;
};
FakeGpu gpu;

Return answer_text(const std::string& text, char* out, unsigned int size) {
  if (gpu.lost) return Return::gpu_is_lost;
  if (size <= text.size()) return Return::insufficient_size;
  std::memcpy(out, text.c_str(), text.size() + 1);
  return Return::success;
}

Device handle_of(std::uintptr_t number) { return reinterpret_cast<Device>(number); }
bool is_mig(Device device) { return reinterpret_cast<std::uintptr_t>(device) > 100; }
unsigned int mig_id(Device device) { return gpu.instances[reinterpret_cast<std::uintptr_t>(device) - 101]; }

void add_whole_gpu_calls(Calls& calls) {
  calls.nvmlDeviceGetHandleByIndex_v2 = [](unsigned int, Device* out) {
    *out = handle_of(1);
    return gpu.lost ? Return::gpu_is_lost : Return::success;
  };
  calls.nvmlDeviceGetUUID = [](Device device, char* out, unsigned int size) {
    return answer_text(is_mig(device) ? fmt::format("MIG-{}", mig_id(device)) : gpu.uuid, out, size);
  };
  calls.nvmlDeviceGetName = [](Device, char* out, unsigned int size) { return answer_text("NVIDIA H100 80GB HBM3", out, size); };
  calls.nvmlDeviceGetPciInfo_v3 = [](Device, PciInfo* pci) {
    std::strcpy(pci->bus_id, "00000000:18:00.0");
    pci->pci_device_id = 0x233010DE;
    return Return::success;
  };
  calls.nvmlDeviceGetUtilizationRates = [](Device, Utilization* out) {
    ++gpu.utilization_calls;
    if (gpu.lost) return Return::gpu_is_lost;
    *out = {93, 41};
    return gpu.mig ? Return::not_supported : Return::success;
  };
  calls.nvmlDeviceGetMemoryInfo_v2 = [](Device device, MemoryV2* out) {
    EXPECT_EQ(out->version, 0x2000028U);
    if (gpu.memory_v2 != Return::success) return gpu.memory_v2;
    const unsigned long long part = is_mig(device) ? 8 : 1;
    out->total = (81559ULL << 20) / part;
    out->reserved = (551ULL << 20) / part;
    out->used = (1000ULL << 20) / part;
    out->free = out->total - out->reserved - out->used;
    return Return::success;
  };
  calls.nvmlDeviceGetMemoryInfo = [](Device, Memory* out) {
    *out = {81559ULL << 20, 80008ULL << 20, 1551ULL << 20};
    return Return::success;
  };
  calls.nvmlDeviceGetPowerUsage = [](Device, unsigned int* out) {
    *out = 612471;
    return Return::success;
  };
  calls.nvmlDeviceGetFieldValues = [](Device, int count, FieldValue* fields) {
    for (int i = 0; i < count; ++i) {
      const bool counter = fields[i].field_id == field_pcie_tx_bytes;
      fields[i].nvml_return = counter ? Return::success : Return::not_supported;
      fields[i].value_type = value_unsigned_long_long;
      fields[i].value.as_ulonglong = gpu.pcie_bytes;
      fields[i].timestamp = gpu.now_us;
    }
    return Return::success;
  };
}

void add_mig_calls(Calls& calls) {
  calls.nvmlDeviceGetMigMode = [](Device, unsigned int* current, unsigned int* pending) {
    *current = *pending = gpu.mig;
    return Return::success;
  };
  calls.nvmlDeviceGetMaxMigDeviceCount = [](Device, unsigned int* out) {
    *out = 7;
    return Return::success;
  };
  calls.nvmlDeviceGetMigDeviceHandleByIndex = [](Device, unsigned int index, Device* out) {
    *out = handle_of(101 + index);
    return index < gpu.instances.size() ? Return::success : Return::not_found;
  };
  calls.nvmlDeviceGetGpuInstanceId = [](Device device, unsigned int* out) {
    *out = mig_id(device);
    return Return::success;
  };
  calls.nvmlDeviceGetComputeInstanceId = [](Device, unsigned int* out) {
    *out = 0;
    return Return::success;
  };
  calls.nvmlDeviceGetGpuInstanceById = [](Device, unsigned int id, GpuInstance* out) {
    *out = reinterpret_cast<GpuInstance>(std::uintptr_t{id} + 1);
    return Return::success;
  };
  calls.nvmlGpuInstanceGetInfo = [](GpuInstance handle, GpuInstanceInfo* out) {
    out->id = static_cast<unsigned int>(reinterpret_cast<std::uintptr_t>(handle) - 1);
    out->profile_id = 19;
    out->placement = {out->id - 7, 1};
    return Return::success;
  };
  calls.nvmlDeviceGetGpuInstanceProfileInfoV = [](Device, unsigned int profile, GpuInstanceProfileInfoV2* out) {
    if (profile != gpu_1_slice) return Return::not_supported;
    out->id = 19;
    std::strcpy(out->name, "MIG 1g.10gb");
    return Return::success;
  };
}

Calls fake_calls() {
  Calls calls;
  add_whole_gpu_calls(calls);
  add_mig_calls(calls);
  calls.nvmlDeviceGetComputeRunningProcesses_v3 = [](Device device, unsigned int* count, ProcessInfo* out) {
    constexpr unsigned int running = 20;  // more than the room that is offered at first
    const bool room = *count >= running;
    *count = running;
    if (!room) return Return::insufficient_size;
    for (unsigned int i = 0; i < running; ++i)
      out[i] = {4'000'000'000U + i, i == 0 ? value_not_available : 64ULL << 20, is_mig(device) ? mig_id(device) : no_instance,
                is_mig(device) ? 0 : no_instance};
    return Return::success;
  };
  return calls;
}

class DeviceReaderTest : public testing::Test {
 protected:
  DeviceReaderTest() { gpu = {}; }
  DeviceReader reader_{Library::of(fake_calls()), std::make_shared<Heartbeat>(), 3, "/nowhere"};
};

TEST_F(DeviceReaderTest, a_gpu_is_read_with_its_identity_values_and_processes) {
  const Look look = reader_.look();
  ASSERT_TRUE(look.device);
  EXPECT_EQ(look.device->index, 3);
  EXPECT_EQ(look.device->uuid.text, "GPU-1");
  EXPECT_EQ(look.device->pci_address, "00000000:18:00.0");
  EXPECT_EQ(look.device->pci_device_id, "2330");
  EXPECT_EQ(look.device->memory, MiB(81559));
  EXPECT_EQ(look.device->mig_enabled, false);
  EXPECT_EQ(look.device->values.get(Metric::gpu_utilization), 93);
  EXPECT_EQ(look.device->values.get(Metric::power_usage), 612.471);
  EXPECT_EQ(look.device->values.get(Metric::memory_used), 1000);
  EXPECT_EQ(look.device->values.get(Metric::memory_reserved), 551);
  EXPECT_EQ(look.device->values.get(Metric::compute_processes), 20);
  ASSERT_EQ(look.device->processes.size(), 20U);
  EXPECT_FALSE(look.device->processes[0].memory);  // "not available" is not 0
  EXPECT_EQ(look.device->processes[1].memory, MiB(64));
  EXPECT_FALSE(look.device->processes[1].gpu_instance);
}

TEST_F(DeviceReaderTest, what_the_driver_does_not_answer_is_absent) {
  const Look look = reader_.look();
  for (const Metric metric : {Metric::gpu_temperature, Metric::memory_temperature, Metric::total_energy, Metric::fan_speed,
                              Metric::ecc_double_bit_volatile, Metric::graphics_engine_active, Metric::nvlink_bandwidth_total})
    EXPECT_FALSE(look.device->values.has(metric)) << info(metric).name;
}

TEST_F(DeviceReaderTest, the_first_memory_record_stands_in_where_the_second_is_refused) {
  gpu.memory_v2 = Return::argument_version_mismatch;
  const Look look = reader_.look();
  EXPECT_EQ(look.device->values.get(Metric::memory_used), 1551);
  EXPECT_FALSE(look.device->values.has(Metric::memory_reserved));
}

TEST_F(DeviceReaderTest, a_counter_seen_twice_becomes_a_rate) {
  gpu.pcie_bytes = 1'000'000;
  EXPECT_FALSE(reader_.look().device->values.has(Metric::pcie_tx));
  gpu.pcie_bytes += 30'000'000;
  gpu.now_us += 30'000'000;
  EXPECT_EQ(reader_.look().device->values.get(Metric::pcie_tx), 1e6);
  gpu.pcie_bytes = 5;  // the driver was loaded anew
  gpu.now_us += 30'000'000;
  EXPECT_FALSE(reader_.look().device->values.has(Metric::pcie_tx));
}

TEST_F(DeviceReaderTest, mig_devices_are_read_with_profile_placement_and_their_own_memory) {
  gpu.mig = true;
  gpu.instances = {9, 7};
  const Look look = reader_.look();
  EXPECT_EQ(look.device->mig_enabled, true);
  ASSERT_EQ(look.device->instances.size(), 2U);
  const InstanceObservation& first = look.device->instances[0];
  EXPECT_EQ(first.gpu_instance_id, 7);
  EXPECT_EQ(first.uuid.text, "MIG-7");
  EXPECT_EQ(first.profile, "1g.10gb");
  EXPECT_EQ(first.profile_id, 19);
  EXPECT_EQ(first.placement, (mig::Placement{0, 1}));
  EXPECT_EQ(first.values.get(Metric::memory_used), 125);
  EXPECT_FALSE(first.values.has(Metric::power_usage));  // the GPU's, not its own
  EXPECT_EQ(look.device->processes.size(), 40U);
  EXPECT_EQ(look.device->processes[39].gpu_instance, 9);
}

TEST_F(DeviceReaderTest, a_refused_call_is_not_repeated_until_mig_changes) {
  gpu.mig = true;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(reader_.look().device->values.has(Metric::gpu_utilization));
  EXPECT_EQ(gpu.utilization_calls, 1);
  gpu.mig = false;
  EXPECT_EQ(reader_.look().device->values.get(Metric::gpu_utilization), 93);
}

TEST_F(DeviceReaderTest, a_lost_gpu_keeps_its_identity_and_has_no_values) {
  gpu.mig = true;
  gpu.instances = {7};
  ASSERT_TRUE(reader_.look().device);
  gpu.lost = true;
  Look look = reader_.look();
  ASSERT_TRUE(look.device);
  EXPECT_TRUE(look.device->lost);
  EXPECT_EQ(look.device->uuid.text, "GPU-1");
  EXPECT_EQ(look.device->instances.size(), 1U);
  EXPECT_TRUE(look.device->values.empty());
  EXPECT_TRUE(look.device->instances[0].values.empty());
  EXPECT_EQ(look.handle, nullptr);
  gpu.lost = false;
  look = reader_.look();
  EXPECT_FALSE(look.device->lost);
  EXPECT_TRUE(look.device->values.has(Metric::power_usage));
}

TEST_F(DeviceReaderTest, a_gpu_that_was_never_seen_well_is_not_reported) {
  gpu.lost = true;
  EXPECT_FALSE(reader_.look().device);
}

TEST_F(DeviceReaderTest, another_gpu_at_the_same_index_is_another_device) {
  reader_.look();
  gpu.uuid = "GPU-2";
  EXPECT_EQ(reader_.look().device->uuid.text, "GPU-2");
}

TEST(ProfileIn, finds_the_profile_of_the_gpu_instance_in_what_drivers_write) {
  EXPECT_EQ(profile_in("MIG 1g.10gb"), "1g.10gb");
  EXPECT_EQ(profile_in("MIG 1g.10gb+me"), "1g.10gb+me");
  EXPECT_EQ(profile_in("NVIDIA A100-SXM4-40GB MIG 3g.20gb"), "3g.20gb");
  EXPECT_EQ(profile_in("NVIDIA A100-SXM4-40GB MIG 1c.3g.20gb"), "3g.20gb");
  EXPECT_EQ(profile_in("NVIDIA A100-SXM4-40GB"), "");
}

}  // namespace
}  // namespace reeve::nvml
