#include "delivery/legacy/cluster_summary.h"

#include <algorithm>

#include <fmt/format.h>

#include "delivery/legacy/mean.h"
#include "delivery/legacy/resource_info.h"

namespace reeve::legacy {
namespace {

using cluster::Quantity;

constexpr std::size_t top_pods_max = 5;

// A sum that knows when it has seen nothing.
struct Total {
  std::optional<Quantity> sum{};

  void add(std::optional<Quantity> amount) {
    if (amount) sum = sum.value_or(Quantity()) + *amount;
  }
};

// The old summary's groups of totals and means: capacity, allocatable, usage, allocated.
struct NodeTotals {
  std::size_t ready = 0;
  Total cpu_capacity{}, memory_capacity{}, gpu_capacity{}, storage_capacity{};
  Total cpu_allocatable{}, memory_allocatable{}, gpu_allocatable{}, storage_allocatable{};
  Total cpu_usage{}, memory_usage{}, gpu_usage{};
  Total cpu_allocated{}, memory_allocated{}, gpu_allocated{};
  Mean cpu_percent{}, memory_percent{}, gpu_percent{};
  Mean cpu_allocation{}, memory_allocation{}, gpu_allocation{};

  void add(const NodeFacts& node) {
    ready += node.status() == "Ready";
    cpu_capacity.add(node.cpu_capacity);
    memory_capacity.add(node.memory_capacity);
    gpu_capacity.add(node.gpu_capacity);
    storage_capacity.add(node.storage_capacity);
    cpu_allocatable.add(node.cpu_allocatable);
    memory_allocatable.add(node.memory_allocatable);
    gpu_allocatable.add(node.gpu_allocatable);
    storage_allocatable.add(node.storage_allocatable);
    add_usage(node);
    cpu_allocated.add(node.cpu_allocated);
    memory_allocated.add(node.memory_allocated);
    gpu_allocated.add(node.gpu_allocated);
    cpu_allocation.add(percent_of(node.cpu_allocated, node.cpu_allocatable));
    memory_allocation.add(percent_of(node.memory_allocated, node.memory_allocatable));
    gpu_allocation.add(percent_of(node.gpu_allocated, node.gpu_allocatable));
  }

 private:
  void add_usage(const NodeFacts& node) {
    if (node.usage) {
      cpu_usage.add(node.usage->cpu);
      memory_usage.add(node.usage->memory);
    }
    gpu_usage.add(node.gpu.busy);
    cpu_percent.add(node.cpu_percent());
    memory_percent.add(node.memory_percent());
    gpu_percent.add(node.gpu.percent);
  }
};

struct PodTotals {
  std::size_t pods = 0;
  std::size_t running = 0;
  Total cpu_usage{}, memory_usage{}, gpu_usage{};
  Quantity cpu_request{}, memory_request{}, gpu_request{};
  Mean cpu_percent{}, memory_percent{}, gpu_percent{};

  void add(const PodFacts& pod) {
    ++pods;
    running += pod.running();
    cpu_usage.add(usage_of(pod, PodResource::cpu));
    memory_usage.add(usage_of(pod, PodResource::memory));
    gpu_usage.add(usage_of(pod, PodResource::gpu));
    cpu_request += pod.needs.cpu_request;
    memory_request += pod.needs.memory_request;
    gpu_request += pod.needs.gpu_request;
    cpu_percent.add(pod.cpu_percent());
    memory_percent.add(pod.memory_percent());
    gpu_percent.add(pod.gpu.percent);
  }
};

void write_node_totals(JsonWriter& json, const NodeTotals& nodes) {
  decimal_field(json, "totalCpuCapacity", nodes.cpu_capacity.sum);
  binary_field(json, "totalMemoryCapacity", nodes.memory_capacity.sum);
  decimal_field(json, "totalGpuCapacity", nodes.gpu_capacity.sum);
  binary_field(json, "totalStorageCapacity", nodes.storage_capacity.sum);
  decimal_field(json, "totalCpuAllocatable", nodes.cpu_allocatable.sum);
  binary_field(json, "totalMemoryAllocatable", nodes.memory_allocatable.sum);
  decimal_field(json, "totalGpuAllocatable", nodes.gpu_allocatable.sum);
  binary_field(json, "totalStorageAllocatable", nodes.storage_allocatable.sum);
  decimal_field(json, "totalCpuUsage", nodes.cpu_usage.sum);
  binary_field(json, "totalMemoryUsage", nodes.memory_usage.sum);
  decimal_field(json, "totalGpuUsage", nodes.gpu_usage.sum);
  json.field("totalStorageUsage", nullptr);  // nobody measures it
  decimal_field(json, "totalCpuAllocated", nodes.cpu_allocated.sum);
  binary_field(json, "totalMemoryAllocated", nodes.memory_allocated.sum);
  decimal_field(json, "totalGpuAllocated", nodes.gpu_allocated.sum);
  json.field("avgCpuUsage", nodes.cpu_percent.get()).field("avgMemoryUsage", nodes.memory_percent.get());
  json.field("avgGpuUsage", nodes.gpu_percent.get()).field("avgStorageUsage", nullptr);
  json.field("avgCpuAllocation", nodes.cpu_allocation.get()).field("avgMemoryAllocation", nodes.memory_allocation.get());
  json.field("avgGpuAllocation", nodes.gpu_allocation.get());
}

void write_model(JsonWriter& json, std::string_view field, std::string_view type, const PodTotals& pods) {
  json.key(field).begin_object().field("modelType", type).field("podCount", pods.pods);
  decimal_field(json, "totalCpuUsage", pods.cpu_usage.sum);
  binary_field(json, "totalMemoryUsage", pods.memory_usage.sum);
  decimal_field(json, "totalGpuUsage", pods.gpu_usage.sum);
  decimal_field(json, "totalCpuRequest", pods.cpu_request);
  binary_field(json, "totalMemoryRequest", pods.memory_request);
  decimal_field(json, "totalGpuRequest", pods.gpu_request);
  json.field("avgCpuUtilization", pods.cpu_percent.get()).field("avgMemoryUtilization", pods.memory_percent.get());
  json.field("avgGpuUtilization", pods.gpu_percent.get()).end_object();
}

void write_top(JsonWriter& json, std::string_view field, const PodList& pods, PodResource resource) {
  json.key(field).begin_array();
  for (const PodFacts* pod : top_pods(pods, resource, top_pods_max))
    json.value(cluster::pod_key(pod->pod->meta.namespace_name, pod->pod->meta.name));
  json.end_array();
}

struct Alerts {
  std::vector<std::string> texts{};
  std::size_t critical = 0;

  template <class... Args>
  void add(bool is_critical, fmt::format_string<Args...> format, Args&&... args) {
    critical += is_critical;
    texts.push_back((is_critical ? "CRITICAL: " : "WARNING: ") + fmt::format(format, std::forward<Args>(args)...));
  }
};

void add_alerts(Alerts& alerts, const PodFacts& facts) {
  const cluster::Pod& pod = *facts.pod;
  const auto over = [](std::optional<double> percent) { return percent && *percent > pod_critical_percent; };
  const auto key = [&] { return cluster::pod_key(pod.meta.namespace_name, pod.meta.name); };
  if (const auto cpu = facts.cpu_percent(); over(cpu)) alerts.add(true, "Pod {} CPU usage is {:.0f}%", key(), *cpu);
  if (const auto memory = facts.memory_percent(); over(memory)) alerts.add(true, "Pod {} Memory usage is {:.0f}%", key(), *memory);
  // What has finished its work is no cause for alarm.
  if (!facts.running() && pod.phase != cluster::PodPhase::succeeded) alerts.add(false, "Pod {} is in {} state", key(), to_text(pod.phase));
}

void add_alerts(Alerts& alerts, const NodeFacts& facts) {
  const std::string& name = facts.node->meta.name;
  const auto over = [](std::optional<double> percent) { return percent && *percent > node_warning_percent; };
  if (facts.status() != "Ready") alerts.add(true, "Node {} is {}", name, facts.status());
  if (const auto cpu = facts.cpu_percent(); over(cpu)) alerts.add(false, "Node {} CPU usage is {:.0f}%", name, *cpu);
  if (const auto memory = facts.memory_percent(); over(memory)) alerts.add(false, "Node {} Memory usage is {:.0f}%", name, *memory);
}

void write_alerts(JsonWriter& json, const PodList& pods, const std::vector<NodeFacts>& nodes) {
  Alerts alerts;
  for (const PodFacts* pod : pods) add_alerts(alerts, *pod);
  for (const NodeFacts& node : nodes) add_alerts(alerts, node);
  json.field("alerts", alerts.texts);
  json.field("criticalAlerts", alerts.critical).field("warningAlerts", alerts.texts.size() - alerts.critical);
}

// Of nothing, nothing is used.
PodTotals totals_of(const PodList& pods, std::string_view type) {
  PodTotals totals;
  for (const PodFacts* pod : pods)
    if (pod->model.type == type) totals.add(*pod);
  if (totals.pods == 0) totals.cpu_usage.sum = totals.memory_usage.sum = totals.gpu_usage.sum = Quantity();
  return totals;
}

}  // namespace

std::optional<Quantity> usage_of(const PodFacts& pod, PodResource resource) {
  if (resource == PodResource::gpu) return pod.gpu.busy;
  if (!pod.usage) return std::nullopt;
  return resource == PodResource::cpu ? pod.usage->cpu : pod.usage->memory;
}

PodList top_pods(const PodList& pods, PodResource resource, std::size_t limit) {
  PodList top;
  for (const PodFacts* pod : pods) {
    const auto usage = usage_of(*pod, resource);
    if (usage && (resource != PodResource::gpu || pod->gpu.percent)) top.push_back(pod);
  }
  // Of equals, the first in the list: then the order is the same at each look.
  const auto greedier = [&](const PodFacts* a, const PodFacts* b) {
    const Quantity of_a = *usage_of(*a, resource), of_b = *usage_of(*b, resource);
    return of_a != of_b ? of_a > of_b : a < b;
  };
  const std::size_t shown = std::min(limit, top.size());
  std::ranges::partial_sort(top, top.begin() + static_cast<std::ptrdiff_t>(shown), greedier);
  top.resize(shown);
  return top;
}

void write_summary(JsonWriter& json, const PodList& pods, const std::vector<NodeFacts>& nodes) {
  NodeTotals totals;
  for (const NodeFacts& node : nodes) totals.add(node);
  const PodTotals vllm = totals_of(pods, "vllm");
  const PodTotals sglang = totals_of(pods, "sglang");
  const auto running = std::ranges::count_if(pods, [](const PodFacts* pod) { return pod->running(); });
  json.begin_object().field("totalNodes", nodes.size()).field("readyNodes", totals.ready);
  json.field("totalPods", pods.size()).field("runningPods", running);
  json.field("vllmPods", vllm.pods).field("sglangPods", sglang.pods);
  write_node_totals(json, totals);
  write_model(json, "vllmResourceSummary", "vllm", vllm);
  write_model(json, "sglangResourceSummary", "sglang", sglang);
  write_top(json, "topCpuPods", pods, PodResource::cpu);
  write_top(json, "topMemoryPods", pods, PodResource::memory);
  write_top(json, "topGpuPods", pods, PodResource::gpu);
  write_alerts(json, pods, nodes);
  json.end_object();
}

std::vector<HighUsage> high_usage(const ClusterFacts& facts) {
  std::vector<HighUsage> found;
  const auto add = [&](HighUsage usage, std::optional<double> percent, PodResource resource) {
    if (!percent || *percent <= high_usage_percent) return;
    usage.resource = resource;
    usage.percent = *percent;
    usage.critical = usage.pod != nullptr && *percent > pod_critical_percent;
    found.push_back(usage);
  };
  for (const PodFacts& pod : facts.pods) {
    if (!pod.usage) continue;
    const HighUsage usage{.pod = &pod, .at = pod.usage->at};
    add(usage, pod.cpu_percent(), PodResource::cpu);
    add(usage, pod.memory_percent(), PodResource::memory);
  }
  for (const NodeFacts& node : facts.nodes) {
    if (!node.usage) continue;
    const HighUsage usage{.node = &node, .at = node.usage->at};
    add(usage, node.cpu_percent(), PodResource::cpu);
    add(usage, node.memory_percent(), PodResource::memory);
  }
  return found;
}

}  // namespace reeve::legacy
