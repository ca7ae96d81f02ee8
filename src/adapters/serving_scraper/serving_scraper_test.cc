#include "adapters/serving_scraper/serving_scraper.h"

#include <gtest/gtest.h>

#include <mutex>

#include <fmt/format.h>

#include "domain/metrics/resource_key.h"
#include "net/http/server.h"
#include "testing/fake_clock.h"
#include "testing/fake_views.h"
#include "testing/memory_metric_store.h"

namespace reeve {
namespace {

using namespace std::chrono_literals;

// Counts as an engine does, and answers as the test says.
class FakeEngine {
 public:
  FakeEngine() {
    server_ = http::Server::start({.threads = 1}, [this](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
                responder->respond(answer(request.path));
              }).value();
  }

  int port() const { return server_->port(); }
  void work(int prompts, int tokens) {
    const std::scoped_lock lock(mutex_);
    prompt_tokens_ += prompts;
    generated_ += tokens;
  }
  void restart() {
    const std::scoped_lock lock(mutex_);
    prompt_tokens_ = generated_ = 0;
  }
  void set_model(std::string model) {
    const std::scoped_lock lock(mutex_);
    model_ = std::move(model);
  }
  void set_path(std::string path) {
    const std::scoped_lock lock(mutex_);
    path_ = std::move(path);
  }
  void set_text(std::string text) {
    const std::scoped_lock lock(mutex_);
    text_ = std::move(text);
  }
  void set_status(int status) {
    const std::scoped_lock lock(mutex_);
    status_ = status;
  }
  int asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  http::Response answer(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    ++asked_;
    if (path != path_ && path + "/" == path_) return http::text_response(307, "text/plain", "");
    const std::string text = fmt::format(
        "# HELP vllm:num_requests_running Running.\n# TYPE vllm:num_requests_running gauge\n"
        "vllm:num_requests_running{{engine=\"0\",model_name=\"{0}\"}} 2.0\nvllm:prompt_tokens_total{{model_name=\"{0}\"}} {1}.0\n"
        "vllm:generation_tokens_total{{model_name=\"{0}\"}} {2}.0\nvllm:kv_cache_usage_perc{{model_name=\"{0}\"}} 0.5\n",
        model_, prompt_tokens_, generated_);
    return http::text_response(path == path_ ? status_ : 404, "text/plain", text_.empty() ? text : text_);
  }

  mutable std::mutex mutex_;
  std::string path_ = "/metrics";
  std::string model_ = "org/model";
  std::string text_{};
  int status_ = 200;
  int prompt_tokens_ = 0;
  int generated_ = 0;
  int asked_ = 0;
  std::unique_ptr<http::Server> server_;
};

cluster::Pod pod(const std::string& name, int port) {
  cluster::Pod made;
  made.meta = {.name = name, .namespace_name = "ml", .uid = "uid-" + name};
  made.phase = cluster::PodPhase::running;
  made.ip = "127.0.0.1";
  made.containers.push_back({.name = "vllm",
                             .image = "vllm/vllm-openai:v0.11",
                             .command = {"vllm", "serve", "org/told", "--port", std::to_string(port)},
                             .state = cluster::ContainerState::running});
  return made;
}

class ServingScraperTest : public ::testing::Test {
 protected:
  void set(std::vector<cluster::Pod> pods) {
    cluster::Snapshot snapshot;
    for (cluster::Pod& one : pods) snapshot.pods.push_back(std::make_shared<const cluster::Pod>(std::move(one)));
    cluster_.set(std::move(snapshot));
  }
  ServingRound scrape(Milliseconds later = 30s) {
    clock_.advance(later);
    return scraper_->scrape(10s);
  }
  std::vector<serving::Server> servers() const { return *scraper_->servers(); }
  std::vector<double> history(const std::string& key, Metric metric) const {
    const auto series =
        store_.query({.resources = {key}, .metrics = {metric}, .from = begin_, .to = clock_.now() + 1s, .step = Milliseconds(1)});
    std::vector<double> values;
    for (const Series& one : series.value())
      for (const Point& point : one.points) values.push_back(point.last);
    return values;
  }

  FakeClusterView cluster_;
  FakeClock clock_;
  const Timestamp begin_ = clock_.now();
  MemoryMetricStore store_;
  std::unique_ptr<ServingScraper> scraper_ = make_serving_scraper(cluster_, store_, clock_, {.timeout = 500ms});
  FakeEngine engine_;
};

TEST_F(ServingScraperTest, without_a_cluster_nothing_serves) {
  const ServingRound round = scrape();
  EXPECT_EQ(round.servers + round.samples, 0u);
  EXPECT_TRUE(servers().empty());
}

TEST_F(ServingScraperTest, a_server_is_seen_and_its_history_kept) {
  set({pod("llama-0", engine_.port())});
  engine_.work(1000, 10);
  EXPECT_EQ(scrape().answered, 1u);
  engine_.work(300, 60);
  const ServingRound round = scrape();
  EXPECT_EQ(round.servers, 1u);
  EXPECT_EQ(round.samples, 3u);
  ASSERT_EQ(servers().size(), 1u);
  const serving::Server server = servers()[0];
  EXPECT_EQ(server.namespace_name + "/" + server.pod, "ml/llama-0");
  EXPECT_EQ(server.identity.model_name, "org/told");
  EXPECT_EQ(server.served_model, "org/model");
  EXPECT_EQ(server.at, clock_.now());
  EXPECT_EQ(server.last_error, "");
  EXPECT_EQ(server.values.requests_running, 2);
  EXPECT_EQ(server.values.prompt_tokens_total, 1300);
  EXPECT_EQ(server.values.prompt_tokens_per_second, 10);
  EXPECT_EQ(server.values.generation_tokens_per_second, 2);
  EXPECT_EQ(history(resource_key::pod("ml", "llama-0"), Metric::prompt_tokens), (std::vector<double>{1000, 1300}));
  EXPECT_EQ(history(resource_key::served_model("org/model"), Metric::prompt_token_rate), std::vector<double>{10});
  EXPECT_EQ(history(resource_key::engine("vllm"), Metric::kv_cache_usage), (std::vector<double>{0.5, 0.5}));
}

TEST_F(ServingScraperTest, servers_of_a_model_add_up_and_its_total_does_not_fall_when_one_goes) {
  FakeEngine second;
  set({pod("a", engine_.port()), pod("b", second.port())});
  scrape();
  engine_.work(300, 0);
  second.work(600, 0);
  scrape();
  set({pod("a", engine_.port())});
  scrape();
  const std::string key = resource_key::served_model("org/model");
  EXPECT_EQ(history(key, Metric::prompt_token_rate), (std::vector<double>{30, 0}));
  EXPECT_EQ(history(key, Metric::prompt_tokens), (std::vector<double>{900, 900}));
  EXPECT_EQ(history(key, Metric::requests_running), (std::vector<double>{4, 4, 2}));
  EXPECT_EQ(servers().size(), 1u);
}

TEST_F(ServingScraperTest, a_server_that_fails_keeps_its_values_for_two_rounds) {
  set({pod("a", engine_.port())});
  scrape();
  const Timestamp answered = clock_.now();
  engine_.set_status(500);
  for (int failed = 1; failed <= 4; ++failed) {
    const ServingRound round = scrape();
    EXPECT_EQ(round.failed, 1u);
    EXPECT_EQ(round.samples, 0u) << "what is not new is no history";
    const serving::Server server = servers().at(0);
    EXPECT_EQ(server.values.requests_running.has_value(), failed <= 2) << failed;
    EXPECT_EQ(server.at, answered);
    EXPECT_NE(server.last_error.find("HTTP status 500"), std::string::npos) << server.last_error;
  }
  engine_.set_status(200);
  engine_.work(150, 0);
  scrape();
  EXPECT_EQ(servers().at(0).values.prompt_tokens_per_second, 1) << "over all the time that was not seen";
  EXPECT_EQ(servers().at(0).last_error, "");
}

TEST_F(ServingScraperTest, a_restarted_engine_counts_on_and_a_new_pod_of_the_same_name_anew) {
  set({pod("a", engine_.port())});
  engine_.work(100, 0);
  scrape();
  engine_.restart();
  engine_.work(7, 0);
  scrape();
  EXPECT_EQ(servers().at(0).values.prompt_tokens_total, 107);
  cluster::Pod again = pod("a", engine_.port());
  again.meta.uid = "another";
  set({again});
  scrape();
  EXPECT_EQ(servers().at(0).values.prompt_tokens_total, 7);
  EXPECT_EQ(servers().at(0).values.prompt_tokens_per_second, std::nullopt);
}

TEST_F(ServingScraperTest, who_cannot_answer_yet_is_not_asked) {
  cluster::Pod pending = pod("a", engine_.port());
  pending.phase = cluster::PodPhase::pending;
  cluster::Pod crashed = pod("b", engine_.port());
  crashed.containers[0].state = cluster::ContainerState::waiting;
  crashed.containers[0].reason = "CrashLoopBackOff";
  cluster::Pod done = pod("c", engine_.port());
  done.phase = cluster::PodPhase::succeeded;
  set({pending, crashed, done});
  EXPECT_EQ(scrape().failed, 0u);
  EXPECT_EQ(engine_.asked(), 0);
  ASSERT_EQ(servers().size(), 2u);
  EXPECT_EQ(servers()[0].last_error, "cannot ask the server: the pod is Pending");
  EXPECT_EQ(servers()[0].served_model, "org/told");
  EXPECT_EQ(servers()[1].last_error, "cannot ask the server: container 'vllm' is Waiting: CrashLoopBackOff");
  EXPECT_EQ(servers()[1].at, std::nullopt);
}

TEST_F(ServingScraperTest, failures_say_what_is_wrong) {
  cluster::Pod sglang = pod("s", engine_.port());
  sglang.containers[0].command = {"python3", "-m", "sglang.launch_server", "--model-path", "m", "--port", std::to_string(engine_.port())};
  set({sglang});
  engine_.set_status(404);
  scrape();
  EXPECT_NE(servers().at(0).last_error.find("--enable-metrics"), std::string::npos);
  engine_.set_status(200);
  engine_.set_text("<html>hello</html>");
  scrape();
  EXPECT_NE(servers().at(0).last_error.find("name no figure of vLLM or SGLang"), std::string::npos);
  engine_.set_text(std::string(5 << 20, '#'));
  scrape();
  EXPECT_NE(servers().at(0).last_error, "");
  EXPECT_EQ(servers().at(0).at, std::nullopt);
  set({pod("gone", 1)});
  scrape();
  EXPECT_NE(servers().at(0).last_error.find("127.0.0.1:1"), std::string::npos) << servers().at(0).last_error;
}

TEST_F(ServingScraperTest, a_page_one_slash_further_is_found) {
  engine_.set_path("/metrics/");
  set({pod("a", engine_.port())});
  EXPECT_EQ(scrape().answered, 1u);
}

TEST_F(ServingScraperTest, a_server_cannot_fill_the_history_with_names) {
  set({pod("a", engine_.port())});
  for (int i = 0; i < 30; ++i) {
    engine_.set_model("m" + std::to_string(i));
    scrape();
  }
  EXPECT_EQ(servers().at(0).served_model, "m7");
  EXPECT_TRUE(history(resource_key::served_model("m8"), Metric::requests_running).empty());
}

TEST_F(ServingScraperTest, many_are_asked_at_once_and_dead_ones_delay_nobody_else) {
  FakeEngine silent;
  std::vector<cluster::Pod> pods;
  for (int i = 0; i < 60; ++i) pods.push_back(pod(fmt::format("p{:02}", i), engine_.port()));
  for (int i = 0; i < 8; ++i) {
    cluster::Pod dead = pod(fmt::format("a{}", i), 9);
    dead.ip = "192.0.2.1";  // of no network: never answers
    pods.insert(pods.begin(), dead);
  }
  set(pods);
  scrape();
  clock_.advance(30s);
  const ServingRound round = scraper_->scrape(5s);
  EXPECT_EQ(round.servers, 68u);
  EXPECT_EQ(round.answered, 60u);
  EXPECT_EQ(round.failed, 8u);
  EXPECT_LT(round.duration, 4s);
}

TEST_F(ServingScraperTest, a_round_that_is_over_asks_nobody_more) {
  set({pod("a", engine_.port())});
  clock_.advance(30s);
  EXPECT_EQ(scraper_->scrape(Milliseconds(0)).failed, 1u);
  EXPECT_NE(servers().at(0).last_error.find("before its turn"), std::string::npos);
  scraper_->stop();
  scrape();
  EXPECT_EQ(engine_.asked(), 0);
}

TEST_F(ServingScraperTest, a_store_that_fails_is_told_and_costs_no_view) {
  store_.fail_with(Error{Errc::unavailable, "the disk is full"});
  set({pod("a", engine_.port())});
  EXPECT_EQ(scrape().store_error, "the disk is full");
  EXPECT_EQ(servers().at(0).values.requests_running, 2);
}

TEST_F(ServingScraperTest, samples_keep_off_whole_seconds) {
  set({pod("a", engine_.port())});
  scrape();
  const auto series = store_.query({.resources = {resource_key::engine("vllm")},
                                    .metrics = {Metric::requests_running},
                                    .from = begin_,
                                    .to = clock_.now() + 1s,
                                    .step = Milliseconds(1)});
  ASSERT_EQ(series.value().size(), 1u);
  EXPECT_EQ(series.value()[0].points[0].at, clock_.now() + Milliseconds(1));
}

}  // namespace
}  // namespace reeve
