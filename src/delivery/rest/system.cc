// /healthz, /readyz, /version, /openapi.json, /errors/{code}: what machines ask about this server.

#include <fmt/format.h>

#include "codec/json_writer.h"
#include "delivery/rest/answer.h"
#include "delivery/rest/embedded_documents.h"

namespace reeve::rest {
namespace {

http::Response healthz(const Api&, const http::Request&) { return http::text_response(200, "text/plain; charset=utf-8", "ok\n"); }

http::Response version(const Api& api, const http::Request& request) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("name", "reeve").field("version", api.version).field("api", "v1").end_object();
  return tagged_json(request, std::move(body));
}

http::Response openapi(const Api&, const http::Request& request) { return tagged_json(request, std::string(openapi_document())); }

http::Response error_page(const Api&, const http::Request& request) {
  const std::string_view page = error_document(path_value(request, "code"));
  if (page.empty()) return problem_response({.code = ApiCode::not_found, .detail = "cannot find that error code"}, request);
  return http::text_response(200, "text/markdown; charset=utf-8", std::string(page));
}

http::Response readiness(const std::vector<std::string>& missing) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("ready", missing.empty()).field("missing", missing).end_object();
  return http::json_response(missing.empty() ? 200 : 503, std::move(body));
}

http::Response look_at_store(const Api& api) {
  std::vector<std::string> missing;
  if (const auto read = api.store.list_audit("", 1); !read) missing.push_back(read.error().message);
  if (!api.collect.last_round() && !api.collect.targets().empty()) missing.emplace_back("the first round of collection is not done");
  return readiness(missing);
}

// Ready: the writer takes changes, the store answers, and the first round is done (or there is nothing to collect).
void readyz(const Api& api, const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
  api.keeper.submit(
      [](FleetDraft&) -> Status {
        return Error{Errc::conflict, "cannot change: this only asks whether the writer is there"};
      },
      [&api, request, responder](const Status&) {
        answer_on_pool(api, request, responder, [&api](const http::Request&) { return look_at_store(api); });
      });
}

}  // namespace

std::vector<http::Route> system_routes(Api& api) {
  return {{"GET", "/healthz", now(api, healthz)},
          {"GET", "/readyz", later(api, readyz)},
          {"GET", "/version", now(api, version)},
          {"GET", "/openapi.json", now(api, openapi)},
          {"GET", "/errors/{code}", now(api, error_page)}};
}

}  // namespace reeve::rest
