// The layout that both the driver adapter and the simulated library rely on: offsets measured with gcc on
// x86_64 from the headers of CUDA 13.5 (PyPI nvidia-nvml-dev 13.5.37). It holds at compile time or not at all.

#include <gtest/gtest.h>

#include <cstddef>

#include "adapters/vendor_nvml/nvml_calls.h"
#include "adapters/vendor_nvml/nvml_structs.h"

namespace reeve::nvml {
namespace {

static_assert(offsetof(PciInfo, bus_id_legacy) == 0);
static_assert(offsetof(PciInfo, domain) == 16);
static_assert(offsetof(PciInfo, bus) == 20);
static_assert(offsetof(PciInfo, device) == 24);
static_assert(offsetof(PciInfo, pci_device_id) == 28);
static_assert(offsetof(PciInfo, pci_sub_system_id) == 32);
static_assert(offsetof(PciInfo, bus_id) == 36);
static_assert(offsetof(Memory, total) == 0);
static_assert(offsetof(Memory, free) == 8);
static_assert(offsetof(Memory, used) == 16);
static_assert(offsetof(MemoryV2, version) == 0);
static_assert(offsetof(MemoryV2, total) == 8);
static_assert(offsetof(MemoryV2, reserved) == 16);
static_assert(offsetof(MemoryV2, free) == 24);
static_assert(offsetof(MemoryV2, used) == 32);
static_assert(offsetof(Bar1Memory, bar1_total) == 0);
static_assert(offsetof(Bar1Memory, bar1_free) == 8);
static_assert(offsetof(Bar1Memory, bar1_used) == 16);
static_assert(offsetof(Utilization, gpu) == 0);
static_assert(offsetof(Utilization, memory) == 4);
static_assert(offsetof(ProcessInfoV1, pid) == 0);
static_assert(offsetof(ProcessInfoV1, used_gpu_memory) == 8);
static_assert(offsetof(ProcessInfo, pid) == 0);
static_assert(offsetof(ProcessInfo, used_gpu_memory) == 8);
static_assert(offsetof(ProcessInfo, gpu_instance_id) == 16);
static_assert(offsetof(ProcessInfo, compute_instance_id) == 20);
static_assert(offsetof(ProcessUtilizationSample, pid) == 0);
static_assert(offsetof(ProcessUtilizationSample, time_stamp) == 8);
static_assert(offsetof(ProcessUtilizationSample, sm_util) == 16);
static_assert(offsetof(ProcessUtilizationSample, mem_util) == 20);
static_assert(offsetof(ProcessUtilizationSample, enc_util) == 24);
static_assert(offsetof(ProcessUtilizationSample, dec_util) == 28);
static_assert(offsetof(ProcessUtilizationInfoV1, time_stamp) == 0);
static_assert(offsetof(ProcessUtilizationInfoV1, pid) == 8);
static_assert(offsetof(ProcessUtilizationInfoV1, sm_util) == 12);
static_assert(offsetof(ProcessUtilizationInfoV1, mem_util) == 16);
static_assert(offsetof(ProcessUtilizationInfoV1, enc_util) == 20);
static_assert(offsetof(ProcessUtilizationInfoV1, dec_util) == 24);
static_assert(offsetof(ProcessUtilizationInfoV1, jpg_util) == 28);
static_assert(offsetof(ProcessUtilizationInfoV1, ofa_util) == 32);
static_assert(offsetof(ProcessesUtilizationInfoV1, version) == 0);
static_assert(offsetof(ProcessesUtilizationInfoV1, process_samples_count) == 4);
static_assert(offsetof(ProcessesUtilizationInfoV1, last_seen_time_stamp) == 8);
static_assert(offsetof(ProcessesUtilizationInfoV1, proc_util_array) == 16);
static_assert(offsetof(DeviceAttributes, multiprocessor_count) == 0);
static_assert(offsetof(DeviceAttributes, shared_copy_engine_count) == 4);
static_assert(offsetof(DeviceAttributes, shared_decoder_count) == 8);
static_assert(offsetof(DeviceAttributes, shared_encoder_count) == 12);
static_assert(offsetof(DeviceAttributes, shared_jpeg_count) == 16);
static_assert(offsetof(DeviceAttributes, shared_ofa_count) == 20);
static_assert(offsetof(DeviceAttributes, gpu_instance_slice_count) == 24);
static_assert(offsetof(DeviceAttributes, compute_instance_slice_count) == 28);
static_assert(offsetof(DeviceAttributes, memory_size_mb) == 32);
static_assert(offsetof(RowRemapperHistogram, max) == 0);
static_assert(offsetof(RowRemapperHistogram, high) == 4);
static_assert(offsetof(RowRemapperHistogram, partial) == 8);
static_assert(offsetof(RowRemapperHistogram, low) == 12);
static_assert(offsetof(RowRemapperHistogram, none) == 16);
static_assert(offsetof(TemperatureV1, version) == 0);
static_assert(offsetof(TemperatureV1, sensor_type) == 4);
static_assert(offsetof(TemperatureV1, temperature) == 8);
static_assert(offsetof(MarginTemperatureV1, version) == 0);
static_assert(offsetof(MarginTemperatureV1, margin_temperature) == 4);
static_assert(offsetof(PowerValueV2, version) == 0);
static_assert(offsetof(PowerValueV2, power_scope) == 4);
static_assert(offsetof(PowerValueV2, power_value_mw) == 8);
static_assert(offsetof(EventData, device) == 0);
static_assert(offsetof(EventData, event_type) == 8);
static_assert(offsetof(EventData, event_data) == 16);
static_assert(offsetof(EventData, gpu_instance_id) == 24);
static_assert(offsetof(EventData, compute_instance_id) == 28);
static_assert(offsetof(FieldValue, field_id) == 0);
static_assert(offsetof(FieldValue, scope_id) == 4);
static_assert(offsetof(FieldValue, timestamp) == 8);
static_assert(offsetof(FieldValue, latency_usec) == 16);
static_assert(offsetof(FieldValue, value_type) == 24);
static_assert(offsetof(FieldValue, nvml_return) == 28);
static_assert(offsetof(FieldValue, value) == 32);
static_assert(offsetof(ViolationTime, reference_time) == 0);
static_assert(offsetof(ViolationTime, violation_time) == 8);
static_assert(offsetof(GpuInstancePlacement, start) == 0);
static_assert(offsetof(GpuInstancePlacement, size) == 4);
static_assert(offsetof(GpuInstanceProfileInfo, id) == 0);
static_assert(offsetof(GpuInstanceProfileInfo, is_p2p_supported) == 4);
static_assert(offsetof(GpuInstanceProfileInfo, slice_count) == 8);
static_assert(offsetof(GpuInstanceProfileInfo, instance_count) == 12);
static_assert(offsetof(GpuInstanceProfileInfo, multiprocessor_count) == 16);
static_assert(offsetof(GpuInstanceProfileInfo, copy_engine_count) == 20);
static_assert(offsetof(GpuInstanceProfileInfo, decoder_count) == 24);
static_assert(offsetof(GpuInstanceProfileInfo, encoder_count) == 28);
static_assert(offsetof(GpuInstanceProfileInfo, jpeg_count) == 32);
static_assert(offsetof(GpuInstanceProfileInfo, ofa_count) == 36);
static_assert(offsetof(GpuInstanceProfileInfo, memory_size_mb) == 40);
static_assert(offsetof(GpuInstanceProfileInfoV2, version) == 0);
static_assert(offsetof(GpuInstanceProfileInfoV2, id) == 4);
static_assert(offsetof(GpuInstanceProfileInfoV2, is_p2p_supported) == 8);
static_assert(offsetof(GpuInstanceProfileInfoV2, slice_count) == 12);
static_assert(offsetof(GpuInstanceProfileInfoV2, instance_count) == 16);
static_assert(offsetof(GpuInstanceProfileInfoV2, multiprocessor_count) == 20);
static_assert(offsetof(GpuInstanceProfileInfoV2, copy_engine_count) == 24);
static_assert(offsetof(GpuInstanceProfileInfoV2, decoder_count) == 28);
static_assert(offsetof(GpuInstanceProfileInfoV2, encoder_count) == 32);
static_assert(offsetof(GpuInstanceProfileInfoV2, jpeg_count) == 36);
static_assert(offsetof(GpuInstanceProfileInfoV2, ofa_count) == 40);
static_assert(offsetof(GpuInstanceProfileInfoV2, memory_size_mb) == 48);
static_assert(offsetof(GpuInstanceProfileInfoV2, name) == 56);
static_assert(offsetof(GpuInstanceProfileInfoV3, version) == 0);
static_assert(offsetof(GpuInstanceProfileInfoV3, id) == 4);
static_assert(offsetof(GpuInstanceProfileInfoV3, slice_count) == 8);
static_assert(offsetof(GpuInstanceProfileInfoV3, instance_count) == 12);
static_assert(offsetof(GpuInstanceProfileInfoV3, multiprocessor_count) == 16);
static_assert(offsetof(GpuInstanceProfileInfoV3, copy_engine_count) == 20);
static_assert(offsetof(GpuInstanceProfileInfoV3, decoder_count) == 24);
static_assert(offsetof(GpuInstanceProfileInfoV3, encoder_count) == 28);
static_assert(offsetof(GpuInstanceProfileInfoV3, jpeg_count) == 32);
static_assert(offsetof(GpuInstanceProfileInfoV3, ofa_count) == 36);
static_assert(offsetof(GpuInstanceProfileInfoV3, memory_size_mb) == 40);
static_assert(offsetof(GpuInstanceProfileInfoV3, name) == 48);
static_assert(offsetof(GpuInstanceProfileInfoV3, capabilities) == 144);
static_assert(offsetof(GpuInstanceInfo, device) == 0);
static_assert(offsetof(GpuInstanceInfo, id) == 8);
static_assert(offsetof(GpuInstanceInfo, profile_id) == 12);
static_assert(offsetof(GpuInstanceInfo, placement) == 16);
static_assert(offsetof(ComputeInstancePlacement, start) == 0);
static_assert(offsetof(ComputeInstancePlacement, size) == 4);
static_assert(offsetof(ComputeInstanceProfileInfo, id) == 0);
static_assert(offsetof(ComputeInstanceProfileInfo, slice_count) == 4);
static_assert(offsetof(ComputeInstanceProfileInfo, instance_count) == 8);
static_assert(offsetof(ComputeInstanceProfileInfo, multiprocessor_count) == 12);
static_assert(offsetof(ComputeInstanceProfileInfo, shared_copy_engine_count) == 16);
static_assert(offsetof(ComputeInstanceProfileInfo, shared_decoder_count) == 20);
static_assert(offsetof(ComputeInstanceProfileInfo, shared_encoder_count) == 24);
static_assert(offsetof(ComputeInstanceProfileInfo, shared_jpeg_count) == 28);
static_assert(offsetof(ComputeInstanceProfileInfo, shared_ofa_count) == 32);
static_assert(offsetof(ComputeInstanceProfileInfoV2, version) == 0);
static_assert(offsetof(ComputeInstanceProfileInfoV2, id) == 4);
static_assert(offsetof(ComputeInstanceProfileInfoV2, slice_count) == 8);
static_assert(offsetof(ComputeInstanceProfileInfoV2, instance_count) == 12);
static_assert(offsetof(ComputeInstanceProfileInfoV2, multiprocessor_count) == 16);
static_assert(offsetof(ComputeInstanceProfileInfoV2, shared_copy_engine_count) == 20);
static_assert(offsetof(ComputeInstanceProfileInfoV2, shared_decoder_count) == 24);
static_assert(offsetof(ComputeInstanceProfileInfoV2, shared_encoder_count) == 28);
static_assert(offsetof(ComputeInstanceProfileInfoV2, shared_jpeg_count) == 32);
static_assert(offsetof(ComputeInstanceProfileInfoV2, shared_ofa_count) == 36);
static_assert(offsetof(ComputeInstanceProfileInfoV2, name) == 40);
static_assert(offsetof(ComputeInstanceProfileInfoV3, version) == 0);
static_assert(offsetof(ComputeInstanceProfileInfoV3, id) == 4);
static_assert(offsetof(ComputeInstanceProfileInfoV3, slice_count) == 8);
static_assert(offsetof(ComputeInstanceProfileInfoV3, instance_count) == 12);
static_assert(offsetof(ComputeInstanceProfileInfoV3, multiprocessor_count) == 16);
static_assert(offsetof(ComputeInstanceProfileInfoV3, shared_copy_engine_count) == 20);
static_assert(offsetof(ComputeInstanceProfileInfoV3, shared_decoder_count) == 24);
static_assert(offsetof(ComputeInstanceProfileInfoV3, shared_encoder_count) == 28);
static_assert(offsetof(ComputeInstanceProfileInfoV3, shared_jpeg_count) == 32);
static_assert(offsetof(ComputeInstanceProfileInfoV3, shared_ofa_count) == 36);
static_assert(offsetof(ComputeInstanceProfileInfoV3, name) == 40);
static_assert(offsetof(ComputeInstanceProfileInfoV3, capabilities) == 136);
static_assert(offsetof(ComputeInstanceInfo, device) == 0);
static_assert(offsetof(ComputeInstanceInfo, gpu_instance) == 8);
static_assert(offsetof(ComputeInstanceInfo, id) == 16);
static_assert(offsetof(ComputeInstanceInfo, profile_id) == 20);
static_assert(offsetof(ComputeInstanceInfo, placement) == 24);
static_assert(offsetof(GpmSupport, version) == 0);
static_assert(offsetof(GpmSupport, is_supported_device) == 4);
static_assert(offsetof(GpmMetric, metric_id) == 0);
static_assert(offsetof(GpmMetric, nvml_return) == 4);
static_assert(offsetof(GpmMetric, value) == 8);
static_assert(offsetof(GpmMetric, metric_info) == 16);
static_assert(offsetof(GpmMetricsGet, version) == 0);
static_assert(offsetof(GpmMetricsGet, num_metrics) == 4);
static_assert(offsetof(GpmMetricsGet, sample1) == 8);
static_assert(offsetof(GpmMetricsGet, sample2) == 16);
static_assert(offsetof(GpmMetricsGet, metrics) == 24);
static_assert(offsetof(GpuFabricInfoV2, version) == 0);
static_assert(offsetof(GpuFabricInfoV2, cluster_uuid) == 4);
static_assert(offsetof(GpuFabricInfoV2, status) == 20);
static_assert(offsetof(GpuFabricInfoV2, clique_id) == 24);
static_assert(offsetof(GpuFabricInfoV2, state) == 28);
static_assert(offsetof(GpuFabricInfoV2, health_mask) == 32);
static_assert(offsetof(GpuFabricInfoV3, version) == 0);
static_assert(offsetof(GpuFabricInfoV3, cluster_uuid) == 4);
static_assert(offsetof(GpuFabricInfoV3, status) == 20);
static_assert(offsetof(GpuFabricInfoV3, clique_id) == 24);
static_assert(offsetof(GpuFabricInfoV3, state) == 28);
static_assert(offsetof(GpuFabricInfoV3, health_mask) == 32);
static_assert(offsetof(GpuFabricInfoV3, health_summary) == 36);

#define REEVE_NVML_COUNT(symbol, parameters) +1
static_assert(REEVE_NVML_AGENT_CALLS(REEVE_NVML_COUNT) == 121);
#undef REEVE_NVML_COUNT

TEST(NvmlLayout, version_tags_are_those_of_the_header) {
  EXPECT_EQ(MemoryV2{}.version, 0x2000028U);
  EXPECT_EQ(ProcessesUtilizationInfoV1{}.version, 0x1000018U);
  EXPECT_EQ(TemperatureV1{}.version, 0x100000cU);
  EXPECT_EQ(MarginTemperatureV1{}.version, 0x1000008U);
  EXPECT_EQ(PowerValueV2{}.version, 0x200000cU);
  EXPECT_EQ(GpuInstanceProfileInfoV2{}.version, 0x2000098U);
  EXPECT_EQ(GpuInstanceProfileInfoV3{}.version, 0x3000098U);
  EXPECT_EQ(ComputeInstanceProfileInfoV2{}.version, 0x2000088U);
  EXPECT_EQ(ComputeInstanceProfileInfoV3{}.version, 0x300008cU);
  EXPECT_EQ(GpmSupport{}.version, 0x1U);
  EXPECT_EQ(GpmMetricsGet{}.version, 0x1U);
  EXPECT_EQ(GpuFabricInfoV2{}.version, 0x2000024U);
  EXPECT_EQ(GpuFabricInfoV3{}.version, 0x3000028U);
}

}  // namespace
}  // namespace reeve::nvml
