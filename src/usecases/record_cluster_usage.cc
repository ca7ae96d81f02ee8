#include "usecases/record_cluster_usage.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "domain/cluster/gpu_resources.h"
#include "domain/cluster/pod_requests.h"
#include "domain/metrics/resource_key.h"

namespace reeve {
namespace {

using cluster::KindState;

constexpr double bytes_per_mib = 1024.0 * 1024.0;
constexpr std::string_view no_engine = "unknown";

struct Mean {
  double sum = 0;
  std::size_t count = 0;

  void add(std::optional<double> value) {
    if (value) sum += *value, ++count;
  }
  std::optional<double> get() const { return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count)); }
};

std::optional<double> percent(cluster::Quantity part, std::optional<cluster::Quantity> whole) {
  return whole && whole->milli() > 0 ? std::optional(100.0 * part.value() / whole->value()) : std::nullopt;
}

// Does every container that runs beside the others have this limit? Else the pod as a whole has none.
std::optional<cluster::Quantity> limit_of(const cluster::Pod& pod, const cluster::ResourceList& limits, std::string_view resource) {
  const auto is_limited = [&](const cluster::Container& one) { return cluster::find(one.limits, resource).has_value(); };
  const auto is_harmless = [&](const cluster::Container& one) { return !one.sidecar || is_limited(one); };
  if (!std::ranges::all_of(pod.containers, is_limited) || !std::ranges::all_of(pod.init_containers, is_harmless)) return std::nullopt;
  return cluster::find(limits, resource);
}

// What is known of one pod.
struct PodUse {
  const cluster::Usage* usage = nullptr;
  bool runs = false;
  std::int64_t gpus = 0;  // that it asks for, while it is scheduled
  std::optional<double> cpu_percent{};
  std::optional<double> memory_percent{};
};

PodUse use_of(const cluster::Snapshot& snapshot, const cluster::Pod& pod) {
  PodUse use{.usage = snapshot.usage_of(pod), .runs = pod.phase == cluster::PodPhase::running};
  if (cluster::holds_requests(pod)) use.gpus = cluster::gpu_count(cluster::effective_requests(pod));
  if (use.usage == nullptr) return use;
  const cluster::ResourceList limits = cluster::effective_limits(pod);
  use.cpu_percent = percent(use.usage->cpu, limit_of(pod, limits, "cpu"));
  use.memory_percent = percent(use.usage->memory, limit_of(pod, limits, "memory"));
  return use;
}

// Of a group of pods.
struct PodsUse {
  std::size_t running = 0;
  std::int64_t gpus = 0;
  std::size_t measured = 0;
  cluster::Quantity cpu{};
  cluster::Quantity memory{};
  Mean cpu_percent{};
  Mean memory_percent{};

  void add(const PodUse& pod) {
    running += pod.runs ? 1 : 0;
    gpus += pod.gpus;
    if (pod.usage == nullptr) return;
    ++measured;
    cpu += pod.usage->cpu;
    memory += pod.usage->memory;
    cpu_percent.add(pod.cpu_percent);
    memory_percent.add(pod.memory_percent);
  }
};

void put_pods(MetricValues& values, const PodsUse& pods) {
  values.set(Metric::running_pods, static_cast<double>(pods.running));
  values.set(Metric::requested_gpus, static_cast<double>(pods.gpus));
}

void put_usage(MetricValues& values, cluster::Quantity cpu, cluster::Quantity memory) {
  values.set(Metric::cpu_usage_cores, cpu.value());
  values.set(Metric::working_set, memory.value() / bytes_per_mib);
}

MetricValues values_of(const PodsUse& pods) {
  MetricValues values;
  put_pods(values, pods);
  if (pods.measured == 0) return values;
  put_usage(values, pods.cpu, pods.memory);
  values.set(Metric::cpu_usage, pods.cpu_percent.get());
  values.set(Metric::working_set_usage, pods.memory_percent.get());
  return values;
}

struct ClusterUse {
  PodsUse all{};
  std::map<std::string, PodsUse> of_namespace{};
  std::map<std::string, PodsUse> of_engine{};
  std::unordered_map<NodeName, PodsUse> on_node{};
};

ClusterUse use_of_pods(const cluster::Snapshot& snapshot, const ServingView::Servers& servers) {
  std::unordered_map<std::string, std::string_view> engines;
  for (const serving::Server& server : servers)
    engines.emplace(cluster::pod_key(server.namespace_name, server.pod), to_text(server.identity.engine));
  ClusterUse use;
  for (const cluster::NamespacePtr& one : snapshot.namespaces) use.of_namespace.try_emplace(one->meta.name);
  for (const cluster::PodPtr& pod : snapshot.pods) {
    const PodUse of_pod = use_of(snapshot, *pod);
    use.all.add(of_pod);
    use.of_namespace[pod->meta.namespace_name].add(of_pod);
    if (!pod->node.empty()) use.on_node[pod->node].add(of_pod);
    if (!cluster::is_live(*pod)) continue;
    const auto engine = engines.find(cluster::pod_key(pod->meta.namespace_name, pod->meta.name));
    use.of_engine[std::string(engine == engines.end() ? no_engine : engine->second)].add(of_pod);
  }
  return use;
}

// Of all nodes that were measured, together.
struct NodesUse {
  std::size_t measured = 0;
  cluster::Quantity cpu{};
  cluster::Quantity memory{};
  cluster::Quantity cpu_allocatable{};
  cluster::Quantity memory_allocatable{};
};

void add_nodes(const cluster::Snapshot& snapshot, const ClusterUse& pods, bool pods_known, Timestamp at, NodesUse& all,
               std::vector<Sample>& samples) {
  for (const cluster::NodePtr& node : snapshot.nodes) {
    MetricValues values;
    if (pods_known) {
      const auto on_node = pods.on_node.find(NodeName{node->meta.name});
      put_pods(values, on_node == pods.on_node.end() ? PodsUse{} : on_node->second);
    }
    if (const cluster::Usage* usage = snapshot.usage_of(*node)) {
      const auto cpu = cluster::find(node->allocatable, "cpu");
      const auto memory = cluster::find(node->allocatable, "memory");
      put_usage(values, usage->cpu, usage->memory);
      values.set(Metric::cpu_usage, percent(usage->cpu, cpu));
      values.set(Metric::working_set_usage, percent(usage->memory, memory));
      ++all.measured;
      all.cpu += usage->cpu;
      all.memory += usage->memory;
      if (cpu) all.cpu_allocatable += *cpu;
      if (memory) all.memory_allocatable += *memory;
    }
    if (!values.empty()) samples.push_back({resource_key::kube_node(node->meta.name), at, values});
  }
}

}  // namespace

std::vector<Sample> cluster_usage_samples(const cluster::Snapshot& snapshot, const ServingView::Servers& servers, Timestamp at) {
  const bool pods_known = snapshot.status(cluster::Kind::pods).state == KindState::live;
  const bool nodes_known = snapshot.status(cluster::Kind::nodes).state == KindState::live;
  std::vector<Sample> samples;
  ClusterUse pods;
  if (pods_known) pods = use_of_pods(snapshot, servers);
  NodesUse nodes;
  if (nodes_known) add_nodes(snapshot, pods, pods_known, at, nodes, samples);
  for (const auto& [name, use] : pods.of_namespace) samples.push_back({resource_key::kube_namespace(name), at, values_of(use)});
  for (const auto& [engine, use] : pods.of_engine) samples.push_back({resource_key::engine(engine), at, values_of(use)});
  MetricValues all;
  if (pods_known) put_pods(all, pods.all);
  if (nodes.measured > 0) {
    put_usage(all, nodes.cpu, nodes.memory);
    all.set(Metric::cpu_usage, percent(nodes.cpu, nodes.cpu_allocatable));
    all.set(Metric::working_set_usage, percent(nodes.memory, nodes.memory_allocatable));
  }
  if (!all.empty()) samples.push_back({std::string(resource_key::cluster), at, all});
  return samples;
}

Result<std::size_t> record_cluster_usage(const cluster::Snapshot& snapshot, const ServingView::Servers& servers, MetricStore& store,
                                         Timestamp now) {
  // Whole seconds are ours: the serving scraper, which writes of engines too, keeps off them. One sample of a resource at
  // one time would replace the other.
  const std::vector<Sample> samples = cluster_usage_samples(snapshot, servers, std::chrono::floor<std::chrono::seconds>(now));
  if (samples.empty()) return std::size_t{0};
  if (const Status kept = store.append(samples); !kept) return kept.error();
  return samples.size();
}

}  // namespace reeve
