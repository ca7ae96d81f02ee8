#include "delivery/legacy/hourly_forecast.h"

#include <gtest/gtest.h>

namespace reeve::legacy {
namespace {

const Timestamp start = *parse_rfc3339("2026-11-01T00:00:00Z");

std::vector<HourMean> hours(std::initializer_list<double> means) {
  std::vector<HourMean> made;
  for (const double mean : means) made.push_back({start + std::chrono::hours(made.size()), mean});
  return made;
}

TEST(HourlyForecast, without_hours_there_is_none) { EXPECT_FALSE(forecast({}, 24)); }

TEST(HourlyForecast, of_one_hour_nothing_follows) {
  const auto made = forecast(hours({42}), 24);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->current, 42);
  EXPECT_EQ(made->average, 42);
  EXPECT_FALSE(made->trend);
  EXPECT_FALSE(made->prediction);
}

TEST(HourlyForecast, a_straight_line_goes_on) {
  const auto made = forecast(hours({10, 12, 14, 16}), 5);
  ASSERT_TRUE(made);
  EXPECT_NEAR(*made->trend, 2.0, 1e-9);
  EXPECT_NEAR(*made->prediction, 26.0, 1e-9);
  EXPECT_EQ(made->current, 16);
}

TEST(HourlyForecast, a_gap_in_the_hours_does_not_bend_the_line) {
  auto gapped = hours({10, 12, 14, 16, 18, 20});
  gapped.erase(gapped.begin() + 2, gapped.begin() + 4);
  EXPECT_NEAR(*forecast(gapped, 1)->prediction, 22.0, 1e-9);
}

TEST(HourlyForecast, no_percentage_leaves_its_range) {
  EXPECT_EQ(*forecast(hours({50, 60, 70}), 24)->prediction, 100.0);
  EXPECT_EQ(*forecast(hours({50, 40, 30}), 24)->prediction, 0.0);
}

TEST(HourlyForecast, two_days_tell_more_of_an_hour_than_a_line) {
  std::vector<HourMean> days;
  for (int hour = 0; hour < 48; ++hour) days.push_back({start + std::chrono::hours(hour), hour % 24 < 12 ? 20.0 : 80.0});
  // The newest hour is 23:00; 13 hours on it is noon.
  EXPECT_EQ(*forecast(days, 13)->prediction, 80.0);
  EXPECT_EQ(*forecast(days, 3)->prediction, 20.0);
}

}  // namespace
}  // namespace reeve::legacy
