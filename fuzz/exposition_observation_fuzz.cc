// What an exposition on the network may make us believe: within the limits, under a usable name, in order.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/exposition/exposition_observation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto exposed = reeve::wire::observation_from_exposition(text, {});
  if (!exposed) return 0;
  const reeve::NodeObservation& node = exposed->observation;
  REEVE_CHECK(!node.node.empty());
  REEVE_CHECK(node.devices.size() <= reeve::wire::exposed_devices_max && node.events.size() <= reeve::wire::exposed_events_max);
  REEVE_CHECK(std::ranges::is_sorted(node.devices, {}, &reeve::DeviceObservation::index));
  for (const reeve::DeviceObservation& device : node.devices) {
    REEVE_CHECK(device.index >= 0 && !device.uuid.empty());
    REEVE_CHECK(device.instances.size() <= reeve::wire::exposed_instances_max);
    for (const reeve::MetricInfo& row : reeve::metric_table) {
      const auto value = device.values.get(row.metric);
      REEVE_CHECK(!value || (std::isfinite(*value) && row.scope == reeve::MetricScope::device));
    }
  }
  reeve::wire::with_inventory(node, node);
  return 0;
}
