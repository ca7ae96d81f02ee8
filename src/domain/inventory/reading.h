#pragma once
// The newest measured values of a node. Immutable once published; shared between snapshots.

#include <optional>
#include <string>
#include <vector>

#include "base/name.h"
#include "base/time.h"
#include "domain/inventory/observation.h"
#include "domain/metrics/metric_values.h"

namespace reeve {

struct InstanceReading {
  InstanceId id{};
  MetricValues values{};
};

struct DeviceReading {
  DeviceId id{};
  MetricValues values{};
  std::vector<InstanceReading> instances{};
  std::vector<ProcessObservation> processes{};
  std::vector<HolderObservation> holders{};  // those of its slices included; see NodeReadings::holders_from
};

struct NodeReadings {
  std::optional<Timestamp> at{};  // when the values were taken; absent: never
  ObservationSource source = ObservationSource::registered;
  Timestamp last_attempt{};                           // the last time somebody asked the node
  std::string last_error{};                           // why the last attempt failed; empty when it did not
  std::optional<HolderSource> holders_from{};         // whose word `holders` are; absent: nobody told
  std::vector<HolderObservation> unplaced_holders{};  // of no device of this node
  std::vector<DeviceReading> devices{};               // in the order of Node::devices, may be shorter: look up by id

  const DeviceReading* find(const DeviceId& id) const {
    for (const DeviceReading& device : devices)
      if (device.id == id) return &device;
    return nullptr;
  }
};

}  // namespace reeve
