#include "adapters/vendor_nvml/gpm_meter.h"

#include <cmath>

namespace reeve::nvml {
namespace {

constexpr double percent = 0.01;
constexpr double mib = 1 << 20;

struct Measure {
  GpmMetricId id;
  Metric metric;
  double scale;
  bool of_instances;  // the rates of the links belong to the whole GPU
};

constexpr Measure measures[] = {
    {gpm_graphics_util, Metric::graphics_engine_active, percent, true},
    {gpm_sm_util, Metric::sm_active, percent, true},
    {gpm_sm_occupancy, Metric::sm_occupancy, percent, true},
    {gpm_any_tensor_util, Metric::tensor_active, percent, true},
    {gpm_dram_bw_util, Metric::dram_active, percent, true},
    {gpm_fp64_util, Metric::fp64_active, percent, true},
    {gpm_fp32_util, Metric::fp32_active, percent, true},
    {gpm_fp16_util, Metric::fp16_active, percent, true},
    {gpm_pcie_tx_per_sec, Metric::pcie_tx, mib, false},
    {gpm_pcie_rx_per_sec, Metric::pcie_rx, mib, false},
    {gpm_nvlink_total_tx_per_sec, Metric::nvlink_tx, mib, false},
    {gpm_nvlink_total_rx_per_sec, Metric::nvlink_rx, mib, false},
};

}  // namespace

GpmMeter::~GpmMeter() { forget_all(); }

void GpmMeter::forget_all() {
  for (auto& [key, track] : tracks_) release(track);
  tracks_.clear();
  supported_.reset();
}

void GpmMeter::release(Track& track) {
  const auto free = calls_.calls().nvmlGpmSampleFree;
  for (GpmSample* sample : {&track.older, &track.newer}) {
    if (*sample && free) free(*sample);
    *sample = nullptr;
  }
}

void GpmMeter::keep_only(const std::set<int>& gpu_instances) {
  supported_.reset();
  for (auto it = tracks_.begin(); it != tracks_.end();) {
    if (it->first == whole_device || gpu_instances.contains(it->first)) {
      ++it;
    } else {
      release(it->second);
      it = tracks_.erase(it);
    }
  }
}

bool GpmMeter::supported(Device device) {
  if (!supported_) {
    GpmSupport support;
    supported_ = calls_.get(calls_.calls().nvmlGpmQueryDeviceSupport, device, &support) && support.is_supported_device != 0;
  }
  return *supported_;
}

bool GpmMeter::take_sample(int key, Device device, GpmSample sample) {
  if (key == whole_device) return calls_.get(calls_.calls().nvmlGpmSampleGet, device, sample);
  return calls_.get(calls_.calls().nvmlGpmMigSampleGet, device, static_cast<unsigned int>(key), sample);
}

void GpmMeter::measure(int key, Device device, MetricValues& out) {
  if (!supported(device)) return;
  Track& track = tracks_[key];
  const auto now = Heartbeat::Clock::now();
  const bool ripe = track.at && now - *track.at >= Milliseconds(gpm_sample_interval_ms);
  if (!track.at || ripe) {
    const auto allocate = calls_.calls().nvmlGpmSampleAlloc;
    if (!track.older && !calls_.get(allocate, &track.older)) return;
    if (!track.newer && !calls_.get(allocate, &track.newer)) return;
    if (!take_sample(key, device, ripe ? track.newer : track.older)) {
      track.reading = {};
      track.at.reset();
      return;
    }
    track.at = now;
    if (ripe) {
      read(key, track);
      std::swap(track.older, track.newer);
    }
  }
  for (const Measure& measure : measures) out.set(measure.metric, track.reading.get(measure.metric));
}

void GpmMeter::read(int key, Track& track) {
  track.reading = {};
  GpmMetricsGet request;
  request.sample1 = track.older;
  request.sample2 = track.newer;
  std::size_t count = 0;
  for (const Measure& measure : measures)
    if (key == whole_device || measure.of_instances) request.metrics[count++].metric_id = measure.id;
  request.num_metrics = static_cast<unsigned int>(count);
  if (!calls_.get(calls_.calls().nvmlGpmMetricsGet, &request)) return;
  for (std::size_t i = 0; i < count; ++i) {
    const GpmMetric& answer = request.metrics[i];
    if (answer.nvml_return != Return::success || !std::isfinite(answer.value)) continue;
    for (const Measure& measure : measures)
      if (measure.id == answer.metric_id) track.reading.set(measure.metric, answer.value * measure.scale);
  }
}

}  // namespace reeve::nvml
