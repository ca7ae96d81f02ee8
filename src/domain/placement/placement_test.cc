#include "domain/placement/placement.h"

#include <gtest/gtest.h>

#include "testing/fleet_builder.h"

namespace reeve {
namespace {

GpuModel model(const std::string& id, std::int64_t gb, double usd, const std::string& architecture = "Hopper") {
  GpuModel row;
  row.id = ModelId{id};
  row.name = id;
  row.architecture = architecture;
  row.memory_gb = gb;
  row.price_per_hour = MicroUsd(static_cast<std::int64_t>(usd * 1e6));
  return row;
}

Catalogue catalogue() {
  return *Catalogue::make({model("H100_80GB", 80, 8), model("A100_40GB", 40, 4, "Ampere"), model("L40S", 48, 2, "Ada Lovelace")}, {});
}

// One H100, one A100-40 and one L40S on a node each.
Fleet mixed_fleet() {
  FleetDraft draft{Fleet()};
  EXPECT_TRUE(draft.put_node(make_node("h", {make_device("h", 0, "H100_80GB")})));
  EXPECT_TRUE(draft.put_node(make_node("a", {make_device("a", 0, "A100_40GB")})));
  EXPECT_TRUE(draft.put_node(make_node("l", {make_device("l", 0, "L40S")})));
  return *std::move(draft).finish();
}

std::string granted(const Fleet& fleet, const AllocationRequest& request) {
  const Placement placement = place(fleet, catalogue(), PriceList({}, 0.7), request);
  const auto* grant = std::get_if<Grant>(&placement);
  return grant != nullptr ? grant->resource : std::get<Refusal>(placement).message;
}

TEST(Placement, the_smallest_memory_that_is_enough_is_given) {
  EXPECT_EQ(granted(mixed_fleet(), {.memory_gb = 30}), "a-GPU-00");
  EXPECT_EQ(granted(mixed_fleet(), {.memory_gb = 41}), "l-GPU-00");
  EXPECT_EQ(granted(mixed_fleet(), {.memory_gb = 49}), "h-GPU-00");
}

TEST(Placement, a_cost_limit_keeps_the_dear_ones_away) {
  EXPECT_EQ(granted(mixed_fleet(), {.memory_gb = 1, .max_cost_per_hour = MicroUsd(2'000'000)}), "l-GPU-00");
  EXPECT_EQ(granted(mixed_fleet(), {.memory_gb = 49, .max_cost_per_hour = MicroUsd(2'000'000)}),
            "cannot allocate: of 3 GPUs 2 have too little memory, 1 cost more per hour");
}

TEST(Placement, model_and_architecture_are_wishes_that_must_hold) {
  EXPECT_EQ(granted(mixed_fleet(), {.model = ModelId{"H100_80GB"}}), "h-GPU-00");
  EXPECT_EQ(granted(mixed_fleet(), {.architecture = "Ada Lovelace"}), "l-GPU-00");
}

TEST(Placement, among_equals_the_fuller_node_is_filled_first) {
  FleetDraft draft(make_fleet(2, 4));
  ASSERT_TRUE(draft.put_allocation(make_allocation("A", "n2-GPU-03")));
  EXPECT_EQ(granted(draft.fleet(), {}), "n2-GPU-00");
}

TEST(Placement, each_gpu_is_counted_under_the_first_requirement_that_it_fails) {
  FleetDraft draft(mixed_fleet());
  ASSERT_TRUE(draft.put_allocation(make_allocation("A", "h-GPU-00")));
  const Placement placement = place(draft.fleet(), catalogue(), PriceList({}, 0.7), {.memory_gb = 80});
  const auto& refusal = std::get<Refusal>(placement);
  EXPECT_EQ(refusal.blocked_by, (BlockerCounts{{Blocker::held, 1}, {Blocker::too_small, 2}}));
}

TEST(Placement, a_gpu_out_of_service_is_not_given) {
  Device device = make_device("n1", 0);
  device.state = DeviceState::maintenance;
  FleetDraft draft{Fleet()};
  ASSERT_TRUE(draft.put_node(make_node("n1", {device})));
  EXPECT_EQ(granted(draft.fleet(), {}), "cannot allocate: of 1 GPUs 1 are not in service");
}

TEST(Placement, a_slice_is_given_where_slices_are_asked_for) {
  Device device = make_device("n1", 0);
  device.mig_enabled = true;
  device.instances = {make_instance(device, 1, "3g.40gb", 9, MiB(40448)), make_instance(device, 9, "1g.10gb", 19, MiB(9856))};
  FleetDraft draft{Fleet()};
  ASSERT_TRUE(draft.put_node(make_node("n1", {device})));
  EXPECT_EQ(granted(draft.fleet(), {.use_mig = true, .memory_gb = 5}), "n1-GPU-00-MIG-09");
  EXPECT_EQ(granted(draft.fleet(), {.use_mig = true, .memory_gb = 20}), "n1-GPU-00-MIG-01");
  EXPECT_EQ(granted(draft.fleet(), {.mig_profile = "7g.80gb"}), "cannot allocate: of 2 slices 2 have another MIG profile");
  EXPECT_EQ(granted(draft.fleet(), {}), "cannot allocate: of 1 GPUs 1 are in MIG mode");
}

// A node with one GPU that is cut into two slices of which the newest observation shows only the first.
FleetDraft relaid_gpu(Timestamp seen_at) {
  Device device = make_device("n1", 0);
  device.source = ObservationSource::reeve_agent;
  device.mig_enabled = true;
  device.instances = {make_instance(device, 1, "3g.40gb", 9, MiB(40448)), make_instance(device, 9, "1g.10gb", 19, MiB(9856))};
  NodeReadings readings;
  readings.at = seen_at;
  readings.devices = {{.id = device.id, .instances = {{.id = device.instances[0].id}}}};
  FleetDraft draft{Fleet()};
  EXPECT_TRUE(draft.put_node(make_node("n1", {device})));
  draft.put_readings(NodeName{"n1"}, std::make_shared<const NodeReadings>(std::move(readings)));
  return draft;
}

TEST(Placement, a_slice_that_is_not_seen_any_more_is_not_given) {
  const FleetDraft draft = relaid_gpu(Timestamp{});
  EXPECT_EQ(granted(draft.fleet(), {.mig_profile = "3g.40gb"}), "n1-GPU-00-MIG-01");
  EXPECT_EQ(granted(draft.fleet(), {.mig_profile = "1g.10gb"}),
            "cannot allocate: of 2 slices 1 have another MIG profile, 1 do not exist any more");
}

TEST(Placement, a_node_that_does_not_answer_gets_nothing_new) {
  const Timestamp seen_at{Milliseconds(1'000'000)};
  const AllocationRequest request{.mig_profile = "3g.40gb"};
  const FleetDraft draft = relaid_gpu(seen_at);
  EXPECT_TRUE(std::holds_alternative<Grant>(place(draft.fleet(), catalogue(), PriceList({}, 0.7), request, seen_at)));
  const Placement later = place(draft.fleet(), catalogue(), PriceList({}, 0.7), request, seen_at + Milliseconds(1));
  EXPECT_EQ(std::get<Refusal>(later).blocked_by, (BlockerCounts{{Blocker::wrong_profile, 1}, {Blocker::silent_node, 1}}));
}

TEST(Placement, what_the_store_remembers_is_given_until_somebody_asked_the_node_in_vain) {
  FleetDraft draft = relaid_gpu(Timestamp{});
  NodeReadings unasked;
  draft.put_readings(NodeName{"n1"}, std::make_shared<const NodeReadings>(unasked));
  const auto ask = [&] { return place(draft.fleet(), catalogue(), PriceList({}, 0.7), {.mig_profile = "3g.40gb"}, Timestamp{}); };
  EXPECT_TRUE(std::holds_alternative<Grant>(ask()));
  unasked.last_error = "no answer in time";
  draft.put_readings(NodeName{"n1"}, std::make_shared<const NodeReadings>(unasked));
  EXPECT_TRUE(std::holds_alternative<Refusal>(ask()));
}

TEST(Placement, a_gpu_registered_by_hand_is_given_though_nobody_reports_it) {
  FleetDraft draft = relaid_gpu(Timestamp{});
  Device device = make_device("n2", 0);
  device.source = ObservationSource::registered;
  ASSERT_TRUE(draft.put_node(make_node("n2", {device})));
  EXPECT_TRUE(std::holds_alternative<Grant>(place(draft.fleet(), catalogue(), PriceList({}, 0.7), {}, Timestamp{Milliseconds(5)})));
}

TEST(Placement, an_empty_fleet_says_so) {
  EXPECT_EQ(granted(Fleet(), {}), "cannot allocate: there are no GPUs in the fleet");
  EXPECT_EQ(granted(make_fleet(1, 1), {.use_mig = true}), "cannot allocate: there are no slices in the fleet");
}

}  // namespace
}  // namespace reeve
