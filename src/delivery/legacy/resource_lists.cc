// Pods and nodes of the cluster: resources/pods, pods/all, pods/top, models, nodes and usage.

#include <algorithm>

#include "delivery/legacy/answer.h"
#include "delivery/legacy/resource_query.h"
#include "delivery/legacy/shared.h"
#include "net/http/gzip.h"

namespace reeve::legacy {
namespace {

using ResponderPtr = std::shared_ptr<http::Responder>;
using FactsPtr = std::shared_ptr<const ClusterFacts>;

constexpr int top_limit_standard = 10;
constexpr int top_limit_max = 10'000;
// Whole lists are made at most so often, whoever asks; changes of the fleet's inventory make nobody wait.
constexpr Freshness list_freshness{.young = Milliseconds(250), .old = Milliseconds(1'000), .sees_changes = false};

constexpr std::size_t pack_from_bytes = 64 << 10;  // smaller ones are left to the server

bool is_any(const PodFacts&) { return true; }
bool is_serving(const PodFacts& pod) { return pod.serves(); }
using PodTest = std::function<bool(const PodFacts&)>;

PodList select(const ClusterFacts& facts, const PodQuery& query, const PodTest& test) {
  PodList pods;
  for (const PodFacts& pod : facts.pods)
    if (test(pod) && query.matches(pod)) pods.push_back(&pod);
  query.sort(pods);
  return pods;
}

http::Response print_pods(const PodList& pods, const LocalZone& zone) {
  std::string body;
  JsonWriter json(body, JsonStyle::jackson);
  json.begin_array();
  for (const PodFacts* pod : pods) write_pod(json, body, *pod, zone);
  json.end_array();
  return http::json_response(200, std::move(body));
}

// The list that is everything of its kind is made for all who ask; any other for the one who does.
void serve_pods(const SharedPtr& shared, const std::string& key, const PodTest& test, http::Request request, ResponderPtr responder) {
  const auto query = PodQuery::read(request);
  if (!query) return responder->respond(framework_error(shared->api, 400, request.path));
  const LocalZone zone = shared->api.options.zone;
  if (query->everything()) {
    const bool gzip = http::accepts_gzip(request.header("Accept-Encoding").value_or(""));
    return shared->prepared->serve(
        key + (gzip ? ", packed" : ""), list_freshness,
        [shared, test, zone, request] {
          const FactsPtr facts = shared->board->facts();
          http::Response response = print_pods(select(*facts, {}, test), zone);
          http::compress_for(request, response, pack_from_bytes);
          return response;
        },
        std::move(responder));
  }
  const bool taken = shared->api.run_slow([=, request = std::move(request)] {
    const FactsPtr facts = shared->board->facts();
    PodList pods = select(*facts, *query, test);
    http::Headers headers;
    cut_to_page(pods, query->page, request, headers);
    http::Response response = print_pods(pods, zone);
    response.headers.merge(std::move(headers));
    http::compress_for(request, response, pack_from_bytes);
    responder->respond(std::move(response));
  });
  if (!taken) responder->respond(empty_response(503));
}

void serve_model(const SharedPtr& shared, http::Request request, ResponderPtr responder) {
  const std::string type = upper_case(request.path_parameters.at("modelType"));
  // "unknown" matches nothing, as before: pods of no known model are no serving pods.
  PodTest test = [type](const PodFacts& pod) { return pod.serves() && upper_case(std::string(pod.model.type)) == type; };
  serve_pods(shared, "pods of " + type, test, std::move(request), std::move(responder));
}

http::Response top(const SharedPtr& shared, const http::Request& request) {
  const auto limit = whole_parameter(request, "limit", top_limit_standard);
  if (!limit) return framework_error(shared->api, 400, request.path);
  if (*limit < 0 || *limit > top_limit_max) return empty_response(400);
  const std::string type = upper_case(text_parameter(request, "resourceType").value_or("cpu"));
  const PodResource resource = type == "MEMORY" ? PodResource::memory : type == "GPU" ? PodResource::gpu : PodResource::cpu;
  const auto query = PodQuery::read(request);
  if (!query) return framework_error(shared->api, 400, request.path);
  const FactsPtr facts = shared->board->facts();
  const PodList pods = top_pods(select(*facts, *query, is_any), resource, static_cast<std::size_t>(*limit));
  return print_pods(pods, shared->api.options.zone);
}

http::Response one_pod(const SharedPtr& shared, const http::Request& request) {
  const FactsPtr facts = shared->board->facts();
  const PodFacts* pod = facts->find_pod(request.path_parameters.at("namespace"), request.path_parameters.at("podName"));
  if (pod == nullptr) return empty_response(404);
  std::string body;
  JsonWriter json(body, JsonStyle::jackson);
  write_pod(json, body, *pod, shared->api.options.zone);
  return http::json_response(200, std::move(body));
}

http::Response one_node(const SharedPtr& shared, const http::Request& request) {
  const FactsPtr facts = shared->board->facts();
  const NodeFacts* node = facts->find_node(request.path_parameters.at("nodeName"));
  if (node == nullptr) return empty_response(404);
  return http::json_response(200, print_json([&](JsonWriter& json) { write_node(json, *node, shared->api.options.zone); }));
}

http::Response nodes(const SharedPtr& shared, const http::Request& request) {
  const auto query = NodeQuery::read(request);
  if (!query) return framework_error(shared->api, 400, request.path);
  const FactsPtr facts = shared->board->facts();
  std::vector<const NodeFacts*> found;
  for (const NodeFacts& node : facts->nodes)
    if (query->matches(node)) found.push_back(&node);
  query->sort(found);
  http::Headers headers;
  cut_to_page(found, query->page, request, headers);
  http::Response response = http::json_response(200, print_json([&](JsonWriter& json) {
                                                  json.begin_array();
                                                  for (const NodeFacts* node : found) write_node(json, *node, shared->api.options.zone);
                                                  json.end_array();
                                                }));
  response.headers.merge(std::move(headers));
  return response;
}

void serve_nodes(const SharedPtr& shared, const http::Request& request, ResponderPtr responder) {
  const auto query = NodeQuery::read(request);
  if (query && query->everything())
    return shared->prepared->serve(
        "nodes", list_freshness, [shared, request] { return nodes(shared, request); }, std::move(responder));
  const bool taken = shared->api.run_slow([shared, request, responder] { responder->respond(nodes(shared, request)); });
  if (!taken) responder->respond(empty_response(503));
}

// A page of usage holds a page of its pods; nodes and summary are of all that the filters let through.
void serve_usage_of(const SharedPtr& shared, http::Request request, ResponderPtr responder) {
  const auto query = PodQuery::read(request);
  if (!query) return responder->respond(framework_error(shared->api, 400, request.path));
  if (query->everything()) return shared->usage->serve(request, std::move(responder));
  const bool taken = shared->api.run_slow([=, request = std::move(request)] {
    const FactsPtr facts = shared->board->facts();
    const PodList summed = select(*facts, *query, is_serving);
    PodList pods = summed;
    http::Headers headers;
    cut_to_page(pods, query->page, request, headers);
    http::Response response = http::json_response(200, write_usage_of(*facts, pods, summed, shared->api.options.zone));
    response.headers.merge(std::move(headers));
    http::compress_for(request, response, pack_from_bytes);
    responder->respond(std::move(response));
  });
  if (!taken) responder->respond(empty_response(503));
}

http::Handler pooled(const SharedPtr& shared, http::Response (*answer)(const SharedPtr&, const http::Request&)) {
  return on_pool(shared->api.run_slow, [shared, answer](const http::Request& request) { return answer(shared, request); });
}

}  // namespace

void add_resource_list_routes(Routes& routes, const SharedPtr& shared) {
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/pods", [shared](http::Request request, ResponderPtr responder) {
                      serve_pods(shared, "serving pods", is_serving, std::move(request), std::move(responder));
                    }});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/pods/all", [shared](http::Request request, ResponderPtr responder) {
                      serve_pods(shared, "all pods", is_any, std::move(request), std::move(responder));
                    }});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/pods/top", pooled(shared, top)});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/pods/{namespace}/{podName}", pooled(shared, one_pod)});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/models/{modelType}", [shared](http::Request request, ResponderPtr responder) {
                      serve_model(shared, std::move(request), std::move(responder));
                    }});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/nodes", [shared](const http::Request& request, ResponderPtr responder) {
                      serve_nodes(shared, request, std::move(responder));
                    }});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/nodes/{nodeName}", pooled(shared, one_node)});
  routes.push_back({"GET", "/k8s-monitor/api/v1/resources/usage", [shared](http::Request request, ResponderPtr responder) {
                      serve_usage_of(shared, std::move(request), std::move(responder));
                    }});
}

}  // namespace reeve::legacy
