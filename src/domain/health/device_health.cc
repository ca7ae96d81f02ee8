#include "domain/health/device_health.h"

#include "domain/health/thresholds.h"

namespace reeve::health {
namespace {

Overall judge_overall(const Device& device, const DeviceHealth& parts) {
  if (device.state != DeviceState::active) return Overall::inactive;
  if (device.lost || parts.temperature == Temperature::critical) return Overall::critical;
  if (parts.temperature == Temperature::warning || parts.power == Power::high) return Overall::warning;
  if (parts.temperature == Temperature::caution || parts.load == Load::high) return Overall::caution;
  const bool anything = parts.temperature != Temperature::unknown || parts.load != Load::unknown || parts.power != Power::unknown;
  return anything ? Overall::healthy : Overall::unknown;
}

}  // namespace

std::optional<Severity> overheating(std::optional<double> celsius) {
  if (!celsius || *celsius <= overheating_celsius) return std::nullopt;
  return *celsius >= critical_celsius ? Severity::critical : Severity::warning;
}

Temperature judge_temperature(std::optional<double> celsius, std::optional<double> slowdown_celsius) {
  if (!celsius) return Temperature::unknown;
  if (*celsius >= critical_celsius || (slowdown_celsius && *celsius >= *slowdown_celsius)) return Temperature::critical;
  if (*celsius > overheating_celsius) return Temperature::warning;
  return *celsius > warm_celsius ? Temperature::caution : Temperature::healthy;
}

Load judge_load(std::optional<double> percent) {
  if (!percent) return Load::unknown;
  if (*percent > high_load_percent) return Load::high;
  if (*percent > moderate_load_percent) return Load::moderate;
  return *percent < idle_percent ? Load::idle : Load::optimal;
}

Power judge_power(std::optional<double> watts, std::optional<double> limit_watts) {
  if (!watts) return Power::unknown;
  const bool limited = limit_watts && *limit_watts > 0;
  if (*watts > (limited ? *limit_watts * high_power_of_limit : high_power_watts)) return Power::high;
  return *watts > (limited ? *limit_watts * moderate_power_of_limit : moderate_power_watts) ? Power::moderate : Power::normal;
}

DeviceHealth judge_device(const Device& device, const MetricValues* values, std::optional<double> tdp_watts) {
  DeviceHealth health;
  if (values != nullptr) {
    const auto limit = values->get(Metric::power_limit);
    health.temperature = judge_temperature(values->get(Metric::gpu_temperature), values->get(Metric::slowdown_temperature));
    health.load = judge_load(values->get(Metric::gpu_utilization));
    health.power = judge_power(values->get(Metric::power_usage), limit ? limit : tdp_watts);
  }
  health.overall = judge_overall(device, health);
  return health;
}

}  // namespace reeve::health
