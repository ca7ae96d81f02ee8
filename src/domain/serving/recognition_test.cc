#include "domain/serving/recognition.h"

#include <gtest/gtest.h>

namespace reeve::serving {
namespace {

using cluster::Container;
using cluster::Pod;
using cluster::Quantity;

Container with_gpus(Container container, int count = 1) {
  container.limits = {{"nvidia.com/gpu", Quantity::of(count)}};
  container.requests = container.limits;
  return container;
}

Pod pod(std::vector<Container> containers, cluster::Labels labels = {}, cluster::Labels annotations = {}) {
  Pod made;
  made.meta.name = "p";
  made.meta.namespace_name = "ns";
  std::ranges::sort(labels);
  std::ranges::sort(annotations);
  made.meta.labels = std::move(labels);
  made.meta.annotations = std::move(annotations);
  made.containers = std::move(containers);
  return made;
}

// "vllm model (served) @container :port/path", or "-".
std::string seen(const Pod& pod, const RecognitionRules& rules = {}) {
  const auto identity = recognise(pod, rules);
  if (!identity) return "-";
  std::string text = std::string(to_text(identity->engine)) + " " + identity->model_name;
  if (!identity->served_name.empty() && identity->served_name != identity->model_name) text += " (" + identity->served_name + ")";
  if (!identity->model_version.empty()) text += " " + identity->model_version;
  text += " @" + identity->container + (identity->metrics_tls ? " https:" : " :") + std::to_string(identity->metrics_port);
  return text + (identity->metrics_path == "/metrics" ? "" : identity->metrics_path);
}

Container vllm(std::vector<std::string> command, std::vector<std::string> args, std::vector<cluster::ContainerPort> ports = {}) {
  return with_gpus({.name = "vllm",
                    .image = "vllm/vllm-openai:v0.11.0",
                    .command = std::move(command),
                    .args = std::move(args),
                    .ports = std::move(ports)});
}

struct Case {
  std::string what;
  Pod pod;
  std::string expected;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& one : cases) EXPECT_EQ(seen(one.pod), one.expected) << one.what;
}

TEST(Recognition, the_label_of_the_old_system_is_enough) {
  expect_all({
      {"vllm", pod({{.name = "main", .image = "internal/llm:1"}}, {{"app", "vllm"}, {"model", "llama2-7b"}, {"version", "v1"}}),
       "vllm llama2-7b v1 @main :8000"},
      {"sglang", pod({{.name = "main", .image = "internal/llm:1"}}, {{"app", "sglang"}}), "sglang  @main :30000"},
      {"another app", pod({{.name = "main", .image = "internal/llm:1"}}, {{"app", "vllm-proxy"}, {"model", "x"}}), "-"},
      {"the label's model goes before the arguments'", pod({vllm({}, {"--model", "org/m"})}, {{"app", "vllm"}, {"model", "m-7b"}}),
       "vllm m-7b (org/m) @vllm :8000"},
      {"with a sidecar before it",
       pod({{.name = "istio-proxy", .image = "istio/proxyv2:1"}, with_gpus({.name = "srv", .image = "internal/llm:1"})}, {{"app", "vllm"}}),
       "vllm  @srv :8000"},
  });
}

TEST(Recognition, vllm_is_told_by_its_command) {
  const std::string plain = "vllm org/m @vllm :8000";
  expect_all({
      {"serve", pod({vllm({"vllm", "serve", "org/m"}, {})}), plain},
      {"serve in args", pod({vllm({"vllm"}, {"serve", "org/m", "--port", "8000"})}), plain},
      {"with a folder", pod({vllm({"/opt/venv/bin/vllm", "serve"}, {"org/m"})}), plain},
      {"module", pod({vllm({"python3", "-m", "vllm.entrypoints.openai.api_server"}, {"--model=org/m"})}), plain},
      {"image's entrypoint", pod({vllm({}, {"--model", "org/m", "--tensor-parallel-size", "2"})}), plain},
      {"image's entrypoint, positional", pod({vllm({}, {"org/m", "--max-model-len", "4096"})}), plain},
      {"names", pod({vllm({"vllm", "serve", "/data/"}, {"--served-model-name", "opt-125m", "opt", "--port", "8080"})}),
       "vllm opt-125m @vllm :8080"},
      {"path and name", pod({vllm({"vllm", "serve", "org/m"}, {"--served-model-name", "m"})}), "vllm org/m (m) @vllm :8000"},
      {"variable", pod({vllm({"vllm", "serve", "$(MODEL)"}, {"--port", "$(PORT)"}, {{"http", 9000}})}), "vllm  @vllm :9000"},
      {"any image", pod({with_gpus({.name = "x", .image = "corp/llm", .command = {"vllm", "serve", "org/m"}})}), "vllm org/m @x :8000"},
      {"https", pod({vllm({"vllm", "serve", "org/m"}, {"--ssl-certfile", "/c.pem", "--ssl-keyfile", "/k.pem", "--port=8443"})}),
       "vllm org/m @vllm https:8443"},
  });
}

TEST(Recognition, scripts_are_read) {
  const auto runs = [](const std::string& text) { return seen(pod({vllm({"/bin/bash", "-c"}, {text})})); };
  EXPECT_EQ(runs("huggingface-cli login --token $HF && exec vllm serve org/m --port 8001 2>&1 | tee /log"), "vllm org/m @vllm :8001");
  EXPECT_EQ(runs("ray start --head; python3 -m vllm.entrypoints.openai.api_server \\\n --model org/m \\\n --port 8080"),
            "vllm org/m @vllm :8080");
  EXPECT_EQ(runs("while true; do sleep 5; done"), "-");
  EXPECT_EQ(runs("echo vllm serve org/m"), "-");
  EXPECT_EQ(runs("bash /scripts/start.sh"), "vllm  @vllm :8000") << "the image decides";
}

TEST(Recognition, sglang_is_told_by_its_command_or_image) {
  const auto sglang = [](std::vector<std::string> command, std::vector<std::string> args) {
    return pod({with_gpus(
        {.name = "srv", .image = "docker.io/lmsysorg/sglang:v0.5.3-cu126", .command = std::move(command), .args = std::move(args)})});
  };
  expect_all({
      {"module",
       sglang({"python3", "-m", "sglang.launch_server"},
              {"--model-path", "org/m", "--host", "0.0.0.0", "--port", "30001", "--enable-metrics"}),
       "sglang org/m @srv :30001"},
      {"default port", sglang({"bash", "-c"}, {"python3 -m sglang.launch_server --model-path=org/m --enable-metrics"}),
       "sglang org/m @srv :30000"},
      {"served name", sglang({"python", "-m", "sglang.launch_server", "--model-path", "/models/m", "--served-model-name", "m"}, {}),
       "sglang m @srv :30000"},
      {"router", sglang({"python3", "-m", "sglang_router.launch_router"}, {"--port", "30000"}), "-"},
      {"first node", sglang({"python3", "-m", "sglang.launch_server"}, {"--model-path", "org/m", "--nnodes", "2", "--node-rank", "0"}),
       "sglang org/m @srv :30000"},
      {"second node", sglang({"python3", "-m", "sglang.launch_server"}, {"--model-path", "org/m", "--nnodes", "2", "--node-rank", "1"}),
       "-"},
  });
}

// production-stack: engines, router and cache server of one Helm release.
TEST(Recognition, of_the_vllm_production_stack_only_the_engines_serve) {
  const cluster::Labels engine{
      {"app.kubernetes.io/component", "serving-engine"}, {"environment", "test"}, {"model", "llama3"}, {"release", "test"}};
  expect_all({
      {"engine",
       pod({with_gpus({.name = "vllm",
                       .image = "lmcache/vllm-openai:v0.3.7",
                       .command = {"vllm", "serve", "meta-llama/Llama-3.1-8B-Instruct", "--host", "0.0.0.0", "--port", "8000",
                                   "--enable-prefix-caching"},
                       .ports = {{"container-port", 8000}, {"zmq-port", 55555}, {"ucx-port", 55556}}})},
           engine),
       "vllm llama3 (meta-llama/Llama-3.1-8B-Instruct) @vllm :8000"},
      {"engine with the sidecar for adapters",
       pod({{.name = "sidecar", .image = "lmcache/lmstack-sidecar:latest", .ports = {{"", 30090}}},
            vllm({"vllm", "serve", "org/m"}, {"--port", "8000"}, {{"container-port", 8000}})},
           engine),
       "vllm llama3 (org/m) @vllm :8000"},
      {"router",
       pod({{.name = "router-container",
             .image = "lmcache/lmstack-router:latest",
             .args = {"--host", "0.0.0.0", "--port", "8000", "--service-discovery", "k8s", "--k8s-label-selector", "environment=test"},
             .ports = {{"http", 8000}}}},
           {{"environment", "router"}, {"release", "router"}}),
       "-"},
      {"cache server",
       pod({{.name = "lmcache-server",
             .image = "lmcache/vllm-openai:latest",
             .command = {"/opt/venv/bin/lmcache_server"},
             .args = {"0.0.0.0", "8080"}}}),
       "-"},
  });
}

// llm-d: an engine behind a routing sidecar that owns the pod's public port, and the endpoint picker.
TEST(Recognition, of_llm_d_the_engine_behind_the_proxy_serves) {
  const cluster::Labels labels{{"llm-d.ai/inferenceServing", "true"}, {"llm-d.ai/model", "qwen3-0-6b"}, {"llm-d.ai/role", "decode"}};
  Pod decode = pod({with_gpus({.name = "vllm",
                               .image = "ghcr.io/llm-d/llm-d-cuda:v0.3.0",
                               .command = {"vllm", "serve"},
                               .args = {"Qwen/Qwen3-0.6B", "--port", "8200", "--served-model-name", "Qwen/Qwen3-0.6B",
                                        "--kv-transfer-config", "{\"kv_connector\":\"NixlConnector\",\"kv_role\":\"kv_both\"}"},
                               .ports = {{"metrics", 8200}, {"", 5557}}})},
                   labels);
  decode.init_containers.push_back({.name = "routing-proxy",
                                    .image = "ghcr.io/llm-d/llm-d-routing-sidecar:v0.3.0",
                                    .args = {"--port=8000", "--vllm-port=8200", "--connector=nixlv2"},
                                    .ports = {{"", 8000}}});
  EXPECT_EQ(seen(decode), "vllm Qwen/Qwen3-0.6B @vllm :8200");
  decode.containers.insert(decode.containers.begin(), decode.init_containers[0]);
  EXPECT_EQ(seen(decode), "vllm Qwen/Qwen3-0.6B @vllm :8200") << "as a plain container, in older releases";
  expect_all({
      {"custom command",
       pod({with_gpus({.name = "vllm",
                       .image = "ghcr.io/llm-d/llm-d-aws:v0.3.0",
                       .command = {"/bin/sh", "-c"},
                       .args = {"START_RANK=$(( ${LWS_WORKER_INDEX:-0} * 8 ))\nexec vllm serve deepseek-ai/DeepSeek-R1-0528 --port 8200 "
                                "--data-parallel-hybrid-lb --data-parallel-start-rank $START_RANK"}})},
           {{"leaderworkerset.sigs.k8s.io/worker-index", "1"}}),
       "vllm deepseek-ai/DeepSeek-R1-0528 @vllm :8200"},
      {"simulator",
       pod({{.name = "vllm-sim", .image = "ghcr.io/llm-d/llm-d-inference-sim:v0.5.0", .args = {"--model", "org/m", "--port", "8000"}}}),
       "vllm org/m @vllm-sim :8000"},
      {"endpoint picker",
       pod({{.name = "epp",
             .image = "ghcr.io/llm-d/llm-d-inference-scheduler:v0.3.0",
             .args = {"--pool-name", "gaie", "--grpc-port", "9002"},
             .ports = {{"metrics", 9090}}}}),
       "-"},
      {"inference extension",
       pod({with_gpus(
                {.name = "vllm",
                 .image = "vllm/vllm-openai:v0.8.5",
                 .command = {"python3", "-m", "vllm.entrypoints.openai.api_server"},
                 .args = {"--model", "meta-llama/Llama-3.1-8B-Instruct", "--tensor-parallel-size", "1", "--port", "8000", "--enable-lora"},
                 .ports = {{"http", 8000}}}),
            {.name = "lora-adapter-syncer", .image = "us-central1-docker.pkg.dev/k8s-staging-images/lora-syncer:main"}},
           {{"app", "vllm-llama3-8b-instruct"}}),
       "vllm meta-llama/Llama-3.1-8B-Instruct @vllm :8000"},
  });
}

TEST(Recognition, of_kserve_the_predictor_serves_unless_it_has_another_backend) {
  const cluster::Labels labels{{"component", "predictor"}, {"serving.kserve.io/inferenceservice", "llama3"}};
  const auto predictor = [&](std::vector<std::string> args) {
    return pod({{.name = "queue-proxy",
                 .image = "gcr.io/knative-releases/queue:v1",
                 .ports = {{"http-queueadm", 8022}, {"http-autometric", 9090}, {"queue-port", 8012}}},
                with_gpus({.name = "kserve-container",
                           .image = "kserve/huggingfaceserver:v0.15.0-gpu",
                           .args = std::move(args),
                           .ports = {{"user-port", 8080}}})},
               labels, {{"prometheus.io/port", "9090"}, {"prometheus.io/path", "/other"}});
  };
  EXPECT_EQ(seen(predictor({"--model_name=llama3", "--model_id=meta-llama/meta-llama-3-8b-instruct"})),
            "vllm meta-llama/meta-llama-3-8b-instruct (llama3) @kserve-container :8080");
  EXPECT_EQ(seen(predictor({"--model_name=llama3", "--model_dir=/mnt/models", "--backend=vllm"})), "vllm llama3 @kserve-container :8080");
  EXPECT_EQ(seen(predictor({"--model_name=bert", "--model_id=bert", "--backend=huggingface"})), "-");
  const Pod llm =
      pod({with_gpus({.name = "main",
                      .image = "ghcr.io/llm-d/llm-d:v0.2.0",
                      .command = {"/bin/bash", "-c"},
                      .args = {"exec vllm serve \\\n  /mnt/models \\\n  --served-model-name \"facebook/opt-125m\" \\\n  --port 8000 \\\n "
                               "--disable-log-requests \\\n  --ssl-certfile \\\n  /etc/ssl/certs/tls.crt \\\n  --ssl-keyfile \\\n "
                               "/etc/ssl/certs/tls.key\n"},
                      .ports = {{"", 8000}}})},
          {{"app.kubernetes.io/component", "llminferenceservice-workload"}});
  EXPECT_EQ(seen(llm), "vllm facebook/opt-125m @main https:8000");
}

TEST(Recognition, parts_of_a_group_that_answer_nobody_are_no_servers) {
  const auto ray = [](std::string script, std::string index) {
    return pod({vllm({"sh", "-c"}, {std::move(script)}, {{"", 8080}})}, {{"leaderworkerset.sigs.k8s.io/worker-index", std::move(index)}});
  };
  EXPECT_EQ(seen(ray("bash /multi-node-serving.sh leader --ray_cluster_size=2; python3 -m vllm.entrypoints.openai.api_server --port 8080 "
                     "--model org/m",
                     "0")),
            "vllm org/m @vllm :8080");
  EXPECT_EQ(seen(ray("bash /multi-node-serving.sh worker --ray_address=$(LWS_LEADER_ADDRESS)", "1")), "-");
  EXPECT_EQ(seen(pod({vllm({"vllm", "serve", "org/m", "--headless", "--data-parallel-start-rank", "4"}, {})})), "-");
  EXPECT_EQ(seen(pod({vllm({}, {"--model", "org/m", "--headless"})})), "-");
  EXPECT_EQ(seen(pod({vllm({}, {"--model", "org/m"})}, {{"ray.io/node-type", "worker"}})), "-");
}

TEST(Recognition, of_images_only_the_engines_own_count) {
  const auto image = [](const std::string& name, std::vector<std::string> command = {}) {
    return seen(pod({{.name = "c", .image = name, .command = std::move(command), .args = {"--model", "m"}}})).substr(0, 6);
  };
  for (const char* name :
       {"vllm/vllm-openai", "docker.io/vllm/vllm-openai:latest", "harbor.corp:5000/proxy/vllm/vllm-openai@sha256:ab", "rocm/vllm:rocm6.4",
        "rocm/vllm-dev:nightly", "nvcr.io/nvidia/vllm:25.09-py3", "registry.redhat.io/rhaiis/vllm-cuda-rhel9:3", "corp/vllm"})
    EXPECT_EQ(image(name), "vllm m") << name;
  EXPECT_EQ(image("lmsysorg/sglang:latest"), "sglang");
  for (const char* name : {"postgres:16", "vllm-team/postgres", "ghcr.io/vllm-project/vllm-router:1", "corp/vllm-exporter", "corp/my-vllm",
                           "corp/sglang-router:2", "nginx", ""})
    EXPECT_EQ(image(name), "-") << name;
  EXPECT_EQ(image("vllm/vllm-openai", {"sleep", "infinity"}), "-");
  EXPECT_EQ(image("vllm/vllm-openai", {"vllm", "bench", "serve"}), "-");
  EXPECT_EQ(image("vllm/vllm-openai", {"/app/start.sh"}), "vllm m");
}

TEST(Recognition, hints_need_a_container_that_looks_like_it) {
  const cluster::Labels name{{"app.kubernetes.io/name", "vllm"}};
  EXPECT_EQ(seen(pod({with_gpus({.name = "main", .image = "corp/llm:1"})}, name)), "vllm  @main :8000");
  EXPECT_EQ(seen(pod({{.name = "vllm", .image = "corp/llm:1"}}, name)), "vllm  @vllm :8000");
  EXPECT_EQ(seen(pod({{.name = "router", .image = "corp/router:1"}}, name)), "-");
}

TEST(Recognition, the_port_is_where_the_engine_listens_and_not_a_sidecar) {
  const auto port_of = [](std::vector<std::string> args, std::vector<cluster::ContainerPort> ports, cluster::Labels annotations) {
    return recognise(pod({{.name = "metrics", .image = "corp/exporter", .ports = {{"metrics", 9100}}},
                          vllm({}, std::move(args), std::move(ports))},
                         {}, std::move(annotations)),
                     {})
        ->metrics_port;
  };
  EXPECT_EQ(port_of({"--port", "8001"}, {{"http", 8002}}, {{"prometheus.io/port", "8003"}}), 8001);
  EXPECT_EQ(port_of({}, {{"http", 8002}}, {{"prometheus.io/port", "8003"}}), 8003);
  EXPECT_EQ(port_of({}, {{"http", 8002}}, {{"prometheus.io/port", "9100"}}), 8002) << "the sidecar's";
  EXPECT_EQ(port_of({}, {{"http", 8002}}, {{"prometheus.io/port", "15020"}}), 8002) << "istio's";
  EXPECT_EQ(port_of({}, {{"http", 8002}, {"x", 8000}}, {}), 8000);
  EXPECT_EQ(port_of({}, {{"nccl", 29500}, {"metrics", 8005}}, {}), 8005);
  EXPECT_EQ(port_of({}, {{"nccl", 29500}, {"other", 29501}}, {}), 8000);
  EXPECT_EQ(port_of({"--port", "99999"}, {}, {{"prometheus.io/port", "no"}}), 8000);
}

TEST(Recognition, an_annotated_path_is_taken_when_it_is_one) {
  const auto path_of = [](const char* path) {
    return recognise(pod({vllm({}, {"--port", "8000"})}, {}, {{"prometheus.io/port", "8000"}, {"prometheus.io/path", path}}), {})
        ->metrics_path;
  };
  EXPECT_EQ(path_of("/engine/metrics"), "/engine/metrics");
  EXPECT_EQ(path_of("metrics"), "/metrics");
  EXPECT_EQ(path_of("/x HTTP/1.1\r\nHost: evil"), "/metrics");
}

TEST(Recognition, of_two_servers_in_a_pod_the_one_with_gpus_is_taken) {
  EXPECT_EQ(seen(pod({{.name = "cpu", .image = "x", .command = {"vllm", "serve", "small"}},
                      with_gpus({.name = "gpu", .image = "x", .command = {"vllm", "serve", "big"}})})),
            "vllm big @gpu :8000");
}

TEST(Recognition, rules_can_be_set) {
  RecognitionRules rules;
  ASSERT_TRUE(set_rule(rules, "vllm.images", {"corp/llm-*"}));
  ASSERT_TRUE(set_rule(rules, "vllm.commands", {"start-llm"}));
  ASSERT_TRUE(set_rule(rules, "vllm.port", {"9000"}));
  ASSERT_TRUE(set_rule(rules, "labels", {"engine"}));
  ASSERT_TRUE(set_rule(rules, "model_labels", {"llm/model"}));
  ASSERT_TRUE(set_rule(rules, "other_images", {}));
  EXPECT_EQ(seen(pod({{.name = "a", .image = "reg/corp/llm-router:1"}}), rules), "vllm  @a :9000");
  EXPECT_EQ(seen(pod({{.name = "a", .image = "x", .command = {"/bin/start-llm", "--model", "m"}}}), rules), "vllm m @a :9000");
  EXPECT_EQ(seen(pod({{.name = "a", .image = "x"}}, {{"engine", "sglang"}, {"llm/model", "q"}}), rules), "sglang q @a :30000");
  EXPECT_EQ(seen(pod({vllm({}, {})}), rules), "-");
  EXPECT_FALSE(set_rule(rules, "vllm.port", {"0"}));
  EXPECT_FALSE(set_rule(rules, "vllm.port", {}));
  EXPECT_FALSE(set_rule(rules, "vllm.colour", {"x"}));
  EXPECT_FALSE(set_rule(rules, "colour", {"x"}));
  EXPECT_FALSE(set_rule(rules, "labels", {""}));
}

}  // namespace
}  // namespace reeve::serving
