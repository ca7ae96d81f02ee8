// Power, its limits, and energy. Milliwatts and millijoules.

#include <cmath>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned int power_tag = PowerValueV2{}.version;

unsigned int milli(double value) { return static_cast<unsigned int>(std::lround(value * 1000)); }

unsigned int limit_mw(const Gpu& gpu) {
  return milli(gpu.restraint.power_limit_watts > 0 ? gpu.restraint.power_limit_watts : gpu.board().tdp_watts);
}

template <class Read>
Return read_power(std::string_view name, Device device, unsigned int* milliwatts, Read&& read) {
  return on_device(name, device, milliwatts != nullptr, MigDevice::refused, [&](Target& target) {
    *milliwatts = read(target);
    return Return::success;
  });
}

Return set_limit(Target& target, unsigned int milliwatts) {
  if (!target.driver.privileged()) return Return::no_permission;
  const Board& board = target.board();
  if (milliwatts < milli(board.min_limit_watts) || milliwatts > milli(board.tdp_watts)) return Return::invalid_argument;
  target.gpu.alter(target.now, [&] { target.gpu.restraint.power_limit_watts = milliwatts / 1000.0; });
  return Return::success;
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetPowerUsage(Device device, unsigned int* milliwatts) {
  return read_power("nvmlDeviceGetPowerUsage", device, milliwatts, [](const Target& target) {
    const GpuValues now = target.gpu.values(target.now);
    return milli(target.board().can.averaged_power ? now.mean_watts : now.watts);
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetPowerManagementMode(Device device, unsigned int* mode) {
  return read_power("nvmlDeviceGetPowerManagementMode", device, mode, [](const Target&) { return 1U; });
}

REEVE_NVML_EXPORT nvmlDeviceGetPowerManagementLimit(Device device, unsigned int* milliwatts) {
  return read_power("nvmlDeviceGetPowerManagementLimit", device, milliwatts, [](const Target& target) { return limit_mw(target.gpu); });
}

REEVE_NVML_EXPORT nvmlDeviceGetEnforcedPowerLimit(Device device, unsigned int* milliwatts) {
  return read_power("nvmlDeviceGetEnforcedPowerLimit", device, milliwatts, [](const Target& target) { return limit_mw(target.gpu); });
}

REEVE_NVML_EXPORT nvmlDeviceGetPowerManagementDefaultLimit(Device device, unsigned int* milliwatts) {
  return read_power("nvmlDeviceGetPowerManagementDefaultLimit", device, milliwatts,
                    [](const Target& target) { return milli(target.board().tdp_watts); });
}

REEVE_NVML_EXPORT nvmlDeviceGetPowerManagementLimitConstraints(Device device, unsigned int* least, unsigned int* most) {
  const bool there = least != nullptr && most != nullptr;
  return on_device("nvmlDeviceGetPowerManagementLimitConstraints", device, there, MigDevice::refused, [&](Target& target) {
    *least = milli(target.board().min_limit_watts);
    *most = milli(target.board().tdp_watts);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceSetPowerManagementLimit(Device device, unsigned int milliwatts) {
  return on_device("nvmlDeviceSetPowerManagementLimit", device, true, MigDevice::refused,
                   [&](Target& target) { return set_limit(target, milliwatts); });
}

REEVE_NVML_EXPORT nvmlDeviceSetPowerManagementLimit_v2(Device device, PowerValueV2* value) {
  return on_device("nvmlDeviceSetPowerManagementLimit_v2", device, value != nullptr, MigDevice::refused, [&](Target& target) {
    if (value->version != power_tag) return Return::argument_version_mismatch;
    if (value->power_scope != 0) return Return::not_supported;  // limits of modules exist on Grace boards only
    return set_limit(target, value->power_value_mw);
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetTotalEnergyConsumption(Device device, unsigned long long* millijoules) {
  return on_device("nvmlDeviceGetTotalEnergyConsumption", device, millijoules != nullptr, MigDevice::refused, [&](Target& target) {
    if (!target.board().can.energy) return Return::not_supported;
    *millijoules = static_cast<unsigned long long>(target.gpu.values(target.now).energy_joules * 1000);
    return Return::success;
  });
}

}  // namespace reeve::sim
