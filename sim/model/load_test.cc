#include "sim/model/load.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reeve::sim {
namespace {

constexpr Timestamp monday{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)};

Timestamp after(double seconds) { return monday + Milliseconds(static_cast<std::int64_t>(seconds * 1000)); }

constexpr LoadKind all_kinds[] = {LoadKind::idle,      LoadKind::steady,   LoadKind::office,
                                  LoadKind::inference, LoadKind::training, LoadKind::batch};

TEST(Load, the_integral_is_the_sum_of_the_activity) {
  for (const LoadKind kind : all_kinds) {
    const Load load(typical_load(kind, 42));
    double sum = 0;
    constexpr double step = 0.05;
    for (double t = 36000; t < 36000 + 1300; t += step) sum += step * load.activity(after(t + step / 2));
    EXPECT_NEAR(load.busy_seconds(after(37300)) - load.busy_seconds(after(36000)), sum, 0.5) << to_text(kind);
  }
}

TEST(Load, activity_stays_between_nothing_and_all) {
  for (const LoadKind kind : all_kinds) {
    const Load load(typical_load(kind, 7));
    for (double t = 0; t < 7 * 86400; t += 37.3) {
      ASSERT_GE(load.activity(after(t)), 0);
      ASSERT_LE(load.activity(after(t)), 1);
    }
  }
}

TEST(Load, the_integral_never_falls) {
  const Load load(typical_load(LoadKind::inference, 3));
  double before = 0;
  for (double t = 86000; t < 88000; t += 0.1) {
    const double now = load.busy_seconds(after(t));
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(Load, inference_is_busier_by_day_than_by_night_and_on_weekdays_than_on_weekends) {
  const Load load(typical_load(LoadKind::inference, 5));
  const auto mean = [&](double hour) { return load.busy_seconds(after(hour * 3600 + 3600)) - load.busy_seconds(after(hour * 3600)); };
  EXPECT_GT(mean(15), 2 * mean(3));
  EXPECT_GT(mean(15), mean(5 * 24 + 15));
}

TEST(Load, people_do_not_work_at_night) {
  const Load load(typical_load(LoadKind::office, 5));
  EXPECT_GT(load.level(after(11 * 3600)), 0.4);
  EXPECT_LT(load.level(after(2 * 3600)), 0.05);
  EXPECT_FALSE(load.holds_memory(after(2 * 3600)));
}

TEST(Load, training_has_plateaus_and_gaps) {
  const Load load(typical_load(LoadKind::training, 9));
  int busy = 0, none = 0;
  for (int cell = 0; cell < 2016; ++cell) {
    const double level = load.level(after(cell * 300.0));
    if (level > 0.8) ++busy;
    if (level == 0) ++none;
  }
  EXPECT_GT(busy, 1500);
  EXPECT_GT(none, 10);
}

TEST(Load, the_same_seed_gives_the_same_load_and_another_gives_another) {
  const Load a(typical_load(LoadKind::inference, 1)), b(typical_load(LoadKind::inference, 1)), c(typical_load(LoadKind::inference, 2));
  EXPECT_EQ(a.activity(after(12345.678)), b.activity(after(12345.678)));
  EXPECT_NE(a.activity(after(12345.678)), c.activity(after(12345.678)));
}

TEST(Load, a_zone_moves_the_day) {
  LoadSpec seoul = typical_load(LoadKind::office, 1);
  seoul.utc_offset_hours = 9;
  EXPECT_GT(Load(seoul).level(after(2 * 3600)), 0.4);
}

}  // namespace
}  // namespace reeve::sim
