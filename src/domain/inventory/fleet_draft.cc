#include "domain/inventory/fleet_draft.h"

#include <algorithm>

#include <fmt/format.h>

namespace reeve {
namespace {

// Keeps what is held, even when the node does not report it any more: an allocation must point at
// something that exists until it ends.
void keep_held_devices(const Node& before, const Fleet& fleet, Node& after) {
  const auto is_held = [&](const Device& device) {
    return fleet.holder(device.id) != nullptr ||
           std::ranges::any_of(device.instances, [&](const Instance& part) { return fleet.holder(part.id) != nullptr; });
  };
  for (const Device& old : before.devices) {
    const auto kept = std::ranges::find(after.devices, old.id, &Device::id);
    if (kept == after.devices.end()) {
      if (!is_held(old)) continue;
      Device lost = old;
      lost.lost = true;
      after.devices.push_back(std::move(lost));
      continue;
    }
    for (const Instance& part : old.instances)
      if (fleet.holder(part.id) != nullptr && std::ranges::find(kept->instances, part.id, &Instance::id) == kept->instances.end())
        kept->instances.push_back(part);
    std::ranges::sort(kept->instances, {}, [](const Instance& part) { return std::pair(part.gpu_instance_id, part.compute_instance_id); });
  }
  std::ranges::sort(after.devices, {}, [](const Device& device) { return std::pair(device.index, device.id.text); });
}

const std::shared_ptr<const NodeReadings>& no_readings() {
  static const auto none = std::make_shared<const NodeReadings>();
  return none;
}

}  // namespace

FleetDraft::FleetDraft(const Fleet& base) : next_(base) { ++next_.version_; }

AllocationMap& FleetDraft::own_allocations() {
  if (!allocations_) next_.allocations_ = allocations_ = std::make_shared<AllocationMap>(*next_.allocations_);
  return *allocations_;
}

HolderMap& FleetDraft::own_holders() {
  if (!holders_) next_.holders_ = holders_ = std::make_shared<HolderMap>(*next_.holders_);
  return *holders_;
}

ObservedMap& FleetDraft::own_observed() {
  if (!observed_) next_.observed_ = observed_ = std::make_shared<ObservedMap>(*next_.observed_);
  return *observed_;
}

Fleet::NodeList& FleetDraft::own_nodes() {
  if (!nodes_) next_.nodes_ = nodes_ = std::make_shared<Fleet::NodeList>(*next_.nodes_);
  return *nodes_;
}

Fleet::Index& FleetDraft::own_index() {
  if (!index_) next_.index_ = index_ = std::make_shared<Fleet::Index>(*next_.index_);
  return *index_;
}

Status FleetDraft::put_node(Node node) {
  const NodeView* before = next_.find_node(node.name);
  if (before != nullptr) keep_held_devices(*before->node, next_, node);
  std::unordered_set<std::string> taken;
  for (const Device& device : node.devices) {
    if (device.node != node.name)
      return Error{Errc::invalid_argument, fmt::format("cannot add device '{}': it names node '{}'", device.id.text, device.node.text)};
    const auto same_id = next_.find_device(device.id);
    if (!taken.insert(device.id.text).second || (same_id && same_id->node->name != node.name))
      return Error{Errc::conflict, fmt::format("cannot add device '{}': another device has that id", device.id.text)};
    const auto same_uuid = next_.find_device(device.uuid);
    if (!taken.insert(device.uuid.text).second || (same_uuid && same_uuid->node->name != node.name))
      return Error{Errc::conflict, fmt::format("cannot add device '{}': GPU UUID '{}' is already known on node '{}'", device.id.text,
                                               device.uuid.text, same_uuid ? same_uuid->node->name.text : node.name.text)};
    for (const Instance& part : device.instances)
      if (!taken.insert(part.id.text).second)
        return Error{Errc::conflict, fmt::format("cannot add slice '{}': another slice has that id", part.id.text)};
  }

  auto shared = std::make_shared<const Node>(std::move(node));
  const NodeName& name = shared->name;
  if (before != nullptr) forget_node(*before->node);
  index_node(*shared);
  Fleet::NodeList& nodes = own_nodes();
  const auto at = std::ranges::lower_bound(nodes, name, {}, [](const NodeView& view) { return view.node->name; });
  if (at != nodes.end() && at->node->name == name)
    at->node = shared;
  else
    nodes.insert(at, NodeView{shared, no_readings()});
  std::erase_if(change_.nodes, [&](const auto& noted) { return noted->name == name; });
  change_.nodes.push_back(shared);
  ++next_.inventory_version_;
  return Done{};
}

void FleetDraft::put_readings(const NodeName& node, std::shared_ptr<const NodeReadings> readings) {
  Fleet::NodeList& nodes = own_nodes();
  const auto at = std::ranges::lower_bound(nodes, node, {}, [](const NodeView& view) { return view.node->name; });
  if (at != nodes.end() && at->node->name == node) at->readings = std::move(readings);
}

Status FleetDraft::check_resource(const Allocation& allocation) const {
  const bool whole = next_.find_device(DeviceId{allocation.resource}).has_value();
  const bool slice = !whole && next_.find_instance(InstanceId{allocation.resource}).has_value();
  const auto refuse = [&](Errc code, std::string_view why) {
    return Error{code, fmt::format("cannot allocate '{}': {}", allocation.resource, why)};
  };
  switch (allocation.resource_type) {
    case ResourceType::full_gpu:
      if (!whole) return refuse(Errc::not_found, "there is no such device");
      break;
    case ResourceType::mig_instance:
      if (!slice) return refuse(Errc::not_found, "there is no such slice");
      break;
    case ResourceType::shared_gpu:
      if (!whole && !slice) return refuse(Errc::not_found, "there is no such device or slice");
      if (allocation.origin == AllocationOrigin::requested) return refuse(Errc::invalid_argument, "a share cannot be asked for");
      break;
  }
  return Done{};
}

Status FleetDraft::check_free(const Allocation& allocation) const {
  const auto refuse = [&](std::string_view why) {
    return Error{Errc::conflict, fmt::format("cannot allocate '{}': {}", allocation.resource, why)};
  };
  if (allocation.resource_type == ResourceType::full_gpu) {
    const auto found = next_.find_device(DeviceId{allocation.resource});
    if (next_.holder(found->device->id) != nullptr) return refuse("it is held already");
    for (const Instance& part : found->device->instances)
      if (next_.holder(part.id) != nullptr) return refuse("a slice of it is held");
    return Done{};
  }
  const auto found = next_.find_instance(InstanceId{allocation.resource});
  if (next_.holder(found->instance->id) != nullptr) return refuse("it is held already");
  if (next_.holder(found->of.device->id) != nullptr) return refuse("its whole GPU is held");
  return Done{};
}

void FleetDraft::hold(const Allocation& allocation) {
  if (allocation.origin == AllocationOrigin::requested) {
    own_holders()[allocation.resource] = allocation.id;
  } else {
    auto& seen = own_observed()[allocation.resource];
    const auto at = std::ranges::lower_bound(seen, allocation.id);
    if (at == seen.end() || *at != allocation.id) seen.insert(at, allocation.id);
  }
  own_allocations().insert_or_assign(allocation.id, allocation);
}

void FleetDraft::let_go(const Allocation& allocation) {
  if (allocation.origin == AllocationOrigin::requested) {
    own_holders().erase(allocation.resource);
  } else {
    ObservedMap& observed = own_observed();
    const auto seen = observed.find(allocation.resource);
    std::erase(seen->second, allocation.id);
    if (seen->second.empty()) observed.erase(seen);
  }
  own_allocations().erase(allocation.id);
}

Status FleetDraft::put_allocation(Allocation allocation) {
  const Allocation* before = next_.find_allocation(allocation.id);
  if (before != nullptr && (before->resource != allocation.resource || before->origin != allocation.origin))
    return Error{Errc::invalid_argument, fmt::format("cannot change allocation '{}': it holds '{}' ({})", allocation.id.text,
                                                     before->resource, to_text(before->origin))};
  if (allocation.status == AllocationStatus::allocated) {
    if (const Status checked = check_resource(allocation); !checked) return checked.error();
    if (before == nullptr && allocation.origin == AllocationOrigin::requested)
      if (const Status free = check_free(allocation); !free) return free.error();
    hold(allocation);
  } else if (before != nullptr) {
    let_go(allocation);
  }
  const auto [noted, is_new] = noted_.emplace(allocation.id, change_.allocations.size());
  if (is_new)
    change_.allocations.push_back(std::move(allocation));
  else
    change_.allocations[noted->second] = std::move(allocation);
  ++next_.inventory_version_;
  return Done{};
}

void FleetDraft::forget_node(const Node& node) {
  Fleet::Index& index = own_index();
  for (const Device& device : node.devices) {
    index.devices.erase(device.id);
    index.uuids.erase(device.uuid);
    for (const Instance& part : device.instances) index.instances.erase(part.id);
  }
}

void FleetDraft::index_node(const Node& node) {
  Fleet::Index& index = own_index();
  for (std::size_t d = 0; d < node.devices.size(); ++d) {
    const Fleet::DevicePlace place{node.name, d};
    index.devices.emplace(node.devices[d].id, place);
    index.uuids.emplace(node.devices[d].uuid, place);
    for (std::size_t i = 0; i < node.devices[d].instances.size(); ++i)
      index.instances.emplace(node.devices[d].instances[i].id, Fleet::InstancePlace{place, i});
  }
}

std::shared_ptr<const Fleet> FleetDraft::finish() && { return std::make_shared<const Fleet>(std::move(next_)); }

}  // namespace reeve
