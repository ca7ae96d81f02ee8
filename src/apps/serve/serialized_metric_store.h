#pragma once
#include <mutex>

#include "ports/metric_store.h"

namespace reeve {

// Lets several threads write to one MetricStore, one call at a time: the collector's rounds, and whoever adds
// history of the past. Reads pass through. `store` is borrowed. Threads: any.
class SerializedMetricStore final : public MetricStore {
 public:
  explicit SerializedMetricStore(MetricStore& store) : store_(store) {}

  Status append(std::span<const Sample> batch) override {
    const std::lock_guard lock(writing_);
    return store_.append(batch);
  }
  Result<std::size_t> seal(Timestamp now) override {
    const std::lock_guard lock(writing_);
    return store_.seal(now);
  }
  Result<std::size_t> forget(Timestamp before) override {
    const std::lock_guard lock(writing_);
    return store_.forget(before);
  }
  Status append_events(std::span<const DeviceEvent> events) override {
    const std::lock_guard lock(writing_);
    return store_.append_events(events);
  }
  Result<std::vector<Series>> query(const SeriesQuery& query) const override { return store_.query(query); }
  Result<std::vector<DeviceEvent>> list_events(const GpuUuid& device, Timestamp from, Timestamp to, std::size_t limit) const override {
    return store_.list_events(device, from, to, limit);
  }

 private:
  MetricStore& store_;
  std::mutex writing_;
};

}  // namespace reeve
