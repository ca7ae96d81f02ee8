// GET /api/v1/audit: who changed what, newest first.

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

http::Response list_audit(const Api& api, const http::Request& request) {
  QueryReader query(request);
  const std::string subject = query.text("subject").value_or("");
  const auto limit = query.number("limit", 1, page_items_max).value_or(page_items_default);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  const auto records = api.store.list_audit(subject, static_cast<std::size_t>(limit));
  if (!records) return problem_response(records.error(), ApiCode::not_found, request);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const AuditRecord& record : *records)
    json.begin_object()
        .field("at", record.at)
        .field("actor", record.actor)
        .field("action", record.action)
        .field("subject", record.subject)
        .field("detail", record.detail)
        .end_object();
  json.end_array().end_object();
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes audit_routes(Api& api) { return {{"GET", "/api/v1/audit", on_pool(api, list_audit)}}; }

}  // namespace reeve::rest
