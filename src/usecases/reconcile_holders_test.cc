#include "usecases/reconcile_holders.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/fake_ids.h"
#include "testing/fake_views.h"
#include "testing/fleet_builder.h"
#include "testing/kept_fleet.h"
#include "testing/small_cluster.h"
#include "usecases/allocate.h"
#include "usecases/release.h"

namespace reeve {
namespace {

constexpr Milliseconds round_time{30'000};

// One node "n1" with four whole H100, and a cluster whose pods are listed. A round reads the node and reconciles.
struct SeenHolders : testing::Test {
  SeenHolders() { make_reconciler(); }

  void make_reconciler(std::optional<Timestamp> alive_until = std::nullopt) {
    HoldersOptions options;
    options.alive_until = alive_until;
    reconciler = std::make_unique<HolderReconciler>(HoldersContext{*keeper, keeper->store, view, catalogue, prices, clock}, options,
                                                    [this](auto fresh) { told.insert(told.end(), fresh.begin(), fresh.end()); });
  }

  // As after a restart: what the store knows, and nothing else.
  void restart(std::optional<Timestamp> alive_until) {
    auto next = std::make_unique<KeptFleet>(keeper->store.load().value());
    FleetChange kept_before;
    for (const NodeView& node : next->snapshot()->nodes()) kept_before.nodes.push_back(node.node);
    kept_before.allocations = all();
    ASSERT_TRUE(next->store.commit(kept_before));
    reconciler.reset();
    keeper = std::move(next);
    make_reconciler(alive_until);
  }

  void pod(const std::string& name, cluster::PodPhase phase = cluster::PodPhase::running) {
    cluster::Pod one;
    one.meta = {.name = name, .namespace_name = "ml", .uid = "uid-" + name, .created_at = start};
    one.meta.labels = {{"team", "vision"}};
    one.node = NodeName{"n1"};
    one.phase = phase;
    one.started_at = start;
    one.containers = {{.name = "main", .started_at = start + std::chrono::seconds(10)}};
    pods[name] = one;
  }

  void publish_cluster(cluster::KindState state = cluster::KindState::live) {
    cluster::Snapshot next;
    for (auto& kind : next.kinds) kind.state = state;
    cluster::Node node{.meta = {.name = "n1"}};
    node.meta.labels = node_labels;
    next.nodes = {std::make_shared<cluster::Node>(node)};
    for (const auto& [name, one] : pods) next.pods.push_back(std::make_shared<cluster::Pod>(one));
    view.set(std::move(next));
  }

  void has(int device, const std::string& who, std::optional<int> replica = std::nullopt) {
    held[device].push_back({.source = source, .namespace_name = "ml", .pod = who, .container = "main", .replica = replica});
  }

  void round(bool node_answers = true) {
    clock.advance(round_time);
    if (node_answers) {
      auto readings = std::make_shared<NodeReadings>();
      readings->at = clock.now();
      readings->holders_from = source_known ? std::optional(source) : std::nullopt;
      for (int d = 0; d < 4; ++d) readings->devices.push_back({.id = device_id(NodeName{"n1"}, d), .holders = held[d]});
      keeper->publish_readings(NodeName{"n1"}, readings);
    }
    reconciler->run();
  }

  std::vector<Allocation> all() { return keeper->store.list_allocations({}, "", 100)->items; }
  std::vector<Allocation> active() {
    std::vector<Allocation> found;
    for (const auto& [id, one] : keeper->snapshot()->allocations()) found.push_back(one);
    return found;
  }

  AllocationContext api() { return {*keeper, keeper->store, catalogue, prices, clock, ids, std::nullopt, reconciler.get()}; }
  Result<Allocation> ask(const std::string& who, int device) {
    Result<Allocation> heard = Error{};
    AllocationRequest request{.namespace_name = "ml", .pod_name = who, .device = device_id(NodeName{"n1"}, device)};
    allocate(api(), request, std::nullopt, [&](AllocationAnswer answer) { heard = std::move(answer.outcome); });
    return heard;
  }

  static Fleet four_gpus() {
    FleetDraft draft{Fleet()};
    std::vector<Device> devices;
    for (int d = 0; d < 4; ++d) devices.push_back(make_device("n1", d));
    REEVE_CHECK(draft.put_node(make_node("n1", devices)).ok());
    return *std::move(draft).finish();
  }

  static std::unique_ptr<KeptFleet> kept() {
    auto keeper = std::make_unique<KeptFleet>(four_gpus());
    FleetChange change;
    for (const NodeView& node : keeper->snapshot()->nodes()) change.nodes.push_back(node.node);
    REEVE_CHECK(keeper->store.commit(change).ok());
    return keeper;
  }

  FakeClock clock;
  FakeIds ids;
  const Timestamp start = clock.now() - std::chrono::hours(1);
  Catalogue catalogue = small_catalogue();
  PriceList prices = default_price_list();
  std::unique_ptr<KeptFleet> keeper = kept();
  FakeClusterView view;
  HolderSource source = HolderSource::pod_resources;
  bool source_known = true;
  cluster::Labels node_labels{};
  std::map<std::string, cluster::Pod> pods;
  std::map<int, std::vector<HolderObservation>> held;
  std::vector<holding::Conflict> told;
  std::unique_ptr<HolderReconciler> reconciler;
};

TEST_F(SeenHolders, a_pod_that_nobody_asked_for_becomes_an_observed_allocation_with_owner_price_and_start) {
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  ASSERT_EQ(active().size(), 1u);
  const Allocation seen = active()[0];
  EXPECT_EQ(seen.origin, AllocationOrigin::observed);
  EXPECT_TRUE(seen.id.text.starts_with("OBS-") && seen.id.text.size() == 12) << seen.id.text;
  EXPECT_EQ(seen.resource, "n1-GPU-00");
  EXPECT_EQ(seen.resource_type, ResourceType::full_gpu);
  EXPECT_EQ(seen.team_id, "vision");
  EXPECT_EQ(seen.container_name, "main");
  EXPECT_EQ(seen.allocated_at, start + std::chrono::seconds(10));
  EXPECT_EQ(seen.allocated_memory_gb, 80);
  EXPECT_EQ(seen.cost_per_hour, prices.whole_gpu(*catalogue.find(ModelId{"H100_80GB"})));
  EXPECT_TRUE(seen.cost_per_hour.has_value());
  EXPECT_EQ(reconciler->report()->holdings.at(0).allocation, seen.id);
  EXPECT_EQ(keeper->store.list_audit(seen.id.text, 1)->at(0).actor, "observer");
  const std::size_t commits = keeper->store.commit_count();
  round();
  EXPECT_EQ(keeper->store.commit_count(), commits);  // nothing new, nothing written
}

TEST_F(SeenHolders, what_is_seen_to_be_held_is_given_to_nobody_and_cannot_be_released_by_hand) {
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  EXPECT_EQ(ask("b", 0).error().code, Errc::exhausted);
  EXPECT_TRUE(ask("b", 1));
  Result<Allocation> heard = Error{};
  release(api(), active()[1].id, "kim", [&](Result<Allocation> outcome) { heard = std::move(outcome); });
  EXPECT_EQ(heard.error().code, Errc::conflict);
}

TEST_F(SeenHolders, what_is_seen_before_the_pods_are_listed_is_given_to_nobody_else) {
  publish_cluster(cluster::KindState::syncing);
  has(0, "a");
  round();
  EXPECT_TRUE(active().empty());
  EXPECT_EQ(ask("b", 0).error().code, Errc::exhausted);
  EXPECT_TRUE(ask("a", 0));
  EXPECT_TRUE(ask("b", 1));
}

TEST_F(SeenHolders, an_observed_allocation_ends_with_its_pod_when_the_node_went_with_it) {
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  cluster::Snapshot without_node;
  for (auto& kind : without_node.kinds) kind.state = cluster::KindState::live;
  view.set(cluster::Snapshot(without_node));
  for (int i = 0; i < 4; ++i) round(false);
  EXPECT_TRUE(active().empty());
  EXPECT_EQ(all().size(), 1u);
  const Timestamp ended = clock.now();
  for (int i = 0; i < 3; ++i) round(false);  // and its last word begins no other
  EXPECT_EQ(all().size(), 1u);
  EXPECT_EQ(all().at(0).released_at, ended);
}

TEST_F(SeenHolders, a_pod_that_was_alive_after_a_restart_is_accounted_until_it_ends) {
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  const Timestamp last_alive = clock.now();
  restart(last_alive);
  for (int i = 0; i < 5; ++i) round(false);  // its agent is gone, the pod is not
  ASSERT_EQ(active().size(), 1u);
  pods.clear();
  publish_cluster();
  round(false);
  EXPECT_TRUE(active().empty());
  EXPECT_EQ(all().at(0).released_at, clock.now());
}

TEST_F(SeenHolders, a_request_that_its_pod_confirms_gets_no_twin_and_its_end_is_no_second_bill) {
  pod("a");
  publish_cluster();
  const Allocation given = ask("a", 0).value();
  has(0, "a");
  round();
  ASSERT_EQ(active().size(), 1u);
  EXPECT_EQ(reconciler->report()->holdings.at(0).allocation, given.id);
  release(api(), given.id, "kim", [](auto) {});
  round();
  ASSERT_EQ(active().size(), 1u);
  EXPECT_EQ(active()[0].origin, AllocationOrigin::observed);
  EXPECT_EQ(active()[0].allocated_at, keeper->store.find_allocation(given.id).value()->released_at);
}

TEST_F(SeenHolders, a_pod_on_what_was_given_to_another_is_shown_beside_it_and_told_once) {
  pod("a");
  pod("b");
  publish_cluster();
  const Allocation given = ask("a", 0).value();
  has(0, "b");
  round();
  EXPECT_EQ(keeper->snapshot()->holders("n1-GPU-00").size(), 2u);
  round();
  const auto count = std::ranges::count(told, holding::ConflictKind::held_by_another, &holding::Conflict::kind);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(told.at(0).allocation, given.id);
}

TEST_F(SeenHolders, shares_cost_their_part_and_together_never_more_than_the_whole) {
  for (const char* name : {"a", "b", "c"}) pod(name);
  publish_cluster();
  const MicroUsd whole = *prices.whole_gpu(*catalogue.find(ModelId{"H100_80GB"}));
  has(0, "a", 0);
  round();
  EXPECT_EQ(active().at(0).resource_type, ResourceType::shared_gpu);
  has(0, "b", 1);
  round();
  ASSERT_EQ(active().size(), 2u);
  for (const Allocation& one : active()) EXPECT_EQ(one.cost_per_hour, MicroUsd((whole.count() + 1) / 2));
  node_labels = {{"nvidia.com/gpu.replicas", "4"}};
  publish_cluster();
  round();
  for (const Allocation& one : active()) EXPECT_EQ(one.cost_per_hour, MicroUsd((whole.count() + 2) / 4));
}

TEST_F(SeenHolders, an_observed_allocation_ends_when_its_pod_does_and_is_priced) {
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  pods["a"].meta.deleted_at = clock.now() + std::chrono::seconds(15);
  publish_cluster();
  round();
  pods.clear();
  publish_cluster();
  held.clear();
  const Timestamp seen = clock.now();
  round();
  EXPECT_TRUE(active().empty());
  const Allocation last = all().at(0);
  EXPECT_EQ(last.status, AllocationStatus::released);
  EXPECT_EQ(last.released_at, seen);  // the kubelet still named it after the deletion time
  EXPECT_EQ(last.total_cost, cost_until(last, seen));
}

TEST_F(SeenHolders, a_fresh_word_of_the_kubelet_ends_what_it_does_not_name_any_more) {
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  held.clear();
  round();
  EXPECT_TRUE(active().empty());
  EXPECT_EQ(all().at(0).released_at, clock.now());
}

TEST_F(SeenHolders, not_knowing_ends_nothing) {
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  const auto before = active();
  for (int i = 0; i < 20; ++i) round(false);  // the node is silent
  EXPECT_EQ(active(), before);
  source_known = false;  // the agent cannot ask its kubelet
  held.clear();
  for (int i = 0; i < 5; ++i) round();
  EXPECT_EQ(active(), before);
  pods.clear();
  publish_cluster(cluster::KindState::stale);  // cut off
  round();
  publish_cluster(cluster::KindState::syncing);
  round();
  EXPECT_EQ(active(), before);
}

TEST_F(SeenHolders, an_exporter_that_shows_no_pods_for_one_round_ends_nothing) {
  source = HolderSource::exporter_labels;
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  const auto evidence = std::exchange(held, {});
  round();
  EXPECT_EQ(active().size(), 1u);
  held = evidence;
  round();
  held.clear();
  for (int i = 0; i < 3; ++i) round();
  EXPECT_TRUE(active().empty());
}

TEST_F(SeenHolders, a_restart_doubles_nothing_and_ends_what_went_meanwhile_at_the_last_time_that_is_known) {
  pod("a");
  pod("b");
  publish_cluster();
  has(0, "a");
  has(1, "b");
  round();
  const auto before = active();
  const Timestamp last_alive = clock.now();
  clock.advance(std::chrono::hours(3));
  pods.erase("b");
  publish_cluster(cluster::KindState::syncing);
  restart(last_alive);
  reconciler->run();
  EXPECT_EQ(active(), before);
  publish_cluster();
  held.erase(1);
  round();
  ASSERT_EQ(active().size(), 1u);
  EXPECT_EQ(active()[0].pod_name, "a");
  EXPECT_EQ(all().size(), 2u);
  for (const Allocation& one : all()) EXPECT_EQ(one.released_at, one.pod_name == "b" ? std::optional(last_alive) : std::nullopt);
}

TEST_F(SeenHolders, a_pod_made_again_under_its_name_is_another_holder) {
  pod("a-0");
  publish_cluster();
  has(0, "a-0");
  round();
  pods["a-0"].meta.uid = "uid-second";
  pods["a-0"].meta.created_at = clock.now();
  pods["a-0"].containers[0].started_at = clock.now() + std::chrono::seconds(1);
  publish_cluster();
  round();
  ASSERT_EQ(all().size(), 2u);
  ASSERT_EQ(active().size(), 1u);
  EXPECT_EQ(active()[0].labels.at("reeve.io/pod-uid"), "uid-second");
}

TEST_F(SeenHolders, without_a_cluster_the_nodes_word_is_enough) {
  has(0, "a");
  round();
  ASSERT_EQ(active().size(), 1u);
  EXPECT_EQ(active()[0].allocated_at, clock.now());
  held.clear();
  round();
  EXPECT_TRUE(active().empty());
}

TEST_F(SeenHolders, a_store_that_is_full_is_asked_again) {
  pod("a");
  publish_cluster();
  has(0, "a");
  keeper->store.fail_with(Error{Errc::unavailable, "full"});
  round();
  EXPECT_TRUE(active().empty());
  keeper->store.fail_with(std::nullopt);
  round();
  EXPECT_EQ(active().size(), 1u);
}

TEST_F(SeenHolders, changes_of_the_cluster_are_worked_off_at_most_once_in_a_pause) {
  pod("a");
  publish_cluster();
  has(0, "a");
  round();
  pods.clear();
  publish_cluster();
  reconciler->cluster_changed();
  EXPECT_EQ(active().size(), 1u);
  clock.advance(Milliseconds(1'000));
  reconciler->cluster_changed();
  EXPECT_TRUE(active().empty());
}

}  // namespace
}  // namespace reeve
