// Heat and fans.

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned int temperature_tag = TemperatureV1{}.version;
constexpr unsigned int margin_tag = MarginTemperatureV1{}.version;
constexpr unsigned int acoustic_celsius[] = {65, 83, 91};  // least, now, most

Return threshold_of(const Board& board, unsigned int type, unsigned int* celsius) {
  const auto give = [&](bool supported, int value) {
    if (!supported || value <= 0) return Return::not_supported;
    *celsius = static_cast<unsigned int>(value);
    return Return::success;
  };
  switch (type) {
    case threshold_shutdown: return give(board.can.absolute_thresholds, board.thresholds.shutdown);
    case threshold_slowdown: return give(board.can.absolute_thresholds, board.thresholds.slowdown);
    case threshold_memory_max: return give(board.can.absolute_thresholds, board.thresholds.memory_max);
    case threshold_gpu_max: return give(board.can.absolute_thresholds, board.thresholds.gpu_max);
    case threshold_acoustic_min:
    case threshold_acoustic_current:
    case threshold_acoustic_max:
      return give(board.can.acoustic_thresholds, static_cast<int>(acoustic_celsius[type - threshold_acoustic_min]));
    default: return Return::not_supported;
  }
}

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetTemperature(Device device, unsigned int sensor, unsigned int* celsius) {
  return on_device("nvmlDeviceGetTemperature", device, celsius != nullptr && sensor == sensor_gpu, MigDevice::refused, [&](Target& target) {
    *celsius = static_cast<unsigned int>(target.gpu.values(target.now).temperature);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetTemperatureV(Device device, TemperatureV1* temperature) {
  return on_device("nvmlDeviceGetTemperatureV", device, temperature != nullptr, MigDevice::refused, [&](Target& target) {
    if (temperature->version != temperature_tag) return Return::argument_version_mismatch;
    if (temperature->sensor_type != sensor_gpu) return Return::invalid_argument;
    temperature->temperature = target.gpu.values(target.now).temperature;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetTemperatureThreshold(Device device, unsigned int type, unsigned int* celsius) {
  return on_device("nvmlDeviceGetTemperatureThreshold", device, celsius != nullptr && type < threshold_count, MigDevice::refused,
                   [&](Target& target) { return threshold_of(target.board(), type, celsius); });
}

REEVE_NVML_EXPORT nvmlDeviceGetMarginTemperature(Device device, MarginTemperatureV1* margin) {
  return on_device("nvmlDeviceGetMarginTemperature", device, margin != nullptr, MigDevice::refused, [&](Target& target) {
    if (margin->version != margin_tag) return Return::argument_version_mismatch;
    if (!target.board().can.relative_thresholds) return Return::not_supported;
    margin->margin_temperature = target.board().thresholds.gpu_max - target.gpu.values(target.now).temperature;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetNumFans(Device device, unsigned int* fans) {
  return on_device("nvmlDeviceGetNumFans", device, fans != nullptr, MigDevice::refused, [&](Target& target) {
    *fans = static_cast<unsigned int>(target.board().fans);
    return target.board().fans > 0 ? Return::success : Return::not_supported;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetFanSpeed_v2(Device device, unsigned int fan, unsigned int* percent) {
  return on_device("nvmlDeviceGetFanSpeed_v2", device, percent != nullptr, MigDevice::refused, [&](Target& target) {
    if (target.board().fans == 0) return Return::not_supported;
    if (fan >= static_cast<unsigned int>(target.board().fans)) return Return::invalid_argument;
    *percent = static_cast<unsigned int>(target.gpu.values(target.now).fan_percent);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetFanSpeed(Device device, unsigned int* percent) {
  return on_device("nvmlDeviceGetFanSpeed", device, percent != nullptr, MigDevice::refused, [&](Target& target) {
    if (target.board().fans == 0) return Return::not_supported;
    *percent = static_cast<unsigned int>(target.gpu.values(target.now).fan_percent);
    return Return::success;
  });
}

}  // namespace reeve::sim
