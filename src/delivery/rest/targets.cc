// GET /api/v1/targets: where readings are collected, and how that goes.

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

http::Response list_targets(const Api& api, const http::Request& request) {
  QueryReader query(request);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const TargetStatus& status : api.collect.targets()) {
    const NodeName& node = status.node.empty() ? status.target.node : status.node;
    const FieldSet all;
    ItemWriter item(json, all);
    item.field("url", status.target.url).field("kind", status.target.kind).text("node", node.text).text("cluster", status.target.cluster);
    item.field("last_attempt", status.last_attempt).field("last_success", status.last_success).text("last_error", status.last_error);
    item.field("duration_ms", status.duration ? std::optional(status.duration->count()) : std::nullopt).end();
  }
  json.end_array().end_object();
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes target_routes(Api& api) { return {{"GET", "/api/v1/targets", now(api, list_targets)}}; }

}  // namespace reeve::rest
