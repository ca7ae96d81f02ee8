#include "delivery/legacy/fleet_summary.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/fake_collector.h"
#include "testing/fake_ids.h"
#include "testing/fake_views.h"
#include "testing/fleet_builder.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve::legacy {
namespace {

class FleetSummaryTest : public testing::Test {
 protected:
  void change(FleetKeeper::Change what) {
    keeper_.submit(std::move(what), [](const Status& done) { EXPECT_TRUE(done.ok()); });
  }

  FakeClock clock_;
  FakeIds ids_;
  KeptFleet keeper_{small_cluster(clock_.now())};
  MemoryMetricStore metrics_;
  Catalogue catalogue_ = small_catalogue();
  PriceList prices_ = default_price_list();
  FakeCollector collector_;
  FakeClusterView cluster_;
  FakeHoldingsView holdings_;
  FakeServingView serving_;
  LegacyApi api_{keeper_,    keeper_.store, metrics_, catalogue_, prices_,  clock_, ids_,
                 collector_, collector_,    cluster_, holdings_,  serving_, {}};
};

TEST_F(FleetSummaryTest, a_lost_gpu_is_failed_and_its_holders_are_not_healthy) {
  change([](FleetDraft& draft) {
    Node node = *draft.fleet().find_node(NodeName{"gpu-a"})->node;
    node.devices[0].lost = true;
    return draft.put_node(std::move(node));
  });
  const Moment moment(api_);
  EXPECT_EQ(summarise(moment).failed, 1u);
  const AllocationSummary held = summarise_allocations(moment);
  EXPECT_EQ(held.count, 2u);
  EXPECT_EQ(held.healthy, 1u);
}

TEST_F(FleetSummaryTest, holders_are_counted_again_after_a_change_and_not_for_new_values) {
  RememberedAllocations remembered;
  const auto first = remembered.of(Moment(api_));
  keeper_.publish_readings(NodeName{"gpu-a"}, std::make_shared<NodeReadings>());
  EXPECT_EQ(remembered.of(Moment(api_)), first);
  change([](FleetDraft& draft) { return draft.put_allocation(make_allocation("ALLOC-0000000C", "gpu-c-GPU-00")); });
  EXPECT_EQ(remembered.of(Moment(api_))->count, 3u);
}

TEST_F(FleetSummaryTest, an_empty_fleet_has_no_means) {
  KeptFleet empty;
  LegacyApi api{empty, empty.store, metrics_, catalogue_, prices_, clock_, ids_, collector_, collector_, cluster_, holdings_, serving_, {}};
  const FleetSummary summary = summarise(Moment(api));
  EXPECT_EQ(summary.devices, 0u);
  EXPECT_EQ(summary.utilization.get(), std::nullopt);
  EXPECT_EQ(summary.power_watts(), std::nullopt);
  EXPECT_EQ(summary.memory_taken_percent(), std::nullopt);
  EXPECT_EQ(judge(summary, {}).overall, health::Verdict::unknown);
}

}  // namespace
}  // namespace reeve::legacy
