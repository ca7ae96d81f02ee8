// The whole life of GPU and compute instances.

#include <boost/json/value.hpp>
#include <cstring>

#include "codec/json_parse.h"
#include "sim/nvml/probe.h"
#include "testing/source_tree.h"

namespace reeve::sim {
namespace {

using namespace nvml;

const std::string root = R"("privileged": true, )";

Probe with_mig(const std::string& model) { return Probe(Probe::node(R"({"model": ")" + model + R"(", "mig_mode": true})", root)); }

GpuInstance create(Device gpu, unsigned int profile, Return expected = Return::success) {
  GpuInstance instance = nullptr;
  EXPECT_EQ(calls().nvmlDeviceCreateGpuInstance(gpu, profile, &instance), expected);
  return instance;
}

GpuInstanceInfo info_of(GpuInstance instance) {
  GpuInstanceInfo info;
  EXPECT_EQ(calls().nvmlGpuInstanceGetInfo(instance, &info), Return::success);
  return info;
}

ComputeInstance compute_in(GpuInstance instance, unsigned int profile, Return expected = Return::success) {
  ComputeInstance compute = nullptr;
  EXPECT_EQ(calls().nvmlGpuInstanceCreateComputeInstance(instance, profile, &compute), expected);
  return compute;
}

unsigned int capacity(Device gpu, unsigned int profile) {
  unsigned int count = 99;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceRemainingCapacity(gpu, profile, &count), Return::success);
  return count;
}

TEST(NvmlMig, every_public_transcript_of_creations_is_reproduced) {
  std::ifstream file(source_path("tests/data/mig_placement_transcripts.json"));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto document = parse_json(text);
  ASSERT_TRUE(document.ok());
  const std::map<std::string, std::string> models{
      {"A100-40GB", "A100_40GB"}, {"H100-80GB", "H100_80GB"}, {"H100-94GB", "h100-nvl"}, {"A30-24GB", "a30"}};
  int n = 0;
  for (const boost::json::value& transcript : document->as_array()) {
    const std::string model = models.at(std::string(transcript.at("gpu").as_string()));
    const Probe probe(Probe::node(R"({"model": ")" + model + R"(", "mig_mode": true})", root + R"("seed": )" + std::to_string(++n) + ", "));
    const auto& wanted = transcript.at("profile_ids_requested").as_array();
    const auto& ids = transcript.at("gi_ids_created").as_array();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto profile = static_cast<unsigned int>(wanted[i].as_int64());
      const GpuInstance made = create(probe.gpu(), profile, ids[i].is_null() ? Return::insufficient_resources : Return::success);
      EXPECT_TRUE(ids[i].is_null() || info_of(made).id == static_cast<unsigned int>(ids[i].as_int64())) << model << " " << i;
    }
  }
  EXPECT_EQ(n, 7);
}

TEST(NvmlMig, profiles_are_asked_by_number_and_created_by_id) {
  const Probe probe = with_mig("H100_80GB");
  GpuInstanceProfileInfo first;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceProfileInfo(probe.gpu(), gpu_3_slice, &first), Return::success);
  EXPECT_EQ(first.id, 9u);
  EXPECT_EQ(first.multiprocessor_count, 60u);
  EXPECT_EQ(first.memory_size_mb, 40448u);
  EXPECT_EQ(first.instance_count, 2u);
  EXPECT_EQ(first.slice_count, 3u);
  GpuInstanceProfileInfoV2 second;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceProfileInfoV(probe.gpu(), gpu_1_slice_me, &second), Return::success);
  EXPECT_STREQ(second.name, "MIG 1g.10gb+me");
  EXPECT_EQ(second.id, 20u);
  GpuInstanceProfileInfoV3 third;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceProfileInfoV(probe.gpu(), gpu_7_slice, reinterpret_cast<GpuInstanceProfileInfoV2*>(&third)),
            Return::success);
  EXPECT_STREQ(third.name, "MIG 7g.80gb");
  EXPECT_EQ(third.memory_size_mb, 81152u);
  EXPECT_EQ(third.multiprocessor_count, 132u);
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceProfileInfo(probe.gpu(), gpu_6_slice, &first), Return::not_supported);
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceProfileInfo(probe.gpu(), gpu_instance_profile_count, &first), Return::invalid_argument);
}

TEST(NvmlMig, every_profile_has_multiprocessors_and_memory) {
  for (const char* model : {"a30", "A100_80GB", "H100_80GB", "h200-sxm", "b200", "gb200", "b300", "rtx-pro-6000-se"}) {
    const Probe probe = with_mig(model);
    int profiles = 0;
    for (unsigned int profile = 0; profile < gpu_instance_profile_count; ++profile) {
      GpuInstanceProfileInfo info;
      if (calls().nvmlDeviceGetGpuInstanceProfileInfo(probe.gpu(), profile, &info) != Return::success) continue;
      ++profiles;
      EXPECT_GT(info.multiprocessor_count, 0U) << model << ' ' << info.id;
      EXPECT_GT(info.memory_size_mb, 0U) << model << ' ' << info.id;
    }
    EXPECT_GE(profiles, 5) << model;
  }
  const Probe probe = with_mig("b200");
  GpuInstance whole = create(probe.gpu(), 0);
  compute_in(whole, 4);
  Device mig_device = nullptr;
  ASSERT_EQ(calls().nvmlDeviceGetMigDeviceHandleByIndex(probe.gpu(), 0, &mig_device), Return::success);
  DeviceAttributes attributes;
  ASSERT_EQ(calls().nvmlDeviceGetAttributes_v2(mig_device, &attributes), Return::success);
  EXPECT_GT(attributes.multiprocessor_count, 0U);
}

TEST(NvmlMig, placements_are_all_legal_ones_and_capacity_is_what_is_free) {
  const Probe probe = with_mig("A100_40GB");
  unsigned int count = 0;
  GpuInstancePlacement places[7];
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstancePossiblePlacements_v2(probe.gpu(), 14, nullptr, &count), Return::success);
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstancePossiblePlacements_v2(probe.gpu(), 9, places, &count), Return::success);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(places[1].start, 4u);
  EXPECT_EQ(places[1].size, 4u);
  EXPECT_EQ(capacity(probe.gpu(), 19), 7u);
  EXPECT_EQ(capacity(probe.gpu(), 20), 1u);
  create(probe.gpu(), 9);
  EXPECT_EQ(capacity(probe.gpu(), 19), 4u);
  EXPECT_EQ(capacity(probe.gpu(), 9), 1u);
  EXPECT_EQ(capacity(probe.gpu(), 0), 0u);
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceRemainingCapacity(probe.gpu(), 77, &count), Return::invalid_argument);
}

TEST(NvmlMig, a_placement_may_be_chosen) {
  const Probe probe = with_mig("A100_40GB");
  GpuInstance instance = nullptr;
  GpuInstancePlacement place{.start = 2, .size = 2};
  EXPECT_EQ(calls().nvmlDeviceCreateGpuInstanceWithPlacement(probe.gpu(), 14, &place, &instance), Return::success);
  EXPECT_EQ(info_of(instance).id, 4u);
  EXPECT_EQ(calls().nvmlDeviceCreateGpuInstanceWithPlacement(probe.gpu(), 14, &place, &instance), Return::insufficient_resources);
  place = {.start = 1, .size = 2};
  EXPECT_EQ(calls().nvmlDeviceCreateGpuInstanceWithPlacement(probe.gpu(), 14, &place, &instance), Return::invalid_argument);
  place = {.start = 0, .size = 1};
  EXPECT_EQ(calls().nvmlDeviceCreateGpuInstanceWithPlacement(probe.gpu(), 14, &place, &instance), Return::invalid_argument);
}

TEST(NvmlMig, instances_live_and_die_in_order) {
  const Probe probe = with_mig("A100_40GB");
  const GpuInstance instance = create(probe.gpu(), 9);
  Device device = nullptr;
  EXPECT_EQ(calls().nvmlDeviceGetMigDeviceHandleByIndex(probe.gpu(), 0, &device), Return::not_found);
  const ComputeInstance compute = compute_in(instance, 2);
  EXPECT_EQ(calls().nvmlDeviceGetMigDeviceHandleByIndex(probe.gpu(), 0, &device), Return::success);
  EXPECT_EQ(calls().nvmlGpuInstanceDestroy(instance), Return::in_use);
  EXPECT_EQ(calls().nvmlComputeInstanceDestroy(compute), Return::success);
  EXPECT_EQ(calls().nvmlComputeInstanceDestroy(compute), Return::invalid_argument);
  unsigned int id = 0;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceId(device, &id), Return::invalid_argument);
  EXPECT_EQ(calls().nvmlGpuInstanceDestroy(instance), Return::success);
  GpuInstanceInfo info;
  EXPECT_EQ(calls().nvmlGpuInstanceGetInfo(instance, &info), Return::invalid_argument);
  EXPECT_EQ(create(probe.gpu(), 9), instance);  // the handle is used again
}

TEST(NvmlMig, instances_are_listed_by_profile_and_found_by_id) {
  const Probe probe = with_mig("A100_40GB");
  const GpuInstance big = create(probe.gpu(), 9);
  create(probe.gpu(), 19);
  create(probe.gpu(), 19);
  GpuInstance found[7] = {};
  unsigned int count = 0;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstances(probe.gpu(), 19, found, &count), Return::success);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstances(probe.gpu(), 14, found, &count), Return::success);
  EXPECT_EQ(count, 0u);
  GpuInstance same = nullptr;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceById(probe.gpu(), 2, &same), Return::success);
  EXPECT_EQ(same, big);
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceById(probe.gpu(), 1, &same), Return::not_found);
  EXPECT_EQ(info_of(big).device, probe.gpu());
  EXPECT_EQ(info_of(big).profile_id, 9u);
  EXPECT_EQ(info_of(big).placement.start, 4u);
}

TEST(NvmlMig, compute_instances_share_a_gpu_instance) {
  const Probe probe = with_mig("A100_40GB");
  const GpuInstance instance = create(probe.gpu(), 9);
  ComputeInstanceProfileInfo info;
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceProfileInfo(instance, compute_2_slice, 0, &info), Return::success);
  EXPECT_EQ(info.id, 1u);
  EXPECT_EQ(info.multiprocessor_count, 28u);
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceProfileInfo(instance, compute_4_slice, 0, &info), Return::not_supported);
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceProfileInfo(instance, compute_2_slice, 1, &info), Return::invalid_argument);
  ComputeInstanceProfileInfoV2 named;
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceProfileInfoV(instance, compute_1_slice, 0, &named), Return::success);
  EXPECT_STREQ(named.name, "MIG 1c.3g.20gb");
  named.version = 0x1000088;
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceProfileInfoV(instance, compute_1_slice, 0, &named), Return::argument_version_mismatch);

  const ComputeInstance two = compute_in(instance, 1);
  compute_in(instance, 1, Return::insufficient_resources);
  compute_in(instance, 2, Return::insufficient_resources);
  compute_in(instance, 9, Return::invalid_argument);
  const ComputeInstance one = compute_in(instance, 0);
  compute_in(instance, 0, Return::insufficient_resources);
  unsigned int count = 9;
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceRemainingCapacity(instance, 0, &count), Return::success);
  EXPECT_EQ(count, 0u);
  ComputeInstanceInfo about;
  EXPECT_EQ(calls().nvmlComputeInstanceGetInfo_v2(one, &about), Return::success);
  EXPECT_EQ(about.id, 1u);
  EXPECT_EQ(about.gpu_instance, instance);
  EXPECT_EQ(about.placement.start, 2u);
  EXPECT_EQ(text(calls().nvmlDeviceGetName, probe.mig(1)), "NVIDIA A100-SXM4-40GB MIG 1c.3g.20gb");
  ComputeInstance same = nullptr;
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceById(instance, 0, &same), Return::success);
  EXPECT_EQ(same, two);
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceById(instance, 5, &same), Return::not_found);
  ComputeInstance found[7] = {};
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstances(instance, 0, found, &count), Return::success);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(found[0], one);
  ComputeInstancePlacement place{.start = 2, .size = 1};
  EXPECT_EQ(calls().nvmlComputeInstanceDestroy(one), Return::success);
  EXPECT_EQ(calls().nvmlGpuInstanceCreateComputeInstanceWithPlacement(instance, 0, &place, &same), Return::success);
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstancePossiblePlacements(instance, 0, nullptr, &count), Return::success);
  EXPECT_EQ(count, 3u);
}

TEST(NvmlMig, a_mig_device_knows_its_gpu_its_ids_and_its_share) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "mig": [{"profile": "3g.40gb", "load": "inference"}, "1g.10gb"]})", root));
  unsigned int value = 0;
  EXPECT_EQ(calls().nvmlDeviceGetMaxMigDeviceCount(probe.gpu(), &value), Return::success);
  EXPECT_EQ(value, 7u);
  const Device device = probe.mig(0);
  EXPECT_EQ(calls().nvmlDeviceIsMigDeviceHandle(device, &value), Return::success);
  EXPECT_EQ(value, 1u);
  EXPECT_EQ(calls().nvmlDeviceIsMigDeviceHandle(probe.gpu(), &value), Return::success);
  EXPECT_EQ(value, 0u);
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceId(device, &value), Return::success);
  EXPECT_EQ(value, 2u);
  EXPECT_EQ(calls().nvmlDeviceGetComputeInstanceId(device, &value), Return::success);
  EXPECT_EQ(value, 0u);
  Device parent = nullptr, same = nullptr;
  EXPECT_EQ(calls().nvmlDeviceGetDeviceHandleFromMigDeviceHandle(device, &parent), Return::success);
  EXPECT_EQ(parent, probe.gpu());
  const std::string uuid = text(calls().nvmlDeviceGetUUID, device);
  EXPECT_TRUE(uuid.starts_with("MIG-"));
  EXPECT_EQ(calls().nvmlDeviceGetHandleByUUID(uuid.c_str(), &same), Return::success);
  EXPECT_EQ(same, device);
  EXPECT_EQ(text(calls().nvmlDeviceGetName, device), "NVIDIA H100 80GB HBM3 MIG 3g.40gb");
  DeviceAttributes attributes;
  EXPECT_EQ(calls().nvmlDeviceGetAttributes_v2(device, &attributes), Return::success);
  EXPECT_EQ(attributes.multiprocessor_count, 60u);
  EXPECT_EQ(attributes.gpu_instance_slice_count, 3u);
  EXPECT_EQ(attributes.memory_size_mb, 40448u);
  EXPECT_EQ(calls().nvmlDeviceGetAttributes_v2(probe.gpu(), &attributes), Return::not_supported);
  MemoryV2 memory;
  EXPECT_EQ(calls().nvmlDeviceGetMemoryInfo_v2(device, &memory), Return::success);
  EXPECT_EQ(memory.total, 40448ULL << 20);
  ProcessInfo process;
  value = 1;
  EXPECT_EQ(calls().nvmlDeviceGetComputeRunningProcesses_v3(device, &value, &process), Return::success);
  EXPECT_EQ(process.gpu_instance_id, 2u);
  EXPECT_EQ(process.compute_instance_id, 0u);
  EXPECT_EQ(process.used_gpu_memory, memory.used);
  EXPECT_EQ(calls().nvmlDeviceGetMigDeviceHandleByIndex(probe.gpu(), 2, &same), Return::not_found);
  EXPECT_EQ(calls().nvmlDeviceGetMigDeviceHandleByIndex(probe.gpu(), 7, &same), Return::invalid_argument);
}

TEST(NvmlMig, a_slice_with_a_process_cannot_be_destroyed) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "mig": [{"profile": "3g.40gb", "load": "inference"}]})", root));
  GpuInstance instance = nullptr;
  ComputeInstance compute = nullptr;
  EXPECT_EQ(calls().nvmlDeviceGetGpuInstanceById(probe.gpu(), 2, &instance), Return::success);
  EXPECT_EQ(calls().nvmlGpuInstanceGetComputeInstanceById(instance, 0, &compute), Return::success);
  EXPECT_EQ(calls().nvmlComputeInstanceDestroy(compute), Return::in_use);
}

TEST(NvmlMig, ampere_needs_an_idle_gpu_to_change_its_mode) {
  const Probe probe(Probe::node(R"({"model": "A100_40GB"}, {"model": "A100_40GB", "load": "inference"},
{"model": "A100_40GB", "held_by_client": true})",
                                root));
  unsigned int current = 9, pending = 9;
  Return activation{};
  EXPECT_EQ(calls().nvmlDeviceSetMigMode(probe.gpu(0), 1, &activation), Return::success);
  EXPECT_EQ(activation, Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetMigMode(probe.gpu(0), &current, &pending), Return::success);
  EXPECT_EQ(current, 1u);
  EXPECT_EQ(calls().nvmlDeviceSetMigMode(probe.gpu(1), 1, &activation), Return::success);
  EXPECT_EQ(activation, Return::in_use);
  EXPECT_EQ(calls().nvmlDeviceGetMigMode(probe.gpu(1), &current, &pending), Return::success);
  EXPECT_EQ(current, 0u);
  EXPECT_EQ(pending, 1u);
  EXPECT_EQ(calls().nvmlDeviceSetMigMode(probe.gpu(2), 1, &activation), Return::success);
  EXPECT_EQ(activation, Return::reset_required);
  EXPECT_EQ(calls().nvmlDeviceSetMigMode(probe.gpu(2), 2, &activation), Return::invalid_argument);
  GpuInstance none = nullptr;
  EXPECT_EQ(calls().nvmlDeviceCreateGpuInstance(probe.gpu(1), 19, &none), Return::not_supported);
}

TEST(NvmlMig, hopper_changes_its_mode_without_a_reset) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "held_by_client": true})", root));
  unsigned int current = 9, pending = 9, count = 9;
  Return activation{};
  EXPECT_EQ(calls().nvmlDeviceGetMaxMigDeviceCount(probe.gpu(), &count), Return::success);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(calls().nvmlDeviceSetMigMode(probe.gpu(), 1, &activation), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetMigMode(probe.gpu(), &current, &pending), Return::success);
  EXPECT_EQ(current, 1u);
  const GpuInstance instance = create(probe.gpu(), 0);
  EXPECT_EQ(calls().nvmlDeviceSetMigMode(probe.gpu(), 0, &activation), Return::in_use);
  EXPECT_EQ(calls().nvmlGpuInstanceDestroy(instance), Return::success);
  EXPECT_EQ(calls().nvmlDeviceSetMigMode(probe.gpu(), 0, &activation), Return::success);
  FieldValue field{.field_id = field_resetless_mig};
  EXPECT_EQ(calls().nvmlDeviceGetFieldValues(probe.gpu(), 1, &field), Return::success);
  EXPECT_EQ(field.value.as_uint, 1u);
}

TEST(NvmlMig, energy_does_not_jump_when_the_layout_changes) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "mig_mode": true, "instance_load": {"kind": "steady", "level": 1}})", root));
  unsigned long long before = 0, after = 0;
  EXPECT_EQ(calls().nvmlDeviceGetTotalEnergyConsumption(probe.gpu(), &before), Return::success);
  compute_in(create(probe.gpu(), 0), 4);
  EXPECT_EQ(calls().nvmlDeviceGetTotalEnergyConsumption(probe.gpu(), &after), Return::success);
  EXPECT_GE(after, before);
  EXPECT_LT(after - before, 1000000u);
  unsigned int milliwatts = 0;
  EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(probe.gpu(), &milliwatts), Return::success);
  EXPECT_EQ(milliwatts, 700000u);
}

TEST(NvmlMig, a_state_file_keeps_instances_until_the_machine_is_started_anew) {
  const std::string file = ::testing::TempDir() + "reeve_sim_mig_state.json";
  std::filesystem::remove(file);
  const auto node = [&](const std::string& boot, int seed) {
    return Probe::node(R"({"model": "A100_40GB", "uuid": "GPU-7", "mig_mode": true})",
                       root + R"("state_file": ")" + file + R"(", "boot_id": ")" + boot + R"(", "seed": )" + std::to_string(seed) + ", ");
  };
  {
    const Probe probe(node("a", 1));
    compute_in(create(probe.gpu(), 9), 2);
  }
  {
    const Probe probe(node("a", 2));  // another process, as far as the library can tell
    EXPECT_EQ(text(calls().nvmlDeviceGetName, probe.mig(0)), "NVIDIA A100-SXM4-40GB MIG 3g.20gb");
  }
  const Probe probe(node("b", 3));
  Device none = nullptr;
  EXPECT_EQ(calls().nvmlDeviceGetMigDeviceHandleByIndex(probe.gpu(), 0, &none), Return::not_found);
  EXPECT_EQ(capacity(probe.gpu(), 0), 1u);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace reeve::sim
