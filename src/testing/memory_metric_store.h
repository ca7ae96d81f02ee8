#pragma once
#include <map>
#include <mutex>

#include "ports/metric_store.h"

namespace reeve {

// A MetricStore in memory: the contract in the fewest words, nothing packed, nothing durable.
// Threads: any.
class MemoryMetricStore final : public MetricStore {
 public:
  Status append(std::span<const Sample> batch) override;
  Result<std::size_t> seal(Timestamp now) override;
  Result<std::vector<Series>> query(const SeriesQuery& query) const override;
  Result<std::size_t> forget(Timestamp before) override;
  Status append_events(std::span<const DeviceEvent> events) override;
  Result<std::vector<DeviceEvent>> list_events(const GpuUuid& device, Timestamp from, Timestamp to, std::size_t limit) const override;

  // From now on append() and append_events() fail with this; nullopt: work again.
  void fail_with(std::optional<Error> error);

  std::size_t sample_count() const;

 private:
  using ByTime = std::map<Timestamp, MetricValues>;
  using Hour = std::pair<std::string, Timestamp>;  // resource, start

  mutable std::mutex mutex_;
  std::map<std::string, ByTime> samples_;
  std::map<Hour, bool> unsealed_;  // true: waits for seal()
  std::vector<DeviceEvent> events_;
  std::optional<Error> failure_;
};

}  // namespace reeve
