// GET /api/v1/events: Xid events as they happened, newest first.

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

constexpr Milliseconds window_default{7LL * 24 * 3'600'000};

http::Response list_events(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const auto device = query.text("device");
  const Timestamp to = query.time("to").value_or(api.clock.now() + Milliseconds(1));
  const Timestamp from = query.time("from").value_or(to - window_default);
  const auto limit = query.number("limit", 1, page_items_max).value_or(page_items_default);
  if (from >= to) query.refuse("from", "it is not before 'to'");
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const auto fleet = api.keeper.snapshot();
  GpuUuid uuid;
  if (device) {
    auto view = fleet->find_device(DeviceId{*device});
    if (!view) view = fleet->find_device(GpuUuid{*device});
    if (!view)
      return problem_response({.code = ApiCode::device_not_found, .detail = fmt::format("cannot find device '{}'", *device)}, request);
    uuid = view->device->uuid;
  }
  const auto events = api.metrics.list_events(uuid, from, to, static_cast<std::size_t>(limit));
  if (!events) return problem_response(events.error(), ApiCode::not_found, request);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const DeviceEvent& event : *events) {
    const auto view = fleet->find_device(event.device);
    json.begin_object().field("at", event.at).field("device", view ? std::optional(view->device->id) : std::nullopt);
    json.field("uuid", event.device).field("gpu_instance_id", event.gpu_instance).field("code", event.code).end_object();
  }
  json.end_array().end_object();
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes event_routes(Api& api) { return {{"GET", "/api/v1/events", on_pool(api, list_events)}}; }

}  // namespace reeve::rest
