#include "delivery/legacy/cluster_facts.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "domain/cluster/gpu_resources.h"
#include "domain/cluster/pod_requests.h"

namespace reeve::legacy {
namespace {

using cluster::Quantity;

constexpr Milliseconds gpus_looked_up_every = std::chrono::seconds(10);

using PodKey = std::pair<std::string_view, std::string_view>;
PodKey key_of(const cluster::Pod& pod) { return {pod.meta.namespace_name, pod.meta.name}; }
PodKey key_of(const serving::Server& server) { return {server.namespace_name, server.pod}; }
PodKey key_of(const HeldDevice& held) { return {held.holding->namespace_name, held.holding->pod}; }
PodKey key_of(const PodFacts& facts) { return key_of(*facts.pod); }

// Does every container that runs beside the others have this limit? Else the pod as a whole has none.
bool all_limited(const cluster::Pod& pod, std::string_view resource) {
  const auto limited = [&](const cluster::Container& container) { return cluster::find(container.limits, resource).has_value(); };
  const auto harmless = [&](const cluster::Container& container) { return !container.sidecar || limited(container); };
  return std::ranges::all_of(pod.containers, limited) && std::ranges::all_of(pod.init_containers, harmless);
}

PodNeeds needs_of(const cluster::Pod& pod) {
  const cluster::ResourceList requests = cluster::effective_requests(pod);
  const cluster::ResourceList limits = cluster::effective_limits(pod);
  PodNeeds needs;
  needs.cpu_request = cluster::find(requests, "cpu").value_or(Quantity());
  needs.memory_request = cluster::find(requests, "memory").value_or(Quantity());
  needs.gpu_request = Quantity::of(cluster::gpu_count(requests));
  if (all_limited(pod, "cpu")) needs.cpu_limit = cluster::find(limits, "cpu");
  if (all_limited(pod, "memory")) needs.memory_limit = cluster::find(limits, "memory");
  needs.gpu_limit = Quantity::of(cluster::gpu_count(limits));
  return needs;
}

std::shared_ptr<const HeldDevices> by_pod(const holding::Report& report) {
  auto held = std::make_shared<HeldDevices>();
  held->reserve(report.holdings.size());
  for (std::size_t first = 0; first < report.holdings.size();) {
    const holding::Holding& one = report.holdings[first];
    std::size_t last = first;
    bool shared = false;
    for (; last < report.holdings.size() && report.holdings[last].resource == one.resource; ++last) {
      const holding::Holding& other = report.holdings[last];
      shared |= other.replica || other.namespace_name != one.namespace_name || other.pod != one.pod;
    }
    for (; first < last; ++first) held->push_back({&report.holdings[first], shared});
  }
  // Stable: by resource within a pod.
  std::ranges::stable_sort(*held, {}, [](const HeldDevice& device) { return key_of(device); });
  return held;
}

// Percent; the share of time that something ran on it, which a GPU in MIG mode and its slices tell as a ratio only.
std::optional<double> utilisation(const MetricValues& values) {
  if (const auto percent = values.get(Metric::gpu_utilization)) return percent;
  const auto ratio = values.get(Metric::graphics_engine_active);
  return ratio ? std::optional(*ratio * 100) : std::nullopt;
}

std::optional<double> utilisation(const Moment& moment, const std::string& resource) {
  if (const auto device = moment.fleet->find_device(DeviceId{resource})) {
    const MetricValues* values = fresh_values(moment, *device);
    return values != nullptr ? utilisation(*values) : std::nullopt;
  }
  const auto slice = moment.fleet->find_instance(InstanceId{resource});
  if (!slice || slice->reading == nullptr || !is_fresh(moment, *slice->of.node_readings)) return std::nullopt;
  return utilisation(slice->reading->values);
}

class GpuUseSum {
 public:
  void add(std::optional<double> percent) {
    ++devices_;
    if (!percent) return;
    ++measured_;
    sum_ += *percent;
  }
  GpuUse get() const {
    GpuUse use;
    if (measured_ > 0) use.percent = sum_ / measured_;
    if (devices_ > 0 && measured_ == devices_) use.busy = Quantity::of_milli(std::llround(sum_ * 10));
    return use;
  }

 private:
  int devices_ = 0;
  int measured_ = 0;
  double sum_ = 0;
};

// Goes through a list that has the order of the pods, beside them.
template <class Item>
class Beside {
 public:
  explicit Beside(const std::vector<Item>& items) : at_(items.data()), end_(items.data() + items.size()) {}

  // The items of this pod, which come one after the other. Pods are asked for in ascending order.
  std::span<const Item> of(const PodKey& key) {
    while (at_ != end_ && key_of(*at_) < key) ++at_;
    const Item* first = at_;
    while (at_ != end_ && key_of(*at_) == key) ++at_;
    return {first, at_};
  }

 private:
  const Item* at_;
  const Item* end_;
};

GpuUse gpu_use(const Moment& moment, const PodFacts& facts, std::span<const HeldDevice> held, bool holdings_known) {
  if (held.empty()) {
    const bool wants_none = facts.needs.gpu_request == Quantity() && facts.pod->claims.empty();
    return {.busy = holdings_known && wants_none ? std::optional(Quantity()) : std::nullopt, .percent = {}};
  }
  GpuUseSum sum;
  const std::string* last = nullptr;
  for (const HeldDevice& device : held) {
    if (last != nullptr && *last == device.holding->resource) continue;  // two containers of the pod have it
    last = &device.holding->resource;
    sum.add(device.shared ? std::nullopt : utilisation(moment, *last));
  }
  return sum.get();
}

std::optional<cluster::Usage> copy_of(const cluster::Usage* usage) { return usage != nullptr ? std::optional(*usage) : std::nullopt; }

std::string_view told_or_unknown(const std::string* text) { return text == nullptr || text->empty() ? "unknown" : std::string_view(*text); }

ServedModel model_of(const PodFacts& facts) {
  if (const serving::Server* server = facts.server) {
    const std::string& name = server->identity.model_name.empty() ? server->served_model : server->identity.model_name;
    return {to_text(server->identity.engine), told_or_unknown(&name), told_or_unknown(&server->identity.model_version)};
  }
  const cluster::Labels& labels = facts.pod->meta.labels;
  const std::string* app = cluster::find(labels, "app");
  ServedModel model{"unknown", told_or_unknown(cluster::find(labels, "model")), told_or_unknown(cluster::find(labels, "version"))};
  if (app != nullptr && (*app == "vllm" || *app == "sglang")) model.type = *app;
  return model;
}

// What of the facts before still holds.
struct Kept {
  bool usage = false;    // the same polls
  bool servers = false;  // the same looks at them
  bool gpus = false;     // the same holders and readings, and not so long ago that these may have grown too old

  Kept() = default;
  Kept(const ClusterFacts& before, const ClusterFacts& now)
      : usage(before.snapshot->pod_usage == now.snapshot->pod_usage),
        servers(before.servers == now.servers),
        gpus(before.held == now.held && before.fleet == now.fleet && now.at - before.gpus_at < gpus_looked_up_every) {}
};

void add_pods(const Moment& moment, const ClusterFacts* previous, const Kept& kept, ClusterFacts& facts) {
  static const std::vector<PodFacts> none;
  Beside<PodFacts> before(previous != nullptr ? previous->pods : none);
  Beside<serving::Server> servers(*facts.servers);
  Beside<HeldDevice> held(*facts.held);
  facts.pods.reserve(facts.snapshot->pods.size());
  for (const cluster::PodPtr& pod : facts.snapshot->pods) {
    const PodKey key = key_of(*pod);
    PodFacts& made = facts.pods.emplace_back();
    made.pod = pod;
    const auto old = before.of(key);
    const bool same_pod = !old.empty() && old.front().pod == pod;
    made.needs = same_pod ? old.front().needs : needs_of(*pod);
    made.usage = same_pod && kept.usage ? old.front().usage : copy_of(facts.snapshot->usage_of(*pod));
    if (const auto found = servers.of(key); !found.empty()) made.server = &found.front();
    made.model = same_pod && kept.servers ? old.front().model : model_of(made);
    made.gpu = same_pod && kept.gpus ? old.front().gpu : gpu_use(moment, made, held.of(key), facts.holdings->at.has_value());
  }
}

std::optional<Quantity> gpu_amount(const cluster::ResourceList& resources) {
  return resources.empty() ? std::nullopt : std::optional(Quantity::of(cluster::gpu_count(resources)));
}

void add_pods_of_node(const ClusterFacts& facts, NodeFacts& node) {
  Quantity cpu, memory, gpu;
  int total = 0, running = 0, vllm = 0, sglang = 0;
  const auto found = facts.snapshot->pods_of_node.find(NodeName{node.node->meta.name});
  if (found != facts.snapshot->pods_of_node.end()) {
    for (const std::uint32_t position : found->second) {
      const PodFacts& pod = facts.pods[position];
      const std::string_view type = pod.model.type;
      ++total;
      running += pod.running();
      vllm += type == "vllm";
      sglang += type == "sglang";
      if (!cluster::holds_requests(*pod.pod)) continue;
      cpu += pod.needs.cpu_request;
      memory += pod.needs.memory_request;
      gpu += pod.needs.gpu_request;
    }
  }
  node.cpu_allocated = cpu;
  node.memory_allocated = memory;
  node.gpu_allocated = gpu;
  node.pods = total;
  node.running_pods = running;
  node.vllm_pods = vllm;
  node.sglang_pods = sglang;
}

GpuUse gpu_use_of_node(const Moment& moment, const NodeName& name) {
  const NodeView* view = moment.fleet->find_node(name);
  if (view == nullptr) return {};
  GpuUseSum sum;
  for (const Device& device : view->node->devices) {
    const MetricValues* values =
        fresh_values(moment, DeviceView{view->node.get(), view->readings.get(), &device, view->readings->find(device.id)});
    sum.add(values != nullptr ? utilisation(*values) : std::nullopt);
  }
  return sum.get();
}

void add_nodes(const Moment& moment, ClusterFacts& facts) {
  const bool pods_known = facts.snapshot->status(cluster::Kind::pods).synced_at.has_value();
  facts.nodes.reserve(facts.snapshot->nodes.size());
  for (const cluster::NodePtr& node : facts.snapshot->nodes) {
    NodeFacts& made = facts.nodes.emplace_back();
    made.node = node;
    made.cpu_capacity = cluster::find(node->capacity, "cpu");
    made.memory_capacity = cluster::find(node->capacity, "memory");
    made.gpu_capacity = gpu_amount(node->capacity);
    made.storage_capacity = cluster::find(node->capacity, "ephemeral-storage");
    made.cpu_allocatable = cluster::find(node->allocatable, "cpu");
    made.memory_allocatable = cluster::find(node->allocatable, "memory");
    made.gpu_allocatable = gpu_amount(node->allocatable);
    made.storage_allocatable = cluster::find(node->allocatable, "ephemeral-storage");
    made.usage = copy_of(facts.snapshot->usage_of(*node));
    made.gpu = gpu_use_of_node(moment, NodeName{node->meta.name});
    if (pods_known) add_pods_of_node(facts, made);
  }
}

}  // namespace

std::optional<double> percent_of(std::optional<Quantity> part, std::optional<Quantity> whole) {
  if (!part || !whole || whole->milli() <= 0) return std::nullopt;
  return 100.0 * part->value() / whole->value();
}

std::optional<double> PodFacts::cpu_percent() const { return usage ? percent_of(usage->cpu, needs.cpu_limit) : std::nullopt; }
std::optional<double> PodFacts::memory_percent() const { return usage ? percent_of(usage->memory, needs.memory_limit) : std::nullopt; }

std::string_view NodeFacts::status() const {
  for (const cluster::Condition& condition : node->conditions)
    if (condition.type == "Ready") return condition.status == "True" ? "Ready" : "NotReady";
  return "Unknown";
}

std::string_view NodeFacts::role() const {
  for (const std::string_view label : {"node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"})
    if (cluster::find(node->meta.labels, label) != nullptr) return "master";
  return "worker";
}

std::optional<double> NodeFacts::cpu_percent() const { return usage ? percent_of(usage->cpu, cpu_allocatable) : std::nullopt; }
std::optional<double> NodeFacts::memory_percent() const { return usage ? percent_of(usage->memory, memory_allocatable) : std::nullopt; }

const PodFacts* ClusterFacts::find_pod(std::string_view namespace_name, std::string_view name) const {
  const PodKey key(namespace_name, name);
  const auto found = std::ranges::lower_bound(pods, key, {}, [](const PodFacts& facts) { return key_of(facts); });
  return found != pods.end() && key_of(*found) == key ? &*found : nullptr;
}

const NodeFacts* ClusterFacts::find_node(std::string_view name) const {
  const auto name_of = [](const NodeFacts& facts) { return std::string_view(facts.node->meta.name); };
  const auto found = std::ranges::lower_bound(nodes, name, {}, name_of);
  return found != nodes.end() && name_of(*found) == name ? &*found : nullptr;
}

std::shared_ptr<const ClusterFacts> gather_facts(const Moment& moment, const ClusterFacts* previous) {
  auto facts = std::make_shared<ClusterFacts>();
  facts->at = moment.now;
  facts->snapshot = moment.api.cluster.snapshot();
  facts->holdings = moment.api.holdings.report();
  facts->servers = moment.api.serving.servers();
  facts->fleet = moment.fleet;
  facts->held = previous != nullptr && previous->holdings == facts->holdings ? previous->held : by_pod(*facts->holdings);
  const Kept kept = previous != nullptr ? Kept(*previous, *facts) : Kept();
  facts->gpus_at = kept.gpus ? previous->gpus_at : moment.now;
  add_pods(moment, previous, kept, *facts);
  add_nodes(moment, *facts);
  return facts;
}

}  // namespace reeve::legacy
