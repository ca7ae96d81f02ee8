// GPU performance monitoring: two samples of engine counters give means. Hopper and newer.

#include <algorithm>
#include <chrono>
#include <set>

#include "sim/nvml/session.h"

namespace reeve::sim {

using namespace nvml;

namespace {

constexpr unsigned int gpm_version = 1;
constexpr double mib = 1 << 20;
constexpr double percent = 100;

struct Sample {
  bool taken = false;
  int gpu = -1;
  int gpu_instance = -1;  // -1: the whole GPU
  std::chrono::steady_clock::time_point taken_at{};
  Timestamp at{};
  double share = 1;
  EngineTotals totals{};
  GpuValues values{};
};

struct Samples {  // outlive the initialisation: they are the caller's
  std::mutex mutex{};
  std::set<Sample*> all{};
};

Samples& samples() {
  static Samples the_one;
  return the_one;
}

Sample* known(GpmSample handle) {
  auto* sample = reinterpret_cast<Sample*>(handle);
  return samples().all.contains(sample) ? sample : nullptr;
}

Return take(Target& target, Sample& sample, const GpuInstanceState* instance) {
  sample = {.taken = true, .gpu = target.gpu.spec().index, .taken_at = std::chrono::steady_clock::now(), .at = target.now};
  if (instance != nullptr) {
    sample.gpu_instance = instance->id;
    sample.share = compute_share(target.gpu.geometry(), target.gpu.profile_of(*instance));
    if (!instance->compute.empty()) sample.totals.add(*instance->load, sample.share, target.now);
  } else {
    for (const LoadPart& part : target.gpu.parts()) sample.totals.add(*part.load, part.share, target.now);
    sample.values = target.gpu.values(target.now);
  }
  return Return::success;
}

struct Described {
  unsigned int id;
  const char* short_name;
  const char* long_name;
  const char* unit;
  double EngineMix::*engine;  // null: `busy`, or a rate
};

constexpr Described described[] = {
    {gpm_graphics_util, "graphics_util", "Graphics Engine Utilization", "%", nullptr},
    {gpm_sm_util, "sm_util", "SM Utilization", "%", &EngineMix::sm},
    {gpm_sm_occupancy, "sm_occupancy", "SM Occupancy", "%", &EngineMix::occupancy},
    {gpm_integer_util, "integer_util", "Integer Utilization", "%", &EngineMix::integer},
    {gpm_any_tensor_util, "any_tensor_util", "Any Tensor Utilization", "%", &EngineMix::tensor},
    {7, "hmma_tensor_util", "HMMA Tensor Utilization", "%", &EngineMix::tensor},
    {gpm_dram_bw_util, "dram_bw_util", "DRAM Bandwidth Utilization", "%", &EngineMix::dram},
    {gpm_fp64_util, "fp64_util", "FP64 Utilization", "%", &EngineMix::fp64},
    {gpm_fp32_util, "fp32_util", "FP32 Utilization", "%", &EngineMix::fp32},
    {gpm_fp16_util, "fp16_util", "FP16 Utilization", "%", &EngineMix::fp16},
    {gpm_pcie_tx_per_sec, "pcie_tx_per_sec", "PCIe Tx Throughput", "MiB/s", nullptr},
    {gpm_pcie_rx_per_sec, "pcie_rx_per_sec", "PCIe Rx Throughput", "MiB/s", nullptr},
    {30, "nvdec_0_util", "NVDEC 0 Utilization", "%", &EngineMix::decoder},
    {gpm_nvlink_total_rx_per_sec, "nvlink_total_rx_per_sec", "NVLink Total Rx Throughput", "MiB/s", nullptr},
    {gpm_nvlink_total_tx_per_sec, "nvlink_total_tx_per_sec", "NVLink Total Tx Throughput", "MiB/s", nullptr},
};

std::optional<double> rate_bytes(unsigned int id, const Sample& a, const Sample& b) {
  switch (id) {
    case gpm_pcie_tx_per_sec: return b.values.pcie_tx_bytes - a.values.pcie_tx_bytes;
    case gpm_pcie_rx_per_sec: return b.values.pcie_rx_bytes - a.values.pcie_rx_bytes;
    case gpm_nvlink_total_rx_per_sec: return b.values.nvlink_rx_bytes - a.values.nvlink_rx_bytes;
    case gpm_nvlink_total_tx_per_sec: return b.values.nvlink_tx_bytes - a.values.nvlink_tx_bytes;
    default: return std::nullopt;
  }
}

void answer(GpmMetric& metric, const Sample& a, const Sample& b) {
  metric.nvml_return = Return::not_supported;
  metric.value = 0;
  const auto found = std::ranges::find(described, metric.metric_id, &Described::id);
  if (found == std::end(described)) return;
  const double seconds = static_cast<double>((b.at - a.at).count()) / 1000;
  const auto rate = rate_bytes(found->id, a, b);
  if (rate && a.gpu_instance >= 0) return;  // the links belong to the whole GPU
  metric.metric_info = {found->short_name, found->long_name, found->unit};
  metric.nvml_return = Return::success;
  if (rate) {
    metric.value = *rate / seconds / mib;
  } else {
    const double busy =
        found->engine == nullptr ? b.totals.busy - a.totals.busy : b.totals.engines.*found->engine - a.totals.engines.*found->engine;
    metric.value = std::clamp(busy / seconds / a.share, 0.0, 1.0) * percent;
  }
}

}  // namespace

REEVE_NVML_EXPORT nvmlGpmQueryDeviceSupport(Device device, GpmSupport* support) {
  return on_device("nvmlGpmQueryDeviceSupport", device, support != nullptr, MigDevice::answered, [&](Target& target) {
    if (support->version != gpm_version) return Return::argument_version_mismatch;
    support->is_supported_device = target.board().can.gpm ? 1 : 0;
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlGpmSampleAlloc(GpmSample* handle) {
  return call("nvmlGpmSampleAlloc", handle != nullptr, [&](Driver&) {
    auto* sample = new Sample;
    const std::lock_guard lock(samples().mutex);
    samples().all.insert(sample);
    *handle = reinterpret_cast<GpmSample>(sample);
    return Return::success;
  });
}

REEVE_NVML_EXPORT nvmlGpmSampleFree(GpmSample handle) {
  const std::lock_guard lock(samples().mutex);
  Sample* sample = known(handle);
  if (sample == nullptr) return Return::invalid_argument;
  samples().all.erase(sample);
  delete sample;
  return Return::success;
}

REEVE_NVML_EXPORT nvmlGpmSampleGet(Device device, GpmSample handle) {
  return on_device("nvmlGpmSampleGet", device, handle != nullptr, MigDevice::answered, [&](Target& target) {
    const std::lock_guard lock(samples().mutex);
    Sample* sample = known(handle);
    if (sample == nullptr) return Return::invalid_argument;
    return target.board().can.gpm ? take(target, *sample, target.gpu_instance) : Return::not_supported;
  });
}

REEVE_NVML_EXPORT nvmlGpmMigSampleGet(Device device, unsigned int gpu_instance_id, GpmSample handle) {
  return on_device("nvmlGpmMigSampleGet", device, handle != nullptr, MigDevice::refused, [&](Target& target) {
    const std::lock_guard lock(samples().mutex);
    Sample* sample = known(handle);
    if (sample == nullptr) return Return::invalid_argument;
    if (!target.board().can.gpm || !target.gpu.mig_current) return Return::not_supported;
    const auto instance = target.gpu.instances.find(static_cast<int>(gpu_instance_id));
    if (instance == target.gpu.instances.end()) return Return::invalid_argument;
    return take(target, *sample, &instance->second);
  });
}

// Never reads or writes behind num_metrics: the array has 210 entries for callers of 12.9 and 477 for those of 13.5.
REEVE_NVML_EXPORT nvmlGpmMetricsGet(GpmMetricsGet* request) {
  return call("nvmlGpmMetricsGet", request != nullptr, [&](Driver&) {
    if (request->version != gpm_version) return Return::argument_version_mismatch;
    if (request->num_metrics == 0 || request->num_metrics > gpm_metric_max) return Return::invalid_argument;
    const std::lock_guard lock(samples().mutex);
    const Sample* a = known(request->sample1);
    const Sample* b = known(request->sample2);
    if (a == nullptr || b == nullptr || !a->taken || !b->taken) return Return::invalid_argument;
    if (a->gpu != b->gpu || a->gpu_instance != b->gpu_instance) return Return::invalid_argument;
    if (b->taken_at < a->taken_at) std::swap(a, b);
    if (b->taken_at - a->taken_at < Milliseconds(gpm_sample_interval_ms) || b->at <= a->at) return Return::not_ready;
    for (GpmMetric& metric : std::span(request->metrics, request->num_metrics)) answer(metric, *a, *b);
    return Return::success;
  });
}

}  // namespace reeve::sim
