#pragma once
// How well one GPU is, from its newest values. Words are the old system's, so that its clients and the new
// API read the same ones.

#include <optional>
#include <string_view>

#include "base/enum_text.h"
#include "domain/inventory/device.h"
#include "domain/metrics/metric_values.h"

namespace reeve::health {

enum class Temperature { unknown, healthy, caution, warning, critical };

constexpr std::string_view to_text(Temperature temperature) {
  switch (temperature) {
    case Temperature::unknown: return "UNKNOWN";
    case Temperature::healthy: return "HEALTHY";
    case Temperature::caution: return "CAUTION";
    case Temperature::warning: return "WARNING";
    case Temperature::critical: return "CRITICAL";
  }
  return {};
}

enum class Load { unknown, idle, optimal, moderate, high };

constexpr std::string_view to_text(Load load) {
  switch (load) {
    case Load::unknown: return "UNKNOWN";
    case Load::idle: return "IDLE";
    case Load::optimal: return "OPTIMAL";
    case Load::moderate: return "MODERATE_LOAD";
    case Load::high: return "HIGH_LOAD";
  }
  return {};
}

enum class Power { unknown, normal, moderate, high };

constexpr std::string_view to_text(Power power) {
  switch (power) {
    case Power::unknown: return "UNKNOWN";
    case Power::normal: return "NORMAL_CONSUMPTION";
    case Power::moderate: return "MODERATE_CONSUMPTION";
    case Power::high: return "HIGH_CONSUMPTION";
  }
  return {};
}

enum class Overall { unknown, healthy, caution, warning, critical, inactive };

constexpr std::string_view to_text(Overall overall) {
  switch (overall) {
    case Overall::unknown: return "UNKNOWN";
    case Overall::healthy: return "HEALTHY";
    case Overall::caution: return "CAUTION";
    case Overall::warning: return "WARNING";
    case Overall::critical: return "CRITICAL";
    case Overall::inactive: return "INACTIVE";
  }
  return {};
}

// Of an alert about heat.
enum class Severity { warning, critical };

constexpr std::string_view to_text(Severity severity) {
  switch (severity) {
    case Severity::warning: return "WARNING";
    case Severity::critical: return "CRITICAL";
  }
  return {};
}

// Nothing below the overheating limit.
std::optional<Severity> overheating(std::optional<double> celsius);

// `slowdown_celsius`: where the driver begins to throttle; reaching it is critical whatever the number.
Temperature judge_temperature(std::optional<double> celsius, std::optional<double> slowdown_celsius);
Load judge_load(std::optional<double> percent);
Power judge_power(std::optional<double> watts, std::optional<double> limit_watts);

struct DeviceHealth {
  Temperature temperature = Temperature::unknown;
  Load load = Load::unknown;
  Power power = Power::unknown;
  Overall overall = Overall::unknown;
};

// `values`: newest and fresh ones; null when there are none. `tdp_watts`: from the catalogue, used when the
// driver tells no power limit.
DeviceHealth judge_device(const Device& device, const MetricValues* values, std::optional<double> tdp_watts);

}  // namespace reeve::health
