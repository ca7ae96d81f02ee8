// api/openapi.json and the routes agree, in both directions: paths, methods, parameters, body fields, codes.

#include <gtest/gtest.h>

#include <set>

#include "codec/json_parse.h"
#include "delivery/rest/cluster_records.h"
#include "delivery/rest/embedded_documents.h"
#include "delivery/rest/problem.h"
#include "delivery/rest/records.h"
#include "delivery/rest/rest_world_test.h"
#include "testing/http_probe.h"
#include "testing/small_cluster.h"

namespace reeve::rest {
namespace {

using Names = std::set<std::string>;
using boost::json::object;

class OpenApi : public ::testing::Test, protected RestWorld {
 protected:
  OpenApi() : routes_(api_routes(api_)) {
    for (auto& route : system_routes(api_)) routes_.push_back(std::move(route));
    auto parsed = parse_json(openapi_document());
    EXPECT_TRUE(parsed.ok());
    if (parsed.ok()) document_ = std::move(parsed->as_object());
  }
  const object& paths() { return document_.at("paths").as_object(); }
  const object& operation(const http::Route& route) { return paths().at(route.path).at(lower_case(route.method)).as_object(); }
  Names documented_parameters(const http::Route& route) {
    Names names;
    if (const auto* list = operation(route).if_contains("parameters"))
      for (const auto& parameter : list->as_array())
        if (parameter.at("in").as_string() == "query") names.insert(std::string(parameter.at("name").as_string()));
    return names;
  }
  // Asks with something that no resource takes; the refusal lists what this one takes.
  Names taken(const http::Route& route, const std::string& target, const std::string& body) {
    http::Request request = make_request(route.method, target, body, {{"Content-Type", "application/json"}});
    request.path_parameters = {{"id", "gpu-a-GPU-00"}, {"name", "gpu-a"}, {"namespace", "ml"}};
    const http::Response refused = probe(route.handle, std::move(request));
    EXPECT_EQ(refused.status, 400) << route.method << " " << route.path << body_of(refused);
    const auto problem = parse_json(body_of(refused));
    Names names;
    if (const auto* allowed = problem->as_object().if_contains("allowed"))
      for (const auto& name : allowed->as_array()) names.insert(std::string(name.as_string()));
    return names;
  }
  Names properties(const std::string& schema) {
    Names names;
    for (const auto& [name, type] : document_.at("components").at("schemas").at(schema).at("properties").as_object())
      names.insert(std::string(name));
    return names;
  }

  NoStatus status_;
  NoJobs jobs_;
  Api api_ = api_over(status_, jobs_);
  std::vector<http::Route> routes_;
  object document_{};
};

TEST_F(OpenApi, names_every_route_and_no_other) {
  Names routed;
  for (const http::Route& route : routes_) routed.insert(lower_case(route.method) + " " + route.path);
  routed.insert("get /metrics");  // of delivery/openmetrics
  Names documented;
  for (const auto& [path, methods] : paths())
    for (const auto& [method, operation] : methods.as_object()) documented.insert(std::string(method) + " " + std::string(path));
  EXPECT_EQ(routed, documented);
}

TEST_F(OpenApi, names_every_path_parameter) {
  for (const http::Route& route : routes_) {
    Names in_path;
    for (auto at = route.path.find('{'); at != std::string::npos; at = route.path.find('{', at + 1))
      in_path.insert(route.path.substr(at + 1, route.path.find('}', at) - at - 1));
    Names documented;
    if (const auto* list = operation(route).if_contains("parameters"))
      for (const auto& parameter : list->as_array())
        if (parameter.at("in").as_string() == "path") documented.insert(std::string(parameter.at("name").as_string()));
    EXPECT_EQ(in_path, documented) << route.path;
  }
}

TEST_F(OpenApi, names_every_query_parameter_and_no_other) {
  for (const http::Route& route : routes_)
    if (route.path.starts_with("/api/")) {
      EXPECT_EQ(taken(route, route.path.substr(0, route.path.find('{')) + "?no_such_parameter=1", "{}"), documented_parameters(route))
          << route.method << " " << route.path;
    }
}

TEST_F(OpenApi, names_every_field_of_the_bodies) {
  for (const http::Route& route : routes_) {
    const auto* body = operation(route).if_contains("requestBody");
    if (body == nullptr) continue;
    const std::string reference(body->at("content").at("application/json").at("schema").at("$ref").as_string());
    EXPECT_EQ(taken(route, "/", R"({"no_such_field":1})"), properties(reference.substr(reference.rfind('/') + 1))) << route.path;
  }
}

TEST_F(OpenApi, names_every_field_of_the_records) {
  const auto names = [](std::span<const std::string_view> fields) { return Names(fields.begin(), fields.end()); };
  EXPECT_EQ(names(node_fields), properties("Node"));
  EXPECT_EQ(names(device_fields), properties("Device"));
  EXPECT_EQ(names(instance_fields), properties("Instance"));
  EXPECT_EQ(names(allocation_fields), properties("Allocation"));
  EXPECT_EQ(names(model_fields), properties("Model"));
  EXPECT_EQ(names(cluster_node_fields), properties("ClusterNode"));
  EXPECT_EQ(names(pod_fields), properties("Pod"));
  EXPECT_EQ(names(namespace_fields), properties("Namespace"));
  EXPECT_EQ(names(claim_fields), properties("Claim"));
  EXPECT_EQ(names(server_fields), properties("Server"));
  EXPECT_EQ(names(served_model_fields), properties("ServedModel"));
  EXPECT_EQ(names(holding_fields), properties("Holding"));
  EXPECT_EQ(names(conflict_fields), properties("Conflict"));
  EXPECT_EQ(names(unplaced_fields), properties("Unplaced"));
}

TEST_F(OpenApi, names_every_error_code) {
  Names documented;
  for (const auto& code : document_.at("components").at("schemas").at("Problem").at("properties").at("code").at("enum").as_array())
    documented.insert(std::string(code.as_string()));
  Names codes;
  for (int i = 0; i < count_of<ApiCode>(); ++i) codes.insert(std::string(to_text(static_cast<ApiCode>(i))));
  EXPECT_EQ(codes, documented);
}

TEST_F(OpenApi, points_only_at_schemas_that_there_are) {
  const std::string_view text = openapi_document();
  constexpr std::string_view prefix = "#/components/schemas/";
  const object& schemas = document_.at("components").at("schemas").as_object();
  for (auto at = text.find(prefix); at != std::string_view::npos; at = text.find(prefix, at + 1)) {
    const auto begin = at + prefix.size();
    EXPECT_TRUE(schemas.contains(text.substr(begin, text.find('"', begin) - begin)));
  }
}

}  // namespace
}  // namespace reeve::rest
