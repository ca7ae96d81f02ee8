#include "domain/serving/meter.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace reeve::serving {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Timestamp at(int seconds) { return Timestamp(Milliseconds(seconds * 1000)); }

Figures figures(double prompt, double generated, Histogram first_token = {}) {
  Figures made{.requests_running = 2, .time_to_first_token = std::move(first_token)};
  made.counters[static_cast<std::size_t>(Counter::prompt_tokens)] = prompt;
  made.counters[static_cast<std::size_t>(Counter::generation_tokens)] = generated;
  return made;
}

TEST(Meter, rates_need_two_looks) {
  Meter meter;
  meter.look(at(0), figures(1000, 100));
  EXPECT_EQ(meter.values().prompt_tokens_total, 1000);
  EXPECT_EQ(meter.values().prompt_tokens_per_second, std::nullopt);
  EXPECT_EQ(meter.values().requests_total, std::nullopt);
  EXPECT_FALSE(meter.gain());
  meter.look(at(30), figures(1600, 130));
  EXPECT_EQ(meter.values().prompt_tokens_total, 1600);
  EXPECT_EQ(meter.values().prompt_tokens_per_second, 20);
  EXPECT_EQ(meter.values().generation_tokens_per_second, 1);
  EXPECT_EQ(meter.values().requests_running, 2);
}

TEST(Meter, an_engine_that_begins_anew_counts_on) {
  Meter meter;
  meter.look(at(0), figures(1000, 100));
  meter.look(at(30), figures(5, 130));
  EXPECT_EQ(meter.values().prompt_tokens_total, 1005);
  EXPECT_EQ(meter.values().generation_tokens_total, 230) << "no counter of before says anything";
  EXPECT_DOUBLE_EQ(*meter.values().prompt_tokens_per_second, 5.0 / 30);
}

TEST(Meter, a_newer_process_is_a_new_engine_even_when_it_has_counted_more) {
  Meter meter;
  Figures one = figures(10, 1);
  one.process_started_at = 1000;
  meter.look(at(0), one);
  Figures two = figures(15, 2);
  two.process_started_at = 1000.4;
  meter.look(at(30), two);
  EXPECT_EQ(meter.values().prompt_tokens_total, 15);
  two.process_started_at = 1040;
  meter.look(at(60), two);
  EXPECT_EQ(meter.values().prompt_tokens_total, 30);
}

TEST(Meter, a_counter_that_is_left_out_once_is_not_counted_twice) {
  Meter meter;
  meter.look(at(0), figures(1000, 100));
  meter.look(at(30), Figures{});
  EXPECT_EQ(meter.values().prompt_tokens_total, 1000);
  EXPECT_EQ(meter.values().prompt_tokens_per_second, std::nullopt);
  meter.look(at(60), figures(1030, 100));
  EXPECT_EQ(meter.values().prompt_tokens_total, 1030);
}

TEST(Meter, a_counter_that_appears_with_the_first_request_began_at_0) {
  Meter meter;
  meter.look(at(0), Figures{});
  EXPECT_EQ(meter.values().prompt_tokens_total, std::nullopt);
  meter.look(at(10), figures(50, 5));
  EXPECT_EQ(meter.values().prompt_tokens_per_second, 5);
}

TEST(Meter, latencies_are_of_what_came_between_the_looks) {
  Meter meter;
  meter.look(at(0), figures(0, 0, {{0.1, 1000}, {0.2, 1000}, {0.4, 1000}, {inf, 1000}}));
  EXPECT_EQ(meter.values().time_to_first_token_p50, std::nullopt);
  meter.look(at(30), figures(0, 0, {{0.1, 1000}, {0.2, 1010}, {0.4, 1020}, {inf, 1020}}));
  EXPECT_DOUBLE_EQ(*meter.values().time_to_first_token_p50, 0.2);
  EXPECT_DOUBLE_EQ(*meter.values().time_to_first_token_p95, 0.38);
  meter.look(at(60), figures(0, 0, {{0.1, 1000}, {0.2, 1010}, {0.4, 1020}, {inf, 1020}}));
  EXPECT_EQ(meter.values().time_to_first_token_p50, std::nullopt) << "nobody asked";
  meter.look(at(90), figures(0, 0, {{0.1, 10}, {0.2, 10}, {0.4, 10}, {inf, 10}}));
  EXPECT_DOUBLE_EQ(*meter.values().time_to_first_token_p50, 0.05) << "after a restart all are new";
  meter.look(at(120), figures(0, 0, {{0.3, 20}, {inf, 20}}));
  EXPECT_EQ(meter.values().time_to_first_token_p50, std::nullopt) << "other bounds";
  meter.look(at(150), figures(0, 0, {{0.3, 30}, {inf, 30}}));
  EXPECT_DOUBLE_EQ(*meter.values().time_to_first_token_p50, 0.15);
}

TEST(Meter, the_prefix_cache_is_judged_by_what_came_between_the_looks) {
  const auto with = [](double queries, double hits) {
    Figures made;
    made.counters[static_cast<std::size_t>(Counter::prefix_queries)] = queries;
    made.counters[static_cast<std::size_t>(Counter::prefix_hits)] = hits;
    return made;
  };
  Meter meter;
  meter.look(at(0), with(1000, 0));
  EXPECT_EQ(meter.values().prefix_cache_hit_ratio, std::nullopt);
  meter.look(at(30), with(1100, 75));
  EXPECT_EQ(meter.values().prefix_cache_hit_ratio, 0.75);
  meter.look(at(60), with(1100, 75));
  EXPECT_EQ(meter.values().prefix_cache_hit_ratio, std::nullopt);
}

TEST(Meter, a_clock_that_stands_or_goes_back_gives_no_rates) {
  Meter meter;
  meter.look(at(60), figures(10, 1));
  for (const int then : {60, 30}) {
    meter.look(at(then), figures(20, 2));
    EXPECT_EQ(meter.values().prompt_tokens_per_second, std::nullopt);
    EXPECT_EQ(meter.values().prompt_tokens_total, 20);
  }
  meter.look(at(70), figures(60, 3));
  EXPECT_EQ(meter.values().prompt_tokens_per_second, 1);
}

// Any course of an engine: it works, restarts at any time, leaves counters out, is looked at after any time.
TEST(Meter, totals_never_fall_and_rate_times_time_is_what_they_grew) {
  std::mt19937 dice(7);
  const auto upto = [&](int most) { return std::uniform_int_distribution<int>(0, most)(dice); };
  for (int life = 0; life < 200; ++life) {
    Meter meter;
    double counter = upto(1000);
    double worked_in_sight = counter;
    int now = 0;
    meter.look(at(now), figures(counter, counter));
    for (int i = 0; i < 50; ++i) {
      const Values before = meter.values();
      if (upto(9) == 0) {
        const double begun = upto(50);
        if (begun >= counter) continue;  // such a restart cannot be seen in counters
        counter = begun;
        worked_in_sight += counter;
      } else {
        const int work = upto(500);
        counter += work;
        worked_in_sight += work;
      }
      const int elapsed = upto(60) + 1;
      now += elapsed;
      meter.look(at(now), figures(counter, counter));
      const Values& after = meter.values();
      ASSERT_GE(*after.prompt_tokens_total, *before.prompt_tokens_total);
      ASSERT_EQ(*after.prompt_tokens_total, worked_in_sight);
      ASSERT_NEAR(*after.prompt_tokens_per_second * elapsed, *after.prompt_tokens_total - *before.prompt_tokens_total, 1e-9);
    }
  }
}

TEST(Together, servers_add_up_and_latencies_are_of_all_requests) {
  Meter a;
  Meter b;
  a.look(at(0), figures(100, 0, {{0.1, 0}, {1, 0}, {inf, 0}}));
  b.look(at(0), figures(200, 0, {{0.1, 0}, {1, 0}, {inf, 0}}));
  a.look(at(10), figures(200, 0, {{0.1, 30}, {1, 30}, {inf, 30}}));
  b.look(at(10), figures(250, 0, {{0.1, 0}, {1, 10}, {inf, 10}}));
  Together together;
  together.begin_round();
  together.add(a.values(), &*a.gain());
  together.add(b.values(), &*b.gain());
  const Values sum = together.values();
  EXPECT_EQ(together.servers(), 2u);
  EXPECT_EQ(sum.requests_running, 4);
  EXPECT_EQ(sum.prompt_tokens_per_second, 15);
  EXPECT_EQ(sum.prompt_tokens_total, 150) << "of what was gained in sight";
  EXPECT_DOUBLE_EQ(*sum.time_to_first_token_p50, 0.1 * 20 / 30);
  EXPECT_DOUBLE_EQ(*sum.time_to_first_token_p95, 0.1 + 0.9 * 8 / 10);
  EXPECT_EQ(sum.kv_cache_usage, std::nullopt);
}

TEST(Together, totals_stay_when_a_server_goes_and_kept_values_count_once) {
  Meter a;
  a.look(at(0), figures(100, 0));
  a.look(at(10), figures(150, 0));
  Together together;
  together.begin_round();
  together.add(a.values(), &*a.gain());
  together.begin_round();
  together.add(a.values(), nullptr);
  EXPECT_EQ(together.values().prompt_tokens_total, 50);
  EXPECT_EQ(together.values().prompt_tokens_per_second, 5);
  together.begin_round();
  EXPECT_EQ(together.values().prompt_tokens_total, 50);
  EXPECT_EQ(together.values().prompt_tokens_per_second, std::nullopt);
}

TEST(Together, the_use_of_caches_is_a_mean) {
  Together together;
  together.begin_round();
  together.add({.kv_cache_usage = 0.2}, nullptr);
  together.add({.kv_cache_usage = 0.6}, nullptr);
  together.add({}, nullptr);
  EXPECT_DOUBLE_EQ(*together.values().kv_cache_usage, 0.4);
}

TEST(MetricValues, every_value_of_a_server_has_its_metric) {
  const Values all{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
  const MetricValues made = metric_values(all);
  EXPECT_EQ(made.present().count(), 14u);
  for (const MetricInfo& row : metric_table) EXPECT_EQ(made.has(row.metric), row.scope == MetricScope::serving) << row.name;
  EXPECT_EQ(made.get(Metric::preemptions), 6);
  EXPECT_EQ(made.get(Metric::inter_token_latency_p95), 14);
  EXPECT_TRUE(metric_values({}).empty());
}

}  // namespace
}  // namespace reeve::serving
