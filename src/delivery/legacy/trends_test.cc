#include "delivery/legacy/trends.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/fake_collector.h"
#include "testing/fake_ids.h"
#include "testing/fake_views.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve::legacy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Counts the reads, and fails on demand.
class CountedStore final : public MetricStore {
 public:
  Status append(std::span<const Sample> batch) override { return kept.append(batch); }
  Result<std::size_t> seal(Timestamp now) override { return kept.seal(now); }
  Result<std::size_t> forget(Timestamp before) override { return kept.forget(before); }
  Status append_events(std::span<const DeviceEvent> events) override { return kept.append_events(events); }
  Result<std::vector<DeviceEvent>> list_events(const GpuUuid& device, Timestamp from, Timestamp to, std::size_t limit) const override {
    return kept.list_events(device, from, to, limit);
  }
  Result<std::vector<Series>> query(const SeriesQuery& asked) const override {
    ++queries;
    if (away) return Error{Errc::unavailable, "cannot query metrics: the disk is away"};
    return kept.query(asked);
  }

  MemoryMetricStore kept;
  mutable int queries = 0;
  bool away = false;
};

class TrendsTest : public testing::Test {
 protected:
  void add_day() { ASSERT_TRUE(store_.append(small_history(clock_.now(), 24 * 60)).ok()); }

  FakeClock clock_{"2026-11-24T12:30:00Z"};  // 21:30 in Seoul
  FakeIds ids_;
  KeptFleet keeper_;
  CountedStore store_;
  Catalogue catalogue_ = small_catalogue();
  PriceList prices_ = default_price_list();
  FakeCollector collector_;
  FakeClusterView cluster_;
  FakeHoldingsView holdings_;
  FakeServingView serving_;
  LegacyApi api_{keeper_,    keeper_.store, store_,   catalogue_, prices_,  clock_, ids_,
                 collector_, collector_,    cluster_, holdings_,  serving_, {}};
  std::shared_ptr<HourlyTrends> trends_ =
      std::make_shared<HourlyTrends>(api_, [](std::move_only_function<void()> job) { return job(), true; });
};

TEST_F(TrendsTest, each_of_the_last_24_hours_stands_at_its_hour_of_the_day) {
  add_day();
  trends_->refresh_if_due();
  const DayOfHours day = trends_->last_day();
  for (std::size_t hour = 0; hour < day.size(); ++hour) EXPECT_TRUE(day[hour].utilization.has_value()) << hour;
  EXPECT_DOUBLE_EQ(*day[20].utilization, 75);  // gpu-a 60, gpu-b 90
  EXPECT_DOUBLE_EQ(*day[20].temperature, 73.75);
}

TEST_F(TrendsTest, the_history_is_read_at_most_once_a_minute_and_closed_hours_now_and_then) {
  add_day();
  trends_->refresh_if_due();
  EXPECT_EQ(store_.queries, 24);
  trends_->refresh_if_due();
  EXPECT_EQ(store_.queries, 24);
  clock_.advance(minutes(1));
  trends_->refresh_if_due();
  EXPECT_EQ(store_.queries, 26);  // the open hour and the one before it
  clock_.advance(minutes(15));
  trends_->refresh_if_due();
  EXPECT_EQ(store_.queries, 50);  // samples may have come late
}

TEST_F(TrendsTest, history_that_is_filled_in_behind_appears) {
  trends_->refresh_if_due();
  EXPECT_FALSE(trends_->last_day()[20].utilization.has_value());
  add_day();
  clock_.advance(minutes(1));
  trends_->refresh_if_due();
  EXPECT_TRUE(trends_->last_day()[20].utilization.has_value());
}

TEST_F(TrendsTest, what_is_known_stays_while_the_store_is_away_and_goes_after_a_day) {
  add_day();
  trends_->refresh_if_due();
  store_.away = true;
  clock_.advance(hours(3));
  trends_->refresh_if_due();
  EXPECT_TRUE(trends_->last_day()[20].utilization.has_value());
  EXPECT_FALSE(trends_->last_day()[0].utilization.has_value());  // now is 0:30: that hour is not read yet
  clock_.advance(hours(24));
  EXPECT_FALSE(trends_->last_day()[20].utilization.has_value());
}

}  // namespace
}  // namespace reeve::legacy
