#include "delivery/legacy/resource_info.h"

#include <numeric>

#include "delivery/legacy/answer.h"

namespace reeve::legacy {
namespace {

using cluster::Quantity;

void labels_field(JsonWriter& json, std::string_view name, const cluster::Labels& labels) {
  json.key(name).begin_object();
  for (const auto& [key, value] : labels) json.field(key, value);
  json.end_object();
}

// Of the first container, as before: "Running", "Waiting", "Terminated", or "Unknown" while the kubelet has not said.
std::string_view container_status(const cluster::Pod& pod) {
  if (pod.containers.empty() || !pod.containers.front().state) return "Unknown";
  return to_text(*pod.containers.front().state);
}

int restarts(const cluster::Pod& pod) {
  return std::accumulate(pod.containers.begin(), pod.containers.end(), 0,
                         [](int sum, const cluster::Container& container) { return sum + container.restarts; });
}

std::optional<std::string> local(const LocalZone& zone, std::optional<Timestamp> time) {
  return time ? std::optional(zone.format(*time)) : std::nullopt;
}

std::optional<Quantity> cpu_of(const std::optional<cluster::Usage>& usage) { return usage ? std::optional(usage->cpu) : std::nullopt; }
std::optional<Quantity> memory_of(const std::optional<cluster::Usage>& usage) {
  return usage ? std::optional(usage->memory) : std::nullopt;
}

void write_capacity(JsonWriter& json, const NodeFacts& node) {
  decimal_field(json, "cpuCapacity", node.cpu_capacity);
  binary_field(json, "memoryCapacity", node.memory_capacity);
  decimal_field(json, "gpuCapacity", node.gpu_capacity);
  binary_field(json, "storageCapacity", node.storage_capacity);
  decimal_field(json, "cpuAllocatable", node.cpu_allocatable);
  binary_field(json, "memoryAllocatable", node.memory_allocatable);
  decimal_field(json, "gpuAllocatable", node.gpu_allocatable);
  binary_field(json, "storageAllocatable", node.storage_allocatable);
}

void write_node_usage(JsonWriter& json, const NodeFacts& node) {
  decimal_field(json, "cpuUsage", cpu_of(node.usage));
  binary_field(json, "memoryUsage", memory_of(node.usage));
  decimal_field(json, "gpuUsage", node.gpu.busy);
  // metrics.k8s.io tells nothing of disks, and nobody else does.
  json.field("storageUsage", nullptr);
  json.field("cpuUsagePercent", node.cpu_percent()).field("memoryUsagePercent", node.memory_percent());
  json.field("gpuUsagePercent", node.gpu.percent).field("storageUsagePercent", nullptr);
  decimal_field(json, "cpuAllocated", node.cpu_allocated);
  binary_field(json, "memoryAllocated", node.memory_allocated);
  decimal_field(json, "gpuAllocated", node.gpu_allocated);
  json.field("cpuAllocationPercent", percent_of(node.cpu_allocated, node.cpu_allocatable));
  json.field("memoryAllocationPercent", percent_of(node.memory_allocated, node.memory_allocatable));
  json.field("gpuAllocationPercent", percent_of(node.gpu_allocated, node.gpu_allocatable));
}

}  // namespace

void decimal_field(JsonWriter& json, std::string_view name, std::optional<Quantity> amount) {
  json.key(name);
  if (amount)
    json.value(cluster::decimal_text(*amount));
  else
    json.value(nullptr);
}

void binary_field(JsonWriter& json, std::string_view name, std::optional<Quantity> amount) {
  json.key(name);
  if (amount)
    json.value(cluster::binary_text(*amount));
  else
    json.value(nullptr);
}

void write_pod_usage(JsonWriter& json, const PodFacts& pod) {
  decimal_field(json, "cpuUsage", cpu_of(pod.usage));
  binary_field(json, "memoryUsage", memory_of(pod.usage));
  decimal_field(json, "gpuUsage", pod.gpu.busy);
  json.field("cpuUsagePercent", pod.cpu_percent()).field("memoryUsagePercent", pod.memory_percent());
  json.field("gpuUsagePercent", pod.gpu.percent);
}

PodSpan write_pod(JsonWriter& json, const std::string& body, const PodFacts& facts, const LocalZone& zone) {
  const cluster::Pod& pod = *facts.pod;
  const ServedModel model = facts.model;
  PodSpan span;
  json.begin_object();
  span.begin = body.size() - 1;  // before the bracket, behind what parts it from the one before
  json.field("name", pod.meta.name).field("namespace", pod.meta.namespace_name);
  text_field(json, "nodeName", pod.node.text);
  json.field("phase", pod.phase).field("creationTime", local(zone, pod.meta.created_at));
  decimal_field(json, "cpuRequest", facts.needs.cpu_request);
  binary_field(json, "memoryRequest", facts.needs.memory_request);
  decimal_field(json, "gpuRequest", facts.needs.gpu_request);
  decimal_field(json, "cpuLimit", facts.needs.cpu_limit);
  binary_field(json, "memoryLimit", facts.needs.memory_limit);
  decimal_field(json, "gpuLimit", facts.needs.gpu_limit);
  span.usage_begin = body.size();
  write_pod_usage(json, facts);
  span.usage_end = body.size();
  labels_field(json, "labels", pod.meta.labels);
  labels_field(json, "annotations", pod.meta.annotations);
  json.field("modelType", model.type).field("modelName", model.name).field("modelVersion", model.version);
  json.field("replicas", 1).field("containerStatus", container_status(pod));
  json.field("readyStatus", pod.ready ? "True" : "False").field("restartCount", restarts(pod)).end_object();
  span.end = body.size();
  return span;
}

void write_node(JsonWriter& json, const NodeFacts& facts, const LocalZone& zone) {
  const cluster::Node& node = *facts.node;
  json.begin_object().field("name", node.meta.name).field("role", facts.role()).field("status", facts.status());
  json.field("lastUpdateTime", local(zone, facts.usage ? facts.usage->at : std::nullopt));
  write_capacity(json, facts);
  write_node_usage(json, facts);
  labels_field(json, "labels", node.meta.labels);
  labels_field(json, "annotations", node.meta.annotations);
  json.field("totalPodCount", facts.pods).field("runningPodCount", facts.running_pods);
  json.field("vllmPodCount", facts.vllm_pods).field("sglangPodCount", facts.sglang_pods);
  text_field(json, "kubeletVersion", node.kubelet_version);
  text_field(json, "containerRuntimeVersion", node.container_runtime);
  text_field(json, "operatingSystem", node.operating_system);
  text_field(json, "architecture", node.architecture);
  json.end_object();
}

}  // namespace reeve::legacy
