#pragma once
// The precise contract of FleetStore, as tests. An adapter instantiates the suite with a harness:
//
//   struct Harness { FleetStore& store(); void reopen(); };   // reopen: as after a restart; may do nothing
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, FleetStoreConformance, Harness);

#include <gtest/gtest.h>

#include "ports/fleet_store.h"
#include "testing/fleet_builder.h"

namespace reeve {

template <class Harness>
class FleetStoreConformance : public testing::Test {
 protected:
  static Timestamp at(std::string_view text) { return parse_rfc3339(text).value(); }
  void commit(FleetChange change) {
    const Status done = harness_.store().commit(change);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  void commit(std::vector<Node> nodes, std::vector<Allocation> allocations = {}) {
    FleetChange change{.allocations = std::move(allocations)};
    for (Node& node : nodes) change.nodes.push_back(std::make_shared<const Node>(std::move(node)));
    commit(std::move(change));
  }
  Fleet load() { return harness_.store().load().value(); }
  AllocationPage list(const AllocationFilter& filter, const std::string& cursor = "", std::size_t limit = 100) {
    return harness_.store().list_allocations(filter, cursor, limit).value();
  }

  // Every field set to something that is not its default.
  static Node full_node() {
    Node node{.name = NodeName{"n1"},
              .cluster = "east",
              .address = "[::1]:9400",
              .driver_version = "570.1",
              .cuda_version = "12.8",
              .state = DeviceState::maintenance,
              .first_seen = at("2026-11-01T00:00:00.125Z")};
    Device device = make_device("n1", 0);
    device.product_name = "NVIDIA H100 80GB HBM3";
    device.serial = "1653";
    device.driver_version = "570.1";
    device.firmware_version = "96.00";
    device.vbios_version = "96.00.74";
    device.state = DeviceState::failed;
    device.mig_enabled = true;
    device.lost = true;
    device.source = ObservationSource::dcgm_exporter;
    device.first_seen = at("2026-11-02T00:00:00Z");
    device.last_maintenance = at("2026-11-03T00:00:00Z");
    device.warranty_expiry = at("2029-11-03T00:00:00Z");
    device.purchase_cost = MicroUsd(31'999'123'456);
    Instance slice = make_instance(device, 7, "1g.10gb", 19, MiB(9984));
    slice.compute_instance_id = 0;
    slice.placement = mig::Placement{6, 1};
    slice.first_seen = at("2026-11-04T00:00:00Z");
    device.instances.push_back(slice);
    node.devices.push_back(device);
    return node;
  }

  static Allocation full_allocation() {
    Allocation allocation = make_allocation("ALLOC-00000001", "n1-GPU-00");
    allocation.container_name = "main";
    allocation.workload_type = "Training";
    allocation.requested_memory_gb = 40;
    allocation.allocated_memory_gb = 80;
    allocation.priority_class = "high";
    allocation.allocated_at = at("2026-11-24T12:00:00.500Z");
    allocation.planned_release = at("2026-11-25T12:00:00Z");
    allocation.cost_per_hour = MicroUsd(2'950'001);
    allocation.user_id = "u'1";
    allocation.team_id = "t1";
    allocation.project_id = "p1";
    allocation.labels = {{"app", "ll\"m"}, {"한글", "값"}};
    return allocation;
  }

  Harness harness_;
};

TYPED_TEST_SUITE_P(FleetStoreConformance);

TYPED_TEST_P(FleetStoreConformance, a_new_store_is_empty) {
  EXPECT_TRUE(this->load().nodes().empty());
  EXPECT_TRUE(this->list({}).items.empty());
}

TYPED_TEST_P(FleetStoreConformance, every_field_of_a_node_survives) {
  const Node node = this->full_node();
  this->commit({node});
  this->harness_.reopen();
  const Fleet fleet = this->load();
  ASSERT_EQ(fleet.nodes().size(), 1u);
  EXPECT_EQ(*fleet.nodes()[0].node, node);
}

TYPED_TEST_P(FleetStoreConformance, what_is_unknown_stays_unknown) {
  Device device = make_device("n1", 0, "");
  device.memory.reset();
  device.instances.push_back(make_instance(device, 1, "1g.10gb", 19, MiB(1)));
  device.instances[0].uuid = {};
  device.instances[0].profile_id.reset();
  device.instances[0].memory.reset();
  device.instances.push_back(make_instance(device, 2, "1g.10gb", 19, MiB(1)));
  device.instances[1].uuid = {};
  const Node node = make_node("n1", {device});
  this->commit({node});
  this->harness_.reopen();
  EXPECT_EQ(*this->load().nodes().at(0).node, node);
}

TYPED_TEST_P(FleetStoreConformance, a_node_is_replaced_whole) {
  Node node = this->full_node();
  node.devices.push_back(make_device("n1", 1));
  this->commit({node, make_node("n2", {make_device("n2", 0)})});
  std::swap(node.devices[0].uuid, node.devices[1].uuid);
  node.devices[0].instances.clear();
  node.cluster = "west";
  this->commit({node});
  this->harness_.reopen();
  const Fleet fleet = this->load();
  ASSERT_EQ(fleet.nodes().size(), 2u);
  EXPECT_EQ(*fleet.nodes()[0].node, node);
  EXPECT_EQ(fleet.instance_count(), 0u);
}

TYPED_TEST_P(FleetStoreConformance, a_gpu_may_move_to_another_node_in_one_commit) {
  Device gpu = make_device("n1", 0);
  this->commit({make_node("n1", {gpu}), make_node("n2", {})});
  Device moved = make_device("n2", 3);
  moved.uuid = gpu.uuid;
  this->commit({make_node("n2", {moved}), make_node("n1", {})});
  EXPECT_EQ(this->load().find_device(gpu.uuid)->device->id, moved.id);
}

TYPED_TEST_P(FleetStoreConformance, every_field_of_an_allocation_survives) {
  const Allocation allocation = this->full_allocation();
  this->commit({this->full_node()}, {allocation});
  this->harness_.reopen();
  EXPECT_EQ(this->harness_.store().find_allocation(allocation.id).value(), allocation);
  EXPECT_EQ(this->load().allocations().at(allocation.id), allocation);
  EXPECT_EQ(this->harness_.store().find_allocation(AllocationId{"ALLOC-0"}).value(), std::nullopt);
}

TYPED_TEST_P(FleetStoreConformance, an_ended_allocation_is_history_and_no_longer_held) {
  Allocation allocation = this->full_allocation();
  this->commit({this->full_node()}, {allocation});
  allocation.status = AllocationStatus::released;
  allocation.released_at = this->at("2026-11-24T13:00:00Z");
  allocation.total_cost = MicroUsd(2'950'001);
  this->commit({}, {allocation});
  this->harness_.reopen();
  EXPECT_TRUE(this->load().allocations().empty());
  EXPECT_EQ(this->list({}).items.at(0), allocation);
}

TYPED_TEST_P(FleetStoreConformance, one_resource_never_has_two_holders_and_the_refused_commit_leaves_no_trace) {
  this->commit({make_node("n1", {make_device("n1", 0), make_device("n1", 1)})}, {make_allocation("ALLOC-1", "n1-GPU-00")});
  FleetChange change{
      .nodes = {std::make_shared<const Node>(make_node("n9", {make_device("n9", 0)}))},
      .allocations = {make_allocation("ALLOC-2", "n1-GPU-01"), make_allocation("ALLOC-3", "n1-GPU-00")},
      .idempotency = {{.key = "k", .request_digest = "d", .allocation = AllocationId{"ALLOC-3"}, .at = this->at("2026-11-24T12:00:00Z")}},
      .audit = {{.at = this->at("2026-11-24T12:00:00Z"), .actor = "a", .action = "allocate", .subject = "ALLOC-3"}}};
  const Status refused = this->harness_.store().commit(change);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  this->harness_.reopen();
  EXPECT_EQ(this->load().nodes().size(), 1u);
  EXPECT_EQ(this->load().allocations().size(), 1u);
  EXPECT_EQ(this->harness_.store().find_idempotency("k").value(), std::nullopt);
  EXPECT_TRUE(this->harness_.store().list_audit("", 10).value().empty());
}

TYPED_TEST_P(FleetStoreConformance, what_was_seen_stands_beside_each_other_and_beside_what_was_asked_for) {
  const auto seen = [](const char* id) {
    Allocation allocation = make_allocation(id, "n1-GPU-00", ResourceType::shared_gpu);
    allocation.origin = AllocationOrigin::observed;
    return allocation;
  };
  const Allocation asked = make_allocation("ZZZ-1", "n1-GPU-00");
  this->commit({make_node("n1", {make_device("n1", 0)})}, {seen("OBS-1"), asked, seen("OBS-2")});
  this->harness_.reopen();
  const Fleet fleet = this->load();
  const auto holders = fleet.holders("n1-GPU-00");
  ASSERT_EQ(holders.size(), 3u);
  EXPECT_EQ(*holders[0], asked);
  EXPECT_EQ(*holders[1], seen("OBS-1"));
  EXPECT_EQ(*holders[2], seen("OBS-2"));
  EXPECT_EQ(this->list({.origin = AllocationOrigin::observed}).items.size(), 2u);
  EXPECT_EQ(this->list({.origin = AllocationOrigin::requested}).items, std::vector{asked});
  EXPECT_EQ(this->harness_.store().commit(FleetChange{.allocations = {make_allocation("ZZZ-2", "n1-GPU-00")}}).error().code,
            Errc::conflict);
}

TYPED_TEST_P(FleetStoreConformance, a_resource_changes_hands_in_one_commit_whatever_the_order) {
  Allocation old_holder = make_allocation("ALLOC-1", "n1-GPU-00");
  this->commit({make_node("n1", {make_device("n1", 0)})}, {old_holder});
  old_holder.status = AllocationStatus::expired;
  this->commit({}, {make_allocation("ALLOC-2", "n1-GPU-00"), old_holder});
  const Fleet fleet = this->load();
  ASSERT_EQ(fleet.allocations().size(), 1u);
  EXPECT_TRUE(fleet.allocations().contains(AllocationId{"ALLOC-2"}));
}

TYPED_TEST_P(FleetStoreConformance, allocations_are_listed_newest_first_in_pages) {
  std::vector<Allocation> all;
  std::vector<Device> devices;
  for (int i = 0; i < 7; ++i) {
    devices.push_back(make_device("n1", i));
    Allocation allocation = make_allocation("ALLOC-" + std::to_string(i), devices.back().id.text);
    allocation.allocated_at = this->at("2026-11-24T12:00:00Z") + std::chrono::hours(i / 2);  // pairs at one time
    all.push_back(allocation);
  }
  this->commit({make_node("n1", devices)}, all);
  std::vector<std::string> order;
  std::string cursor;
  for (int pages = 0; pages < 10; ++pages) {
    const AllocationPage page = this->list({}, cursor, 3);
    for (const Allocation& allocation : page.items) order.push_back(allocation.id.text);
    if (!page.next_cursor) break;
    EXPECT_EQ(page.items.size(), 3u);
    cursor = *page.next_cursor;
  }
  EXPECT_EQ(order, (std::vector<std::string>{"ALLOC-6", "ALLOC-4", "ALLOC-5", "ALLOC-2", "ALLOC-3", "ALLOC-0", "ALLOC-1"}));
  EXPECT_FALSE(this->list({}, "", 7).next_cursor.has_value());
  EXPECT_EQ(this->harness_.store().list_allocations({}, "nobody gave this", 3).error().code, Errc::invalid_argument);
}

TYPED_TEST_P(FleetStoreConformance, each_filter_of_the_list_narrows_it) {
  Allocation match = this->full_allocation();
  Allocation other = make_allocation("ALLOC-00000002", "n1-GPU-01");
  other.status = AllocationStatus::released;
  other.allocated_at = this->at("2026-11-24T14:00:00Z");
  this->commit({make_node("n1", {make_device("n1", 0), make_device("n1", 1)})}, {match, other});
  match.namespace_name = "ml";
  this->commit({}, {match});
  const auto only_match = [&](AllocationFilter filter) {
    const auto found = this->list(filter);
    return found.items.size() == 1 && found.items[0] == match;
  };
  EXPECT_TRUE(only_match({.namespace_name = "ml"}));
  EXPECT_TRUE(only_match({.user_id = "u'1"}));
  EXPECT_TRUE(only_match({.team_id = "t1"}));
  EXPECT_TRUE(only_match({.resource = "n1-GPU-00"}));
  EXPECT_TRUE(only_match({.status = AllocationStatus::allocated}));
  EXPECT_TRUE(only_match({.allocated_before = this->at("2026-11-24T14:00:00Z")}));
  EXPECT_EQ(this->list({.allocated_from = this->at("2026-11-24T14:00:00Z")}).items.at(0).id, other.id);
  EXPECT_TRUE(this->list({.namespace_name = "ml", .status = AllocationStatus::released}).items.empty());
}

TYPED_TEST_P(FleetStoreConformance, an_idempotency_key_is_remembered_and_cannot_be_taken_twice) {
  const IdempotencyRecord record{
      .key = "k1", .request_digest = "abc", .allocation = AllocationId{"ALLOC-1"}, .at = this->at("2026-11-24T12:00:00Z")};
  this->commit(FleetChange{.idempotency = {record}});
  this->harness_.reopen();
  EXPECT_EQ(this->harness_.store().find_idempotency("k1").value(), record);
  EXPECT_EQ(this->harness_.store().find_idempotency("k2").value(), std::nullopt);
  EXPECT_EQ(this->harness_.store().commit(FleetChange{.idempotency = {record}}).error().code, Errc::conflict);
}

TYPED_TEST_P(FleetStoreConformance, the_audit_trail_is_listed_newest_first) {
  const auto record = [&](std::string_view time, const char* subject) {
    return AuditRecord{.at = this->at(time), .actor = "u1", .action = "allocate", .subject = subject, .detail = "x -> y"};
  };
  const AuditRecord first = record("2026-11-24T12:00:00Z", "ALLOC-1"), second = record("2026-11-24T12:00:00Z", "ALLOC-2"),
                    third = record("2026-11-24T13:00:00Z", "ALLOC-1");
  this->commit(FleetChange{.audit = {first, second}});
  this->commit(FleetChange{.audit = {third}});
  this->harness_.reopen();
  EXPECT_EQ(this->harness_.store().list_audit("", 10).value(), (std::vector<AuditRecord>{third, second, first}));
  EXPECT_EQ(this->harness_.store().list_audit("ALLOC-1", 10).value(), (std::vector<AuditRecord>{third, first}));
  EXPECT_EQ(this->harness_.store().list_audit("", 1).value(), (std::vector<AuditRecord>{third}));
}

REGISTER_TYPED_TEST_SUITE_P(FleetStoreConformance, a_new_store_is_empty, every_field_of_a_node_survives, what_is_unknown_stays_unknown,
                            a_node_is_replaced_whole, a_gpu_may_move_to_another_node_in_one_commit, every_field_of_an_allocation_survives,
                            an_ended_allocation_is_history_and_no_longer_held,
                            one_resource_never_has_two_holders_and_the_refused_commit_leaves_no_trace,
                            what_was_seen_stands_beside_each_other_and_beside_what_was_asked_for,
                            a_resource_changes_hands_in_one_commit_whatever_the_order, allocations_are_listed_newest_first_in_pages,
                            each_filter_of_the_list_narrows_it, an_idempotency_key_is_remembered_and_cannot_be_taken_twice,
                            the_audit_trail_is_listed_newest_first);

}  // namespace reeve
