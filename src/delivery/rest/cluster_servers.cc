// GET /api/v1/cluster/servers (pods that serve models), /api/v1/cluster/models (what they serve)

#include <deque>
#include <map>
#include <set>

#include "delivery/rest/answer.h"
#include "delivery/rest/cluster_records.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 6> sortable_servers{
    "namespace", "pod", "model", "requests_running", "requests_waiting", "generation_tokens_per_second"};
constexpr std::array<std::string_view, 5> sortable_models{"model", "servers", "gpus", "requests_running", "generation_tokens_per_second"};

const std::string& model_of(const serving::Server& server) {
  return server.served_model.empty() ? server.identity.model_name : server.served_model;
}

SortKey key_of(const serving::Server& server, const std::string& sort) {
  if (sort == "pod") return {.text = server.pod};
  if (sort == "model") return {.text = model_of(server)};
  if (sort == "requests_running") return {.number = server.values.requests_running};
  if (sort == "requests_waiting") return {.number = server.values.requests_waiting};
  if (sort == "generation_tokens_per_second") return {.number = server.values.generation_tokens_per_second};
  return {.text = server.namespace_name};
}

http::Response list_servers(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, server_fields, sortable_servers);
  const auto engine = query.word<serving::Engine>("engine");
  const auto model = query.text("model");
  const auto namespace_name = query.text("namespace");
  const std::string part = lower_case(query.text("q").value_or(""));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  const HoldingsOfPods holdings(*scene.report);
  std::deque<std::string> ids;
  std::vector<Row<const serving::Server*>> rows;
  for (const auto& server : *scene.servers) {
    if (engine && server.identity.engine != *engine) continue;
    if (model && server.served_model != *model && server.identity.model_name != *model) continue;
    if (namespace_name && server.namespace_name != *namespace_name) continue;
    if (!any_contains(std::array<std::string_view, 4>{server.pod, server.namespace_name, server.served_model, server.identity.model_name},
                      part))
      continue;
    rows.push_back({key_of(server, list.sort), ids.emplace_back(cluster::pod_key(server.namespace_name, server.pod)), &server});
  }
  return tagged_json(request,
                     write_page(std::move(rows), list, [&](JsonWriter& json, const serving::Server* server, const FieldSet& fields) {
                       write_server(json, scene, holdings, *server, fields);
                     }));
}

// All pods that serve one model.
struct ServedModel {
  std::string name{};
  std::set<std::string_view> engines{};
  std::size_t servers = 0;
  std::size_t answering = 0;  // those whose last look succeeded
  std::int64_t gpus = 0;      // and slices: held, or asked for where more were asked for than seen
  std::optional<double> running{}, waiting{}, prompt_rate{}, generation_rate{}, first_token{};
  double kv_cache = 0;
  std::size_t with_kv_cache = 0;

  void add(const ClusterScene& scene, const HoldingsOfPods& holdings, const serving::Server& server);
};

void add_known(std::optional<double>& sum, std::optional<double> value) {
  if (value) sum = sum.value_or(0) + *value;
}

void ServedModel::add(const ClusterScene& scene, const HoldingsOfPods& holdings, const serving::Server& server) {
  name = model_of(server);
  engines.insert(to_text(server.identity.engine));
  ++servers;
  std::set<std::string_view> held;
  for (const auto* holding : holdings.of(server.namespace_name, server.pod)) held.insert(holding->resource);
  const cluster::Pod* pod = scene.cluster->find_pod(server.namespace_name, server.pod);
  gpus += std::max(static_cast<std::int64_t>(held.size()), pod == nullptr ? 0 : gpu_requests(*pod));
  // What an engine said before it fell silent is no longer so.
  if (!server.at || !server.last_error.empty()) return;
  ++answering;
  add_known(running, server.values.requests_running);
  add_known(waiting, server.values.requests_waiting);
  add_known(prompt_rate, server.values.prompt_tokens_per_second);
  add_known(generation_rate, server.values.generation_tokens_per_second);
  first_token = std::max(first_token, server.values.time_to_first_token_p95);
  if (server.values.kv_cache_usage) kv_cache += *server.values.kv_cache_usage, ++with_kv_cache;
}

void write_model(JsonWriter& json, const ServedModel& model, const FieldSet& fields) {
  ItemWriter item(json, fields);
  item.text("model", model.name);
  if (item.begin("engines")) {
    json.begin_array();
    for (const auto engine : model.engines) json.value(engine);
    json.end_array();
  }
  item.field("servers", model.servers).field("servers_answering", model.answering).field("gpus", model.gpus);
  item.field("requests_running", model.running).field("requests_waiting", model.waiting);
  item.field("prompt_tokens_per_second", model.prompt_rate).field("generation_tokens_per_second", model.generation_rate);
  item.field("kv_cache_usage_ratio",
             model.with_kv_cache == 0 ? std::nullopt : std::optional(model.kv_cache / static_cast<double>(model.with_kv_cache)));
  item.field("time_to_first_token_p95_seconds", model.first_token);
  item.end();
}

SortKey key_of(const ServedModel& model, const std::string& sort) {
  if (sort == "servers") return {.number = static_cast<double>(model.servers)};
  if (sort == "gpus") return {.number = static_cast<double>(model.gpus)};
  if (sort == "requests_running") return {.number = model.running};
  if (sort == "generation_tokens_per_second") return {.number = model.generation_rate};
  return {.text = model.name};
}

http::Response list_models(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, served_model_fields, sortable_models);
  const auto engine = query.word<serving::Engine>("engine");
  const std::string part = lower_case(query.text("q").value_or(""));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  const HoldingsOfPods holdings(*scene.report);
  std::map<std::string, ServedModel> models;
  for (const auto& server : *scene.servers) {
    if (engine && server.identity.engine != *engine) continue;
    if (any_contains(std::array<std::string_view, 1>{model_of(server)}, part)) models[model_of(server)].add(scene, holdings, server);
  }
  std::vector<Row<const ServedModel*>> rows;
  for (const auto& [name, model] : models) rows.push_back({key_of(model, list.sort), name, &model});
  return tagged_json(request, write_page(std::move(rows), list, [](JsonWriter& json, const ServedModel* model, const FieldSet& fields) {
                       write_model(json, *model, fields);
                     }));
}

}  // namespace

Routes cluster_server_routes(Api& api) {
  return {{"GET", "/api/v1/cluster/servers", on_pool(api, list_servers)}, {"GET", "/api/v1/cluster/models", on_pool(api, list_models)}};
}

}  // namespace reeve::rest
