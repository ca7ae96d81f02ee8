#pragma once
// From looks at engines to rates, latencies and totals.

#include <optional>

#include "base/time.h"
#include "domain/metrics/metric_values.h"
#include "domain/serving/engine_metrics.h"

namespace reeve::serving {

// What came in between two looks at one server.
struct Gain {
  Milliseconds elapsed{};
  Counters counters{};
  Histogram time_to_first_token{};
  Histogram inter_token_latency{};
};

// Follows one server over restarts of its engine.
class Meter {
 public:
  // `at` is the time of the look. An engine has restarted when any counter fell or its process is a newer one: then all of
  // them have grown from 0. Totals never fall. A look that is not later than the one before gives no rates.
  void look(Timestamp at, const Figures& figures);

  const Values& values() const { return values_; }
  // Absent: there was one look only, or it was not later.
  const std::optional<Gain>& gain() const { return gain_; }

 private:
  bool has_restarted(const Figures& figures) const;
  void count(const Figures& figures, Gain& gain);

  std::optional<Timestamp> looked_at_{};
  std::optional<double> process_started_at_{};
  Counters last_{};    // as last told; kept where a look leaves one out
  Counters totals_{};  // over all lives of the engine
  Histogram last_time_to_first_token_{};
  Histogram last_inter_token_latency_{};
  Values values_{};
  std::optional<Gain> gain_{};
};

// Many servers as one: of one model, or of one engine. Gauges and rates add up, the use of caches is a mean; latencies are
// of all observations together. Totals count what was gained while this was asked; they do not fall when a server goes.
class Together {
 public:
  void begin_round();
  // `gain`: of this round; nullptr when the server's values are kept from an earlier one.
  void add(const Values& values, const Gain* gain);
  // Of the round so far.
  Values values() const;
  std::size_t servers() const { return servers_; }

 private:
  std::size_t servers_ = 0;
  Values sum_{};
  double kv_cache_usage_ = 0;
  std::size_t with_kv_cache_ = 0;
  double prefix_queries_ = 0;
  double prefix_hits_ = 0;
  Counters totals_{};
  Histogram time_to_first_token_{};
  Histogram inter_token_latency_{};
};

// As rows of the metric table.
MetricValues metric_values(const Values& values);

}  // namespace reeve::serving
