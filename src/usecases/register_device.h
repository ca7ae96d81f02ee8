#pragma once
// Adds a GPU that no agent reports (yet): the old system's way to fill the inventory by hand.

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "domain/catalogue/catalogue.h"
#include "domain/inventory/device.h"
#include "ports/clock.h"
#include "ports/fleet_keeper.h"

namespace reeve {

struct InventoryContext {
  FleetKeeper& keeper;
  const Catalogue& catalogue;
  const Clock& clock;
};

struct DeviceRegistration {
  NodeName node{};  // must be known
  ModelId model{};  // must be in the catalogue
  int index = 0;    // free on the node
  GpuUuid uuid{};   // unique in the fleet
  std::string pci_address{};
  std::string serial{};
  std::string driver_version{};
  std::string firmware_version{};
  std::string vbios_version{};
  std::optional<MicroUsd> purchase_cost{};
  std::optional<Timestamp> warranty_expiry{};
  bool create_node = false;  // add the node too when it is not known
};

// Errors: invalid_argument (names the field), not_found (node or model), conflict (index or UUID is taken).
void register_device(const InventoryContext& context, DeviceRegistration registration, std::move_only_function<void(Result<Device>)> done);

// Error: not_found. Holders keep a device that leaves service; nobody new gets it.
void set_device_state(const InventoryContext& context, DeviceId id, DeviceState state, std::string actor,
                      std::move_only_function<void(Result<Device>)> done);

}  // namespace reeve
