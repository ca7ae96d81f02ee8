// Clocks, performance state, what holds the clocks down, and modes.

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned int clock_types = 4;
constexpr unsigned int clock_ids = 4;  // now, application target, application default, customer boost
constexpr int driver_without_application_clocks = 595;
constexpr unsigned int compute_modes = 4;
constexpr unsigned int compute_mode_exclusive_thread = 1;  // gone since CUDA 8
constexpr unsigned int policies = 12;
constexpr unsigned int symbolic_clocks = 0xFFFFFF00U, clock_limit_tdp = 0xFFFFFF01U, clock_limit_none = 0xFFFFFF02U;

unsigned int mhz_now(const Target& target, unsigned int type) {
  const GpuValues now = target.gpu.values(target.now);
  const int mhz = type == clock_memory ? now.memory_clock : type == clock_video ? now.video_clock : now.graphics_clock;
  return static_cast<unsigned int>(mhz);
}

unsigned int mhz_max(const Board& board, unsigned int type) {
  const Clocks& clocks = board.clocks;
  return static_cast<unsigned int>(type == clock_memory ? clocks.memory : type == clock_video ? clocks.video_max : clocks.graphics_max);
}

Return application_clock(const Target& target, unsigned int type, unsigned int* mhz) {
  if (std::atoi(target.driver.scenario().driver_version.c_str()) >= driver_without_application_clocks) return Return::deprecated;
  if (type == clock_video || !target.board().can.inforom) return Return::not_supported;
  *mhz = static_cast<unsigned int>(type == clock_memory ? target.board().clocks.memory : target.board().clocks.graphics_default);
  return Return::success;
}

// Limits by name: as fast as the power allows, or no limit.
Return lock_by_name(Restraint& restraint, const Board& board, unsigned int least, unsigned int most) {
  const auto known = [](unsigned int limit) { return limit == clock_limit_tdp || limit == clock_limit_none; };
  if (!known(least) || !known(most)) return Return::invalid_argument;
  restraint.locked_min_mhz = least == clock_limit_tdp ? board.clocks.graphics_default : 0;
  restraint.locked_max_mhz = most == clock_limit_tdp    ? board.clocks.graphics_default
                             : least == clock_limit_tdp ? board.clocks.graphics_max
                                                        : 0;
  return Return::success;
}

Return clock_reasons(std::string_view name, Device device, unsigned long long* reasons) {
  return on_device(name, device, reasons != nullptr, MigDevice::refused, [&](Target& target) {
    *reasons = target.gpu.values(target.now).clock_reasons;
    return Return::success;
  });
}

Return supported_reasons(std::string_view name, Device device, unsigned long long* reasons) {
  return on_device(name, device, reasons != nullptr, MigDevice::refused, [&](Target&) {
    *reasons = 0x1FF;
    return Return::success;
  });
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetClockInfo(Device device, unsigned int type, unsigned int* mhz) {
  return on_device("nvmlDeviceGetClockInfo", device, mhz != nullptr && type < clock_types, MigDevice::refused, [&](Target& target) {
    *mhz = mhz_now(target, type);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetMaxClockInfo(Device device, unsigned int type, unsigned int* mhz) {
  return on_device("nvmlDeviceGetMaxClockInfo", device, mhz != nullptr && type < clock_types, MigDevice::refused, [&](Target& target) {
    *mhz = mhz_max(target.board(), type);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetClock(Device device, unsigned int type, unsigned int id, unsigned int* mhz) {
  const bool fine = mhz != nullptr && type < clock_types && id < clock_ids;
  return on_device("nvmlDeviceGetClock", device, fine, MigDevice::refused, [&](Target& target) {
    switch (id) {
      case 0: *mhz = mhz_now(target, type); return Return::success;
      case 3:
        if (!target.board().can.inforom) return Return::not_supported;
        *mhz = mhz_max(target.board(), type);
        return Return::success;
      default: return application_clock(target, type, mhz);
    }
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetApplicationsClock(Device device, unsigned int type, unsigned int* mhz) {
  return on_device("nvmlDeviceGetApplicationsClock", device, mhz != nullptr && type < clock_types, MigDevice::refused,
                   [&](Target& target) { return application_clock(target, type, mhz); });
}

REEVE_NVML_EXPORT nvmlDeviceGetPerformanceState(Device device, unsigned int* state) {
  return on_device("nvmlDeviceGetPerformanceState", device, state != nullptr, MigDevice::refused, [&](Target& target) {
    *state = static_cast<unsigned int>(target.gpu.values(target.now).performance_state);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetCurrentClocksEventReasons(Device device, unsigned long long* reasons) {
  return clock_reasons("nvmlDeviceGetCurrentClocksEventReasons", device, reasons);
}
REEVE_NVML_EXPORT nvmlDeviceGetCurrentClocksThrottleReasons(Device device, unsigned long long* reasons) {
  return clock_reasons("nvmlDeviceGetCurrentClocksThrottleReasons", device, reasons);
}
REEVE_NVML_EXPORT nvmlDeviceGetSupportedClocksEventReasons(Device device, unsigned long long* reasons) {
  return supported_reasons("nvmlDeviceGetSupportedClocksEventReasons", device, reasons);
}
REEVE_NVML_EXPORT nvmlDeviceGetSupportedClocksThrottleReasons(Device device, unsigned long long* reasons) {
  return supported_reasons("nvmlDeviceGetSupportedClocksThrottleReasons", device, reasons);
}

REEVE_NVML_EXPORT nvmlDeviceGetViolationStatus(Device device, unsigned int policy, ViolationTime* time) {
  const bool known = policy <= policy_reliability || (policy >= 10 && policy < policies);
  return on_device("nvmlDeviceGetViolationStatus", device, time != nullptr && known, MigDevice::refused, [&](Target& target) {
    if (!target.board().can.inforom) return Return::not_supported;
    const double capped = policy == policy_power ? target.gpu.values(target.now).power_capped_seconds : 0;
    time->reference_time = static_cast<unsigned long long>(target.now.time_since_epoch().count()) * 1000;
    time->violation_time = static_cast<unsigned long long>(std::max(0.0, capped) * 1e9);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceSetGpuLockedClocks(Device device, unsigned int least, unsigned int most) {
  return on_device("nvmlDeviceSetGpuLockedClocks", device, true, MigDevice::refused, [&](Target& target) {
    if (!target.board().can.locked_clocks) return Return::not_supported;
    if (!target.driver.privileged()) return Return::no_permission;
    if (least >= symbolic_clocks || most >= symbolic_clocks) return lock_by_name(target.gpu.restraint, target.board(), least, most);
    if (least > most || most == 0) return Return::invalid_argument;
    target.gpu.restraint.locked_min_mhz = static_cast<int>(least);
    target.gpu.restraint.locked_max_mhz = static_cast<int>(std::min(most, mhz_max(target.board(), clock_graphics)));
    target.gpu.restraint.locked_min_mhz = std::min(target.gpu.restraint.locked_min_mhz, target.gpu.restraint.locked_max_mhz);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceResetGpuLockedClocks(Device device) {
  return on_device("nvmlDeviceResetGpuLockedClocks", device, true, MigDevice::refused, [&](Target& target) {
    if (!target.board().can.locked_clocks) return Return::not_supported;
    if (!target.driver.privileged()) return Return::no_permission;
    target.gpu.restraint.locked_min_mhz = target.gpu.restraint.locked_max_mhz = 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetComputeMode(Device device, unsigned int* mode) {
  return on_device("nvmlDeviceGetComputeMode", device, mode != nullptr, MigDevice::refused, [&](Target& target) {
    *mode = target.gpu.compute_mode;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceSetComputeMode(Device device, unsigned int mode) {
  return on_device("nvmlDeviceSetComputeMode", device, mode < compute_modes, MigDevice::refused, [&](Target& target) {
    if (!target.driver.privileged()) return Return::no_permission;
    if (mode == compute_mode_exclusive_thread) return Return::not_supported;
    target.gpu.compute_mode = mode;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetPersistenceMode(Device device, unsigned int* mode) {
  return on_device("nvmlDeviceGetPersistenceMode", device, mode != nullptr, MigDevice::refused, [&](Target& target) {
    *mode = target.gpu.persistence ? 1 : 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceSetPersistenceMode(Device device, unsigned int mode) {
  return on_device("nvmlDeviceSetPersistenceMode", device, mode <= 1, MigDevice::refused, [&](Target& target) {
    if (!target.driver.privileged()) return Return::no_permission;
    target.gpu.persistence = mode == 1;
    return Return::success;
  });
}

}  // namespace reeve::sim
