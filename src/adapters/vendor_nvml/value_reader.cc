#include "adapters/vendor_nvml/value_reader.h"

#include <span>

namespace reeve::nvml {
namespace {

constexpr double milli = 0.001;
constexpr double bytes_per_kib = 1 << 10;

using NumberCall = Return (*Calls::*)(Device, unsigned int*);
using BigNumberCall = Return (*Calls::*)(Device, unsigned long long*);
using SampledCall = Return (*Calls::*)(Device, unsigned int*, unsigned int*);

struct Number {
  Metric metric;
  NumberCall call;
  double scale = 1;
};
constexpr Number numbers[] = {
    {Metric::power_usage, &Calls::nvmlDeviceGetPowerUsage, milli},
    {Metric::power_limit, &Calls::nvmlDeviceGetPowerManagementLimit, milli},
    {Metric::power_limit_default, &Calls::nvmlDeviceGetPowerManagementDefaultLimit, milli},
    {Metric::enforced_power_limit, &Calls::nvmlDeviceGetEnforcedPowerLimit, milli},
    {Metric::pcie_replays, &Calls::nvmlDeviceGetPcieReplayCounter},
    {Metric::pcie_link_generation, &Calls::nvmlDeviceGetCurrPcieLinkGeneration},
    {Metric::pcie_link_width, &Calls::nvmlDeviceGetCurrPcieLinkWidth},
    {Metric::retired_pages_pending, &Calls::nvmlDeviceGetRetiredPagesPendingStatus},
};

struct BigNumber {
  Metric metric;
  BigNumberCall call;
};
constexpr BigNumber big_numbers[] = {
    {Metric::total_energy, &Calls::nvmlDeviceGetTotalEnergyConsumption},
    {Metric::clock_event_reasons, &Calls::nvmlDeviceGetCurrentClocksEventReasons},
};

struct Sampled {
  Metric metric;
  SampledCall call;
};
constexpr Sampled sampled[] = {
    {Metric::encoder_utilization, &Calls::nvmlDeviceGetEncoderUtilization},
    {Metric::decoder_utilization, &Calls::nvmlDeviceGetDecoderUtilization},
};

struct Choice {  // one call, one answer for each value of its argument
  Metric metric;
  unsigned int argument;
};
constexpr Choice clocks[] = {{Metric::sm_clock, clock_sm}, {Metric::memory_clock, clock_memory}};
constexpr Choice thresholds[] = {{Metric::shutdown_temperature, threshold_shutdown},
                                 {Metric::slowdown_temperature, threshold_slowdown},
                                 {Metric::memory_max_temperature, threshold_memory_max},
                                 {Metric::gpu_max_temperature, threshold_gpu_max}};
constexpr Choice violations[] = {{Metric::power_violation, policy_power}, {Metric::thermal_violation, policy_thermal}};
constexpr Choice retirements[] = {{Metric::retired_pages_single_bit, cause_single_bit},
                                  {Metric::retired_pages_double_bit, cause_double_bit}};

struct EccCount {
  Metric metric;
  unsigned int error;
  unsigned int counter;
};
constexpr EccCount ecc_counts[] = {{Metric::ecc_single_bit_volatile, error_corrected, ecc_volatile},
                                   {Metric::ecc_double_bit_volatile, error_uncorrected, ecc_volatile},
                                   {Metric::ecc_single_bit_aggregate, error_corrected, ecc_aggregate},
                                   {Metric::ecc_double_bit_aggregate, error_uncorrected, ecc_aggregate}};

struct Field {
  unsigned int id;
  unsigned int scope = 0;
};
constexpr Field fields[] = {{field_memory_temperature},
                            {field_power_instant},
                            {field_shutdown_tlimit},
                            {field_slowdown_tlimit},
                            {field_memory_max_tlimit},
                            {field_gpu_max_tlimit},
                            {field_pcie_tx_bytes},
                            {field_pcie_rx_bytes},
                            {field_nvlink_data_tx, scope_all_links},
                            {field_nvlink_data_rx, scope_all_links}};

std::optional<double> number_of(const FieldValue& field) {
  switch (field.value_type) {
    case value_double: return field.value.as_double;
    case value_unsigned_int: return field.value.as_uint;
    case value_unsigned_long: return static_cast<double>(field.value.as_ulong);
    case value_unsigned_long_long: return static_cast<double>(field.value.as_ulonglong);
    case value_signed_long_long: return static_cast<double>(field.value.as_longlong);
    case value_signed_int: return field.value.as_int;
    case value_unsigned_short: return field.value.as_ushort;
    default: return std::nullopt;  // a type of a later driver
  }
}

double in_mib(unsigned long long bytes) {
  const unsigned long long whole = bytes / (1ULL << 20);
  return static_cast<double>(whole);
}

void set_if_absent(MetricValues& values, Metric metric, std::optional<double> value) {
  if (!values.has(metric)) values.set(metric, value);
}

}  // namespace

std::optional<double> CounterRate::per_second(double count, long long at_microseconds) {
  const double difference = count - count_;
  const long long time = at_microseconds - at_;
  const bool usable = at_ != 0 && time > 0 && difference >= 0;
  if (time > 0 || at_ == 0) {
    count_ = count;
    at_ = at_microseconds;
  }
  return usable ? std::optional(difference * 1e6 / static_cast<double>(time)) : std::nullopt;
}

std::optional<MemoryReading> read_memory(DeviceCalls& calls, Device device) {
  MemoryV2 second;
  if (calls.get(calls.calls().nvmlDeviceGetMemoryInfo_v2, device, &second) && second.total != 0)
    return MemoryReading{second.total, second.free, second.used, second.reserved};
  Memory first;
  if (calls.get(calls.calls().nvmlDeviceGetMemoryInfo, device, &first) && first.total != 0)
    return MemoryReading{first.total, first.free, first.used, std::nullopt};
  return std::nullopt;
}

void set_memory(const MemoryReading& memory, MetricValues& values) {
  values.set(Metric::memory_total, in_mib(memory.total));
  values.set(Metric::memory_free, in_mib(memory.free));
  values.set(Metric::memory_used, in_mib(memory.used));
  if (memory.reserved) values.set(Metric::memory_reserved, in_mib(*memory.reserved));
}

void ValueReader::read(Device device, MetricValues& values) {
  read_numbers(device, values);
  read_utilization(device, values);
  read_temperatures(device, values);
  read_power(device, values);
  read_errors(device, values);
  read_fans(device, values);
  read_fields(device, values);
  read_pcie(device, values);
}

void ValueReader::reset() {
  refused_fields_.clear();
  pcie_counted_ = false;
  pcie_tx_ = pcie_rx_ = nvlink_tx_ = nvlink_rx_ = {};
}

void ValueReader::read_numbers(Device device, MetricValues& values) {
  const Calls& calls = calls_.calls();
  for (const auto& [metric, call, scale] : numbers) {
    unsigned int number = 0;
    if (calls_.get(calls.*call, device, &number)) values.set(metric, number * scale);
  }
  for (const auto& [metric, call] : big_numbers) {
    unsigned long long number = 0;
    if (calls_.get(calls.*call, device, &number)) values.set(metric, static_cast<double>(number));
  }
  for (const auto& [metric, type] : clocks) {
    unsigned int mhz = 0;
    if (calls_.ask_variant(type, calls.nvmlDeviceGetClockInfo, device, type, &mhz) == Return::success) values.set(metric, mhz);
  }
  unsigned int state = 0;
  if (calls_.get(calls.nvmlDeviceGetPerformanceState, device, &state) && state != performance_state_unknown)
    values.set(Metric::performance_state, state);
}

void ValueReader::read_utilization(Device device, MetricValues& values) {
  const Calls& calls = calls_.calls();
  Utilization utilization;
  if (calls_.get(calls.nvmlDeviceGetUtilizationRates, device, &utilization)) {
    values.set(Metric::gpu_utilization, utilization.gpu);
    values.set(Metric::memory_copy_utilization, utilization.memory);
  }
  for (const auto& [metric, call] : sampled) {
    unsigned int number = 0;
    unsigned int period = 0;
    if (calls_.get(calls.*call, device, &number, &period)) values.set(metric, number);
  }
}

void ValueReader::read_temperatures(Device device, MetricValues& values) {
  const Calls& calls = calls_.calls();
  TemperatureV1 temperature;
  temperature.sensor_type = sensor_gpu;
  unsigned int degrees = 0;
  if (calls_.get(calls.nvmlDeviceGetTemperatureV, device, &temperature))
    values.set(Metric::gpu_temperature, temperature.temperature);
  else if (calls_.get(calls.nvmlDeviceGetTemperature, device, static_cast<unsigned int>(sensor_gpu), &degrees))
    values.set(Metric::gpu_temperature, degrees);
  for (const auto& [metric, threshold] : thresholds)
    if (calls_.ask_variant(threshold, calls.nvmlDeviceGetTemperatureThreshold, device, threshold, &degrees) == Return::success)
      values.set(metric, degrees);
  MarginTemperatureV1 margin;
  if (calls_.get(calls.nvmlDeviceGetMarginTemperature, device, &margin)) values.set(Metric::temperature_margin, margin.margin_temperature);
}

void ValueReader::read_power(Device device, MetricValues& values) {
  unsigned int lowest = 0;
  unsigned int highest = 0;
  if (calls_.get(calls_.calls().nvmlDeviceGetPowerManagementLimitConstraints, device, &lowest, &highest)) {
    values.set(Metric::power_limit_min, lowest * milli);
    values.set(Metric::power_limit_max, highest * milli);
  }
  for (const auto& [metric, policy] : violations) {
    ViolationTime violation;
    if (calls_.ask_variant(policy, calls_.calls().nvmlDeviceGetViolationStatus, device, policy, &violation) == Return::success)
      values.set(metric, static_cast<double>(violation.violation_time));
  }
}

void ValueReader::read_errors(Device device, MetricValues& values) {
  const Calls& calls = calls_.calls();
  for (const auto& [metric, error, counter] : ecc_counts) {
    unsigned long long count = 0;
    if (calls_.ask_variant(error * 2 + counter, calls.nvmlDeviceGetTotalEccErrors, device, error, counter, &count) == Return::success)
      values.set(metric, static_cast<double>(count));
  }
  for (const auto& [metric, cause] : retirements) {
    unsigned int pages = 0;  // no room offered: the answer is the number
    unsigned long long* none = nullptr;
    const Return code = calls_.ask_variant(cause, calls.nvmlDeviceGetRetiredPages_v2, device, cause, &pages, none, none);
    if (code == Return::success || code == Return::insufficient_size) values.set(metric, pages);
  }
  unsigned int correctable = 0;
  unsigned int uncorrectable = 0;
  unsigned int pending = 0;
  unsigned int failed = 0;
  if (calls_.get(calls.nvmlDeviceGetRemappedRows, device, &correctable, &uncorrectable, &pending, &failed)) {
    values.set(Metric::correctable_remapped_rows, correctable);
    values.set(Metric::uncorrectable_remapped_rows, uncorrectable);
    values.set(Metric::row_remap_pending, pending);
    values.set(Metric::row_remap_failure, failed);
  }
}

void ValueReader::read_fans(Device device, MetricValues& values) {
  const Calls& calls = calls_.calls();
  unsigned int speed = 0;
  unsigned int fans = 0;
  std::optional<unsigned int> fastest;
  if (calls_.get(calls.nvmlDeviceGetNumFans, device, &fans))
    for (unsigned int fan = 0; fan < fans; ++fan)
      if (calls_.ask_variant(fan, calls.nvmlDeviceGetFanSpeed_v2, device, fan, &speed) == Return::success)
        fastest = std::max(fastest.value_or(0), speed);
  if (!fastest && calls_.get(calls.nvmlDeviceGetFanSpeed, device, &speed)) fastest = speed;
  if (fastest) values.set(Metric::fan_speed, *fastest);
}

void ValueReader::read_fields(Device device, MetricValues& values) {
  std::array<FieldValue, std::size(fields)> asked{};
  int count = 0;
  for (const Field& field : fields) {
    if (std::find(refused_fields_.begin(), refused_fields_.end(), field.id) != refused_fields_.end()) continue;
    asked[static_cast<std::size_t>(count)].field_id = field.id;
    asked[static_cast<std::size_t>(count++)].scope_id = field.scope;
  }
  if (count == 0 || !calls_.get(calls_.calls().nvmlDeviceGetFieldValues, device, count, asked.data())) return;
  double nvlink_kib = 0;
  bool nvlink = false;
  for (const FieldValue& field : std::span(asked.data(), static_cast<std::size_t>(count))) {
    if (is_lasting_refusal(field.nvml_return)) refused_fields_.push_back(field.field_id);
    const std::optional<double> value = field.nvml_return == Return::success ? number_of(field) : std::nullopt;
    if (!value) continue;
    use_field(field, *value, values);
    if (field.field_id == field_nvlink_data_tx || field.field_id == field_nvlink_data_rx) {
      nvlink = true;
      nvlink_kib += *value;
    }
  }
  if (nvlink) values.set(Metric::nvlink_bandwidth_total, nvlink_kib);
}

void ValueReader::use_field(const FieldValue& field, double value, MetricValues& values) {
  switch (field.field_id) {
    case field_memory_temperature: return values.set(Metric::memory_temperature, value);
    case field_power_instant: return values.set(Metric::power_usage_instant, value * milli);
    case field_shutdown_tlimit: return values.set(Metric::shutdown_tlimit, value);
    case field_slowdown_tlimit: return values.set(Metric::slowdown_tlimit, value);
    case field_memory_max_tlimit: return values.set(Metric::memory_max_tlimit, value);
    case field_gpu_max_tlimit: return values.set(Metric::gpu_max_tlimit, value);
    case field_pcie_tx_bytes:
      pcie_counted_ = true;
      return set_if_absent(values, Metric::pcie_tx, pcie_tx_.per_second(value, field.timestamp));
    case field_pcie_rx_bytes: return set_if_absent(values, Metric::pcie_rx, pcie_rx_.per_second(value, field.timestamp));
    case field_nvlink_data_tx:
      return set_if_absent(values, Metric::nvlink_tx, nvlink_tx_.per_second(value * bytes_per_kib, field.timestamp));
    case field_nvlink_data_rx:
      return set_if_absent(values, Metric::nvlink_rx, nvlink_rx_.per_second(value * bytes_per_kib, field.timestamp));
    default: return;
  }
}

void ValueReader::read_pcie(Device device, MetricValues& values) {
  // The call blocks for its 20 ms window: only where the driver has neither GPM nor the byte counters.
  if (pcie_counted_ || values.has(Metric::pcie_tx)) return;
  for (const auto& [metric, counter] : {Choice{Metric::pcie_tx, pcie_tx}, Choice{Metric::pcie_rx, pcie_rx}}) {
    unsigned int kib = 0;
    if (calls_.ask_variant(counter, calls_.calls().nvmlDeviceGetPcieThroughput, device, counter, &kib) == Return::success)
      values.set(metric, kib * bytes_per_kib);
  }
}

}  // namespace reeve::nvml
