// What every call has in common: symbols, initialisation, arguments, lost GPUs, faults.

#include <chrono>
#include <thread>

#include "sim/nvml/probe.h"

namespace reeve::sim {
namespace {

using namespace nvml;

TEST(NvmlSurface, every_call_is_exported) {
#define REEVE_NVML_HAS(symbol, parameters) EXPECT_NE(calls().symbol, nullptr) << #symbol;
  REEVE_NVML_CALLS(REEVE_NVML_HAS)
#undef REEVE_NVML_HAS
  for (const char* first : {"nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex", "nvmlDeviceGetHandleByPciBusId",
                            "nvmlDeviceGetPciInfo", "nvmlDeviceGetPciInfo_v2", "nvmlEventSetWait", "nvmlDeviceGetAttributes",
                            "nvmlComputeInstanceGetInfo", "nvmlDeviceGetComputeRunningProcesses", "nvmlSystemGetCudaDriverVersion",
                            "nvmlDeviceGetGpuInstancePossiblePlacements", "nvmlDeviceGetNvLinkRemotePciInfo", "nvmlDeviceGetRetiredPages"})
    EXPECT_NE(dlsym(open_library(), first), nullptr) << first;
}

template <class... Arguments>
Return call_with_nothing(Return (*call)(Arguments...)) {
  return call(Arguments{}...);
}

TEST(NvmlSurface, every_call_before_initialisation_says_so) {
  unsetenv("REEVE_SIM_SCENARIO");
  const std::set<std::string> others{"nvmlInit_v2", "nvmlInitWithFlags", "nvmlSystemGetNVMLVersion", "nvmlSystemGetCudaDriverVersion_v2",
                                     "nvmlGpmSampleFree"};
#define REEVE_NVML_TRY(symbol, parameters) \
  EXPECT_TRUE(others.contains(#symbol) || call_with_nothing(calls().symbol) == Return::uninitialized) << #symbol;
  REEVE_NVML_CALLS(REEVE_NVML_TRY)
#undef REEVE_NVML_TRY
}

TEST(NvmlSurface, no_or_a_bad_scenario_means_no_driver) {
  unsetenv("REEVE_SIM_SCENARIO");
  EXPECT_EQ(calls().nvmlInit_v2(), Return::driver_not_loaded);
  setenv("REEVE_SIM_SCENARIO", "/nowhere/scenario.json", 1);
  EXPECT_EQ(calls().nvmlInitWithFlags(0), Return::driver_not_loaded);
  const std::string path = ::testing::TempDir() + "reeve_sim_bad.json";
  std::ofstream(path) << R"({"gpus": [{"model": "nothing"}]})";
  setenv("REEVE_SIM_SCENARIO", path.c_str(), 1);
  EXPECT_EQ(calls().nvmlInit_v2(), Return::driver_not_loaded);
  EXPECT_EQ(calls().nvmlShutdown(), Return::uninitialized);
  std::filesystem::remove(path);
}

TEST(NvmlSurface, initialisation_is_counted) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB"})"));
  EXPECT_EQ(symbol<Return (*)()>("nvmlInit")(), Return::success);
  EXPECT_EQ(calls().nvmlShutdown(), Return::success);
  unsigned int count = 0;
  EXPECT_EQ(calls().nvmlDeviceGetCount_v2(&count), Return::success);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(calls().nvmlInitWithFlags(0x80), Return::invalid_argument);
}

template <class T>
T argument([[maybe_unused]] Device device) {
  if constexpr (std::is_same_v<T, Device>)
    return device;
  else
    return T{};
}

template <class... Arguments>
constexpr bool takes_device_and_pointer(Return (*)(Arguments...)) {
  return (std::is_same_v<Arguments, Device> || ...) && ((std::is_pointer_v<Arguments> && !std::is_same_v<Arguments, Device>) || ...);
}

template <class... Arguments>
Return call_with_device(Return (*call)(Arguments...), [[maybe_unused]] Device device) {
  return call(argument<Arguments>(device)...);
}

TEST(NvmlSurface, a_missing_argument_is_refused_by_every_call) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB"})"));
#define REEVE_NVML_TRY(symbol, parameters)                                                                                            \
  EXPECT_TRUE(!takes_device_and_pointer(calls().symbol) || call_with_device(calls().symbol, probe.gpu()) == Return::invalid_argument) \
      << #symbol;
  REEVE_NVML_CALLS(REEVE_NVML_TRY)
#undef REEVE_NVML_TRY
}

template <class... Arguments>
constexpr bool takes_device(Return (*)(Arguments...)) {
  return (std::is_same_v<Arguments, Device> || ...);
}

TEST(NvmlSurface, a_foreign_handle_is_refused_by_every_call) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB"})"));
  int foreign = 0;
#define REEVE_NVML_TRY(symbol, parameters)                                                                      \
  EXPECT_TRUE(!takes_device(calls().symbol) ||                                                                  \
              call_with_device(calls().symbol, reinterpret_cast<Device>(&foreign)) == Return::invalid_argument) \
      << #symbol;
  REEVE_NVML_CALLS(REEVE_NVML_TRY)
#undef REEVE_NVML_TRY
}

TEST(NvmlSurface, words_for_codes_are_those_of_the_real_library) {
  EXPECT_STREQ(calls().nvmlErrorString(Return::success), "Success");
  EXPECT_STREQ(calls().nvmlErrorString(Return::uninitialized), "Uninitialized");
  EXPECT_STREQ(calls().nvmlErrorString(Return::invalid_argument), "Invalid Argument");
  EXPECT_STREQ(calls().nvmlErrorString(Return::not_supported), "Not Supported");
  EXPECT_STREQ(calls().nvmlErrorString(Return::no_permission), "Insufficient Permissions");
  EXPECT_STREQ(calls().nvmlErrorString(Return::not_found), "Not Found");
  EXPECT_STREQ(calls().nvmlErrorString(Return::insufficient_size), "Insufficient Size");
  EXPECT_STREQ(calls().nvmlErrorString(Return::timeout), "Timeout");
  EXPECT_STREQ(calls().nvmlErrorString(Return::driver_not_loaded), "Driver Not Loaded");
  EXPECT_STREQ(calls().nvmlErrorString(Return::gpu_is_lost), "GPU is lost");
  EXPECT_STREQ(calls().nvmlErrorString(Return::reset_required), "GPU requires restart");
  EXPECT_STREQ(calls().nvmlErrorString(Return::lib_rm_version_mismatch), "RM has detected an NVML/RM version mismatch.");
  EXPECT_STREQ(calls().nvmlErrorString(static_cast<Return>(4711)), "Unknown Error");
}

TEST(NvmlSurface, each_call_to_a_lost_gpu_says_lost_and_the_others_go_on) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "events": [{"at": 0.3, "lost": true}]}, {"model": "H100_80GB"})"));
  const Device lost = probe.gpu(0);
  unsigned int value = 0;
  EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(lost, &value), Return::success);
  std::this_thread::sleep_for(std::chrono::milliseconds(350));
  char name[96];
  unsigned long long big = 0;
  Utilization utilization;
  EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(lost, &value), Return::gpu_is_lost);
  EXPECT_EQ(calls().nvmlDeviceGetName(lost, name, sizeof name), Return::gpu_is_lost);
  EXPECT_EQ(calls().nvmlDeviceGetUtilizationRates(lost, &utilization), Return::gpu_is_lost);
  EXPECT_EQ(calls().nvmlDeviceGetTotalEnergyConsumption(lost, &big), Return::gpu_is_lost);
  Device again = nullptr;
  EXPECT_EQ(calls().nvmlDeviceGetHandleByIndex_v2(0, &again), Return::gpu_is_lost);
  EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(probe.gpu(1), &value), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetCount_v2(&value), Return::success);
  EXPECT_EQ(value, 2u);
}

TEST(NvmlSurface, a_call_may_hang_without_holding_up_the_others) {
  const Probe probe(Probe::node(
      R"({"model": "H100_80GB", "events": [{"at": -1, "hang": "nvmlDeviceGetPowerUsage", "for": 1.4}]}, {"model": "H100_80GB"})"));
  const auto begin = std::chrono::steady_clock::now();
  const Device hanging = probe.gpu(0);
  const std::jthread blocked([hanging, begin] {
    unsigned int value = 0;
    EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(hanging, &value), Return::success);
    EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(150));
  });
  unsigned int value = 0;
  EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(probe.gpu(1), &value), Return::success);
  EXPECT_EQ(calls().nvmlDeviceGetPerformanceState(hanging, &value), Return::success);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(150));
}

TEST(NvmlSurface, a_call_may_fail_for_a_while) {
  const Probe probe(
      Probe::node(R"({"model": "H100_80GB"})", R"("events": [{"at": -1, "error": "nvmlDeviceGetMemoryInfo", "return": "UNKNOWN"}], )"));
  Memory first;
  MemoryV2 second;
  EXPECT_EQ(calls().nvmlDeviceGetMemoryInfo(probe.gpu(), &first), Return::unknown);
  EXPECT_EQ(calls().nvmlDeviceGetMemoryInfo_v2(probe.gpu(), &second), Return::unknown);
}

TEST(NvmlSurface, many_threads_may_call_at_once) {
  const Probe probe(Probe::node(R"({"model": "H100_80GB", "count": 4, "load": "inference"})"));
  std::vector<std::jthread> threads;
  for (unsigned int n = 0; n < 8; ++n)
    threads.emplace_back([&probe, n] {
      for (int i = 0; i < 200; ++i) {
        unsigned int value = 0;
        MemoryV2 memory;
        EXPECT_EQ(calls().nvmlDeviceGetPowerUsage(probe.gpu(n % 4), &value), Return::success);
        EXPECT_EQ(calls().nvmlDeviceGetMemoryInfo_v2(probe.gpu(n % 4), &memory), Return::success);
      }
    });
}

}  // namespace
}  // namespace reeve::sim
