#include "testing/memory_metric_store.h"

#include <algorithm>
#include <cmath>

#include "domain/metrics/resource_key.h"

namespace reeve {
namespace {

using std::chrono::hours;

// The double that is nearest to the decimal: 0.1235, not 1235 * 0.0001.
double rounded(double value, double resolution) {
  if (resolution >= 1) return std::round(value / resolution) * resolution;
  const double steps = std::round(1 / resolution);
  return std::round(value * steps) / steps;
}

MetricValues kept_values(const MetricValues& values) {
  MetricValues kept;
  for (const MetricInfo& metric : metric_table) {
    const auto value = values.get(metric.metric);
    if (!metric.stored || !value || !std::isfinite(*value)) continue;
    kept.set(metric.metric, rounded(*value, metric.resolution));
  }
  return kept;
}

// Steps of one series while samples come in; a step's newest sample is the one with the latest time.
class PointsByStep {
 public:
  explicit PointsByStep(Milliseconds step) : step_(step) {}

  void add(Timestamp at, double value) {
    const auto ticks = at.time_since_epoch().count();
    const auto step = step_.count();
    const Timestamp start(Milliseconds((ticks >= 0 ? ticks : ticks - step + 1) / step * step));
    auto [place, fresh] = points_.try_emplace(start);
    auto& [point, sum, newest] = place->second;
    if (fresh) point = {.at = start, .min = value, .max = value};
    point.min = std::min(point.min, value);
    point.max = std::max(point.max, value);
    if (fresh || at >= newest) {
      newest = at;
      point.last = value;
    }
    sum += value;
    ++point.count;
    point.mean = sum / point.count;
  }

  std::vector<Point> take() const {
    std::vector<Point> points;
    for (const auto& [start, growing] : points_) points.push_back(growing.point);
    return points;
  }

 private:
  struct Growing {
    Point point{};
    double sum = 0;
    Timestamp newest{};
  };
  Milliseconds step_;
  std::map<Timestamp, Growing> points_;
};

}  // namespace

void MemoryMetricStore::fail_with(std::optional<Error> error) {
  const std::scoped_lock lock(mutex_);
  failure_ = std::move(error);
}

std::size_t MemoryMetricStore::sample_count() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [resource, by_time] : samples_) count += by_time.size();
  return count;
}

Status MemoryMetricStore::append(std::span<const Sample> batch) {
  const std::scoped_lock lock(mutex_);
  if (failure_) return *failure_;
  for (const Sample& sample : batch) {
    samples_[sample.resource].insert_or_assign(sample.at, kept_values(sample.values));
    unsealed_[{sample.resource, std::chrono::floor<hours>(sample.at)}] = true;
  }
  return Done{};
}

Result<std::size_t> MemoryMetricStore::seal(Timestamp now) {
  const std::scoped_lock lock(mutex_);
  std::size_t packed = 0;
  for (auto& [hour, waits] : unsealed_) {
    if (!waits || hour.second + hours(1) > now) continue;
    waits = false;
    ++packed;
  }
  return packed;
}

Result<std::vector<Series>> MemoryMetricStore::query(const SeriesQuery& query) const {
  if (query.step <= Milliseconds(0)) return Error{Errc::invalid_argument, "cannot query metrics: the step must be above 0", "step"};
  if (query.from > query.to) return Error{Errc::invalid_argument, "cannot query metrics: from is after to", "from"};
  const std::scoped_lock lock(mutex_);
  std::vector<Series> found;
  const auto add_range = [&](const ByTime& by_time, Metric metric, PointsByStep& points) {
    for (auto at = by_time.lower_bound(query.from); at != by_time.end() && at->first < query.to; ++at)
      if (const auto value = at->second.get(metric)) points.add(at->first, *value);
  };
  const auto finish = [&](const std::string& resource, Metric metric, const PointsByStep& steps) {
    std::vector<Point> points = steps.take();
    if (!points.empty()) found.push_back({.resource = resource, .metric = metric, .points = std::move(points)});
  };
  for (const std::string& resource : query.resources)
    for (const Metric metric : query.metrics) {
      PointsByStep points(query.step);
      if (const auto of = samples_.find(resource); of != samples_.end()) add_range(of->second, metric, points);
      finish(resource, metric, points);
    }
  if (!query.resources.empty()) return found;
  for (const Metric metric : query.metrics) {
    PointsByStep points(query.step);
    for (const auto& [resource, by_time] : samples_)
      if (resource_key::is_device(resource)) add_range(by_time, metric, points);
    finish("", metric, points);
  }
  return found;
}

Result<std::size_t> MemoryMetricStore::forget(Timestamp before) {
  const std::scoped_lock lock(mutex_);
  const Timestamp end = std::chrono::floor<hours>(before);
  for (auto& [resource, by_time] : samples_) by_time.erase(by_time.begin(), by_time.lower_bound(end));
  std::erase_if(events_, [&](const DeviceEvent& event) { return event.at < before; });
  return std::erase_if(unsealed_, [&](const auto& hour) { return hour.first.second < end; });
}

Status MemoryMetricStore::append_events(std::span<const DeviceEvent> events) {
  const std::scoped_lock lock(mutex_);
  if (failure_) return *failure_;
  for (const DeviceEvent& event : events) {
    const auto same = [&](const DeviceEvent& known) {
      return known.device == event.device && known.at == event.at && known.code == event.code;
    };
    if (std::ranges::none_of(events_, same)) events_.push_back(event);
  }
  return Done{};
}

Result<std::vector<DeviceEvent>> MemoryMetricStore::list_events(const GpuUuid& device, Timestamp from, Timestamp to,
                                                                std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  std::vector<DeviceEvent> found;
  for (const DeviceEvent& event : events_)
    if ((device.empty() || event.device == device) && event.at >= from && event.at < to) found.push_back(event);
  std::ranges::stable_sort(found, std::greater{}, &DeviceEvent::at);
  if (found.size() > limit) found.resize(limit);
  return found;
}

}  // namespace reeve
