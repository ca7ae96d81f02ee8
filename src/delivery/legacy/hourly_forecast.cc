#include "delivery/legacy/hourly_forecast.h"

#include <algorithm>

#include "delivery/legacy/mean.h"

namespace reeve::legacy {
namespace {

constexpr Milliseconds day = std::chrono::hours(24);
constexpr std::uint64_t days_needed = 2;

struct Line {
  double at_newest = 0;
  double per_hour = 0;
};

double hours_between(Timestamp from, Timestamp to) { return std::chrono::duration<double, std::ratio<3600>>(to - from).count(); }

Line least_squares(const std::vector<HourMean>& hours, double average) {
  const Timestamp newest = hours.back().at;
  double middle = 0;
  for (const HourMean& hour : hours) middle += hours_between(newest, hour.at) / static_cast<double>(hours.size());
  double covariance = 0;
  double variance = 0;
  for (const HourMean& hour : hours) {
    const double x = hours_between(newest, hour.at) - middle;
    covariance += x * (hour.mean - average);
    variance += x * x;
  }
  const double slope = variance > 0 ? covariance / variance : 0;
  return {average - slope * middle, slope};
}

}  // namespace

std::optional<HourlyForecast> forecast(const std::vector<HourMean>& hours, int ahead) {
  if (hours.empty()) return std::nullopt;
  Mean all;
  for (const HourMean& hour : hours) all.add(hour.mean);
  HourlyForecast made{.current = hours.back().mean, .average = *all.get(), .trend = {}, .prediction = {}};
  if (hours.size() < 2) return made;
  const Line line = least_squares(hours, made.average);
  made.trend = line.per_hour;
  const Timestamp then = hours.back().at + std::chrono::hours(ahead);
  Mean same_hour;
  for (const HourMean& hour : hours)
    if ((then - hour.at) % day == Milliseconds(0)) same_hour.add(hour.mean);
  const double expected = same_hour.count >= days_needed ? *same_hour.get() : line.at_newest + line.per_hour * ahead;
  made.prediction = std::clamp(expected, 0.0, 100.0);
  return made;
}

}  // namespace reeve::legacy
