#include "adapters/vendor_nvml/nvml_library.h"

#include <dlfcn.h>

#include <mutex>

#include <fmt/format.h>

namespace reeve::nvml {
namespace {

// The loader takes turns by a lock of its own, which ThreadSanitizer does not see: a library loaded where a former
// one stood, let go of by a thread that nobody joins, looked like a race. Same turns, visible.
std::mutex& loading() {
  static std::mutex the_one;
  return the_one;
}

template <class Function>
void look_up(void* handle, const char* symbol, Function*& out) {
  out = reinterpret_cast<Function*>(dlsym(handle, symbol));
}

// Drivers before 450 to 510 export the plain name only; the layouts of these did not change with the version.
void fall_back_to_plain_names(void* handle, Calls& calls) {
  const auto fall_back = [handle](auto*& call, const char* symbol) {
    if (!call) look_up(handle, symbol, call);
  };
  fall_back(calls.nvmlInit_v2, "nvmlInit");
  fall_back(calls.nvmlDeviceGetCount_v2, "nvmlDeviceGetCount");
  fall_back(calls.nvmlDeviceGetHandleByIndex_v2, "nvmlDeviceGetHandleByIndex");
  fall_back(calls.nvmlSystemGetCudaDriverVersion_v2, "nvmlSystemGetCudaDriverVersion");
  fall_back(calls.nvmlDeviceGetComputeRunningProcesses_v3, "nvmlDeviceGetComputeRunningProcesses_v2");
  fall_back(calls.nvmlDeviceGetGraphicsRunningProcesses_v3, "nvmlDeviceGetGraphicsRunningProcesses_v2");
  fall_back(calls.nvmlDeviceGetCurrentClocksEventReasons, "nvmlDeviceGetCurrentClocksThrottleReasons");
}

}  // namespace

Result<std::shared_ptr<const Library>> Library::load(const std::string& path) {
  std::unique_lock turn(loading());
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* why = dlerror();
    return Error{Errc::unavailable, fmt::format("cannot load {}: {}", path, why ? why : "unknown reason")};
  }
  turn.unlock();
  std::shared_ptr<Library> library(new Library(handle, {}));
  Calls& calls = library->calls_;
#define REEVE_NVML_LOOK_UP(symbol, parameters) look_up(handle, #symbol, calls.symbol);
  REEVE_NVML_CALLS(REEVE_NVML_LOOK_UP)
#undef REEVE_NVML_LOOK_UP
  look_up(handle, "nvmlErrorString", calls.nvmlErrorString);
  fall_back_to_plain_names(handle, calls);
  if (!calls.nvmlInit_v2 || !calls.nvmlShutdown || !calls.nvmlDeviceGetCount_v2 || !calls.nvmlDeviceGetHandleByIndex_v2 ||
      !calls.nvmlDeviceGetUUID)
    return Error{Errc::unavailable, fmt::format("cannot use {}: it is no NVIDIA management library", path)};
  return std::shared_ptr<const Library>(std::move(library));
}

std::shared_ptr<const Library> Library::of(const Calls& calls) { return std::shared_ptr<const Library>(new Library(nullptr, calls)); }

Library::~Library() {
  if (!handle_) return;
  const std::scoped_lock turn(loading());
  dlclose(handle_);
}

}  // namespace reeve::nvml
