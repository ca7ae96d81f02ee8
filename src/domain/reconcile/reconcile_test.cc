#include "domain/reconcile/reconcile.h"

#include <gtest/gtest.h>

#include "testing/fleet_builder.h"

namespace reeve {
namespace {

const Timestamp noon{std::chrono::hours(24 * 365 * 56)};
const Timestamp later = noon + std::chrono::hours(1);
constexpr Milliseconds stale_after{90'000};

Catalogue two_models() {
  GpuModel h100{.id = {"H100_80GB"}, .name = "H100", .memory_gb = 80, .driver_product_names = {"NVIDIA H100 80GB HBM3"}};
  h100.driver_memory = MiB(81559);
  GpuModel t4{.id = {"T4"}, .name = "T4", .memory_gb = 16, .driver_product_names = {"Tesla T4"}};
  return Catalogue::make({h100, t4}, {}).value();
}

DeviceObservation gpu(int index, const std::string& uuid, const std::string& name = "NVIDIA H100 80GB HBM3") {
  DeviceObservation device;
  device.index = index;
  device.uuid = GpuUuid{uuid};
  device.product_name = name;
  return device;
}

NodeObservation seen_on(const std::string& node, std::vector<DeviceObservation> devices, Timestamp at = noon) {
  NodeObservation seen;
  seen.node = NodeName{node};
  seen.source = ObservationSource::dcgm_exporter;
  seen.at = at;
  seen.devices = std::move(devices);
  return seen;
}

struct Reconcile : testing::Test {
  Catalogue catalogue = two_models();
  ModelRecogniser models{catalogue};
  Fleet fleet{};

  Node merge(const Node* before, const NodeObservation& seen, Timestamp now = noon) { return merge_observation(before, seen, models, now); }
  Result<std::vector<Node>> plan(const NodeObservation& seen, Timestamp now = noon) {
    return reconcile(fleet, seen, {}, models, now, stale_after);
  }
  // Lets the fleet agree with the observation, as the collector does.
  void see(const NodeObservation& seen, Timestamp now = noon) {
    const auto nodes = plan(seen, now);
    ASSERT_TRUE(nodes.ok()) << nodes.error().message;
    FleetDraft draft(fleet);
    for (const Node& node : *nodes) {
      const Status put = draft.put_node(node);
      ASSERT_TRUE(put.ok()) << put.error().message;
    }
    draft.put_readings(seen.node, std::make_shared<const NodeReadings>(
                                      readings_of(nodes->empty() ? *fleet.find_node(seen.node)->node : nodes->back(), seen)));
    fleet = *std::move(draft).finish();
  }
  void change_device(const std::string& id, auto change) {
    Node node = *fleet.find_device(DeviceId{id})->node;
    change(*std::ranges::find(node.devices, DeviceId{id}, &Device::id));
    FleetDraft draft(fleet);
    ASSERT_TRUE(draft.put_node(node).ok());
    fleet = *std::move(draft).finish();
  }
  void hold(const std::string& resource, ResourceType type = ResourceType::full_gpu) {
    FleetDraft draft(fleet);
    ASSERT_TRUE(draft.put_allocation(make_allocation("ALLOC-" + resource, resource, type)).ok());
    fleet = *std::move(draft).finish();
  }
  const Device& device(const std::string& id) { return *fleet.find_device(DeviceId{id})->device; }
};

TEST_F(Reconcile, a_new_node_gets_its_devices_with_model_and_id) {
  const Node node = merge(nullptr, seen_on("n1", {gpu(0, "GPU-a"), gpu(3, "GPU-b", "Tesla T4"), gpu(4, "GPU-c", "Unheard Of 9000")}));
  ASSERT_EQ(node.devices.size(), 3u);
  EXPECT_EQ(node.devices[0].id.text, "n1-GPU-00");
  EXPECT_EQ(node.devices[0].model.text, "H100_80GB");
  EXPECT_EQ(node.devices[0].memory, MiB(81559));
  EXPECT_EQ(node.devices[0].first_seen, noon);
  EXPECT_EQ(node.devices[1].id.text, "n1-GPU-03");
  EXPECT_EQ(node.devices[1].model.text, "T4");
  EXPECT_TRUE(node.devices[2].model.empty());
  EXPECT_EQ(node.devices[2].product_name, "Unheard Of 9000");
}

TEST_F(Reconcile, the_same_observation_again_changes_nothing) {
  see(seen_on("n1", {gpu(0, "GPU-a"), gpu(1, "GPU-b")}));
  EXPECT_TRUE(plan(seen_on("n1", {gpu(0, "GPU-a"), gpu(1, "GPU-b")}, later), later)->empty());
}

TEST_F(Reconcile, trembling_memory_sums_change_nothing) {
  NodeObservation seen = seen_on("n1", {gpu(0, "GPU-a")});
  seen.devices[0].memory = MiB(81559);
  see(seen);
  seen.devices[0].memory = MiB(81557);
  EXPECT_TRUE(plan(seen)->empty());
  seen.devices[0].memory = MiB(80000);
  EXPECT_FALSE(plan(seen)->empty());
}

TEST_F(Reconcile, what_a_source_does_not_tell_stays_known) {
  NodeObservation agent = seen_on("n1", {gpu(0, "GPU-a")});
  agent.driver_version = "570.1";
  agent.devices[0].serial = "S1";
  see(agent);
  see(seen_on("n1", {gpu(0, "GPU-a")}), later);
  EXPECT_EQ(device("n1-GPU-00").serial, "S1");
  EXPECT_EQ(device("n1-GPU-00").driver_version, "570.1");
  EXPECT_EQ(device("n1-GPU-00").first_seen, noon);
}

TEST_F(Reconcile, an_administrators_state_is_never_overwritten) {
  see(seen_on("n1", {gpu(0, "GPU-a")}));
  change_device("n1-GPU-00", [](Device& one) { one.state = DeviceState::maintenance; });
  EXPECT_TRUE(plan(seen_on("n1", {gpu(0, "GPU-a")}))->empty());
  see(seen_on("n1", {gpu(0, "GPU-new")}));
  EXPECT_EQ(device("n1-GPU-00").uuid.text, "GPU-new");
  EXPECT_EQ(device("n1-GPU-00").state, DeviceState::maintenance);
}

TEST_F(Reconcile, a_gpu_that_is_missing_from_a_good_observation_is_lost_and_comes_back) {
  see(seen_on("n1", {gpu(0, "GPU-a"), gpu(1, "GPU-b")}));
  see(seen_on("n1", {gpu(0, "GPU-a")}));
  EXPECT_TRUE(device("n1-GPU-01").lost);
  EXPECT_FALSE(device("n1-GPU-00").lost);
  see(seen_on("n1", {gpu(0, "GPU-a"), gpu(1, "GPU-b")}), later);
  EXPECT_FALSE(device("n1-GPU-01").lost);
  EXPECT_EQ(device("n1-GPU-01").first_seen, noon);
}

TEST_F(Reconcile, a_device_keeps_its_id_when_the_driver_counts_anew) {
  see(seen_on("n1", {gpu(0, "GPU-a"), gpu(1, "GPU-b"), gpu(2, "GPU-c")}));
  hold("n1-GPU-02");
  see(seen_on("n1", {gpu(0, "GPU-b"), gpu(1, "GPU-c")}));  // GPU-a fell off the bus, the machine was started again
  EXPECT_EQ(device("n1-GPU-02").uuid.text, "GPU-c");
  EXPECT_EQ(device("n1-GPU-02").index, 1);
  EXPECT_TRUE(device("n1-GPU-00").lost);
  see(seen_on("n1", {gpu(0, "GPU-d"), gpu(1, "GPU-b"), gpu(2, "GPU-c")}));  // and was replaced
  EXPECT_EQ(device("n1-GPU-00").uuid.text, "GPU-d");
  EXPECT_FALSE(device("n1-GPU-00").lost);
  EXPECT_EQ(fleet.device_count(), 3u);
}

TEST_F(Reconcile, a_new_gpu_at_a_taken_number_gets_the_next_free_one) {
  see(seen_on("n1", {gpu(0, "GPU-a"), gpu(1, "GPU-b")}));
  see(seen_on("n1", {gpu(0, "GPU-new"), gpu(1, "GPU-a"), gpu(2, "GPU-b")}));
  EXPECT_EQ(device("n1-GPU-00").uuid.text, "GPU-a");
  EXPECT_EQ(device("n1-GPU-03").uuid.text, "GPU-new");
}

TEST_F(Reconcile, a_replaced_gpu_does_not_inherit_the_old_ones_papers) {
  see(seen_on("n1", {gpu(0, "GPU-a")}));
  change_device("n1-GPU-00", [](Device& one) {
    one.serial = "S1";
    one.purchase_cost = MicroUsd(7);
  });
  see(seen_on("n1", {gpu(0, "GPU-b")}), later);
  EXPECT_EQ(device("n1-GPU-00").serial, "");
  EXPECT_FALSE(device("n1-GPU-00").purchase_cost.has_value());
  EXPECT_EQ(device("n1-GPU-00").first_seen, later);
}

TEST_F(Reconcile, a_registered_device_is_left_alone_until_its_uuid_is_seen) {
  Device registered = make_device("n1", 5, "T4");
  registered.source = ObservationSource::registered;
  registered.purchase_cost = MicroUsd(7);
  FleetDraft draft(fleet);
  ASSERT_TRUE(draft.put_node(make_node("n1", {registered})).ok());
  fleet = *std::move(draft).finish();
  see(seen_on("n1", {gpu(0, "GPU-a")}));
  EXPECT_FALSE(device("n1-GPU-05").lost);
  see(seen_on("n1", {gpu(0, "GPU-a"), gpu(1, registered.uuid.text, "Unheard Of 9000")}));
  EXPECT_EQ(device("n1-GPU-05").purchase_cost, MicroUsd(7));
  EXPECT_EQ(device("n1-GPU-05").model.text, "T4");
  EXPECT_EQ(device("n1-GPU-05").source, ObservationSource::dcgm_exporter);
}

TEST_F(Reconcile, a_gpu_moves_to_another_node_once_its_old_node_has_lost_it) {
  see(seen_on("n1", {gpu(0, "GPU-a"), gpu(1, "GPU-b")}));
  see(seen_on("n2", {gpu(0, "GPU-c"), gpu(1, "GPU-d")}));
  change_device("n1-GPU-01", [](Device& one) { one.serial = "S1"; });
  const NodeObservation moved = seen_on("n2", {gpu(0, "GPU-c"), gpu(1, "GPU-b")});
  EXPECT_EQ(plan(moved).error().code, Errc::conflict);  // n1 still has it, as far as we know
  see(seen_on("n1", {gpu(0, "GPU-a")}));
  see(moved);
  EXPECT_EQ(device("n2-GPU-01").uuid.text, "GPU-b");
  EXPECT_EQ(device("n2-GPU-01").serial, "S1");
  EXPECT_EQ(device("n2-GPU-01").node.text, "n2");
  EXPECT_FALSE(fleet.find_device(DeviceId{"n1-GPU-01"}).has_value());
  EXPECT_EQ(fleet.device_count(), 3u);
}

TEST_F(Reconcile, a_gpu_moves_away_from_a_node_that_is_silent_unless_it_is_held) {
  see(seen_on("n1", {gpu(0, "GPU-a")}));
  const NodeObservation moved = seen_on("n2", {gpu(0, "GPU-a")});
  EXPECT_FALSE(plan(moved, noon + stale_after).ok());
  EXPECT_TRUE(plan(moved, noon + stale_after + Milliseconds(1)).ok());
  hold("n1-GPU-00");
  EXPECT_EQ(plan(moved, later).error().code, Errc::conflict);
}

DeviceObservation cut(std::vector<InstanceObservation> instances) {
  DeviceObservation device = gpu(0, "GPU-a");
  device.mig_enabled = true;
  device.instances = std::move(instances);
  return device;
}

TEST_F(Reconcile, instances_come_and_go_with_the_layout) {
  see(seen_on("n1", {cut({{.gpu_instance_id = 9, .uuid = {"MIG-2"}, .profile = "1g.10gb"},
                          {.gpu_instance_id = 7, .uuid = {"MIG-1"}, .profile = "1g.10gb"}})}));
  ASSERT_EQ(device("n1-GPU-00").instances.size(), 2u);
  EXPECT_TRUE(device("n1-GPU-00").mig_enabled);
  EXPECT_EQ(device("n1-GPU-00").instances[0].id.text, "n1-GPU-00-MIG-07");
  see(seen_on("n1", {cut({{.gpu_instance_id = 7, .uuid = {"MIG-9"}, .profile = "2g.20gb"}})}), later);
  ASSERT_EQ(device("n1-GPU-00").instances.size(), 1u);
  EXPECT_EQ(device("n1-GPU-00").instances[0].profile, "2g.20gb");
  EXPECT_EQ(device("n1-GPU-00").instances[0].first_seen, later);
  see(seen_on("n1", {gpu(0, "GPU-a")}));
  EXPECT_TRUE(device("n1-GPU-00").instances.empty());
  EXPECT_FALSE(device("n1-GPU-00").mig_enabled);
}

TEST_F(Reconcile, a_held_instance_stays_and_is_no_change_every_round) {
  see(seen_on("n1", {cut({{.gpu_instance_id = 7, .profile = "1g.10gb"}, {.gpu_instance_id = 9, .profile = "1g.10gb"}})}));
  hold("n1-GPU-00-MIG-07", ResourceType::mig_instance);
  see(seen_on("n1", {cut({{.gpu_instance_id = 9, .profile = "1g.10gb"}})}));
  ASSERT_EQ(device("n1-GPU-00").instances.size(), 2u);
  EXPECT_TRUE(plan(seen_on("n1", {cut({{.gpu_instance_id = 9, .profile = "1g.10gb"}})}))->empty());
}

TEST_F(Reconcile, a_gpu_that_fell_off_the_bus_keeps_its_slices_in_mind) {
  see(seen_on("n1", {cut({{.gpu_instance_id = 7, .profile = "1g.10gb"}})}));
  DeviceObservation fallen = gpu(0, "GPU-a");
  fallen.lost = true;
  see(seen_on("n1", {fallen}));
  EXPECT_TRUE(device("n1-GPU-00").lost);
  EXPECT_EQ(device("n1-GPU-00").instances.size(), 1u);
  EXPECT_EQ(fleet.find_node(NodeName{"n1"})->readings->devices.size(), 0u);
}

TEST_F(Reconcile, readings_stand_under_the_ids_of_the_fleet) {
  DeviceObservation one = cut({{.gpu_instance_id = 7, .profile = "1g.10gb"}});
  one.values.set(Metric::power_usage, 200);
  one.instances[0].values.set(Metric::memory_used, 5);
  see(seen_on("n1", {one}));
  const auto found = fleet.find_device(DeviceId{"n1-GPU-00"});
  ASSERT_NE(found->reading, nullptr);
  EXPECT_EQ(found->reading->values.get(Metric::power_usage), 200);
  ASSERT_EQ(found->reading->instances.size(), 1u);
  EXPECT_EQ(found->reading->instances[0].id.text, "n1-GPU-00-MIG-07");
  EXPECT_EQ(found->reading->instances[0].values.get(Metric::memory_used), 5);
}

TEST_F(Reconcile, place_and_cluster_come_from_the_target) {
  const auto nodes = reconcile(fleet, seen_on("n1", {gpu(0, "GPU-a")}), {"west", "10.0.0.7:9400"}, models, noon, stale_after);
  EXPECT_EQ(nodes->back().cluster, "west");
  EXPECT_EQ(nodes->back().address, "10.0.0.7:9400");
}

TEST_F(Reconcile, readings_carry_who_holds_what_on_lost_gpus_too) {
  NodeObservation seen = seen_on("n1", {gpu(0, "GPU-a"), gpu(1, "GPU-b"), gpu(2, "GPU-c")});
  see(seen);
  seen.holders_from = HolderSource::pod_resources;
  seen.unplaced_holders = {{.namespace_name = "t", .pod = "far", .device_id = "card0-0"}};
  seen.devices[0].holders = {{.namespace_name = "t", .pod = "p", .device_id = "GPU-a"}};
  seen.devices[1].lost = seen.devices[2].lost = true;
  seen.devices[1].holders = {{.namespace_name = "t", .pod = "q", .device_id = "GPU-b"}};
  const NodeReadings readings = readings_of(*fleet.find_node(NodeName{"n1"})->node, seen);
  EXPECT_EQ(readings.holders_from, HolderSource::pod_resources);
  EXPECT_EQ(readings.unplaced_holders.at(0).pod, "far");
  ASSERT_EQ(readings.devices.size(), 2U);
  EXPECT_EQ(readings.find(DeviceId{"n1-GPU-00"})->holders.at(0).pod, "p");
  EXPECT_EQ(readings.find(DeviceId{"n1-GPU-01"})->holders.at(0).pod, "q");
  EXPECT_EQ(readings.find(DeviceId{"n1-GPU-02"}), nullptr);
}

}  // namespace
}  // namespace reeve
