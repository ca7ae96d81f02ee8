#include "apps/demo/holders.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "domain/reconcile/reconcile.h"
#include "sim/model/observe.h"
#include "testing/fake_clock.h"
#include "testing/fake_ids.h"
#include "testing/kept_fleet.h"
#include "usecases/release.h"

namespace reeve::demo {
namespace {

struct HoldersTest : testing::Test {
  FakeClock clock{};
  FakeIds ids{};
  Catalogue catalogue = *load_catalogue();
  PriceList prices = default_price_list();
  KeptFleet keeper{};
  AllocationContext context{keeper, keeper.store, catalogue, prices, clock, ids};
  PlannedNode node = plan_fleet(1, clock.now(), catalogue).front();
  std::string folder{};

  void SetUp() override {
    std::string pattern = testing::TempDir() + "holders-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    const auto scenario = *sim::parse_scenario(node.scenario, catalogue, clock.now());
    ModelRecogniser models(catalogue);
    keeper.submit(
        [&](FleetDraft& draft) {
          return draft.put_node(merge_observation(nullptr, sim::observe(scenario, clock.now()), models, clock.now()));
        },
        [](const Status& status) { EXPECT_TRUE(status); });
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
};

TEST_F(HoldersTest, every_planned_holder_gets_its_gpu_or_slice) {
  ASSERT_GT(node.holders.size(), 5u);
  EXPECT_EQ(Holders(context, folder + "/done").place(node), node.holders.size());
  EXPECT_EQ(keeper.snapshot()->allocations().size(), node.holders.size());
}

TEST_F(HoldersTest, what_was_released_stays_released_after_a_restart) {
  Holders(context, folder + "/done").place(node);
  const AllocationId first = keeper.snapshot()->allocations().begin()->first;
  release(context, first, "test", [](const Result<Allocation>& ended) { EXPECT_TRUE(ended); });
  EXPECT_EQ(Holders(context, folder + "/done").place(node), 0u);
  EXPECT_EQ(keeper.snapshot()->allocations().size(), node.holders.size() - 1);
}

}  // namespace
}  // namespace reeve::demo
