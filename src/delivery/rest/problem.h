#pragma once
// How the API says no: problem details (RFC 9457) with a code that clients may rely on. docs/errors/<CODE>.md
// explains each.

#include <string>
#include <string_view>
#include <vector>

#include "base/enum_text.h"
#include "base/result.h"
#include "domain/placement/placement.h"
#include "net/http/message.h"

namespace reeve::rest {

enum class ApiCode {
  invalid_request,
  unsupported_media_type,
  payload_too_large,
  headers_too_large,
  request_timeout,
  not_found,
  method_not_allowed,
  node_not_found,
  device_not_found,
  instance_not_found,
  allocation_not_found,
  model_not_found,
  pod_not_found,
  conflict,
  resource_not_available,
  cost_limit_exceeded,
  mig_not_supported,
  unsupported,
  unauthorized,
  timed_out,
  unavailable,
  internal,
};

constexpr std::string_view to_text(ApiCode code) {
  switch (code) {
    case ApiCode::invalid_request: return "INVALID_REQUEST";
    case ApiCode::unsupported_media_type: return "UNSUPPORTED_MEDIA_TYPE";
    case ApiCode::payload_too_large: return "PAYLOAD_TOO_LARGE";
    case ApiCode::headers_too_large: return "HEADERS_TOO_LARGE";
    case ApiCode::request_timeout: return "REQUEST_TIMEOUT";
    case ApiCode::not_found: return "NOT_FOUND";
    case ApiCode::method_not_allowed: return "METHOD_NOT_ALLOWED";
    case ApiCode::node_not_found: return "NODE_NOT_FOUND";
    case ApiCode::device_not_found: return "DEVICE_NOT_FOUND";
    case ApiCode::instance_not_found: return "INSTANCE_NOT_FOUND";
    case ApiCode::allocation_not_found: return "ALLOCATION_NOT_FOUND";
    case ApiCode::model_not_found: return "MODEL_NOT_FOUND";
    case ApiCode::pod_not_found: return "POD_NOT_FOUND";
    case ApiCode::conflict: return "CONFLICT";
    case ApiCode::resource_not_available: return "RESOURCE_NOT_AVAILABLE";
    case ApiCode::cost_limit_exceeded: return "COST_LIMIT_EXCEEDED";
    case ApiCode::mig_not_supported: return "MIG_NOT_SUPPORTED";
    case ApiCode::unsupported: return "UNSUPPORTED";
    case ApiCode::unauthorized: return "UNAUTHORIZED";
    case ApiCode::timed_out: return "TIMED_OUT";
    case ApiCode::unavailable: return "UNAVAILABLE";
    case ApiCode::internal: return "INTERNAL";
  }
  return {};
}

constexpr int http_status(ApiCode code) {
  switch (code) {
    case ApiCode::invalid_request: return 400;
    case ApiCode::unsupported_media_type: return 415;
    case ApiCode::payload_too_large: return 413;
    case ApiCode::headers_too_large: return 431;
    case ApiCode::request_timeout: return 408;
    case ApiCode::not_found:
    case ApiCode::node_not_found:
    case ApiCode::device_not_found:
    case ApiCode::instance_not_found:
    case ApiCode::allocation_not_found:
    case ApiCode::model_not_found:
    case ApiCode::pod_not_found: return 404;
    case ApiCode::method_not_allowed: return 405;
    case ApiCode::conflict:
    case ApiCode::resource_not_available:
    case ApiCode::cost_limit_exceeded: return 409;
    case ApiCode::mig_not_supported:
    case ApiCode::unsupported: return 422;
    case ApiCode::unauthorized: return 401;
    case ApiCode::timed_out: return 504;
    case ApiCode::unavailable: return 503;
    case ApiCode::internal: return 500;
  }
  return 500;
}

// For people, the same for every problem with the code.
std::string_view title_of(ApiCode code);

struct Problem {
  ApiCode code = ApiCode::internal;
  std::string detail{};                // "cannot read 'limit': ..."
  std::string field{};                 // the parameter, header or body field at fault
  std::vector<std::string> allowed{};  // what could stand there instead
  BlockerCounts blocked_by{};          // of an allocation that found no place
};

// `not_found`: what was looked for, since Errc does not say.
Problem problem_of(const Error& error, ApiCode not_found = ApiCode::not_found);

http::Response problem_response(const Problem& problem, const std::string& path);

}  // namespace reeve::rest
