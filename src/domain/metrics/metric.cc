#include "domain/metrics/metric.h"

#include "base/check.h"

namespace reeve {

using enum MetricKind;
using enum MetricForm;

const std::array<MetricInfo, metric_count> metric_table{{
    {Metric::sm_clock, "sm_clock_mhz", "DCGM_FI_DEV_SM_CLOCK", gauge, integer, "MHz", "SM clock frequency (in MHz).", true, 1},
    {Metric::memory_clock, "memory_clock_mhz", "DCGM_FI_DEV_MEM_CLOCK", gauge, integer, "MHz", "Memory clock frequency (in MHz).", true, 1},
    {Metric::memory_temperature, "memory_temperature_celsius", "DCGM_FI_DEV_MEMORY_TEMP", gauge, integer, "C", "Memory temperature (in C).",
     true, 1},
    {Metric::gpu_temperature, "gpu_temperature_celsius", "DCGM_FI_DEV_GPU_TEMP", gauge, integer, "C", "GPU temperature (in C).", true, 1},
    {Metric::power_usage, "power_watts", "DCGM_FI_DEV_POWER_USAGE", gauge, real, "W", "Power draw (in W).", true, 0.1},
    {Metric::total_energy, "energy_millijoules_total", "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", counter, integer, "mJ",
     "Total energy consumption since boot (in mJ).", true, 1},
    {Metric::pcie_replays, "pcie_replays_total", "DCGM_FI_DEV_PCIE_REPLAY_COUNTER", counter, integer, "", "Total number of PCIe retries.",
     true, 1},
    {Metric::gpu_utilization, "gpu_utilization_percent", "DCGM_FI_DEV_GPU_UTIL", gauge, integer, "%", "GPU utilization (in %).", true, 1},
    {Metric::memory_copy_utilization, "memory_copy_utilization_percent", "DCGM_FI_DEV_MEM_COPY_UTIL", gauge, integer, "%",
     "Memory utilization (in %).", true, 1},
    {Metric::encoder_utilization, "encoder_utilization_percent", "DCGM_FI_DEV_ENC_UTIL", gauge, integer, "%", "Encoder utilization (in %).",
     true, 1},
    {Metric::decoder_utilization, "decoder_utilization_percent", "DCGM_FI_DEV_DEC_UTIL", gauge, integer, "%", "Decoder utilization (in %).",
     true, 1},
    {Metric::last_xid, "last_xid", "DCGM_FI_DEV_XID_ERRORS", gauge, integer, "", "Value of the last XID error encountered.", false, 1},
    {Metric::memory_free, "memory_free_mib", "DCGM_FI_DEV_FB_FREE", gauge, integer, "MiB", "Framebuffer memory free (in MiB).", false, 1},
    {Metric::memory_used, "memory_used_mib", "DCGM_FI_DEV_FB_USED", gauge, integer, "MiB", "Framebuffer memory used (in MiB).", true, 1},
    {Metric::memory_reserved, "memory_reserved_mib", "DCGM_FI_DEV_FB_RESERVED", gauge, integer, "MiB",
     "Framebuffer memory reserved (in MiB).", false, 1},
    {Metric::memory_total, "memory_total_mib", "DCGM_FI_DEV_FB_TOTAL", gauge, integer, "MiB", "Total framebuffer memory (in MiB).", false,
     1},
    {Metric::nvlink_bandwidth_total, "nvlink_kib_total", "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", counter, integer, "KiB",
     "Total number of NVLink bandwidth counters for all lanes.", true, 1},
    {Metric::uncorrectable_remapped_rows, "uncorrectable_remapped_rows_total", "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", counter, integer,
     "", "Number of remapped rows for uncorrectable errors", true, 1},
    {Metric::correctable_remapped_rows, "correctable_remapped_rows_total", "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", counter, integer, "",
     "Number of remapped rows for correctable errors", true, 1},
    {Metric::row_remap_failure, "row_remap_failure", "DCGM_FI_DEV_ROW_REMAP_FAILURE", gauge, integer, "",
     "Whether remapping of rows has failed", true, 1},
    {Metric::row_remap_pending, "row_remap_pending", "DCGM_FI_DEV_ROW_REMAP_PENDING", gauge, integer, "",
     "Whether remapping of rows is pending", true, 1},
    {Metric::graphics_engine_active, "graphics_engine_active_ratio", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", gauge, real, "ratio",
     "Ratio of time the graphics engine is active.", true, 0.001},
    {Metric::tensor_active, "tensor_active_ratio", "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", gauge, real, "ratio",
     "Ratio of cycles the tensor (HMMA) pipe is active.", true, 0.001},
    {Metric::dram_active, "dram_active_ratio", "DCGM_FI_PROF_DRAM_ACTIVE", gauge, real, "ratio",
     "Ratio of cycles the device memory interface is active sending or receiving data.", true, 0.001},
    {Metric::pcie_tx, "pcie_tx_bytes_per_second", "DCGM_FI_PROF_PCIE_TX_BYTES", gauge, integer, "B/s",
     "The rate of data transmitted over the PCIe bus - including both protocol headers and data payloads - in bytes per second.", true,
     1024},
    {Metric::pcie_rx, "pcie_rx_bytes_per_second", "DCGM_FI_PROF_PCIE_RX_BYTES", gauge, integer, "B/s",
     "The rate of data received over the PCIe bus - including both protocol headers and data payloads - in bytes per second.", true, 1024},
    {Metric::sm_active, "sm_active_ratio", "DCGM_FI_PROF_SM_ACTIVE", gauge, real, "ratio",
     "The ratio of cycles an SM has at least 1 warp assigned.", true, 0.001},
    {Metric::sm_occupancy, "sm_occupancy_ratio", "DCGM_FI_PROF_SM_OCCUPANCY", gauge, real, "ratio",
     "The ratio of number of warps resident on an SM.", true, 0.001},
    {Metric::fp64_active, "fp64_active_ratio", "DCGM_FI_PROF_PIPE_FP64_ACTIVE", gauge, real, "ratio",
     "Ratio of cycles the fp64 pipes are active.", false, 0.001},
    {Metric::fp32_active, "fp32_active_ratio", "DCGM_FI_PROF_PIPE_FP32_ACTIVE", gauge, real, "ratio",
     "Ratio of cycles the fp32 pipes are active.", false, 0.001},
    {Metric::fp16_active, "fp16_active_ratio", "DCGM_FI_PROF_PIPE_FP16_ACTIVE", gauge, real, "ratio",
     "Ratio of cycles the fp16 pipes are active.", false, 0.001},
    {Metric::nvlink_tx, "nvlink_tx_bytes_per_second", "DCGM_FI_PROF_NVLINK_TX_BYTES", gauge, integer, "B/s",
     "The rate of data transmitted over NVLink, not including protocol headers, in bytes per second.", true, 1024},
    {Metric::nvlink_rx, "nvlink_rx_bytes_per_second", "DCGM_FI_PROF_NVLINK_RX_BYTES", gauge, integer, "B/s",
     "The rate of data received over NVLink, not including protocol headers, in bytes per second.", true, 1024},
    {Metric::ecc_single_bit_volatile, "ecc_single_bit_volatile_total", "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", counter, integer, "",
     "Total number of single-bit volatile ECC errors.", true, 1},
    {Metric::ecc_double_bit_volatile, "ecc_double_bit_volatile_total", "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", counter, integer, "",
     "Total number of double-bit volatile ECC errors.", true, 1},
    {Metric::ecc_single_bit_aggregate, "ecc_single_bit_aggregate_total", "DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", counter, integer, "",
     "Total number of single-bit persistent ECC errors.", false, 1},
    {Metric::ecc_double_bit_aggregate, "ecc_double_bit_aggregate_total", "DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", counter, integer, "",
     "Total number of double-bit persistent ECC errors.", false, 1},
    {Metric::retired_pages_single_bit, "retired_pages_single_bit_total", "DCGM_FI_DEV_RETIRED_SBE", counter, integer, "",
     "Total number of retired pages due to single-bit errors.", false, 1},
    {Metric::retired_pages_double_bit, "retired_pages_double_bit_total", "DCGM_FI_DEV_RETIRED_DBE", counter, integer, "",
     "Total number of retired pages due to double-bit errors.", false, 1},
    {Metric::retired_pages_pending, "retired_pages_pending", "DCGM_FI_DEV_RETIRED_PENDING", counter, integer, "",
     "Total number of pages pending retirement.", false, 1},
    {Metric::power_violation, "power_violation_nanoseconds_total", "DCGM_FI_DEV_POWER_VIOLATION", counter, integer, "ns",
     "Throttling duration due to power constraints (in ns).", false, 1},
    {Metric::thermal_violation, "thermal_violation_nanoseconds_total", "DCGM_FI_DEV_THERMAL_VIOLATION", counter, integer, "ns",
     "Throttling duration due to thermal constraints (in ns).", false, 1},
    {Metric::clock_event_reasons, "clock_event_reasons", "DCGM_FI_DEV_CLOCKS_EVENT_REASONS", gauge, integer, "",
     "Current clock event reasons (bitmask of DCGM_CLOCKS_EVENT_REASON_*)", true, 1},
    {Metric::fan_speed, "fan_speed_percent", "DCGM_FI_DEV_FAN_SPEED", gauge, integer, "%", "Fan speed for the device in percent 0-100.",
     true, 1},
    {Metric::power_limit, "power_limit_watts", "DCGM_FI_DEV_POWER_MGMT_LIMIT", gauge, real, "W",
     "Current power limit for the device (in W).", false, 0.1},
    {Metric::slowdown_temperature, "slowdown_temperature_celsius", "DCGM_FI_DEV_SLOWDOWN_TEMP", gauge, integer, "C",
     "Slowdown temperature for the device.", false, 1},
    {Metric::shutdown_temperature, "shutdown_temperature_celsius", "DCGM_FI_DEV_SHUTDOWN_TEMP", gauge, integer, "C",
     "Shutdown temperature for the device.", false, 1},
    {Metric::performance_state, "performance_state", "DCGM_FI_DEV_PSTATE", gauge, integer, "",
     "Performance state (P-State) 0-15. 0=highest", false, 1},
    {Metric::compute_processes, "compute_processes", "DCGM_FI_DEV_COMPUTE_PIDS", gauge, integer, "",
     "Number of compute processes running on the device.", false, 1},
    {Metric::power_usage_instant, "power_instant_watts", "DCGM_FI_DEV_POWER_USAGE_INSTANT", gauge, real, "W",
     "Instantaneous power draw (in W).", false, 0.1},
    {Metric::enforced_power_limit, "enforced_power_limit_watts", "DCGM_FI_DEV_ENFORCED_POWER_LIMIT", gauge, real, "W",
     "Power limit that the driver enforces, all limiters considered (in W).", false, 0.1},
    {Metric::power_limit_min, "power_limit_min_watts", "DCGM_FI_DEV_POWER_MGMT_LIMIT_MIN", gauge, real, "W",
     "Lowest power limit that can be set (in W).", false, 0.1},
    {Metric::power_limit_max, "power_limit_max_watts", "DCGM_FI_DEV_POWER_MGMT_LIMIT_MAX", gauge, real, "W",
     "Highest power limit that can be set (in W).", false, 0.1},
    {Metric::power_limit_default, "power_limit_default_watts", "DCGM_FI_DEV_POWER_MGMT_LIMIT_DEF", gauge, real, "W",
     "Power limit after a boot (in W).", false, 0.1},
    {Metric::gpu_max_temperature, "gpu_max_temperature_celsius", "DCGM_FI_DEV_GPU_MAX_OP_TEMP", gauge, integer, "C",
     "Highest operating temperature of the GPU (in C).", false, 1},
    {Metric::memory_max_temperature, "memory_max_temperature_celsius", "DCGM_FI_DEV_MEM_MAX_OP_TEMP", gauge, integer, "C",
     "Highest operating temperature of the memory (in C).", false, 1},
    {Metric::temperature_margin, "temperature_margin_celsius", "DCGM_FI_DEV_GPU_TEMP_LIMIT", gauge, integer, "C",
     "Degrees left until the GPU slows down (in C).", true, 1},
    {Metric::slowdown_tlimit, "slowdown_tlimit_celsius", "reeve_device_slowdown_tlimit_celsius", gauge, integer, "C",
     "Margin to the limit at which the GPU slows down; negative: beyond the limit (in C).", false, 1},
    {Metric::shutdown_tlimit, "shutdown_tlimit_celsius", "reeve_device_shutdown_tlimit_celsius", gauge, integer, "C",
     "Margin to the limit at which the GPU shuts down; negative: beyond the limit (in C).", false, 1},
    {Metric::gpu_max_tlimit, "gpu_max_tlimit_celsius", "reeve_device_gpu_max_tlimit_celsius", gauge, integer, "C",
     "Margin to the limit at which clocks are lowered (in C).", false, 1},
    {Metric::memory_max_tlimit, "memory_max_tlimit_celsius", "reeve_device_memory_max_tlimit_celsius", gauge, integer, "C",
     "Margin to the limit at which the memory slows the GPU down (in C).", false, 1},
    {Metric::pcie_link_generation, "pcie_link_generation", "DCGM_FI_DEV_PCIE_LINK_GEN", gauge, integer, "",
     "Current generation of the PCIe link.", false, 1},
    {Metric::pcie_link_width, "pcie_link_width_lanes", "DCGM_FI_DEV_PCIE_LINK_WIDTH", gauge, integer, "",
     "Current width of the PCIe link (in lanes).", false, 1},
}};

const MetricInfo& info(Metric metric) {
  const MetricInfo& row = metric_table[static_cast<std::size_t>(metric)];
  REEVE_CHECK(row.metric == metric);
  return row;
}

const MetricInfo* metric_by_name(std::string_view name) {
  for (const MetricInfo& row : metric_table)
    if (row.name == name) return &row;
  return nullptr;
}

const MetricInfo* metric_by_dcgm_name(std::string_view dcgm_name) {
  for (const MetricInfo& row : metric_table)
    if (row.dcgm_name == dcgm_name) return &row;
  return nullptr;
}

}  // namespace reeve
