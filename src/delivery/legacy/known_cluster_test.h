#pragma once
// A Kubernetes cluster around the fleet of testing/small_cluster.h, which shows every case of resources/* once. For tests only.
//
//   gpu-a  model-serving/vllm-llama2-7b (label app=vllm, the H100)      research/notebook (a slice of which nothing is measured)
//   gpu-b  model-serving/qwen (known by the serving rules, the RTX 4090)   default/web (two containers, one without limits)
//          batch/done (succeeded)
//   cpu-1  not ready, of no fleet, not measured        -  default/later (pending, on no node, with a claim)

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "domain/cluster/snapshot.h"
#include "domain/holding/holding.h"
#include "ports/serving_view.h"

namespace reeve::legacy {

inline cluster::Quantity amount(std::string_view text) {
  const auto parsed = cluster::Quantity::parse(text);
  REEVE_CHECK(parsed.ok());
  return *parsed;
}

// {"cpu", "4", "memory", "16Gi"}, by ascending name.
inline cluster::ResourceList amounts(std::initializer_list<std::pair<std::string, std::string>> texts) {
  cluster::ResourceList list;
  for (const auto& [name, text] : texts) list.emplace_back(name, amount(text));
  return list;
}

inline cluster::Usage usage(Timestamp at, std::string_view cpu, std::string_view memory) {
  return {.at = at, .cpu = amount(cpu), .memory = amount(memory)};
}

inline cluster::Pod make_pod(const std::string& namespace_name, const std::string& name, const std::string& node, Timestamp created) {
  cluster::Pod pod;
  pod.meta.namespace_name = namespace_name;
  pod.meta.name = name;
  pod.meta.created_at = created;
  pod.node = NodeName{node};
  pod.phase = cluster::PodPhase::running;
  pod.ready = true;
  pod.containers = {{.name = "main", .state = cluster::ContainerState::running, .ready = true}};
  return pod;
}

inline cluster::Node make_kube_node(const std::string& name, bool ready) {
  cluster::Node node;
  node.meta.name = name;
  node.meta.labels = {{"kubernetes.io/hostname", name}};
  node.capacity = amounts({{"cpu", "64"}, {"ephemeral-storage", "960Gi"}, {"memory", "527984Mi"}});
  node.allocatable = amounts({{"cpu", "63500m"}, {"ephemeral-storage", "900Gi"}, {"memory", "512Gi"}});
  node.conditions = {{.type = "MemoryPressure", .status = "False"}, {.type = "Ready", .status = ready ? "True" : "Unknown"}};
  node.kubelet_version = "v1.37.2";
  node.container_runtime = "containerd://2.1.0";
  node.operating_system = "linux";
  node.architecture = "amd64";
  return node;
}

inline std::vector<cluster::PodPtr> known_pods(Timestamp now) {
  using std::chrono::hours;
  cluster::Pod vllm = make_pod("model-serving", "vllm-llama2-7b", "gpu-a", now - hours(30));
  vllm.meta.labels = {{"app", "vllm"}, {"model", "llama2-7b"}, {"version", "v1"}};
  vllm.meta.annotations = {{"owner", "ml \"team\""}};
  vllm.containers.front().requests = amounts({{"cpu", "4"}, {"memory", "16Gi"}, {"nvidia.com/gpu", "1"}});
  vllm.containers.front().limits = amounts({{"cpu", "8"}, {"memory", "32Gi"}, {"nvidia.com/gpu", "1"}});
  vllm.containers.front().restarts = 2;
  cluster::Pod notebook = make_pod("research", "notebook", "gpu-a", now - hours(2));
  notebook.containers.front().requests = amounts({{"cpu", "500m"}, {"memory", "1Gi"}, {"nvidia.com/mig-1g.10gb", "1"}});
  notebook.containers.front().limits = amounts({{"nvidia.com/mig-1g.10gb", "1"}});
  cluster::Pod qwen = make_pod("model-serving", "qwen", "gpu-b", now - hours(5));
  qwen.meta.labels = {{"app", "inference"}};
  qwen.containers.front().requests = amounts({{"cpu", "2"}, {"memory", "8Gi"}, {"nvidia.com/gpu", "1"}});
  qwen.containers.front().limits = amounts({{"cpu", "2500m"}, {"memory", "10Gi"}, {"nvidia.com/gpu", "1"}});
  cluster::Pod web = make_pod("default", "web", "gpu-b", now - hours(100));
  web.containers.front().requests = amounts({{"cpu", "100m"}, {"memory", "128Mi"}});
  web.containers.front().limits = amounts({{"cpu", "200m"}, {"memory", "256Mi"}});
  web.containers.push_back({.name = "proxy", .requests = amounts({{"cpu", "50m"}})});
  cluster::Pod done = make_pod("batch", "done", "gpu-b", now - hours(50));
  done.phase = cluster::PodPhase::succeeded;
  done.ready = false;
  done.containers.front().state = cluster::ContainerState::terminated;
  done.containers.front().requests = amounts({{"cpu", "32"}, {"memory", "64Gi"}});
  cluster::Pod later = make_pod("default", "later", "", now - hours(1));
  later.phase = cluster::PodPhase::pending;
  later.ready = false;
  later.containers.front().state.reset();
  later.claims = {{.name = "gpu"}};
  std::vector<cluster::PodPtr> pods;
  for (cluster::Pod* pod : {&vllm, &notebook, &qwen, &web, &done, &later}) pods.push_back(std::make_shared<const cluster::Pod>(*pod));
  return pods;
}

inline std::vector<cluster::NodePtr> known_nodes() {
  cluster::Node cpu = make_kube_node("cpu-1", false);
  cpu.meta.labels.emplace_back("node-role.kubernetes.io/control-plane", "");
  cluster::Node a = make_kube_node("gpu-a", true);
  cluster::Node b = make_kube_node("gpu-b", true);
  a.capacity.emplace_back("nvidia.com/gpu", amount("1"));
  a.capacity.emplace_back("nvidia.com/mig-1g.10gb", amount("1"));
  a.allocatable.emplace_back("nvidia.com/gpu", amount("1"));
  a.allocatable.emplace_back("nvidia.com/mig-1g.10gb", amount("1"));
  b.capacity.emplace_back("nvidia.com/gpu", amount("3"));
  b.allocatable.emplace_back("nvidia.com/gpu", amount("2"));
  return {std::make_shared<const cluster::Node>(cpu), std::make_shared<const cluster::Node>(a), std::make_shared<const cluster::Node>(b)};
}

// Puts pods in order, and makes the positions by node.
inline cluster::Snapshot in_order(cluster::Snapshot snapshot) {
  std::ranges::sort(snapshot.pods, {}, [](const auto& pod) { return std::tie(pod->meta.namespace_name, pod->meta.name); });
  snapshot.pods_of_node.clear();
  for (std::uint32_t i = 0; i < snapshot.pods.size(); ++i)
    if (!snapshot.pods[i]->node.empty()) snapshot.pods_of_node[snapshot.pods[i]->node].push_back(i);
  return snapshot;
}

inline cluster::Snapshot known_snapshot(Timestamp now) {
  cluster::Snapshot snapshot;
  snapshot.server_version = "v1.37.2";
  for (cluster::KindStatus& kind : snapshot.kinds)
    kind = {.state = cluster::KindState::live, .synced_at = now - std::chrono::seconds(20), .heard_at = now - std::chrono::seconds(1)};
  snapshot.pods = known_pods(now);
  snapshot.nodes = known_nodes();
  const Timestamp at = now - std::chrono::seconds(15);
  snapshot.pod_usage =
      std::make_shared<const cluster::UsageByPod>(cluster::UsageByPod{{"model-serving/vllm-llama2-7b", usage(at, "7600m", "16Gi")},
                                                                      {"model-serving/qwen", usage(at, "1250m", "8704Mi")},
                                                                      {"research/notebook", usage(at, "3m", "600Mi")},
                                                                      {"default/web", usage(at, "120m", "100000Ki")}});
  snapshot.node_usage = std::make_shared<const cluster::UsageByNode>(
      cluster::UsageByNode{{NodeName{"gpu-a"}, usage(at, "12700m", "128Gi")}, {NodeName{"gpu-b"}, usage(at, "55", "480Gi")}});
  return in_order(std::move(snapshot));
}

inline holding::Report known_holdings(Timestamp now) {
  holding::Report report;
  report.at = now;
  const auto holding = [](std::string resource, std::string node, std::string namespace_name, std::string pod) {
    return holding::Holding{.resource = std::move(resource),
                            .node = NodeName{std::move(node)},
                            .namespace_name = std::move(namespace_name),
                            .pod = std::move(pod),
                            .container = "main",
                            .sources = {HolderSource::pod_resources}};
  };
  report.holdings = {holding("gpu-a-GPU-00", "gpu-a", "model-serving", "vllm-llama2-7b"),
                     holding("gpu-a-GPU-01-MIG-07", "gpu-a", "research", "notebook"),
                     holding("gpu-b-GPU-00", "gpu-b", "model-serving", "qwen")};
  return report;
}

inline ServingView::Servers known_servers() {
  return {serving::Server{.namespace_name = "model-serving",
                          .pod = "qwen",
                          .identity = {.engine = serving::Engine::sglang, .model_name = "Qwen/Qwen3-32B", .container = "main"},
                          .served_model = "qwen3"}};
}

}  // namespace reeve::legacy
