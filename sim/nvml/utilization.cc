// How busy a GPU is, outside MIG: with MIG on the driver does not say.

#include <cmath>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned int sampling_us = 167000;

unsigned int percent(double ratio) { return static_cast<unsigned int>(std::lround(std::clamp(ratio, 0.0, 1.0) * 100)); }

Return engine(std::string_view name, Device device, unsigned int* utilization, unsigned int* period_us, unsigned int since_architecture,
              double (*read)(const GpuValues&)) {
  return on_device(name, device, utilization != nullptr && period_us != nullptr, MigDevice::refused, [&](Target& target) {
    if (target.gpu.mig_current || target.board().architecture < since_architecture) return Return::not_supported;
    *utilization = percent(read(target.gpu.values(target.now)));
    *period_us = sampling_us;
    return Return::success;
  });
}

constexpr unsigned int any_architecture = 0;

}  // namespace

REEVE_NVML_EXPORT nvmlDeviceGetUtilizationRates(Device device, Utilization* utilization) {
  return on_device("nvmlDeviceGetUtilizationRates", device, utilization != nullptr, MigDevice::refused, [&](Target& target) {
    if (target.gpu.mig_current) return Return::not_supported;
    const GpuValues now = target.gpu.values(target.now);
    *utilization = {percent(now.activity), percent(now.memory_activity)};
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlDeviceGetEncoderUtilization(Device device, unsigned int* utilization, unsigned int* period_us) {
  return engine("nvmlDeviceGetEncoderUtilization", device, utilization, period_us, any_architecture,
                [](const GpuValues& now) { return now.encoder; });
}

REEVE_NVML_EXPORT nvmlDeviceGetDecoderUtilization(Device device, unsigned int* utilization, unsigned int* period_us) {
  return engine("nvmlDeviceGetDecoderUtilization", device, utilization, period_us, any_architecture,
                [](const GpuValues& now) { return now.decoder; });
}

REEVE_NVML_EXPORT nvmlDeviceGetJpgUtilization(Device device, unsigned int* utilization, unsigned int* period_us) {
  return engine("nvmlDeviceGetJpgUtilization", device, utilization, period_us, arch_turing, [](const GpuValues&) { return 0.0; });
}

REEVE_NVML_EXPORT nvmlDeviceGetOfaUtilization(Device device, unsigned int* utilization, unsigned int* period_us) {
  return engine("nvmlDeviceGetOfaUtilization", device, utilization, period_us, arch_turing, [](const GpuValues&) { return 0.0; });
}

}  // namespace reeve::sim
