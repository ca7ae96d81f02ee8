#include <map>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/shared.h"

namespace reeve::legacy {
namespace {

constexpr std::string_view context_path = "/k8s-monitor";

http::Handler framework_answer(const LegacyApi& api, int status) {
  return for_old_clients(http::immediate([api, status](const http::Request& request) {
    http::Response response = framework_error(api, status, request.path);
    // The router leaves the methods of the path here.
    if (const auto allowed = request.path_parameters.find("allow"); status == 405 && allowed != request.path_parameters.end())
      response.headers.emplace("Allow", allowed->second);
    return response;
  }));
}

void add_preflights(Routes& routes) {
  std::map<std::string, std::string> methods_of;
  for (const http::Route& route : routes) {
    std::string& methods = methods_of[route.path];
    if (!methods.empty()) methods += ',';
    methods += route.method == "GET" ? "GET,HEAD" : route.method;
  }
  for (const auto& [path, methods] : methods_of) routes.push_back({"OPTIONS", path, preflight(methods)});
}

}  // namespace

std::vector<http::Route> legacy_routes(const LegacyApi& api) {
  const auto shared = std::make_shared<const Shared>(api);
  Routes routes;
  add_overview_routes(routes, shared);
  add_health_routes(routes, shared);
  add_device_routes(routes, shared);
  add_allocation_routes(routes, shared);
  add_metric_routes(routes, shared);
  add_resource_list_routes(routes, shared);
  add_resource_status_routes(routes, shared);
  add_resource_history_routes(routes, shared);
  for (http::Route& route : routes) route.handle = for_old_clients(std::move(route.handle));
  add_preflights(routes);
  return routes;
}

bool is_legacy_path(std::string_view path) {
  return path.starts_with(context_path) && (path.size() == context_path.size() || path[context_path.size()] == '/');
}

http::Handler legacy_not_found(const LegacyApi& api) { return framework_answer(api, 404); }
http::Handler legacy_method_not_allowed(const LegacyApi& api) { return framework_answer(api, 405); }

}  // namespace reeve::legacy
