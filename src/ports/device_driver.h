#pragma once
#include <vector>

#include "base/result.h"
#include "domain/inventory/observation.h"

namespace reeve {

// The GPUs of this machine as a vendor library sees them. One implementation a vendor.
//
// Threads:  any; the implementation keeps the library's calls apart and puts a deadline on each, since a
//           call may hang while a GPU is reset or falls off the bus.
// Failures: `unavailable`: the library or the driver is not there (now). A single GPU that fails is not an
//           error of the call: it is reported as `lost`, or its value is absent.
class DeviceDriver {
 public:
  virtual ~DeviceDriver() = default;

  // A fresh look at every GPU: identity, values, instances, processes. NodeObservation::node, at and
  // events are left empty.
  virtual Result<NodeObservation> observe() = 0;

  // Events since the last call, oldest first. Never waits.
  virtual std::vector<DeviceEvent> take_events() = 0;
};

}  // namespace reeve
