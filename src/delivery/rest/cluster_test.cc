// /api/v1/cluster against a made-up Kubernetes cluster: what each list shows, keeps and refuses.

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include <fmt/format.h>

#include "codec/json_parse.h"
#include "delivery/rest/embedded_documents.h"
#include "delivery/rest/rest_world_test.h"
#include "testing/http_probe.h"
#include "testing/small_cluster.h"

namespace reeve::rest {
namespace {

using cluster::Quantity;

cluster::PodPtr pod(std::string namespace_name, std::string name, std::string node, int gpus, cluster::PodPhase phase) {
  cluster::Pod made;
  made.meta.namespace_name = std::move(namespace_name);
  made.meta.name = std::move(name);
  made.meta.uid = "uid-" + made.meta.name;
  made.meta.labels = {{"app", made.meta.name.substr(0, made.meta.name.find('-'))}};
  made.node = NodeName{std::move(node)};
  made.phase = phase;
  made.ready = phase == cluster::PodPhase::running;
  cluster::Container container{.name = "main", .image = "registry.test/main:1"};
  container.requests = {{"cpu", Quantity::of_milli(500)}, {"memory", Quantity::of(1 << 30)}};
  if (gpus > 0) container.requests.emplace_back("nvidia.com/gpu", Quantity::of(gpus));
  container.limits = {{"memory", Quantity::of(2LL << 30)}};
  container.state = phase == cluster::PodPhase::running ? cluster::ContainerState::running : cluster::ContainerState::waiting;
  container.restarts = 2;
  made.containers.push_back(std::move(container));
  return std::make_shared<const cluster::Pod>(std::move(made));
}

cluster::NodePtr node(std::string name, bool ready, int gpus) {
  cluster::Node made;
  made.meta.name = std::move(name);
  made.meta.labels = {{"node-role.kubernetes.io/gpu", ""}, {"zone", "a"}};
  made.capacity = {{"cpu", Quantity::of(64)}, {"memory", Quantity::of(512LL << 30)}};
  if (gpus > 0) made.capacity.emplace_back("nvidia.com/gpu", Quantity::of(gpus));
  made.allocatable = made.capacity;
  made.conditions = {{.type = "Ready", .status = ready ? "True" : "Unknown", .reason = "KubeletReady"}};
  made.taints = {{"nvidia.com/gpu", "", "NoSchedule"}};
  made.kubelet_version = "v1.37.2";
  return std::make_shared<const cluster::Node>(std::move(made));
}

cluster::NamespacePtr name_space(std::string name) {
  cluster::Namespace made{.phase = "Active"};
  made.meta.name = std::move(name);
  return std::make_shared<const cluster::Namespace>(std::move(made));
}

void index_pods(cluster::Snapshot& snapshot) {
  snapshot.pods_of_node.clear();
  for (std::uint32_t i = 0; i < snapshot.pods.size(); ++i)
    if (!snapshot.pods[i]->node.empty()) snapshot.pods_of_node[snapshot.pods[i]->node].push_back(i);
}

cluster::Snapshot sample_cluster(Timestamp now) {
  cluster::Snapshot snapshot{.version = 7, .server_version = "v1.37.2"};
  for (auto& kind : snapshot.kinds) kind = {.state = cluster::KindState::live, .synced_at = now, .lists = 1};
  snapshot.kinds[static_cast<std::size_t>(cluster::Kind::pod_metrics)] = {.state = cluster::KindState::unavailable,
                                                                          .error = "cannot list pods.metrics.k8s.io: there is no such API"};
  snapshot.pods = {pod("ml", "train-0", "gpu-b", 2, cluster::PodPhase::running), pod("ml", "train-1", "", 4, cluster::PodPhase::pending),
                   pod("model-serving", "vllm-llama2-7b", "gpu-a", 1, cluster::PodPhase::running),
                   pod("research", "notebook", "gpu-a", 0, cluster::PodPhase::running),
                   pod("research", "done-0", "gpu-a", 1, cluster::PodPhase::succeeded)};
  std::ranges::sort(snapshot.pods, {}, [](const auto& made) { return std::pair(made->meta.namespace_name, made->meta.name); });
  snapshot.nodes = {node("cpu-0", true, 0), node("gpu-a", true, 2), node("gpu-b", false, 3)};
  snapshot.namespaces = {name_space("ml"), name_space("model-serving"), name_space("research")};
  cluster::UsageByNode usage{{NodeName{"gpu-a"}, {now, Quantity::of_milli(1500), Quantity::of(64LL << 30)}}};
  snapshot.node_usage = std::make_shared<const cluster::UsageByNode>(std::move(usage));
  cluster::ResourceClaim claim{.devices = {{"gpu", "gpu.nvidia.com", "gpu-a", "gpu-0"}}, .reserved_for = {"notebook"}};
  claim.meta.namespace_name = "research";
  claim.meta.name = "notebook-gpu";
  snapshot.claims = {std::make_shared<const cluster::ResourceClaim>(std::move(claim))};
  cluster::ResourceSlice slice{.driver = "gpu.nvidia.com", .pool = "gpu-a", .node = NodeName{"gpu-a"}};
  slice.devices = {{.name = "gpu-0", .attributes = {{"uuid", "GPU-of-gpu-0"}}}};
  snapshot.slices = {std::make_shared<const cluster::ResourceSlice>(std::move(slice))};
  index_pods(snapshot);
  return snapshot;
}

holding::Report sample_report(Timestamp now) {
  holding::Report report{.at = now};
  holding::Holding serving{
      .resource = "gpu-a-GPU-00", .node = NodeName{"gpu-a"}, .namespace_name = "model-serving", .pod = "vllm-llama2-7b"};
  serving.container = "main";
  serving.sources = {HolderSource::pod_resources, HolderSource::exporter_labels};
  serving.allocation = AllocationId{"ALLOC-0000000A"};
  serving.team = "ml";
  serving.since = now - std::chrono::hours(2);
  report.holdings.push_back(serving);
  report.holdings.push_back(
      {.resource = "gpu-a-GPU-01-MIG-07", .node = NodeName{"gpu-a"}, .namespace_name = "research", .pod = "notebook"});
  const HolderObservation seen{.source = HolderSource::exporter_labels, .namespace_name = "ml", .pod = "gone-0", .device_id = "GPU-9"};
  report.conflicts.push_back({.kind = holding::ConflictKind::pod_gone,
                              .resource = "gpu-b-GPU-00",
                              .node = NodeName{"gpu-b"},
                              .evidence = {seen},
                              .detail = "an exporter names ml/gone-0, which the cluster does not have"});
  report.unplaced.push_back({.node = NodeName{"gpu-b"}, .evidence = seen, .why = "no GPU of gpu-b has this UUID"});
  return report;
}

ServingView::Servers sample_servers(Timestamp now) {
  serving::Server answers{.namespace_name = "model-serving", .pod = "vllm-llama2-7b", .served_model = "llama2-7b", .at = now};
  answers.identity.model_name = "meta-llama/Llama-2-7b";
  answers.values.requests_running = 3;
  answers.values.generation_tokens_per_second = 120.5;
  answers.values.kv_cache_usage = 0.25;
  serving::Server silent{.namespace_name = "model-serving", .pod = "vllm-llama2-7b-b", .served_model = "llama2-7b"};
  silent.last_error = "connection refused";
  silent.values.requests_running = 99;
  return {answers, silent};
}

class ClusterApi : public ::testing::Test, protected RestWorld {
 protected:
  void configure() {
    cluster_.set(sample_cluster(clock_.now()));
    holdings_.set(sample_report(clock_.now()));
    serving_.set(sample_servers(clock_.now()));
  }
  http::Response ask(const std::string& target, http::Headers headers = {}) {
    return probe(std::bind_front(&http::Router::handle, &router_), "GET", "/api/v1" + target, {}, std::move(headers));
  }
  boost::json::value get(const std::string& target) {
    const http::Response response = ask(target);
    EXPECT_EQ(response.status, 200) << target << ": " << body_of(response);
    auto document = parse_json(body_of(response));
    return document.ok() ? *document : boost::json::value();
  }
  // The names of the items, blank between.
  std::string names(const std::string& target, const char* key = "name") {
    const auto page = get(target);
    std::string all;
    for (const auto& item : page.at("items").as_array()) all += (all.empty() ? "" : " ") + std::string(item.at(key).as_string());
    return all;
  }

  NoStatus status_;
  NoJobs jobs_;
  Api api_ = [this] {
    Api api = api_over(status_, jobs_);
    api.cluster_name = "seoul";
    return api;
  }();
  http::Router router_{api_routes(api_), not_found_handler(), method_not_allowed_handler()};
};

TEST_F(ClusterApi, without_a_cluster_nothing_is_known_and_nothing_fails) {
  const auto cluster = get("/cluster");
  EXPECT_FALSE(cluster.at("configured").as_bool());
  EXPECT_TRUE(cluster.at("pods").is_null());
  EXPECT_EQ(cluster.at("kinds").at(0).at("state").as_string(), "off");
  for (const char* list : {"nodes", "pods", "namespaces", "claims", "servers", "models", "holdings", "conflicts", "unplaced"})
    EXPECT_EQ(get(std::string("/cluster/") + list).at("total").to_number<int>(), 0) << list;
  EXPECT_TRUE(get("/overview").at("cluster").is_null());
}

TEST_F(ClusterApi, the_cluster_is_counted) {
  configure();
  const auto cluster = get("/cluster");
  EXPECT_EQ(cluster.at("name").as_string(), "seoul");
  const std::vector<std::pair<const char*, double>> expected{
      {"pods", 5},      {"pods_running", 3},      {"pods_pending", 1},     {"pods_gpu", 3},
      {"nodes", 3},     {"nodes_ready", 2},       {"gpus_capacity", 5},    {"gpus_requested", 3},
      {"gpus_held", 2}, {"cpu_usage_cores", 1.5}, {"claims_allocated", 1}, {"servers", 2},
      {"conflicts", 1}, {"holdings", 2}};
  for (const auto& [name, value] : expected) EXPECT_EQ(cluster.at(name).to_number<double>(), value) << name;
  EXPECT_EQ(cluster.at("kinds").at(6).at("error").as_string(), "cannot list pods.metrics.k8s.io: there is no such API");
  EXPECT_EQ(get("/overview").at("cluster").at("pods_gpu").to_number<int>(), 3);
}

TEST_F(ClusterApi, what_was_never_listed_is_unknown_and_not_none) {
  configure();
  auto snapshot = *cluster_.snapshot();
  snapshot.kinds[static_cast<std::size_t>(cluster::Kind::pods)] = {.state = cluster::KindState::forbidden, .error = "no"};
  snapshot.pods.clear();
  snapshot.pods_of_node.clear();
  cluster_.set(std::move(snapshot));
  EXPECT_TRUE(get("/cluster").at("pods").is_null());
  EXPECT_TRUE(get("/cluster").at("gpus_requested").is_null());
  EXPECT_TRUE(get("/cluster/nodes/gpu-a").at("requested").is_null());
  EXPECT_TRUE(get("/cluster/namespaces").at("items").at(0).at("pods").is_null());
}

TEST_F(ClusterApi, a_node_shows_what_it_has_what_is_asked_for_and_what_is_held) {
  configure();
  const auto node = get("/cluster/nodes/gpu-a");
  EXPECT_EQ(node.at("roles").at(0).as_string(), "gpu");
  EXPECT_EQ(node.at("gpus").at("allocatable").to_number<int>(), 2);
  EXPECT_EQ(node.at("gpus").at("requested").to_number<int>(), 1) << "the pod that is over asks for nothing";
  EXPECT_EQ(node.at("gpus").at("held").to_number<int>(), 2);
  EXPECT_EQ(node.at("requested").at("cpu").to_number<double>(), 1.0);
  EXPECT_EQ(node.at("usage").at("cpu").to_number<double>(), 1.5);
  EXPECT_TRUE(node.at("in_fleet").as_bool());
  EXPECT_EQ(node.at("devices").to_number<int>(), 2);
  EXPECT_EQ(node.at("device_list").at(1).as_string(), "gpu-a-GPU-01");
  EXPECT_EQ(node.at("pod_list").as_array().size(), 3u);
  EXPECT_TRUE(get("/cluster/nodes/cpu-0").at("usage").is_null());
  EXPECT_EQ(get("/cluster/nodes/cpu-0").at("gpus").at("held").to_number<int>(), 0) << "there is nothing to hold";
  EXPECT_TRUE(get("/cluster/nodes/gpu-b").at("gpus").at("held").is_null()) << "nobody looks at its GPUs";
  EXPECT_EQ(names("/cluster/nodes?ready=false"), "gpu-b");
  EXPECT_EQ(names("/cluster/nodes?gpu=true&sort=-gpus"), "gpu-b gpu-a");
  EXPECT_EQ(names("/cluster/nodes?label=zone=a&q=CPU"), "cpu-0");
  EXPECT_EQ(ask("/cluster/nodes/none").status, 404);
}

TEST_F(ClusterApi, pods_are_filtered_by_all_that_is_asked) {
  configure();
  EXPECT_EQ(names("/cluster/pods"), "train-0 train-1 vllm-llama2-7b done-0 notebook");
  EXPECT_EQ(names("/cluster/pods?namespace=research"), "done-0 notebook");
  EXPECT_EQ(names("/cluster/pods?node=gpu-a&phase=Running"), "vllm-llama2-7b notebook");
  EXPECT_EQ(names("/cluster/pods?gpu=false"), "notebook");
  EXPECT_EQ(names("/cluster/pods?serving=true"), "vllm-llama2-7b");
  EXPECT_EQ(names("/cluster/pods?label=app=train"), "train-0 train-1");
  EXPECT_EQ(names("/cluster/pods?label=nothing"), "");
  EXPECT_EQ(names("/cluster/pods?q=GPU-B"), "train-0");
  EXPECT_EQ(names("/cluster/pods?sort=-gpu_requests&limit=2"), "train-1 train-0");
}

TEST_F(ClusterApi, pages_of_pods_follow_each_other_in_every_order) {
  configure();
  for (const std::string sort :
       {"", "namespace", "-namespace", "name", "-name", "node", "phase", "gpu_requests", "restarts", "created_at"}) {
    std::set<std::string> seen;
    std::string cursor;
    for (int pages = 0; pages < 6; ++pages) {
      const auto page = get("/cluster/pods?limit=1" + (sort.empty() ? "" : "&sort=" + sort) + (cursor.empty() ? "" : "&cursor=" + cursor));
      EXPECT_EQ(page.at("total").to_number<int>(), 5);
      for (const auto& item : page.at("items").as_array()) EXPECT_TRUE(seen.emplace(item.at("uid").as_string()).second) << sort;
      if (page.at("next_cursor").is_null()) break;
      cursor = page.at("next_cursor").as_string();
    }
    EXPECT_EQ(seen.size(), 5u) << sort;
  }
}

TEST_F(ClusterApi, a_pod_shows_its_devices_its_allocations_and_what_it_serves) {
  configure();
  const auto pod = get("/cluster/pods/model-serving/vllm-llama2-7b");
  EXPECT_EQ(pod.at("requests").at("nvidia.com/gpu").to_number<int>(), 1);
  EXPECT_EQ(pod.at("limits").at("memory").to_number<double>(), 2.0 * (1 << 30));
  EXPECT_EQ(pod.at("devices").at(0).at("resource").as_string(), "gpu-a-GPU-00");
  EXPECT_EQ(pod.at("devices").at(0).at("sources").at(0).as_string(), "pod-resources");
  EXPECT_EQ(pod.at("allocations").at(0).as_string(), "ALLOC-0000000A");
  EXPECT_EQ(pod.at("serving").at("values").at("generation_tokens_per_second").to_number<double>(), 120.5);
  EXPECT_TRUE(pod.at("serving").at("values").at("requests_waiting").is_null()) << "not measured";
  EXPECT_TRUE(pod.at("usage").is_null());
  EXPECT_EQ(pod.at("restarts").to_number<int>(), 2);
  EXPECT_TRUE(get("/cluster/pods/research/notebook").at("serving").is_null());
  const http::Response missing = ask("/cluster/pods/ml/none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(body_of(missing).find("POD_NOT_FOUND"), std::string::npos);
}

TEST_F(ClusterApi, namespaces_sum_over_their_pods) {
  configure();
  const auto items = get("/cluster/namespaces?sort=-gpu_requests").at("items");
  EXPECT_EQ(items.at(0).at("name").as_string(), "ml");
  EXPECT_EQ(items.at(0).at("gpu_requests").to_number<int>(), 6);
  EXPECT_EQ(items.at(0).at("pods_running").to_number<int>(), 1);
  EXPECT_EQ(items.at(2).at("gpus_held").to_number<int>(), 1) << "research holds a slice without asking for GPUs";
}

TEST_F(ClusterApi, a_claim_names_the_gpu_behind_its_device) {
  configure();
  const auto claim = get("/cluster/claims").at("items").at(0);
  EXPECT_EQ(claim.at("devices").at(0).at("uuid").as_string(), "GPU-of-gpu-0");
  EXPECT_TRUE(claim.at("devices").at(0).at("resource").is_null()) << "no GPU of the fleet has this UUID";
  auto snapshot = *cluster_.snapshot();
  cluster::ResourceSlice slice = *snapshot.slices.at(0);
  slice.devices.at(0).attributes = {{"uuid", keeper_.snapshot()->find_device(DeviceId{"gpu-a-GPU-00"})->device->uuid.text}};
  snapshot.slices = {std::make_shared<const cluster::ResourceSlice>(std::move(slice))};
  cluster_.set(std::move(snapshot));
  EXPECT_EQ(get("/cluster/claims").at("items").at(0).at("devices").at(0).at("resource").as_string(), "gpu-a-GPU-00");
  EXPECT_EQ(names("/cluster/claims?allocated=false"), "");
}

TEST_F(ClusterApi, a_model_is_the_sum_of_the_servers_that_answer) {
  configure();
  EXPECT_EQ(names("/cluster/servers?engine=vllm&model=llama2-7b", "pod"), "vllm-llama2-7b vllm-llama2-7b-b");
  EXPECT_EQ(names("/cluster/servers?engine=sglang", "pod"), "");
  const auto model = get("/cluster/models").at("items").at(0);
  EXPECT_EQ(model.at("model").as_string(), "llama2-7b");
  EXPECT_EQ(model.at("servers").to_number<int>(), 2);
  EXPECT_EQ(model.at("servers_answering").to_number<int>(), 1);
  EXPECT_EQ(model.at("requests_running").to_number<double>(), 3) << "what a silent server said before is not added";
  EXPECT_EQ(model.at("gpus").to_number<int>(), 1);
  EXPECT_DOUBLE_EQ(model.at("kv_cache_usage_ratio").to_number<double>(), 0.25);
  EXPECT_TRUE(model.at("time_to_first_token_p95_seconds").is_null());
}

TEST_F(ClusterApi, holdings_and_conflicts_name_their_evidence) {
  configure();
  EXPECT_EQ(names("/cluster/holdings", "pod"), "vllm-llama2-7b notebook");
  EXPECT_EQ(names("/cluster/holdings?resource=gpu-a-GPU-01", "pod"), "notebook") << "a slice of the GPU";
  EXPECT_EQ(names("/cluster/holdings?namespace=model-serving&team=ml", "resource"), "gpu-a-GPU-00");
  EXPECT_EQ(get("/cluster/holdings").at("items").at(1).at("device").as_string(), "gpu-a-GPU-01");
  const auto conflict = get("/cluster/conflicts?kind=pod-gone").at("items").at(0);
  EXPECT_EQ(conflict.at("evidence").at(0).at("pod").as_string(), "gone-0");
  EXPECT_EQ(names("/cluster/conflicts?kind=not-seen", "resource"), "");
  EXPECT_EQ(get("/cluster/unplaced").at("items").at(0).at("why").as_string(), "no GPU of gpu-b has this UUID");
}

TEST_F(ClusterApi, an_unknown_parameter_a_wrong_value_and_a_wrong_field_are_refused) {
  configure();
  for (const char* target : {"/cluster?pretty=1", "/cluster/pods?phase=running", "/cluster/pods?gpu=yes", "/cluster/pods?label==x",
                             "/cluster/pods?label=a%20in%20(b)", "/cluster/pods?label=a=b=c", "/cluster/nodes?fields=colour",
                             "/cluster/models?sort=tokens", "/cluster/holdings?q=x", "/cluster/conflicts?kind=all"})
    EXPECT_EQ(ask(target).status, 400) << target;
}

TEST_F(ClusterApi, an_answer_that_did_not_change_is_not_sent_again) {
  configure();
  const http::Response first = ask("/cluster/pods");
  EXPECT_EQ(ask("/cluster/pods", {{"If-None-Match", header_of(first, "ETag")}}).status, 304);
  auto snapshot = *cluster_.snapshot();
  snapshot.pods.pop_back();
  index_pods(snapshot);
  cluster_.set(std::move(snapshot));
  EXPECT_EQ(ask("/cluster/pods", {{"If-None-Match", header_of(first, "ETag")}}).status, 200);
}

TEST_F(ClusterApi, the_contract_has_every_field_of_the_answer) {
  configure();
  const auto document = parse_json(openapi_document());
  const auto& properties = document->at("components").at("schemas").at("Cluster").at("properties").as_object();
  std::set<std::string_view> documented, answered;
  for (const auto& [name, schema] : properties) documented.insert(name);
  const auto cluster = get("/cluster");
  for (const auto& [name, value] : cluster.as_object()) answered.insert(name);
  EXPECT_EQ(documented, answered);
}

// The limit is far above what it takes, so that a busy machine does not fail it; the times are in the report of the test.
TEST_F(ClusterApi, a_page_of_twenty_thousand_pods_costs_no_more_than_its_own_items) {
  configure();
  auto snapshot = *cluster_.snapshot();
  snapshot.pods.clear();
  for (int i = 0; i < 20'000; ++i)
    snapshot.pods.push_back(pod(fmt::format("ns-{:03}", i / 100), fmt::format("p-{:05}", i), "gpu-a", i % 2, cluster::PodPhase::running));
  index_pods(snapshot);
  cluster_.set(std::move(snapshot));
  const std::vector<std::string> targets{"/cluster/pods?limit=100", "/cluster/pods?gpu=true&sort=-restarts",
                                         "/cluster/pods?q=19999",   "/cluster/pods?namespace=ns-100",
                                         "/cluster/namespaces",     "/cluster"};
  for (const std::string& target : targets) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(ask(target).status, 200);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    RecordProperty(target, std::to_string(took.count()) + " us");
    EXPECT_LT(took, std::chrono::seconds(2)) << target;
  }
}

}  // namespace
}  // namespace reeve::rest
