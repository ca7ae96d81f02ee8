#pragma once
// Which pods serve language models, by what their manifests say: labels, images, commands and arguments.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/cluster/objects.h"
#include "domain/serving/serving.h"

namespace reeve::serving {

// How one engine is told from its container.
struct EngineRules {
  // Words that start it: "vllm serve". A program counts without its folder, and any words may stand before.
  std::vector<std::string> commands{};
  // Images of it: a pattern for the last parts of the name, without registry, tag and digest; '*' is any run without '/'.
  // They count where the container's command does not say otherwise: none given, or a script that may start anything.
  std::vector<std::string> images{};
  int port = 0;  // where it listens when nothing tells
};

// In the configuration, below `kubernetes.serving` (each key replaces its default list):
//
//   labels: [app]                                # value "vllm" or "sglang": the pod serves, whatever runs in it
//   hint_labels: [app.kubernetes.io/name, ...]   # the same, where one container asks for GPUs or is called so
//   model_labels: [model]                        # the model's name, before what the arguments say
//   version_labels: [version]
//   other_images: ["*router*", ...]              # never an engine by its image
//   vllm: {commands: [...], images: [...], port: 8000}
//   sglang: {commands: [...], images: [...], port: 30000}
struct RecognitionRules {
  std::vector<std::string> labels{"app"};
  std::vector<std::string> hint_labels{"app.kubernetes.io/name", "app.kubernetes.io/component", "component"};
  std::vector<std::string> model_labels{"model"};
  std::vector<std::string> version_labels{"version"};
  std::vector<std::string> other_images{"*router*",  "*exporter*", "*operator*", "*scheduler*", "*proxy*",  "*sidecar*",
                                        "*gateway*", "*client*",   "*bench*",    "*picker*",    "*syncer*", "*controller*"};
  EngineRules vllm{{"vllm serve", "-m vllm.entrypoints.openai.api_server", "-m vllm.entrypoints.cli.main serve"},
                   {"vllm*", "llm-d/llm-d", "llm-d/llm-d-cuda", "llm-d/llm-d-dev", "llm-d/llm-d-aws", "llm-d/llm-d-xpu",
                    "llm-d/llm-d-inference-sim", "huggingfaceserver*"},
                   8000};
  EngineRules sglang{{"sglang serve", "-m sglang.launch_server"}, {"sglang*"}, 30000};
};

// Sets one key of the above; those of an engine are "vllm.images". Invalid argument: no such key, or a value that makes no sense there.
Status set_rule(RecognitionRules& rules, std::string_view key, std::vector<std::string> values);

// Absent: the pod serves no model that we know of. At most one server a pod: of several containers that qualify, the first
// that asks for GPUs. Sidecars and init containers never serve; nor does a part of a server that answers no requests
// (vLLM's --headless, a --node-rank above 0, a Ray worker).
std::optional<Identity> recognise(const cluster::Pod& pod, const RecognitionRules& rules);

}  // namespace reeve::serving
