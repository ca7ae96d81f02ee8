#pragma once
// What an hourly history lets one expect: no more than a straight line, or yesterday's hour once more.

#include <optional>
#include <vector>

#include "base/time.h"

namespace reeve::legacy {

struct HourMean {
  Timestamp at{};  // start of the hour
  double mean = 0;
};

struct HourlyForecast {
  double current = 0;                  // of the newest hour
  double average = 0;                  // of all hours
  std::optional<double> trend{};       // change per hour along the least-squares line; absent with one hour
  std::optional<double> prediction{};  // within 0..100; absent with one hour
};

// Percentages, ascending in time. Where two or more past days have a value for the hour of the day that is `ahead` hours from
// the newest one, the prediction is the mean of those; else it is where the least-squares line will be. Absent: no hours.
std::optional<HourlyForecast> forecast(const std::vector<HourMean>& hours, int ahead);

}  // namespace reeve::legacy
