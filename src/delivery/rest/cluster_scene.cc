#include "delivery/rest/cluster_scene.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "delivery/rest/api.h"
#include "domain/cluster/gpu_resources.h"
#include "domain/cluster/label.h"
#include "domain/cluster/pod_requests.h"

namespace reeve::rest {
namespace {

using cluster::Kind;
using cluster::PodPhase;
using cluster::ResourceList;

void count_pods(ClusterTotals& totals, const ClusterScene& scene) {
  if (!scene.knows(Kind::pods)) return;
  std::size_t running = 0, pending = 0, with_gpu = 0;
  std::int64_t requested = 0;
  for (const auto& pod : scene.cluster->pods) {
    if (pod->phase == PodPhase::running) ++running;
    if (pod->phase == PodPhase::pending) ++pending;
    if (!cluster::is_live(*pod)) continue;
    const std::int64_t gpus = gpu_requests(*pod);
    if (gpus > 0) ++with_gpu;
    if (!pod->node.empty()) requested += gpus;
  }
  totals.pods = scene.cluster->pods.size();
  totals.pods_running = running;
  totals.pods_pending = pending;
  totals.pods_gpu = with_gpu;
  totals.gpus_requested = requested;
}

void count_nodes(ClusterTotals& totals, const ClusterScene& scene) {
  if (!scene.knows(Kind::nodes)) return;
  std::size_t ready = 0;
  std::int64_t capacity = 0, allocatable = 0;
  double cpu = 0, memory = 0;
  for (const auto& node : scene.cluster->nodes) {
    if (is_ready(*node)) ++ready;
    capacity += cluster::gpu_count(node->capacity);
    allocatable += cluster::gpu_count(node->allocatable);
    if (const auto cores = cluster::find(node->allocatable, "cpu")) cpu += cores->value();
    if (const auto bytes = cluster::find(node->allocatable, "memory")) memory += bytes->value();
  }
  totals.nodes = scene.cluster->nodes.size();
  totals.nodes_ready = ready;
  totals.gpus_capacity = capacity;
  totals.gpus_allocatable = allocatable;
  totals.cpu_allocatable = cpu;
  totals.memory_allocatable = memory;
}

void sum_usage(ClusterTotals& totals, const cluster::Snapshot& snapshot) {
  if (snapshot.node_usage == nullptr) return;
  double cpu = 0, memory = 0;
  for (const auto& [node, usage] : *snapshot.node_usage) cpu += usage.cpu.value(), memory += usage.memory.value();
  totals.cpu_usage = cpu;
  totals.memory_usage = memory;
}

}  // namespace

bool ClusterScene::configured() const {
  return std::ranges::any_of(cluster->kinds, [](const auto& kind) { return kind.state != cluster::KindState::off; });
}

const serving::Server* ClusterScene::server_of(std::string_view namespace_name, std::string_view pod) const {
  const auto key = [](const serving::Server& server) {
    return std::pair<std::string_view, std::string_view>(server.namespace_name, server.pod);
  };
  const auto at = std::ranges::lower_bound(*servers, std::pair(namespace_name, pod), {}, key);
  return at != servers->end() && at->namespace_name == namespace_name && at->pod == pod ? &*at : nullptr;
}

ClusterScene cluster_scene_of(const Api& api) {
  return {api.cluster.snapshot(), api.holdings.report(), api.serving.servers(), api.keeper.snapshot()};
}

HoldingsOfPods::HoldingsOfPods(const holding::Report& report) {
  for (const auto& holding : report.holdings) by_pod_[cluster::pod_key(holding.namespace_name, holding.pod)].push_back(&holding);
}

const std::vector<const holding::Holding*>& HoldingsOfPods::of(std::string_view namespace_name, std::string_view pod) const {
  const auto found = by_pod_.find(cluster::pod_key(namespace_name, pod));
  return found == by_pod_.end() ? none_ : found->second;
}

std::unordered_map<std::string_view, std::size_t> held_resources(const holding::Report& report,
                                                                 std::string_view (*group)(const holding::Holding&)) {
  std::unordered_map<std::string_view, std::size_t> counts;
  std::set<std::string_view> groups;  // of one resource: shares of it count once
  for (std::size_t i = 0; i < report.holdings.size(); ++i) {
    const auto& holding = report.holdings[i];
    if (i > 0 && report.holdings[i - 1].resource != holding.resource) groups.clear();
    if (const auto name = group(holding); groups.insert(name).second) ++counts[name];
  }
  return counts;
}

std::int64_t gpu_requests(const cluster::Pod& pod) {
  if (!pod.init_containers.empty() || !pod.requests.empty()) return cluster::gpu_count(cluster::effective_requests(pod));
  std::int64_t count = 0;  // the usual pod, many thousands of times
  for (const auto& container : pod.containers) count += cluster::gpu_count(container.requests);
  return count;
}

int restarts(const cluster::Pod& pod) {
  int count = 0;
  for (const auto& container : pod.containers) count += container.restarts;
  return count;
}

bool is_ready(const cluster::Node& node) {
  const auto found = std::ranges::find(node.conditions, "Ready", &cluster::Condition::type);
  return found != node.conditions.end() && found->status == "True";
}

ResourceList requested_on(const cluster::Snapshot& snapshot, const NodeName& node) {
  ResourceList sum;
  const auto found = snapshot.pods_of_node.find(node);
  if (found == snapshot.pods_of_node.end()) return sum;
  for (const auto position : found->second)
    if (cluster::is_live(*snapshot.pods[position])) cluster::add_to(sum, cluster::effective_requests(*snapshot.pods[position]));
  return sum;
}

LabelFilter LabelFilter::read(QueryReader& query) {
  LabelFilter filter;
  for (const std::string& word : query.words("label")) {
    const auto equals = word.find('=');
    Wanted wanted{word.substr(0, equals)};
    if (equals != std::string::npos) wanted.value = word.substr(equals + 1);
    if (wanted.key.empty() || !cluster::can_be_label(wanted.key) || !cluster::can_be_label(wanted.value.value_or("")))
      query.refuse("label", "a label is a key, or key=value");
    filter.wanted_.push_back(std::move(wanted));
  }
  return filter;
}

bool LabelFilter::matches(const cluster::Labels& labels) const {
  return std::ranges::all_of(wanted_, [&](const Wanted& wanted) {
    const std::string* value = cluster::find(labels, wanted.key);
    return value != nullptr && (!wanted.value || *value == *wanted.value);
  });
}

ClusterTotals totals_of(const ClusterScene& scene) {
  ClusterTotals totals;
  if (!scene.configured()) return totals;
  count_pods(totals, scene);
  count_nodes(totals, scene);
  sum_usage(totals, *scene.cluster);
  if (scene.knows(Kind::namespaces)) totals.namespaces = scene.cluster->namespaces.size();
  if (scene.knows(Kind::resource_claims)) {
    totals.claims = scene.cluster->claims.size();
    totals.claims_allocated = std::ranges::count_if(scene.cluster->claims, [](const auto& claim) { return !claim->devices.empty(); });
  }
  if (scene.knows(Kind::pods)) totals.servers = scene.servers->size();
  if (scene.report->at) {
    totals.holdings = scene.report->holdings.size();
    totals.conflicts = scene.report->conflicts.size();
    totals.unplaced = scene.report->unplaced.size();
  }
  return totals;
}

}  // namespace reeve::rest
