#include <gtest/gtest.h>

#include "delivery/openmetrics/metrics_route.h"
#include "testing/fake_clock.h"
#include "testing/fake_views.h"
#include "testing/http_probe.h"
#include "testing/kept_fleet.h"
#include "testing/small_cluster.h"

namespace reeve::openmetrics {
namespace {

class OneTarget final : public CollectStatus {
 public:
  std::vector<TargetStatus> targets() const override {
    return {{.target = {.url = "http://a:9400"}, .node = NodeName{"gpu-a"}, .last_attempt = Timestamp(), .duration = Milliseconds(5)},
            {.target = {.url = "http://b:9400"}, .last_attempt = Timestamp(), .last_error = "cannot connect"},
            {.target = {.url = "http://c:9400"}}};
  }
  std::optional<RoundStatus> last_round() const override { return RoundStatus{Timestamp(), Milliseconds(1500), 3, 1}; }
};

class OwnMetrics : public ::testing::Test {
 protected:
  std::string scrape(const std::string& accept = "") {
    const auto response = probe(metrics_route(source_).handle, "GET", "/metrics", "", {{"Accept", accept}});
    EXPECT_EQ(response.status, 200);
    return body_of(response);
  }
  bool shows(const std::string& line) { return ("\n" + scrape()).find("\n" + line) != std::string::npos; }

  FakeClock clock_;
  KeptFleet keeper_{small_cluster(clock_.now())};
  OneTarget collect_;
  SelfMetrics self_;
  MetricsSource source_{
      keeper_, clock_, collect_, self_, Milliseconds(90'000), "1.2.3", [](std::move_only_function<void()> work) { return work(), true; }};
};

TEST_F(OwnMetrics, the_boards_of_the_old_system_find_their_series) {
  EXPECT_TRUE(shows(R"(gpu_device_info{node="gpu-a",model="H100_80GB",device_id="gpu-a-GPU-00",status="ACTIVE",)"));
  EXPECT_TRUE(shows(R"(gpu_device_info{node="gpu-b",model="Prototype X",device_id="gpu-b-GPU-01",status="ACTIVE",)"));
  EXPECT_TRUE(shows(R"(gpu_utilization_percent{node="gpu-a",model="H100_80GB",device_id="gpu-a-GPU-00"} 72)"));
  EXPECT_TRUE(shows(R"(gpu_temperature_celsius{node="gpu-b",model="RTX4090",device_id="gpu-b-GPU-00"} 91)"));
  EXPECT_TRUE(shows(R"(gpu_power_draw_watts{node="gpu-a",model="H100_80GB",device_id="gpu-a-GPU-00"} 289.5)"));
  EXPECT_TRUE(
      shows(R"(mig_memory_utilization_percent{node="gpu-a",device_id="gpu-a-GPU-01",mig_id="gpu-a-GPU-01-MIG-07",profile="1g.10gb"} 25)"));
  EXPECT_NE(scrape().find(R"(mig_id="gpu-a-GPU-01-MIG-09",profile="3g.40gb",status="ACTIVE",allocated="false"} 1)"), std::string::npos);
  EXPECT_NE(scrape().find("gpu_allocation_cost_per_hour{allocation_id=\"ALLOC-0000000A\",namespace=\"model-serving\",team_id=\"ml\""),
            std::string::npos);
  EXPECT_NE(scrape().find("resource=\"gpu-a-GPU-00\"} 20\n"), std::string::npos) << "2.5 hours at 8 dollars";
}

TEST_F(OwnMetrics, what_nobody_measured_has_no_sample) {
  const std::string text = scrape();
  EXPECT_EQ(text.find("gpu_utilization_percent{node=\"gpu-a\",model=\"H100_80GB\",device_id=\"gpu-a-GPU-01\""), std::string::npos);
  EXPECT_EQ(text.find("\nmig_utilization_percent{"), std::string::npos);
  EXPECT_EQ(text.find("\ngpu_memory_utilization_percent{"), std::string::npos);
}

TEST_F(OwnMetrics, old_values_are_left_out) {
  clock_.advance(std::chrono::minutes(5));
  EXPECT_EQ(scrape().find("\ngpu_utilization_percent{"), std::string::npos);
  EXPECT_NE(scrape().find("\ngpu_device_info{"), std::string::npos);
}

TEST_F(OwnMetrics, collection_and_requests_are_counted) {
  const auto routes = self_.metered({{"GET", "/x", http::immediate([](const http::Request&) { return http::Response{.status = 204}; })},
                                     {"GET", "/drop", [](const http::Request&, const std::shared_ptr<http::Responder>&) {}}});
  probe(routes[0].handle, "GET", "/x");
  probe(routes[0].handle, "GET", "/x");
  probe(routes[1].handle, "GET", "/drop");
  EXPECT_TRUE(shows(R"(reeve_http_requests_total{method="GET",route="/x",status="204"} 2)"));
  EXPECT_TRUE(shows(R"(reeve_http_requests_total{method="GET",route="/drop",status="500"} 1)"));
  EXPECT_TRUE(shows(R"(reeve_http_request_duration_seconds_count{method="GET",route="/x"} 2)"));
  EXPECT_TRUE(shows(R"(reeve_http_request_duration_seconds_bucket{method="GET",route="/x",le="+Inf"} 2)"));
  EXPECT_TRUE(shows(R"(reeve_target_up{url="http://a:9400",node="gpu-a",kind="reeve-agent"} 1)"));
  EXPECT_TRUE(shows(R"(reeve_target_up{url="http://b:9400",node="",kind="reeve-agent"} 0)"));
  EXPECT_EQ(scrape().find("http://c:9400"), std::string::npos) << "never asked is not down";
  EXPECT_TRUE(shows("reeve_collect_round_duration_seconds 1.5"));
  EXPECT_TRUE(shows("reeve_build_info{version=\"1.2.3\"} 1"));
}

TEST_F(OwnMetrics, servers_of_models_are_told_each_and_together) {
  FakeServingView serving;
  source_.serving = &serving;
  EXPECT_TRUE(shows("reeve_serving_servers 0"));
  EXPECT_EQ(scrape().find("reeve_serving_up"), std::string::npos);
  const serving::Values values{
      .requests_running = 3, .generation_tokens_total = 5000, .generation_tokens_per_second = 12.5, .kv_cache_usage = 0.25};
  serving::Server one{.namespace_name = "ml", .pod = "a", .served_model = "org/m", .at = clock_.now(), .values = values};
  serving::Server two = one;
  two.pod = "b";
  two.values.kv_cache_usage = 0.75;
  serving::Server failed{.namespace_name = "ml", .pod = "c", .served_model = "org/m", .last_error = "cannot connect"};
  serving::Server old = one;
  old.pod = "d";
  old.at = clock_.now() - std::chrono::minutes(5);
  serving.set({one, two, failed, old});
  EXPECT_TRUE(shows("reeve_serving_servers 4"));
  EXPECT_TRUE(shows(R"(reeve_serving_up{namespace="ml",pod="a",engine="vllm",model="org/m"} 1)"));
  EXPECT_TRUE(shows(R"(reeve_serving_up{namespace="ml",pod="c",engine="vllm",model="org/m"} 0)"));
  EXPECT_TRUE(shows(R"(reeve_serving_generation_tokens_total{namespace="ml",pod="a",engine="vllm",model="org/m"} 5000)"));
  EXPECT_TRUE(shows("# TYPE reeve_serving_generation_tokens_total counter"));
  EXPECT_TRUE(shows(R"(reeve_served_model_servers{model="org/m"} 2)"));
  EXPECT_TRUE(shows(R"(reeve_served_model_requests_running{model="org/m"} 6)"));
  EXPECT_TRUE(shows(R"(reeve_served_model_generation_tokens_per_second{model="org/m"} 25)"));
  EXPECT_TRUE(shows(R"(reeve_served_model_kv_cache_usage_ratio{model="org/m"} 0.5)"));
  EXPECT_EQ(scrape().find(R"(reeve_serving_requests_running{namespace="ml",pod="d")"), std::string::npos) << "old";
  EXPECT_EQ(scrape().find("reeve_serving_time_to_first_token_p95_seconds{"), std::string::npos) << "not measured";
}

TEST_F(OwnMetrics, a_duration_falls_into_its_bucket) {
  self_.store_commits().observe(std::chrono::milliseconds(3));
  EXPECT_TRUE(shows("reeve_store_commit_duration_seconds_bucket{le=\"0.0025\"} 0"));
  EXPECT_TRUE(shows("reeve_store_commit_duration_seconds_bucket{le=\"0.005\"} 1"));
  EXPECT_TRUE(shows("reeve_store_commit_duration_seconds_sum 0.003"));
}

TEST_F(OwnMetrics, openmetrics_is_spoken_when_asked_for) {
  const std::string text = scrape("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
  EXPECT_TRUE(text.ends_with("# EOF\n"));
  EXPECT_NE(text.find("# TYPE reeve_http_requests counter"), std::string::npos);
  EXPECT_NE(scrape().find("# TYPE reeve_http_requests_total counter"), std::string::npos);
}

TEST(ExpositionText, label_values_are_escaped) {
  ExpositionText text(Format::prometheus);
  text.gauge("a", "help \\ with\nline");
  text.sample({{"x", "q\"b\\n\n"}}, 1);
  EXPECT_EQ(std::move(text).finish(), "# HELP a help \\\\ with\\nline\n# TYPE a gauge\na{x=\"q\\\"b\\\\n\\n\"} 1\n");
}

}  // namespace
}  // namespace reeve::openmetrics
