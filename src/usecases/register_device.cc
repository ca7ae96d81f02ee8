#include "usecases/register_device.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "usecases/limits.h"

namespace reeve {
namespace {

Status check_registration(const DeviceRegistration& registration, const Catalogue& catalogue) {
  const auto refuse = [](std::string field, Errc code, std::string why) {
    return Error{code, "cannot register the device: " + std::move(why), std::move(field)};
  };
  if (registration.node.empty()) return refuse("node", Errc::invalid_argument, "'node' is required");
  if (registration.uuid.empty()) return refuse("uuid", Errc::invalid_argument, "'uuid' is required");
  if (registration.pci_address.empty()) return refuse("pci_address", Errc::invalid_argument, "'pci_address' is required");
  if (registration.index < 0 || static_cast<std::size_t>(registration.index) >= devices_per_node_max)
    return refuse("index", Errc::invalid_argument, fmt::format("'index' must be 0 to {}", devices_per_node_max - 1));
  if (catalogue.find(registration.model) == nullptr)
    return refuse("model", Errc::not_found, fmt::format("there is no GPU model '{}' in the catalogue", registration.model.text));
  return Done{};
}

Device device_of(const DeviceRegistration& registration, const GpuModel& model, Timestamp now) {
  Device device;
  device.id = device_id(registration.node, registration.index);
  device.node = registration.node;
  device.index = registration.index;
  device.uuid = registration.uuid;
  device.model = model.id;
  device.product_name = model.name;
  device.serial = registration.serial;
  device.pci_address = registration.pci_address;
  device.driver_version = registration.driver_version;
  device.firmware_version = registration.firmware_version;
  device.vbios_version = registration.vbios_version;
  device.memory = model.driver_memory;
  device.purchase_cost = registration.purchase_cost;
  device.warranty_expiry = registration.warranty_expiry;
  device.first_seen = now;
  return device;
}

Result<Device> add_device(FleetDraft& draft, const InventoryContext& context, const DeviceRegistration& registration) {
  if (const Status ok = check_registration(registration, context.catalogue); !ok) return ok.error();
  const Timestamp now = context.clock.now();
  const NodeView* known = draft.fleet().find_node(registration.node);
  if (known == nullptr && !registration.create_node)
    return Error{Errc::not_found, fmt::format("cannot register the device: there is no node '{}'", registration.node.text), "node"};
  Node node = known != nullptr ? *known->node : Node{.name = registration.node, .first_seen = now};
  if (std::ranges::find(node.devices, registration.index, &Device::index) != node.devices.end())
    return Error{Errc::conflict,
                 fmt::format("cannot register the device: node '{}' has a device {} already", node.name.text, registration.index), "index"};
  Device device = device_of(registration, *context.catalogue.find(registration.model), now);
  const auto place = std::ranges::upper_bound(node.devices, device.index, {}, &Device::index);
  node.devices.insert(place, device);
  if (const Status put = draft.put_node(std::move(node)); !put) return put.error();
  draft.note({now, "api", "register-device", device.id.text, device.uuid.text});
  return device;
}

Result<Device> change_state(FleetDraft& draft, const DeviceId& id, DeviceState state, const std::string& actor, Timestamp now) {
  const auto found = draft.fleet().find_device(id);
  if (!found) return Error{Errc::not_found, fmt::format("cannot change the state of '{}': there is no such device", id.text)};
  const DeviceState before = found->device->state;
  if (before == state) return *found->device;
  Node node = *found->node;
  Device& device = *std::ranges::find(node.devices, id, &Device::id);
  device.state = state;
  // Coming back from maintenance is what "last maintained" means.
  if (before == DeviceState::maintenance) device.last_maintenance = now;
  Device changed = device;
  if (const Status put = draft.put_node(std::move(node)); !put) return put.error();
  draft.note({now, actor, "device-state", id.text, fmt::format("{} -> {}", to_text(before), to_text(state))});
  return changed;
}

// Runs `change` on the writer's strand and hands its value to `done` once it is durable.
template <class Change>
void submit_for_device(FleetKeeper& keeper, Change change, std::move_only_function<void(Result<Device>)> done) {
  auto outcome = std::make_shared<Result<Device>>(Error{Errc::internal, "the request was not run"});
  keeper.submit(
      [outcome, change = std::move(change)](FleetDraft& draft) mutable -> Status {
        *outcome = change(draft);
        if (!*outcome) return outcome->error();
        return Done{};
      },
      [outcome, done = std::move(done)](const Status& committed) mutable {
        if (!committed && *outcome) *outcome = committed.error();
        done(std::move(*outcome));
      });
}

}  // namespace

void register_device(const InventoryContext& context, DeviceRegistration registration, std::move_only_function<void(Result<Device>)> done) {
  submit_for_device(
      context.keeper,
      [context, registration = std::move(registration)](FleetDraft& draft) { return add_device(draft, context, registration); },
      std::move(done));
}

void set_device_state(const InventoryContext& context, DeviceId id, DeviceState state, std::string actor,
                      std::move_only_function<void(Result<Device>)> done) {
  submit_for_device(
      context.keeper,
      [context, id = std::move(id), state, actor = std::move(actor)](FleetDraft& draft) {
        return change_state(draft, id, state, actor, context.clock.now());
      },
      std::move(done));
}

}  // namespace reeve
