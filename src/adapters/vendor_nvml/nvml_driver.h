#pragma once
// NVIDIA GPUs through the driver's own library, loaded at run time.

#include <memory>
#include <stop_token>
#include <string>

#include "base/time.h"
#include "ports/clock.h"
#include "ports/device_driver.h"

namespace reeve {

struct NvmlOptions {
  std::string library = "libnvidia-ml.so.1";  // a path, or a name for the dynamic linker
  // A call that has not returned by then is not waited for. Its GPU is reported with its identity and
  // without values, and is not asked again until the call has returned; the other GPUs go on.
  Milliseconds call_deadline{2'000};
  Milliseconds round_deadline{10'000};  // for all calls of one observation
  std::stop_token stop{};               // requested: nothing is waited for any more, so that a process can end at once
  std::string proc_root = "/proc";      // where names of processes are read
};

// Never fails: a library that is not there is an `unavailable` of observe(), tried anew each time. `clock`
// must outlive the driver. The library is loaded anew after the driver was updated or reloaded.
std::unique_ptr<DeviceDriver> make_nvml_driver(NvmlOptions options, const Clock& clock);

}  // namespace reeve
