#include "adapters/kube/object_decoder.h"

#include <string>

#include <gtest/gtest.h>

#include "adapters/kube/json_arena.h"

namespace reeve::kube {
namespace {

using cluster::Quantity;

template <class Decode>
auto read(Decode decode, std::string_view text) {
  JsonArena arena;
  const auto document = arena.parse(text);
  EXPECT_TRUE(document.ok()) << text;
  return decode((*document)->as_object());
}

constexpr std::string_view full_pod = R"({
  "kind": "Pod", "apiVersion": "v1",
  "metadata": {"name": "vllm-0.a-b", "namespace": "team-a", "uid": "u-1", "resourceVersion": "77",
      "creationTimestamp": "2026-11-25T01:02:03Z",
    "deletionTimestamp": "2026-11-25T02:00:00Z", "labels": {"b": "2", "a": "1"},
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "keep": "me"},
    "ownerReferences": [{"kind": "Other", "name": "x"}, {"kind": "StatefulSet", "name": "vllm", "controller": true}],
    "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {"f:phase": {}}}}]},
  "spec": {"nodeName": "gpu-1", "hostNetwork": true, "serviceAccountName": "sa", "priorityClassName": "high",
      "schedulerName": "default-scheduler",
    "overhead": {"cpu": "250m"}, "resources": {"requests": {"memory": "8Gi"}},
    "initContainers": [{"name": "proxy", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}}, {"name": "setup"}],
    "containers": [{"name": "main", "image": "vllm:1", "command": ["vllm"], "args": ["serve", "--port=8000"],
      "ports": [{"name": "http", "containerPort": 8000}, {"containerPort": 70000}],
      "resources": {"requests": {"nvidia.com/gpu": "2", "cpu": "1500m", "bad": "x"},
      "limits": {"nvidia.com/gpu": "2"}, "claims": [{"name": "gpu"}]}}],
    "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "t"}, {"name": "fixed", "resourceClaimName": "c9"}]},
  "status": {"phase": "Running", "podIP": "10.1.2.3", "startTime": "2026-11-25T01:02:04Z",
    "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
    "resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "vllm-0-gpu-x7"}],
    "containerStatuses": [{"name": "main", "ready": true, "restartCount": 3, "state": {"running": {"startedAt": "2026-11-25T01:03:00Z"}}}],
    "initContainerStatuses": [{"name": "setup", "state": {"terminated": {"reason": "Completed", "exitCode": 0}}}]}})";

TEST(ObjectDecoder, a_pod_is_read_with_all_that_reeve_uses) {
  const auto pod = read(decode_pod, full_pod);
  ASSERT_TRUE(pod.ok());
  EXPECT_EQ(pod->meta.name, "vllm-0.a-b");
  EXPECT_EQ(pod->meta.resource_version, "77");
  EXPECT_EQ(to_rfc3339(pod->meta.created_at.value()), "2026-11-25T01:02:03.000Z");
  EXPECT_TRUE(pod->meta.deleted_at.has_value());
  EXPECT_EQ(pod->meta.labels, (cluster::Labels{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(pod->meta.annotations, (cluster::Labels{{"keep", "me"}}));
  EXPECT_EQ(pod->controller, (cluster::OwnerReference{"StatefulSet", "vllm"}));
  EXPECT_EQ(pod->node, NodeName{"gpu-1"});
  EXPECT_TRUE(pod->host_network && pod->ready);
  EXPECT_EQ(pod->phase, cluster::PodPhase::running);
  EXPECT_EQ(pod->overhead, (cluster::ResourceList{{"cpu", Quantity::of_milli(250)}}));
  EXPECT_EQ(pod->requests, (cluster::ResourceList{{"memory", Quantity::of(8LL << 30)}}));
  ASSERT_EQ(pod->containers.size(), 1U);
  const auto& main = pod->containers[0];
  EXPECT_EQ(main.requests, (cluster::ResourceList{{"cpu", Quantity::of_milli(1500)}, {"nvidia.com/gpu", Quantity::of(2)}}));
  EXPECT_EQ(main.args, (std::vector<std::string>{"serve", "--port=8000"}));
  EXPECT_EQ(main.ports, (std::vector<cluster::ContainerPort>{{"http", 8000}}));
  EXPECT_EQ(main.state, cluster::ContainerState::running);
  EXPECT_EQ(main.restarts, 3);
  EXPECT_EQ(main.claims, std::vector<std::string>{"gpu"});
  ASSERT_EQ(pod->init_containers.size(), 2U);
  EXPECT_TRUE(pod->init_containers[0].sidecar);
  EXPECT_FALSE(pod->init_containers[0].state.has_value());
  EXPECT_EQ(pod->init_containers[1].reason, "Completed");
  EXPECT_EQ(pod->claims, (std::vector<cluster::PodClaim>{{"gpu", "vllm-0-gpu-x7"}, {"fixed", "c9"}}));
}

TEST(ObjectDecoder, a_pod_that_waits_says_why) {
  const auto pod = read(decode_pod, R"({"metadata":{"name":"p","namespace":"n"},"status":{"phase":"Pending","conditions":[
    {"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available"}],
    "containerStatuses":[{"name":"x"}],"extendedResourceClaimStatus":{"resourceClaimName":"p-ext"}},
    "spec":{"containers":[{"name":"c"}]}})");
  ASSERT_TRUE(pod.ok());
  EXPECT_EQ(pod->unschedulable, "0/3 nodes are available");
  EXPECT_EQ(pod->claims, (std::vector<cluster::PodClaim>{{"", "p-ext"}}));
  EXPECT_FALSE(pod->containers[0].state.has_value());
}

TEST(ObjectDecoder, an_object_that_is_not_who_it_should_be_is_refused) {
  for (const std::string_view text :
       {R"({})", R"({"metadata":{"name":"p"}})", R"({"metadata":{"namespace":"n"}})", R"({"metadata":{"name":"","namespace":"n"}})",
        R"({"metadata":{"name":"a/b","namespace":"n"}})", R"({"metadata":{"name":"p","namespace":7}})",
        R"({"kind":"Node","metadata":{"name":"p","namespace":"n"}})", R"({"metadata":[]})"})
    EXPECT_FALSE(read(decode_pod, text).ok()) << text;
  EXPECT_FALSE(read(decode_node, R"({"metadata":{"name":"n","namespace":"x"}})").ok());
}

TEST(ObjectDecoder, what_is_missing_or_of_another_type_is_absent) {
  const auto pod = read(decode_pod, R"({"metadata":{"name":"p","namespace":"n","labels":{"a":1,"b":"2"},"creationTimestamp":"yesterday"},
    "spec":{"containers":"none","nodeName":5,"initContainers":[3,null]},"status":{"phase":"Dreaming","startTime":null}})");
  ASSERT_TRUE(pod.ok());
  EXPECT_EQ(pod->meta.labels, (cluster::Labels{{"b", "2"}}));
  EXPECT_FALSE(pod->meta.created_at.has_value());
  EXPECT_TRUE(pod->containers.empty() && pod->node.empty());
  EXPECT_EQ(pod->phase, cluster::PodPhase::unknown);
  EXPECT_EQ(pod->init_containers.size(), 2U);
}

TEST(ObjectDecoder, a_node_is_read_with_its_resources_and_conditions) {
  const auto node = read(decode_node, R"({"metadata":{"name":"gpu-1","labels":{"nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3"}},
    "spec":{"unschedulable":true,"taints":[{"key":"nvidia.com/gpu","effect":"NoSchedule"}]},
    "status":{"capacity":{"cpu":"64","memory":"527984Mi","nvidia.com/gpu":"8"},"allocatable":{"nvidia.com/gpu":"7"},
    "conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"ok","lastTransitionTime":"2026-11-25T01:00:00Z"}],
    "addresses":[{"type":"Hostname","address":"gpu-1"},{"type":"InternalIP","address":"10.0.0.1"},{"type":"InternalIP",
      "address":"fd00::1"}],
    "nodeInfo":{"kubeletVersion":"v1.37.2","architecture":"amd64"},"images":[{"names":["x"],"sizeBytes":1}]}})");
  ASSERT_TRUE(node.ok());
  EXPECT_TRUE(node->unschedulable);
  EXPECT_EQ(cluster::find(node->capacity, "memory"), Quantity::of(527'984LL << 20));
  EXPECT_EQ(cluster::find(node->allocatable, "nvidia.com/gpu"), Quantity::of(7));
  EXPECT_EQ(node->internal_ip, "10.0.0.1");
  EXPECT_EQ(node->taints, (std::vector<cluster::Taint>{{"nvidia.com/gpu", "", "NoSchedule"}}));
  EXPECT_EQ(node->conditions[0].reason, "KubeletReady");
  EXPECT_EQ(node->kubelet_version, "v1.37.2");
}

TEST(ObjectDecoder, claims_and_slices_of_dra_are_read) {
  const auto claim = read(decode_resource_claim, R"({"metadata":{"name":"c","namespace":"n"},"status":{"allocation":{"devices":{"results":[
    {"request":"gpu","driver":"gpu.nvidia.com","pool":"node-1","device":"gpu-0","adminAccess":true}]}},
    "reservedFor":[{"resource":"pods","name":"p","uid":"u"},{"apiGroup":"x","resource":"things","name":"t"}]}})");
  ASSERT_TRUE(claim.ok());
  EXPECT_EQ(claim->devices, (std::vector<cluster::ClaimDevice>{{"gpu", "gpu.nvidia.com", "node-1", "gpu-0", true}}));
  EXPECT_EQ(claim->reserved_for, std::vector<std::string>{"p"});
  const auto slice = read(decode_resource_slice, R"({"metadata":{"name":"s"},"spec":{"driver":"gpu.nvidia.com","nodeName":"node-1",
    "pool":{"name":"node-1","generation":4,"resourceSliceCount":1},"devices":[{"name":"gpu-0","attributes":{"uuid":{"string":"GPU-1"},
    "gpu.nvidia.com/index":{"int":0},"driverVersion":{"version":"580.1.0"},"vfio":{"bool":false}},
      "capacity":{"memory":{"value":"80Gi"}}}]}})");
  ASSERT_TRUE(slice.ok());
  EXPECT_EQ(slice->pool_generation, 4);
  ASSERT_EQ(slice->devices.size(), 1U);
  EXPECT_EQ(slice->devices[0].attributes,
            (cluster::Labels{{"driverVersion", "580.1.0"}, {"index", "0"}, {"uuid", "GPU-1"}, {"vfio", "false"}}));
  EXPECT_EQ(cluster::find(slice->devices[0].capacity, "memory"), Quantity::of(80LL << 30));
}

TEST(ObjectDecoder, usage_adds_up_containers_and_a_missing_one_makes_it_unknown) {
  const auto pod = read(decode_pod_metrics, R"({"metadata":{"name":"p","namespace":"n"},"timestamp":"2026-11-25T01:00:00Z",
    "containers":[{"name":"a","usage":{"cpu":"1500m","memory":"1Mi"}},{"name":"b","usage":{"cpu":"123456n","memory":"1Ki"}}]})");
  ASSERT_TRUE(pod.ok());
  EXPECT_EQ(pod->usage.cpu, Quantity::of_milli(1501));
  EXPECT_EQ(pod->usage.memory, Quantity::of((1 << 20) + (1 << 10)));
  EXPECT_FALSE(read(decode_pod_metrics, R"({"metadata":{"name":"p","namespace":"n"},"containers":[]})").ok());
  EXPECT_FALSE(read(decode_pod_metrics,
                    R"({"metadata":{"name":"p","namespace":"n"},"containers":[{"usage":{"cpu":"1","memory":"1"}},{"usage":{}}]})")
                   .ok());
  EXPECT_TRUE(read(decode_node_metrics, R"({"kind":"NodeMetrics","metadata":{"name":"n"},"usage":{"cpu":"2","memory":"3Gi"}})").ok());
}

TEST(ObjectDecoder, the_servers_own_words_for_a_failure_are_read) {
  const auto status = read(decode_status, R"({"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410,
    "details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1}})");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code, 410);
  EXPECT_TRUE(status->version_too_large);
  EXPECT_EQ(status->retry_after_seconds, 1);
  EXPECT_FALSE(read(decode_status, R"({"kind":"Pod"})").has_value());
}

TEST(JsonArena, broken_and_deep_text_is_refused_and_the_next_is_read) {
  JsonArena arena;
  EXPECT_FALSE(arena.parse(R"({"a":)").ok());
  EXPECT_FALSE(arena.parse(std::string(100, '[') + std::string(100, ']')).ok());
  EXPECT_FALSE(arena.parse("{} {}").ok());
  EXPECT_FALSE(arena.parse("{\"a\":\"\xff\"}").ok());
  for (int i = 0; i < 3; ++i) {
    const auto document = arena.parse("{\"big\":\"" + std::string(1 << 20, 'x') + "\"}");
    ASSERT_TRUE(document.ok());
    EXPECT_EQ((*document)->as_object().at("big").as_string().size(), 1U << 20);
  }
}

}  // namespace
}  // namespace reeve::kube
