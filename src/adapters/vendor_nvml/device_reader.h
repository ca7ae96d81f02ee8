#pragma once
// Everything that is to be seen of the GPU at one index of the driver. Lives on that index's lane.

#include <optional>
#include <string>

#include "adapters/vendor_nvml/device_calls.h"
#include "adapters/vendor_nvml/gpm_meter.h"
#include "adapters/vendor_nvml/mig_reader.h"
#include "adapters/vendor_nvml/process_reader.h"
#include "adapters/vendor_nvml/value_reader.h"
#include "domain/inventory/observation.h"

namespace reeve::nvml {

// What one look brought. No device: nothing that has an identity is, or ever was, at this index.
struct Look {
  std::optional<DeviceObservation> device{};
  Device handle = nullptr;  // null when the GPU cannot be asked now
  bool reload = false;      // the library has to be loaded anew
};

// The part of an observation that stays true when a GPU does not answer.
DeviceObservation identity_of(const DeviceObservation& device);

class DeviceReader final {
 public:
  DeviceReader(std::shared_ptr<const Library> library, std::shared_ptr<Heartbeat> heartbeat, unsigned int index, std::string proc_root);

  Look look();

 private:
  bool identify(Device handle);
  void notice_mig_change(const DeviceObservation& now);
  void read_instances(Device handle, DeviceObservation& device);
  void read_processes(Device handle, DeviceObservation& device);

  DeviceCalls calls_;
  unsigned int index_;
  MigReader mig_;
  GpmMeter gpm_;
  ValueReader values_;
  ProcessReader processes_;
  std::vector<MigDevice> mig_devices_{};     // of this round
  std::optional<DeviceObservation> last_{};  // identity, MIG mode and instances of the last good look
};

}  // namespace reeve::nvml
