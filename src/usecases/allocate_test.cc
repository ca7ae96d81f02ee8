#include "usecases/allocate.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/fake_ids.h"
#include "testing/fleet_builder.h"
#include "testing/kept_fleet.h"
#include "usecases/release.h"

namespace reeve {
namespace {

struct AFleetOfTwoGpus : testing::Test {
  KeptFleet keeper{make_fleet(1, 2)};
  FakeClock clock;
  FakeIds ids;
  Catalogue catalogue = *Catalogue::make({GpuModel{.id = ModelId{"H100_80GB"}, .name = "H100", .memory_gb = 80}}, {});
  PriceList prices{{{ModelId{"H100_80GB"}, MicroUsd(8'000'000)}}, 0.7};
  AllocationContext context{keeper, keeper.store, catalogue, prices, clock, ids};

  static AllocationRequest request() { return {.namespace_name = "default", .pod_name = "train-0", .team_id = "vision"}; }

  AllocationAnswer ask(AllocationRequest wanted, std::optional<IdempotencyKey> key = std::nullopt) {
    AllocationAnswer heard{Error{Errc::internal, "nothing was heard"}};
    allocate(context, std::move(wanted), std::move(key), [&](AllocationAnswer answer) { heard = std::move(answer); });
    return heard;
  }

  Result<Allocation> give_back(const AllocationId& id) {
    Result<Allocation> heard = Error{Errc::internal, "nothing was heard"};
    release(context, id, "kim", [&](Result<Allocation> outcome) { heard = std::move(outcome); });
    return heard;
  }
};

TEST_F(AFleetOfTwoGpus, gives_one_to_a_request_and_writes_it_down) {
  const auto answer = ask(request());
  ASSERT_TRUE(answer.outcome) << answer.outcome.error().message;
  EXPECT_EQ(answer.outcome->resource, "n1-GPU-00");
  EXPECT_EQ(answer.outcome->cost_per_hour, MicroUsd(8'000'000));
  EXPECT_EQ(answer.outcome->allocated_at, clock.now());
  EXPECT_EQ(**keeper.store.find_allocation(answer.outcome->id), *answer.outcome);
  EXPECT_EQ(keeper.snapshot()->holder(DeviceId{"n1-GPU-00"})->id, answer.outcome->id);
  EXPECT_EQ(keeper.store.list_audit(answer.outcome->id.text, 10)->at(0).action, "allocate");
}

TEST_F(AFleetOfTwoGpus, refuses_the_third_and_says_what_blocks_it) {
  ASSERT_TRUE(ask(request()).outcome);
  ASSERT_TRUE(ask(request()).outcome);
  const auto third = ask(request());
  ASSERT_FALSE(third.outcome);
  EXPECT_EQ(third.outcome.error().code, Errc::exhausted);
  EXPECT_EQ(third.blocked_by, (BlockerCounts{{Blocker::held, 2}}));
}

TEST_F(AFleetOfTwoGpus, keeps_nothing_of_an_allocation_that_cannot_be_committed) {
  keeper.store.fail_with(Error{Errc::unavailable, "cannot commit: the disk is full"});
  EXPECT_EQ(ask(request()).outcome.error().message, "cannot commit: the disk is full");
  EXPECT_EQ(keeper.snapshot()->holder(DeviceId{"n1-GPU-00"}), nullptr);
}

TEST_F(AFleetOfTwoGpus, names_the_field_of_a_request_that_is_wrong) {
  const auto field_at_fault = [&](auto change) {
    AllocationRequest wrong = request();
    change(wrong);
    const auto answer = ask(wrong);
    return answer.outcome ? "accepted" : answer.outcome.error().field;
  };
  EXPECT_EQ(field_at_fault([](AllocationRequest& r) { r.namespace_name = ""; }), "namespace");
  EXPECT_EQ(field_at_fault([](AllocationRequest& r) { r.pod_name = ""; }), "pod");
  EXPECT_EQ(field_at_fault([](AllocationRequest& r) { r.namespace_name = std::string(64, 'a'); }), "namespace");
  EXPECT_EQ(field_at_fault([](AllocationRequest& r) { r.memory_gb = -1; }), "memory_gb");
  EXPECT_EQ(field_at_fault([](AllocationRequest& r) { r.model = ModelId{"H1000"}; }), "model");
  EXPECT_EQ(field_at_fault([](AllocationRequest& r) { r.max_cost_per_hour = MicroUsd(-1); }), "max_cost_per_hour_usd");
  EXPECT_EQ(field_at_fault([&](AllocationRequest& r) { r.planned_release = clock.now(); }), "planned_release_at");
}

TEST_F(AFleetOfTwoGpus, gives_the_first_answer_again_under_the_same_key) {
  const IdempotencyKey key{"k-1", "digest"};
  const auto first = ask(request(), key);
  const auto again = ask(request(), key);
  ASSERT_TRUE(again.outcome);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.outcome->id, first.outcome->id);
  EXPECT_EQ(keeper.snapshot()->allocations().size(), 1U);
}

TEST_F(AFleetOfTwoGpus, gives_the_first_answer_again_even_when_it_has_ended_meanwhile) {
  const IdempotencyKey key{"k-1", "digest"};
  const auto first = ask(request(), key);
  ASSERT_TRUE(give_back(first.outcome->id));
  const auto again = ask(request(), key);
  ASSERT_TRUE(again.outcome);
  EXPECT_EQ(again.outcome->status, AllocationStatus::released);
}

TEST_F(AFleetOfTwoGpus, refuses_a_key_that_was_used_for_another_request) {
  ASSERT_TRUE(ask(request(), IdempotencyKey{"k-1", "digest"}).outcome);
  EXPECT_EQ(ask(request(), IdempotencyKey{"k-1", "other"}).outcome.error().code, Errc::conflict);
}

TEST_F(AFleetOfTwoGpus, takes_a_gpu_back_and_prices_the_time_it_was_held) {
  const auto given = ask(request());
  clock.advance(std::chrono::minutes(90));
  const auto ended = give_back(given.outcome->id);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, AllocationStatus::released);
  EXPECT_EQ(ended->total_cost, MicroUsd(12'000'000));
  EXPECT_EQ(keeper.snapshot()->holder(DeviceId{"n1-GPU-00"}), nullptr);
}

TEST_F(AFleetOfTwoGpus, tells_an_ended_allocation_from_one_that_never_was) {
  const auto given = ask(request());
  ASSERT_TRUE(give_back(given.outcome->id));
  EXPECT_EQ(give_back(given.outcome->id).error().code, Errc::conflict);
  EXPECT_EQ(give_back(AllocationId{"ALLOC-NEVER"}).error().code, Errc::not_found);
}

TEST_F(AFleetOfTwoGpus, gives_nothing_on_a_node_that_fell_silent) {
  context.stale_after = std::chrono::seconds(90);
  NodeReadings heard;
  heard.at = clock.now();
  Node node = *keeper.snapshot()->find_node(NodeName{"n1"})->node;
  for (Device& device : node.devices) device.source = ObservationSource::reeve_agent;
  keeper.submit([&](FleetDraft& next) { return next.put_node(node); }, [](const Status&) {});
  keeper.publish_readings(NodeName{"n1"}, std::make_shared<const NodeReadings>(heard));
  ASSERT_TRUE(ask(request()).outcome);
  clock.advance(std::chrono::seconds(91));
  EXPECT_EQ(ask(request()).blocked_by, (BlockerCounts{{Blocker::silent_node, 2}}));
}

TEST_F(AFleetOfTwoGpus, does_not_call_an_allocation_unknown_when_the_store_cannot_be_read) {
  keeper.store.fail_with(Error{Errc::unavailable, "cannot read: the disk is gone"});
  EXPECT_EQ(give_back(AllocationId{"ALLOC-PAST"}).error().code, Errc::unavailable);
}

TEST_F(AFleetOfTwoGpus, ends_what_is_due_and_charges_to_the_promised_end) {
  AllocationRequest lease = request();
  lease.planned_release = clock.now() + std::chrono::hours(1);
  const auto given = ask(lease);
  ASSERT_TRUE(ask(request()).outcome);  // without an end: stays
  clock.advance(std::chrono::hours(3));
  std::size_t ended = 0;
  expire_due(context, [&](Result<std::size_t> outcome) { ended = *outcome; });
  EXPECT_EQ(ended, 1U);
  const auto expired = **keeper.store.find_allocation(given.outcome->id);
  EXPECT_EQ(expired.status, AllocationStatus::expired);
  EXPECT_EQ(expired.total_cost, MicroUsd(8'000'000));
  EXPECT_EQ(keeper.snapshot()->allocations().size(), 1U);
}

}  // namespace
}  // namespace reeve
