#include "delivery/rest/cluster_records.h"

#include <cmath>

#include "delivery/rest/records.h"
#include "domain/cluster/pod_requests.h"

namespace reeve::rest {
namespace {

constexpr double exact_integers_max = 9e15;  // a double holds every whole number below it

void write_controller(JsonWriter& json, const std::optional<cluster::OwnerReference>& controller) {
  if (!controller) {
    json.value(nullptr);
    return;
  }
  json.begin_object().field("kind", controller->kind).field("name", controller->name).end_object();
}

void write_containers(JsonWriter& json, const std::vector<cluster::Container>& containers) {
  json.begin_array();
  for (const auto& container : containers) {
    ItemWriter item(json);
    item.field("name", container.name).text("image", container.image).field("state", container.state).text("reason", container.reason);
    item.field("ready", container.ready).field("restarts", container.restarts).field("started_at", container.started_at);
    item.begin("requests"), write_amounts(json, container.requests);
    item.begin("limits"), write_amounts(json, container.limits);
    item.end();
  }
  json.end_array();
}

void write_held(JsonWriter& json, const std::vector<const holding::Holding*>& held) {
  json.begin_array();
  for (const auto* holding : held) {
    ItemWriter item(json);
    item.field("resource", holding->resource).field("device", place_of(holding->resource).device).text("container", holding->container);
    item.field("replica", holding->replica);
    item.begin("sources"), write_sources(json, holding->sources);
    item.field("since", holding->since);
    item.end();
  }
  json.end_array();
}

// Without repetition: a pod may hold several devices by one allocation.
std::vector<std::string> allocations_of(const std::vector<const holding::Holding*>& held) {
  std::vector<std::string> ids;
  for (const auto* holding : held)
    if (holding->allocation && std::ranges::find(ids, holding->allocation->text) == ids.end()) ids.push_back(holding->allocation->text);
  return ids;
}

void write_serving_values(JsonWriter& json, const serving::Values& values) {
  json.begin_object().field("requests_running", values.requests_running).field("requests_waiting", values.requests_waiting);
  json.field("prompt_tokens_total", values.prompt_tokens_total).field("generation_tokens_total", values.generation_tokens_total);
  json.field("requests_total", values.requests_total).field("preemptions_total", values.preemptions_total);
  json.field("prompt_tokens_per_second", values.prompt_tokens_per_second);
  json.field("generation_tokens_per_second", values.generation_tokens_per_second);
  json.field("kv_cache_usage_ratio", values.kv_cache_usage).field("prefix_cache_hit_ratio", values.prefix_cache_hit_ratio);
  json.field("time_to_first_token_p50_seconds", values.time_to_first_token_p50);
  json.field("time_to_first_token_p95_seconds", values.time_to_first_token_p95);
  json.field("inter_token_latency_p50_seconds", values.inter_token_latency_p50);
  json.field("inter_token_latency_p95_seconds", values.inter_token_latency_p95).end_object();
}

void write_status_of_pod(ItemWriter& item, JsonWriter& json, const cluster::Pod& pod) {
  item.field("namespace", pod.meta.namespace_name).field("name", pod.meta.name).text("uid", pod.meta.uid);
  item.text("resource_version", pod.meta.resource_version).text("node", pod.node.text);
  item.field("phase", pod.phase).text("reason", pod.reason).field("ready", pod.ready).field("created_at", pod.meta.created_at);
  item.field("started_at", pod.started_at).field("deleted_at", pod.meta.deleted_at).text("ip", pod.ip);
  if (item.begin("controller")) write_controller(json, pod.controller);
  item.text("service_account", pod.service_account).text("priority_class", pod.priority_class);
  if (item.begin("labels")) write_labels(json, pod.meta.labels);
  if (item.begin("annotations")) write_labels(json, pod.meta.annotations);
}

}  // namespace

void write_amount(JsonWriter& json, double amount) {
  if (std::abs(amount) < exact_integers_max && amount == std::floor(amount))
    json.value(static_cast<std::int64_t>(amount));
  else
    json.value(amount);
}

void write_amounts(JsonWriter& json, const cluster::ResourceList& resources) {
  json.begin_object();
  for (const auto& [name, amount] : resources) json.key(name), write_amount(json, amount.value());
  json.end_object();
}

void write_labels(JsonWriter& json, const cluster::Labels& labels) {
  json.begin_object();
  for (const auto& [key, value] : labels) json.field(key, value);
  json.end_object();
}

void write_usage(JsonWriter& json, const cluster::Usage* usage) {
  if (usage == nullptr) {
    json.value(nullptr);
    return;
  }
  json.begin_object().key("cpu"), write_amount(json, usage->cpu.value());
  json.key("memory"), write_amount(json, usage->memory.value());
  json.field("at", usage->at).end_object();
}

void write_sources(JsonWriter& json, const std::vector<HolderSource>& sources) {
  json.begin_array();
  for (const HolderSource source : sources) json.value(source);
  json.end_array();
}

void write_pod(JsonWriter& json, const ClusterScene& scene, const HoldingsOfPods& holdings, const cluster::Pod& pod,
               const FieldSet& fields) {
  const auto& held = holdings.of(pod.meta.namespace_name, pod.meta.name);
  ItemWriter item(json, fields);
  write_status_of_pod(item, json, pod);
  if (item.begin("requests")) write_amounts(json, cluster::effective_requests(pod));
  if (item.begin("limits")) write_amounts(json, cluster::effective_limits(pod));
  if (item.begin("usage")) write_usage(json, scene.cluster->usage_of(pod));
  item.field("gpu_requests", gpu_requests(pod)).field("restarts", restarts(pod));
  if (item.begin("containers")) write_containers(json, pod.containers);
  if (item.begin("devices")) write_held(json, held);
  if (item.begin("allocations")) json.value(allocations_of(held));
  if (item.begin("serving")) {
    const serving::Server* server = scene.server_of(pod.meta.namespace_name, pod.meta.name);
    server == nullptr ? void(json.value(nullptr)) : write_server(json, scene, holdings, *server, every_field);
  }
  item.text("unschedulable", pod.unschedulable);
  item.end();
}

void write_server(JsonWriter& json, const ClusterScene& scene, const HoldingsOfPods& holdings, const serving::Server& server,
                  const FieldSet& fields) {
  const cluster::Pod* pod = scene.cluster->find_pod(server.namespace_name, server.pod);
  ItemWriter item(json, fields);
  item.field("namespace", server.namespace_name).field("pod", server.pod).text("node", pod == nullptr ? "" : pod->node.text);
  item.field("engine", server.identity.engine).text("model", server.identity.model_name).text("served_model", server.served_model);
  item.text("model_version", server.identity.model_version).field("at", server.at).text("last_error", server.last_error);
  if (item.begin("gpus")) {
    json.begin_array();
    const std::string* last = nullptr;  // the holdings of a pod are by resource
    for (const auto* holding : holdings.of(server.namespace_name, server.pod)) {
      if (last == nullptr || *last != holding->resource) json.value(holding->resource);
      last = &holding->resource;
    }
    json.end_array();
  }
  if (item.begin("values")) write_serving_values(json, server.values);
  item.end();
}

}  // namespace reeve::rest
