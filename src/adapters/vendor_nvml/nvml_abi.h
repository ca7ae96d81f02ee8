#pragma once
// What is needed to speak with NVIDIA's management library (libnvidia-ml.so.1) without its header: return
// codes, constants and handles here, records in nvml_structs.h, calls in nvml_calls.h.
//
// Own text. Values are facts from PyPI nvidia-ml-py 13.615.71 (BSD-3-Clause) and from measuring the headers
// of CUDA 13.5 and 12.9; x86_64 only.

#include <string_view>

namespace reeve::nvml {

// Opaque: the library's own pointers. A handle of a MIG device is a Device too.
using Device = struct DeviceOpaque*;
using GpuInstance = struct GpuInstanceOpaque*;
using ComputeInstance = struct ComputeInstanceOpaque*;
using EventSet = struct EventSetOpaque*;
using GpmSample = struct GpmSampleOpaque*;

enum class Return : int {
  success = 0,
  uninitialized = 1,
  invalid_argument = 2,
  not_supported = 3,
  no_permission = 4,
  already_initialized = 5,
  not_found = 6,
  insufficient_size = 7,
  insufficient_power = 8,
  driver_not_loaded = 9,
  timeout = 10,
  irq_issue = 11,
  library_not_found = 12,
  function_not_found = 13,
  corrupted_inforom = 14,
  gpu_is_lost = 15,
  reset_required = 16,
  operating_system = 17,
  lib_rm_version_mismatch = 18,  // the driver was updated under the loaded library: load it anew
  in_use = 19,
  memory = 20,
  no_data = 21,
  vgpu_ecc_not_supported = 22,
  insufficient_resources = 23,
  freq_not_supported = 24,
  argument_version_mismatch = 25,
  deprecated = 26,
  not_ready = 27,
  gpu_not_found = 28,
  invalid_state = 29,
  reset_type_not_supported = 30,
  unknown = 999,
};

// The file that the dynamic linker finds on a node with a driver.
inline constexpr const char* library_name = "libnvidia-ml.so.1";

// Sizes of text buffers, the ending 0 included. Too small: insufficient_size.
inline constexpr unsigned int uuid_size = 80;
inline constexpr unsigned int uuid_v2_size = 96;
inline constexpr unsigned int name_size = 64;
inline constexpr unsigned int name_v2_size = 96;
inline constexpr unsigned int serial_size = 30;
inline constexpr unsigned int vbios_version_size = 32;
inline constexpr unsigned int driver_version_size = 80;
inline constexpr unsigned int nvml_version_size = 80;
inline constexpr unsigned int bus_id_size = 32;

// "The driver does not say", of memory of a process and of ids outside MIG.
inline constexpr unsigned long long value_not_available = 0xFFFFFFFFFFFFFFFFULL;
inline constexpr unsigned int no_instance = 0xFFFFFFFFU;

enum Architecture : unsigned int {
  arch_kepler = 2,
  arch_maxwell = 3,
  arch_pascal = 4,
  arch_volta = 5,
  arch_turing = 6,
  arch_ampere = 7,
  arch_ada = 8,
  arch_hopper = 9,
  arch_blackwell = 10,
  arch_rubin = 13,
  arch_unknown = 0xFFFFFFFFU,
};

enum ClockType : unsigned int { clock_graphics = 0, clock_sm = 1, clock_memory = 2, clock_video = 3 };
enum TemperatureSensor : unsigned int { sensor_gpu = 0 };

enum TemperatureThreshold : unsigned int {
  threshold_shutdown = 0,
  threshold_slowdown = 1,
  threshold_memory_max = 2,
  threshold_gpu_max = 3,
  threshold_acoustic_min = 4,
  threshold_acoustic_current = 5,
  threshold_acoustic_max = 6,
  threshold_count = 8,
};

enum MemoryErrorType : unsigned int { error_corrected = 0, error_uncorrected = 1 };
enum EccCounterType : unsigned int { ecc_volatile = 0, ecc_aggregate = 1 };

enum MemoryLocation : unsigned int {
  location_l1_cache = 0,
  location_l2_cache = 1,
  location_device_memory = 2,
  location_register_file = 3,
  location_texture_memory = 4,
  location_texture_shared = 5,
  location_cbu = 6,
  location_sram = 7,
};

enum RetirementCause : unsigned int { cause_single_bit = 0, cause_double_bit = 1 };
enum PcieCounter : unsigned int { pcie_tx = 0, pcie_rx = 1 };

enum PerfPolicy : unsigned int {
  policy_power = 0,
  policy_thermal = 1,
  policy_sync_boost = 2,
  policy_board_limit = 3,
  policy_low_utilization = 4,
  policy_reliability = 5,
};

inline constexpr unsigned int performance_state_unknown = 32;  // else 0 (fastest) .. 15
inline constexpr unsigned int nvlink_max_links = 36;           // 18 in the header of 12.9

enum EventType : unsigned long long {
  event_single_bit_ecc = 0x1,
  event_double_bit_ecc = 0x2,
  event_performance_state = 0x4,
  event_xid_critical = 0x8,
  event_clock = 0x10,
  event_power_source = 0x80,
  event_mig_config_change = 0x100,
  event_single_bit_storm = 0x200,
  event_dram_retirement = 0x400,
  event_dram_retirement_failure = 0x800,
  event_non_fatal_poison = 0x1000,
  event_fatal_poison = 0x2000,
  event_gpu_unavailable = 0x4000,
  event_recovery_action = 0x8000,
};

enum ClockEventReason : unsigned long long {
  reason_gpu_idle = 0x1,
  reason_application_clocks = 0x2,
  reason_sw_power_cap = 0x4,
  reason_hw_slowdown = 0x8,
  reason_sync_boost = 0x10,
  reason_sw_thermal_slowdown = 0x20,
  reason_hw_thermal_slowdown = 0x40,
  reason_hw_power_brake_slowdown = 0x80,
  reason_display_clock = 0x100,
};

// Arguments of nvmlDeviceGetFieldValues.
enum FieldId : unsigned int {
  field_ecc_single_volatile = 3,
  field_ecc_double_volatile = 4,
  field_ecc_single_aggregate = 5,
  field_ecc_double_aggregate = 6,
  field_retired_single = 29,
  field_retired_double = 30,
  field_retired_pending = 31,
  field_memory_temperature = 82,
  field_total_energy = 83,
  field_nvlink_speed_common = 90,
  field_nvlink_link_count = 91,
  field_pcie_replays = 94,
  field_nvlink_data_tx = 138,  // KiB; scope: link, or 0xFFFFFFFF for all
  field_nvlink_data_rx = 139,
  field_nvlink_raw_tx = 140,
  field_nvlink_raw_rx = 141,
  field_remapped_correctable = 142,
  field_remapped_uncorrectable = 143,
  field_remapped_pending = 144,
  field_remapped_failure = 145,
  field_resetless_mig = 184,
  field_power_average = 185,
  field_power_instant = 186,
  field_power_min_limit = 187,
  field_power_max_limit = 188,
  field_power_default_limit = 189,
  field_power_current_limit = 190,
  field_power_requested_limit = 192,
  field_shutdown_tlimit = 193,  // degrees relative to the limit: -8 shuts down 8 above it
  field_slowdown_tlimit = 194,
  field_memory_max_tlimit = 195,
  field_gpu_max_tlimit = 196,
  field_pcie_tx_bytes = 197,
  field_pcie_rx_bytes = 198,
  field_reset_status = 226,
  field_recovery_action = 230,
};
inline constexpr unsigned int scope_all_links = 0xFFFFFFFFU;

enum ValueType : unsigned int {
  value_double = 0,
  value_unsigned_int = 1,
  value_unsigned_long = 2,
  value_unsigned_long_long = 3,
  value_signed_long_long = 4,
  value_signed_int = 5,
  value_unsigned_short = 6,
};

enum GpmMetricId : unsigned int {
  gpm_graphics_util = 1,
  gpm_sm_util = 2,
  gpm_sm_occupancy = 3,
  gpm_integer_util = 4,
  gpm_any_tensor_util = 5,
  gpm_dram_bw_util = 10,
  gpm_fp64_util = 11,
  gpm_fp32_util = 12,
  gpm_fp16_util = 13,
  gpm_pcie_tx_per_sec = 20,
  gpm_pcie_rx_per_sec = 21,
  gpm_nvlink_total_rx_per_sec = 60,
  gpm_nvlink_total_tx_per_sec = 61,
};
inline constexpr unsigned int gpm_metric_max = 477;          // of 13.5; 210 in the header of 12.9
inline constexpr unsigned int gpm_sample_interval_ms = 100;  // least time between the two samples of a reading

// Arguments of nvmlDeviceGetGpuInstanceProfileInfo; creation takes the id that it answers (19, 14 ...).
enum GpuInstanceProfile : unsigned int {
  gpu_1_slice = 0,
  gpu_2_slice = 1,
  gpu_3_slice = 2,
  gpu_4_slice = 3,
  gpu_7_slice = 4,
  gpu_8_slice = 5,
  gpu_6_slice = 6,
  gpu_1_slice_me = 7,
  gpu_2_slice_me = 8,
  gpu_1_slice_double_memory = 9,
  gpu_1_slice_gfx = 0xA,
  gpu_2_slice_gfx = 0xB,
  gpu_4_slice_gfx = 0xC,
  gpu_1_slice_no_me = 0xD,
  gpu_2_slice_no_me = 0xE,
  gpu_1_slice_all_me = 0xF,
  gpu_2_slice_all_me = 0x10,
  gpu_3_slice_gfx = 0x11,
  gpu_instance_profile_count = 0x12,
};

enum ComputeInstanceProfile : unsigned int {
  compute_1_slice = 0,
  compute_2_slice = 1,
  compute_3_slice = 2,
  compute_4_slice = 3,
  compute_7_slice = 4,
  compute_8_slice = 5,
  compute_6_slice = 6,
  compute_1_slice_rev1 = 7,
  compute_7_slice_nvlink = 8,
  compute_instance_profile_count = 9,
};
inline constexpr unsigned int compute_engine_profile_shared = 0;

enum TopologyLevel : unsigned int {
  topology_internal = 0,
  topology_single = 10,
  topology_multiple = 20,
  topology_hostbridge = 30,
  topology_node = 40,
  topology_system = 50,
};

inline constexpr unsigned int init_flag_no_gpus = 1;
inline constexpr unsigned int init_flag_no_attach = 2;

// Words of our own for a code, for messages; the library's own are to be had from nvmlErrorString.
constexpr std::string_view describe(Return code) {
  switch (code) {
    case Return::success: return "success";
    case Return::uninitialized: return "library not initialized";
    case Return::invalid_argument: return "invalid argument";
    case Return::not_supported: return "not supported";
    case Return::no_permission: return "no permission";
    case Return::already_initialized: return "already initialized";
    case Return::not_found: return "not found";
    case Return::insufficient_size: return "buffer too small";
    case Return::insufficient_power: return "power cables not attached";
    case Return::driver_not_loaded: return "driver not loaded";
    case Return::timeout: return "timeout";
    case Return::irq_issue: return "interrupt issue";
    case Return::library_not_found: return "library not found";
    case Return::function_not_found: return "function not found";
    case Return::corrupted_inforom: return "InfoROM is corrupted";
    case Return::gpu_is_lost: return "GPU is lost";
    case Return::reset_required: return "GPU needs a reset";
    case Return::operating_system: return "blocked by the operating system";
    case Return::lib_rm_version_mismatch: return "library and driver differ in version";
    case Return::in_use: return "in use";
    case Return::memory: return "out of memory";
    case Return::no_data: return "no data";
    case Return::vgpu_ecc_not_supported: return "ECC not supported for vGPU";
    case Return::insufficient_resources: return "insufficient resources";
    case Return::freq_not_supported: return "frequency not supported";
    case Return::argument_version_mismatch: return "version of the record not known";
    case Return::deprecated: return "deprecated";
    case Return::not_ready: return "not ready";
    case Return::gpu_not_found: return "no GPU";
    case Return::invalid_state: return "invalid state";
    case Return::reset_type_not_supported: return "reset type not supported";
    case Return::unknown: return "unknown error";
  }
  return "unknown code";
}

}  // namespace reeve::nvml
