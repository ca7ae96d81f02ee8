#pragma once
// Records of NVIDIA's management library as its binary interface lays them out on x86_64, written by us:
// names, order, sizes and offsets are facts measured with gcc from the headers of CUDA 13.5 and 12.9
// (PyPI nvidia-nvml-dev 13.5.37 and nvidia-nvml-dev-cu12 12.9.79). nvml_layout_test.cc checks each offset.
//
// A `version` member holds sizeof | version << 24 (except for GPM: a plain 1); the caller writes it, and
// the library refuses a wrong one with argument_version_mismatch.

#include "adapters/vendor_nvml/nvml_abi.h"

namespace reeve::nvml {

// Where the GPU sits. `bus_id` is "00000000:18:00.0"; `pci_device_id` is device << 16 | vendor.
struct PciInfo {
  char bus_id_legacy[16]{};
  unsigned int domain = 0;
  unsigned int bus = 0;
  unsigned int device = 0;
  unsigned int pci_device_id = 0;
  unsigned int pci_sub_system_id = 0;
  char bus_id[bus_id_size]{};
};
static_assert(sizeof(PciInfo) == 68);

// Bytes. `used` contains the reserved part since R510: prefer MemoryV2.
struct Memory {
  unsigned long long total = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
};
static_assert(sizeof(Memory) == 24);

// Bytes; total = reserved + free + used.
struct MemoryV2 {
  unsigned int version = 0x2000028;
  unsigned long long total = 0;
  unsigned long long reserved = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
};
static_assert(sizeof(MemoryV2) == 40);

// Bytes.
struct Bar1Memory {
  unsigned long long bar1_total = 0;
  unsigned long long bar1_free = 0;
  unsigned long long bar1_used = 0;
};
static_assert(sizeof(Bar1Memory) == 24);

// Percent of the last sample period.
struct Utilization {
  unsigned int gpu = 0;
  unsigned int memory = 0;
};
static_assert(sizeof(Utilization) == 8);

// Record of the unversioned nvmlDeviceGet*RunningProcesses.
struct ProcessInfoV1 {
  unsigned int pid = 0;
  unsigned long long used_gpu_memory = 0;
};
static_assert(sizeof(ProcessInfoV1) == 16);

// Record of ..._v2 and ..._v3. `used_gpu_memory` is bytes or `value_not_available`; ids are `no_instance` outside MIG.
struct ProcessInfo {
  unsigned int pid = 0;
  unsigned long long used_gpu_memory = 0;
  unsigned int gpu_instance_id = 0;
  unsigned int compute_instance_id = 0;
};
static_assert(sizeof(ProcessInfo) == 24);

// Percent; `time_stamp` is microseconds since the epoch.
struct ProcessUtilizationSample {
  unsigned int pid = 0;
  unsigned long long time_stamp = 0;
  unsigned int sm_util = 0;
  unsigned int mem_util = 0;
  unsigned int enc_util = 0;
  unsigned int dec_util = 0;
};
static_assert(sizeof(ProcessUtilizationSample) == 32);

// Percent.
struct ProcessUtilizationInfoV1 {
  unsigned long long time_stamp = 0;
  unsigned int pid = 0;
  unsigned int sm_util = 0;
  unsigned int mem_util = 0;
  unsigned int enc_util = 0;
  unsigned int dec_util = 0;
  unsigned int jpg_util = 0;
  unsigned int ofa_util = 0;
};
static_assert(sizeof(ProcessUtilizationInfoV1) == 40);

// The caller owns `proc_util_array`.
struct ProcessesUtilizationInfoV1 {
  unsigned int version = 0x1000018;
  unsigned int process_samples_count = 0;
  unsigned long long last_seen_time_stamp = 0;
  ProcessUtilizationInfoV1* proc_util_array = nullptr;
};
static_assert(sizeof(ProcessesUtilizationInfoV1) == 24);

// What a MIG device has; MiB.
struct DeviceAttributes {
  unsigned int multiprocessor_count = 0;
  unsigned int shared_copy_engine_count = 0;
  unsigned int shared_decoder_count = 0;
  unsigned int shared_encoder_count = 0;
  unsigned int shared_jpeg_count = 0;
  unsigned int shared_ofa_count = 0;
  unsigned int gpu_instance_slice_count = 0;
  unsigned int compute_instance_slice_count = 0;
  unsigned long long memory_size_mb = 0;
};
static_assert(sizeof(DeviceAttributes) == 40);

// Number of banks by what is left of their spare rows.
struct RowRemapperHistogram {
  unsigned int max = 0;
  unsigned int high = 0;
  unsigned int partial = 0;
  unsigned int low = 0;
  unsigned int none = 0;
};
static_assert(sizeof(RowRemapperHistogram) == 20);

// Degrees Celsius.
struct TemperatureV1 {
  unsigned int version = 0x100000c;
  unsigned int sensor_type = 0;
  int temperature = 0;
};
static_assert(sizeof(TemperatureV1) == 12);

// Degrees Celsius left until the GPU slows down.
struct MarginTemperatureV1 {
  unsigned int version = 0x1000008;
  int margin_temperature = 0;
};
static_assert(sizeof(MarginTemperatureV1) == 8);

// Milliwatts.
struct PowerValueV2 {
  unsigned int version = 0x200000c;
  unsigned char power_scope = 0;
  unsigned int power_value_mw = 0;
};
static_assert(sizeof(PowerValueV2) == 12);

// `event_data` is the Xid for event_xid_critical. Ids are `no_instance` outside MIG.
struct EventData {
  Device device = nullptr;
  unsigned long long event_type = 0;
  unsigned long long event_data = 0;
  unsigned int gpu_instance_id = 0;
  unsigned int compute_instance_id = 0;
};
static_assert(sizeof(EventData) == 32);

union Value {
  double as_double = 0;
  int as_int;
  unsigned int as_uint;
  unsigned long as_ulong;
  unsigned long long as_ulonglong;
  long long as_longlong;
  unsigned short as_ushort;
};
static_assert(sizeof(Value) == 8);

// The caller sets `field_id` and `scope_id`; the library sets the rest, a code of its own for each field.
struct FieldValue {
  unsigned int field_id = 0;
  unsigned int scope_id = 0;
  long long timestamp = 0;
  long long latency_usec = 0;
  unsigned int value_type = 0;
  Return nvml_return = Return::success;
  Value value{};
};
static_assert(sizeof(FieldValue) == 40);

// Reference in microseconds, violation in nanoseconds.
struct ViolationTime {
  unsigned long long reference_time = 0;
  unsigned long long violation_time = 0;
};
static_assert(sizeof(ViolationTime) == 16);

// Memory slots [start, start + size).
struct GpuInstancePlacement {
  unsigned int start = 0;
  unsigned int size = 0;
};
static_assert(sizeof(GpuInstancePlacement) == 8);

// MiB.
struct GpuInstanceProfileInfo {
  unsigned int id = 0;
  unsigned int is_p2p_supported = 0;
  unsigned int slice_count = 0;
  unsigned int instance_count = 0;
  unsigned int multiprocessor_count = 0;
  unsigned int copy_engine_count = 0;
  unsigned int decoder_count = 0;
  unsigned int encoder_count = 0;
  unsigned int jpeg_count = 0;
  unsigned int ofa_count = 0;
  unsigned long long memory_size_mb = 0;
};
static_assert(sizeof(GpuInstanceProfileInfo) == 48);

// MiB. `name` is "MIG 1g.10gb".
struct GpuInstanceProfileInfoV2 {
  unsigned int version = 0x2000098;
  unsigned int id = 0;
  unsigned int is_p2p_supported = 0;
  unsigned int slice_count = 0;
  unsigned int instance_count = 0;
  unsigned int multiprocessor_count = 0;
  unsigned int copy_engine_count = 0;
  unsigned int decoder_count = 0;
  unsigned int encoder_count = 0;
  unsigned int jpeg_count = 0;
  unsigned int ofa_count = 0;
  unsigned long long memory_size_mb = 0;
  char name[name_v2_size]{};
};
static_assert(sizeof(GpuInstanceProfileInfoV2) == 152);

// MiB.
struct GpuInstanceProfileInfoV3 {
  unsigned int version = 0x3000098;
  unsigned int id = 0;
  unsigned int slice_count = 0;
  unsigned int instance_count = 0;
  unsigned int multiprocessor_count = 0;
  unsigned int copy_engine_count = 0;
  unsigned int decoder_count = 0;
  unsigned int encoder_count = 0;
  unsigned int jpeg_count = 0;
  unsigned int ofa_count = 0;
  unsigned long long memory_size_mb = 0;
  char name[name_v2_size]{};
  unsigned int capabilities = 0;
};
static_assert(sizeof(GpuInstanceProfileInfoV3) == 152);

struct GpuInstanceInfo {
  Device device = nullptr;
  unsigned int id = 0;
  unsigned int profile_id = 0;
  GpuInstancePlacement placement{};
};
static_assert(sizeof(GpuInstanceInfo) == 24);

// Compute slices within the GPU instance.
struct ComputeInstancePlacement {
  unsigned int start = 0;
  unsigned int size = 0;
};
static_assert(sizeof(ComputeInstancePlacement) == 8);

struct ComputeInstanceProfileInfo {
  unsigned int id = 0;
  unsigned int slice_count = 0;
  unsigned int instance_count = 0;
  unsigned int multiprocessor_count = 0;
  unsigned int shared_copy_engine_count = 0;
  unsigned int shared_decoder_count = 0;
  unsigned int shared_encoder_count = 0;
  unsigned int shared_jpeg_count = 0;
  unsigned int shared_ofa_count = 0;
};
static_assert(sizeof(ComputeInstanceProfileInfo) == 36);

// `name` is "MIG 1c.2g.20gb".
struct ComputeInstanceProfileInfoV2 {
  unsigned int version = 0x2000088;
  unsigned int id = 0;
  unsigned int slice_count = 0;
  unsigned int instance_count = 0;
  unsigned int multiprocessor_count = 0;
  unsigned int shared_copy_engine_count = 0;
  unsigned int shared_decoder_count = 0;
  unsigned int shared_encoder_count = 0;
  unsigned int shared_jpeg_count = 0;
  unsigned int shared_ofa_count = 0;
  char name[name_v2_size]{};
};
static_assert(sizeof(ComputeInstanceProfileInfoV2) == 136);

struct ComputeInstanceProfileInfoV3 {
  unsigned int version = 0x300008c;
  unsigned int id = 0;
  unsigned int slice_count = 0;
  unsigned int instance_count = 0;
  unsigned int multiprocessor_count = 0;
  unsigned int shared_copy_engine_count = 0;
  unsigned int shared_decoder_count = 0;
  unsigned int shared_encoder_count = 0;
  unsigned int shared_jpeg_count = 0;
  unsigned int shared_ofa_count = 0;
  char name[name_v2_size]{};
  unsigned int capabilities = 0;
};
static_assert(sizeof(ComputeInstanceProfileInfoV3) == 140);

struct ComputeInstanceInfo {
  Device device = nullptr;
  GpuInstance gpu_instance = nullptr;
  unsigned int id = 0;
  unsigned int profile_id = 0;
  ComputeInstancePlacement placement{};
};
static_assert(sizeof(ComputeInstanceInfo) == 32);

// `version` is a plain 1, without a size.
struct GpmSupport {
  unsigned int version = 0x1;
  unsigned int is_supported_device = 0;
};
static_assert(sizeof(GpmSupport) == 8);

// Utilisations are percent, rates MiB (2^20 bytes) per second.
struct GpmMetric {
  unsigned int metric_id = 0;
  Return nvml_return = Return::success;
  double value = 0;
  struct Info {
    const char* short_name = nullptr;
    const char* long_name = nullptr;
    const char* unit = nullptr;
  };
  Info metric_info{};
};
static_assert(sizeof(GpmMetric) == 40);

// As of 13.5; 12.9 had 210 metrics under the same version: neither side may touch entries behind num_metrics.
struct GpmMetricsGet {
  unsigned int version = 0x1;
  unsigned int num_metrics = 0;
  GpmSample sample1 = nullptr;
  GpmSample sample2 = nullptr;
  GpmMetric metrics[gpm_metric_max]{};
};
static_assert(sizeof(GpmMetricsGet) == 19104);

struct GpuFabricInfoV2 {
  unsigned int version = 0x2000024;
  unsigned char cluster_uuid[16]{};
  Return status = Return::success;
  unsigned int clique_id = 0;
  unsigned char state = 0;
  unsigned int health_mask = 0;
};
static_assert(sizeof(GpuFabricInfoV2) == 36);

struct GpuFabricInfoV3 {
  unsigned int version = 0x3000028;
  unsigned char cluster_uuid[16]{};
  Return status = Return::success;
  unsigned int clique_id = 0;
  unsigned char state = 0;
  unsigned int health_mask = 0;
  unsigned char health_summary = 0;
};
static_assert(sizeof(GpuFabricInfoV3) == 40);

}  // namespace reeve::nvml
