#pragma once
// An exposition as an observation: what a Reeve agent, a dcgm-exporter of any version and the exporters of AMD,
// Intel and Habana say about the GPUs of one node at /metrics. Pure functions, safe from any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/inventory/observation.h"

namespace reeve::wire {

struct ExpositionOrigin {
  NodeName node{};                                              // empty: the hostname label of the text says it
  ObservationSource source = ObservationSource::dcgm_exporter;  // whose language it is; an agent's shows itself
  Timestamp at{};
};

struct ExposedNode {
  NodeObservation observation{};
  // What a Reeve agent adds; empty and true for other exporters.
  std::string inventory_version{};       // changes with /v1/devices
  std::optional<Timestamp> looked_at{};  // by the agent's clock: equal in two texts when it did not look in between
  bool driver_up = true;
  std::size_t broken_lines = 0;
  std::size_t dropped_rows = 0;  // beyond the limits below, or without an identity
};

// More than a node can have: what is beyond is dropped and counted.
inline constexpr std::size_t exposed_devices_max = 128;
inline constexpr std::size_t exposed_instances_max = 64;  // of one device
inline constexpr std::size_t exposed_processes_max = 4096;
inline constexpr std::size_t exposed_events_max = 1024;
inline constexpr std::size_t exposed_holders_max = 1024;  // of one device, and of those of no device

// Values that DCGM prints for "unknown" are absent. Rows of a MIG instance repeat its GPU's figures: only what
// is measured per instance (memory, PROF ratios) goes to the instance, the rest goes to the GPU, once.
//
// Holders: of a Reeve agent its rows reeve_pod_device_info, provided that its kubelet answered; of another exporter
// the pod labels on its rows. Such a text without one pod label tells nothing (holders_from is absent): an exporter
// that looks at no pods writes the same as one all of whose GPUs are idle, and nobody must be taken for gone
// because an exporter was set up anew. Labels that are there and empty, as older ones write them, do tell.
// Invalid argument: no exposition, or no node name. Not found: it names no GPU, and is not an agent's.
Result<ExposedNode> observation_from_exposition(std::string_view text, const ExpositionOrigin& origin);

// The devices, slices and driver of `inventory` (an agent's /v1/devices) with what `measured` measured on
// them: values, processes, events. A device that was not measured has no values.
NodeObservation with_inventory(const NodeObservation& inventory, NodeObservation measured);

}  // namespace reeve::wire
