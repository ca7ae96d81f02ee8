#pragma once
// Who uses a GPU or a MIG device. One thread, a lane's.

#include <string>
#include <vector>

#include "adapters/vendor_nvml/device_calls.h"
#include "domain/inventory/observation.h"

namespace reeve::nvml {

class ProcessReader final {
 public:
  // Names come from <proc_root>/<pid>/comm, where that can be read: PIDs are those of the driver's namespace.
  ProcessReader(DeviceCalls& calls, std::string proc_root) : calls_(calls), proc_root_(std::move(proc_root)) {}

  // Adds compute and graphics processes of the handle to `out`, each process once a GPU instance. Answers
  // the number of compute processes, nothing when the driver does not say.
  std::optional<int> read(Device device, std::vector<ProcessObservation>& out);

 private:
  using ListCall = Return (*)(Device, unsigned int*, ProcessInfo*);

  bool list(ListCall call, Device device);  // into buffer_, cut to what was answered
  void add(const ProcessInfo& process, std::vector<ProcessObservation>& out);
  std::string name_of(unsigned int pid) const;

  DeviceCalls& calls_;
  std::string proc_root_;
  std::vector<ProcessInfo> buffer_{};
};

}  // namespace reeve::nvml
