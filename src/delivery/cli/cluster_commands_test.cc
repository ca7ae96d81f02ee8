#include <gtest/gtest.h>

#include "delivery/cli/fake_console_test.h"

namespace reeve::cli {
namespace {

constexpr const char* two_pods = R"({"items":[
  {"namespace":"ml","name":"train-0","node":"gpu-a","phase":"Running","reason":null,"created_at":"2026-11-24T09:00:00.000Z","ip":"10.1.0.4",
   "controller":{"kind":"StatefulSet","name":"train"},"labels":{"app":"train"},"usage":{"cpu":1.5,"memory":2147483648},
   "gpu_requests":2,"restarts":3,"containers":[{"name":"main","state":"Running","ready":true},{"name":"log","state":"Waiting",
   "reason":"CrashLoopBackOff","ready":false}],"devices":[{"resource":"gpu-a-GPU-00"},{"resource":"gpu-a-GPU-01"}],"serving":null},
  {"namespace":"ml","name":"train-1","node":null,"phase":"Pending","reason":null,"created_at":"2026-11-24T11:59:30.000Z","ip":null,
   "controller":null,"labels":{},"usage":null,"gpu_requests":4,"restarts":0,"containers":[{"name":"main","state":null,"ready":false}],
   "devices":[],"serving":null}],"next_cursor":null,"total":2})";

TEST(GetPods, shows_what_kubectl_shows_and_the_gpus) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/pods?limit=1000", two_pods);
  EXPECT_EQ(run_words(fake, {"get", "pods", "-A"}).out,
            "NAMESPACE   NAME      READY   STATUS             RESTARTS   GPUS   NODE    AGE\n"
            "ml          train-0   1/2     CrashLoopBackOff          3      2   gpu-a    3h\n"
            "ml          train-1   0/1     Pending                   0      4   -       30s\n");
  const std::string wide = run_words(fake, {"get", "po", "-o", "wide"}).out;
  for (const char* part : {"10.1.0.4", "1500m", "2.0GiB", "gpu-a-GPU-00,gpu-a-GPU-01", "StatefulSet/train", "app=train"})
    EXPECT_NE(wide.find(part), std::string::npos) << part;
  EXPECT_EQ(run_words(fake, {"get", "pods", "-o", "name"}).out, "pod/ml/train-0\npod/ml/train-1\n");
}

TEST(GetPods, filters_go_to_the_server) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/pods?namespace=ml&phase=Running&gpu=true&label=app%3Dtrain,tier&limit=1000", two_pods);
  EXPECT_EQ(run_words(fake, {"get", "pods", "-n", "ml", "--phase", "Running", "--gpu", "-l", "app=train,tier"}).code, 0);
  EXPECT_EQ(run_words(fake, {"get", "pods", "-n", "ml", "-A"}).code, 2);
  EXPECT_EQ(run_words(fake, {"get", "pods", "--phase", "Lost"}).code, 2);
}

TEST(GetPods, one_is_named_by_its_namespace_too) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/pods/ml/train-0", R"({"namespace":"ml","name":"train-0"})");
  EXPECT_EQ(run_words(fake, {"get", "pod", "ml/train-0", "-o", "name"}).out, "pod/ml/train-0\n");
  EXPECT_EQ(run_words(fake, {"get", "pod", "train-0", "-n", "ml", "-o", "name"}).out, "pod/ml/train-0\n");
  const Ran bare = run_words(fake, {"get", "pod", "train-0"});
  EXPECT_EQ(bare.code, 2);
  EXPECT_NE(bare.err.find("NAMESPACE/NAME"), std::string::npos);
  EXPECT_EQ(run_words(fake, {"get", "pod", "ml/none"}).code, 3);
  EXPECT_EQ(run_words(fake, {"describe", "pod", "train-0"}).code, 2);
}

TEST(GetNamespaces, what_the_api_has_no_path_for_is_found_in_the_list) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/namespaces?limit=1000",
              R"({"items":[{"name":"ml","phase":"Active","pods":3,"pods_running":2,"gpu_requests":6,"gpus_held":null,"usage":null},
                {"name":"web"}],"next_cursor":null,"total":2})");
  EXPECT_EQ(run_words(fake, {"get", "ns", "ml"}).out,
            "NAME   STATUS   AGE   PODS   RUNNING   GPUS   HELD   CPU   MEMORY\n"
            "ml     Active     -      3         2      6      -     -        -\n");
  EXPECT_EQ(run_words(fake, {"get", "namespace", "none"}).code, 3);
  EXPECT_EQ(run_words(fake, {"describe", "namespace", "ml"}).code, 2) << "there is nothing more to say of it";
}

TEST(GetClusterNodes, say_what_they_have_and_who_may_not_come) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/nodes?ready=true&limit=1000",
              R"({"items":[{"name":"gpu-a","ready":true,"unschedulable":true,"roles":["gpu","worker"],
                "created_at":"2026-11-14T12:00:00.000Z","kubelet_version":"v1.37.2",
                "gpus":{"capacity":8,"allocatable":8,"requested":5,"held":6},"pods":12,"usage":{"cpu":3.25,"memory":68719476736},
                "taints":[{"key":"gpu","value":"yes","effect":"NoSchedule"},{"key":"maintenance","value":null,"effect":"NoExecute"}]}],
                "next_cursor":null,"total":1})");
  EXPECT_EQ(run_words(fake, {"get", "cluster-nodes", "--ready", "true"}).out,
            "NAME    STATUS                     ROLES        AGE   VERSION   GPUS   REQUESTED   HELD   PODS     CPU    MEMORY\n"
            "gpu-a   Ready,SchedulingDisabled   gpu,worker   10d   v1.37.2      8           5      6     12   3250m   64.0GiB\n");
  EXPECT_NE(run_words(fake, {"get", "cno", "--ready", "true", "-o", "wide"}).out.find("gpu=yes:NoSchedule,maintenance:NoExecute"),
            std::string::npos);
}

TEST(GetServers, and_models_speak_in_tokens_a_second) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/servers?limit=1000",
              R"({"items":[{"namespace":"serving","pod":"vllm-0","engine":"vllm","model":"meta/Llama","served_model":"llama",
                "at":"2026-11-24T11:59:55.000Z","last_error":null,"gpus":["gpu-a-GPU-00"],"values":{"requests_running":3,
                "requests_waiting":0,"generation_tokens_per_second":120.54,"prompt_tokens_per_second":null,
                "time_to_first_token_p95_seconds":0.085,"kv_cache_usage_ratio":0.25}}],"next_cursor":null,"total":1})");
  EXPECT_EQ(
      run_words(fake, {"get", "servers"}).out,
      "NAMESPACE   POD      ENGINE   MODEL   RUNNING   WAITING   TOKENS/S   PROMPT/S   TTFT-P95   KV-CACHE   SEEN   GPUS           ERROR\n"
      "serving     vllm-0   vllm     llama         3         0      120.5          -       85ms        25%     5s   gpu-a-GPU-00   -\n");
  fake.answer("GET /api/v1/cluster/models?limit=1000",
              R"({"items":[{"model":"llama","engines":["vllm"],"servers":2,"servers_answering":1,"gpus":2,"requests_running":3,
                "requests_waiting":null,"generation_tokens_per_second":120.5,"prompt_tokens_per_second":null,
                "kv_cache_usage_ratio":0.25,"time_to_first_token_p95_seconds":1.5}],"next_cursor":null,"total":1})");
  EXPECT_EQ(run_words(fake, {"get", "models-served"}).out,
            "MODEL   ENGINES   SERVERS   GPUS   RUNNING   WAITING   TOKENS/S   PROMPT/S   TTFT-P95   KV-CACHE\n"
            "llama   vllm      1/2          2         3         -      120.5          -      1.50s        25%\n");
}

TEST(Get, names_the_kinds_when_it_is_asked_for_none_of_them) {
  FakeConsole fake;
  const auto typed_wrong = run_words(fake, {"get", "hodlings"});
  EXPECT_EQ(typed_wrong.code, 2);
  EXPECT_TRUE(typed_wrong.err.starts_with("reeve: cannot get 'hodlings': it is none of nodes, devices, ")) << typed_wrong.err;
  EXPECT_NE(typed_wrong.err.find("holdings"), std::string::npos);
  EXPECT_NE(run_words(fake, {"describe", "namespace", "ml"}).err.find("cannot describe 'namespace': it is none of"), std::string::npos);
}

TEST(GetHoldings, and_conflicts_name_their_sources) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/holdings?resource=gpu-a-GPU-00&limit=1000",
              R"({"items":[{"resource":"gpu-a-GPU-00","namespace":"ml","pod":"a","container":"c","replica":0,
                "sources":["pod-resources","exporter-labels"],"allocation":null,"since":"2026-11-24T11:00:00.000Z"},
                {"resource":"gpu-a-GPU-00","namespace":"ml","pod":"b","container":"c","replica":1,"sources":["pod-resources"]}],
                "next_cursor":null,"total":2})");
  EXPECT_EQ(run_words(fake, {"get", "holdings", "--resource", "gpu-a-GPU-00"}).out,
            "RESOURCE       NAMESPACE   POD   CONTAINER   SHARE   SOURCES                         ALLOCATION   AGE\n"
            "gpu-a-GPU-00   ml          a     c               0   pod-resources,exporter-labels   -            60m\n"
            "gpu-a-GPU-00   ml          b     c               1   pod-resources                   -              -\n");
  EXPECT_EQ(run_words(fake, {"get", "holdings", "x"}).code, 2);
  fake.answer("GET /api/v1/cluster/conflicts?limit=1000", R"({"items":[],"next_cursor":null,"total":0})");
  EXPECT_EQ(run_words(fake, {"get", "conflicts"}).err, "No conflicts found.\n");
  fake.answer("GET /api/v1/cluster", R"({"configured":true,"kinds":[{"kind":"pods","state":"forbidden"}]})");
  EXPECT_EQ(run_words(fake, {"get", "conflicts"}).err, "No conflicts found: cannot follow pods (forbidden), `reeve cluster` tells why.\n");
}

TEST(Watch, pods_of_one_namespace_are_told_apart) {
  FakeConsole fake;
  fake.waits_left = 1;
  fake.answer("GET /api/v1/cluster/pods?limit=1000", two_pods);
  const std::string out = run_words(fake, {"get", "pods", "--watch", "--no-headers"}).out;
  EXPECT_EQ(std::ranges::count(out, '\n'), 2) << "nothing changed: no row comes twice\n" << out;
}

TEST(DescribePod, tells_its_containers_devices_and_what_it_serves) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/pods/ml/vllm-0",
              R"({"namespace":"ml","name":"vllm-0","node":"gpu-a","phase":"Running","created_at":"2026-11-24T11:00:00.000Z",
    "controller":{"kind":"ReplicaSet","name":"vllm"},"labels":{"app":"vllm"},"usage":{"cpu":0.5,"memory":1073741824},
    "requests":{"cpu":0.5,"memory":1073741824,"nvidia.com/gpu":1},"limits":{"nvidia.com/gpu":1},"allocations":["ALLOC-1"],
    "containers":[{"name":"main","image":"vllm:1","state":"Running","reason":null,"ready":true,"restarts":0,
                   "started_at":"2026-11-24T11:00:00.000Z"}],
    "devices":[{"resource":"gpu-a-GPU-00","container":"main","replica":null,"sources":["pod-resources"],
                "since":"2026-11-24T11:00:00.000Z"}],
    "serving":{"engine":"vllm","model":"meta/Llama","served_model":"llama","at":"2026-11-24T11:59:30.000Z",
               "values":{"generation_tokens_per_second":12.5,"kv_cache_usage_ratio":0.5,"time_to_first_token_p95_seconds":0.25,
                         "requests_waiting":null}}})");
  EXPECT_EQ(run_words(fake, {"describe", "pod", "ml/vllm-0"}).out,
            "Name:            vllm-0\n"
            "Namespace:       ml\n"
            "Status:          Running\n"
            "Node:            gpu-a\n"
            "Controlled by:   ReplicaSet/vllm\n"
            "Created:         2026-11-24T11:00:00.000Z (60m ago)\n"
            "Usage:           cpu 500m, memory 1.0GiB\n"
            "Allocation:      ALLOC-1\n"
            "Label:           app=vllm\n"
            "Containers:\n"
            "  NAME   STATE     REASON   READY   RESTARTS   STARTED   IMAGE\n"
            "  main   Running   -        yes            0       60m   vllm:1\n"
            "Resources:\n"
            "  RESOURCE         REQUESTS   LIMITS\n"
            "  cpu                  500m        -\n"
            "  memory             1.0GiB        -\n"
            "  nvidia.com/gpu          1        1\n"
            "Devices:\n"
            "  RESOURCE       CONTAINER   SHARE   SOURCES         AGE\n"
            "  gpu-a-GPU-00   main            -   pod-resources   60m\n"
            "Serves:      meta/Llama\n"
            "Served as:   llama\n"
            "Engine:      vllm\n"
            "Asked:       2026-11-24T11:59:30.000Z (30s ago)\n"
            "Serving:\n"
            "  METRIC                            VALUE\n"
            "  generation_tokens_per_second       12.5\n"
            "  kv_cache_usage_ratio              50.0%\n"
            "  time_to_first_token_p95_seconds   250ms\n");
}

constexpr const char* cluster_answer = R"({"configured":true,"name":"seoul","server_version":"v1.37.2","version":7,
  "kinds":[{"kind":"nodes","state":"live","error":null,"synced_at":"2026-11-24T11:00:00.000Z","heard_at":"2026-11-24T11:59:58.000Z",
    "lists":1,"events":42},{"kind":"pods","state":"%","error":"cannot list pods: 403 Forbidden","synced_at":null,"heard_at":null,"lists":0,
    "events":0}],"pods":null,"pods_running":null,"pods_pending":null,"pods_gpu":null,"nodes":3,"nodes_ready":2,"namespaces":4,
  "gpus_allocatable":24,"gpus_requested":null,"gpus_held":20,"cpu_usage_cores":1.5,"cpu_allocatable_cores":192,"memory_usage_bytes":null,
  "memory_allocatable_bytes":null,"claims":0,"claims_allocated":0,"servers":null,"conflicts":1,"holdings":20,"unplaced":0})";

TEST(ClusterStatus, ends_with_one_when_something_is_forbidden_or_cut_off) {
  for (const auto& [state, code] :
       {std::pair("live", 0), std::pair("unavailable", 0), std::pair("syncing", 0), std::pair("stale", 1), std::pair("forbidden", 1)}) {
    FakeConsole fake;
    std::string answer = cluster_answer;
    fake.answer("GET /api/v1/cluster", answer.replace(answer.find('%'), 1, state));
    const Ran ran = run_words(fake, {"cluster"});
    EXPECT_EQ(ran.code, code) << state;
    EXPECT_NE(ran.out.find("Nodes:            3, 2 ready\n"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("cannot list pods: 403 Forbidden"), std::string::npos);
    EXPECT_EQ(ran.err, code == 0 ? "" : std::string("reeve: cannot follow all of the cluster: pods (") + state + ")\n");
  }
}

TEST(ClusterStatus, without_a_cluster_says_how_to_have_one) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster", R"({"configured":false,"kinds":[]})");
  const Ran ran = run_words(fake, {"cluster"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("No Kubernetes cluster is configured"), std::string::npos);
}

TEST(Tls, the_trusted_certificates_are_read_from_a_file_and_go_with_each_call) {
  FakeConsole fake;
  fake.files["ca.pem"] = "-----BEGIN CERTIFICATE-----";
  run_words(fake, {"get", "node", "n1", "--server", "https://reeve.test:8443", "--ca-file", "ca.pem"});
  ASSERT_EQ(fake.calls.size(), 1u);
  EXPECT_EQ(fake.calls[0].url, "https://reeve.test:8443/api/v1/nodes/n1");
  EXPECT_EQ(fake.calls[0].ca_pem, "-----BEGIN CERTIFICATE-----");
  fake.variables["REEVE_CA_FILE"] = "none.pem";
  const Ran ran = run_words(fake, {"get", "node", "n1"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("none.pem"), std::string::npos);
  EXPECT_EQ(fake.calls.size(), 1u) << "what cannot be trusted as asked is not called";
}

TEST(Tls, who_is_not_trusted_needs_a_certificate_and_no_other_address) {
  FakeConsole fake;
  fake.answers["GET /version"].push_back(Error{Errc::unavailable, "the certificate is not trusted: self-signed certificate"});
  EXPECT_NE(run_words(fake, {"version"}).err.find("give its authority's certificate with --ca-file"), std::string::npos);
}

TEST(ClusterCompletion, knows_pods_by_namespace_and_name) {
  FakeConsole fake;
  fake.answer("GET /api/v1/cluster/pods?fields=namespace,name&limit=1000", two_pods);
  EXPECT_EQ(run_words(fake, {"__complete", "describe", "pod", "ml/train-1"}).out, "ml/train-1\n");
  EXPECT_EQ(run_words(fake, {"__complete", "get", "conflicts", "--kind", "not"}).out, "not-seen\n");
  EXPECT_EQ(run_words(fake, {"__complete", "clu"}).out, "cluster\n");
}

}  // namespace
}  // namespace reeve::cli
