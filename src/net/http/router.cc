#include "net/http/router.h"

#include <algorithm>

namespace reeve::http {
namespace {

// One segment and what is left behind it: "/a/b" -> "a", "/b".
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
bool takes_rest(std::string_view segment) { return segment.ends_with("...}"); }

// 'l' literal, 'p' parameter, 'r' rest for each segment: of two patterns that match one path, the smaller
// shape has the earlier literal.
std::string shape(std::string_view pattern) {
  std::string shape;
  while (!pattern.empty()) {
    const std::string_view segment = take_segment(pattern);
    shape += !is_parameter(segment) ? 'l' : takes_rest(segment) ? 'r' : 'p';
  }
  return shape;
}

bool matches(std::string_view pattern, std::string_view path, std::map<std::string, std::string>& parameters) {
  while (!pattern.empty()) {
    const std::string_view wanted = take_segment(pattern);
    if (takes_rest(wanted) && is_parameter(wanted)) {
      parameters[std::string(wanted.substr(1, wanted.size() - 5))] = path.empty() ? "" : path.substr(1);
      return true;
    }
    if (path.empty()) return false;
    const std::string_view segment = take_segment(path);
    if (is_parameter(wanted)) {
      if (segment.empty()) return false;
      parameters[std::string(wanted.substr(1, wanted.size() - 2))] = segment;
    } else if (wanted != segment) {
      return false;
    }
  }
  return path.empty();
}

}  // namespace

Router::Router(std::vector<Route> routes, Handler not_found, Handler method_not_allowed)
    : routes_(std::move(routes)), not_found_(std::move(not_found)), method_not_allowed_(std::move(method_not_allowed)) {
  std::ranges::stable_sort(routes_, {}, [](const Route& route) { return shape(route.path); });
}

void Router::handle(Request request, std::shared_ptr<Responder> responder) const {
  std::string allowed;
  std::string_view allowed_path;
  if (request.path.starts_with('/')) {
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    for (const Route& route : routes_) {
      std::map<std::string, std::string> parameters;
      if (!matches(route.path, request.path, parameters)) continue;
      if (!allowed.empty() && route.path != allowed_path) break;  // a less literal pattern is another resource
      if (route.method == method) {
        request.path_parameters = std::move(parameters);
        return route.handle(std::move(request), std::move(responder));
      }
      allowed += (allowed.empty() ? "" : ", ") + route.method;
      allowed_path = route.path;
    }
  }
  if (allowed.empty()) return not_found_(std::move(request), std::move(responder));
  request.path_parameters["allow"] = allowed;
  method_not_allowed_(std::move(request), std::move(responder));
}

}  // namespace reeve::http
