// The old system's monitoring API against a small cluster: answers byte by byte as the goldens in tests/data/legacy, field lists by
// hand from what the old program answered, and what was added to it.

#include <gtest/gtest.h>

#include "codec/json_parse.h"
#include "delivery/legacy/known_cluster_test.h"
#include "delivery/legacy/legacy_world_test.h"
#include "domain/metrics/resource_key.h"
#include "testing/http_probe.h"
#include "testing/small_cluster.h"

namespace reeve::legacy {
namespace {

Sample group_sample(std::string key, Timestamp at, double cpu, double memory, double running) {
  Sample sample{.resource = std::move(key), .at = at};
  sample.values.set(Metric::cpu_usage, cpu);
  sample.values.set(Metric::working_set_usage, memory);
  sample.values.set(Metric::running_pods, running);
  return sample;
}

// Three hours: the cluster's load rises by ten points an hour.
std::vector<Sample> kube_history(Timestamp now) {
  std::vector<Sample> samples;
  for (int back = 0; back < 3; ++back) {
    const Timestamp at = now - std::chrono::hours(back);
    samples.push_back(group_sample(std::string(resource_key::cluster), at, 50 - 10 * back, 40, 4));
    samples.push_back(group_sample(resource_key::engine("vllm"), at, 90, 50, 1));
    samples.push_back(group_sample(resource_key::engine("unknown"), at, 10, 20, 3));
    samples.push_back(group_sample(resource_key::kube_namespace("model-serving"), at, 70 + back, 60, 2));
  }
  return samples;
}

class ResourceApiTest : public ::testing::Test, protected LegacyWorld {
 protected:
  ResourceApiTest() {
    EXPECT_TRUE(metrics_.append(small_history(clock_.now(), 180)).ok());
    EXPECT_TRUE(metrics_.append(kube_history(clock_.now())).ok());
    holdings_.set(known_holdings(clock_.now()));
    serving_.set(known_servers());
    cluster_.set(known_snapshot(clock_.now()));
  }

  http::Response ask(const std::string& path, http::Headers headers = {}) {
    const http::Handler handler = [this](http::Request request, std::shared_ptr<http::Responder> responder) {
      router_.handle(std::move(request), std::move(responder));
    };
    return probe(handler, "GET", "/k8s-monitor/api/v1/resources" + path, {}, std::move(headers));
  }
  boost::json::value get(const std::string& path) {
    const http::Response response = ask(path);
    EXPECT_EQ(response.status, 200) << path;
    auto document = parse_json(body_of(response));
    EXPECT_TRUE(document.ok()) << path << body_of(response);
    return document.ok() ? *document : boost::json::value();
  }
  std::string names(const std::string& path) {
    const boost::json::value list = get(path);
    std::string text;
    for (const auto& item : list.as_array()) text += (text.empty() ? "" : " ") + std::string(item.at("name").as_string());
    return text;
  }
};

constexpr std::array goldens{GoldenCase{"resource_pods", "/pods"},
                             GoldenCase{"resource_pods_all", "/pods/all"},
                             GoldenCase{"resource_pod", "/pods/model-serving/vllm-llama2-7b"},
                             GoldenCase{"resource_pods_top", "/pods/top"},
                             GoldenCase{"resource_models", "/models/vllm"},
                             GoldenCase{"resource_nodes", "/nodes"},
                             GoldenCase{"resource_node", "/nodes/gpu-a"},
                             GoldenCase{"resource_usage", "/usage"},
                             GoldenCase{"resource_health", "/health"},
                             GoldenCase{"resource_statistics", "/statistics"},
                             GoldenCase{"resource_namespaces", "/namespaces"},
                             GoldenCase{"resource_alerts", "/alerts"},
                             GoldenCase{"resource_forecast", "/forecast"},
                             GoldenCase{"resource_metrics_status", "/metrics/status"}};

TEST_F(ResourceApiTest, each_endpoint_answers_its_golden) {
  for (const GoldenCase& golden : goldens) {
    const http::Response response = ask(golden.path);
    EXPECT_EQ(response.status, 200) << golden.path;
    EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
    expect_golden(golden.name, body_of(response));
  }
}

// Written down from the old program's own answers, in its order.
constexpr const char* pod_fields =
    "name namespace nodeName phase creationTime cpuRequest memoryRequest gpuRequest cpuLimit memoryLimit gpuLimit cpuUsage memoryUsage "
    "gpuUsage cpuUsagePercent memoryUsagePercent gpuUsagePercent labels annotations modelType modelName modelVersion replicas "
    "containerStatus readyStatus restartCount";
constexpr const char* node_fields =
    "name role status lastUpdateTime cpuCapacity memoryCapacity gpuCapacity storageCapacity cpuAllocatable memoryAllocatable "
    "gpuAllocatable storageAllocatable cpuUsage memoryUsage gpuUsage storageUsage cpuUsagePercent memoryUsagePercent gpuUsagePercent "
    "storageUsagePercent cpuAllocated memoryAllocated gpuAllocated cpuAllocationPercent memoryAllocationPercent gpuAllocationPercent "
    "labels annotations totalPodCount runningPodCount vllmPodCount sglangPodCount kubeletVersion containerRuntimeVersion operatingSystem "
    "architecture";
constexpr const char* summary_fields =
    "totalNodes readyNodes totalPods runningPods vllmPods sglangPods totalCpuCapacity totalMemoryCapacity totalGpuCapacity "
    "totalStorageCapacity totalCpuAllocatable totalMemoryAllocatable totalGpuAllocatable totalStorageAllocatable totalCpuUsage "
    "totalMemoryUsage totalGpuUsage totalStorageUsage totalCpuAllocated totalMemoryAllocated totalGpuAllocated avgCpuUsage avgMemoryUsage "
    "avgGpuUsage avgStorageUsage avgCpuAllocation avgMemoryAllocation avgGpuAllocation vllmResourceSummary sglangResourceSummary "
    "topCpuPods topMemoryPods topGpuPods alerts criticalAlerts warningAlerts";
constexpr const char* model_fields =
    "modelType podCount totalCpuUsage totalMemoryUsage totalGpuUsage totalCpuRequest totalMemoryRequest totalGpuRequest "
    "avgCpuUtilization avgMemoryUtilization avgGpuUtilization";

TEST_F(ResourceApiTest, answers_have_the_old_fields_in_the_old_order) {
  EXPECT_EQ(field_names(get("/pods").at(0)), pod_fields);
  EXPECT_EQ(field_names(get("/pods/all").at(0)), pod_fields);
  EXPECT_EQ(field_names(get("/pods/research/notebook")), pod_fields);
  EXPECT_EQ(field_names(get("/nodes").at(0)), node_fields);
  EXPECT_EQ(field_names(get("/nodes/gpu-b")), node_fields);
  const boost::json::value usage = get("/usage");
  EXPECT_EQ(field_names(usage), "pods nodes clusterSummary timestamp");
  EXPECT_EQ(field_names(usage.at("pods").at(0)), pod_fields);
  EXPECT_EQ(field_names(usage.at("nodes").at(0)), node_fields);
  EXPECT_EQ(field_names(usage.at("clusterSummary")), summary_fields);
  EXPECT_EQ(field_names(usage.at("clusterSummary").at("vllmResourceSummary")), model_fields);
}

TEST_F(ResourceApiTest, quantities_keep_their_units_and_percentages_are_of_the_limit) {
  const boost::json::value pod = get("/pods/model-serving/vllm-llama2-7b");
  EXPECT_EQ(pod.at("cpuRequest").as_string(), "4");
  EXPECT_EQ(pod.at("memoryLimit").as_string(), "32Gi");
  EXPECT_EQ(pod.at("cpuUsage").as_string(), "7600m");
  EXPECT_EQ(pod.at("cpuUsagePercent").as_double(), 95.0);  // of 8 cores; the old system had 100m of 8 as 100 %
  EXPECT_EQ(pod.at("memoryUsagePercent").as_double(), 50.0);
}

TEST_F(ResourceApiTest, what_a_gpu_does_is_told_of_the_pod_that_really_holds_it) {
  const boost::json::value pod = get("/pods/model-serving/vllm-llama2-7b");
  EXPECT_EQ(pod.at("gpuUsagePercent").as_double(), 72.0);
  EXPECT_EQ(pod.at("gpuUsage").as_string(), "720m");
  EXPECT_TRUE(get("/pods/research/notebook").at("gpuUsagePercent").is_null());  // nothing is measured of its slice
  EXPECT_EQ(get("/pods/default/web").at("gpuUsage").as_string(), "0");          // it has no GPU, and asks for none
  EXPECT_TRUE(get("/pods/default/later").at("gpuUsage").is_null());             // its claim may give it one
}

TEST_F(ResourceApiTest, nobody_knows_whose_load_it_is_on_a_shared_gpu) {
  holding::Report report = known_holdings(clock_.now());
  holding::Holding other = report.holdings[0];
  other.namespace_name = "research";
  other.pod = "notebook";
  report.holdings.insert(report.holdings.begin() + 1, other);
  holdings_.set(report);
  EXPECT_TRUE(get("/pods/model-serving/vllm-llama2-7b").at("gpuUsagePercent").is_null());
}

TEST_F(ResourceApiTest, a_gpu_that_two_containers_of_a_pod_have_is_counted_once) {
  holding::Report report = known_holdings(clock_.now());
  holding::Holding other = report.holdings[0];
  other.container = "sidecar";
  report.holdings.insert(report.holdings.begin() + 1, other);
  holdings_.set(report);
  EXPECT_EQ(get("/pods/model-serving/vllm-llama2-7b").at("gpuUsage").as_string(), "720m");
}

TEST_F(ResourceApiTest, a_pod_without_limits_has_no_percentage) {
  const boost::json::value web = get("/pods/default/web");  // one of its two containers has none
  EXPECT_TRUE(web.at("cpuLimit").is_null());
  EXPECT_TRUE(web.at("cpuUsagePercent").is_null());
  EXPECT_EQ(web.at("cpuRequest").as_string(), "150m");
  EXPECT_EQ(web.at("cpuUsage").as_string(), "120m");
}

TEST_F(ResourceApiTest, what_was_not_measured_is_null) {
  const boost::json::value node = get("/nodes/cpu-1");
  for (const char* field : {"lastUpdateTime", "cpuUsage", "memoryUsage", "gpuUsage", "storageUsage", "cpuUsagePercent", "gpuUsagePercent"})
    EXPECT_TRUE(node.at(field).is_null()) << field;
  EXPECT_EQ(node.at("status").as_string(), "NotReady");
  EXPECT_EQ(node.at("role").as_string(), "master");
  EXPECT_EQ(node.at("gpuCapacity").as_string(), "0");
  EXPECT_EQ(node.at("cpuAllocated").as_string(), "0");
}

TEST_F(ResourceApiTest, what_is_allocated_is_what_pods_ask_for_that_are_not_over) {
  const boost::json::value node = get("/nodes/gpu-b");  // batch/done asked for 32 cores
  EXPECT_EQ(node.at("cpuAllocated").as_string(), "2150m");
  EXPECT_EQ(node.at("gpuAllocated").as_string(), "1");
  EXPECT_EQ(node.at("gpuAllocationPercent").as_double(), 50.0);
  EXPECT_EQ(node.at("totalPodCount").as_int64(), 3);
  EXPECT_EQ(node.at("runningPodCount").as_int64(), 2);
  EXPECT_EQ(get("/nodes/gpu-a").at("gpuCapacity").as_string(), "2");  // a GPU and a slice
}

TEST_F(ResourceApiTest, serving_pods_are_those_of_our_rules_and_of_the_old_ones) {
  EXPECT_EQ(names("/pods"), "qwen vllm-llama2-7b");
  EXPECT_EQ(names("/models/VLLM"), "vllm-llama2-7b");
  EXPECT_EQ(names("/models/sglang"), "qwen");
  EXPECT_EQ(names("/models/unknown"), "");
  const boost::json::value qwen = get("/pods/model-serving/qwen");
  EXPECT_EQ(qwen.at("modelType").as_string(), "sglang");
  EXPECT_EQ(qwen.at("modelName").as_string(), "Qwen/Qwen3-32B");
  EXPECT_EQ(qwen.at("modelVersion").as_string(), "unknown");
}

TEST_F(ResourceApiTest, the_greediest_pods_come_first) {
  EXPECT_EQ(names("/pods/top"), "vllm-llama2-7b qwen web notebook");
  EXPECT_EQ(names("/pods/top?resourceType=memory&limit=2"), "vllm-llama2-7b qwen");
  EXPECT_EQ(names("/pods/top?resourceType=GPU"), "qwen vllm-llama2-7b");
  EXPECT_EQ(names("/pods/top?resourceType=nonsense&limit=1"), "vllm-llama2-7b");
  EXPECT_EQ(names("/pods/top?limit=0"), "");
  EXPECT_EQ(ask("/pods/top?limit=-1").status, 400);
  EXPECT_EQ(ask("/pods/top?limit=ten").status, 400);
}

TEST_F(ResourceApiTest, lists_are_filtered) {
  EXPECT_EQ(names("/pods/all?namespace=model-serving"), "qwen vllm-llama2-7b");
  EXPECT_EQ(names("/pods/all?namespace="), names("/pods/all"));
  EXPECT_EQ(names("/pods/all?nodeName=gpu-a"), "vllm-llama2-7b notebook");
  EXPECT_EQ(names("/pods/all?phase=pending"), "later");
  EXPECT_EQ(names("/pods/all?modelType=VLLM"), "vllm-llama2-7b");
  EXPECT_EQ(names("/pods/all?label=app=vllm,version"), "vllm-llama2-7b");
  EXPECT_EQ(names("/pods/all?label=app!=vllm&label=app"), "qwen");
  EXPECT_EQ(names("/pods/all?label=!app&phase=Running"), "web notebook");
  EXPECT_EQ(names("/pods/all?q=NOTE"), "notebook");
  EXPECT_EQ(names("/nodes?status=ready"), "gpu-a gpu-b");
  EXPECT_EQ(names("/nodes?role=master"), "cpu-1");
  EXPECT_EQ(names("/nodes?q=gpu&label=kubernetes.io/hostname=gpu-b"), "gpu-b");
  EXPECT_EQ(names("/pods/all?unknown=x"), names("/pods/all"));
}

TEST_F(ResourceApiTest, lists_are_put_in_order_and_unknown_values_come_last) {
  EXPECT_EQ(names("/pods/all?sort=cpuUsagePercent,desc"), "vllm-llama2-7b qwen done later web notebook");
  EXPECT_EQ(names("/pods/all?sort=cpuUsagePercent"), "qwen vllm-llama2-7b done later web notebook");
  EXPECT_EQ(names("/pods/all?sort=creationTime,asc&namespace=default"), "web later");
  EXPECT_EQ(names("/nodes?sort=name,desc"), "gpu-b gpu-a cpu-1");
}

TEST_F(ResourceApiTest, lists_come_in_pages_when_asked_for) {
  const http::Response page = ask("/pods/all?page=1&size=2&phase=running");
  EXPECT_EQ(names("/pods/all?page=1&size=2&phase=running"), "vllm-llama2-7b notebook");
  EXPECT_EQ(header_of(page, "X-Total-Count"), "4");
  EXPECT_EQ(header_of(page, "Link"),
            "</k8s-monitor/api/v1/resources/pods/all?page=0&size=2&phase=running>; rel=\"first\", "
            "</k8s-monitor/api/v1/resources/pods/all?page=0&size=2&phase=running>; rel=\"prev\", "
            "</k8s-monitor/api/v1/resources/pods/all?page=1&size=2&phase=running>; rel=\"last\"");
  EXPECT_EQ(names("/pods/all?page=7&size=2"), "");
  EXPECT_EQ(names("/nodes?size=1"), "cpu-1");
  EXPECT_EQ(header_of(ask("/pods/all"), "X-Total-Count"), "");
  const boost::json::value usage = get("/usage?size=1");
  EXPECT_EQ(usage.at("pods").as_array().size(), 1u);
  EXPECT_EQ(usage.at("clusterSummary").at("totalPods").as_int64(), 2);
}

TEST_F(ResourceApiTest, parameters_of_no_use_are_400_with_the_old_body) {
  for (const char* path :
       {"/pods?page=-1", "/pods?size=0", "/pods?size=10001", "/pods?page=x", "/pods/all?phase=Flying", "/pods?modelType=tgi",
        "/pods?label=,", "/pods?label==x", "/pods?label=a%20in%20(b)", "/pods?label=a=b=c", "/pods?sort=colour", "/pods?sort=name,up",
        "/nodes?status=sleepy", "/nodes?sort=phase", "/usage?size=-3", "/statistics?hours=abc"}) {
    const http::Response refused = ask(path);
    EXPECT_EQ(refused.status, 400) << path;
    const auto body = parse_json(body_of(refused));
    ASSERT_TRUE(body.ok()) << path;
    EXPECT_EQ(field_names(*body), "timestamp status error path");
  }
  EXPECT_EQ(ask("/statistics?hours=0").status, 400);
  EXPECT_EQ(ask("/forecast?hours=8761").status, 400);
}

TEST_F(ResourceApiTest, what_is_not_there_is_404_without_a_body) {
  for (const char* path : {"/pods/default/nope", "/pods/nope/web", "/nodes/nope"}) {
    const http::Response missing = ask(path);
    EXPECT_EQ(missing.status, 404) << path;
    EXPECT_EQ(body_of(missing), "") << path;
  }
}

TEST_F(ResourceApiTest, usage_of_a_namespace_sums_its_pods_and_all_nodes) {
  const boost::json::value usage = get("/usage?namespace=model-serving");
  EXPECT_EQ(usage.at("pods").as_array().size(), 2u);
  EXPECT_EQ(usage.at("nodes").as_array().size(), 3u);
  const boost::json::value none = get("/usage?namespace=nope");
  EXPECT_EQ(none.at("pods").as_array().size(), 0u);
  EXPECT_EQ(none.at("clusterSummary").at("totalNodes").as_int64(), 3);
}

TEST_F(ResourceApiTest, a_change_of_the_cluster_is_in_the_next_answer) {
  EXPECT_EQ(get("/usage").at("pods").as_array().size(), 2u);
  cluster::Snapshot next = known_snapshot(clock_.now());
  std::erase_if(next.pods, [](const auto& pod) { return pod->meta.name == "qwen"; });
  cluster_.set(in_order(std::move(next)));
  EXPECT_EQ(get("/usage").at("pods").as_array().size(), 1u);
  EXPECT_EQ(ask("/pods/model-serving/qwen").status, 404);
}

TEST_F(ResourceApiTest, without_a_cluster_the_old_shapes_hold_what_is_known) {
  holdings_.set(holding::Report());
  serving_.set(ServingView::Servers());
  cluster_.set(cluster::Snapshot());
  for (const char* path : {"/pods", "/pods/all", "/pods/top", "/models/vllm", "/nodes", "/alerts"})
    EXPECT_EQ(body_of(ask(path)), "[ ]") << path;
  expect_golden("resource_usage_unknown", body_of(ask("/usage")));
  const boost::json::value health = get("/health");
  EXPECT_EQ(health.at("overallStatus").as_string(), "ERROR");
  EXPECT_EQ(health.at("error").as_string(), "no Kubernetes cluster is configured");
  EXPECT_FALSE(health.at("metricsServerAvailable").as_bool());
  EXPECT_EQ(get("/metrics/status").at("status").as_string(), "UNAVAILABLE");
  EXPECT_TRUE(get("/metrics/status").at("lastSuccessfulCollection").is_null());
}

TEST_F(ResourceApiTest, a_cluster_that_is_cut_off_is_degraded_and_shown_as_it_was) {
  cluster::Snapshot cut = known_snapshot(clock_.now());
  for (cluster::KindStatus& kind : cut.kinds) {
    kind.state = cluster::KindState::stale;
    kind.error = "cannot watch: connection refused";
  }
  cut.pod_usage.reset();
  cut.node_usage.reset();
  cluster_.set(std::move(cut));
  EXPECT_EQ(get("/health").at("overallStatus").as_string(), "DEGRADED");
  EXPECT_EQ(get("/health").at("kubernetes").at("pods").at("error").as_string(), "cannot watch: connection refused");
  const boost::json::value pod = get("/pods/model-serving/vllm-llama2-7b");
  EXPECT_TRUE(pod.at("cpuUsage").is_null());
  EXPECT_EQ(pod.at("cpuRequest").as_string(), "4");
}

TEST_F(ResourceApiTest, without_a_history_there_are_no_means_and_no_forecast) {
  clock_.advance(std::chrono::days(30));
  const boost::json::value statistics = get("/statistics");
  EXPECT_EQ(statistics.at("podStatistics").at("totalPods").as_int64(), 6);
  EXPECT_TRUE(statistics.at("podStatistics").at("avgCpuUsage").is_null());
  EXPECT_TRUE(statistics.at("nodeStatistics").at("avgMemoryUsage").is_null());
  EXPECT_EQ(statistics.at("trends").at("cpuTrendByHour").as_object().size(), 0u);
  EXPECT_EQ(get("/forecast").at("cpuForecast").as_object().size(), 0u);
  EXPECT_TRUE(get("/namespaces").at("namespaces").at("default").at("avgCpuUsage").is_null());
}

TEST_F(ResourceApiTest, means_of_pods_weigh_each_group_by_its_pods) {
  const boost::json::value statistics = get("/statistics?hours=24");
  EXPECT_EQ(statistics.at("podStatistics").at("avgCpuUsage").as_double(), 30.0);  // one pod at 90, three at 10
  EXPECT_EQ(statistics.at("nodeStatistics").at("avgCpuUsage").as_double(), 40.0);
  EXPECT_EQ(statistics.at("modelStatistics").at("vllm").at("avgCpuUsage").as_double(), 90.0);
  EXPECT_TRUE(statistics.at("modelStatistics").at("sglang").at("avgCpuUsage").is_null());
  EXPECT_EQ(statistics.at("trends").at("cpuTrendByHour").at("21").as_double(), 50.0);  // 21:00 local is now
}

}  // namespace
}  // namespace reeve::legacy
