#include "adapters/kube/object_decoder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kube/meta_decoder.h"

namespace reeve::kube {
namespace {

constexpr std::size_t message_bytes_max = 500;

std::vector<cluster::Taint> decode_taints(const boost::json::array& elements) {
  std::vector<cluster::Taint> taints;
  taints.reserve(elements.size());
  for (const auto& element : elements) {
    const JsonFields taint(element);
    taints.push_back({std::string(taint.text("key")), std::string(taint.text("value")), std::string(taint.text("effect"))});
  }
  return taints;
}

std::vector<cluster::Condition> decode_conditions(const boost::json::array& elements) {
  std::vector<cluster::Condition> conditions;
  conditions.reserve(elements.size());
  for (const auto& element : elements) {
    const JsonFields condition(element);
    conditions.push_back({std::string(condition.text("type")), std::string(condition.text("status")), std::string(condition.text("reason")),
                          std::string(condition.text("message")), condition.time("lastTransitionTime")});
  }
  return conditions;
}

// An attribute is a value of one of four types under its type's name.
std::string attribute_text(const JsonFields& value) {
  for (const std::string_view type : {"string", "version"})
    if (const auto text = value.text(type); !text.empty()) return std::string(text);
  if (const auto number = value.integer("int")) return fmt::format("{}", *number);
  if (value.all().contains("bool")) return value.flag("bool") ? "true" : "false";
  return {};
}

// "gpu.nvidia.com/uuid" -> "uuid".
std::string_view without_domain(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

cluster::SliceDevice decode_device(const JsonFields& object) {
  cluster::SliceDevice device;
  device.name = object.text("name");
  for (const auto& entry : object.object("attributes").all())
    if (auto text = attribute_text(JsonFields(entry.value())); !text.empty())
      device.attributes.emplace_back(std::string(without_domain(entry.key())), std::move(text));
  for (const auto& entry : object.object("capacity").all())
    if (const auto amount = cluster::Quantity::parse(JsonFields(entry.value()).text("value")))
      device.capacity.emplace_back(std::string(without_domain(entry.key())), *amount);
  std::sort(device.attributes.begin(), device.attributes.end());
  std::sort(device.capacity.begin(), device.capacity.end());
  device.attributes.shrink_to_fit();
  device.capacity.shrink_to_fit();
  return device;
}

// At most so many bytes, and no half character at the end.
std::string_view shortened(std::string_view text) {
  if (text.size() <= message_bytes_max) return text;
  std::size_t end = message_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

// Adds a reading of `usage`; false: there is none that can be read.
bool add_usage(cluster::Usage& sum, const JsonFields& usage) {
  const auto cpu = cluster::Quantity::parse(usage.text("cpu")), memory = cluster::Quantity::parse(usage.text("memory"));
  if (!cpu || !memory) return false;
  sum.cpu += *cpu;
  sum.memory += *memory;
  return true;
}

Error no_reading(std::string_view name) {
  return {Errc::invalid_argument, fmt::format("cannot read the usage of '{}': it has no reading", name)};
}

}  // namespace

Result<cluster::Node> decode_node(const boost::json::object& object) {
  const JsonFields fields(object);
  auto meta = decode_meta(fields, "Node", Scope::cluster);
  if (!meta) return meta.error();
  cluster::Node node;
  node.meta = *std::move(meta);
  const JsonFields spec = fields.object("spec"), status = fields.object("status"), info = status.object("nodeInfo");
  node.unschedulable = spec.flag("unschedulable");
  node.taints = decode_taints(spec.array("taints"));
  node.capacity = decode_resources(status.object("capacity"));
  node.allocatable = decode_resources(status.object("allocatable"));
  node.conditions = decode_conditions(status.array("conditions"));
  for (const auto& element : status.array("addresses")) {
    const JsonFields address(element);
    if (node.internal_ip.empty() && address.text("type") == "InternalIP") node.internal_ip = address.text("address");
  }
  node.kubelet_version = info.text("kubeletVersion");
  node.container_runtime = info.text("containerRuntimeVersion");
  node.operating_system = info.text("operatingSystem");
  node.architecture = info.text("architecture");
  node.kernel_version = info.text("kernelVersion");
  node.os_image = info.text("osImage");
  return node;
}

Result<cluster::Namespace> decode_namespace(const boost::json::object& object) {
  const JsonFields fields(object);
  auto meta = decode_meta(fields, "Namespace", Scope::cluster);
  if (!meta) return meta.error();
  return cluster::Namespace{*std::move(meta), std::string(fields.object("status").text("phase"))};
}

Result<cluster::ResourceClaim> decode_resource_claim(const boost::json::object& object) {
  const JsonFields fields(object);
  auto meta = decode_meta(fields, "ResourceClaim", Scope::namespaced);
  if (!meta) return meta.error();
  cluster::ResourceClaim claim;
  claim.meta = *std::move(meta);
  const JsonFields status = fields.object("status");
  for (const auto& element : status.object("allocation").object("devices").array("results")) {
    const JsonFields result(element);
    claim.devices.push_back({std::string(result.text("request")), std::string(result.text("driver")), std::string(result.text("pool")),
                             std::string(result.text("device")), result.flag("adminAccess")});
  }
  for (const auto& element : status.array("reservedFor")) {
    const JsonFields consumer(element);
    if (consumer.text("resource") == "pods") claim.reserved_for.emplace_back(consumer.text("name"));
  }
  return claim;
}

Result<cluster::ResourceSlice> decode_resource_slice(const boost::json::object& object) {
  const JsonFields fields(object);
  auto meta = decode_meta(fields, "ResourceSlice", Scope::cluster);
  if (!meta) return meta.error();
  cluster::ResourceSlice slice;
  slice.meta = *std::move(meta);
  const JsonFields spec = fields.object("spec"), pool = spec.object("pool");
  slice.driver = spec.text("driver");
  slice.pool = pool.text("name");
  slice.pool_generation = pool.integer("generation").value_or(0);
  slice.node = NodeName{std::string(spec.text("nodeName"))};
  const auto& devices = spec.array("devices");
  slice.devices.reserve(devices.size());
  for (const auto& device : devices) slice.devices.push_back(decode_device(JsonFields(device)));
  return slice;
}

Result<NamedUsage> decode_pod_metrics(const boost::json::object& object) {
  const JsonFields fields(object);
  auto meta = decode_meta(fields, "PodMetrics", Scope::namespaced);
  if (!meta) return meta.error();
  NamedUsage read{std::move(meta->namespace_name), std::move(meta->name), {}};
  read.usage.at = fields.time("timestamp");
  const auto& containers = fields.array("containers");
  // A sum that lacks a container would be no reading of the pod.
  bool whole = !containers.empty();
  for (const auto& container : containers) whole = add_usage(read.usage, JsonFields(container).object("usage")) && whole;
  if (!whole) return no_reading(read.name);
  return read;
}

Result<NamedUsage> decode_node_metrics(const boost::json::object& object) {
  const JsonFields fields(object);
  auto meta = decode_meta(fields, "NodeMetrics", Scope::cluster);
  if (!meta) return meta.error();
  NamedUsage read{"", std::move(meta->name), {}};
  read.usage.at = fields.time("timestamp");
  if (!add_usage(read.usage, fields.object("usage"))) return no_reading(read.name);
  return read;
}

std::optional<ApiStatus> decode_status(const boost::json::object& object) {
  const JsonFields fields(object);
  if (fields.text("kind") != "Status") return std::nullopt;
  ApiStatus status;
  status.code = static_cast<int>(std::clamp<std::int64_t>(fields.integer("code").value_or(0), 0, 999));
  status.reason = fields.text("reason");
  status.message = shortened(fields.text("message"));
  const JsonFields details = fields.object("details");
  for (const auto& cause : details.array("causes"))
    status.version_too_large = status.version_too_large || JsonFields(cause).text("reason") == "ResourceVersionTooLarge";
  if (const auto seconds = details.integer("retryAfterSeconds"))
    status.retry_after_seconds = static_cast<int>(std::clamp<std::int64_t>(*seconds, 0, 3600));
  return status;
}

}  // namespace reeve::kube
