#pragma once
// Small fleets for tests, in few words.

#include <string>

#include "base/check.h"
#include "domain/inventory/fleet_draft.h"

namespace reeve {

inline Device make_device(const std::string& node, int index, const std::string& model = "H100_80GB", MiB memory = MiB(81559)) {
  Device device;
  device.node = NodeName{node};
  device.id = device_id(device.node, index);
  device.index = index;
  device.uuid = GpuUuid{"GPU-" + node + "-" + std::to_string(index)};
  device.model = ModelId{model};
  device.product_name = model;
  device.pci_address = "00000000:" + std::to_string(10 + index) + ":00.0";
  device.memory = memory;
  device.source = ObservationSource::reeve_agent;
  return device;
}

inline Instance make_instance(const Device& device, int gpu_instance, const std::string& profile, int profile_id, MiB memory) {
  Instance instance;
  instance.id = instance_id(device.id, gpu_instance, 0);
  instance.gpu_instance_id = gpu_instance;
  instance.uuid = GpuUuid{"MIG-" + instance.id.text};
  instance.profile = profile;
  instance.profile_id = profile_id;
  instance.memory = memory;
  return instance;
}

inline Node make_node(const std::string& name, std::vector<Device> devices) {
  Node node;
  node.name = NodeName{name};
  node.devices = std::move(devices);
  return node;
}

// n nodes of `gpus` GPUs each: "n1", "n2" ...
inline Fleet make_fleet(int nodes, int gpus, const std::string& model = "H100_80GB") {
  FleetDraft draft{Fleet()};
  for (int n = 1; n <= nodes; ++n) {
    const std::string name = "n" + std::to_string(n);
    std::vector<Device> devices;
    for (int g = 0; g < gpus; ++g) devices.push_back(make_device(name, g, model));
    REEVE_CHECK(draft.put_node(make_node(name, std::move(devices))).ok());
  }
  return *std::move(draft).finish();
}

inline Allocation make_allocation(const std::string& id, const std::string& resource, ResourceType type = ResourceType::full_gpu) {
  Allocation allocation;
  allocation.id = AllocationId{id};
  allocation.namespace_name = "default";
  allocation.pod_name = "pod-" + id;
  allocation.resource_type = type;
  allocation.resource = resource;
  return allocation;
}

}  // namespace reeve
