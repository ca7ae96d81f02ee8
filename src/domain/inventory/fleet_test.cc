#include "domain/inventory/fleet.h"

#include <gtest/gtest.h>

#include "domain/inventory/fleet_draft.h"
#include "testing/fleet_builder.h"

namespace reeve {
namespace {

Fleet with_one_mig_gpu() {
  Device device = make_device("n1", 0);
  device.mig_enabled = true;
  device.instances = {make_instance(device, 1, "3g.40gb", 9, MiB(40448)), make_instance(device, 9, "1g.10gb", 19, MiB(9856))};
  FleetDraft draft{Fleet()};
  EXPECT_TRUE(draft.put_node(make_node("n1", {device})));
  return *std::move(draft).finish();
}

TEST(Fleet, what_was_put_is_found_by_each_of_its_names) {
  const Fleet fleet = with_one_mig_gpu();
  ASSERT_TRUE(fleet.find_device(DeviceId{"n1-GPU-00"}));
  EXPECT_EQ(fleet.find_device(GpuUuid{"GPU-n1-0"})->device->index, 0);
  EXPECT_EQ(fleet.find_instance(InstanceId{"n1-GPU-00-MIG-09"})->instance->profile, "1g.10gb");
  EXPECT_EQ(fleet.find_node(NodeName{"n2"}), nullptr);
}

TEST(Fleet, a_snapshot_does_not_see_what_comes_after_it) {
  const Fleet before = make_fleet(2, 1);
  FleetDraft draft(before);
  ASSERT_TRUE(draft.put_allocation(make_allocation("A", "n1-GPU-00")));
  const auto after = std::move(draft).finish();
  EXPECT_EQ(before.holder(DeviceId{"n1-GPU-00"}), nullptr);
  ASSERT_NE(after->holder(DeviceId{"n1-GPU-00"}), nullptr);
  EXPECT_GT(after->version(), before.version());
}

TEST(FleetDraft, one_device_has_one_holder) {
  FleetDraft draft(make_fleet(1, 1));
  ASSERT_TRUE(draft.put_allocation(make_allocation("A", "n1-GPU-00")));
  const Status second = draft.put_allocation(make_allocation("B", "n1-GPU-00"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_EQ(draft.fleet().holder(DeviceId{"n1-GPU-00"})->id.text, "A");
}

TEST(FleetDraft, a_gpu_and_a_slice_of_it_are_never_held_at_once) {
  const Fleet fleet = with_one_mig_gpu();
  FleetDraft slice_first(fleet);
  ASSERT_TRUE(slice_first.put_allocation(make_allocation("A", "n1-GPU-00-MIG-09", ResourceType::mig_instance)));
  EXPECT_FALSE(slice_first.put_allocation(make_allocation("B", "n1-GPU-00")));
  EXPECT_TRUE(slice_first.put_allocation(make_allocation("C", "n1-GPU-00-MIG-01", ResourceType::mig_instance)));
  FleetDraft whole_first(fleet);
  ASSERT_TRUE(whole_first.put_allocation(make_allocation("A", "n1-GPU-00")));
  EXPECT_FALSE(whole_first.put_allocation(make_allocation("B", "n1-GPU-00-MIG-09", ResourceType::mig_instance)));
}

Allocation observed(Allocation allocation) {
  allocation.origin = AllocationOrigin::observed;
  return allocation;
}

TEST(FleetDraft, what_is_seen_to_be_held_is_given_to_nobody) {
  const Fleet fleet = with_one_mig_gpu();
  const Device& gpu = *fleet.find_device(DeviceId{"n1-GPU-00"})->device;
  FleetDraft whole(fleet);
  ASSERT_TRUE(whole.put_allocation(observed(make_allocation("OBS-1", "n1-GPU-00"))));
  EXPECT_EQ(whole.put_allocation(make_allocation("A", "n1-GPU-00")).error().code, Errc::conflict);
  EXPECT_EQ(whole.put_allocation(make_allocation("A", "n1-GPU-00-MIG-01", ResourceType::mig_instance)).error().code, Errc::conflict);
  EXPECT_FALSE(whole.fleet().is_free(gpu, gpu.instances[0]));
  FleetDraft slice(fleet);
  ASSERT_TRUE(slice.put_allocation(observed(make_allocation("OBS-1", "n1-GPU-00-MIG-01", ResourceType::shared_gpu))));
  EXPECT_EQ(slice.put_allocation(make_allocation("A", "n1-GPU-00")).error().code, Errc::conflict);
  EXPECT_EQ(slice.put_allocation(make_allocation("A", "n1-GPU-00-MIG-01", ResourceType::mig_instance)).error().code, Errc::conflict);
  EXPECT_TRUE(slice.put_allocation(make_allocation("A", "n1-GPU-00-MIG-09", ResourceType::mig_instance)));
}

TEST(FleetDraft, what_is_seen_stands_beside_what_was_asked_for_and_ends_alone) {
  FleetDraft draft(make_fleet(1, 1));
  ASSERT_TRUE(draft.put_allocation(make_allocation("A", "n1-GPU-00")));
  Allocation first = observed(make_allocation("OBS-1", "n1-GPU-00", ResourceType::shared_gpu));
  Allocation second = observed(make_allocation("OBS-2", "n1-GPU-00", ResourceType::shared_gpu));
  ASSERT_TRUE(draft.put_allocation(second));
  ASSERT_TRUE(draft.put_allocation(first));
  EXPECT_EQ(draft.fleet().holders("n1-GPU-00").size(), 3u);
  EXPECT_EQ(draft.fleet().holder(DeviceId{"n1-GPU-00"})->id.text, "A");
  Allocation asked = make_allocation("A", "n1-GPU-00");
  asked.team_id = "moved";
  EXPECT_TRUE(draft.put_allocation(asked));  // what it has, it keeps
  asked.status = AllocationStatus::released;
  ASSERT_TRUE(draft.put_allocation(asked));
  EXPECT_EQ(draft.fleet().holder(DeviceId{"n1-GPU-00"})->id.text, "OBS-1");
  for (Allocation* seen : {&first, &second}) {
    seen->status = AllocationStatus::released;
    ASSERT_TRUE(draft.put_allocation(*seen));
  }
  EXPECT_TRUE(draft.fleet().holders("n1-GPU-00").empty());
  EXPECT_TRUE(draft.put_allocation(make_allocation("B", "n1-GPU-00")));
}

TEST(FleetDraft, a_share_cannot_be_asked_for_and_an_origin_does_not_change) {
  FleetDraft draft(make_fleet(1, 2));
  EXPECT_EQ(draft.put_allocation(make_allocation("A", "n1-GPU-00", ResourceType::shared_gpu)).error().code, Errc::invalid_argument);
  ASSERT_TRUE(draft.put_allocation(make_allocation("B", "n1-GPU-01")));
  EXPECT_EQ(draft.put_allocation(observed(make_allocation("B", "n1-GPU-01"))).error().code, Errc::invalid_argument);
  EXPECT_EQ(draft.put_allocation(observed(make_allocation("C", "n1-GPU-07", ResourceType::shared_gpu))).error().code, Errc::not_found);
}

TEST(FleetDraft, an_ended_allocation_frees_its_resource_for_the_next) {
  FleetDraft draft(make_fleet(1, 1));
  Allocation allocation = make_allocation("A", "n1-GPU-00");
  ASSERT_TRUE(draft.put_allocation(allocation));
  allocation.status = AllocationStatus::released;
  ASSERT_TRUE(draft.put_allocation(allocation));
  EXPECT_TRUE(draft.put_allocation(make_allocation("B", "n1-GPU-00")));
}

TEST(FleetDraft, what_does_not_exist_cannot_be_held) {
  FleetDraft draft(make_fleet(1, 1));
  EXPECT_EQ(draft.put_allocation(make_allocation("A", "n1-GPU-07")).error().code, Errc::not_found);
  EXPECT_TRUE(draft.change().empty());
}

TEST(FleetDraft, a_uuid_belongs_to_one_node) {
  FleetDraft draft(make_fleet(1, 1));
  Device twin = make_device("n2", 0);
  twin.uuid = GpuUuid{"GPU-n1-0"};
  EXPECT_EQ(draft.put_node(make_node("n2", {twin})).error().code, Errc::conflict);
  EXPECT_EQ(draft.fleet().nodes().size(), 1U);
}

TEST(FleetDraft, a_held_device_that_vanishes_stays_and_is_marked_lost) {
  FleetDraft draft(make_fleet(1, 2));
  ASSERT_TRUE(draft.put_allocation(make_allocation("A", "n1-GPU-01")));
  ASSERT_TRUE(draft.put_node(make_node("n1", {})));
  EXPECT_FALSE(draft.fleet().find_device(DeviceId{"n1-GPU-00"}));
  const auto kept = draft.fleet().find_device(DeviceId{"n1-GPU-01"});
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->device->lost);
}

TEST(FleetDraft, the_change_names_each_node_once_in_its_last_state) {
  FleetDraft draft{Fleet()};
  ASSERT_TRUE(draft.put_node(make_node("n1", {})));
  ASSERT_TRUE(draft.put_node(make_node("n1", {make_device("n1", 0)})));
  ASSERT_EQ(draft.change().nodes.size(), 1U);
  EXPECT_EQ(draft.change().nodes[0]->devices.size(), 1U);
}

}  // namespace
}  // namespace reeve
