// ECC counters, retired pages, remapped rows.

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned int memory_locations = 8;

unsigned long long ecc_count(const Target& target, unsigned int type) {
  const Health& health = target.gpu.spec().health;
  return type == error_corrected ? health.ecc_corrected : health.ecc_uncorrected;
}

// Ampere and newer count DRAM and SRAM; older boards name each memory. A MIG device shows its SRAM.
bool counts_location(const Target& target, unsigned int location) {
  if (target.is_mig_device()) return location == location_sram;
  const bool sums = target.board().architecture >= arch_turing;
  if (location == location_device_memory) return true;
  return sums ? location == location_sram : location <= location_cbu && location != location_texture_shared;
}

// The counters of a scenario are those of the DRAM.
bool is_dram(unsigned int location) { return location == location_device_memory; }

Return retired_pages(std::string_view name, Device device, unsigned int cause, unsigned int* count, unsigned long long* addresses,
                     unsigned long long* timestamps) {
  return on_device(name, device, count != nullptr && cause <= cause_double_bit, MigDevice::refused, [&](Target& target) {
    if (!target.board().can.retired_pages) return Return::not_supported;
    const Health& health = target.gpu.spec().health;
    const unsigned int pages = cause == cause_single_bit ? health.retired_single_bit : health.retired_double_bit;
    const unsigned int room = *count;
    *count = pages;
    if (room < pages) return Return::insufficient_size;
    if (pages > 0 && addresses == nullptr) return Return::invalid_argument;
    for (unsigned int page = 0; page < pages; ++page) {
      addresses[page] = 0x1000ULL * (page + 1 + 64ULL * cause);
      if (timestamps != nullptr)
        timestamps[page] = static_cast<unsigned long long>(target.driver.scenario().driver_loaded_at.time_since_epoch().count()) * 1000;
    }
    return Return::success;
  });
}

bool shows_remapped_rows(const Target& target) { return target.board().can.remapped_rows && target.gpu.instances.empty(); }

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetEccMode(Device device, unsigned int* current, unsigned int* pending) {
  return on_device("nvmlDeviceGetEccMode", device, current != nullptr && pending != nullptr, MigDevice::refused, [&](Target& target) {
    if (!target.board().can.ecc) return Return::not_supported;
    *current = *pending = 1;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetTotalEccErrors(Device device, unsigned int type, unsigned int counter, unsigned long long* count) {
  const bool fine = count != nullptr && type <= error_uncorrected && counter <= ecc_aggregate;
  return on_device("nvmlDeviceGetTotalEccErrors", device, fine, MigDevice::refused, [&](Target& target) {
    if (!target.board().can.ecc) return Return::not_supported;
    *count = ecc_count(target, type);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetMemoryErrorCounter(Device device, unsigned int type, unsigned int counter, unsigned int location,
                                                  unsigned long long* count) {
  const bool fine = count != nullptr && type <= error_uncorrected && counter <= ecc_aggregate && location < memory_locations;
  return on_device("nvmlDeviceGetMemoryErrorCounter", device, fine, MigDevice::answered, [&](Target& target) {
    if (!target.board().can.ecc || !counts_location(target, location)) return Return::not_supported;
    const bool fresh = counter == ecc_volatile;
    if (target.is_mig_device() && !(fresh && type == error_uncorrected)) return Return::not_supported;
    if (!target.is_mig_device() && target.gpu.mig_current && fresh) return Return::not_supported;  // told by instance only
    *count = is_dram(location) ? ecc_count(target, type) : 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetRetiredPages_v2(Device device, unsigned int cause, unsigned int* count, unsigned long long* addresses,
                                               unsigned long long* timestamps) {
  return retired_pages("nvmlDeviceGetRetiredPages_v2", device, cause, count, addresses, timestamps);
}

REEVE_NVML_EXPORT nvmlDeviceGetRetiredPages(Device device, unsigned int cause, unsigned int* count, unsigned long long* addresses) {
  return retired_pages("nvmlDeviceGetRetiredPages", device, cause, count, addresses, nullptr);
}

REEVE_NVML_EXPORT nvmlDeviceGetRetiredPagesPendingStatus(Device device, unsigned int* pending) {
  return on_device("nvmlDeviceGetRetiredPagesPendingStatus", device, pending != nullptr, MigDevice::refused, [&](Target& target) {
    if (!target.board().can.retired_pages) return Return::not_supported;
    *pending = target.gpu.spec().health.retired_pending ? 1 : 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetRemappedRows(Device device, unsigned int* correctable, unsigned int* uncorrectable, unsigned int* pending,
                                            unsigned int* failed) {
  const bool there = correctable != nullptr && uncorrectable != nullptr && pending != nullptr && failed != nullptr;
  return on_device("nvmlDeviceGetRemappedRows", device, there, MigDevice::refused, [&](Target& target) {
    if (!shows_remapped_rows(target)) return Return::not_supported;
    const Health& health = target.gpu.spec().health;
    *correctable = health.remapped_correctable;
    *uncorrectable = health.remapped_uncorrectable;
    *pending = health.remapped_pending ? 1 : 0;
    *failed = health.remapped_failure ? 1 : 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetRowRemapperHistogram(Device device, RowRemapperHistogram* histogram) {
  return on_device("nvmlDeviceGetRowRemapperHistogram", device, histogram != nullptr, MigDevice::refused, [&](Target& target) {
    if (!shows_remapped_rows(target)) return Return::not_supported;
    const Health& health = target.gpu.spec().health;
    const auto banks = static_cast<unsigned int>(target.board().spare_row_banks);
    const unsigned int used = std::min(banks, health.remapped_correctable + health.remapped_uncorrectable);
    const unsigned int failed = health.remapped_failure ? 1 : 0;
    *histogram = {.max = banks - used, .high = used - std::min(used, failed), .partial = 0, .low = 0, .none = std::min(used, failed)};
    return Return::success;
  });
}

}  // namespace reeve::sim
