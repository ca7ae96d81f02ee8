#pragma once
// What one look at a node shows: the same shape whether it came from a driver in the agent, from a Reeve
// agent over HTTP, or from the exposition of another exporter. Nothing here is durable; the fleet decides
// what it believes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/time.h"
#include "base/units.h"
#include "domain/inventory/holder.h"
#include "domain/metrics/metric_values.h"
#include "domain/mig/profile.h"

namespace reeve {

enum class ObservationSource {
  reeve_agent,
  dcgm_exporter,
  amd_exporter,    // AMD's device-metrics-exporter
  intel_exporter,  // Intel's xpumd (XPU Manager 2)
  gaudi_exporter,  // Habana's metric-exporter
  registered,      // by hand; nobody observes it
};

constexpr std::string_view to_text(ObservationSource source) {
  switch (source) {
    case ObservationSource::reeve_agent: return "reeve-agent";
    case ObservationSource::dcgm_exporter: return "dcgm-exporter";
    case ObservationSource::amd_exporter: return "amd-exporter";
    case ObservationSource::intel_exporter: return "intel-exporter";
    case ObservationSource::gaudi_exporter: return "gaudi-exporter";
    case ObservationSource::registered: return "registered";
  }
  return {};
}

struct ProcessObservation {
  std::uint32_t pid = 0;              // in the PID namespace of the driver
  std::string name{};                 // empty when not readable
  std::optional<MiB> memory{};        // absent when the driver does not say
  std::optional<int> gpu_instance{};  // set inside MIG only
  std::optional<int> compute_instance{};

  friend bool operator==(const ProcessObservation&, const ProcessObservation&) = default;
};

// An Xid (or the like) as it happened: an event with a time, not a sticky gauge.
struct DeviceEvent {
  Timestamp at{};
  GpuUuid device{};  // parent GPU
  std::optional<int> gpu_instance{};
  int code = 0;                // Xid number
  std::uint64_t sequence = 0;  // ascending within one life of the agent, from 1

  friend bool operator==(const DeviceEvent&, const DeviceEvent&) = default;
};

// A MIG device: one compute instance in one GPU instance.
struct InstanceObservation {
  int gpu_instance_id = 0;
  int compute_instance_id = 0;
  GpuUuid uuid{};                   // "MIG-..."; empty when the source does not tell (dcgm-exporter)
  std::string profile{};            // "1g.10gb", as the driver names it
  std::optional<int> profile_id{};  // 19; absent when the source does not tell
  std::optional<mig::Placement> placement{};
  std::optional<MiB> memory{};
  MetricValues values{};  // what is measured for this instance itself, never the parent's number

  friend bool operator==(const InstanceObservation&, const InstanceObservation&) = default;
};

struct DeviceObservation {
  int index = 0;
  GpuUuid uuid{};
  std::string product_name{};   // "NVIDIA H100 80GB HBM3"
  std::string pci_address{};    // "00000000:18:00.0"
  std::string pci_device_id{};  // "2330"; empty when the source does not tell
  std::string serial{};
  std::string vbios_version{};
  std::optional<MiB> memory{};
  std::optional<bool> mig_enabled{};  // absent: this GPU has no MIG, or the source does not tell
  bool lost = false;                  // fell off the bus: identity is from before, values are absent
  std::vector<InstanceObservation> instances{};
  std::vector<ProcessObservation> processes{};
  std::vector<HolderObservation> holders{};  // those of its slices included; see NodeObservation::holders_from
  MetricValues values{};

  friend bool operator==(const DeviceObservation&, const DeviceObservation&) = default;
};

struct NodeObservation {
  NodeName node{};
  ObservationSource source = ObservationSource::reeve_agent;
  Timestamp at{};
  std::string driver_version{};
  std::string cuda_version{};
  std::vector<DeviceObservation> devices{};  // by ascending index
  std::vector<DeviceEvent> events{};         // by ascending sequence
  // Whose word `holders` are. Absent: this source does not know who holds what, and an empty list means nothing.
  std::optional<HolderSource> holders_from{};
  std::vector<HolderObservation> unplaced_holders{};  // their device_id is of no device above (DRA devices, foreign ids)

  friend bool operator==(const NodeObservation&, const NodeObservation&) = default;
};

}  // namespace reeve
