// GET /api/v1/stream: the fleet as it changes (server-sent events).

#include <fmt/format.h>

#include "delivery/rest/answer.h"
#include "delivery/rest/fleet_feed.h"

namespace reeve::rest {

Routes stream_routes(Api& api) {
  const auto feed = std::make_shared<FleetFeed>(api);
  return {
      {"GET", "/api/v1/stream", [feed, &api](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
         QueryReader query(request);
         auto node = query.text("node");
         if (const auto fault = query.finish()) return responder->respond(problem_response(*fault, request));
         if (node && api.keeper.snapshot()->find_node(NodeName{*node}) == nullptr)
           return responder->respond(problem_response(
               {.code = ApiCode::node_not_found, .detail = fmt::format("cannot follow node '{}': there is no such node", *node)}, request));
         http::Response head = http::text_response(200, "text/event-stream", "");
         head.headers.emplace("Cache-Control", "no-store");
         head.headers.emplace("X-Accel-Buffering", "no");  // a proxy that collects events would hold them back
         feed->add(responder->start_stream(std::move(head)), std::move(node));
       }}};
}

}  // namespace reeve::rest
