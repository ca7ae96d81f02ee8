#pragma once
// MIG mode of a device and the MIG devices on it. Handles are looked up anew each round: the driver reuses
// them after an instance is gone. One thread, a lane's.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/vendor_nvml/device_calls.h"
#include "domain/inventory/observation.h"

namespace reeve::nvml {

struct MigDevice {
  Device handle = nullptr;
  InstanceObservation identity{};  // without values
};

class MigReader final {
 public:
  explicit MigReader(DeviceCalls& calls) : calls_(calls) {}

  // Absent: this GPU has no MIG.
  std::optional<bool> enabled(Device device);

  // By ascending (GPU instance id, compute instance id).
  std::vector<MigDevice> devices(Device device);

  void forget() { profile_names_.clear(); }

 private:
  std::optional<InstanceObservation> identify(Device device, Device mig_device);
  void read_gpu_instance(Device device, InstanceObservation& instance);
  std::string profile_name(Device device, unsigned int profile_id);

  DeviceCalls& calls_;
  std::map<unsigned int, std::string> profile_names_{};  // by profile id, of this device
};

// "1g.10gb" of "MIG 1g.10gb", "NVIDIA H100 80GB HBM3 MIG 1g.10gb" and "MIG 1c.1g.10gb": the GPU instance's part.
std::string profile_in(std::string_view driver_name);

}  // namespace reeve::nvml
