#include "apps/serve/discovered_targets.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

cluster::Snapshot with_exporter_on(const std::string& node, const std::string& ip) {
  cluster::Pod pod;
  pod.meta = {.name = "exporter-" + node, .namespace_name = "gpu", .labels = {{"app.kubernetes.io/name", "dcgm-exporter"}}};
  pod.node = NodeName{node};
  pod.ip = ip;
  pod.phase = cluster::PodPhase::running;
  pod.ready = true;
  pod.containers.push_back({.name = "exporter", .state = cluster::ContainerState::running, .ready = true});
  cluster::Snapshot snapshot;
  snapshot.pods.push_back(std::make_shared<const cluster::Pod>(pod));
  return snapshot;
}

TEST(DiscoveredTargets, an_exporter_that_runs_as_a_pod_is_collected_from) {
  const TargetList list = with_discovered({}, with_exporter_on("n1", "10.0.0.7"), "prod");
  ASSERT_EQ(list.targets.size(), 1U);
  EXPECT_EQ(list.targets[0],
            (Target{.url = "http://10.0.0.7:9400", .kind = ObservationSource::dcgm_exporter, .node = NodeName{"n1"}, .cluster = "prod"}));
}

TEST(DiscoveredTargets, what_is_written_down_goes_before_what_is_found) {
  const TargetList by_node{.targets = {{.url = "http://proxy/n1", .node = NodeName{"n1"}}}};
  EXPECT_EQ(with_discovered(by_node, with_exporter_on("n1", "10.0.0.7"), "").targets, by_node.targets);
  const TargetList by_url{.targets = {{.url = "http://10.0.0.7:9400"}}};
  EXPECT_EQ(with_discovered(by_url, with_exporter_on("n1", "10.0.0.7"), "").targets, by_url.targets);
}

TEST(DiscoveredTargets, trouble_of_the_target_files_is_kept) {
  EXPECT_EQ(with_discovered({.error = "targets.json: line 3"}, {}, "").error, "targets.json: line 3");
}

}  // namespace
}  // namespace reeve
