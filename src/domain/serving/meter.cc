#include "domain/serving/meter.h"

#include <algorithm>

namespace reeve::serving {
namespace {

constexpr double half = 0.5;
constexpr double most = 0.95;
constexpr double same_process_seconds = 1;  // its start is computed anew each time it is told

using OptionalNumber = std::optional<double>;

const OptionalNumber& at(const Counters& counters, Counter which) { return counters[static_cast<std::size_t>(which)]; }

void add(OptionalNumber& sum, const OptionalNumber& more) {
  if (more) sum = sum.value_or(0) + *more;
}

OptionalNumber per_second(const OptionalNumber& gained, Milliseconds elapsed) {
  return gained ? OptionalNumber(*gained * 1000.0 / static_cast<double>(elapsed.count())) : std::nullopt;
}

OptionalNumber share(double part, double whole) { return whole > 0 ? OptionalNumber(std::min(part / whole, 1.0)) : std::nullopt; }

void put_latencies(Values& values, const Histogram& first_token, const Histogram& next_token) {
  values.time_to_first_token_p50 = quantile(first_token, half);
  values.time_to_first_token_p95 = quantile(first_token, most);
  values.inter_token_latency_p50 = quantile(next_token, half);
  values.inter_token_latency_p95 = quantile(next_token, most);
}

void put_totals(Values& values, const Counters& totals) {
  values.prompt_tokens_total = at(totals, Counter::prompt_tokens);
  values.generation_tokens_total = at(totals, Counter::generation_tokens);
  values.requests_total = at(totals, Counter::requests);
  values.preemptions_total = at(totals, Counter::preemptions);
}

}  // namespace

bool Meter::has_restarted(const Figures& figures) const {
  if (process_started_at_ && figures.process_started_at && *figures.process_started_at > *process_started_at_ + same_process_seconds)
    return true;
  for (std::size_t i = 0; i < counter_count; ++i)
    if (last_[i] && figures.counters[i] && *figures.counters[i] < *last_[i]) return true;
  const auto fell = [](const Histogram& now, const Histogram& before) { return !now.empty() && total_count(now) < total_count(before); };
  return fell(figures.time_to_first_token, last_time_to_first_token_) || fell(figures.inter_token_latency, last_inter_token_latency_);
}

void Meter::count(const Figures& figures, Gain& gain) {
  for (std::size_t i = 0; i < counter_count; ++i) {
    if (!figures.counters[i]) continue;
    gain.counters[i] = *figures.counters[i] - last_[i].value_or(0);
    add(totals_[i], gain.counters[i]);
    last_[i] = figures.counters[i];
  }
  const auto observe = [](const Histogram& now, Histogram& last, Histogram& gained) {
    if (now.empty()) return;
    if (auto observed = difference(now, last)) gained = std::move(*observed);
    last = now;
  };
  observe(figures.time_to_first_token, last_time_to_first_token_, gain.time_to_first_token);
  observe(figures.inter_token_latency, last_inter_token_latency_, gain.inter_token_latency);
}

void Meter::look(Timestamp at_time, const Figures& figures) {
  if (has_restarted(figures)) {
    last_ = {};
    last_time_to_first_token_.clear();
    last_inter_token_latency_.clear();
  }
  Gain gain;
  if (looked_at_) gain.elapsed = at_time - *looked_at_;
  count(figures, gain);
  values_ = {
      .requests_running = figures.requests_running, .requests_waiting = figures.requests_waiting, .kv_cache_usage = figures.kv_cache_usage};
  put_totals(values_, totals_);
  gain_.reset();
  if (gain.elapsed > Milliseconds(0)) {
    values_.prompt_tokens_per_second = per_second(at(gain.counters, Counter::prompt_tokens), gain.elapsed);
    values_.generation_tokens_per_second = per_second(at(gain.counters, Counter::generation_tokens), gain.elapsed);
    if (const auto& hits = at(gain.counters, Counter::prefix_hits))
      values_.prefix_cache_hit_ratio = share(*hits, at(gain.counters, Counter::prefix_queries).value_or(0));
    put_latencies(values_, gain.time_to_first_token, gain.inter_token_latency);
    gain_ = std::move(gain);
  }
  looked_at_ = at_time;
  if (figures.process_started_at) process_started_at_ = figures.process_started_at;
}

void Together::begin_round() {
  servers_ = 0;
  sum_ = {};
  kv_cache_usage_ = 0;
  with_kv_cache_ = 0;
  prefix_queries_ = 0;
  prefix_hits_ = 0;
  time_to_first_token_.clear();
  inter_token_latency_.clear();
}

void Together::add(const Values& values, const Gain* gain) {
  ++servers_;
  serving::add(sum_.requests_running, values.requests_running);
  serving::add(sum_.requests_waiting, values.requests_waiting);
  serving::add(sum_.prompt_tokens_per_second, values.prompt_tokens_per_second);
  serving::add(sum_.generation_tokens_per_second, values.generation_tokens_per_second);
  if (values.kv_cache_usage) kv_cache_usage_ += *values.kv_cache_usage, ++with_kv_cache_;
  if (gain == nullptr) return;
  for (std::size_t i = 0; i < counter_count; ++i) serving::add(totals_[i], gain->counters[i]);
  if (const auto& hits = at(gain->counters, Counter::prefix_hits)) {
    prefix_hits_ += *hits;
    prefix_queries_ += at(gain->counters, Counter::prefix_queries).value_or(0);
  }
  add_to(time_to_first_token_, gain->time_to_first_token);
  add_to(inter_token_latency_, gain->inter_token_latency);
}

Values Together::values() const {
  Values values = sum_;
  if (with_kv_cache_ > 0) values.kv_cache_usage = kv_cache_usage_ / static_cast<double>(with_kv_cache_);
  values.prefix_cache_hit_ratio = share(prefix_hits_, prefix_queries_);
  put_totals(values, totals_);
  put_latencies(values, time_to_first_token_, inter_token_latency_);
  return values;
}

MetricValues metric_values(const Values& values) {
  MetricValues made;
  made.set(Metric::requests_running, values.requests_running);
  made.set(Metric::requests_waiting, values.requests_waiting);
  made.set(Metric::prompt_tokens, values.prompt_tokens_total);
  made.set(Metric::generation_tokens, values.generation_tokens_total);
  made.set(Metric::requests, values.requests_total);
  made.set(Metric::preemptions, values.preemptions_total);
  made.set(Metric::prompt_token_rate, values.prompt_tokens_per_second);
  made.set(Metric::generation_token_rate, values.generation_tokens_per_second);
  made.set(Metric::kv_cache_usage, values.kv_cache_usage);
  made.set(Metric::prefix_cache_hits, values.prefix_cache_hit_ratio);
  made.set(Metric::time_to_first_token_p50, values.time_to_first_token_p50);
  made.set(Metric::time_to_first_token_p95, values.time_to_first_token_p95);
  made.set(Metric::inter_token_latency_p50, values.inter_token_latency_p50);
  made.set(Metric::inter_token_latency_p95, values.inter_token_latency_p95);
  return made;
}

}  // namespace reeve::serving
