// GET /api/v1/jobs: long work and how far it is.

#include "delivery/rest/answer.h"
#include "delivery/rest/records.h"

namespace reeve::rest {
namespace {

http::Response list_jobs(const Api& api, const http::Request& request) {
  QueryReader query(request);
  if (const auto fault = query.finish()) return problem_response(*fault, request);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const Job& job : api.jobs.list()) write_job(json, job);
  json.end_array().end_object();
  return tagged_json(request, std::move(body));
}

}  // namespace

Routes job_routes(Api& api) { return {{"GET", "/api/v1/jobs", now(api, list_jobs)}}; }

}  // namespace reeve::rest
