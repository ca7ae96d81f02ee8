#include "delivery/agent/agent_routes.h"

#include <fmt/format.h>

#include "codec/json_writer.h"
#include "net/http/router.h"
#include "wire/observation/observation_json.h"

namespace reeve {
namespace {

using http::Request;
using http::Response;

Response prepared(std::string_view content_type, std::shared_ptr<const std::string> body) {
  Response response;
  response.headers.emplace("Content-Type", std::string(content_type));
  response.headers.emplace("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

Response metrics_of(const AgentView& view, const Request& request) {
  const bool openmetrics = request.header("Accept").value_or("").find("application/openmetrics-text") != std::string_view::npos;
  const ExpositionFormat format = openmetrics ? ExpositionFormat::openmetrics : ExpositionFormat::prometheus;
  Response response = prepared(content_type(format), view.metrics(format));
  response.headers.emplace("Vary", "Accept");
  return response;
}

Response devices_of(const AgentView& view, const Request&) { return prepared("application/json", view.devices_json()); }

// 200 as long as the agent itself works: restarting it does not mend a driver, so a probe must not do it.
// What is wrong is in the body.
Response health_of(const AgentView& view, const Request&) {
  const AgentReport& report = view.report();
  std::string out;
  JsonWriter json(out);
  std::vector<std::string> lost;
  std::vector<std::string> silent;
  for (const DeviceObservation& device : report.observation.devices) {
    if (device.lost)
      lost.push_back(device.uuid.text);
    else if (device.values.empty())
      silent.push_back(device.uuid.text);
  }
  const bool degraded = !report.error.empty() || !lost.empty() || !silent.empty();
  json.begin_object().field("status", degraded ? "degraded" : "ok").field("node", report.observation.node);
  json.field("driver", report.error.empty() ? "ok" : "unavailable").field_if("error", report.error);
  if (report.kubelet_answered) json.field("kubelet", *report.kubelet_answered ? "ok" : "unavailable");
  json.field_if("kubelet_error", report.kubelet_error);
  json.field("observed_at", report.observation.at).field("devices", report.observation.devices.size());
  json.field("lost", lost).field("not_answering", silent).end_object();
  return http::json_response(200, std::move(out));
}

Response get_index(const Request&) {
  return http::text_response(200, "text/html; charset=utf-8",
                             "<!doctype html><title>Reeve agent</title><h1>Reeve agent</h1>\n<ul>"
                             "<li><a href=\"/metrics\">/metrics</a>\n<li><a href=\"/v1/devices\">/v1/devices</a>\n"
                             "<li><a href=\"/healthz\">/healthz</a></ul>\n");
}

Response problem(int status, std::string_view title, std::string_view code, const std::string& detail) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "about:blank").field("title", title).field("status", status);
  json.field("detail", detail).field("code", code).end_object();
  Response response = http::json_response(status, std::move(out));
  response.headers.erase("Content-Type");
  response.headers.emplace("Content-Type", "application/problem+json");
  return response;
}

Response not_found(const Request& request) {
  return problem(404, "Not Found", "NOT_FOUND", fmt::format("there is nothing at {}", request.path));
}

Response method_not_allowed(const Request& request) {
  Response response = problem(405, "Method Not Allowed", "METHOD_NOT_ALLOWED", fmt::format("{} takes no {}", request.path, request.method));
  const auto allow = request.path_parameters.find("allow");
  if (allow != request.path_parameters.end()) response.headers.emplace("Allow", allow->second);
  return response;
}

}  // namespace

http::Handler agent_handler(const Observer& observer) {
  using Answer = Response (*)(const AgentView&, const Request&);
  const auto newest = [&](const char* path, Answer answer) {
    return http::Route{"GET", path,
                       http::immediate([&observer, answer](const Request& request) { return answer(*observer.view(), request); })};
  };
  const auto fresh = [&](const char* path, Answer answer) {
    return http::Route{"GET", path, [&observer, answer](Request request, std::shared_ptr<http::Responder> responder) {
                         observer.serve([answer, request = std::move(request), responder = std::move(responder)](const AgentView& view) {
                           responder->respond(answer(view, request));
                         });
                       }};
  };
  std::vector<http::Route> routes{fresh("/metrics", metrics_of), fresh("/v1/devices", devices_of), newest("/healthz", health_of),
                                  newest("/health", health_of), http::Route{"GET", "/", http::immediate(get_index)}};
  const auto router = std::make_shared<http::Router>(std::move(routes), http::immediate(not_found), http::immediate(method_not_allowed));
  return
      [router](Request request, std::shared_ptr<http::Responder> responder) { router->handle(std::move(request), std::move(responder)); };
}

}  // namespace reeve
