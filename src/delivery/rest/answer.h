#pragma once
// How handlers answer: JSON with an entity tag, or a problem; at once or from the pool for slow work.

#include <functional>
#include <memory>
#include <string>

#include "delivery/rest/api.h"
#include "delivery/rest/problem.h"

namespace reeve::rest {

// Weak, since the same content may be sent compressed or not.
std::string entity_tag(std::string_view content);

// Does If-None-Match name the tag (or any)?
bool matches_tag(const http::Request& request, std::string_view tag);

// 200 with the body and its tag, or 304 when the client has it already.
http::Response tagged_json(const http::Request& request, std::string body);
http::Response tagged_json(const http::Request& request, std::shared_ptr<const std::string> body, const std::string& tag);

http::Response problem_response(const Problem& problem, const http::Request& request);
http::Response problem_response(const Error& error, ApiCode not_found, const http::Request& request);

// A handler that answers from what is in memory.
using Answer = http::Response (*)(const Api&, const http::Request&);
http::Handler now(const Api& api, Answer answer);
// A handler that may wait for the disk, or writes much.
http::Handler on_pool(const Api& api, Answer answer);

// A handler that answers when a change is durable, or hands the work on.
using Deferred = void (*)(const Api&, const http::Request&, const std::shared_ptr<http::Responder>&);
http::Handler later(const Api& api, Deferred start);

// Runs `answer` on the pool and answers with its result; 503 when too much waits there.
void answer_on_pool(const Api& api, http::Request request, std::shared_ptr<http::Responder> responder,
                    std::move_only_function<http::Response(const http::Request&)> answer);

// The value that the router found in the path.
const std::string& path_value(const http::Request& request, const std::string& name);

// The routes of each resource, put together by api_routes().
using Routes = std::vector<http::Route>;
Routes overview_routes(Api& api);
Routes node_routes(Api& api);
Routes device_routes(Api& api);
Routes instance_routes(Api& api);
Routes allocation_routes(Api& api);
Routes model_routes(Api& api);
Routes metric_routes(Api& api);
Routes event_routes(Api& api);
Routes target_routes(Api& api);
Routes job_routes(Api& api);
Routes audit_routes(Api& api);
Routes cluster_routes(Api& api);
Routes cluster_node_routes(Api& api);
Routes cluster_pod_routes(Api& api);
Routes cluster_namespace_routes(Api& api);
Routes cluster_claim_routes(Api& api);
Routes cluster_server_routes(Api& api);
Routes cluster_holding_routes(Api& api);
Routes stream_routes(Api& api);

}  // namespace reeve::rest
