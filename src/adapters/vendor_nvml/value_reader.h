#pragma once
// The measured values of one whole GPU. What the driver does not answer stays absent. One thread, a lane's.

#include <optional>
#include <vector>

#include "adapters/vendor_nvml/device_calls.h"
#include "domain/metrics/metric_values.h"

namespace reeve::nvml {

// Bytes as the driver counts them; `reserved` is absent where only the first version is answered (used then
// contains it).
struct MemoryReading {
  unsigned long long total = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
  std::optional<unsigned long long> reserved{};
};

// The second version where it is answered, else the first, else nothing. Takes MIG devices too.
std::optional<MemoryReading> read_memory(DeviceCalls& calls, Device device);
void set_memory(const MemoryReading& memory, MetricValues& values);

// A counter seen twice makes a rate.
class CounterRate {
 public:
  // Nothing the first time, after the counter went back (driver reload), or without time in between.
  std::optional<double> per_second(double count, long long at_microseconds);

 private:
  double count_ = 0;
  long long at_ = 0;
};

class ValueReader final {
 public:
  explicit ValueReader(DeviceCalls& calls) : calls_(calls) {}

  // `values` may hold rates from GPM already; they are not overwritten.
  void read(Device device, MetricValues& values);

  // Fields that were refused are asked again.
  void forget_refusals() { refused_fields_.clear(); }
  // Another GPU: counters begin anew.
  void reset();

 private:
  void read_numbers(Device device, MetricValues& values);
  void read_utilization(Device device, MetricValues& values);
  void read_temperatures(Device device, MetricValues& values);
  void read_power(Device device, MetricValues& values);
  void read_errors(Device device, MetricValues& values);
  void read_fans(Device device, MetricValues& values);
  void read_fields(Device device, MetricValues& values);
  void use_field(const FieldValue& field, double value, MetricValues& values);
  void read_pcie(Device device, MetricValues& values);

  DeviceCalls& calls_;
  std::vector<unsigned int> refused_fields_{};
  bool pcie_counted_ = false;  // the driver has byte counters of PCIe
  CounterRate pcie_tx_{};
  CounterRate pcie_rx_{};
  CounterRate nvlink_tx_{};
  CounterRate nvlink_rx_{};
};

}  // namespace reeve::nvml
