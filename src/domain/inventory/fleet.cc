#include "domain/inventory/fleet.h"

#include <algorithm>

#include "base/check.h"

namespace reeve {

Fleet::Fleet()
    : nodes_(std::make_shared<NodeList>()),
      index_(std::make_shared<Index>()),
      allocations_(std::make_shared<AllocationMap>()),
      holders_(std::make_shared<HolderMap>()),
      observed_(std::make_shared<ObservedMap>()) {}

const NodeView* Fleet::find_node(const NodeName& name) const {
  const auto at = std::ranges::lower_bound(*nodes_, name, {}, [](const NodeView& view) { return view.node->name; });
  return at != nodes_->end() && at->node->name == name ? &*at : nullptr;
}

DeviceView Fleet::view_of(const DevicePlace& place) const {
  const NodeView* node = find_node(place.node);
  REEVE_CHECK(node != nullptr && place.device < node->node->devices.size());
  const Device& device = node->node->devices[place.device];
  return {node->node.get(), node->readings.get(), &device, node->readings->find(device.id)};
}

std::optional<DeviceView> Fleet::find_device(const DeviceId& id) const {
  const auto at = index_->devices.find(id);
  if (at == index_->devices.end()) return std::nullopt;
  return view_of(at->second);
}

std::optional<DeviceView> Fleet::find_device(const GpuUuid& uuid) const {
  const auto at = index_->uuids.find(uuid);
  if (at == index_->uuids.end()) return std::nullopt;
  return view_of(at->second);
}

std::optional<InstanceView> Fleet::find_instance(const InstanceId& id) const {
  const auto at = index_->instances.find(id);
  if (at == index_->instances.end()) return std::nullopt;
  InstanceView found{.of = view_of(at->second.device)};
  found.instance = &found.of.device->instances[at->second.instance];
  if (found.of.reading != nullptr)
    for (const InstanceReading& reading : found.of.reading->instances)
      if (reading.id == id) found.reading = &reading;
  return found;
}

const Allocation* Fleet::find_allocation(const AllocationId& id) const {
  const auto at = allocations_->find(id);
  return at == allocations_->end() ? nullptr : &at->second;
}

const Allocation* Fleet::holder_of(const std::string& resource) const {
  if (const auto at = holders_->find(resource); at != holders_->end()) return find_allocation(at->second);
  const auto seen = observed_->find(resource);
  return seen == observed_->end() ? nullptr : find_allocation(seen->second.front());
}

std::vector<const Allocation*> Fleet::holders(const std::string& resource) const {
  std::vector<const Allocation*> all;
  if (const auto at = holders_->find(resource); at != holders_->end()) all.push_back(find_allocation(at->second));
  if (const auto seen = observed_->find(resource); seen != observed_->end())
    for (const AllocationId& id : seen->second) all.push_back(find_allocation(id));
  return all;
}

bool Fleet::is_free(const Device& device) const {
  // A GPU in MIG mode has no whole to give: its kernels run in instances only.
  if (!is_usable(device) || device.mig_enabled || holder(device.id) != nullptr) return false;
  return std::ranges::none_of(device.instances, [&](const Instance& part) { return holder(part.id) != nullptr; });
}

bool Fleet::is_free(const Device& device, const Instance& instance) const {
  return is_usable(device) && holder(device.id) == nullptr && holder(instance.id) == nullptr;
}

}  // namespace reeve
