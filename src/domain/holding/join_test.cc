#include "domain/holding/join.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "testing/fleet_builder.h"

namespace reeve::holding {
namespace {

const Timestamp noon = parse_rfc3339("2026-11-25T12:00:00Z").value();
constexpr Milliseconds round{30'000};

HolderObservation said(HolderSource source, const std::string& pod, const std::string& container = "main") {
  return {.source = source, .namespace_name = "ml", .pod = pod, .container = container, .resource_name = "nvidia.com/gpu"};
}

HolderObservation by_kubelet(const std::string& pod) { return said(HolderSource::pod_resources, pod); }
HolderObservation by_exporter(const std::string& pod) { return said(HolderSource::exporter_labels, pod, ""); }

HolderObservation share(const std::string& pod, int replica) {
  HolderObservation one = by_kubelet(pod);
  one.replica = replica;
  return one;
}

cluster::Pod make_pod(const std::string& name, const std::string& node, cluster::PodPhase phase = cluster::PodPhase::running) {
  cluster::Pod pod;
  pod.meta = {.name = name, .namespace_name = "ml", .uid = "uid-" + name, .created_at = noon - std::chrono::hours(2)};
  pod.meta.labels = {{"team", "vision"}};
  pod.node = NodeName{node};
  pod.phase = phase;
  pod.started_at = noon - std::chrono::hours(1);
  pod.containers = {{.name = "main"}};
  return pod;
}

// Nodes n1 and n2 with two GPUs each; the second of n1 is cut into two slices. Kubelets answered at noon.
struct Holdings : testing::Test {
  Holdings() {
    Device cut = make_device("n1", 1);
    cut.mig_enabled = true;
    cut.instances = {make_instance(cut, 1, "3g.40gb", 9, MiB(40448)), make_instance(cut, 7, "1g.10gb", 19, MiB(9856))};
    FleetDraft draft{Fleet()};
    EXPECT_TRUE(draft.put_node(make_node("n1", {make_device("n1", 0), cut})));
    EXPECT_TRUE(draft.put_node(make_node("n2", {make_device("n2", 0), make_device("n2", 1)})));
    fleet = *std::move(draft).finish();
    for (const cluster::Kind kind : {cluster::Kind::pods, cluster::Kind::nodes, cluster::Kind::resource_claims})
      cluster.kinds[static_cast<std::size_t>(kind)].state = cluster::KindState::live;
    for (const char* name : {"n1", "n2"}) cluster.nodes.push_back(std::make_shared<cluster::Node>(cluster::Node{.meta = {.name = name}}));
  }

  void pod(cluster::Pod one) {
    cluster.pods.push_back(std::make_shared<cluster::Pod>(std::move(one)));
    std::ranges::sort(cluster.pods, {}, [](const auto& p) { return p->meta.name; });
  }

  void told(const std::string& node, int device, std::vector<HolderObservation> holders) {
    told_[node][device] = std::move(holders);
    publish();
  }

  void publish() {
    FleetDraft draft(fleet);
    for (const char* node : {"n1", "n2"}) {
      auto readings = std::make_shared<NodeReadings>();
      readings->at = read_at;
      readings->holders_from = HolderSource::pod_resources;
      readings->unplaced_holders = unplaced;
      for (int d = 0; d < 2; ++d) readings->devices.push_back({.id = device_id(NodeName{node}, d), .holders = told_[node][d]});
      draft.put_readings(NodeName{node}, readings);
    }
    fleet = *std::move(draft).finish();
  }

  void allocate(Allocation allocation) {
    FleetDraft draft(fleet);
    ASSERT_TRUE(draft.put_allocation(std::move(allocation)));
    fleet = *std::move(draft).finish();
  }

  Allocation given(const std::string& id, const std::string& resource, const std::string& to_pod) {
    Allocation allocation = make_allocation(id, resource);
    if (resource.find("-MIG-") != std::string::npos) allocation.resource_type = ResourceType::mig_instance;
    allocation.namespace_name = "ml";
    allocation.pod_name = to_pod;
    allocation.allocated_at = noon - std::chrono::hours(1);
    return allocation;
  }

  Report now(Timestamp at = noon) { return report = join(fleet, cluster, report, at, {}); }

  std::vector<std::string> who(const Report& from) {
    std::vector<std::string> all;
    for (const Holding& one : from.holdings)
      all.push_back(one.resource + " " + one.pod + (one.replica ? "::" + std::to_string(*one.replica) : ""));
    return all;
  }

  Fleet fleet;
  cluster::Snapshot cluster;
  Report report;
  Timestamp read_at = noon;
  std::vector<HolderObservation> unplaced;
  std::map<std::string, std::map<int, std::vector<HolderObservation>>> told_;
};

using Lines = std::vector<std::string>;

TEST_F(Holdings, what_several_sources_say_of_one_container_is_one_holding) {
  pod(make_pod("a", "n1"));
  told("n1", 0, {by_exporter("a"), by_kubelet("a")});
  now();
  ASSERT_EQ(report.holdings.size(), 1u);
  const Holding& one = report.holdings[0];
  EXPECT_EQ(one.resource, "n1-GPU-00");
  EXPECT_EQ(one.container, "main");
  EXPECT_EQ(one.sources, (std::vector{HolderSource::pod_resources, HolderSource::exporter_labels}));
  EXPECT_EQ(one.team, "vision");
  EXPECT_EQ(one.since, noon - std::chrono::hours(1));
  EXPECT_FALSE(one.shared);
  EXPECT_TRUE(report.conflicts.empty());
}

TEST_F(Holdings, a_slice_is_found_by_its_gpu_instance_and_an_unknown_one_is_unplaced) {
  HolderObservation slice = by_kubelet("a"), strange = by_kubelet("b");
  slice.gpu_instance = 7;
  strange.gpu_instance = 3;
  pod(make_pod("a", "n1"));
  pod(make_pod("b", "n1"));
  told("n1", 1, {slice, strange});
  now();
  EXPECT_EQ(who(report), Lines{"n1-GPU-01-MIG-07 a"});
  ASSERT_EQ(report.unplaced.size(), 1u);
  EXPECT_NE(report.unplaced[0].why.find("GPU instance id 3"), std::string::npos) << report.unplaced[0].why;
}

TEST_F(Holdings, shares_are_no_conflict) {
  pod(make_pod("a", "n1"));
  pod(make_pod("b", "n1"));
  told("n1", 0, {share("b", 1), share("a", 0), by_exporter("a")});
  now();
  EXPECT_EQ(who(report), (Lines{"n1-GPU-00 a::0", "n1-GPU-00 b::1"}));
  EXPECT_TRUE(report.holdings[0].shared && report.holdings[1].shared);
  EXPECT_TRUE(report.conflicts.empty() && report.suspected.empty());
}

TEST_F(Holdings, of_two_pods_the_heavier_source_is_believed_and_a_lasting_difference_is_told) {
  pod(make_pod("a", "n1"));
  pod(make_pod("b", "n1"));
  told("n1", 0, {by_exporter("a"), by_kubelet("b")});
  now();
  EXPECT_EQ(who(report), Lines{"n1-GPU-00 b"});
  EXPECT_TRUE(report.conflicts.empty());
  now(noon + 2 * round);
  ASSERT_EQ(report.conflicts.size(), 1u);
  EXPECT_EQ(report.conflicts[0].kind, ConflictKind::sources_disagree);
  EXPECT_EQ(report.conflicts[0].since, noon);
  EXPECT_EQ(report.conflicts[0].evidence.size(), 2u);
}

TEST_F(Holdings, a_pod_that_is_over_or_gone_holds_nothing) {
  pod(make_pod("done", "n1", cluster::PodPhase::succeeded));
  pod(make_pod("moved", "n1"));
  told("n1", 0, {by_kubelet("done")});
  told("n2", 0, {by_kubelet("missing")});
  told("n2", 1, {by_kubelet("moved")});
  now();
  EXPECT_TRUE(report.holdings.empty());
  EXPECT_TRUE(report.conflicts.empty());
  now(noon + 2 * round);
  ASSERT_EQ(report.conflicts.size(), 3u);
  EXPECT_EQ(report.conflicts[0].kind, ConflictKind::pod_gone);
}

TEST_F(Holdings, a_pod_list_that_is_cut_off_or_of_another_cluster_proves_nothing) {
  told("n1", 0, {by_kubelet("a")});
  cluster.kinds[static_cast<std::size_t>(cluster::Kind::pods)].state = cluster::KindState::stale;
  EXPECT_EQ(who(now()), Lines{"n1-GPU-00 a"});
  cluster.kinds[static_cast<std::size_t>(cluster::Kind::pods)].state = cluster::KindState::live;
  EXPECT_TRUE(now().holdings.empty());
  cluster.nodes.clear();
  EXPECT_EQ(who(now()), Lines{"n1-GPU-00 a"});
}

TEST_F(Holdings, what_was_said_of_an_earlier_pod_of_that_name_is_not_of_the_new_one) {
  cluster::Pod again = make_pod("a-0", "n1");
  again.meta.created_at = noon + std::chrono::seconds(5);
  pod(again);
  told("n1", 0, {by_kubelet("a-0")});
  EXPECT_TRUE(now(noon + std::chrono::seconds(6)).holdings.empty());
}

TEST_F(Holdings, a_claim_of_a_dra_driver_gives_its_pods_the_device) {
  auto slice = std::make_shared<cluster::ResourceSlice>();
  slice->driver = "gpu.nvidia.com";
  slice->pool = "n1";
  slice->devices = {{.name = "gpu-0", .attributes = {{"uuid", "GPU-n1-0"}}},
                    {.name = "mig", .attributes = {{"parentUUID", "GPU-n1-1"}, {"profile", "1g.10gb"}}}};
  cluster.slices = {slice};
  cluster::Pod a = make_pod("a", "n1");
  a.containers[0].claims = {"gpu"};
  a.claims = {{.name = "gpu", .resource_claim = "a-gpu"}};
  pod(a);
  pod(make_pod("b", "n1"));
  const auto claim = [&](const std::string& name, const std::string& device, const std::string& reserved) {
    cluster::ResourceClaim one{.meta = {.name = name, .namespace_name = "ml"}, .reserved_for = {reserved}};
    one.devices = {{.request = "gpu", .driver = "gpu.nvidia.com", .pool = "n1", .device = device},
                   {.request = "nic", .driver = "dra.net", .pool = "n1", .device = "eth1"}};
    cluster.claims.push_back(std::make_shared<cluster::ResourceClaim>(one));
  };
  claim("a-gpu", "gpu-0", "a");
  claim("b-gpu", "mig", "b");
  claim("c-gpu", "gpu-9", "b");
  HolderObservation kubelet = by_kubelet("a");
  kubelet.device_id = "gpu.nvidia.com/n1/gpu-0";
  unplaced = {kubelet};
  publish();
  now();
  EXPECT_EQ(who(report), (Lines{"n1-GPU-00 a", "n1-GPU-01-MIG-07 b"}));
  EXPECT_EQ(report.holdings[0].sources, (std::vector{HolderSource::pod_resources, HolderSource::resource_claim}));
  ASSERT_EQ(report.unplaced.size(), 1u);
  EXPECT_EQ(report.unplaced[0].evidence.device_id, "gpu.nvidia.com/n1/gpu-9");
}

TEST_F(Holdings, an_allocation_is_confirmed_by_its_own_pod) {
  pod(make_pod("a", "n1"));
  allocate(given("ALLOC-1", "n1-GPU-00", "a"));
  told("n1", 0, {by_kubelet("a")});
  now();
  EXPECT_EQ(report.holdings.at(0).allocation, AllocationId{"ALLOC-1"});
  EXPECT_TRUE(report.conflicts.empty());
}

TEST_F(Holdings, another_pod_on_what_was_given_is_a_conflict_on_slices_too) {
  pod(make_pod("a", "n1"));
  pod(make_pod("b", "n1"));
  allocate(given("ALLOC-1", "n1-GPU-00", "a"));
  allocate(given("ALLOC-2", "n1-GPU-01", "a"));
  told("n1", 0, {by_kubelet("b")});
  HolderObservation slice = by_kubelet("b");
  slice.gpu_instance = 1;
  told("n1", 1, {slice});
  now();
  Lines held;
  for (const Conflict& one : report.conflicts)
    if (one.kind == ConflictKind::held_by_another) held.push_back(one.resource + " " + one.allocation->text);
  EXPECT_EQ(held, (Lines{"n1-GPU-00 ALLOC-1", "n1-GPU-01-MIG-01 ALLOC-2"}));
}

TEST_F(Holdings, an_allocation_that_is_not_used_is_told_after_two_rounds_and_only_by_a_fresh_kubelet) {
  cluster::Pod a = make_pod("a", "n1");
  a.started_at = noon - round;
  pod(a);
  allocate(given("ALLOC-1", "n1-GPU-00", "a"));
  publish();
  EXPECT_TRUE(now().conflicts.empty());  // it has just begun
  read_at = noon + round;
  publish();
  now(noon + round);
  ASSERT_EQ(report.conflicts.size(), 1u);
  EXPECT_EQ(report.conflicts[0].kind, ConflictKind::not_seen);
  EXPECT_EQ(report.conflicts[0].node.text, "n1");
  EXPECT_TRUE(now(noon + 10 * round).conflicts.empty());  // silent since: it proves nothing now
}

// Any evidence in any order: what must always hold.
TEST_F(Holdings, whatever_is_said_nothing_is_held_twice_and_the_order_does_not_matter) {
  std::mt19937 random(7);
  const auto pick = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  const Lines names{"a", "b", "c", "gone", "done"};
  for (const char* name : {"a", "b", "c"}) pod(make_pod(name, "n1"));
  pod(make_pod("done", "n1", cluster::PodPhase::failed));
  allocate(given("ALLOC-1", "n1-GPU-00", "a"));
  for (int i = 0; i < 1'000; ++i) {
    std::map<int, std::vector<HolderObservation>> evidence;
    for (int n = pick(6); n >= 0; --n) {
      const int device = pick(2);
      HolderObservation one = said(static_cast<HolderSource>(pick(3)), names[static_cast<std::size_t>(pick(5))], pick(2) ? "main" : "");
      if (device == 1) one.gpu_instance = std::array{1, 7, 9}[static_cast<std::size_t>(pick(3))];
      if (pick(4) == 0) one.replica = pick(3);
      evidence[device].push_back(one);
    }
    for (const int d : {0, 1}) told("n1", d, evidence[d]);
    const Report first = join(fleet, cluster, {}, noon, {});
    for (const int d : {0, 1}) {
      std::ranges::shuffle(evidence[d], random);
      told("n1", d, evidence[d]);
    }
    ASSERT_EQ(join(fleet, cluster, {}, noon, {}), first) << i;
    std::set<std::string> unshared;
    for (const Holding& one : first.holdings) {
      EXPECT_TRUE(fleet.find_device(DeviceId{one.resource}) || fleet.find_instance(InstanceId{one.resource}));
      EXPECT_TRUE(one.pod != "gone" && one.pod != "done");
      EXPECT_TRUE(one.shared || unshared.insert(one.resource).second) << one.resource;
      EXPECT_TRUE(std::ranges::is_sorted(one.sources));
    }
  }
}

}  // namespace
}  // namespace reeve::holding
