#pragma once
// One value per metric, any of them absent. What a driver does not support is absent, never 0.

#include <array>
#include <bitset>
#include <optional>

#include "domain/metrics/metric.h"

namespace reeve {

class MetricValues {
 public:
  std::optional<double> get(Metric metric) const {
    const auto i = static_cast<std::size_t>(metric);
    return present_[i] ? std::optional(values_[i]) : std::nullopt;
  }
  bool has(Metric metric) const { return present_[static_cast<std::size_t>(metric)]; }
  void set(Metric metric, double value) {
    const auto i = static_cast<std::size_t>(metric);
    values_[i] = value;
    present_[i] = true;
  }
  void set(Metric metric, std::optional<double> value) {
    if (value) set(metric, *value);
  }
  void erase(Metric metric) {
    const auto i = static_cast<std::size_t>(metric);
    values_[i] = 0;
    present_[i] = false;
  }
  bool empty() const { return present_.none(); }
  const std::bitset<metric_count>& present() const { return present_; }  // by the metric's number

  friend bool operator==(const MetricValues&, const MetricValues&) = default;

 private:
  std::array<double, metric_count> values_{};  // 0 where absent
  std::bitset<metric_count> present_;
};

}  // namespace reeve
