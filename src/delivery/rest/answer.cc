#include "delivery/rest/answer.h"

#include <fmt/format.h>

#include "net/http/gzip.h"

namespace reeve::rest {
namespace {

// Smaller answers are compressed faster than they are handed over; the server does that.
constexpr std::size_t compress_here_from_bytes = 16 << 10;

}  // namespace

std::string entity_tag(std::string_view content) { return fmt::format("W/\"{:016x}\"", std::hash<std::string_view>{}(content)); }

bool matches_tag(const http::Request& request, std::string_view tag) {
  const auto header = request.header("If-None-Match");
  if (!header) return false;
  // Tags hold hexadecimal digits only, so that a plain search finds whole ones; weak and strong are alike here.
  const std::string_view quoted = tag.substr(tag.find('"'));
  return *header == "*" || header->find(quoted) != std::string_view::npos;
}

http::Response tagged_json(const http::Request& request, std::shared_ptr<const std::string> body, const std::string& tag) {
  http::Response response{.status = matches_tag(request, tag) ? 304 : 200};
  response.headers.emplace("ETag", tag);
  response.headers.emplace("Cache-Control", "no-cache");
  if (response.status == 304) return response;
  response.headers.emplace("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

http::Response tagged_json(const http::Request& request, std::string body) {
  const std::string tag = entity_tag(body);
  return tagged_json(request, std::make_shared<const std::string>(std::move(body)), tag);
}

http::Response problem_response(const Problem& problem, const http::Request& request) { return problem_response(problem, request.path); }

http::Response problem_response(const Error& error, ApiCode not_found, const http::Request& request) {
  return problem_response(problem_of(error, not_found), request.path);
}

http::Handler now(const Api& api, Answer answer) {
  return http::immediate([&api, answer](const http::Request& request) { return answer(api, request); });
}

http::Handler later(const Api& api, Deferred start) {
  return [&api, start](const http::Request& request, const std::shared_ptr<http::Responder>& responder) { start(api, request, responder); };
}

http::Handler on_pool(const Api& api, Answer answer) {
  return [&api, answer](http::Request request, std::shared_ptr<http::Responder> responder) {
    answer_on_pool(api, std::move(request), std::move(responder),
                   [&api, answer](const http::Request& asked) { return answer(api, asked); });
  };
}

void answer_on_pool(const Api& api, http::Request request, std::shared_ptr<http::Responder> responder,
                    std::move_only_function<http::Response(const http::Request&)> answer) {
  const std::string path = request.path;
  const bool accepted = api.run_blocking([request = std::move(request), responder, answer = std::move(answer)]() mutable {
    http::Response response = answer(request);
    http::compress_for(request, response, compress_here_from_bytes);
    responder->respond(std::move(response));
  });
  if (!accepted)
    responder->respond(
        problem_response({.code = ApiCode::unavailable, .detail = "cannot read now: too many requests wait for the disk"}, path));
}

const std::string& path_value(const http::Request& request, const std::string& name) {
  static const std::string none;
  const auto at = request.path_parameters.find(name);
  return at == request.path_parameters.end() ? none : at->second;
}

std::vector<http::Route> api_routes(Api& api) {
  Routes all;
  for (const auto& routes : {overview_routes, node_routes, device_routes, instance_routes, allocation_routes, model_routes, metric_routes,
                             event_routes, target_routes, job_routes, audit_routes, cluster_routes, cluster_node_routes, cluster_pod_routes,
                             cluster_namespace_routes, cluster_claim_routes, cluster_server_routes, cluster_holding_routes, stream_routes})
    for (http::Route& route : routes(api)) all.push_back(std::move(route));
  return all;
}

http::Handler not_found_handler() {
  return http::immediate([](const http::Request& request) {
    return problem_response({.code = ApiCode::not_found, .detail = fmt::format("cannot find '{}'", request.path)}, request);
  });
}

http::Handler method_not_allowed_handler() {
  return http::immediate([](const http::Request& request) {
    http::Response response =
        problem_response({.code = ApiCode::method_not_allowed,
                          .detail = fmt::format("cannot {} '{}': it takes {}", request.method, request.path, path_value(request, "allow"))},
                         request);
    response.headers.emplace("Allow", path_value(request, "allow"));
    return response;
  });
}

}  // namespace reeve::rest
