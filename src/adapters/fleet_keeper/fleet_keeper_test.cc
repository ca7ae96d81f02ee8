#include "adapters/fleet_keeper/fleet_keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "testing/fleet_builder.h"

namespace reeve {
namespace {

// A store that can be told to fail, and that can be held in the middle of a commit.
class StubbornStore final : public FleetStore {
 public:
  Result<Fleet> load() override { return Fleet(); }
  Status commit(const FleetChange& change) override {
    if (gate.valid()) gate.wait();
    if (failing) return Error{Errc::unavailable, "cannot commit: the disk is full"};
    ++commits;
    allocations += change.allocations.size();
    return Done{};
  }
  Result<AllocationPage> list_allocations(const AllocationFilter&, const std::string&, std::size_t) const override {
    return AllocationPage{};
  }
  Result<std::optional<Allocation>> find_allocation(const AllocationId&) const override { return std::optional<Allocation>(); }
  Result<std::optional<IdempotencyRecord>> find_idempotency(const std::string&) const override {
    return std::optional<IdempotencyRecord>();
  }
  Result<std::vector<AuditRecord>> list_audit(const std::string&, std::size_t) const override { return std::vector<AuditRecord>(); }

  std::shared_future<void> gate;
  std::atomic<bool> failing = false;
  std::atomic<std::size_t> commits = 0;
  std::atomic<std::size_t> allocations = 0;
};

Status run(FleetKeeper& keeper, FleetKeeper::Change change) {
  std::promise<Status> outcome;
  keeper.submit(std::move(change), [&](Status status) { outcome.set_value(std::move(status)); });
  return outcome.get_future().get();
}

FleetKeeper::Change take(const std::string& id, const std::string& resource) {
  return [id, resource](FleetDraft& draft) { return draft.put_allocation(make_allocation(id, resource)); };
}

TEST(FleetKeeper, a_change_is_in_the_store_and_published_when_its_caller_hears_of_it) {
  StubbornStore store;
  const auto keeper = make_fleet_keeper(make_fleet(1, 1), store);
  ASSERT_TRUE(run(*keeper, take("A", "n1-GPU-00")));
  EXPECT_EQ(store.allocations, 1U);
  EXPECT_NE(keeper->snapshot()->holder(DeviceId{"n1-GPU-00"}), nullptr);
}

TEST(FleetKeeper, a_change_that_cannot_be_committed_is_not_published) {
  StubbornStore store;
  store.failing = true;
  const auto keeper = make_fleet_keeper(make_fleet(1, 1), store);
  EXPECT_EQ(run(*keeper, take("A", "n1-GPU-00")).error().code, Errc::unavailable);
  EXPECT_EQ(keeper->snapshot()->holder(DeviceId{"n1-GPU-00"}), nullptr);
  store.failing = false;
  EXPECT_TRUE(run(*keeper, take("B", "n1-GPU-00")));
}

TEST(FleetKeeper, a_change_that_refuses_does_not_spoil_its_neighbours) {
  StubbornStore store;
  const auto keeper = make_fleet_keeper(make_fleet(1, 2), store);
  std::promise<void> open;
  store.gate = open.get_future().share();
  std::promise<Status> first, second, third;
  keeper->submit(take("A", "n1-GPU-00"), [&](Status status) { first.set_value(std::move(status)); });
  keeper->submit(take("B", "n1-GPU-00"), [&](Status status) { second.set_value(std::move(status)); });
  keeper->submit(take("C", "n1-GPU-01"), [&](Status status) { third.set_value(std::move(status)); });
  open.set_value();
  EXPECT_TRUE(first.get_future().get());
  EXPECT_EQ(second.get_future().get().error().code, Errc::conflict);
  EXPECT_TRUE(third.get_future().get());
}

TEST(FleetKeeper, changes_that_wait_share_one_commit) {
  StubbornStore store;
  std::promise<void> open;
  store.gate = open.get_future().share();
  const auto keeper = make_fleet_keeper(make_fleet(1, 64), store);
  std::atomic<int> done = 0;
  std::promise<void> last;
  for (int i = 0; i < 64; ++i)
    keeper->submit(take("A" + std::to_string(i), device_id(NodeName{"n1"}, i).text), [&](const Status& status) {
      EXPECT_TRUE(status);
      if (++done == 64) last.set_value();
    });
  open.set_value();
  last.get_future().wait();
  EXPECT_LE(store.commits, 3U);
}

TEST(FleetKeeper, a_hundred_callers_at_once_never_share_a_gpu) {
  StubbornStore store;
  const auto keeper = make_fleet_keeper(make_fleet(1, 40), store);
  std::atomic<int> granted = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 100; ++i)
      callers.emplace_back([&, i] {
        // Each wants the lowest free GPU, so that all of them want the same one.
        granted += run(*keeper, [i](FleetDraft& draft) -> Status {
                     for (int g = 0; g < 40; ++g) {
                       const DeviceId id = device_id(NodeName{"n1"}, g);
                       if (draft.fleet().holder(id) == nullptr)
                         return draft.put_allocation(make_allocation("A" + std::to_string(i), id.text));
                     }
                     return Error{Errc::exhausted, "cannot allocate: all are held"};
                   }).ok();
      });
  }
  EXPECT_EQ(granted, 40);
  EXPECT_EQ(keeper->snapshot()->allocations().size(), 40U);
  EXPECT_EQ(store.allocations, 40U);
}

TEST(FleetKeeper, readings_are_published_without_a_commit) {
  StubbornStore store;
  const auto keeper = make_fleet_keeper(make_fleet(1, 1), store);
  std::promise<void> seen;
  const auto subscription = keeper->subscribe([&](const std::shared_ptr<const Fleet>& fleet) {
    if (fleet->nodes()[0].readings->last_error == "late") seen.set_value();
  });
  auto readings = std::make_shared<NodeReadings>();
  readings->last_error = "late";
  keeper->publish_readings(NodeName{"n1"}, readings);
  seen.get_future().wait();
  EXPECT_EQ(store.commits, 0U);
}

TEST(FleetKeeper, a_listener_is_not_called_after_its_handle_is_gone) {
  StubbornStore store;
  const auto keeper = make_fleet_keeper(make_fleet(1, 2), store);
  std::atomic<int> calls = 0;
  auto subscription = keeper->subscribe([&](const std::shared_ptr<const Fleet>&) { ++calls; });
  ASSERT_TRUE(run(*keeper, take("A", "n1-GPU-00")));
  subscription.reset();
  const int before = calls;
  ASSERT_TRUE(run(*keeper, take("B", "n1-GPU-01")));
  EXPECT_EQ(calls, before);
  EXPECT_EQ(before, 1);
}

TEST(FleetKeeper, what_was_submitted_before_the_end_is_carried_out) {
  StubbornStore store;
  auto keeper = make_fleet_keeper(make_fleet(1, 1), store);
  keeper->submit(take("A", "n1-GPU-00"), [](const Status&) {});
  keeper.reset();
  EXPECT_EQ(store.allocations, 1U);
}

}  // namespace
}  // namespace reeve
