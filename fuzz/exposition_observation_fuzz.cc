// What an exposition on the network may make us believe, in whose language it ever is read: within the limits, under a
// usable name, in order.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/exposition/exposition_observation.h"

namespace {

void check_device(const reeve::DeviceObservation& device) {
  REEVE_CHECK(device.index >= 0 && !device.uuid.empty());
  REEVE_CHECK(device.instances.size() <= reeve::wire::exposed_instances_max);
  REEVE_CHECK(device.holders.size() <= reeve::wire::exposed_holders_max);
  for (const reeve::MetricInfo& row : reeve::metric_table) {
    const auto value = device.values.get(row.metric);
    REEVE_CHECK(!value || std::isfinite(*value));
  }
  for (const reeve::HolderObservation& holder : device.holders) REEVE_CHECK(!holder.pod.empty() && !holder.namespace_name.empty());
}

void check(std::string_view text, reeve::ObservationSource source) {
  const auto exposed = reeve::wire::observation_from_exposition(text, {.source = source});
  if (!exposed) return;
  const reeve::NodeObservation& node = exposed->observation;
  REEVE_CHECK(!node.node.empty());
  REEVE_CHECK(node.devices.size() <= reeve::wire::exposed_devices_max && node.events.size() <= reeve::wire::exposed_events_max);
  REEVE_CHECK(node.unplaced_holders.size() <= reeve::wire::exposed_holders_max);
  REEVE_CHECK(std::ranges::is_sorted(node.devices, {}, &reeve::DeviceObservation::index));
  for (const reeve::DeviceObservation& device : node.devices) check_device(device);
  reeve::wire::with_inventory(node, node);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using enum reeve::ObservationSource;
  for (const auto source : {dcgm_exporter, amd_exporter, intel_exporter, gaudi_exporter})
    check({reinterpret_cast<const char*>(data), size}, source);
  return 0;
}
