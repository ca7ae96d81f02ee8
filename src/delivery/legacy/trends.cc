#include "delivery/legacy/trends.h"

#include "delivery/legacy/mean.h"

namespace reeve::legacy {
namespace {

using std::chrono::hours;

constexpr int hours_shown = 24;
constexpr Milliseconds refresh_every = std::chrono::minutes(1);
constexpr int time_share = 50;  // reading takes at most 1/50 of the time, however long the history takes
constexpr Milliseconds reread_closed_after = std::chrono::minutes(15);

Timestamp hour_of(Timestamp time) { return std::chrono::floor<hours>(time); }

}  // namespace

void HourlyTrends::refresh_if_due() {
  {
    const std::lock_guard lock(mutex_);
    if (reading_ || api_.clock.now() < next_refresh_) return;
    reading_ = true;
  }
  if (run_long_([self = shared_from_this()] { self->refresh(); })) return;
  const std::lock_guard lock(mutex_);
  reading_ = false;
}

void HourlyTrends::refresh() {
  const Timestamp begun = api_.clock.now();
  for (int back = 0; back < hours_shown; ++back) {
    const Timestamp start = hour_of(begun) - hours(back);
    if (!must_read(start, begun)) continue;
    const auto means = read_hour(start);
    if (!means) break;  // the store is away: what is known stays, the next refresh tries again
    const std::lock_guard lock(mutex_);
    hours_[start] = {*means, begun};
  }
  const std::lock_guard lock(mutex_);
  hours_.erase(hours_.begin(), hours_.lower_bound(hour_of(begun) - hours(hours_shown - 1)));
  const Timestamp done = api_.clock.now();
  next_refresh_ = done + std::max(refresh_every, (done - begun) * time_share);
  reading_ = false;
}

bool HourlyTrends::must_read(Timestamp start, Timestamp now) const {
  const std::lock_guard lock(mutex_);
  const auto known = hours_.find(start);
  if (known == hours_.end() || !known->second.means.utilization) return true;
  // The hour before the open one may have been read while it was open.
  if (start + hours(2) > now) return true;
  return now - known->second.read_at >= reread_closed_after;
}

std::optional<HourMeans> HourlyTrends::read_hour(Timestamp start) const {
  const auto found = api_.metrics.query(
      {.metrics = {Metric::gpu_utilization, Metric::gpu_temperature}, .from = start, .to = start + hours(1), .step = hours(1)});
  if (!found) return std::nullopt;
  Mean utilization;
  Mean temperature;
  for (const Series& series : *found)
    for (const Point& point : series.points) (series.metric == Metric::gpu_utilization ? utilization : temperature).add(point);
  return HourMeans{utilization.get(), temperature.get()};
}

DayOfHours HourlyTrends::last_day() const {
  DayOfHours day;
  const Timestamp now_hour = hour_of(api_.clock.now());
  const std::lock_guard lock(mutex_);
  for (const auto& [start, hour] : hours_)
    if (start > now_hour - hours(hours_shown)) day[static_cast<std::size_t>(api_.options.zone.hour_of_day(start))] = hour.means;
  return day;
}

}  // namespace reeve::legacy
