#pragma once
// Pods that serve language models: which they are, and what their engines say of themselves.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/enum_text.h"
#include "base/time.h"

namespace reeve::serving {

enum class Engine { vllm, sglang };

constexpr std::string_view to_text(Engine engine) {
  switch (engine) {
    case Engine::vllm: return "vllm";
    case Engine::sglang: return "sglang";
  }
  return {};
}

// What is known of a serving pod without asking it: from labels, image, command and arguments.
struct Identity {
  Engine engine = Engine::vllm;
  std::string model_name{};     // "meta-llama/Llama-3.1-8B-Instruct"; empty: not told
  std::string model_version{};  // label "version"; empty: not told
  std::string container{};      // the one that serves
  int metrics_port = 0;         // where /metrics is
  std::string metrics_path = "/metrics";
  bool metrics_tls = false;   // it speaks https there
  std::string served_name{};  // what it calls the model, by its arguments; empty: not told

  friend bool operator==(const Identity&, const Identity&) = default;
};

// What its engine said, over the time between the last two looks where it is a rate or a latency. Absent: not measured.
struct Values {
  std::optional<double> requests_running{};
  std::optional<double> requests_waiting{};
  std::optional<double> prompt_tokens_total{};      // as its engine counts, and on over restarts that we saw
  std::optional<double> generation_tokens_total{};  // likewise
  std::optional<double> requests_total{};           // finished, likewise
  std::optional<double> preemptions_total{};        // likewise
  std::optional<double> prompt_tokens_per_second{};
  std::optional<double> generation_tokens_per_second{};
  std::optional<double> kv_cache_usage{};  // ratio 0..1
  std::optional<double> prefix_cache_hit_ratio{};
  std::optional<double> time_to_first_token_p50{};  // seconds; estimated within the histogram's bucket
  std::optional<double> time_to_first_token_p95{};
  std::optional<double> inter_token_latency_p50{};
  std::optional<double> inter_token_latency_p95{};

  friend bool operator==(const Values&, const Values&) = default;
};

// A serving pod and the newest look at it.
struct Server {
  std::string namespace_name{};
  std::string pod{};
  Identity identity{};
  std::string served_model{};     // what /metrics calls the model; until it has answered, what its manifest says
  std::optional<Timestamp> at{};  // of `values`; absent: it never answered
  std::string last_error{};       // why the last look failed; empty when it did not
  Values values{};

  friend bool operator==(const Server&, const Server&) = default;
};

}  // namespace reeve::serving
