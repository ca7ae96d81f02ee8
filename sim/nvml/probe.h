#pragma once
// A client of the built library for tests: opened with dlopen, as an agent opens the real one. Not part of
// the library.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "adapters/vendor_nvml/nvml_calls.h"

namespace reeve::sim {

using nvml::Return;

inline void* open_library() {
  static void* library = dlopen(REEVE_SIM_NVML, RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(library, nullptr) << dlerror();
  return library;
}

inline const nvml::Calls& calls() {
  static const nvml::Calls loaded = [] {
    nvml::Calls all;
#define REEVE_NVML_LOAD(symbol, parameters) all.symbol = reinterpret_cast<Return(*) parameters>(dlsym(open_library(), #symbol));
    using namespace nvml;
    REEVE_NVML_CALLS(REEVE_NVML_LOAD)
#undef REEVE_NVML_LOAD
    all.nvmlErrorString = reinterpret_cast<const char* (*)(Return)>(dlsym(open_library(), "nvmlErrorString"));
    return all;
  }();
  return loaded;
}

template <class Function>
Function symbol(const char* name) {
  return reinterpret_cast<Function>(dlsym(open_library(), name));
}

// The library over a scenario, initialised as long as the probe lives.
class Probe {
 public:
  explicit Probe(const std::string& scenario) : path_(::testing::TempDir() + "reeve_sim_" + test_name() + ".json") {
    std::ofstream(path_) << scenario;
    setenv("REEVE_SIM_SCENARIO", path_.c_str(), 1);
    EXPECT_EQ(calls().nvmlInit_v2(), Return::success);
  }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe() {
    EXPECT_EQ(calls().nvmlShutdown(), Return::success);
    std::filesystem::remove(path_);
  }

  nvml::Device gpu(unsigned int index = 0) const {
    nvml::Device device = nullptr;
    EXPECT_EQ(calls().nvmlDeviceGetHandleByIndex_v2(index, &device), Return::success);
    return device;
  }
  nvml::Device mig(unsigned int index, unsigned int gpu_index = 0) const {
    nvml::Device device = nullptr;
    EXPECT_EQ(calls().nvmlDeviceGetMigDeviceHandleByIndex(gpu(gpu_index), index, &device), Return::success);
    return device;
  }

  // A scenario that no other test has: its own node, hence a driver state of its own.
  static std::string node(const std::string& gpus, const std::string& more = "") {
    return R"({"node": ")" + test_name() + R"(", "pcie_window_ms": 0, )" + more + R"("gpus": [)" + gpus + "]}";
  }
  static std::string test_name() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    return std::string(test->test_suite_name()) + "_" + test->name();
  }

 private:
  std::string path_;
};

inline std::string text(Return (*call)(nvml::Device, char*, unsigned int), nvml::Device device) {
  char buffer[96] = {};
  EXPECT_EQ(call(device, buffer, sizeof buffer), Return::success);
  return buffer;
}

}  // namespace reeve::sim
