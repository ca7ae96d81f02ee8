#include "adapters/kube/cluster_watch.h"

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/fake_kube_api.h"

namespace reeve::kube {
namespace {

using namespace std::chrono_literals;
using cluster::Kind;
using cluster::KindState;
using cluster::Snapshot;

constexpr const char* pods = "/api/v1/pods";
constexpr const char* nodes = "/api/v1/nodes";
constexpr const char* node_metrics = "/apis/metrics.k8s.io/v1beta1/nodes";

ClusterWatchOptions fast(std::vector<Kind> kinds = {Kind::pods}) {
  ClusterWatchOptions options;
  options.kinds = std::move(kinds);
  options.poll_interval = 5ms;
  options.publish_quiet = 1ms;
  options.publish_interval = 2ms;
  options.reflector.page_size = 10;
  options.reflector.watch_timeout = 60s;
  options.reflector.watch_short = 1ms;
  options.reflector.retry_min = 1ms;
  options.reflector.retry_max = 20ms;
  options.reflector.slow_retry = 20ms;
  return options;
}

class KubeWatch : public testing::Test {
 protected:
  void start(ClusterWatchOptions options = fast()) {
    view_ = make_cluster_view({[this] { return api_.connect(); }, []() -> Result<http::Headers> { return http::Headers{}; }}, clock_,
                              std::move(options), [] { return 0.5; });
  }

  // The time limit is only for a broken build.
  bool comes_true(const std::function<bool(const Snapshot&)>& state) {
    for (int i = 0; i < 10'000; ++i) {
      if (state(*view_->snapshot())) return true;
      std::this_thread::sleep_for(2ms);
    }
    return false;
  }
  bool is(Kind kind, KindState state) {
    return comes_true([&](const Snapshot& s) { return s.status(kind).state == state; });
  }
  bool has_pods(std::size_t count) {
    return comes_true([&](const Snapshot& s) { return s.pods.size() == count && s.status(Kind::pods).state == KindState::live; });
  }
  cluster::KindStatus status(Kind kind = Kind::pods) { return view_->snapshot()->status(kind); }

  FakeKubeApi api_;
  FakeClock clock_;
  std::unique_ptr<ClusterView> view_;
};

TEST_F(KubeWatch, a_list_is_read_page_by_page_and_then_watched) {
  for (int i = 0; i < 25; ++i) api_.put(pods, "ns", fmt::format("p{:02}", i));
  start();
  ASSERT_TRUE(has_pods(25));
  EXPECT_EQ(api_.count_requests("limit=10"), 3);
  EXPECT_EQ(api_.count_requests("continue="), 2);
  ASSERT_TRUE(api_.is_watched(pods));
  EXPECT_EQ(status().lists, 1U);
  EXPECT_EQ(status().synced_at, clock_.now());
  api_.put(pods, "ns", "p99", R"("spec":{"nodeName":"n1"})");
  ASSERT_TRUE(has_pods(26));
  EXPECT_EQ(view_->snapshot()->pods_of_node.at(NodeName{"n1"}), std::vector<std::uint32_t>{25});
  api_.remove(pods, "ns", "p00");
  ASSERT_TRUE(has_pods(25));
  EXPECT_EQ(view_->snapshot()->pods_of_node.at(NodeName{"n1"}), std::vector<std::uint32_t>{24});
  EXPECT_EQ(status().events, 2U);
  EXPECT_EQ(status(Kind::nodes).state, KindState::off);
}

TEST_F(KubeWatch, pods_are_in_order_of_namespace_and_name_with_every_legal_character) {
  for (const auto* space : {"a", "a-b", "a0"})
    for (const auto* name : {"x.y-1", "x-y", "0", "x.y"}) api_.put(pods, space, name);
  start();
  ASSERT_TRUE(has_pods(12));
  api_.put(pods, "a-a", "z");
  ASSERT_TRUE(has_pods(13));
  const auto snapshot = view_->snapshot();
  for (const auto& pod : snapshot->pods) EXPECT_EQ(snapshot->find_pod(pod->meta.namespace_name, pod->meta.name), pod.get());
  EXPECT_EQ(snapshot->pods_in("a-b").size(), 4U);
}

TEST_F(KubeWatch, after_a_cut_the_watch_goes_on_from_the_last_version) {
  api_.put(pods, "ns", "a");
  start();
  ASSERT_TRUE(has_pods(1));
  ASSERT_TRUE(api_.is_watched(pods));
  api_.cut_watches(true);
  api_.put(pods, "ns", "b");
  ASSERT_TRUE(has_pods(2));
  EXPECT_EQ(status().lists, 1U);
  // A bookmark moves the version on without an object.
  ASSERT_TRUE(api_.is_watched(pods));
  api_.bookmark(pods);
  ASSERT_TRUE(comes_true([&](const Snapshot& s) { return s.status(Kind::pods).resource_version == "103"; }));
  api_.cut_watches();
  ASSERT_TRUE(api_.is_watched(pods));
  EXPECT_EQ(api_.count_requests("resourceVersion=103"), 1);
  EXPECT_EQ(api_.count_requests("limit="), 1);
}

TEST_F(KubeWatch, a_version_that_expired_leads_to_a_fresh_list_that_sees_deletions) {
  for (const bool as_event : {false, true}) {
    api_.put(pods, "ns", "stays");
    api_.put(pods, "ns", "goes");
    start();
    ASSERT_TRUE(has_pods(2));
    ASSERT_TRUE(api_.is_watched(pods));
    api_.set_up(false);
    ASSERT_TRUE(is(Kind::pods, KindState::stale));
    EXPECT_NE(status().error.find("cannot watch pods: connection refused"), std::string::npos) << status().error;
    EXPECT_EQ(view_->snapshot()->pods.size(), 2U);
    api_.remove(pods, "ns", "goes");
    api_.compact(as_event);
    api_.set_up(true);
    ASSERT_TRUE(has_pods(1));
    EXPECT_EQ(status().lists, 2U);
    EXPECT_EQ(status().error, "");
  }
}

TEST_F(KubeWatch, a_token_that_expired_starts_the_list_anew_and_at_last_without_pages) {
  for (int i = 0; i < 25; ++i) api_.put(pods, "ns", fmt::format("p{:02}", i));
  api_.expire_continues(1'000);
  start();
  ASSERT_TRUE(has_pods(25));
  EXPECT_EQ(api_.count_requests("continue="), 2);
  EXPECT_EQ(status().lists, 1U);
}

TEST_F(KubeWatch, a_server_that_has_not_come_so_far_is_listed_anew) {
  api_.put(pods, "ns", "a");
  start();
  ASSERT_TRUE(has_pods(1));
  ASSERT_TRUE(api_.is_watched(pods));
  api_.set_version(50);  // restored from a backup
  api_.cut_watches();
  ASSERT_TRUE(comes_true([](const Snapshot& s) { return s.status(Kind::pods).lists == 2; }));
  ASSERT_TRUE(api_.is_watched(pods));
  api_.put(pods, "ns", "b");
  EXPECT_TRUE(has_pods(2));
}

TEST_F(KubeWatch, what_is_forbidden_is_said_with_the_missing_right_and_tried_again) {
  api_.put(pods, "ns", "a");
  api_.refuse(pods, "list", {403, R"({"kind":"Status","message":"pods is forbidden: User \"x\" cannot list","code":403})"});
  start();
  ASSERT_TRUE(is(Kind::pods, KindState::forbidden));
  EXPECT_EQ(status().error,
            "cannot list pods: the API server answers 403: pods is forbidden: User \"x\" cannot list (grant the verb 'list' on 'pods')");
  api_.allow(pods);
  ASSERT_TRUE(has_pods(1));
  api_.refuse(pods, "watch", {403, ""});
  api_.cut_watches();
  ASSERT_TRUE(is(Kind::pods, KindState::forbidden));
  EXPECT_NE(status().error.find("(grant the verb 'watch' on 'pods')"), std::string::npos);
}

TEST_F(KubeWatch, an_api_that_is_not_there_is_unavailable_until_it_is_installed) {
  api_.refuse("/apis/resource.k8s.io/v1/resourceclaims", "list", {404, "404 page not found"});
  start(fast({Kind::resource_claims}));
  ASSERT_TRUE(is(Kind::resource_claims, KindState::unavailable));
  api_.put("/apis/resource.k8s.io/v1/resourceclaims", "ns", "c");
  api_.allow("/apis/resource.k8s.io/v1/resourceclaims");
  EXPECT_TRUE(comes_true([](const Snapshot& s) { return s.claims.size() == 1; }));
}

TEST_F(KubeWatch, strange_events_do_no_harm) {
  api_.put(pods, "ns", "a");
  start();
  ASSERT_TRUE(has_pods(1));
  ASSERT_TRUE(api_.is_watched(pods));
  const std::string again = R"({"type":"ADDED","object":{"metadata":{"name":"b","namespace":"ns","resourceVersion":"3"}}})"
                            "\n";
  api_.send_raw(pods, again + again + "\r\n\n");
  api_.send_raw(pods, R"({"type":"DANCED","object":{"metadata":{"name":"c","namespace":"ns"}}})"
                      "\n"
                      R"({"type":"ADDED","object":{"kind":"Node","metadata":{"name":"n"}}})"
                      "\n"
                      R"({"type":"DELETED","object":{"metadata":{"name":"nobody","namespace":"ns"}}})"
                      "\n");
  ASSERT_TRUE(has_pods(2));
  ASSERT_TRUE(comes_true([](const Snapshot& s) { return s.status(Kind::pods).events == 4; }));
  EXPECT_NE(status().error.find("an event of the watch on pods is left out"), std::string::npos);
  // An event that is older than what we have counts all the same: the watch's order is the truth.
  api_.send_raw(
      pods, R"({"type":"MODIFIED","object":{"metadata":{"name":"a","namespace":"ns","resourceVersion":"1"},"status":{"phase":"Failed"}}})"
            "\n");
  EXPECT_TRUE(comes_true([](const Snapshot& s) { return s.pods[0]->phase == cluster::PodPhase::failed; }));
}

TEST_F(KubeWatch, text_that_is_no_json_leads_to_a_fresh_list) {
  api_.put(pods, "ns", "a");
  start();
  ASSERT_TRUE(has_pods(1));
  ASSERT_TRUE(api_.is_watched(pods));
  api_.send_raw(pods, "<html>\n");
  ASSERT_TRUE(comes_true([](const Snapshot& s) { return s.status(Kind::pods).lists == 2; }));
  EXPECT_TRUE(has_pods(1));
}

TEST_F(KubeWatch, one_object_that_cannot_be_read_does_not_hide_the_others) {
  api_.put(pods, "ns", "a");
  api_.put(pods, "", "without-namespace");
  start();
  ASSERT_TRUE(has_pods(1));
  EXPECT_NE(status().error.find("1 of the pods listed are left out"), std::string::npos) << status().error;
}

TEST_F(KubeWatch, a_silent_server_is_left_and_asked_again) {
  auto options = fast();
  options.reflector.watch_silence = 20ms;
  options.reflector.list_idle = 20ms;
  api_.set_silent(true);
  api_.put(pods, "ns", "a");
  start(std::move(options));
  ASSERT_TRUE(comes_true([](const Snapshot& s) { return s.status(Kind::pods).error.find("nothing came") != std::string::npos; }));
  EXPECT_EQ(status().state, KindState::syncing);
  api_.set_silent(false);
  ASSERT_TRUE(has_pods(1));
  // And a watch without a word is begun again from where it was.
  const int watches = api_.count_requests("watch=1");
  EXPECT_TRUE(comes_true([&](const Snapshot&) { return api_.count_requests("watch=1") > watches + 3; }));
  EXPECT_EQ(status().lists, 1U);
}

TEST_F(KubeWatch, usage_is_polled_and_unknown_while_it_cannot_be) {
  api_.put(node_metrics, "", "n1", R"("usage":{"cpu":"250m","memory":"1Gi"})");
  api_.put(node_metrics, "", "broken", R"("usage":{})");
  start(fast({Kind::node_metrics, Kind::pod_metrics}));
  ASSERT_TRUE(comes_true([](const Snapshot& s) { return s.node_usage && s.pod_usage; }));
  EXPECT_EQ(view_->snapshot()->node_usage->size(), 1U);
  EXPECT_EQ(view_->snapshot()->node_usage->at(NodeName{"n1"}).cpu, cluster::Quantity::of_milli(250));
  api_.refuse(node_metrics, "list", {503, ""});
  ASSERT_TRUE(is(Kind::node_metrics, KindState::stale));
  EXPECT_EQ(view_->snapshot()->node_usage, nullptr);
  api_.refuse(node_metrics, "list", {404, ""});
  ASSERT_TRUE(is(Kind::node_metrics, KindState::unavailable));
  api_.allow(node_metrics);
  EXPECT_TRUE(is(Kind::node_metrics, KindState::live));
}

TEST_F(KubeWatch, changes_that_come_together_share_a_snapshot_and_versions_ascend) {
  auto options = fast();
  options.publish_interval = 100ms;
  start(std::move(options));
  std::atomic<int> heard = 0;
  std::atomic<std::uint64_t> newest = 0;
  std::atomic<bool> ascending = true;
  auto handle = view_->subscribe([&](const std::shared_ptr<const Snapshot>& snapshot) {
    if (snapshot->version <= newest.exchange(snapshot->version)) ascending = false;
    ++heard;
  });
  ASSERT_TRUE(has_pods(0));
  ASSERT_TRUE(api_.is_watched(pods));
  const int before = heard;
  for (int i = 0; i < 500; ++i) api_.put(pods, "ns", fmt::format("p{}", i));
  ASSERT_TRUE(has_pods(500));
  EXPECT_LT(heard - before, 50);
  EXPECT_TRUE(ascending);
  handle.reset();
  const int at_the_end = heard;
  api_.put(pods, "ns", "last");
  ASSERT_TRUE(has_pods(501));
  EXPECT_EQ(heard, at_the_end);
}

TEST_F(KubeWatch, what_did_not_change_in_a_new_list_stays_the_same_object) {
  api_.put(pods, "ns", "a");
  start();
  ASSERT_TRUE(has_pods(1));
  ASSERT_TRUE(api_.is_watched(pods));
  const auto before = view_->snapshot()->pods[0];
  api_.compact(false);
  api_.cut_watches();
  ASSERT_TRUE(comes_true([](const Snapshot& s) { return s.status(Kind::pods).lists == 2; }));
  EXPECT_EQ(view_->snapshot()->pods[0], before);
}

TEST_F(KubeWatch, it_ends_at_any_moment) {
  for (int i = 0; i < 200; ++i) api_.put(pods, "ns", fmt::format("p{}", i));
  api_.put(nodes, "", "n1");
  for (int round = 0; round < 40; ++round) {
    api_.set_up(round % 4 != 1);
    api_.set_silent(round % 4 == 2);
    start(fast({Kind::pods, Kind::nodes, Kind::namespaces, Kind::node_metrics}));
    std::this_thread::sleep_for(std::chrono::microseconds(round * 137));
    if (round % 4 == 3) api_.cut_watches(true);
    view_.reset();
  }
  SUCCEED();
}

TEST(NoCluster, every_kind_is_off) {
  const auto view = make_no_cluster_view();
  for (const auto& kind : view->snapshot()->kinds) EXPECT_EQ(kind.state, KindState::off);
  EXPECT_NE(view->subscribe([](const auto&) {}), nullptr);
}

}  // namespace
}  // namespace reeve::kube
