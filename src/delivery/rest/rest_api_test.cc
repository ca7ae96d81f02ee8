// Every resource of /api/v1 against a small cluster: what it shows, what it changes and what it refuses.

#include "delivery/rest/rest_world_test.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "codec/json_parse.h"
#include "delivery/rest/embedded_documents.h"
#include "delivery/rest/problem.h"
#include "delivery/rest/records.h"
#include "domain/metrics/resource_key.h"
#include "net/http/target.h"
#include "testing/fleet_builder.h"
#include "testing/http_probe.h"
#include "testing/small_cluster.h"

namespace reeve::rest {
namespace {

const http::Headers json_headers{{"Content-Type", "application/json"}};

class FakeStatus final : public CollectStatus {
 public:
  std::vector<TargetStatus> targets() const override {
    return {{.target = {.url = "http://10.0.0.1:9400"}, .node = NodeName{"gpu-a"}, .duration = Milliseconds(12)}};
  }
  std::optional<RoundStatus> last_round() const override { return last; }
  std::optional<RoundStatus> last{};
};

class FakeJobs final : public JobBoard {
 public:
  void update(Job job) override { jobs.push_back(std::move(job)); }
  std::vector<Job> list() const override { return jobs; }
  std::uint64_t version() const override { return jobs.size(); }
  std::vector<Job> jobs{};
};

class RestApi : public ::testing::Test, protected RestWorld {
 protected:
  RestApi() {
    EXPECT_TRUE(metrics_.append(small_history(clock_.now(), 180)).ok());
    FleetChange held;
    for (const auto& [id, allocation] : keeper_.snapshot()->allocations()) held.allocations.push_back(allocation);
    EXPECT_TRUE(keeper_.store.commit(held).ok());
  }

  http::Response ask(const std::string& method, const std::string& target, std::string body = {}, http::Headers headers = {}) {
    return probe(std::bind_front(&http::Router::handle, &router_), method, target, std::move(body), std::move(headers));
  }
  boost::json::value json(const http::Response& response) {
    auto document = parse_json(body_of(response));
    EXPECT_TRUE(document.ok()) << body_of(response);
    return document.ok() ? *document : boost::json::value();
  }
  boost::json::value get(const std::string& path) {
    const http::Response response = ask("GET", "/api/v1" + path);
    EXPECT_EQ(response.status, 200) << path << ": " << body_of(response);
    return json(response);
  }
  http::Response post(const std::string& path, const std::string& body, http::Headers more = {}) {
    more.insert(json_headers.begin(), json_headers.end());
    return ask("POST", "/api/v1" + path, body, std::move(more));
  }
  // "<status> <CODE> <field>"
  std::string verdict(const http::Response& response) {
    const auto document = json(response);
    const auto& object = document.as_object();
    std::string text = std::to_string(response.status) + " " + std::string(object.at("code").as_string());
    if (const auto* field = object.if_contains("field")) text += " " + std::string(field->as_string());
    EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
    return text;
  }
  std::string ids(const std::string& path, const char* key = "id") {
    const auto page = get(path);
    std::string all;
    for (const auto& item : page.at("items").as_array()) all += (all.empty() ? "" : " ") + std::string(item.at(key).as_string());
    return all;
  }

  FakeStatus status_;
  FakeJobs jobs_;
  Api api_ = api_over(status_, jobs_);
  std::vector<http::Route> all_routes() {
    auto routes = api_routes(api_);
    for (auto& route : system_routes(api_)) routes.push_back(std::move(route));
    return routes;
  }
  http::Router router_{all_routes(), not_found_handler(), method_not_allowed_handler()};
};

TEST_F(RestApi, the_overview_counts_what_there_is) {
  const auto overview = get("/overview");
  EXPECT_EQ(overview.at("nodes").to_number<int>(), 3);
  EXPECT_EQ(overview.at("devices").to_number<int>(), 6);
  EXPECT_EQ(overview.at("devices_allocated").to_number<int>(), 2);
  EXPECT_EQ(overview.at("instances").to_number<int>(), 2);
  EXPECT_EQ(overview.at("instances_free").to_number<int>(), 1);
  EXPECT_EQ(overview.at("allocations").to_number<int>(), 2);
  EXPECT_DOUBLE_EQ(overview.at("utilization_percent").as_double(), 85);
  EXPECT_DOUBLE_EQ(overview.at("hourly_cost_usd").as_double(), 8.8);
  EXPECT_EQ(overview.at("hottest").at(0).at("device").as_string(), "gpu-b-GPU-00");
  EXPECT_TRUE(overview.at("memory_used_mib").is_null()) << "nobody measured it";
  EXPECT_TRUE(overview.at("last_round").is_null());
  EXPECT_EQ(overview.at("allocations_by_team").at("ml").to_number<int>(), 1);
}

TEST_F(RestApi, values_that_are_too_old_are_stale_and_left_out_of_means) {
  clock_.advance(std::chrono::minutes(10));
  const auto overview = get("/overview");
  EXPECT_EQ(overview.at("nodes_stale").to_number<int>(), 2) << "nobody collects from the registered node";
  EXPECT_TRUE(overview.at("utilization_percent").is_null());
  EXPECT_EQ(ids("/nodes?stale=true", "name"), "gpu-a gpu-b");
}

TEST_F(RestApi, the_overview_shows_a_change_at_once_and_shares_its_bytes_meanwhile) {
  const http::Response first = ask("GET", "/api/v1/overview");
  EXPECT_EQ(first.body, ask("GET", "/api/v1/overview").body);
  ASSERT_EQ(ask("DELETE", "/api/v1/allocations/ALLOC-0000000A").status, 200);
  EXPECT_EQ(get("/overview").at("allocations").to_number<int>(), 1);
}

TEST_F(RestApi, nodes_are_filtered_and_sorted) {
  EXPECT_EQ(ids("/nodes", "name"), "gpu-a gpu-b gpu-c");
  EXPECT_EQ(ids("/nodes?q=GPU-B", "name"), "gpu-b");
  EXPECT_EQ(ids("/nodes?sort=-device_count", "name"), "gpu-b gpu-a gpu-c");
  EXPECT_EQ(ids("/nodes?sort=utilization_percent", "name"), "gpu-a gpu-b gpu-c") << "without a value: last";
  const auto node = get("/nodes/gpu-a");
  EXPECT_EQ(node.at("devices").as_array().size(), 2U);
  EXPECT_TRUE(node.at("cluster").is_null());
  EXPECT_EQ(verdict(ask("GET", "/api/v1/nodes/none")), "404 NODE_NOT_FOUND");
}

TEST_F(RestApi, devices_are_filtered) {
  EXPECT_EQ(ids("/devices?node=gpu-a"), "gpu-a-GPU-00 gpu-a-GPU-01");
  EXPECT_EQ(ids("/devices?model=RTX4090&free=true"), "gpu-b-GPU-00");
  EXPECT_EQ(ids("/devices?state=MAINTENANCE"), "gpu-b-GPU-02");
  EXPECT_EQ(ids("/devices?mig=true"), "gpu-a-GPU-01");
  EXPECT_EQ(ids("/devices?q=prototype"), "gpu-b-GPU-01");
  EXPECT_EQ(ids("/devices?sort=-gpu_temperature_celsius&limit=3"), "gpu-b-GPU-00 gpu-a-GPU-00 gpu-a-GPU-01");
}

TEST_F(RestApi, pages_go_through_a_list_once) {
  for (const std::string sort : {"", "&sort=-gpu_utilization_percent", "&sort=model", "&sort=-state"}) {
    std::string seen;
    std::string cursor;
    for (int pages = 0; pages < 10; ++pages) {
      const auto page = get("/devices?limit=1" + sort + (cursor.empty() ? "" : "&cursor=" + cursor));
      EXPECT_EQ(page.at("total").to_number<int>(), 6);
      seen += (seen.empty() ? "" : " ") + std::string(page.at("items").at(0).at("id").as_string());
      if (page.at("next_cursor").is_null()) break;
      cursor = std::string(page.at("next_cursor").as_string());
    }
    EXPECT_EQ(seen, ids("/devices?limit=1000" + sort)) << sort;
  }
}

TEST_F(RestApi, only_wanted_fields_are_sent) {
  const auto page = get("/devices?fields=id,free&node=gpu-c");
  EXPECT_EQ(boost::json::serialize(page.at("items")), R"([{"id":"gpu-c-GPU-00","free":true}])");
}

TEST_F(RestApi, a_device_shows_its_slices_and_what_is_unknown_is_null) {
  const auto device = get("/devices/gpu-a-GPU-01");
  EXPECT_EQ(device.at("instances").as_array().size(), 2U);
  EXPECT_EQ(device.at("instances").at(0).at("allocation").as_string(), "ALLOC-0000000B");
  EXPECT_EQ(device.at("memory_slots").to_number<int>(), 8);
  EXPECT_FALSE(device.at("values").as_object().contains("gpu_utilization_percent")) << "MIG mode has none";
  const auto unknown = get("/devices/gpu-b-GPU-01");
  EXPECT_TRUE(unknown.at("model").is_null());
  EXPECT_TRUE(unknown.at("vendor").is_null());
  EXPECT_TRUE(unknown.at("memory_slots").is_null());
}

void expect_fields(const boost::json::value& item, std::span<const std::string_view> names, std::string_view without) {
  std::string written;
  for (const auto& [name, value] : item.as_object()) written += " " + std::string(name);
  std::string named;
  for (const std::string_view name : names)
    if (name != without) named += " " + std::string(name);
  EXPECT_EQ(written, named);
}

TEST_F(RestApi, records_have_the_fields_that_their_lists_name) {
  expect_fields(get("/nodes").at("items").at(0), node_fields, "devices");
  expect_fields(get("/nodes/gpu-a"), node_fields, "");
  expect_fields(get("/devices/gpu-a-GPU-01"), device_fields, "");
  expect_fields(get("/instances/gpu-a-GPU-01-MIG-07"), instance_fields, "");
  expect_fields(get("/allocations").at("items").at(0), allocation_fields, "");
  expect_fields(get("/models/H100_80GB"), model_fields, "");
  expect_fields(get("/models").at("items").at(0), model_fields, "mig_profiles");
}

TEST_F(RestApi, a_device_is_registered_and_changes_its_state) {
  const auto made =
      post("/devices",
           R"({"node":"gpu-c","model":"H100_80GB","index":3,"pci_address":"00000000:20:00.0","uuid":"GPU-new","purchase_cost_usd":30000})");
  ASSERT_EQ(made.status, 201) << body_of(made);
  EXPECT_EQ(header_of(made, "Location"), "/api/v1/devices/gpu-c-GPU-03");
  EXPECT_DOUBLE_EQ(json(made).at("purchase_cost_usd").as_double(), 30000);
  const auto changed = ask("PATCH", "/api/v1/devices/gpu-c-GPU-03", R"({"state":"MAINTENANCE"})", json_headers);
  ASSERT_EQ(changed.status, 200) << body_of(changed);
  EXPECT_EQ(json(changed).at("state").as_string(), "MAINTENANCE");
  EXPECT_EQ(
      verdict(post("/devices", R"({"node":"gpu-c","model":"H100_80GB","index":3,"pci_address":"00000000:20:00.0","uuid":"GPU-newer"})"))
          .substr(0, 12),
      "409 CONFLICT");
}

TEST_F(RestApi, bad_devices_are_refused_with_the_field) {
  const std::string good = R"("node":"gpu-c","model":"H100_80GB","index":3,"pci_address":"00000000:20:00.0","uuid":"GPU-new")";
  EXPECT_EQ(verdict(post("/devices", "{}")), "400 INVALID_REQUEST node");
  EXPECT_EQ(verdict(post("/devices", "{" + good + R"(,"colour":1})")), "400 INVALID_REQUEST colour");
  EXPECT_EQ(verdict(post("/devices", R"({"node":7,"model":"x","index":0,"uuid":"y"})")), "400 INVALID_REQUEST node");
  EXPECT_EQ(verdict(post("/devices", R"({"node":"n","model":"x","index":1.5,"uuid":"y"})")), "400 INVALID_REQUEST index");
  EXPECT_EQ(verdict(post("/devices", R"({"node":"n","model":"x","index":-1,"uuid":"y"})")), "400 INVALID_REQUEST index");
  EXPECT_EQ(verdict(post("/devices", "{" + good + R"(,"warranty_expiry":"tomorrow"})")), "400 INVALID_REQUEST warranty_expiry");
  EXPECT_EQ(verdict(post("/devices", "[1]")), "400 INVALID_REQUEST");
  EXPECT_EQ(verdict(post("/devices", "{")), "400 INVALID_REQUEST");
  EXPECT_EQ(verdict(post("/devices", std::string(100, '[') + std::string(100, ']'))), "400 INVALID_REQUEST");
  EXPECT_EQ(verdict(ask("POST", "/api/v1/devices", "a=b", {{"Content-Type", "application/x-www-form-urlencoded"}})),
            "415 UNSUPPORTED_MEDIA_TYPE Content-Type");
  EXPECT_EQ(verdict(ask("PATCH", "/api/v1/devices/gpu-c-GPU-00", R"({"state":"BROKEN"})", json_headers)), "400 INVALID_REQUEST state");
  EXPECT_EQ(verdict(ask("PATCH", "/api/v1/devices/gpu-c-GPU-00", "{}", json_headers)), "400 INVALID_REQUEST state");
  EXPECT_EQ(verdict(ask("PATCH", "/api/v1/devices/none", R"({"state":"ACTIVE"})", json_headers)), "404 DEVICE_NOT_FOUND");
}

TEST_F(RestApi, an_allocation_lives_and_ends) {
  const auto made = post("/allocations", R"({"namespace":"ml","pod":"train-0","model":"RTX4090","team":"vision","labels":{"a":"b"}})");
  ASSERT_EQ(made.status, 201) << body_of(made);
  const auto allocation = json(made);
  const std::string id(allocation.at("id").as_string());
  EXPECT_EQ(header_of(made, "Location"), "/api/v1/allocations/" + id);
  EXPECT_EQ(allocation.at("resource").as_string(), "gpu-b-GPU-00");
  EXPECT_EQ(allocation.at("node").as_string(), "gpu-b");
  EXPECT_EQ(allocation.at("labels").at("a").as_string(), "b");
  EXPECT_EQ(ids("/allocations?team=vision"), id);
  EXPECT_EQ(get("/devices/gpu-b-GPU-00").at("allocation").as_string(), id);
  clock_.advance(std::chrono::hours(1));
  const auto ended = ask("DELETE", "/api/v1/allocations/" + id);
  ASSERT_EQ(ended.status, 200);
  EXPECT_EQ(json(ended).at("status").as_string(), "RELEASED");
  EXPECT_DOUBLE_EQ(json(ended).at("total_cost_usd").as_double(), 2);
  EXPECT_EQ(ids("/allocations?team=vision"), "");
  EXPECT_EQ(ids("/allocations?status=RELEASED&node=gpu-b&q=TRAIN"), id);
  EXPECT_EQ(get("/allocations/" + id).at("status").as_string(), "RELEASED");
  EXPECT_EQ(verdict(ask("DELETE", "/api/v1/allocations/" + id)), "409 CONFLICT");
  EXPECT_EQ(verdict(ask("DELETE", "/api/v1/allocations/ALLOC-NONE")), "404 ALLOCATION_NOT_FOUND");
  EXPECT_EQ(verdict(ask("GET", "/api/v1/allocations/ALLOC-NONE")), "404 ALLOCATION_NOT_FOUND");
}

TEST_F(RestApi, the_same_idempotency_key_gives_the_same_allocation) {
  const std::string body = R"({"namespace":"ml","pod":"p"})";
  const auto first = post("/allocations", body, {{"Idempotency-Key", "k1"}});
  ASSERT_EQ(first.status, 201) << body_of(first);
  const auto again = post("/allocations", R"({ "namespace": "ml", "pod": "p" })", {{"Idempotency-Key", "k1"}});
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(json(first).at("id"), json(again).at("id"));
  EXPECT_EQ(header_of(again, "Idempotency-Replayed"), "true");
  EXPECT_EQ(verdict(post("/allocations", R"({"namespace":"ml","pod":"other"})", {{"Idempotency-Key", "k1"}})),
            "409 CONFLICT Idempotency-Key");
  EXPECT_EQ(verdict(post("/allocations", body, {{"Idempotency-Key", std::string(256, 'x')}})), "400 INVALID_REQUEST Idempotency-Key");
}

TEST_F(RestApi, a_request_that_cannot_be_met_says_why) {
  const auto full = post("/allocations", R"({"namespace":"ml","pod":"p","memory_gb":500})");
  EXPECT_EQ(verdict(full), "409 RESOURCE_NOT_AVAILABLE");
  EXPECT_GT(json(full).at("blocked_by").as_object().size(), 0U);
  EXPECT_EQ(
      verdict(post("/allocations",
                   R"({"namespace":"ml","pod":"p","model":"RTX4090","node":"gpu-b","device":"gpu-b-GPU-00","max_cost_per_hour_usd":0.5})")),
      "409 COST_LIMIT_EXCEEDED");
  EXPECT_EQ(verdict(post("/allocations", R"({"namespace":"ml","pod":"p","model":"RTX4090","use_mig":true})")), "422 MIG_NOT_SUPPORTED");
  EXPECT_EQ(verdict(post("/allocations", R"({"namespace":"ml","pod":"p","model":"NONE"})")), "400 INVALID_REQUEST model");
  EXPECT_EQ(verdict(post("/allocations", R"({"namespace":"ml"})")), "400 INVALID_REQUEST pod");
  EXPECT_EQ(verdict(post("/allocations", R"({"namespace":"ml","pod":"p","labels":{"a":1}})")), "400 INVALID_REQUEST labels.a");
  EXPECT_EQ(verdict(post("/allocations", R"({"namespace":"ml","pod":"p","memory_gb":"80"})")), "400 INVALID_REQUEST memory_gb");
  EXPECT_EQ(verdict(post("/allocations", R"({"namespace":"ml","pod":"p","max_cost_per_hour_usd":-1})")),
            "400 INVALID_REQUEST max_cost_per_hour_usd");
}

TEST_F(RestApi, a_store_that_cannot_commit_is_503_and_nothing_happened) {
  keeper_.store.fail_with(Error{Errc::unavailable, "cannot commit: disk full"});
  const auto refused = post("/allocations", R"({"namespace":"ml","pod":"p"})");
  EXPECT_EQ(verdict(refused), "503 UNAVAILABLE");
  EXPECT_EQ(header_of(refused, "Retry-After"), "1");
  EXPECT_EQ(get("/allocations").at("total").to_number<int>(), 2);
}

TEST_F(RestApi, history_is_a_series_of_steps) {
  const auto series = get("/devices/gpu-a-GPU-00/metrics?metrics=gpu_utilization_percent&step=600");
  EXPECT_EQ(series.at("step_seconds").to_number<int>(), 600);
  ASSERT_EQ(series.at("series").as_array().size(), 1U);
  const auto& one = series.at("series").at(0);
  EXPECT_EQ(one.at("unit").as_string(), "%");
  EXPECT_EQ(one.at("points").at(0).as_array().size(), 6U);
  EXPECT_LE(one.at("points").as_array().size(), 7U);
  EXPECT_EQ(get("/devices/gpu-a-GPU-00/metrics").at("step_seconds").to_number<int>(), 30);
  EXPECT_EQ(get("/instances/gpu-a-GPU-01-MIG-07/metrics?metrics=memory_used_mib").at("series").as_array().size(), 1U);
  EXPECT_EQ(get("/metrics/query?resources=gpu-a-GPU-00,gpu-b-GPU-00&metrics=power_watts").at("series").as_array().size(), 2U);
  EXPECT_EQ(verdict(ask("GET", "/api/v1/devices/gpu-a-GPU-00/metrics?metrics=colour")), "400 INVALID_REQUEST metrics");
  EXPECT_EQ(verdict(ask("GET", "/api/v1/devices/gpu-a-GPU-00/metrics?metrics=running_pods")), "400 INVALID_REQUEST metrics");
  EXPECT_EQ(verdict(ask("GET", "/api/v1/devices/gpu-a-GPU-00/metrics?from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z")),
            "400 INVALID_REQUEST from");
  EXPECT_EQ(verdict(ask("GET", "/api/v1/devices/gpu-a-GPU-00/metrics?step=1&from=2026-01-01T00:00:00Z")), "400 INVALID_REQUEST step");
  EXPECT_EQ(verdict(ask("GET", "/api/v1/devices/none/metrics")), "404 DEVICE_NOT_FOUND");
}

TEST_F(RestApi, history_of_what_is_no_device_is_found_by_its_key) {
  std::vector<Sample> samples;
  for (const std::string& key : {resource_key::served_model("meta-llama/Llama-3.1-8B-Instruct"), resource_key::engine("vllm"),
                                 resource_key::pod("ml", "llama-0"), std::string(resource_key::cluster)}) {
    samples.push_back({.resource = key, .at = clock_.now() - Milliseconds(30'000)});
    samples.back().values.set(Metric::generation_token_rate, 512.5);
    samples.back().values.set(Metric::time_to_first_token_p95, 0.25);
  }
  ASSERT_TRUE(metrics_.append(samples));
  for (const Sample& sample : samples) {
    const std::string metrics = "&metrics=generation_tokens_per_second,time_to_first_token_p95_seconds";
    for (const std::string& key : {sample.resource, http::percent_encode(sample.resource)}) {
      const auto found = get("/metrics/query?resources=" + key + metrics).at("series").as_array();
      ASSERT_EQ(found.size(), 2U) << key;
      EXPECT_EQ(found[0].at("resource").as_string(), sample.resource);
      EXPECT_EQ(found[0].at("metric").as_string(), "generation_tokens_per_second");
      EXPECT_EQ(found[0].at("unit").as_string(), "1/s");
      EXPECT_EQ(found[0].at("points").at(0).at(3).to_number<double>(), 512.5);
      EXPECT_EQ(found[1].at("points").at(0).at(3).to_number<double>(), 0.25);
    }
  }
  EXPECT_EQ(get("/metrics/query?metrics=generation_tokens_per_second").at("series").as_array().size(), 0U) << "no device has it";
}

TEST_F(RestApi, events_are_found_by_device) {
  const auto uuid = keeper_.snapshot()->find_device(DeviceId{"gpu-b-GPU-00"})->device->uuid;
  const DeviceEvent event{.at = clock_.now() - Milliseconds(1000), .device = uuid, .code = 79, .sequence = 1};
  ASSERT_TRUE(metrics_.append_events(std::span(&event, 1)));
  EXPECT_EQ(get("/events").at("items").at(0).at("code").to_number<int>(), 79);
  EXPECT_EQ(get("/events?device=gpu-b-GPU-00").at("items").at(0).at("device").as_string(), "gpu-b-GPU-00");
  EXPECT_EQ(get("/events?device=gpu-a-GPU-00").at("items").as_array().size(), 0U);
  EXPECT_EQ(verdict(ask("GET", "/api/v1/events?device=none")), "404 DEVICE_NOT_FOUND");
}

TEST_F(RestApi, targets_jobs_and_audit_are_listed) {
  EXPECT_EQ(get("/targets").at("items").at(0).at("node").as_string(), "gpu-a");
  EXPECT_TRUE(get("/targets").at("items").at(0).at("last_success").is_null());
  jobs_.update({.id = "history", .name = "Filling in history", .total = 168, .unit = "hours"});
  EXPECT_EQ(get("/jobs").at("items").at(0).at("state").as_string(), "running");
  ASSERT_EQ(ask("DELETE", "/api/v1/allocations/ALLOC-0000000A").status, 200);
  EXPECT_EQ(get("/audit?subject=ALLOC-0000000A").at("items").at(0).at("action").as_string(), "release");
}

TEST_F(RestApi, what_a_client_has_already_is_304) {
  for (const char* path : {"/api/v1/overview", "/api/v1/devices", "/api/v1/nodes/gpu-a", "/api/v1/models", "/openapi.json"}) {
    const std::string tag = header_of(ask("GET", path), "ETag");
    ASSERT_FALSE(tag.empty()) << path;
    const auto second = ask("GET", path, "", {{"If-None-Match", "\"other\", " + tag}});
    EXPECT_EQ(second.status, 304) << path;
    EXPECT_EQ(second.body, nullptr);
    EXPECT_EQ(ask("GET", path, "", {{"If-None-Match", "\"0\""}}).status, 200);
  }
}

TEST_F(RestApi, a_large_answer_comes_compressed_from_the_pool) {
  for (int i = 1; i < 60; ++i)
    keeper_.submit(
        [i](FleetDraft& draft) {
          return draft.put_node(make_node("big-" + std::to_string(i), {make_device("big-" + std::to_string(i), 0)}));
        },
        [](const Status& put) { EXPECT_TRUE(put); });
  const auto packed = ask("GET", "/api/v1/devices", "", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(header_of(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header_of(ask("GET", "/api/v1/devices"), "Content-Encoding"), "");
}

TEST_F(RestApi, bad_parameters_are_named) {
  for (const auto& [path, field] : {std::pair("/devices?limit=0", "limit"),
                                    {"/devices?limit=x", "limit"},
                                    {"/devices?limit=1001", "limit"},
                                    {"/devices?cursor=x", "cursor"},
                                    {"/devices?fields=id,nope", "fields"},
                                    {"/devices?sort=nope", "sort"},
                                    {"/devices?free=maybe", "free"},
                                    {"/devices?state=active", "state"},
                                    {"/devices?limit=1&limit=2", "limit"},
                                    {"/nodes/gpu-a?fields=nope", "fields"},
                                    {"/models?vendor=acme", "vendor"},
                                    {"/allocations?status=GONE", "status"},
                                    {"/allocations?status=ALL&sort=pod", "sort"},
                                    {"/events?from=yesterday", "from"},
                                    {"/audit?limit=-1", "limit"}})
    EXPECT_EQ(verdict(ask("GET", std::string("/api/v1") + path)), std::string("400 INVALID_REQUEST ") + field) << path;
}

TEST_F(RestApi, unknown_paths_and_methods_are_problems_too) {
  EXPECT_EQ(verdict(ask("GET", "/api/v1/nope")), "404 NOT_FOUND");
  const auto wrong = ask("DELETE", "/api/v1/devices");
  EXPECT_EQ(verdict(wrong), "405 METHOD_NOT_ALLOWED");
  EXPECT_EQ(header_of(wrong, "Allow"), "GET, POST");
}

TEST_F(RestApi, every_error_code_has_its_page) {
  for (int i = 0; i < count_of<ApiCode>(); ++i) {
    const auto code = static_cast<ApiCode>(i);
    const std::string_view page = error_document(to_text(code));
    EXPECT_NE(page.find(std::to_string(http_status(code))), std::string_view::npos) << to_text(code);
    EXPECT_FALSE(title_of(code).empty());
    EXPECT_EQ(page.find("# ", 2), page.find("## When") + 1) << "one page, not the next one too: " << page;
    EXPECT_EQ(ask("GET", "/errors/" + std::string(to_text(code))).status, 200);
  }
  EXPECT_EQ(verdict(ask("GET", "/errors/NOPE")), "404 NOT_FOUND");
}

TEST_F(RestApi, the_server_is_ready_after_its_first_round) {
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  status_.last = RoundStatus{};
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
  EXPECT_EQ(json(ask("GET", "/version")).at("name").as_string(), "reeve");
}

}  // namespace
}  // namespace reeve::rest
