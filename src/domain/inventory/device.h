#pragma once
// A physical GPU, and a MIG instance on it, as the control plane knows them. These are the durable facts;
// measured values are in reading.h.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/name.h"
#include "base/time.h"
#include "base/units.h"
#include "domain/inventory/observation.h"
#include "domain/mig/profile.h"

namespace reeve {

// What an administrator wants of the device, or what its failure made of it. Values are the old system's.
enum class DeviceState { active, inactive, maintenance, failed };

constexpr std::string_view to_text(DeviceState state) {
  switch (state) {
    case DeviceState::active: return "ACTIVE";
    case DeviceState::inactive: return "INACTIVE";
    case DeviceState::maintenance: return "MAINTENANCE";
    case DeviceState::failed: return "FAILED";
  }
  return {};
}

struct Instance {
  InstanceId id{};
  int gpu_instance_id = 0;
  int compute_instance_id = 0;
  GpuUuid uuid{};         // empty when the source does not tell
  std::string profile{};  // "1g.10gb"
  std::optional<int> profile_id{};
  std::optional<mig::Placement> placement{};
  std::optional<MiB> memory{};
  Timestamp first_seen{};

  friend bool operator==(const Instance&, const Instance&) = default;
};

struct Device {
  DeviceId id{};
  NodeName node{};
  int index = 0;
  GpuUuid uuid{};
  ModelId model{};  // empty: not in the catalogue; product_name still says what it is
  std::string product_name{};
  std::string serial{};
  std::string pci_address{};
  std::string driver_version{};
  std::string firmware_version{};
  std::string vbios_version{};
  std::optional<MiB> memory{};  // total that the driver reports
  DeviceState state = DeviceState::active;
  bool mig_enabled = false;  // observed
  bool lost = false;         // observed: fell off the bus, or no longer reported by its node
  ObservationSource source = ObservationSource::registered;
  Timestamp first_seen{};
  std::optional<Timestamp> last_maintenance{};
  std::optional<Timestamp> warranty_expiry{};
  std::optional<MicroUsd> purchase_cost{};
  std::vector<Instance> instances{};  // by ascending (gpu_instance_id, compute_instance_id)

  friend bool operator==(const Device&, const Device&) = default;
};

// May the device, or an instance on it, be given to somebody new?
inline bool is_usable(const Device& device) { return device.state == DeviceState::active && !device.lost; }

DeviceId device_id(const NodeName& node, int index);                                     // "n1", 3 -> "n1-GPU-03"
InstanceId instance_id(const DeviceId& device, int gpu_instance, int compute_instance);  // "n1-GPU-03-MIG-07"

}  // namespace reeve
