// GET /api/v1/nodes, /api/v1/nodes/{name}

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

constexpr std::array<std::string_view, 6> sortable{"name", "cluster", "device_count", "devices_free", "utilization_percent", "power_watts"};

SortKey key_of(const Scene& scene, const NodeView& view, const std::string& sort) {
  if (sort.empty() || sort == "name") return {.text = view.node->name.text};
  if (sort == "cluster") return {.text = view.node->cluster};
  Totals totals;
  const bool stale = is_stale(scene, *view.node, *view.readings);
  for (const Device& device : view.node->devices)
    totals.add(scene, {view.node.get(), view.readings.get(), &device, view.readings->find(device.id)}, stale);
  if (sort == "device_count") return {.number = static_cast<double>(totals.devices)};
  if (sort == "devices_free") return {.number = static_cast<double>(totals.devices_free)};
  if (sort == "utilization_percent") return {.number = totals.utilization_percent()};
  return {.number = totals.power_watts()};
}

http::Response list_nodes(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const ListRequest list = read_list_request(query, node_fields, sortable);
  const auto state = query.word<DeviceState>("state");
  const auto cluster = query.text("cluster");
  const auto stale = query.flag("stale");
  const std::string part = lower_case(query.text("q").value_or(""));
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const Scene scene = scene_of(api);
  std::vector<Row<const NodeView*>> rows;
  for (const NodeView& view : scene.fleet->nodes()) {
    const Node& node = *view.node;
    if (state && node.state != *state) continue;
    if (cluster && node.cluster != *cluster) continue;
    if (stale && is_stale(scene, node, *view.readings) != *stale) continue;
    if (!any_contains(std::array<std::string_view, 3>{node.name.text, node.cluster, node.address}, part)) continue;
    rows.push_back({key_of(scene, view, list.sort), node.name.text, &view});
  }
  return tagged_json(request, write_page(std::move(rows), list, [&](JsonWriter& json, const NodeView* view, const FieldSet& fields) {
                       write_node(json, scene, *view, fields, false);
                     }));
}

http::Response get_node(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const FieldSet fields = read_fields(query, node_fields);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const std::string& name = path_value(request, "name");
  const Scene scene = scene_of(api);
  const NodeView* view = scene.fleet->find_node(NodeName{name});
  if (view == nullptr)
    return problem_response({.code = ApiCode::node_not_found, .detail = fmt::format("cannot find node '{}'", name)}, request);
  std::string body;
  JsonWriter json(body);
  write_node(json, scene, *view, fields, true);
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes node_routes(Api& api) {
  return {{"GET", "/api/v1/nodes", on_pool(api, list_nodes)}, {"GET", "/api/v1/nodes/{name}", now(api, get_node)}};
}

}  // namespace reeve::rest
