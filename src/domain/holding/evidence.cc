#include "domain/holding/evidence.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

namespace reeve::holding {
namespace {

using DraName = std::tuple<std::string_view, std::string_view, std::string_view>;  // driver, pool, device

// "gpu.nvidia.com/node-1/gpu-0"; a pool's name may itself have slashes.
std::optional<DraName> split_dra(std::string_view id) {
  const std::size_t first = id.find('/'), last = id.rfind('/');
  if (first == std::string_view::npos || first == last || first == 0 || last + 1 == id.size()) return std::nullopt;
  return DraName{id.substr(0, first), id.substr(first + 1, last - first - 1), id.substr(last + 1)};
}

// A driver's name tells what it is for ("gpu.nvidia.com", "gpu.amd.com"); networks and the like are not our business.
bool is_of_gpus(std::string_view driver) { return driver.find("gpu") != std::string_view::npos; }

// "MIG-...::3" -> "MIG-...".
std::string without_replica(std::string_view id) { return std::string(id.substr(0, id.find("::"))); }

struct Found {
  const NodeView* node = nullptr;
  std::string_view resource{};
  std::string why{};  // when there is none
};

class Gathering {
 public:
  Gathering(const Fleet& fleet, const cluster::Snapshot& cluster, Timestamp now) : fleet_(fleet), cluster_(cluster), now_(now) {
    for (const cluster::SlicePtr& slice : cluster.slices)
      for (const cluster::SliceDevice& device : slice->devices) {
        auto& known = slices_[{slice->driver, slice->pool, device.name}];
        // A pool that is being renewed has slices of two generations; the newer one counts.
        if (known.device == nullptr || known.generation < slice->pool_generation) known = {&device, slice->pool_generation};
      }
  }

  Gathered run() {
    for (const NodeView& view : fleet_.nodes()) read_node(view);
    for (const cluster::ClaimPtr& claim : cluster_.claims) read_claim(*claim);
    std::ranges::sort(out_.unplaced, {}, [](const Unplaced& one) { return std::tie(one.node, one.evidence, one.why); });
    return std::move(out_);
  }

 private:
  struct KnownSlice {
    const cluster::SliceDevice* device = nullptr;
    std::int64_t generation = 0;
  };

  void read_node(const NodeView& view) {
    const NodeReadings& readings = *view.readings;
    if (!readings.at) return;
    for (const DeviceReading& reading : readings.devices) {
      if (reading.holders.empty()) continue;
      const auto device = std::ranges::find(view.node->devices, reading.id, &Device::id);
      for (const HolderObservation& said : reading.holders) {
        if (device == view.node->devices.end())
          unplaced(view.node->name, said, fmt::format("the fleet has no device '{}'", reading.id.text));
        else
          place(said, on_device(view, *device, said), *readings.at, view.node->name);
      }
    }
    for (const HolderObservation& said : readings.unplaced_holders) place(said, by_name(said), *readings.at, view.node->name);
  }

  void place(const HolderObservation& said, Found found, Timestamp at, const NodeName& seen_on, bool claim_shared = false) {
    if (found.node == nullptr) return unplaced(seen_on, said, std::move(found.why));
    out_.placed.push_back({found.resource, found.node, &said, at, claim_shared});
  }

  void unplaced(const NodeName& node, const HolderObservation& said, std::string why) {
    out_.unplaced.push_back({node, said, std::move(why)});
  }

  static Found on_device(const NodeView& view, const Device& device, const HolderObservation& said) {
    if (!said.gpu_instance) return {&view, device.id.text, {}};
    const std::string uuid = without_replica(said.device_id);
    const Instance* found = nullptr;
    std::size_t count = 0;
    for (const Instance& part : device.instances) {
      if (!part.uuid.empty() && part.uuid.text == uuid) return {&view, part.id.text, {}};
      if (part.gpu_instance_id != *said.gpu_instance) continue;
      ++count;
      found = &part;
    }
    if (count == 1) return {&view, found->id.text, {}};
    return {.why = fmt::format("'{}' has {} slices with the GPU instance id {}", device.id.text, count, *said.gpu_instance)};
  }

  // Of a driver's device, or of a UUID that another node shows.
  Found by_name(const HolderObservation& said) {
    if (const auto name = split_dra(said.device_id)) return by_driver(*name);
    const Found found = by_uuid(without_replica(said.device_id));
    return found.node != nullptr ? found : Found{.why = fmt::format("no GPU or slice of the fleet is '{}'", said.device_id)};
  }

  Found by_driver(const DraName& name) {
    const auto known = slices_.find(name);
    const auto& [driver, pool, device] = name;
    if (known == slices_.end())
      return {.why = fmt::format("no ResourceSlice of driver '{}' and pool '{}' has a device '{}'", driver, pool, device)};
    const cluster::Labels& attributes = known->second.device->attributes;
    if (const std::string* uuid = cluster::find(attributes, "uuid"))
      if (const Found found = by_uuid(*uuid); found.node != nullptr) return found;
    const std::string* parent = cluster::find(attributes, "parentUUID");
    const std::string* profile = cluster::find(attributes, "profile");
    if (parent != nullptr && profile != nullptr) return by_profile(*parent, *profile);
    return {.why = fmt::format("the fleet has no GPU or slice with the UUID of device '{}' of driver '{}'", device, driver)};
  }

  // A slice without a UUID of its own is told by its profile where its GPU has one such slice only.
  Found by_profile(const std::string& parent, const std::string& profile) {
    const auto device = fleet_.find_device(GpuUuid{parent});
    if (!device) return {.why = fmt::format("the fleet has no GPU '{}'", parent)};
    const auto same = [&](const Instance& part) { return part.profile == profile; };
    const auto& parts = device->device->instances;
    if (const auto count = std::ranges::count_if(parts, same); count != 1)
      return {.why = fmt::format("'{}' has {} slices of profile {}", device->device->id.text, count, profile)};
    return {fleet_.find_node(device->node->name), std::ranges::find_if(parts, same)->id.text, {}};
  }

  Found by_uuid(const std::string& uuid) {
    if (const auto device = fleet_.find_device(GpuUuid{uuid})) return {fleet_.find_node(device->node->name), device->device->id.text, {}};
    if (!slice_uuids_ready_) index_slices();
    const auto part = slice_uuids_.find(uuid);
    return part == slice_uuids_.end() ? Found{} : part->second;
  }

  void index_slices() {
    slice_uuids_ready_ = true;
    for (const NodeView& view : fleet_.nodes())
      for (const Device& device : view.node->devices)
        for (const Instance& part : device.instances)
          if (!part.uuid.empty()) slice_uuids_.emplace(part.uuid.text, Found{&view, part.id.text, {}});
  }

  void read_claim(const cluster::ResourceClaim& claim) {
    if (claim.reserved_for.empty()) return;
    std::vector<std::pair<const std::string*, std::vector<std::string>>> holders;
    std::size_t count = 0;
    for (const std::string& pod : claim.reserved_for) {
      holders.emplace_back(&pod, containers_of(claim, pod));
      count += holders.back().second.size();
    }
    for (const cluster::ClaimDevice& device : claim.devices) {
      if (device.admin_access || !is_of_gpus(device.driver)) continue;  // admin access only looks
      const Found found = by_driver({device.driver, device.pool, device.device});
      for (const auto& [pod, containers] : holders)
        for (const std::string& container : containers) {
          const HolderObservation& said =
              out_.made.emplace_back(HolderObservation{.source = HolderSource::resource_claim,
                                                       .namespace_name = claim.meta.namespace_name,
                                                       .pod = *pod,
                                                       .container = container,
                                                       .device_id = fmt::format("{}/{}/{}", device.driver, device.pool, device.device)});
          place(said, found, now_, NodeName{device.pool}, count > 1);
        }
    }
  }

  // Those containers of the pod that use the claim; one without a name when nobody tells.
  std::vector<std::string> containers_of(const cluster::ResourceClaim& claim, const std::string& pod_name) const {
    std::vector<std::string> users;
    const cluster::Pod* pod = cluster_.find_pod(claim.meta.namespace_name, pod_name);
    if (pod == nullptr) return {std::string()};
    for (const cluster::PodClaim& named : pod->claims)
      if (named.resource_claim == claim.meta.name)
        for (const cluster::Container& container : pod->containers)
          if (std::ranges::find(container.claims, named.name) != container.claims.end() &&
              std::ranges::find(users, container.name) == users.end())
            users.push_back(container.name);
    if (users.empty()) users.emplace_back();
    return users;
  }

  const Fleet& fleet_;
  const cluster::Snapshot& cluster_;
  const Timestamp now_;
  std::map<DraName, KnownSlice> slices_{};
  bool slice_uuids_ready_ = false;
  std::unordered_map<std::string, Found> slice_uuids_{};
  Gathered out_{};
};

}  // namespace

Gathered gather(const Fleet& fleet, const cluster::Snapshot& cluster, Timestamp now) { return Gathering(fleet, cluster, now).run(); }

}  // namespace reeve::holding
