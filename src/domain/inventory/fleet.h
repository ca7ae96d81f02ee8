#pragma once
// Everything that is known now: nodes, devices, slices, their newest readings and who holds what.
//
// A Fleet is an immutable snapshot that shares its parts with the snapshots before and after it. Readers
// on any thread may keep one as long as they like. Only FleetDraft (fleet_draft.h) makes the next one.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/name.h"
#include "base/time.h"
#include "domain/allocation/allocation.h"
#include "domain/inventory/device.h"
#include "domain/inventory/reading.h"

namespace reeve {

struct Node {
  NodeName name{};
  std::string cluster{};  // empty: none configured
  std::string address{};  // "10.0.0.7:9400": where it is observed; empty for registered nodes
  std::string driver_version{};
  std::string cuda_version{};
  DeviceState state = DeviceState::active;
  Timestamp first_seen{};
  std::vector<Device> devices{};  // by ascending index

  friend bool operator==(const Node&, const Node&) = default;
};

// A node and its newest readings. Neither pointer is ever null.
struct NodeView {
  std::shared_ptr<const Node> node;
  std::shared_ptr<const NodeReadings> readings;
};

// A device found in a snapshot; valid as long as the snapshot lives. `reading` is null when there is none.
struct DeviceView {
  const Node* node = nullptr;
  const NodeReadings* node_readings = nullptr;
  const Device* device = nullptr;
  const DeviceReading* reading = nullptr;
};

struct InstanceView {
  DeviceView of{};
  const Instance* instance = nullptr;
  const InstanceReading* reading = nullptr;
};

using AllocationMap = std::map<AllocationId, Allocation>;         // those that hold something now
using HolderMap = std::unordered_map<std::string, AllocationId>;  // resource -> the request that holds it
// Resource -> who was seen on it, by ascending id; never an empty list.
using ObservedMap = std::unordered_map<std::string, std::vector<AllocationId>>;

class Fleet {
 public:
  Fleet();  // empty

  // Grows by at least one with each change, readings included.
  std::uint64_t version() const { return version_; }
  // Grows with changes of nodes, devices, slices or allocations, not with readings.
  std::uint64_t inventory_version() const { return inventory_version_; }

  const std::vector<NodeView>& nodes() const { return *nodes_; }      // by ascending name
  const AllocationMap& allocations() const { return *allocations_; }  // status ALLOCATED, all of them
  std::size_t device_count() const { return index_->devices.size(); }
  std::size_t instance_count() const { return index_->instances.size(); }

  const NodeView* find_node(const NodeName& name) const;
  std::optional<DeviceView> find_device(const DeviceId& id) const;
  std::optional<DeviceView> find_device(const GpuUuid& uuid) const;
  std::optional<InstanceView> find_instance(const InstanceId& id) const;
  const Allocation* find_allocation(const AllocationId& id) const;

  // Who holds this very device or instance: whoever was given it on request, else the first of those who were seen on
  // it. nullptr when nobody does.
  const Allocation* holder(const DeviceId& id) const { return holder_of(id.text); }
  const Allocation* holder(const InstanceId& id) const { return holder_of(id.text); }
  // All of them, the requested one first; several when shares were seen, or somebody on what another was given.
  std::vector<const Allocation*> holders(const std::string& resource) const;

  // Free for a new holder: usable, not held, and no part of it (or whole of it) is held either.
  bool is_free(const Device& device) const;
  bool is_free(const Device& device, const Instance& instance) const;

  // Calls visit(const DeviceView&) for each device, by node name, then index.
  template <class Visit>
  void for_each_device(Visit&& visit) const {
    for (const NodeView& view : nodes())
      for (const Device& device : view.node->devices)
        visit(DeviceView{view.node.get(), view.readings.get(), &device, view.readings->find(device.id)});
  }

 private:
  friend class FleetDraft;
  // By node name and not by position, so that a new node does not move the entries of the others.
  struct DevicePlace {
    NodeName node;
    std::size_t device;
  };
  struct InstancePlace {
    DevicePlace device;
    std::size_t instance;
  };
  struct Index {
    std::unordered_map<DeviceId, DevicePlace> devices;
    std::unordered_map<GpuUuid, DevicePlace> uuids;
    std::unordered_map<InstanceId, InstancePlace> instances;
  };
  using NodeList = std::vector<NodeView>;

  const Allocation* holder_of(const std::string& resource) const;
  DeviceView view_of(const DevicePlace& place) const;

  std::uint64_t version_ = 0;
  std::uint64_t inventory_version_ = 0;
  std::shared_ptr<const NodeList> nodes_;
  std::shared_ptr<const Index> index_;
  std::shared_ptr<const AllocationMap> allocations_;
  std::shared_ptr<const HolderMap> holders_;
  std::shared_ptr<const ObservedMap> observed_;
};

}  // namespace reeve
