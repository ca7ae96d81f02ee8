// Every endpoint of the old API against a small cluster: answers byte by byte as the goldens in
// tests/data/legacy, field lists by hand from what the old program answered, and what it accepts and refuses.

#include "delivery/legacy/legacy_world_test.h"

#include <gtest/gtest.h>

#include "codec/json_parse.h"
#include "testing/http_probe.h"
#include "testing/small_cluster.h"

namespace reeve::legacy {
namespace {

const http::Headers json_headers{{"Content-Type", "application/json"}};

class LegacyApiTest : public ::testing::Test, protected LegacyWorld {
 protected:
  LegacyApiTest() {
    EXPECT_TRUE(metrics_.append(small_history(clock_.now(), 180)).ok());
    collector_.last = RoundStatus{clock_.now() - std::chrono::seconds(12), Milliseconds(2'000), 2, 0};
    FleetChange held;
    for (const auto& [id, allocation] : keeper_.snapshot()->allocations()) held.allocations.push_back(allocation);
    EXPECT_TRUE(keeper_.store.commit(held).ok());
  }

  http::Response ask(const std::string& method, const std::string& path, std::string body = {}, http::Headers headers = {}) {
    const http::Handler handler = [this](http::Request request, std::shared_ptr<http::Responder> responder) {
      router_.handle(std::move(request), std::move(responder));
    };
    return probe(handler, method, "/k8s-monitor/api/v1/gpu" + path, std::move(body), std::move(headers));
  }
  http::Response post(const std::string& path, std::string body) { return ask("POST", path, std::move(body), json_headers); }

  boost::json::value json(const http::Response& response) {
    auto document = parse_json(body_of(response));
    EXPECT_TRUE(document.ok()) << body_of(response);
    return document.ok() ? *document : boost::json::value();
  }
  boost::json::value get(const std::string& path) {
    const http::Response response = ask("GET", path);
    EXPECT_EQ(response.status, 200) << path;
    return json(response);
  }
};

TEST_F(LegacyApiTest, each_reading_endpoint_answers_its_golden) {
  const std::vector<GoldenCase> cases{{"overview", "/overview"},
                                      {"health", "/health"},
                                      {"devices", "/devices"},
                                      {"device", "/devices/gpu-a-GPU-00"},
                                      {"device_with_slices", "/devices/gpu-a-GPU-01"},
                                      {"device_statistics", "/devices/statistics"},
                                      {"devices_overheating", "/devices/overheating"},
                                      {"device_health", "/devices/gpu-b-GPU-00/health"},
                                      {"device_health_without_values", "/devices/gpu-c-GPU-00/health"},
                                      {"allocations", "/allocations"},
                                      {"allocations_expiring", "/allocations/expiring?hours=24"},
                                      {"usage_statistics", "/metrics/usage-statistics?hours=1"},
                                      {"overheating_alerts", "/metrics/overheating-alerts"},
                                      {"collection_status", "/metrics/collection-status"},
                                      {"metrics_config", "/metrics/config"},
                                      {"realtime", "/metrics/realtime"}};
  for (const GoldenCase& golden : cases) {
    const http::Response response = ask("GET", golden.path);
    EXPECT_EQ(response.status, 200) << golden.path;
    EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
    expect_golden(golden.name, body_of(response));
  }
}

// Written down from the old program's own answers, in its order.
constexpr const char* device_fields =
    "deviceId nodeName modelId modelName deviceIndex serialNumber pciAddress gpuUuid deviceStatus currentTempC currentPowerW "
    "currentUtilization memoryUtilization driverVersion firmwareVersion vbiosVersion migSupport memoryGb architecture installationDate "
    "lastMaintenanceDate warrantyExpiryDate purchaseCost allocated currentAllocationId currentWorkloadType migInstances totalMigInstances "
    "availableMigInstances avgUtilizationLast24h avgTemperatureLast24h avgPowerDrawLast24h activeAlerts healthStatus";
constexpr const char* slice_fields =
    "migId deviceId profileId profileName instanceId migUuid allocated instanceStatus createdDate allocatedDate lastUsedDate memoryGb "
    "computeSlices memorySlices performanceRatio currentAllocationId currentNamespace currentPodName currentUtilization memoryUtilization "
    "avgUtilizationLast24h";
constexpr const char* allocation_fields =
    "allocationId namespace podName containerName workloadType resourceType allocatedResource requestedMemoryGb allocatedMemoryGb "
    "priorityClass allocationTime plannedReleaseTime releaseTime status usageDurationHours costPerHour totalCost estimatedMonthlyCost "
    "userId teamId projectId deviceInfo migInstanceInfo labels annotations";
constexpr const char* overview_fields =
    "totalNodes totalGpuDevices totalMigInstances activeAllocations devicesByModel devicesByArchitecture devicesByGeneration "
    "overallGpuUtilization overallMemoryUtilization overallTemperature overallPowerConsumption allocationsByWorkloadType "
    "allocationsByNamespace allocationsByTeam totalHourlyCost totalMonthlyCost costByWorkloadType totalMemoryCapacityGb "
    "availableMemoryCapacityGb memoryUtilizationPercent totalAlerts criticalAlerts warningAlerts topAlerts utilizationTrend24h "
    "temperatureTrend24h lastUpdated";
constexpr const char* statistics_fields =
    "totalDevices activeDevices migEnabledDevices maintenanceDevices failedDevices devicesByNode devicesByModel devicesByArchitecture "
    "totalMemoryCapacityGb availableMemoryCapacityGb memoryUtilizationPercent avgUtilization avgTemperature avgPowerConsumption "
    "statisticsTime";

TEST_F(LegacyApiTest, typed_answers_have_the_old_fields_in_the_old_order) {
  EXPECT_EQ(field_names(get("/overview")), overview_fields);
  EXPECT_EQ(field_names(get("/devices/statistics")), statistics_fields);
  EXPECT_EQ(field_names(get("/devices").as_array().at(0)), device_fields);
  const boost::json::value cut = get("/devices/gpu-a-GPU-01");
  EXPECT_EQ(field_names(cut), device_fields);
  EXPECT_EQ(field_names(cut.at("migInstances").at(0)), slice_fields);
  EXPECT_EQ(field_names(get("/allocations").as_array().at(0)), allocation_fields);
}

TEST_F(LegacyApiTest, device_filters_all_work_and_combine) {
  const auto count = [&](const std::string& query) { return get("/devices?" + query).as_array().size(); };
  EXPECT_EQ(count("nodeName=gpu-b"), 3u);
  EXPECT_EQ(count("modelId=RTX4090"), 2u);
  EXPECT_EQ(count("nodeName=gpu-b&status=maintenance"), 1u);
  EXPECT_EQ(count("status=available"), 3u);  // not held, not in MIG mode, in service
  EXPECT_EQ(count("status=MIG_ENABLED"), 1u);
  EXPECT_EQ(count("status=allocated"), 1u);
  EXPECT_EQ(count("status=nonsense"), 0u);
  EXPECT_EQ(count("status="), 6u);
  EXPECT_EQ(count("unknown=x"), 6u);
}

TEST_F(LegacyApiTest, an_unknown_device_is_404_without_a_body_and_its_health_404_with_the_old_one) {
  const http::Response device = ask("GET", "/devices/nope");
  EXPECT_EQ(device.status, 404);
  EXPECT_EQ(body_of(device), "");
  const http::Response health = ask("GET", "/devices/nope/health");
  EXPECT_EQ(health.status, 404);
  EXPECT_EQ(json(health).at("overallHealth").as_string(), "ERROR");
  EXPECT_EQ(json(health).at("errorMessage").as_string(), "GPU device not found: nope");
}

TEST_F(LegacyApiTest, a_device_is_registered_once) {
  const std::string body =
      R"({"nodeName":"gpu-c","modelId":"H100_80GB","deviceIndex":8,"serialNumber":"S1","pciAddress":"0000:99:00.0","gpuUuid":"GPU-new-1",)"
      R"("driverVersion":"535","purchaseCost":15000.0,"warrantyExpiryDate":"2027-08-03T00:00:00Z","somethingNew":1})";
  const http::Response made = post("/devices", body);
  ASSERT_EQ(made.status, 200);
  expect_golden("device_registered", body_of(made));
  const http::Response again = post("/devices", body);
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(body_of(again), "");
  EXPECT_EQ(get("/devices/gpu-c-GPU-08").at("gpuUuid").as_string(), "GPU-new-1");
}

TEST_F(LegacyApiTest, a_registration_that_names_nothing_known_is_400_without_a_body) {
  for (const char* body : {R"({"nodeName":"none","modelId":"H100_80GB","deviceIndex":1,"pciAddress":"p","gpuUuid":"u"})",
                           R"({"nodeName":"gpu-c","modelId":"none","deviceIndex":1,"pciAddress":"p","gpuUuid":"u"})",
                           R"({"nodeName":"gpu-c","modelId":"H100_80GB","deviceIndex":1,"gpuUuid":"u"})",
                           R"({"nodeName":"gpu-c","modelId":"H100_80GB","pciAddress":"p","gpuUuid":"u"})", "{}"}) {
    const http::Response refused = post("/devices", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(body_of(refused), "") << body;
  }
}

TEST_F(LegacyApiTest, a_state_is_set_when_it_is_one) {
  EXPECT_EQ(ask("PUT", "/devices/gpu-a-GPU-00/status?status=maintenance").status, 200);
  EXPECT_EQ(get("/devices/gpu-a-GPU-00").at("deviceStatus").as_string(), "MAINTENANCE");
  EXPECT_EQ(ask("PUT", "/devices/gpu-a-GPU-01/status?status=MIG_ENABLED").status, 200);  // it is
  EXPECT_EQ(ask("PUT", "/devices/gpu-a-GPU-00/status?status=MIG_ENABLED").status, 400);  // it is not
  EXPECT_EQ(ask("PUT", "/devices/gpu-a-GPU-00/status?status=FOO").status, 400);
  EXPECT_EQ(ask("PUT", "/devices/nope/status?status=ACTIVE").status, 404);
  const http::Response missing = ask("PUT", "/devices/gpu-a-GPU-00/status");
  EXPECT_EQ(missing.status, 400);
  expect_golden("error_missing_parameter", body_of(missing));
}

TEST_F(LegacyApiTest, a_gpu_is_given_kept_and_taken_back) {
  const http::Response given =
      post("/allocations", R"({"namespace":"model-serving","podName":"p1","workloadType":"Inference","priorityClass":"high",)"
                           R"("requiredMemoryGb":"30","plannedReleaseTime":"2027-08-04T12:00:00Z","userId":"u2","teamId":"ml",)"
                           R"("projectId":"x","preferHighMemory":true,"unknown":{}})");
  ASSERT_EQ(given.status, 200);
  expect_golden("allocation_given", body_of(given));
  EXPECT_EQ(ask("GET", "/allocations/ALLOC-00000001").status, 405);
  clock_.advance(std::chrono::hours(2));
  const http::Response ended = ask("DELETE", "/allocations/ALLOC-00000001");
  EXPECT_EQ(ended.status, 200);
  EXPECT_EQ(body_of(ended), "");
  EXPECT_EQ(ask("DELETE", "/allocations/ALLOC-00000001").status, 400);
  EXPECT_EQ(ask("DELETE", "/allocations/ALLOC-NONE").status, 400);
  const boost::json::value history = get("/allocations?userId=u2");
  ASSERT_EQ(history.as_array().size(), 1u);
  EXPECT_EQ(history.at(0).at("status").as_string(), "RELEASED");
  EXPECT_EQ(history.at(0).at("totalCost").as_double(), 16.0);
  expect_golden("cost_statistics", body_of(ask("GET", "/allocations/cost-statistics")));
}

TEST_F(LegacyApiTest, a_slice_is_given_at_the_price_of_its_share) {
  const http::Response given = post("/allocations", R"({"namespace":"n","podName":"p","useMig":true,"requiredMemoryGb":10})");
  ASSERT_EQ(given.status, 200);
  EXPECT_EQ(json(given).at("allocatedResource").as_string(), "gpu-a-GPU-01-MIG-09");
  EXPECT_EQ(json(given).at("resourceType").as_string(), "MIG_INSTANCE");
  EXPECT_EQ(json(given).at("costPerHour").as_double(), 2.4);  // 8.0 x 3/7 x 0.7, not 100 times that
}

TEST_F(LegacyApiTest, what_cannot_be_given_is_400_without_a_body) {
  for (const char* body :
       {R"({"namespace":"n","podName":"p","requiredMemoryGb":999})", R"({"podName":"p"})", R"({"namespace":"n"})",
        R"({"namespace":"n","podName":"p","preferredModelId":"H100_80GB","maxCostPerHour":0.01})",
        R"({"namespace":"n","podName":"p","preferredModelId":"H100_80GB","maxDurationHours":10,"maxTotalCost":79.9})",
        R"({"namespace":"n","podName":"p","maxDurationHours":0})", R"({"namespace":"n","podName":"p","preferredArchitecture":"Volta"})"}) {
    const http::Response refused = post("/allocations", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(body_of(refused), "") << body;
  }
}

TEST_F(LegacyApiTest, a_duration_becomes_the_planned_release) {
  const http::Response given =
      post("/allocations", R"({"namespace":"n","podName":"p","preferredModelId":"H100_80GB","maxDurationHours":10,"maxTotalCost":80})");
  ASSERT_EQ(given.status, 200);
  EXPECT_EQ(json(given).at("plannedReleaseTime").as_string(), "2026-11-25T07:00:00");
}

TEST_F(LegacyApiTest, allocations_are_filtered_by_namespace_user_and_team) {
  EXPECT_EQ(get("/allocations?teamId=ml").as_array().size(), 1u);
  EXPECT_EQ(get("/allocations?namespace=research").as_array().size(), 1u);
  EXPECT_EQ(get("/allocations?namespace=research&teamId=ml").as_array().size(), 0u);
  EXPECT_EQ(get("/allocations/expiring?hours=9").as_array().size(), 0u);
  EXPECT_EQ(get("/allocations/expiring?hours=10").as_array().size(), 1u);
}

TEST_F(LegacyApiTest, metrics_of_one_device_or_slice_are_real) {
  const boost::json::value slice = get("/metrics/data?migId=gpu-a-GPU-01-MIG-07");
  EXPECT_EQ(field_names(slice), "migId timeRange data timestamp");
  EXPECT_EQ(slice.at("data").as_array().back().at("memoryUsedMb").as_double(), 2001.0);
  EXPECT_TRUE(slice.at("data").as_array().back().at("gpuUtilization").is_null());
  EXPECT_EQ(ask("GET", "/metrics/data?deviceId=nope").status, 404);
  EXPECT_EQ(get("/metrics/data").at("timeRange").as_string(), "1 hours");
  clock_.advance(std::chrono::minutes(58));  // two samples are within the hour
  expect_golden("metrics_data_device", body_of(ask("GET", "/metrics/data?deviceId=gpu-a-GPU-00&hours=1")));
}

TEST_F(LegacyApiTest, collection_is_run_paused_and_resumed) {
  const auto message = [&](const std::string& path) { return json(ask("POST", "/metrics" + path)).at("message").as_string(); };
  EXPECT_EQ(message("/collect"), "GPU metrics collection triggered successfully");
  EXPECT_EQ(collector_.rounds, 1);
  EXPECT_EQ(message("/collection/Pause"), "Metrics collection paused");
  EXPECT_EQ(get("/metrics/collection-status").at("status").as_string(), "PAUSED");
  EXPECT_EQ(message("/collection/resume"), "Metrics collection resumed");
  EXPECT_FALSE(collector_.is_paused());
  expect_golden("collection_restart", body_of(ask("POST", "/metrics/collection/restart")));
  EXPECT_EQ(collector_.rounds, 2);
  const http::Response unknown = ask("POST", "/metrics/collection/foo");
  EXPECT_EQ(unknown.status, 400);
  expect_golden("collection_unknown_action", body_of(unknown));
}

TEST_F(LegacyApiTest, cleanup_deletes_and_counts) {
  const std::size_t before = metrics_.sample_count();
  clock_.advance(std::chrono::days(8));
  const http::Response cleaned = ask("POST", "/metrics/cleanup?olderThanDays=7");
  EXPECT_EQ(cleaned.status, 200);
  EXPECT_GT(json(cleaned).at("deletedRecords").as_int64(), 0);
  EXPECT_LT(metrics_.sample_count(), before);
  EXPECT_EQ(field_names(json(cleaned)), "status message olderThanDays deletedRecords timestamp");
  EXPECT_EQ(ask("POST", "/metrics/cleanup?olderThanDays=0").status, 400);
}

TEST_F(LegacyApiTest, trends_come_from_the_history_and_hours_without_one_are_null) {
  const boost::json::value overview = get("/overview");
  const auto& trend = overview.at("utilizationTrend24h").as_object();
  EXPECT_EQ(trend.size(), 24u);
  EXPECT_EQ(trend.at("hour_20").as_double(), 75.0);  // gpu-a 60, gpu-b 90; 21:00 local is now
  EXPECT_TRUE(trend.at("hour_5").is_null());
}

TEST_F(LegacyApiTest, values_that_are_too_old_are_not_shown) {
  clock_.advance(Milliseconds(81'000));  // the values were 10 s old
  EXPECT_TRUE(get("/devices/gpu-a-GPU-00").at("currentTempC").is_null());
  EXPECT_EQ(get("/devices/gpu-a-GPU-00").at("healthStatus").as_string(), "UNKNOWN");
  EXPECT_TRUE(get("/overview").at("overallGpuUtilization").is_null());
}

TEST_F(LegacyApiTest, errors_of_the_framework_have_its_body) {
  const auto status_and_body = [&](const http::Response& response) {
    return std::pair(response.status, json(response).at("error").as_string());
  };
  EXPECT_EQ(status_and_body(post("/allocations", "{")), std::pair(400, boost::json::string("Bad Request")));
  EXPECT_EQ(status_and_body(post("/devices", R"({"deviceIndex":"one"})")), std::pair(400, boost::json::string("Bad Request")));
  EXPECT_EQ(status_and_body(ask("GET", "/metrics/usage-statistics?hours=abc")), std::pair(400, boost::json::string("Bad Request")));
  EXPECT_EQ(status_and_body(ask("GET", "/nothing")), std::pair(404, boost::json::string("Not Found")));
  EXPECT_EQ(status_and_body(ask("DELETE", "/overview")), std::pair(405, boost::json::string("Method Not Allowed")));
  EXPECT_EQ(status_and_body(ask("POST", "/allocations", "{}", {{"Content-Type", "text/plain"}})),
            std::pair(415, boost::json::string("Unsupported Media Type")));
  expect_golden("error_wrong_type", body_of(ask("GET", "/allocations/expiring?hours=abc")));
  EXPECT_EQ(ask("GET", "/overview", {}, {{"Accept", "text/html"}}).status, 406);
  EXPECT_EQ(ask("GET", "/metrics/usage-statistics?hours=8761").status, 400);
}

TEST_F(LegacyApiTest, browsers_of_other_origins_are_let_in) {
  EXPECT_EQ(header_of(ask("GET", "/overview", {}, {{"Origin", "http://x"}}), "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(header_of(ask("GET", "/nothing", {}, {{"Origin", "http://x"}}), "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(header_of(ask("GET", "/overview"), "Access-Control-Allow-Origin"), "");
  const http::Response preflight = ask("OPTIONS", "/allocations", {}, {{"Origin", "http://x"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(preflight.status, 200);
  EXPECT_EQ(header_of(preflight, "Access-Control-Allow-Methods"), "POST,GET,HEAD");
  EXPECT_EQ(header_of(preflight, "Access-Control-Max-Age"), "3600");
  EXPECT_EQ(ask("OPTIONS", "/overview", {}, {{"Origin", "http://x"}, {"Access-Control-Request-Method", "POST"}}).status, 403);
}

}  // namespace
}  // namespace reeve::legacy
