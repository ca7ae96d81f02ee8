// GET /api/v1/cluster: what is known of the Kubernetes cluster, and how well.

#include "delivery/rest/answer.h"
#include "delivery/rest/cluster_records.h"

namespace reeve::rest {
namespace {

void write_kinds(JsonWriter& json, const cluster::Snapshot& snapshot) {
  json.key("kinds").begin_array();
  for (int i = 0; i < count_of<cluster::Kind>(); ++i) {
    const auto kind = static_cast<cluster::Kind>(i);
    const cluster::KindStatus& status = snapshot.status(kind);
    ItemWriter item(json);
    item.field("kind", kind).field("state", status.state).text("error", status.error).field("synced_at", status.synced_at);
    item.field("heard_at", status.heard_at).field("lists", status.lists).field("events", status.events);
    item.text("resource_version", status.resource_version);
    item.end();
  }
  json.end_array();
}

void write_sum(JsonWriter& json, std::string_view name, std::optional<double> sum) {
  json.key(name);
  sum ? write_amount(json, *sum) : void(json.value(nullptr));
}

std::optional<std::size_t> gpus_held(const ClusterScene& scene) {
  if (!scene.report->at) return std::nullopt;
  std::size_t held = 0;
  for (const auto& [resource, count] :
       held_resources(*scene.report, [](const holding::Holding& holding) { return std::string_view(holding.resource); }))
    held += count;
  return held;
}

http::Response get_cluster(const Api& api, const http::Request& request) {
  QueryReader query(request);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  const ClusterTotals totals = totals_of(scene);
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("configured", scene.configured());
  api.cluster_name.empty() ? json.field("name", nullptr) : json.field("name", api.cluster_name);
  scene.cluster->server_version.empty() ? json.field("server_version", nullptr)
                                        : json.field("server_version", scene.cluster->server_version);
  json.field("version", scene.cluster->version);
  write_kinds(json, *scene.cluster);
  json.field("pods", totals.pods).field("pods_running", totals.pods_running).field("pods_pending", totals.pods_pending);
  json.field("pods_gpu", totals.pods_gpu).field("nodes", totals.nodes).field("nodes_ready", totals.nodes_ready);
  json.field("namespaces", totals.namespaces);
  json.field("gpus_capacity", totals.gpus_capacity).field("gpus_allocatable", totals.gpus_allocatable);
  json.field("gpus_requested", totals.gpus_requested).field("gpus_held", gpus_held(scene));
  write_sum(json, "cpu_usage_cores", totals.cpu_usage);
  write_sum(json, "cpu_allocatable_cores", totals.cpu_allocatable);
  write_sum(json, "memory_usage_bytes", totals.memory_usage);
  write_sum(json, "memory_allocatable_bytes", totals.memory_allocatable);
  json.field("claims", totals.claims).field("claims_allocated", totals.claims_allocated).field("servers", totals.servers);
  json.field("conflicts", totals.conflicts).field("holdings", totals.holdings).field("unplaced", totals.unplaced);
  json.field("holdings_at", scene.report->at).end_object();
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes cluster_routes(Api& api) { return {{"GET", "/api/v1/cluster", on_pool(api, get_cluster)}}; }

}  // namespace reeve::rest
