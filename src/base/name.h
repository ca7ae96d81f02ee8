#pragma once
// A name that belongs to one kind of thing: a DeviceId and a NodeName are both text, never each other.

#include <compare>
#include <functional>
#include <string>

namespace reeve {

template <class Kind>
struct Name {
  std::string text;

  bool empty() const { return text.empty(); }
  friend auto operator<=>(const Name&, const Name&) = default;
  friend bool operator==(const Name&, const Name&) = default;
};

using NodeName = Name<struct NodeKind>;            // Kubernetes node name, "gpu-node-01"
using DeviceId = Name<struct DeviceKind>;          // "gpu-node-01-GPU-03": node name, "-GPU-", index
using InstanceId = Name<struct InstanceKind>;      // "gpu-node-01-GPU-03-MIG-07": device id, "-MIG-", GPU instance id
using GpuUuid = Name<struct GpuUuidKind>;          // what the driver says: "GPU-5a3c..." or "MIG-..."
using ModelId = Name<struct ModelKind>;            // catalogue row: "H100_80GB"
using AllocationId = Name<struct AllocationKind>;  // "ALLOC-1A2B3C4D"

}  // namespace reeve

template <class Kind>
struct std::hash<reeve::Name<Kind>> {
  std::size_t operator()(const reeve::Name<Kind>& name) const { return std::hash<std::string>{}(name.text); }
};
