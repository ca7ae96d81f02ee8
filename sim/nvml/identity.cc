// Which GPUs there are and what they are called.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "base/parse.h"
#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

struct PciAddress {
  unsigned int domain = 0, bus = 0, device = 0, function = 0;
  friend bool operator==(const PciAddress&, const PciAddress&) = default;
};

std::optional<unsigned int> hex(std::string_view text) {
  unsigned int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// "00000000:18:00.0", "0000:18:00.0", "18:00.0"; the function may be missing.
std::optional<PciAddress> parse_pci(std::string_view text) {
  const auto last = text.rfind(':');
  if (last == std::string_view::npos) return std::nullopt;
  const auto first = text.substr(0, last).rfind(':');
  const bool has_domain = first != std::string_view::npos;
  const auto dot = text.find('.', last);
  const auto domain = has_domain ? hex(text.substr(0, first)) : std::optional(0U);
  const auto bus = hex(text.substr(has_domain ? first + 1 : 0, last - (has_domain ? first + 1 : 0)));
  const auto device = hex(text.substr(last + 1, dot == std::string_view::npos ? dot : dot - last - 1));
  const auto function = dot == std::string_view::npos ? std::optional(0U) : hex(text.substr(dot + 1));
  if (!domain || !bus || !device || !function) return std::nullopt;
  return PciAddress{*domain, *bus, *device, *function};
}

// Known, unless it fell off the bus.
Return give_gpu(Driver& driver, const Gpu& gpu, Device* device) {
  if (gpu.spec().lost(driver.now())) return Return::gpu_is_lost;
  *device = static_cast<Device>(driver.handle({.kind = HandleKind::gpu, .gpu = gpu.spec().index}));
  return Return::success;
}

std::string mig_name(const Target& target) {
  const GpuInstanceState& instance = *target.gpu_instance;
  for (const mig::ComputeInstanceProfile& profile : target.gpu.geometry().compute_profiles(instance.profile_id))
    if (profile.id == target.compute_instance->profile_id) return fmt::format("{} MIG {}", target.board().product_name, profile.name);
  return target.board().product_name;
}

void fill_pci(const Gpu& gpu, unsigned int* domain, unsigned int* bus, unsigned int* device, unsigned int* device_id) {
  const PciAddress address = parse_pci(gpu.spec().pci_address).value_or(PciAddress{});
  *domain = address.domain;
  *bus = address.bus;
  *device = address.device;
  *device_id = hex(gpu.board().pci_device_id).value_or(0) << 16 | 0x10DE;
}

// The older form has four digits of domain.
std::string legacy_bus_id(const Gpu& gpu) { return gpu.spec().pci_address.substr(4); }

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetCount_v2(unsigned int* count) {
  return call("nvmlDeviceGetCount_v2", count != nullptr, [&](Driver& driver) {
    *count = static_cast<unsigned int>(driver.gpus().size());
    return Return::success;
  });
}
REEVE_NVML_EXPORT nvmlDeviceGetCount(unsigned int* count) { return nvmlDeviceGetCount_v2(count); }

REEVE_NVML_EXPORT nvmlDeviceGetHandleByIndex_v2(unsigned int index, Device* device) {
  return call("nvmlDeviceGetHandleByIndex_v2", device != nullptr, [&](Driver& driver) {
    return index < driver.gpus().size() ? give_gpu(driver, driver.gpus()[index], device) : Return::invalid_argument;
  });
}
REEVE_NVML_EXPORT nvmlDeviceGetHandleByIndex(unsigned int index, Device* device) { return nvmlDeviceGetHandleByIndex_v2(index, device); }

REEVE_NVML_EXPORT nvmlDeviceGetHandleByUUID(const char* uuid, Device* device) {
  return call("nvmlDeviceGetHandleByUUID", uuid != nullptr && device != nullptr, [&](Driver& driver) {
    for (const Gpu& gpu : driver.gpus()) {
      if (gpu.spec().uuid.text == uuid) return give_gpu(driver, gpu, device);
      for (const auto& [instance, compute] : driver.mig_devices(gpu)) {
        if (mig_uuid(gpu.spec().uuid, instance, compute).text != uuid) continue;
        *device = static_cast<Device>(driver.handle({HandleKind::mig_device, gpu.spec().index, instance, compute}));
        return gpu.spec().lost(driver.now()) ? Return::gpu_is_lost : Return::success;
      }
    }
    return Return::not_found;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetHandleByPciBusId_v2(const char* bus_id, Device* device) {
  return call("nvmlDeviceGetHandleByPciBusId_v2", bus_id != nullptr && device != nullptr, [&](Driver& driver) {
    const auto wanted = parse_pci(bus_id);
    if (!wanted) return Return::invalid_argument;
    for (const Gpu& gpu : driver.gpus())
      if (parse_pci(gpu.spec().pci_address) == wanted) return give_gpu(driver, gpu, device);
    return Return::not_found;
  });
}
REEVE_NVML_EXPORT nvmlDeviceGetHandleByPciBusId(const char* bus_id, Device* device) {
  return nvmlDeviceGetHandleByPciBusId_v2(bus_id, device);
}

REEVE_NVML_EXPORT nvmlDeviceGetHandleBySerial(const char* serial, Device* device) {
  return call("nvmlDeviceGetHandleBySerial", serial != nullptr && device != nullptr, [&](Driver& driver) {
    for (const Gpu& gpu : driver.gpus())
      if (gpu.board().can.inforom && gpu.spec().serial == serial) return give_gpu(driver, gpu, device);
    return Return::not_found;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetName(Device device, char* name, unsigned int length) {
  return on_device("nvmlDeviceGetName", device, name != nullptr, MigDevice::answered, [&](Target& target) {
    return copy_text(target.is_mig_device() ? mig_name(target) : target.board().product_name, name, length);
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetUUID(Device device, char* uuid, unsigned int length) {
  return on_device("nvmlDeviceGetUUID", device, uuid != nullptr, MigDevice::answered, [&](Target& target) {
    const GpuUuid& own = target.gpu.spec().uuid;
    if (!target.is_mig_device()) return copy_text(own.text, uuid, length);
    return copy_text(mig_uuid(own, target.gpu_instance->id, target.compute_instance->id).text, uuid, length);
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetSerial(Device device, char* serial, unsigned int length) {
  return on_device("nvmlDeviceGetSerial", device, serial != nullptr, MigDevice::refused, [&](Target& target) {
    return target.board().can.inforom ? copy_text(target.gpu.spec().serial, serial, length) : Return::not_supported;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetVbiosVersion(Device device, char* version, unsigned int length) {
  return on_device("nvmlDeviceGetVbiosVersion", device, version != nullptr, MigDevice::refused,
                   [&](Target& target) { return copy_text(target.board().vbios_version, version, length); });
}

REEVE_NVML_EXPORT nvmlDeviceGetPciInfo_v3(Device device, PciInfo* pci) {
  return on_device("nvmlDeviceGetPciInfo_v3", device, pci != nullptr, MigDevice::refused, [&](Target& target) {
    *pci = {};
    fill_pci(target.gpu, &pci->domain, &pci->bus, &pci->device, &pci->pci_device_id);
    pci->pci_sub_system_id = target.board().subsystem_id;
    copy_text(legacy_bus_id(target.gpu), pci->bus_id_legacy, sizeof pci->bus_id_legacy);
    return copy_text(target.gpu.spec().pci_address, pci->bus_id, sizeof pci->bus_id);
  });
}

// The first two layouts: bus id of 16, then numbers.
struct PciInfoV1 {
  char bus_id[16];
  unsigned int domain, bus, device, pci_device_id;
};
struct PciInfoV2 {
  PciInfoV1 first;
  unsigned int pci_sub_system_id, reserved[4];
};
static_assert(sizeof(PciInfoV1) == 32 && sizeof(PciInfoV2) == 52);

REEVE_NVML_EXPORT nvmlDeviceGetPciInfo(Device device, PciInfoV1* pci) {
  return on_device("nvmlDeviceGetPciInfo", device, pci != nullptr, MigDevice::refused, [&](Target& target) {
    fill_pci(target.gpu, &pci->domain, &pci->bus, &pci->device, &pci->pci_device_id);
    return copy_text(legacy_bus_id(target.gpu), pci->bus_id, sizeof pci->bus_id);
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetPciInfo_v2(Device device, PciInfoV2* pci) {
  return on_device("nvmlDeviceGetPciInfo_v2", device, pci != nullptr, MigDevice::refused, [&](Target& target) {
    *pci = {};
    fill_pci(target.gpu, &pci->first.domain, &pci->first.bus, &pci->first.device, &pci->first.pci_device_id);
    pci->pci_sub_system_id = target.board().subsystem_id;
    return copy_text(legacy_bus_id(target.gpu), pci->first.bus_id, sizeof pci->first.bus_id);
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetIndex(Device device, unsigned int* index) {
  return on_device("nvmlDeviceGetIndex", device, index != nullptr, MigDevice::refused, [&](Target& target) {
    *index = static_cast<unsigned int>(target.gpu.spec().index);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetMinorNumber(Device device, unsigned int* minor) {
  return on_device("nvmlDeviceGetMinorNumber", device, minor != nullptr, MigDevice::refused, [&](Target& target) {
    *minor = static_cast<unsigned int>(target.gpu.spec().index);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetArchitecture(Device device, unsigned int* architecture) {
  return on_device("nvmlDeviceGetArchitecture", device, architecture != nullptr, MigDevice::answered, [&](Target& target) {
    *architecture = static_cast<unsigned int>(target.board().architecture);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetBrand(Device device, unsigned int* brand) {
  constexpr unsigned int brand_tesla = 2, brand_geforce = 5, brand_titan = 6, brand_nvidia = 14, brand_geforce_rtx = 15;
  return on_device("nvmlDeviceGetBrand", device, brand != nullptr, MigDevice::answered, [&](Target& target) {
    const std::string& name = target.board().product_name;
    if (name.contains("TITAN"))
      *brand = brand_titan;
    else if (name.contains("GeForce"))
      *brand = name.contains("RTX") ? brand_geforce_rtx : brand_geforce;
    else
      *brand = name.starts_with("Tesla V") ? brand_tesla : brand_nvidia;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetCudaComputeCapability(Device device, int* major, int* minor) {
  const bool there = major != nullptr && minor != nullptr;
  return on_device("nvmlDeviceGetCudaComputeCapability", device, there, MigDevice::answered, [&](Target& target) {
    *major = target.board().compute_major;
    *minor = target.board().compute_minor;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceValidateInforom(Device device) {
  return on_device("nvmlDeviceValidateInforom", device, true, MigDevice::refused,
                   [&](Target& target) { return target.board().can.inforom ? Return::success : Return::not_supported; });
}

}  // namespace reeve::sim
