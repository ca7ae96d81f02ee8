#include "delivery/rest/problem.h"

#include "codec/json_writer.h"

namespace reeve::rest {
namespace {

ApiCode code_of(Errc code, ApiCode not_found) {
  switch (code) {
    case Errc::invalid_argument: return ApiCode::invalid_request;
    case Errc::not_found: return not_found;
    case Errc::conflict: return ApiCode::conflict;
    case Errc::exhausted: return ApiCode::resource_not_available;
    case Errc::unsupported: return ApiCode::unsupported;
    case Errc::unauthorized: return ApiCode::unauthorized;
    case Errc::timed_out: return ApiCode::timed_out;
    case Errc::unavailable: return ApiCode::unavailable;
    case Errc::internal: return ApiCode::internal;
  }
  return ApiCode::internal;
}

}  // namespace

std::string_view title_of(ApiCode code) {
  switch (code) {
    case ApiCode::invalid_request: return "The request is not valid";
    case ApiCode::unsupported_media_type: return "The body must be JSON";
    case ApiCode::payload_too_large: return "The body is too large";
    case ApiCode::headers_too_large: return "The header is too large";
    case ApiCode::request_timeout: return "The request did not arrive in time";
    case ApiCode::not_found: return "There is no such resource";
    case ApiCode::method_not_allowed: return "This resource does not take the method";
    case ApiCode::node_not_found: return "There is no such node";
    case ApiCode::device_not_found: return "There is no such GPU";
    case ApiCode::instance_not_found: return "There is no such MIG instance";
    case ApiCode::allocation_not_found: return "There is no such allocation";
    case ApiCode::model_not_found: return "There is no such GPU model";
    case ApiCode::pod_not_found: return "There is no such pod";
    case ApiCode::conflict: return "The request contradicts what is";
    case ApiCode::resource_not_available: return "No GPU or slice fits the request now";
    case ApiCode::cost_limit_exceeded: return "What is free costs more than the limit";
    case ApiCode::mig_not_supported: return "This GPU model cannot be sliced";
    case ApiCode::unsupported: return "This cannot be done here";
    case ApiCode::unauthorized: return "Who asks is not known";
    case ApiCode::timed_out: return "The deadline passed";
    case ApiCode::unavailable: return "Not possible right now";
    case ApiCode::internal: return "A fault of the server";
  }
  return {};
}

Problem problem_of(const Error& error, ApiCode not_found) {
  return {.code = code_of(error.code, not_found), .detail = error.message, .field = error.field};
}

http::Response problem_response(const Problem& problem, const std::string& path) {
  std::string body;
  JsonWriter json(body);
  const int status = http_status(problem.code);
  json.begin_object().field("type", "/errors/" + std::string(to_text(problem.code))).field("title", title_of(problem.code));
  json.field("status", status).field("detail", problem.detail).field("code", problem.code).field_if("field", problem.field);
  if (!problem.allowed.empty()) json.field("allowed", problem.allowed);
  if (!problem.blocked_by.empty()) {
    json.key("blocked_by").begin_object();
    for (const auto& [reason, count] : problem.blocked_by) json.field(to_text(reason), count);
    json.end_object();
  }
  json.field("instance", path).end_object();
  http::Response response = http::text_response(status, "application/problem+json", std::move(body));
  if (problem.code == ApiCode::unavailable) response.headers.emplace("Retry-After", "1");
  return response;
}

}  // namespace reeve::rest
