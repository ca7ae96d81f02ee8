#include "domain/reconcile/reconcile.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

#include <fmt/format.h>

namespace reeve {
namespace {

// Exporters round used, free and reserved memory to MiB each: their sum trembles, the GPU does not.
constexpr std::int64_t memory_tremble_mib = 16;

void keep_if_told(std::string& field, const std::string& seen) {
  if (!seen.empty()) field = seen;
}

std::optional<MiB> steady_memory(std::optional<MiB> before, std::optional<MiB> seen) {
  if (!before || !seen) return seen ? seen : before;
  return std::abs(before->count() - seen->count()) <= memory_tremble_mib ? before : seen;
}

auto instance_key(const auto& instance) { return std::pair(instance.gpu_instance_id, instance.compute_instance_id); }

template <class Instances>
auto find_instance(Instances& instances, const auto& wanted) {
  return std::ranges::find_if(instances, [&](const auto& one) { return instance_key(one) == instance_key(wanted); });
}

Instance merge_instance(const Device& device, const Instance* before, const InstanceObservation& seen, ModelRecogniser& models,
                        Timestamp now) {
  // A driver reuses the ids of instances that are gone: another UUID or profile is another instance.
  const bool is_same = before != nullptr && (before->uuid.empty() || seen.uuid.empty() || before->uuid == seen.uuid) &&
                       (before->profile.empty() || seen.profile.empty() || before->profile == seen.profile);
  Instance after = is_same ? *before : Instance{.first_seen = now};
  after.id = instance_id(device.id, seen.gpu_instance_id, seen.compute_instance_id);
  after.gpu_instance_id = seen.gpu_instance_id;
  after.compute_instance_id = seen.compute_instance_id;
  keep_if_told(after.uuid.text, seen.uuid.text);
  keep_if_told(after.profile, seen.profile);
  if (seen.profile_id) after.profile_id = seen.profile_id;
  if (seen.placement) after.placement = seen.placement;
  after.memory = steady_memory(after.memory, seen.memory);
  const mig::Geometry* geometry = models.geometry(device.model);
  const mig::GpuInstanceProfile* profile = geometry != nullptr ? geometry->profile_by_name(after.profile) : nullptr;
  if (profile != nullptr && !after.profile_id) after.profile_id = profile->id;
  if (profile != nullptr && !after.memory && profile->memory.count() > 0) after.memory = profile->memory;
  return after;
}

// `before`: the same GPU as it was; null when it is new here.
Device merge_device(const Device* before, const DeviceObservation& seen, const NodeObservation& node, DeviceId id, ModelRecogniser& models,
                    Timestamp now) {
  Device after = before != nullptr ? *before : Device{.first_seen = now};
  after.id = std::move(id);
  after.node = node.node;
  after.index = seen.index;
  after.uuid = seen.uuid;
  after.source = node.source;
  after.lost = seen.lost;
  keep_if_told(after.product_name, seen.product_name);
  keep_if_told(after.serial, seen.serial);
  keep_if_told(after.pci_address, seen.pci_address);
  keep_if_told(after.vbios_version, seen.vbios_version);
  keep_if_told(after.driver_version, node.driver_version);
  after.memory = steady_memory(after.memory, seen.memory);
  const ModelId& model = models.recognise({after.product_name, seen.pci_device_id, after.memory});
  if (!model.empty()) after.model = model;
  if (const GpuModel* known = models.find(after.model); known != nullptr && !after.memory) after.memory = known->driver_memory;
  if (seen.lost) return after;  // what was on it is not visible now

  after.mig_enabled = seen.mig_enabled.value_or(!seen.instances.empty());
  after.instances.clear();
  for (const InstanceObservation& part : seen.instances) {
    const Instance* old = nullptr;
    if (before != nullptr)
      if (const auto found = find_instance(before->instances, part); found != before->instances.end()) old = &*found;
    after.instances.push_back(merge_instance(after, old, part, models, now));
  }
  std::ranges::sort(after.instances, {}, [](const Instance& one) { return instance_key(one); });
  return after;
}

// Merges the devices of one node. Ids go first to those that had one, then to new ones.
class DeviceMerge {
 public:
  DeviceMerge(const Node* before, const NodeObservation& seen, ModelRecogniser& models, Timestamp now)
      : seen_(seen), models_(models), now_(now) {
    if (before == nullptr) return;
    for (const Device& device : before->devices) old_.push_back(&device);
  }

  std::vector<Device> run() {
    std::vector<Device> after;
    std::vector<std::pair<const DeviceObservation*, const Device*>> fresh;
    for (const DeviceObservation& device : seen_.devices) {
      const auto old = std::ranges::find(old_, device.uuid, [](const Device* one) { return one->uuid; });
      const Device* known = old != old_.end() ? *old : nullptr;
      if (known != nullptr) old_.erase(old);
      if (known == nullptr || known->id.empty()) {
        fresh.emplace_back(&device, known);
        continue;
      }
      taken_.insert(known->id.text);
      after.push_back(merge_device(known, device, seen_, known->id, models_, now_));
    }
    for (const auto& [device, moved] : fresh) after.push_back(add(*device, moved));
    for (const Device* gone : old_) {
      Device kept = *gone;
      kept.lost = kept.lost || kept.source != ObservationSource::registered;
      after.push_back(std::move(kept));
    }
    std::ranges::sort(after, {}, [](const Device& device) { return std::pair(device.index, device.id.text); });
    return after;
  }

 private:
  // The id of its index; when a GPU that is still there has that one, the next that nobody has.
  DeviceId free_id(int index) {
    DeviceId id = device_id(seen_.node, index);
    for (int next = static_cast<int>(seen_.devices.size()); taken_.contains(id.text); ++next) id = device_id(seen_.node, next);
    return id;
  }

  // `moved`: the GPU as another node had it; null when nobody had.
  Device add(const DeviceObservation& device, const Device* moved) {
    DeviceId id = free_id(device.index);
    taken_.insert(id.text);
    const auto replaced = std::ranges::find(old_, id, [](const Device* one) { return one->id; });
    Device added = merge_device(moved, device, seen_, std::move(id), models_, now_);
    if (replaced != old_.end()) {
      added.state = (*replaced)->state;  // whoever took the place out of service puts it back
      old_.erase(replaced);
    }
    return added;
  }

  const NodeObservation& seen_;
  ModelRecogniser& models_;
  const Timestamp now_;
  std::vector<const Device*> old_{};  // those that no observed device has been matched with
  std::unordered_set<std::string> taken_{};
};

// An instance that somebody holds stays until it is released, as FleetDraft will have it anyway: with it
// the comparison of before and after tells whether there is anything to do.
void keep_held_instances(const Fleet& fleet, const Node& before, Node& after) {
  for (const Device& old : before.devices) {
    const auto kept = std::ranges::find(after.devices, old.id, &Device::id);
    if (kept == after.devices.end()) continue;
    bool added = false;
    for (const Instance& part : old.instances) {
      const bool is_there = std::ranges::find(kept->instances, part.id, &Instance::id) != kept->instances.end();
      if (is_there || fleet.holder(part.id) == nullptr) continue;
      kept->instances.push_back(part);
      added = true;
    }
    if (added) std::ranges::sort(kept->instances, {}, [](const Instance& one) { return instance_key(one); });
  }
}

bool may_move(const DeviceView& from, Timestamp now, Milliseconds stale_after) {
  if (from.device->lost || from.device->source == ObservationSource::registered) return true;
  return !from.node_readings->at || now - *from.node_readings->at > stale_after;
}

bool is_held(const Fleet& fleet, const Device& device) {
  return fleet.holder(device.id) != nullptr ||
         std::ranges::any_of(device.instances, [&](const Instance& part) { return fleet.holder(part.id) != nullptr; });
}

Error move_conflict(const GpuUuid& gpu, const NodeName& to, std::string_view why, const Node& from) {
  return {Errc::conflict, fmt::format("cannot take GPU '{}' for node '{}': {} node '{}'", gpu.text, to.text, why, from.name.text)};
}

// Takes GPUs that are seen on another node now out of the nodes that had them, into `before`.
Status take_moved(const Fleet& fleet, const NodeObservation& seen, Timestamp now, Milliseconds stale_after, Node& before,
                  std::vector<Node>& changed) {
  for (const DeviceObservation& device : seen.devices) {
    const auto found = fleet.find_device(device.uuid);
    if (!found || found->node->name == seen.node) continue;
    if (!may_move(*found, now, stale_after)) return move_conflict(device.uuid, seen.node, "it is reported by", *found->node);
    if (is_held(fleet, *found->device)) return move_conflict(device.uuid, seen.node, "it is still allocated on", *found->node);
    auto from = std::ranges::find(changed, found->node->name, &Node::name);
    if (from == changed.end()) from = changed.insert(changed.end(), *found->node);
    std::erase_if(from->devices, [&](const Device& one) { return one.uuid == device.uuid; });
    Device moved = *found->device;
    moved.id = {};  // DeviceMerge gives it one of this node
    moved.instances.clear();
    before.devices.push_back(std::move(moved));
  }
  return Done{};
}

}  // namespace

const ModelId& ModelRecogniser::recognise(const ModelClues& clues) {
  const std::int64_t memory = clues.memory ? clues.memory->count() : -1;
  const auto [place, is_new] = known_.try_emplace({std::string(clues.product_name), std::string(clues.pci_device_id), memory}, ModelId{});
  if (is_new)
    if (const GpuModel* model = catalogue_.recognise(clues)) place->second = model->id;
  return place->second;
}

Node merge_observation(const Node* before, const NodeObservation& seen, ModelRecogniser& models, Timestamp now) {
  Node after;
  after.name = seen.node;
  after.first_seen = now;
  if (before != nullptr) {
    after.cluster = before->cluster;
    after.address = before->address;
    after.driver_version = before->driver_version;
    after.cuda_version = before->cuda_version;
    after.state = before->state;
    after.first_seen = before->first_seen;
  }
  keep_if_told(after.driver_version, seen.driver_version);
  keep_if_told(after.cuda_version, seen.cuda_version);
  after.devices = DeviceMerge(before, seen, models, now).run();
  return after;
}

Result<std::vector<Node>> reconcile(const Fleet& fleet, const NodeObservation& seen, const NodePlace& place, ModelRecogniser& models,
                                    Timestamp now, Milliseconds stale_after) {
  const NodeView* view = fleet.find_node(seen.node);
  const auto is_foreign = [&](const DeviceObservation& device) {
    const auto found = fleet.find_device(device.uuid);
    return found && found->node->name != seen.node;
  };
  const Node* before = view != nullptr ? view->node.get() : nullptr;
  std::vector<Node> changed;
  Node with_moved;
  if (std::ranges::any_of(seen.devices, is_foreign)) {
    with_moved = before != nullptr ? *before : Node{.name = seen.node, .first_seen = now};
    if (const Status taken = take_moved(fleet, seen, now, stale_after, with_moved, changed); !taken) return taken.error();
    before = &with_moved;
  }
  Node after = merge_observation(before, seen, models, now);
  if (!place.cluster.empty()) after.cluster = place.cluster;
  if (!place.address.empty()) after.address = place.address;
  if (view != nullptr) keep_held_instances(fleet, *view->node, after);
  if (view == nullptr || after != *view->node) changed.push_back(std::move(after));
  return changed;
}

NodeReadings readings_of(const Node& node, NodeObservation seen) {
  NodeReadings readings;
  readings.at = seen.at;
  readings.source = seen.source;
  readings.last_attempt = seen.at;
  readings.holders_from = seen.holders_from;
  readings.unplaced_holders = std::move(seen.unplaced_holders);
  for (const Device& device : node.devices) {
    const auto found = std::ranges::find(seen.devices, device.uuid, &DeviceObservation::uuid);
    if (found == seen.devices.end() || (found->lost && found->holders.empty())) continue;
    DeviceReading& reading = readings.devices.emplace_back();
    reading.id = device.id;
    reading.holders = std::move(found->holders);
    if (found->lost) continue;  // held all the same, but nothing is measured on it
    reading.values = found->values;
    reading.processes = std::move(found->processes);
    for (const Instance& instance : device.instances) {
      const auto part = find_instance(found->instances, instance);
      if (part != found->instances.end()) reading.instances.push_back({instance.id, part->values});
    }
  }
  return readings;
}

}  // namespace reeve
