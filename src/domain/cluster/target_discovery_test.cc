#include "domain/cluster/target_discovery.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace reeve::cluster {
namespace {

struct PodText {
  std::string name = "exporter";
  std::string node = "n1";
  Labels labels{};
  Labels annotations{};
  std::vector<ContainerPort> ports{};
  std::string ip = "10.0.0.7";
  PodPhase phase = PodPhase::running;
  bool ready = true;
};

PodPtr pod(PodText text) {
  auto made = std::make_shared<Pod>();
  made->meta.namespace_name = "gpu";
  made->meta.name = text.name;
  made->meta.labels = text.labels;
  made->meta.annotations = text.annotations;
  std::sort(made->meta.annotations.begin(), made->meta.annotations.end());
  made->node = NodeName{text.node};
  made->phase = text.phase;
  made->ip = text.ip;
  made->ready = text.ready;
  made->containers.resize(1);
  made->containers[0].ports = text.ports;
  return made;
}

DiscoveredTargets discover(std::vector<PodPtr> pods) {
  Snapshot snapshot;
  snapshot.pods = std::move(pods);
  return discover_targets(snapshot);
}

const Labels dcgm{{"app.kubernetes.io/name", "dcgm-exporter"}};
const Labels agent{{"app.kubernetes.io/component", "agent"}, {"app.kubernetes.io/name", "reeve"}};

std::string only_url(const DiscoveredTargets& found) {
  EXPECT_EQ(found.targets.size(), 1U);
  return found.targets.empty() ? "" : found.targets[0].url;
}

TEST(TargetDiscovery, exporters_are_known_by_their_well_known_labels) {
  const auto kind_of = [](const Labels& labels, std::vector<ContainerPort> ports = {}) {
    const auto found = discover({pod({.labels = labels, .ports = std::move(ports)})});
    return found.targets.empty() ? "none" : std::string(to_text(found.targets[0].kind)) + found.targets[0].url.substr(15);
  };
  EXPECT_EQ(kind_of(agent), "reeve-agent:9400");
  EXPECT_EQ(kind_of(dcgm), "dcgm-exporter:9400");
  EXPECT_EQ(kind_of({{"app", "nvidia-dcgm-exporter"}}), "dcgm-exporter:9400");
  EXPECT_EQ(kind_of({{"app", "rel-amdgpu-metrics-exporter"}}), "amd-device-metrics-exporter:5000");
  EXPECT_EQ(kind_of({{"app.kubernetes.io/name", "metrics-exporter"}}, {{"exporter-port", 5005}}), "amd-device-metrics-exporter:5005");
  EXPECT_EQ(kind_of({{"app.kubernetes.io/name", "xpumd"}}, {{"http", 8080}}), "intel-xpumd:8080");
  EXPECT_EQ(kind_of({{"app.kubernetes.io/name", "habana-metric-exporter-ds"}}), "gaudi-exporter:41611");
  EXPECT_EQ(kind_of({{"app.kubernetes.io/name", "metrics-exporter"}}, {{"metrics", 5000}}), "none");
  EXPECT_EQ(kind_of({{"app.kubernetes.io/name", "reeve"}}), "none");  // the control plane
  EXPECT_EQ(kind_of({{"app", "web"}}), "none");
}

TEST(TargetDiscovery, a_named_port_comes_before_the_usual_one_and_an_annotation_before_both) {
  EXPECT_EQ(only_url(discover({pod({.labels = dcgm, .ports = {{"health", 1}, {"metrics", 9500}}})})), "http://10.0.0.7:9500");
  EXPECT_EQ(only_url(discover({pod({.labels = dcgm, .ports = {{"other", 9500}}})})), "http://10.0.0.7:9400");
  EXPECT_EQ(only_url(discover({pod({.labels = dcgm,
                                    .annotations = {{"prometheus.io/port", "9999"}, {"prometheus.io/path", "gpu/metrics"}},
                                    .ports = {{"metrics", 9500}}})})),
            "http://10.0.0.7:9999/gpu");
  EXPECT_EQ(only_url(discover({pod({.labels = dcgm, .annotations = {{"prometheus.io/scheme", "https"}}, .ip = "fd00::7"})})),
            "https://[fd00::7]:9400");
}

TEST(TargetDiscovery, what_cannot_be_used_is_said_and_not_guessed) {
  const auto port = discover({pod({.labels = dcgm, .annotations = {{"prometheus.io/port", "http"}}})});
  EXPECT_TRUE(port.targets.empty());
  ASSERT_EQ(port.problems.size(), 1U);
  EXPECT_EQ(port.problems[0], "cannot scrape pod gpu/exporter: its annotation prometheus.io/port is 'http'");
  EXPECT_EQ(discover({pod({.labels = dcgm, .annotations = {{"prometheus.io/path", "/stats"}}})}).problems.size(), 1U);
  EXPECT_EQ(discover({pod({.labels = {{"app.kubernetes.io/name", "xpumd"}}})}).problems.size(), 1U);
}

TEST(TargetDiscovery, only_running_pods_with_an_address_are_targets) {
  EXPECT_TRUE(discover({pod({.labels = dcgm, .ip = ""})}).targets.empty());
  EXPECT_TRUE(discover({pod({.labels = dcgm, .phase = PodPhase::pending})}).targets.empty());
  EXPECT_TRUE(discover({pod({.labels = dcgm, .phase = PodPhase::failed})}).targets.empty());
  EXPECT_TRUE(discover({pod({.node = "", .labels = dcgm})}).targets.empty());
}

TEST(TargetDiscovery, a_node_with_an_agent_is_not_counted_twice) {
  const auto found = discover({pod({.name = "a-dcgm", .labels = dcgm}), pod({.name = "b-agent", .labels = agent}),
                               pod({.name = "c-amd", .labels = {{"app", "x-amdgpu-metrics-exporter"}}}),
                               pod({.name = "d-dcgm", .node = "n2", .labels = dcgm})});
  ASSERT_EQ(found.targets.size(), 3U);
  EXPECT_EQ(found.targets[0].pod, "gpu/b-agent");
  EXPECT_EQ(found.targets[1].pod, "gpu/c-amd");  // another vendor's GPUs
  EXPECT_EQ(found.targets[2].pod, "gpu/d-dcgm");
  EXPECT_EQ(found.targets[2].node, NodeName{"n2"});
}

TEST(TargetDiscovery, an_agent_that_is_not_ready_leaves_its_node_to_an_exporter_that_is) {
  const auto found = discover({pod({.name = "a-dcgm", .labels = dcgm}), pod({.name = "b-agent", .labels = agent, .ready = false})});
  ASSERT_EQ(found.targets.size(), 1U);
  EXPECT_EQ(found.targets[0].pod, "gpu/a-dcgm");
  EXPECT_EQ(discover({pod({.labels = agent, .ready = false})}).targets.size(), 1U);
}

}  // namespace
}  // namespace reeve::cluster
