#include "adapters/serving_scraper/exposition_figures.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

using serving::Counter;
using serving::Engine;

TEST(ExpositionFigures, a_page_of_vllm_is_read) {
  const auto figures = figures_from_exposition(
      "# HELP vllm:num_requests_running Number of requests in model execution batches.\n"
      "# TYPE vllm:num_requests_running gauge\n"
      "vllm:num_requests_running{engine=\"0\",model_name=\"a \\\"b\\\\c\"} 3.0\n"
      "this line is broken\n"
      "vllm:prompt_tokens_total{engine=\"0\",model_name=\"x\"} 1.7e+03\r\n"
      "vllm:prompt_tokens_created{engine=\"0\",model_name=\"x\"} 1.7e+09\n"
      "vllm:time_to_first_token_seconds_bucket{engine=\"0\",le=\"0.001\",model_name=\"x\"} 1.0\n"
      "vllm:time_to_first_token_seconds_bucket{engine=\"0\",le=\"+Inf\",model_name=\"x\"} 2.0\n"
      "vllm:time_to_first_token_seconds_sum{engine=\"0\",model_name=\"x\"} 0.5",
      Engine::vllm);
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->served_model, "a \"b\\c");
  EXPECT_EQ(figures->requests_running, 3);
  EXPECT_EQ(figures->counter(Counter::prompt_tokens), 1700);
  EXPECT_EQ(serving::total_count(figures->time_to_first_token), 2);
}

TEST(ExpositionFigures, what_is_no_engine_has_none) {
  EXPECT_FALSE(figures_from_exposition("", Engine::vllm));
  EXPECT_FALSE(figures_from_exposition("go_goroutines 7\n", Engine::vllm));
  EXPECT_FALSE(figures_from_exposition("<html>", Engine::sglang));
}

}  // namespace
}  // namespace reeve
