#include "domain/serving/engine_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parse.h"
#include "base/utf8.h"

namespace reeve::serving {
namespace {

enum class Figure {
  running,
  waiting,
  kv_cache_usage,
  prompt_tokens,
  generation_tokens,
  requests,
  preemptions,
  prefix_queries,
  prefix_hits,
  time_to_first_token,
  inter_token_latency,
};

struct KnownName {
  std::string_view name;
  Engine engine;
  Figure figure;
};

constexpr double value_max = 9'007'199'254'740'992.0;  // 2^53: beyond it, adding 1 changes nothing
constexpr std::string_view process_start = "process_start_time_seconds";

using enum Figure;

// Newer names before older ones. The text of a counter ends in _total since prometheus_client writes it so; the bare
// names are of engines that did not use that library yet. Sources: vllm/v1/metrics/loggers.py, vllm/engine/metrics.py
// (0.8), sglang/srt/metrics/collector.py.
constexpr std::array names{
    KnownName{"vllm:num_requests_running", Engine::vllm, running},
    KnownName{"vllm:num_requests_waiting", Engine::vllm, waiting},
    KnownName{"vllm:kv_cache_usage_perc", Engine::vllm, kv_cache_usage},
    KnownName{"vllm:gpu_cache_usage_perc", Engine::vllm, kv_cache_usage},
    KnownName{"vllm:prompt_tokens_total", Engine::vllm, prompt_tokens},
    KnownName{"vllm:prompt_tokens", Engine::vllm, prompt_tokens},
    KnownName{"vllm:generation_tokens_total", Engine::vllm, generation_tokens},
    KnownName{"vllm:generation_tokens", Engine::vllm, generation_tokens},
    KnownName{"vllm:request_success_total", Engine::vllm, requests},
    KnownName{"vllm:request_success", Engine::vllm, requests},
    KnownName{"vllm:num_preemptions_total", Engine::vllm, preemptions},
    KnownName{"vllm:num_preemptions", Engine::vllm, preemptions},
    KnownName{"vllm:prefix_cache_queries_total", Engine::vllm, prefix_queries},
    KnownName{"vllm:gpu_prefix_cache_queries_total", Engine::vllm, prefix_queries},
    KnownName{"vllm:prefix_cache_hits_total", Engine::vllm, prefix_hits},
    KnownName{"vllm:gpu_prefix_cache_hits_total", Engine::vllm, prefix_hits},
    KnownName{"vllm:time_to_first_token_seconds_bucket", Engine::vllm, time_to_first_token},
    KnownName{"vllm:inter_token_latency_seconds_bucket", Engine::vllm, inter_token_latency},
    KnownName{"vllm:time_per_output_token_seconds_bucket", Engine::vllm, inter_token_latency},
    KnownName{"sglang:num_running_reqs", Engine::sglang, running},
    KnownName{"sglang:num_queue_reqs", Engine::sglang, waiting},
    KnownName{"sglang:token_usage", Engine::sglang, kv_cache_usage},
    KnownName{"sglang:prompt_tokens_total", Engine::sglang, prompt_tokens},
    KnownName{"sglang:generation_tokens_total", Engine::sglang, generation_tokens},
    KnownName{"sglang:num_requests_total", Engine::sglang, requests},
    KnownName{"sglang:num_retracted_requests_total", Engine::sglang, preemptions},
    KnownName{"sglang:cached_tokens_total", Engine::sglang, prefix_hits},
    KnownName{"sglang:time_to_first_token_seconds_bucket", Engine::sglang, time_to_first_token},
    KnownName{"sglang:inter_token_latency_seconds_bucket", Engine::sglang, inter_token_latency},
    KnownName{"sglang:time_per_output_token_seconds_bucket", Engine::sglang, inter_token_latency},
};

// The text of the table that equals `name`; empty when there is none.
std::string_view known_text(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, std::string_view> texts;
    for (const KnownName& known : names) texts.emplace(known.name, known.name);
    texts.emplace(process_start, process_start);
    return texts;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? std::string_view{} : found->second;
}

bool is_rank(std::string_view label) { return label == "tp_rank" || label == "pp_rank" || label == "moe_ep_rank"; }

std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;  // FNV-1a
  return (hash ^ 0xffu) * 0x100000001b3u;                                                    // no text holds this byte
}

// All bits of the hash in each of the result: the sum of similar hashes would collide.
std::uint64_t spread(std::uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;  // MurmurHash3's finalizer
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
  return hash ^ (hash >> 33);
}

// Of the labels without ranks, in whatever order they stand.
std::uint64_t identity_of(std::span<const MetricLabel> labels) {
  std::uint64_t sum = 0;
  for (const MetricLabel& label : labels)
    if (!is_rank(label.name)) sum += spread(mixed(mixed(0xcbf29ce484222325u, label.name), label.value));
  return sum;
}

const MetricLabel* find(std::span<const MetricLabel> labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &MetricLabel::name);
  return found == labels.end() ? nullptr : &*found;
}

// It becomes a label, a key and a text on screens.
bool is_usable_name(std::string_view name) {
  return name.size() <= FigureReader::model_bytes_max && is_utf8(name) &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<double> bound_of(std::span<const MetricLabel> labels) {
  const MetricLabel* le = find(labels, "le");
  if (le == nullptr) return std::nullopt;
  if (le->value == "+Inf" || le->value == "Inf") return std::numeric_limits<double>::infinity();
  const auto bound = parse_number<double>(le->value);
  return bound && !std::isnan(*bound) ? bound : std::nullopt;
}

}  // namespace

// The families of one exposition, asked by figure.
class FigureSet {
 public:
  FigureSet(const std::map<std::string_view, FigureReader::Family>& families, Engine engine) : families_(families), engine_(engine) {}

  bool is_empty() const {
    return std::ranges::none_of(names, [&](const KnownName& known) { return known.engine == engine_ && families_.contains(known.name); });
  }

  std::optional<double> sum(Figure figure) const {
    const FigureReader::Family* family = newest(figure);
    return family == nullptr ? std::nullopt : std::optional(totals(*family).first);
  }
  std::optional<double> mean(Figure figure) const {
    const FigureReader::Family* family = newest(figure);
    if (family == nullptr) return std::nullopt;
    const auto [sum, count] = totals(*family);
    return sum / count;
  }
  Histogram histogram(Figure figure) const {
    const FigureReader::Family* family = newest(figure);
    Histogram found;
    double least = 0;
    if (family != nullptr)
      for (const auto& [bound, count] : family->buckets) found.push_back({bound, least = std::max(least, count)});
    return !found.empty() && std::isinf(found.back().bound) ? found : Histogram{};
  }

 private:
  const FigureReader::Family* newest(Figure figure) const {
    for (const KnownName& known : names) {
      if (known.engine != engine_ || known.figure != figure) continue;
      if (const auto found = families_.find(known.name); found != families_.end()) return &found->second;
    }
    return nullptr;
  }
  static std::pair<double, double> totals(const FigureReader::Family& family) {
    const bool has_sums = std::ranges::any_of(family.parts, [](const auto& part) { return !part.second.is_of_priority; });
    double sum = 0;
    double count = 0;
    for (const auto& [labels, part] : family.parts) {
      if (has_sums && part.is_of_priority) continue;
      sum += part.value;
      ++count;
    }
    return {sum, count};
  }

  const std::map<std::string_view, FigureReader::Family>& families_;
  Engine engine_;
};

bool FigureReader::is_known(std::string_view name) { return !known_text(name).empty(); }

void FigureReader::add(std::string_view name, std::span<const MetricLabel> labels, double value) {
  const std::string_view known = known_text(name);
  if (known.empty() || !(value >= 0 && value <= value_max)) return;
  if (served_model_.empty())
    if (const MetricLabel* model = find(labels, "model_name"); model != nullptr && is_usable_name(model->value))
      served_model_ = model->value;
  if (known.ends_with("_bucket")) {
    const auto bound = bound_of(labels);
    if (!bound) return;
    auto& buckets = families_[known].buckets;
    if (const auto place = buckets.find(*bound); place != buckets.end())
      place->second += value;
    else if (buckets.size() < buckets_max)
      buckets.emplace(*bound, value);
    return;
  }
  // The sum over sources stands beside its parts in some releases.
  if (const MetricLabel* source = find(labels, "cache_source"); source != nullptr && source->value == "total") return;
  auto& parts = families_[known].parts;
  const std::uint64_t identity = identity_of(labels);
  const auto place = parts.find(identity);
  if (place != parts.end()) {
    place->second.value = std::max(place->second.value, value);
  } else if (parts.size() < series_max) {
    const MetricLabel* priority = find(labels, "priority");
    parts.emplace(identity, Part{value, priority != nullptr && !priority->value.empty()});
  }
}

std::optional<Figures> FigureReader::finish(Engine expected) const {
  Figures figures{.engine = expected, .served_model = served_model_};
  if (FigureSet(families_, expected).is_empty()) {
    figures.engine = expected == Engine::vllm ? Engine::sglang : Engine::vllm;
    if (FigureSet(families_, figures.engine).is_empty()) return std::nullopt;
  }
  const FigureSet set(families_, figures.engine);
  figures.requests_running = set.sum(running);
  figures.requests_waiting = set.sum(waiting);
  if (const auto usage = set.mean(kv_cache_usage)) figures.kv_cache_usage = std::min(*usage, 1.0);
  const auto put = [&](Counter counter, std::optional<double> value) { figures.counters[static_cast<std::size_t>(counter)] = value; };
  put(Counter::prompt_tokens, set.sum(prompt_tokens));
  put(Counter::generation_tokens, set.sum(generation_tokens));
  put(Counter::requests, set.sum(requests));
  put(Counter::preemptions, set.sum(preemptions));
  put(Counter::prefix_hits, set.sum(prefix_hits));
  // SGLang counts the tokens it found; all it looked for are those of the prompts.
  put(Counter::prefix_queries, set.sum(figures.engine == Engine::sglang ? prompt_tokens : prefix_queries));
  figures.time_to_first_token = set.histogram(time_to_first_token);
  figures.inter_token_latency = set.histogram(inter_token_latency);
  if (const auto started = families_.find(process_start); started != families_.end())
    for (const auto& [labels, part] : started->second.parts)
      figures.process_started_at = std::max(figures.process_started_at.value_or(0), part.value);
  return figures;
}

}  // namespace reeve::serving
