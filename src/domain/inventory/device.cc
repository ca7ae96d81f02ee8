#include "domain/inventory/device.h"

#include <fmt/format.h>

namespace reeve {

DeviceId device_id(const NodeName& node, int index) { return {fmt::format("{}-GPU-{:02}", node.text, index)}; }

InstanceId instance_id(const DeviceId& device, int gpu_instance, int compute_instance) {
  // Nearly every GPU instance holds one compute instance, and then its number would only be noise.
  if (compute_instance == 0) return {fmt::format("{}-MIG-{:02}", device.text, gpu_instance)};
  return {fmt::format("{}-MIG-{:02}-{}", device.text, gpu_instance, compute_instance)};
}

}  // namespace reeve
