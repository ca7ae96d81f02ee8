#pragma once
// What an engine's /metrics says, whatever its release calls it: vLLM and SGLang, old names and new ones.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "domain/serving/histogram.h"
#include "domain/serving/serving.h"

namespace reeve::serving {

// Figures that only grow while an engine runs, and begin at 0 with it.
enum class Counter { prompt_tokens, generation_tokens, requests, preemptions, prefix_queries, prefix_hits };
inline constexpr std::size_t counter_count = 6;
using Counters = std::array<std::optional<double>, counter_count>;

// One look at one server, over all its engines, ranks and models together. Absent: it does not say.
struct Figures {
  Engine engine = Engine::vllm;
  std::string served_model{};  // the first one it names: an engine with adapters counts all under its base model
  std::optional<double> requests_running{};
  std::optional<double> requests_waiting{};
  std::optional<double> kv_cache_usage{};  // 0 to 1; of several engines the mean
  Counters counters{};
  std::optional<double> process_started_at{};  // seconds since the epoch
  Histogram time_to_first_token{};             // seconds
  Histogram inter_token_latency{};             // seconds

  const std::optional<double>& counter(Counter which) const { return counters[static_cast<std::size_t>(which)]; }
};

struct MetricLabel {
  std::string_view name{};
  std::string_view value{};
};

// Takes the samples of one exposition in any order. Values that are negative, above 2^53 or not finite are left
// out, and so is what goes beyond the limits.
//
// Names are matched whole: "vllm:num_requests_waiting_by_reason" is not "vllm:num_requests_waiting". Where a release
// has a figure under two names, the newer counts. Samples of one name are summed over their labels, except that those
// which differ in a parallel rank only (tp_rank, pp_rank, moe_ep_rank) tell the same and count once, and that those with
// an empty `priority` are the sum of the others.
class FigureReader {
 public:
  static constexpr std::size_t series_max = 4096;  // of one name
  static constexpr std::size_t buckets_max = 256;  // of one histogram
  static constexpr std::size_t model_bytes_max = 256;

  // Whether add() would use it: saves the work of reading its labels.
  static bool is_known(std::string_view name);

  void add(std::string_view name, std::span<const MetricLabel> labels, double value);

  // Absent: no sample was of an engine. What is of `expected` counts; what is of the other engine only when nothing is.
  std::optional<Figures> finish(Engine expected) const;

 private:
  struct Part {
    double value = 0;
    bool is_of_priority = false;
  };
  struct Family {
    std::unordered_map<std::uint64_t, Part> parts{};  // by labels without ranks
    std::map<double, double> buckets{};
  };

  std::map<std::string_view, Family> families_{};  // by name, a text of the table
  std::string served_model_{};

  friend class FigureSet;
};

}  // namespace reeve::serving
