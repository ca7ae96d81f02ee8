#pragma once
// The metrics that exist, as one table. The agent's exposition, the exposition reader, the store, the
// REST API and docs/metrics.md read it; a metric that is not here cannot be written or shown.
//
// Names, types, units and help are those of dcgm-exporter's default-counters.csv; where dcgm-exporter has
// no field, the name is Reeve's own and `dcgm_name` starts with "reeve_". So it is for all that is not of a device: what
// a Kubernetes cluster uses and what serving engines say, which no agent exposes and no node observation holds.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace reeve {

enum class Metric : std::uint8_t {
  sm_clock,
  memory_clock,
  memory_temperature,
  gpu_temperature,
  power_usage,
  total_energy,
  pcie_replays,
  gpu_utilization,
  memory_copy_utilization,
  encoder_utilization,
  decoder_utilization,
  last_xid,
  memory_free,
  memory_used,
  memory_reserved,
  memory_total,
  nvlink_bandwidth_total,
  uncorrectable_remapped_rows,
  correctable_remapped_rows,
  row_remap_failure,
  row_remap_pending,
  graphics_engine_active,
  tensor_active,
  dram_active,
  pcie_tx,
  pcie_rx,
  sm_active,
  sm_occupancy,
  fp64_active,
  fp32_active,
  fp16_active,
  nvlink_tx,
  nvlink_rx,
  ecc_single_bit_volatile,
  ecc_double_bit_volatile,
  ecc_single_bit_aggregate,
  ecc_double_bit_aggregate,
  retired_pages_single_bit,
  retired_pages_double_bit,
  retired_pages_pending,
  power_violation,
  thermal_violation,
  clock_event_reasons,
  fan_speed,
  power_limit,
  slowdown_temperature,
  shutdown_temperature,
  performance_state,
  compute_processes,
  power_usage_instant,
  enforced_power_limit,
  power_limit_min,
  power_limit_max,
  power_limit_default,
  gpu_max_temperature,
  memory_max_temperature,
  temperature_margin,
  slowdown_tlimit,
  shutdown_tlimit,
  gpu_max_tlimit,
  memory_max_tlimit,
  pcie_link_generation,
  pcie_link_width,  // the last of a device
  // Of nodes, namespaces, engines and the whole of a Kubernetes cluster.
  cpu_usage_cores,
  cpu_usage,
  working_set,
  working_set_usage,
  running_pods,
  requested_gpus,
  // Of pods that serve models, and of the models and engines they serve.
  requests_running,
  requests_waiting,
  prompt_tokens,
  generation_tokens,
  requests,
  preemptions,
  prompt_token_rate,
  generation_token_rate,
  kv_cache_usage,
  prefix_cache_hits,
  time_to_first_token_p50,
  time_to_first_token_p95,
  inter_token_latency_p50,
  inter_token_latency_p95,
};
inline constexpr std::size_t device_metric_count = static_cast<std::size_t>(Metric::pcie_link_width) + 1;
inline constexpr std::size_t metric_count = static_cast<std::size_t>(Metric::inter_token_latency_p95) + 1;

enum class MetricKind : std::uint8_t { gauge, counter };

// How dcgm-exporter prints the value: integers with %d, doubles with %f.
enum class MetricForm : std::uint8_t { integer, real };

// Of what a metric is measured; see resource_key.h for the series of each.
enum class MetricScope : std::uint8_t { device, kube, serving };

struct MetricInfo {
  Metric metric;
  std::string_view name;       // in our API and store: "gpu_temperature_celsius"; ends in its unit
  std::string_view dcgm_name;  // "DCGM_FI_DEV_GPU_TEMP"
  MetricKind kind;
  MetricForm form;
  std::string_view unit;  // of `name` and of dcgm_name alike: "C", "MiB", "mJ", "%", "ratio", "B/s", ""
  std::string_view help;  // dcgm-exporter's HELP text
  bool stored;            // kept as history (every metric is kept as newest value)
  double resolution;      // smallest step that the store keeps: 1 for integers, 0.001 for ratios
  MetricScope scope = MetricScope::device;
};

// One row a metric, in the order of the enum, which is also the order of an exposition: those of devices first.
extern const std::array<MetricInfo, metric_count> metric_table;

// What can be measured of a device or slice: all that agents, exporters and node observations know of.
inline std::span<const MetricInfo> device_metrics() { return std::span(metric_table).first(device_metric_count); }

const MetricInfo& info(Metric metric);

// nullptr when no metric has that name.
const MetricInfo* metric_by_name(std::string_view name);
const MetricInfo* metric_by_dcgm_name(std::string_view dcgm_name);

}  // namespace reeve
