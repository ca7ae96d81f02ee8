// NVLink, PCIe and the fabric.

#include <fmt/format.h>

#include <thread>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned int nvlink_error_counters = 5;
constexpr unsigned int fabric_v2_tag = GpuFabricInfoV2{}.version;
constexpr unsigned int fabric_v3_tag = GpuFabricInfoV3{}.version;
constexpr unsigned char fabric_completed = 3;
constexpr unsigned int fabric_health_fine = 0x2AA;  // degraded, recovering, unhealthy, timed out: each "false" (2)

// A link that the GPU has.
template <class Body>
Return on_link(std::string_view name, Device device, unsigned int link, bool arguments_there, Body&& body) {
  return on_device(name, device, arguments_there, MigDevice::refused, [&](Target& target) {
    const auto links = static_cast<unsigned int>(target.board().nvlinks.count);
    if (links == 0) return Return::not_supported;
    if (link >= links) return Return::invalid_argument;
    return body(target);
  });
}

// The switch at the other end: two links go to each.
std::string remote_bus_id(unsigned int link) { return fmt::format("00000000:{:02X}:00.0", 0xC0 + link / 3); }
constexpr unsigned int nvswitch_device_id = 0x22A310DE;

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetNvLinkState(Device device, unsigned int link, unsigned int* active) {
  return on_link("nvmlDeviceGetNvLinkState", device, link, active != nullptr, [&](Target&) {
    *active = 1;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetNvLinkVersion(Device device, unsigned int link, unsigned int* version) {
  return on_link("nvmlDeviceGetNvLinkVersion", device, link, version != nullptr, [&](Target& target) {
    *version = static_cast<unsigned int>(target.board().nvlinks.version);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetNvLinkRemotePciInfo_v2(Device device, unsigned int link, PciInfo* pci) {
  return on_link("nvmlDeviceGetNvLinkRemotePciInfo_v2", device, link, pci != nullptr, [&](Target&) {
    *pci = {};
    pci->bus = 0xC0 + link / 3;
    pci->pci_device_id = nvswitch_device_id;
    copy_text(remote_bus_id(link).substr(4), pci->bus_id_legacy, sizeof pci->bus_id_legacy);
    return copy_text(remote_bus_id(link), pci->bus_id, sizeof pci->bus_id);
  });
}

// The first layout: bus id of 16, then domain, bus, device and device id.
REEVE_NVML_EXPORT nvmlDeviceGetNvLinkRemotePciInfo(Device device, unsigned int link, PciInfo* first_layout) {
  return on_link("nvmlDeviceGetNvLinkRemotePciInfo", device, link, first_layout != nullptr, [&](Target&) {
    first_layout->domain = 0;
    first_layout->bus = 0xC0 + link / 3;
    first_layout->device = 0;
    first_layout->pci_device_id = nvswitch_device_id;
    return copy_text(remote_bus_id(link).substr(4), first_layout->bus_id_legacy, sizeof first_layout->bus_id_legacy);
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetNvLinkErrorCounter(Device device, unsigned int link, unsigned int counter, unsigned long long* value) {
  const bool fine = value != nullptr && counter < nvlink_error_counters;
  return on_link("nvmlDeviceGetNvLinkErrorCounter", device, link, fine, [&](Target&) {
    *value = 0;
    return Return::success;
  });
}

// Measures for the driver's 20 ms and answers KiB/s; other calls go on meanwhile.
REEVE_NVML_EXPORT nvmlDeviceGetPcieThroughput(Device device, unsigned int counter, unsigned int* kib_per_second) {
  Milliseconds window{0};
  const Return code = on_device("nvmlDeviceGetPcieThroughput", device, kib_per_second != nullptr && counter <= pcie_rx, MigDevice::refused,
                                [&](Target& target) {
                                  const GpuValues now = target.gpu.values(target.now);
                                  *kib_per_second = static_cast<unsigned int>((counter == pcie_tx ? now.pcie_tx : now.pcie_rx) / 1024);
                                  window = target.driver.scenario().pcie_window;
                                  return Return::success;
                                });
  if (code == Return::success) std::this_thread::sleep_for(window);
  return code;
}

REEVE_NVML_EXPORT nvmlDeviceGetPcieReplayCounter(Device device, unsigned int* replays) {
  return on_device("nvmlDeviceGetPcieReplayCounter", device, replays != nullptr, MigDevice::refused, [&](Target& target) {
    *replays = target.gpu.spec().health.pcie_replays;
    return Return::success;
  });
}

namespace {

Return pcie_generation(std::string_view name, Device device, unsigned int* generation) {
  return on_device(name, device, generation != nullptr, MigDevice::refused, [&](Target& target) {
    *generation = static_cast<unsigned int>(target.board().pcie_generation);
    return Return::success;
  });
}

Return pcie_width(std::string_view name, Device device, unsigned int* width) {
  return on_device(name, device, width != nullptr, MigDevice::refused, [&](Target&) {
    *width = 16;
    return Return::success;
  });
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetCurrPcieLinkGeneration(Device device, unsigned int* generation) {
  return pcie_generation("nvmlDeviceGetCurrPcieLinkGeneration", device, generation);
}
REEVE_NVML_EXPORT nvmlDeviceGetMaxPcieLinkGeneration(Device device, unsigned int* generation) {
  return pcie_generation("nvmlDeviceGetMaxPcieLinkGeneration", device, generation);
}
REEVE_NVML_EXPORT nvmlDeviceGetCurrPcieLinkWidth(Device device, unsigned int* width) {
  return pcie_width("nvmlDeviceGetCurrPcieLinkWidth", device, width);
}
REEVE_NVML_EXPORT nvmlDeviceGetMaxPcieLinkWidth(Device device, unsigned int* width) {
  return pcie_width("nvmlDeviceGetMaxPcieLinkWidth", device, width);
}

// Two layouts under one name, told apart by the tag.
REEVE_NVML_EXPORT nvmlDeviceGetGpuFabricInfoV(Device device, GpuFabricInfoV3* info) {
  return on_device("nvmlDeviceGetGpuFabricInfoV", device, info != nullptr, MigDevice::refused, [&](Target& target) {
    if (info->version != fabric_v2_tag && info->version != fabric_v3_tag) return Return::argument_version_mismatch;
    if (!target.board().can.fabric) return Return::not_supported;
    std::fill(std::begin(info->cluster_uuid), std::end(info->cluster_uuid), static_cast<unsigned char>(0));
    info->status = Return::success;
    info->clique_id = 0;
    info->state = fabric_completed;
    info->health_mask = fabric_health_fine;
    if (info->version == fabric_v3_tag) info->health_summary = 1;
    return Return::success;
  });
}

}  // namespace reeve::sim
