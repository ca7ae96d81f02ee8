#pragma once
// Which GPU, slice and share of it the kubelet means by a device id. Each device plug-in has a language of its own:
//
//   NVIDIA device plug-in   GPU-<uuid>, MIG-<uuid>, the older MIG-GPU-<uuid>/<gi>/<ci>; ::N behind it for replica N
//   GKE's device plug-in    nvidia0, nvidia0/gi7, nvidia0/vgpu1, nvidia0/gi7/vgpu1: the number of the GPU, its GPU
//                           instance, its share
//   AMD device plug-in      the PCI address, "0000:0b:00.0"; amdgpu_xcp_N for a partition, which names no GPU
//   Habana device plug-in   the serial number
//   Intel device plug-in    card0-0: a card of the kernel's, which names no GPU that an observation knows
//   DRA                     driver/pool/device; NVIDIA's devices are gpu-0, gpu-0-mig-<profile id>-<start>-<size> and
//                           gpu-0-mig-<profile>-<profile id>-<start>, of the pool that has the node's name
//
// The numbers of GKE's and DRA's names are those of /dev/nvidiaN; they are taken for the driver's index, as
// dcgm-exporter does. What does not name exactly one device of the observation resolves to nothing: a slice that
// is not there is never its whole GPU. Pure functions, safe from any thread.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/inventory/observation.h"

namespace reeve {

struct ResolvedDevice {
  std::size_t position = 0;           // in NodeObservation::devices
  std::optional<int> gpu_instance{};  // set: that slice of it
  std::optional<int> replica{};       // set: one of several shares

  friend bool operator==(const ResolvedDevice&, const ResolvedDevice&) = default;
};

std::optional<ResolvedDevice> resolve_device_id(std::string_view device_id, const NodeObservation& node);

// Hands each holder to the device that its id names, with slice and share, and the others to unplaced_holders.
// The observation had no holders; `source` becomes its holders_from.
void place_holders(NodeObservation& node, std::vector<HolderObservation> holders, HolderSource source);

}  // namespace reeve
