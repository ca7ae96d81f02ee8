#include "domain/health/device_health.h"

#include <gtest/gtest.h>

namespace reeve::health {
namespace {

MetricValues values_of(double celsius, double percent, double watts) {
  MetricValues values;
  values.set(Metric::gpu_temperature, celsius);
  values.set(Metric::gpu_utilization, percent);
  values.set(Metric::power_usage, watts);
  return values;
}

TEST(DeviceHealth, each_temperature_level_can_be_reached) {
  EXPECT_EQ(judge_temperature(std::nullopt, std::nullopt), Temperature::unknown);
  EXPECT_EQ(judge_temperature(75, std::nullopt), Temperature::healthy);
  EXPECT_EQ(judge_temperature(75.5, std::nullopt), Temperature::caution);
  EXPECT_EQ(judge_temperature(85, std::nullopt), Temperature::caution);
  EXPECT_EQ(judge_temperature(85.5, std::nullopt), Temperature::warning);
  EXPECT_EQ(judge_temperature(90, std::nullopt), Temperature::critical);
}

TEST(DeviceHealth, a_gpu_that_throttles_is_critical_at_any_number) {
  EXPECT_EQ(judge_temperature(83, 83), Temperature::critical);
  EXPECT_EQ(judge_temperature(82, 83), Temperature::caution);
}

TEST(DeviceHealth, an_alert_begins_above_85_and_is_critical_from_90) {
  EXPECT_EQ(overheating(std::nullopt), std::nullopt);
  EXPECT_EQ(overheating(85), std::nullopt);
  EXPECT_EQ(overheating(85.1), Severity::warning);
  EXPECT_EQ(overheating(89.9), Severity::warning);
  EXPECT_EQ(overheating(90), Severity::critical);
}

TEST(DeviceHealth, load_has_four_levels) {
  EXPECT_EQ(judge_load(4.9), Load::idle);
  EXPECT_EQ(judge_load(5), Load::optimal);
  EXPECT_EQ(judge_load(80), Load::optimal);
  EXPECT_EQ(judge_load(81), Load::moderate);
  EXPECT_EQ(judge_load(96), Load::high);
}

TEST(DeviceHealth, power_is_judged_by_the_boards_own_limit_where_it_is_known) {
  EXPECT_EQ(judge_power(690, 700), Power::moderate);
  EXPECT_EQ(judge_power(740, 700), Power::high);
  EXPECT_EQ(judge_power(300, 700), Power::normal);
  EXPECT_EQ(judge_power(351, std::nullopt), Power::high);
  EXPECT_EQ(judge_power(201, std::nullopt), Power::moderate);
  EXPECT_EQ(judge_power(200, std::nullopt), Power::normal);
}

TEST(DeviceHealth, the_worst_part_decides) {
  Device device;
  const auto overall = [&](double celsius, double percent, double watts) {
    const MetricValues values = values_of(celsius, percent, watts);
    return judge_device(device, &values, std::nullopt).overall;
  };
  EXPECT_EQ(overall(60, 50, 150), Overall::healthy);
  EXPECT_EQ(overall(60, 99, 150), Overall::caution);
  EXPECT_EQ(overall(60, 99, 400), Overall::warning);
  EXPECT_EQ(overall(91, 50, 150), Overall::critical);
  device.lost = true;
  EXPECT_EQ(overall(60, 50, 150), Overall::critical);
  device.state = DeviceState::maintenance;
  EXPECT_EQ(overall(91, 50, 150), Overall::inactive);
}

TEST(DeviceHealth, a_gpu_without_values_is_unknown_and_not_healthy) {
  EXPECT_EQ(judge_device(Device{}, nullptr, 300).overall, Overall::unknown);
}

}  // namespace
}  // namespace reeve::health
