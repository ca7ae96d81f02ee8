// GET /api/v1/cluster/nodes, /api/v1/cluster/nodes/{name}

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/cluster_records.h"
#include "domain/cluster/gpu_resources.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 5> sortable{"name", "created_at", "pods", "devices", "gpus"};
constexpr std::string_view role_prefix = "node-role.kubernetes.io/";

// A scene, and what is worked out of it once for all nodes that are shown.
struct NodeScene {
  ClusterScene of;
  std::unordered_map<std::string_view, std::size_t> held;  // by node; complete when the report was ever made
};

NodeScene node_scene_of(const Api& api) {
  NodeScene scene{cluster_scene_of(api), {}};
  scene.held = held_resources(*scene.of.report, [](const holding::Holding& holding) { return std::string_view(holding.node.text); });
  return scene;
}

std::span<const std::uint32_t> pods_on(const cluster::Snapshot& snapshot, const NodeName& node) {
  const auto found = snapshot.pods_of_node.find(node);
  return found == snapshot.pods_of_node.end() ? std::span<const std::uint32_t>() : std::span(found->second);
}

std::size_t device_count(const Fleet& fleet, const NodeName& name) {
  const NodeView* view = fleet.find_node(name);
  return view == nullptr ? 0 : view->node->devices.size();
}

// How many of its GPUs and slices somebody was seen on; absent where nobody can tell.
std::optional<std::size_t> held_on(const NodeScene& scene, const cluster::Node& node) {
  if (const auto seen = scene.held.find(node.meta.name); seen != scene.held.end()) return seen->second;
  const NodeView* view = scene.of.fleet->find_node(NodeName{node.meta.name});
  const bool somebody_told = view != nullptr && view->readings->holders_from.has_value();
  const bool none_to_hold = cluster::gpu_count(node.capacity) == 0;
  return scene.of.report->at && (somebody_told || none_to_hold) ? std::optional<std::size_t>(0) : std::nullopt;
}

void write_roles(JsonWriter& json, const cluster::Labels& labels) {
  json.begin_array();
  for (const auto& [key, value] : labels)
    if (key.starts_with(role_prefix)) json.value(std::string_view(key).substr(role_prefix.size()));
  json.end_array();
}

void write_taints(JsonWriter& json, const std::vector<cluster::Taint>& taints) {
  json.begin_array();
  for (const auto& taint : taints) {
    ItemWriter item(json);
    item.field("key", taint.key).text("value", taint.value).field("effect", taint.effect);
    item.end();
  }
  json.end_array();
}

void write_conditions(JsonWriter& json, const std::vector<cluster::Condition>& conditions) {
  json.begin_array();
  for (const auto& condition : conditions) {
    ItemWriter item(json);
    item.field("type", condition.type)
        .field("status", condition.status)
        .text("reason", condition.reason)
        .text("message", condition.message);
    item.field("since", condition.since);
    item.end();
  }
  json.end_array();
}

void write_gpus(JsonWriter& json, const NodeScene& scene, const cluster::Node& node, const cluster::ResourceList& requested) {
  json.begin_object().field("capacity", cluster::gpu_count(node.capacity)).field("allocatable", cluster::gpu_count(node.allocatable));
  json.field("requested", scene.of.knows(cluster::Kind::pods) ? std::optional(cluster::gpu_count(requested)) : std::nullopt);
  json.field("held", held_on(scene, node)).end_object();
}

void write_what_it_is(ItemWriter& item, JsonWriter& json, const cluster::Node& node) {
  item.field("name", node.meta.name).field("ready", is_ready(node)).field("unschedulable", node.unschedulable);
  if (item.begin("roles")) write_roles(json, node.meta.labels);
  item.field("created_at", node.meta.created_at).text("internal_ip", node.internal_ip).text("kubelet_version", node.kubelet_version);
  item.text("container_runtime", node.container_runtime).text("operating_system", node.operating_system);
  item.text("architecture", node.architecture).text("kernel_version", node.kernel_version).text("os_image", node.os_image);
  if (item.begin("labels")) write_labels(json, node.meta.labels);
  if (item.begin("annotations")) write_labels(json, node.meta.annotations);
  if (item.begin("taints")) write_taints(json, node.taints);
  if (item.begin("conditions")) write_conditions(json, node.conditions);
  if (item.begin("capacity")) write_amounts(json, node.capacity);
  if (item.begin("allocatable")) write_amounts(json, node.allocatable);
}

void write_pod_list(JsonWriter& json, const ClusterScene& scene, std::span<const std::uint32_t> pods) {
  json.begin_array();
  for (const auto position : pods) {
    const cluster::Pod& pod = *scene.cluster->pods[position];
    json.begin_object().field("namespace", pod.meta.namespace_name).field("name", pod.meta.name).field("phase", pod.phase);
    json.field("gpu_requests", gpu_requests(pod)).end_object();
  }
  json.end_array();
}

void write_device_list(JsonWriter& json, const Fleet& fleet, const NodeName& name) {
  json.begin_array();
  if (const NodeView* view = fleet.find_node(name))
    for (const Device& device : view->node->devices) json.value(device.id);
  json.end_array();
}

void write_cluster_node(JsonWriter& json, const NodeScene& scene, const cluster::Node& node, const FieldSet& fields, bool with_lists) {
  const ClusterScene& of = scene.of;
  const NodeName name{node.meta.name};
  const auto pods = pods_on(*of.cluster, name);
  const bool pods_known = of.knows(cluster::Kind::pods);
  const bool sums = fields.wants("requested") || fields.wants("gpus");
  const cluster::ResourceList requested = sums ? requested_on(*of.cluster, name) : cluster::ResourceList();
  const auto running = [&](std::uint32_t position) { return of.cluster->pods[position]->phase == cluster::PodPhase::running; };
  ItemWriter item(json, fields);
  write_what_it_is(item, json, node);
  if (item.begin("requested")) pods_known ? write_amounts(json, requested) : void(json.value(nullptr));
  if (item.begin("usage")) write_usage(json, of.cluster->usage_of(node));
  if (item.begin("gpus")) write_gpus(json, scene, node, requested);
  item.field("pods", pods_known ? std::optional(pods.size()) : std::nullopt);
  item.field("pods_running", pods_known ? std::optional(std::ranges::count_if(pods, running)) : std::nullopt);
  item.field("in_fleet", of.fleet->find_node(name) != nullptr).field("devices", device_count(*of.fleet, name));
  if (with_lists && item.begin("pod_list")) write_pod_list(json, of, pods);
  if (with_lists && item.begin("device_list")) write_device_list(json, *of.fleet, name);
  item.end();
}

SortKey key_of(const ClusterScene& scene, const cluster::Node& node, const std::string& sort) {
  if (sort == "created_at") {
    const auto at = node.meta.created_at;
    return {.number = at ? std::optional(static_cast<double>(at->time_since_epoch().count())) : std::nullopt};
  }
  const NodeName name{node.meta.name};
  if (sort == "pods") return {.number = static_cast<double>(pods_on(*scene.cluster, name).size())};
  if (sort == "devices") return {.number = static_cast<double>(device_count(*scene.fleet, name))};
  if (sort == "gpus") return {.number = static_cast<double>(cluster::gpu_count(node.allocatable))};
  return {.text = node.meta.name};
}

http::Response list_nodes(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, cluster_node_fields, sortable);
  const auto ready = query.flag("ready");
  const auto gpu = query.flag("gpu");
  const LabelFilter labels = LabelFilter::read(query);
  const std::string part = lower_case(query.text("q").value_or(""));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const NodeScene scene = node_scene_of(api);
  std::vector<Row<const cluster::Node*>> rows;
  for (const auto& node : scene.of.cluster->nodes) {
    if (ready && is_ready(*node) != *ready) continue;
    if (gpu && (cluster::gpu_count(node->capacity) > 0) != *gpu) continue;
    if (!labels.matches(node->meta.labels)) continue;
    if (!any_contains(std::array<std::string_view, 2>{node->meta.name, node->internal_ip}, part)) continue;
    rows.push_back({key_of(scene.of, *node, list.sort), node->meta.name, node.get()});
  }
  return tagged_json(request, write_page(std::move(rows), list, [&](JsonWriter& json, const cluster::Node* node, const FieldSet& fields) {
                       write_cluster_node(json, scene, *node, fields, false);
                     }));
}

http::Response get_node(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const FieldSet fields = read_fields(query, cluster_node_fields);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const std::string& name = path_value(request, "name");
  const NodeScene scene = node_scene_of(api);
  const cluster::Node* node = scene.of.cluster->find_node(NodeName{name});
  if (node == nullptr)
    return problem_response(
        {.code = ApiCode::node_not_found, .detail = fmt::format("cannot find node '{}' in the Kubernetes cluster", name)}, request);
  std::string body;
  JsonWriter json(body);
  write_cluster_node(json, scene, *node, fields, true);
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes cluster_node_routes(Api& api) {
  return {{"GET", "/api/v1/cluster/nodes", on_pool(api, list_nodes)}, {"GET", "/api/v1/cluster/nodes/{name}", on_pool(api, get_node)}};
}

}  // namespace reeve::rest
