#include "usecases/record_cluster_usage.h"

#include <gtest/gtest.h>

#include <map>

#include "domain/metrics/resource_key.h"
#include "testing/memory_metric_store.h"

namespace reeve {
namespace {

using cluster::Kind;
using cluster::KindState;
using cluster::Quantity;

constexpr std::int64_t mib = 1024 * 1024;
constexpr std::int64_t gib = 1024 * mib;

class ClusterUsage : public ::testing::Test {
 protected:
  ClusterUsage() {
    for (const Kind kind : {Kind::nodes, Kind::pods, Kind::namespaces}) set(kind, KindState::live);
    add_node("n1");
    add_node("n2");
    auto ns = std::make_shared<cluster::Namespace>();
    ns->meta.name = "empty";
    snapshot_.namespaces.push_back(ns);
    add_pod("ml", "llama", "n1", 2, {{"cpu", Quantity::of(4)}, {"memory", Quantity::of(8 * gib)}});
    add_pod("ml", "qwen", "n1", 1, {{"cpu", Quantity::of(8)}});
    add_pod("ops", "job", "", 4, {});
    auto done = std::make_shared<cluster::Pod>(*add_pod("ops", "old", "n2", 1, {}));
    done->phase = cluster::PodPhase::succeeded;
    snapshot_.pods.back() = done;
  }

  void set(Kind kind, KindState state) { snapshot_.kinds[static_cast<std::size_t>(kind)].state = state; }
  void add_node(const std::string& name) {
    auto node = std::make_shared<cluster::Node>();
    node->meta.name = name;
    node->allocatable = {{"cpu", Quantity::of(16)}, {"memory", Quantity::of(64 * gib)}};
    snapshot_.nodes.push_back(node);
  }
  cluster::PodPtr add_pod(const std::string& ns, const std::string& name, const std::string& node, int gpus, cluster::ResourceList limits) {
    auto pod = std::make_shared<cluster::Pod>();
    pod->meta.name = name;
    pod->meta.namespace_name = ns;
    pod->node.text = node;
    pod->phase = node.empty() ? cluster::PodPhase::pending : cluster::PodPhase::running;
    limits.emplace_back("nvidia.com/gpu", Quantity::of(gpus));
    pod->containers.push_back({.name = "c", .requests = {{"nvidia.com/gpu", Quantity::of(gpus)}}, .limits = limits});
    snapshot_.pods.push_back(pod);
    return pod;
  }
  void measure() {
    cluster::UsageByPod pods;
    pods["ml/llama"] = {.cpu = Quantity::of(1), .memory = Quantity::of(2 * gib)};
    pods["ml/qwen"] = {.cpu = Quantity::of(2), .memory = Quantity::of(gib)};
    snapshot_.pod_usage = std::make_shared<const cluster::UsageByPod>(pods);
    cluster::UsageByNode nodes;
    nodes[NodeName{"n1"}] = {.cpu = Quantity::of(8), .memory = Quantity::of(16 * gib)};
    snapshot_.node_usage = std::make_shared<const cluster::UsageByNode>(nodes);
  }
  std::map<std::string, MetricValues> samples() const {
    std::map<std::string, MetricValues> found;
    for (const Sample& sample : cluster_usage_samples(snapshot_, servers_, Timestamp())) found[sample.resource] = sample.values;
    return found;
  }

  cluster::Snapshot snapshot_;
  ServingView::Servers servers_{{.namespace_name = "ml", .pod = "llama", .identity = {.engine = serving::Engine::vllm}},
                                {.namespace_name = "ml", .pod = "qwen", .identity = {.engine = serving::Engine::sglang}}};
};

TEST_F(ClusterUsage, nodes_are_measured_against_what_they_can_allocate) {
  measure();
  const auto found = samples();
  const MetricValues& n1 = found.at(resource_key::kube_node("n1"));
  EXPECT_EQ(n1.get(Metric::cpu_usage_cores), 8);
  EXPECT_EQ(n1.get(Metric::cpu_usage), 50);
  EXPECT_EQ(n1.get(Metric::working_set), 16 * 1024);
  EXPECT_EQ(n1.get(Metric::working_set_usage), 25);
  EXPECT_EQ(n1.get(Metric::running_pods), 2);
  EXPECT_EQ(n1.get(Metric::requested_gpus), 3);
  const MetricValues& n2 = found.at(resource_key::kube_node("n2"));
  EXPECT_EQ(n2.get(Metric::running_pods), 0);
  EXPECT_EQ(n2.get(Metric::requested_gpus), 0) << "what is over asks for nothing";
  EXPECT_FALSE(n2.has(Metric::cpu_usage_cores)) << "not measured";
}

TEST_F(ClusterUsage, namespaces_sum_their_pods_and_average_those_with_limits) {
  measure();
  const auto found = samples();
  const MetricValues& ml = found.at(resource_key::kube_namespace("ml"));
  EXPECT_EQ(ml.get(Metric::cpu_usage_cores), 3);
  EXPECT_EQ(ml.get(Metric::cpu_usage), 25);
  EXPECT_EQ(ml.get(Metric::working_set), 3 * 1024);
  EXPECT_EQ(ml.get(Metric::working_set_usage), 25) << "of the one that has a limit";
  EXPECT_EQ(ml.get(Metric::requested_gpus), 3);
  const MetricValues& ops = found.at(resource_key::kube_namespace("ops"));
  EXPECT_EQ(ops.get(Metric::running_pods), 0);
  EXPECT_EQ(ops.get(Metric::requested_gpus), 0) << "not scheduled yet";
  EXPECT_FALSE(ops.has(Metric::cpu_usage_cores));
  EXPECT_EQ(found.at(resource_key::kube_namespace("empty")).get(Metric::running_pods), 0);
}

TEST_F(ClusterUsage, engines_and_the_rest_are_told_apart) {
  measure();
  const auto found = samples();
  EXPECT_EQ(found.at(resource_key::engine("vllm")).get(Metric::cpu_usage), 25);
  EXPECT_EQ(found.at(resource_key::engine("vllm")).get(Metric::working_set_usage), 25);
  EXPECT_EQ(found.at(resource_key::engine("sglang")).get(Metric::cpu_usage_cores), 2);
  EXPECT_EQ(found.at(resource_key::engine("sglang")).get(Metric::working_set_usage), std::nullopt);
  EXPECT_EQ(found.at(resource_key::engine("unknown")).get(Metric::running_pods), 0);
}

TEST_F(ClusterUsage, the_cluster_is_its_nodes_together) {
  measure();
  const auto found = samples();
  const MetricValues& all = found.at(std::string(resource_key::cluster));
  EXPECT_EQ(all.get(Metric::cpu_usage_cores), 8);
  EXPECT_EQ(all.get(Metric::cpu_usage), 50) << "of the nodes that were measured";
  EXPECT_EQ(all.get(Metric::running_pods), 2);
  EXPECT_EQ(all.get(Metric::requested_gpus), 3);
}

TEST_F(ClusterUsage, what_was_not_measured_is_absent_and_never_zero) {
  for (const auto& [resource, values] : samples()) {
    EXPECT_TRUE(values.has(Metric::running_pods)) << resource;
    for (const Metric metric : {Metric::cpu_usage_cores, Metric::cpu_usage, Metric::working_set, Metric::working_set_usage})
      EXPECT_FALSE(values.has(metric)) << resource;
  }
}

TEST_F(ClusterUsage, what_is_not_watched_now_is_not_told) {
  measure();
  set(Kind::pods, KindState::stale);
  const auto without_pods = samples();
  EXPECT_EQ(without_pods.size(), 2u) << "one node and the cluster";
  EXPECT_FALSE(without_pods.at(std::string(resource_key::cluster)).has(Metric::running_pods));
  set(Kind::nodes, KindState::forbidden);
  EXPECT_TRUE(samples().empty());
  EXPECT_TRUE(cluster_usage_samples({}, {}, Timestamp()).empty()) << "no cluster";
}

TEST_F(ClusterUsage, it_is_appended_at_a_whole_second) {
  measure();
  MemoryMetricStore store;
  const Timestamp now(Milliseconds(1'000'700));
  EXPECT_EQ(record_cluster_usage(snapshot_, servers_, store, now).value(), samples().size());
  const auto series = store.query({.resources = {std::string(resource_key::cluster)},
                                   .metrics = {Metric::cpu_usage},
                                   .from = Timestamp(Milliseconds(1'000'000)),
                                   .to = Timestamp(Milliseconds(1'000'001)),
                                   .step = Milliseconds(1)});
  EXPECT_EQ(series.value().size(), 1u);
  store.fail_with(Error{Errc::unavailable, "no"});
  EXPECT_FALSE(record_cluster_usage(snapshot_, servers_, store, now));
  EXPECT_EQ(record_cluster_usage({}, {}, store, now).value(), 0u);
}

}  // namespace
}  // namespace reeve
