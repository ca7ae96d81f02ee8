#include "domain/serving/engine_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace reeve::serving {
namespace {

struct Row {
  std::string name;
  std::vector<MetricLabel> labels;
  double value;
};

std::optional<Figures> read(const std::vector<Row>& rows, Engine expected = Engine::vllm) {
  FigureReader reader;
  for (const Row& row : rows) reader.add(row.name, row.labels, row.value);
  return reader.finish(expected);
}

std::optional<double> of(const std::optional<Figures>& figures, Counter counter) { return figures->counter(counter); }

TEST(EngineMetrics, of_vllm_all_is_summed_over_engines_and_reasons) {
  const auto figures = read({{"vllm:num_requests_running", {{"engine", "0"}, {"model_name", "org/m"}}, 3},
                             {"vllm:num_requests_running", {{"engine", "1"}, {"model_name", "org/m"}}, 4},
                             {"vllm:num_requests_waiting", {{"engine", "0"}}, 2},
                             {"vllm:kv_cache_usage_perc", {{"engine", "0"}}, 0.25},
                             {"vllm:kv_cache_usage_perc", {{"engine", "1"}}, 0.75},
                             {"vllm:prompt_tokens_total", {{"engine", "0"}}, 100},
                             {"vllm:prompt_tokens_total", {{"engine", "1"}}, 50},
                             {"vllm:generation_tokens_total", {}, 9},
                             {"vllm:request_success_total", {{"finished_reason", "stop"}}, 5},
                             {"vllm:request_success_total", {{"finished_reason", "length"}}, 1},
                             {"vllm:num_preemptions_total", {}, 0},
                             {"vllm:prefix_cache_queries_total", {}, 80},
                             {"vllm:prefix_cache_hits_total", {}, 20},
                             {"process_start_time_seconds", {}, 1.7e9}});
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->served_model, "org/m");
  EXPECT_EQ(figures->requests_running, 7);
  EXPECT_EQ(figures->requests_waiting, 2);
  EXPECT_EQ(figures->kv_cache_usage, 0.5);
  EXPECT_EQ(of(figures, Counter::prompt_tokens), 150);
  EXPECT_EQ(of(figures, Counter::generation_tokens), 9);
  EXPECT_EQ(of(figures, Counter::requests), 6);
  EXPECT_EQ(of(figures, Counter::preemptions), 0);
  EXPECT_EQ(of(figures, Counter::prefix_queries), 80);
  EXPECT_EQ(of(figures, Counter::prefix_hits), 20);
  EXPECT_EQ(figures->process_started_at, 1.7e9);
}

TEST(EngineMetrics, names_are_matched_whole) {
  const auto figures = read({{"vllm:num_requests_waiting", {}, 3},
                             {"vllm:num_requests_waiting_by_reason", {{"reason", "capacity"}}, 2},
                             {"vllm:prompt_tokens_cached_total", {}, 7},
                             {"vllm:prompt_tokens_by_source_total", {}, 8},
                             {"vllm:request_prompt_tokens_sum", {}, 9},
                             {"vllm:iteration_tokens_total_count", {}, 9}});
  EXPECT_EQ(figures->requests_waiting, 3);
  EXPECT_EQ(of(figures, Counter::prompt_tokens), std::nullopt);
  EXPECT_FALSE(FigureReader::is_known("vllm:num_requests_waiting_by_reason"));
  EXPECT_FALSE(FigureReader::is_known("vllm:num_requests_waitin"));
}

TEST(EngineMetrics, older_names_count_where_the_newer_are_not_there) {
  const std::vector<Row> old{{"vllm:gpu_cache_usage_perc", {}, 0.5},
                             {"vllm:gpu_prefix_cache_queries_total", {}, 10},
                             {"vllm:gpu_prefix_cache_hits_total", {}, 4},
                             {"vllm:time_per_output_token_seconds_bucket", {{"le", "0.1"}}, 3},
                             {"vllm:time_per_output_token_seconds_bucket", {{"le", "+Inf"}}, 3}};
  const auto older = read(old);
  EXPECT_EQ(older->kv_cache_usage, 0.5);
  EXPECT_EQ(of(older, Counter::prefix_hits), 4);
  EXPECT_EQ(total_count(older->inter_token_latency), 3);
  std::vector<Row> both = old;
  both.push_back({"vllm:kv_cache_usage_perc", {}, 0.75});
  both.push_back({"vllm:inter_token_latency_seconds_bucket", {{"le", "+Inf"}}, 8});
  EXPECT_EQ(read(both)->kv_cache_usage, 0.75) << "a release that tells both tells the same twice";
  EXPECT_EQ(total_count(read(both)->inter_token_latency), 8);
}

TEST(EngineMetrics, of_sglang_streams_and_ranks_that_divide_are_summed_and_ranks_that_repeat_are_not) {
  const auto figures = read({{"sglang:num_running_reqs", {{"model_name", "q"}, {"tp_rank", "0"}, {"dp_rank", "0"}}, 3},
                             {"sglang:num_running_reqs", {{"model_name", "q"}, {"tp_rank", "1"}, {"dp_rank", "0"}}, 3},
                             {"sglang:num_running_reqs", {{"tp_rank", "2"}, {"model_name", "q"}, {"dp_rank", "1"}}, 5},
                             {"sglang:num_queue_reqs", {{"priority", ""}}, 6},
                             {"sglang:num_queue_reqs", {{"priority", "1"}}, 2},
                             {"sglang:num_queue_reqs", {{"priority", "2"}}, 4},
                             {"sglang:token_usage", {}, 0.5},
                             {"sglang:full_token_usage", {}, 0.9},
                             {"sglang:utilization", {}, 0},
                             {"sglang:prompt_tokens_total", {{"is_streaming", "true"}}, 100},
                             {"sglang:prompt_tokens_total", {{"is_streaming", "false"}}, 20},
                             {"sglang:cached_tokens_total", {{"cache_source", "device"}}, 30},
                             {"sglang:cached_tokens_total", {{"cache_source", "host"}}, 6},
                             {"sglang:cached_tokens_total", {{"cache_source", "total"}}, 36},
                             {"sglang:cache_hit_rate", {}, 0.01},
                             {"sglang:num_requests_total", {}, 8},
                             {"sglang:num_aborted_requests_total", {}, 1},
                             {"sglang:num_retracted_reqs", {}, 4},
                             {"sglang:num_retracted_requests_total", {}, 2}},
                            Engine::sglang);
  EXPECT_EQ(figures->requests_running, 8);
  EXPECT_EQ(figures->requests_waiting, 6);
  EXPECT_EQ(figures->kv_cache_usage, 0.5);
  EXPECT_EQ(of(figures, Counter::prompt_tokens), 120);
  EXPECT_EQ(of(figures, Counter::prefix_queries), 120);
  EXPECT_EQ(of(figures, Counter::prefix_hits), 36);
  EXPECT_EQ(of(figures, Counter::requests), 8);
  EXPECT_EQ(of(figures, Counter::preemptions), 2);
  EXPECT_EQ(of(figures, Counter::generation_tokens), std::nullopt) << "not told is not 0";
}

TEST(EngineMetrics, priorities_without_a_sum_are_summed) {
  EXPECT_EQ(read({{"sglang:num_queue_reqs", {{"priority", "1"}}, 2}, {"sglang:num_queue_reqs", {{"priority", "2"}}, 4}}, Engine::sglang)
                ->requests_waiting,
            6);
}

TEST(EngineMetrics, the_engine_that_answers_counts_when_it_is_not_the_one_expected) {
  const std::vector<Row> rows{{"sglang:num_running_reqs", {}, 1}};
  EXPECT_EQ(read(rows, Engine::vllm)->engine, Engine::sglang);
  EXPECT_EQ(read({{"sglang:num_running_reqs", {}, 1}, {"vllm:num_requests_running", {}, 2}}, Engine::vllm)->requests_running, 2);
  EXPECT_FALSE(read({{"process_start_time_seconds", {}, 1}, {"go_goroutines", {}, 1}}));
  EXPECT_FALSE(read({}));
}

TEST(EngineMetrics, values_that_cannot_be_are_left_out) {
  const double nan = std::nan("");
  EXPECT_FALSE(read({{"vllm:num_requests_running", {}, nan},
                     {"vllm:num_requests_waiting", {}, -1},
                     {"vllm:prompt_tokens_total", {}, HUGE_VAL},
                     {"vllm:generation_tokens_total", {}, 1e300}}));
  const auto figures = read({{"vllm:kv_cache_usage_perc", {{"model_name", "a\nb"}}, 1.5}});
  EXPECT_EQ(figures->kv_cache_usage, 1);
  EXPECT_EQ(figures->served_model, "") << "no name";
}

TEST(EngineMetrics, histograms_are_summed_bound_by_bound) {
  const auto figures = read({{"vllm:time_to_first_token_seconds_bucket", {{"le", "+Inf"}, {"engine", "0"}}, 4},
                             {"vllm:time_to_first_token_seconds_bucket", {{"le", "0.5"}, {"engine", "0"}}, 3},
                             {"vllm:time_to_first_token_seconds_bucket", {{"le", "0.5"}, {"engine", "1"}}, 2},
                             {"vllm:time_to_first_token_seconds_bucket", {{"le", "+Inf"}, {"engine", "1"}}, 2},
                             {"vllm:time_to_first_token_seconds_bucket", {{"le", "many"}}, 2},
                             {"vllm:inter_token_latency_seconds_bucket", {{"le", "1"}}, 2}});
  EXPECT_EQ(figures->time_to_first_token, (Histogram{{0.5, 5}, {std::numeric_limits<double>::infinity(), 6}}));
  EXPECT_TRUE(figures->inter_token_latency.empty()) << "without the last bucket it is none";
}

TEST(EngineMetrics, nobody_can_make_us_keep_any_number_of_series) {
  FigureReader reader;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = std::to_string(i);
    const std::vector<MetricLabel> labels{{"x", text}, {"le", text}};
    reader.add("vllm:num_requests_running", labels, 1);
    reader.add("vllm:time_to_first_token_seconds_bucket", labels, 1);
  }
  EXPECT_EQ(reader.finish(Engine::vllm)->requests_running, static_cast<double>(FigureReader::series_max));
}

}  // namespace
}  // namespace reeve::serving
