#include "apps/demo/history_fill.h"

#include <gtest/gtest.h>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "adapters/system/memory_job_board.h"
#include "apps/demo/fleet_plan.h"
#include "domain/reconcile/reconcile.h"
#include "sim/model/observe.h"
#include "testing/fake_clock.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"

namespace reeve::demo {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct HistoryFillTest : testing::Test {
  FakeClock clock{"2026-11-24T12:20:00Z"};
  Catalogue catalogue = *load_catalogue();
  KeptFleet keeper{};
  MemoryMetricStore store{};
  MemoryJobBoard jobs{};
  std::vector<sim::Scenario> scenarios{};
  std::vector<Job> told{};
  HistoryRange range{clock.now() - hours(5), clock.now(), minutes(10)};

  void SetUp() override {
    for (const PlannedNode& node : plan_fleet(2, clock.now(), catalogue))
      scenarios.push_back(*sim::parse_scenario(node.scenario, catalogue, clock.now()));
    for (const sim::Scenario& scenario : scenarios) know(scenario);
  }
  void know(const sim::Scenario& scenario) {
    ModelRecogniser models(catalogue);
    const NodeObservation seen = sim::observe(scenario, clock.now());
    keeper.submit([&](FleetDraft& draft) { return draft.put_node(merge_observation(nullptr, seen, models, clock.now())); },
                  [](const Status& status) { EXPECT_TRUE(status); });
  }
  Result<std::size_t> fill(const std::stop_token& stop = {}) {
    told.clear();
    const HistoryContext context{keeper, store, jobs, [this] { return clock.now(); }, [this](const Job& job) { told.push_back(job); }};
    return fill_history(context, scenarios, range, stop);
  }
  std::vector<Point> points() const {
    const auto series = store.query({{scenarios[1].node.text + "-GPU-00"}, {Metric::power_usage}, range.from, range.to, range.step});
    return series->empty() ? std::vector<Point>{} : series->at(0).points;
  }
};

TEST_F(HistoryFillTest, fills_the_whole_range_and_says_how_far_it_is) {
  ASSERT_TRUE(fill());
  const auto filled = points();
  EXPECT_EQ(filled.size(), 30u);
  EXPECT_EQ(filled.front().at, range.from);
  EXPECT_EQ(filled.back().at, range.to - range.step);
  ASSERT_EQ(jobs.list().size(), 1u);
  const Job job = jobs.list()[0];
  EXPECT_EQ(job.state, JobState::done);
  EXPECT_EQ(job.done, job.total);
  EXPECT_EQ(job.total, 12u);  // two nodes, hours 7 to 12
  EXPECT_TRUE(job.finished_at);
}

TEST_F(HistoryFillTest, begins_with_the_newest_hour) {
  ASSERT_TRUE(fill());
  ASSERT_GT(told.size(), 2u);
  EXPECT_EQ(told[1].detail, "back to 2026-11-24T12:00:00.000Z");
  EXPECT_EQ(told[2].detail, "back to 2026-11-24T11:00:00.000Z");
}

TEST_F(HistoryFillTest, what_is_there_is_not_made_again) {
  ASSERT_TRUE(fill());
  const std::size_t samples = store.sample_count();
  EXPECT_EQ(*fill(), 0u);
  EXPECT_EQ(store.sample_count(), samples);
}

TEST_F(HistoryFillTest, goes_on_where_it_was_interrupted) {
  std::stop_source stop;
  const HistoryContext context{keeper, store, jobs, [this] { return clock.now(); },
                               [&stop](const Job& job) {
                                 if (job.done >= 4) stop.request_stop();
                               }};
  const auto first = fill_history(context, scenarios, range, stop.get_token());
  ASSERT_TRUE(first);
  EXPECT_LT(*first, 12u);
  EXPECT_FALSE(jobs.list()[0].finished_at);
  EXPECT_EQ(*fill() + *first, 12u);
  EXPECT_EQ(points().size(), 30u);
}

TEST_F(HistoryFillTest, a_node_that_is_not_known_yet_is_left_for_later) {
  scenarios.push_back(*sim::parse_scenario(plan_fleet(3, clock.now(), catalogue)[2].scenario, catalogue, clock.now()));
  EXPECT_EQ(*fill(), 12u);
  know(scenarios[2]);
  EXPECT_EQ(*fill(), 6u);
}

TEST_F(HistoryFillTest, a_store_that_fails_fails_the_job_with_its_reason) {
  store.fail_with(Error{Errc::unavailable, "cannot write: disk full"});
  EXPECT_FALSE(fill());
  EXPECT_EQ(jobs.list()[0].state, JobState::failed);
  EXPECT_NE(jobs.list()[0].detail.find("disk full"), std::string::npos);
}

TEST_F(HistoryFillTest, events_of_the_past_are_there_too) {
  scenarios[0].gpus[0].events.push_back({sim::EventKind::xid, range.from + minutes(90), Timestamp::max(), 31, {}, {}});
  ASSERT_TRUE(fill());
  const auto events = store.list_events({}, range.from, range.to, 10);
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ(events->at(0).code, 31);
}

}  // namespace
}  // namespace reeve::demo
