#pragma once
// The library as a whole: loading, initialising, counting, unloading, on a lane of its own.

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/vendor_nvml/lane.h"
#include "adapters/vendor_nvml/nvml_library.h"

namespace reeve::nvml {

struct SystemFacts {
  std::shared_ptr<const Library> library{};  // null: not loaded, `error` says why
  Error error{};
  unsigned int device_count = 0;
  std::string driver_version{};
  std::string cuda_version{};  // "12.8"
  bool reload = false;         // a call says that the library has to be loaded anew
};

// One thread, the driver's.
class NvmlSystem final {
 public:
  NvmlSystem(std::string path, std::stop_token stop) : path_(std::move(path)), stop_(std::move(stop)) {}

  // Loads what is not loaded and looks how many GPUs there are. When that hangs: what was known before, or
  // unavailable when nothing was. A first initialisation may take longer than the deadline; it goes on, and
  // a later call finds it done.
  SystemFacts refresh(Milliseconds call_deadline, Heartbeat::Clock::time_point until);

  // Shuts the library down and lets go of it. False while a call hangs.
  bool unload(Milliseconds call_deadline, Heartbeat::Clock::time_point until);

  bool retire(Heartbeat::Clock::time_point until) { return lane_.retire(until); }

 private:
  struct Shared {  // with jobs, which may outlive the object
    std::mutex mutex{};
    SystemFacts facts{};
  };
  static SystemFacts open(const std::string& path, SystemFacts facts, Heartbeat& heartbeat);
  static void count(SystemFacts& facts, Heartbeat& heartbeat);
  SystemFacts known() const;

  std::string path_;
  std::stop_token stop_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  Lane lane_{};
};

}  // namespace reeve::nvml
