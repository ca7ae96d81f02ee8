// GET /api/v1/cluster/pods, /api/v1/cluster/pods/{namespace}/{name}

#include <deque>

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/cluster_records.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 7> sortable{"namespace", "name", "node", "phase", "created_at", "gpu_requests", "restarts"};

SortKey key_of(const cluster::Pod& pod, const std::string& sort) {
  if (sort == "name") return {.text = pod.meta.name};
  if (sort == "node") return {.text = pod.node.text};
  if (sort == "phase") return {.text = to_text(pod.phase)};
  if (sort == "gpu_requests") return {.number = static_cast<double>(gpu_requests(pod))};
  if (sort == "restarts") return {.number = restarts(pod)};
  if (sort == "created_at") {
    const auto at = pod.meta.created_at;
    return {.number = at ? std::optional(static_cast<double>(at->time_since_epoch().count())) : std::nullopt};
  }
  return {.text = pod.meta.namespace_name};
}

struct PodFilter {
  std::optional<std::string> namespace_name{};
  std::optional<std::string> node{};
  std::optional<cluster::PodPhase> phase{};
  std::optional<bool> gpu{};
  std::optional<bool> serving{};
  LabelFilter labels{};
  std::string part{};

  static PodFilter read(QueryReader& query) {
    PodFilter filter;
    filter.namespace_name = query.text("namespace");
    filter.node = query.text("node");
    filter.phase = query.word<cluster::PodPhase>("phase");
    filter.gpu = query.flag("gpu");
    filter.serving = query.flag("serving");
    filter.labels = LabelFilter::read(query);
    filter.part = lower_case(query.text("q").value_or(""));
    return filter;
  }
  bool matches(const ClusterScene& scene, const cluster::Pod& pod) const {
    if (node && pod.node.text != *node) return false;
    if (phase && pod.phase != *phase) return false;
    if (!labels.matches(pod.meta.labels)) return false;
    if (gpu && (gpu_requests(pod) > 0) != *gpu) return false;
    if (serving && (scene.server_of(pod.meta.namespace_name, pod.meta.name) != nullptr) != *serving) return false;
    return any_contains(std::array<std::string_view, 4>{pod.meta.name, pod.meta.namespace_name, pod.node.text,
                                                        pod.controller ? std::string_view(pod.controller->name) : std::string_view()},
                        part);
  }
};

using PodRows = std::vector<Row<const cluster::Pod*>>;

// In the order of the snapshot itself: rows behind the cursor, one more than a page has. The others are only counted.
PodRows first_rows(const ClusterScene& scene, std::span<const cluster::PodPtr> pods, const PodFilter& filter, const ListRequest& list,
                   std::size_t& total) {
  PodRows rows;
  for (const auto& pod : pods) {
    if (!filter.matches(scene, *pod)) continue;
    ++total;
    if (rows.size() > list.limit) continue;
    const SortKey key{.text = pod->meta.namespace_name};
    const bool seen = list.cursor && !row_before({list.cursor->number, list.cursor->text}, list.cursor->id, key, pod->meta.name, false);
    if (!seen) rows.push_back({key, pod->meta.name, pod.get()});
  }
  return rows;
}

// `ids` keeps the names that tell the rows apart: a pod's own does so only within its namespace.
PodRows all_rows(const ClusterScene& scene, std::span<const cluster::PodPtr> pods, const PodFilter& filter, const ListRequest& list,
                 std::deque<std::string>& ids) {
  PodRows rows;
  for (const auto& pod : pods)
    if (filter.matches(scene, *pod))
      rows.push_back({key_of(*pod, list.sort), ids.emplace_back(cluster::pod_key(pod->meta.namespace_name, pod->meta.name)), pod.get()});
  return rows;
}

http::Response list_pods(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, pod_fields, sortable);
  const PodFilter filter = PodFilter::read(query);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  const HoldingsOfPods holdings(*scene.report);
  const bool as_they_are = (list.sort.empty() || list.sort == "namespace") && !list.descending;
  const std::span<const cluster::PodPtr> pods =
      filter.namespace_name ? scene.cluster->pods_in(*filter.namespace_name) : scene.cluster->pods;
  std::size_t total = 0;
  std::deque<std::string> ids;
  PodRows rows = as_they_are ? first_rows(scene, pods, filter, list, total) : all_rows(scene, pods, filter, list, ids);
  if (!as_they_are) total = rows.size();
  const auto write = [&](JsonWriter& json, const cluster::Pod* pod, const FieldSet& fields) {
    write_pod(json, scene, holdings, *pod, fields);
  };
  return tagged_json(request, write_page(std::move(rows), list, write, total));
}

http::Response get_pod(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const FieldSet fields = read_fields(query, pod_fields);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const std::string& namespace_name = path_value(request, "namespace");
  const std::string& name = path_value(request, "name");
  const ClusterScene scene = cluster_scene_of(api);
  const cluster::Pod* pod = scene.cluster->find_pod(namespace_name, name);
  if (pod == nullptr)
    return problem_response({.code = ApiCode::pod_not_found, .detail = fmt::format("cannot find pod '{}/{}'", namespace_name, name)},
                            request);
  std::string body;
  JsonWriter json(body);
  write_pod(json, scene, HoldingsOfPods(*scene.report), *pod, fields);
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes cluster_pod_routes(Api& api) {
  return {{"GET", "/api/v1/cluster/pods", on_pool(api, list_pods)},
          {"GET", "/api/v1/cluster/pods/{namespace}/{name}", on_pool(api, get_pod)}};
}

}  // namespace reeve::rest
