// Start, stop, versions, and the words for return codes.

#include <fmt/format.h>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

REEVE_NVML_EXPORT nvmlInit() { return start_library(0); }
REEVE_NVML_EXPORT nvmlInit_v2() { return start_library(0); }
REEVE_NVML_EXPORT nvmlInitWithFlags(unsigned int flags) { return start_library(flags); }
REEVE_NVML_EXPORT nvmlShutdown() { return stop_library(); }

REEVE_NVML_EXPORT nvmlSystemGetDriverVersion(char* version, unsigned int length) {
  return call("nvmlSystemGetDriverVersion", version != nullptr,
              [&](Driver& driver) { return copy_text(driver.scenario().driver_version, version, length); });
}

// Needs no initialisation: it is the library's own version.
REEVE_NVML_EXPORT nvmlSystemGetNVMLVersion(char* version, unsigned int length) {
  if (version == nullptr) return Return::invalid_argument;
  const auto driver = any_driver();
  if (!driver) return Return::driver_not_loaded;
  return copy_text(fmt::format("{}.{}", driver->scenario().cuda_version / 1000, driver->scenario().driver_version), version, length);
}

REEVE_NVML_EXPORT nvmlSystemGetCudaDriverVersion_v2(int* version) {
  if (version == nullptr) return Return::invalid_argument;
  const auto driver = any_driver();
  if (!driver) return Return::library_not_found;
  *version = driver->scenario().cuda_version;
  return Return::success;
}

REEVE_NVML_EXPORT nvmlSystemGetCudaDriverVersion(int* version) { return nvmlSystemGetCudaDriverVersion_v2(version); }

REEVE_NVML_EXPORT nvmlSystemGetProcessName(unsigned int pid, char* name, unsigned int length) {
  return call("nvmlSystemGetProcessName", name != nullptr && length != 0, [&](Driver& driver) {
    const auto find = [&](const std::vector<ProcessSpec>& processes) -> const ProcessSpec* {
      for (const ProcessSpec& process : processes)
        if (process.pid == pid) return &process;
      return nullptr;
    };
    const ProcessSpec* found = nullptr;
    for (const Gpu& gpu : driver.gpus()) {
      if (found == nullptr) found = find(gpu.spec().processes);
      for (const auto& [id, instance] : gpu.instances)
        if (found == nullptr) found = find(instance.processes);
    }
    return found == nullptr ? Return::not_found : copy_text(std::string_view(found->name).substr(0, length - 1), name, length);
  });
}

extern "C" __attribute__((visibility("default"))) const char* nvmlErrorString(nvml::Return code) {
  switch (code) {
    case Return::success: return "Success";
    case Return::uninitialized: return "Uninitialized";
    case Return::invalid_argument: return "Invalid Argument";
    case Return::not_supported: return "Not Supported";
    case Return::no_permission: return "Insufficient Permissions";
    case Return::already_initialized: return "Already Initialized";
    case Return::not_found: return "Not Found";
    case Return::insufficient_size: return "Insufficient Size";
    case Return::insufficient_power: return "Insufficient External Power";
    case Return::driver_not_loaded: return "Driver Not Loaded";
    case Return::timeout: return "Timeout";
    case Return::irq_issue: return "Interrupt Request Issue";
    case Return::library_not_found: return "NVML Shared Library Not Found";
    case Return::function_not_found: return "Function Not Found";
    case Return::corrupted_inforom: return "Corrupted infoROM";
    case Return::gpu_is_lost: return "GPU is lost";
    case Return::reset_required: return "GPU requires restart";
    case Return::operating_system: return "The operating system has blocked the request.";
    case Return::lib_rm_version_mismatch: return "RM has detected an NVML/RM version mismatch.";
    case Return::in_use: return "In use by another client";
    case Return::memory: return "Insufficient Memory";
    case Return::no_data: return "No Data";
    case Return::vgpu_ecc_not_supported: return "vGPU ECC Not Supported";
    case Return::insufficient_resources: return "Insufficient Resources";
    case Return::freq_not_supported: return "Frequency Not Supported";
    case Return::argument_version_mismatch: return "Argument Version Mismatch";
    case Return::deprecated: return "Deprecated";
    case Return::not_ready: return "Not Ready";
    case Return::gpu_not_found: return "GPU Not Found";
    case Return::invalid_state: return "Invalid State";
    case Return::reset_type_not_supported: return "Reset Type Not Supported";
    case Return::unknown: break;
  }
  return "Unknown Error";
}

}  // namespace reeve::sim
