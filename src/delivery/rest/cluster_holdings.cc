// GET /api/v1/cluster/holdings (who really holds what), /conflicts (where that is not clear), /unplaced (evidence
// that names no device we know)

#include <deque>

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/cluster_records.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 4> sortable_holdings{"resource", "node", "namespace", "since"};
constexpr std::array<std::string_view, 3> sortable_conflicts{"resource", "kind", "since"};
constexpr std::array<std::string_view, 1> sortable_unplaced{"node"};

SortKey key_of(std::optional<Timestamp> time) {
  return {.number = time ? std::optional(static_cast<double>(time->time_since_epoch().count())) : std::nullopt};
}

void write_evidence(JsonWriter& json, const HolderObservation& evidence) {
  ItemWriter item(json);
  item.field("source", evidence.source).text("namespace", evidence.namespace_name).text("pod", evidence.pod);
  item.text("container", evidence.container).text("resource_name", evidence.resource_name).text("device_id", evidence.device_id);
  item.field("gpu_instance", evidence.gpu_instance).field("replica", evidence.replica);
  item.end();
}

void write_holding(JsonWriter& json, const holding::Holding& holding, const FieldSet& fields) {
  ItemWriter item(json, fields);
  item.field("resource", holding.resource).text("device", place_of(holding.resource).device).text("node", holding.node.text);
  item.field("namespace", holding.namespace_name).field("pod", holding.pod).text("container", holding.container);
  item.field("replica", holding.replica);
  if (item.begin("sources")) write_sources(json, holding.sources);
  item.field("allocation", holding.allocation).text("user", holding.user).text("team", holding.team).text("project", holding.project);
  item.field("since", holding.since);
  item.end();
}

SortKey key_of(const holding::Holding& holding, const std::string& sort) {
  if (sort == "node") return {.text = holding.node.text};
  if (sort == "namespace") return {.text = holding.namespace_name};
  if (sort == "since") return key_of(holding.since);
  return {.text = holding.resource};
}

// `resource` names a GPU, with its slices, or a slice.
bool is_of(const std::string& resource, const std::string& wanted) { return resource == wanted || place_of(resource).device == wanted; }

http::Response list_holdings(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, holding_fields, sortable_holdings);
  const auto resource = query.text("resource");
  const auto node = query.text("node");
  const auto namespace_name = query.text("namespace");
  const auto pod = query.text("pod");
  const auto team = query.text("team");
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  std::deque<std::string> ids;
  std::vector<Row<const holding::Holding*>> rows;
  for (const auto& holding : scene.report->holdings) {
    if (resource && !is_of(holding.resource, *resource)) continue;
    if (node && holding.node.text != *node) continue;
    if (namespace_name && holding.namespace_name != *namespace_name) continue;
    if (pod && holding.pod != *pod) continue;
    if (team && holding.team != *team) continue;
    // Zero bytes are in no name: the parts stay apart in the order.
    std::string& id = ids.emplace_back(holding.resource);
    for (const std::string* part : {&holding.namespace_name, &holding.pod, &holding.container}) id += '\0', id += *part;
    if (holding.replica) id += fmt::format("{:010}", *holding.replica);
    rows.push_back({key_of(holding, list.sort), id, &holding});
  }
  return tagged_json(request,
                     write_page(std::move(rows), list, [](JsonWriter& json, const holding::Holding* holding, const FieldSet& fields) {
                       write_holding(json, *holding, fields);
                     }));
}

void write_conflict(JsonWriter& json, const holding::Conflict& conflict, const FieldSet& fields) {
  ItemWriter item(json, fields);
  item.field("kind", conflict.kind).field("resource", conflict.resource).text("device", place_of(conflict.resource).device);
  item.text("node", conflict.node.text).field("allocation", conflict.allocation);
  if (item.begin("evidence")) {
    json.begin_array();
    for (const auto& evidence : conflict.evidence) write_evidence(json, evidence);
    json.end_array();
  }
  item.text("detail", conflict.detail).field("since", conflict.since);
  item.end();
}

SortKey key_of(const holding::Conflict& conflict, const std::string& sort) {
  if (sort == "kind") return {.text = to_text(conflict.kind)};
  if (sort == "since") return key_of(conflict.since);
  return {.text = conflict.resource};
}

http::Response list_conflicts(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, conflict_fields, sortable_conflicts);
  const auto kind = query.word<holding::ConflictKind>("kind");
  const auto resource = query.text("resource");
  const auto node = query.text("node");
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  std::deque<std::string> ids;
  std::vector<Row<const holding::Conflict*>> rows;
  for (const auto& conflict : scene.report->conflicts) {
    if (kind && conflict.kind != *kind) continue;
    if (resource && !is_of(conflict.resource, *resource)) continue;
    if (node && conflict.node.text != *node) continue;
    const std::string allocation = conflict.allocation ? conflict.allocation->text : std::string();
    const std::string& id =
        ids.emplace_back(fmt::format("{} {} {} {}", conflict.resource, to_text(conflict.kind), allocation, conflict.detail));
    rows.push_back({key_of(conflict, list.sort), id, &conflict});
  }
  return tagged_json(request,
                     write_page(std::move(rows), list, [](JsonWriter& json, const holding::Conflict* conflict, const FieldSet& fields) {
                       write_conflict(json, *conflict, fields);
                     }));
}

http::Response list_unplaced(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, unplaced_fields, sortable_unplaced);
  const auto node = query.text("node");
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const ClusterScene scene = cluster_scene_of(api);
  std::deque<std::string> ids;
  std::vector<Row<const holding::Unplaced*>> rows;
  for (const auto& unplaced : scene.report->unplaced) {
    if (node && unplaced.node.text != *node) continue;
    const auto& seen = unplaced.evidence;
    const std::string& id = ids.emplace_back(fmt::format("{} {} {} {} {} {}", unplaced.node.text, to_text(seen.source), seen.namespace_name,
                                                         seen.pod, seen.container, seen.device_id));
    rows.push_back({{.text = unplaced.node.text}, id, &unplaced});
  }
  return tagged_json(request,
                     write_page(std::move(rows), list, [](JsonWriter& json, const holding::Unplaced* unplaced, const FieldSet& fields) {
                       ItemWriter item(json, fields);
                       item.text("node", unplaced->node.text);
                       if (item.begin("evidence")) write_evidence(json, unplaced->evidence);
                       item.text("why", unplaced->why);
                       item.end();
                     }));
}

}  // namespace

Routes cluster_holding_routes(Api& api) {
  return {{"GET", "/api/v1/cluster/holdings", on_pool(api, list_holdings)},
          {"GET", "/api/v1/cluster/conflicts", on_pool(api, list_conflicts)},
          {"GET", "/api/v1/cluster/unplaced", on_pool(api, list_unplaced)}};
}

}  // namespace reeve::rest
