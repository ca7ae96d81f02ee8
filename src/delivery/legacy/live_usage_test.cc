#include "delivery/legacy/live_usage.h"

#include <gtest/gtest.h>

#include "delivery/legacy/known_cluster_test.h"
#include "net/http/gzip.h"
#include "testing/fake_clock.h"
#include "testing/fake_collector.h"
#include "testing/fake_ids.h"
#include "testing/fake_views.h"
#include "testing/http_probe.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve::legacy {
namespace {

struct Kept final : http::Responder {
  explicit Kept(std::vector<http::Response>& into) : answers(into) {}
  void respond(http::Response response) override { answers.push_back(std::move(response)); }
  std::shared_ptr<http::Stream> start_stream(http::Response) override { return nullptr; }
  std::vector<http::Response>& answers;
};

// A pool that works when it is told to.
class LiveUsageTest : public testing::Test {
 protected:
  LiveUsageTest() {
    publish(1);
    listening_ = usage_->listen();
  }

  void ask(http::Headers headers = {}) {
    usage_->serve(make_request("GET", "/", {}, std::move(headers)), std::make_shared<Kept>(answers_));
  }
  void ask_packed() { ask({{"Accept-Encoding", "gzip"}}); }
  void work() {
    auto due = std::move(jobs_);
    jobs_.clear();
    for (auto& job : due) job();
  }
  // A cluster of so many serving pods.
  void publish(int pods) {
    cluster::Snapshot snapshot;
    for (int n = 0; n < pods; ++n) {
      cluster::Pod pod = make_pod("serving", "p" + std::to_string(n), "", clock_.now());
      pod.meta.labels = {{"app", "vllm"}};
      snapshot.pods.push_back(std::make_shared<const cluster::Pod>(std::move(pod)));
    }
    cluster_.set(in_order(std::move(snapshot)));
  }
  void read_gpu(double utilization) {
    auto readings = std::make_shared<NodeReadings>();
    readings->at = clock_.now();
    readings->devices = {{.id = DeviceId{"gpu-a-GPU-00"}}};
    readings->devices.front().values.set(Metric::gpu_utilization, utilization);
    keeper_.publish_readings(NodeName{"gpu-a"}, std::move(readings));
  }
  // How many pods the answers so far had.
  std::vector<std::size_t> pods_of_answers() const {
    std::vector<std::size_t> counts;
    for (const http::Response& answer : answers_) {
      const std::string body = body_of(answer);
      std::size_t count = 0;
      for (std::size_t at = body.find("\"modelType\" : \"vllm\",\n    \"modelName\""); at != std::string::npos;
           at = body.find("\"modelType\" : \"vllm\",\n    \"modelName\"", at + 1))
        ++count;
      counts.push_back(count);
    }
    return counts;
  }
  using Counts = std::vector<std::size_t>;

  FakeClock clock_;
  FakeIds ids_;
  KeptFleet keeper_{small_cluster(clock_.now())};
  MemoryMetricStore metrics_;
  Catalogue catalogue_ = small_catalogue();
  PriceList prices_ = default_price_list();
  FakeCollector collector_;
  FakeClusterView cluster_;
  FakeHoldingsView holdings_;
  FakeServingView serving_;
  std::vector<std::move_only_function<void()>> jobs_;
  bool full_ = false;
  LegacyApi api_{keeper_,
                 keeper_.store,
                 metrics_,
                 catalogue_,
                 prices_,
                 clock_,
                 ids_,
                 collector_,
                 collector_,
                 cluster_,
                 holdings_,
                 serving_,
                 [this](std::move_only_function<void()> job) {
                   if (!full_) jobs_.push_back(std::move(job));
                   return !full_;
                 }};
  std::shared_ptr<ClusterBoard> board_ = std::make_shared<ClusterBoard>(api_);
  std::shared_ptr<LiveUsage> usage_ = std::make_shared<LiveUsage>(api_, board_);
  std::vector<std::shared_ptr<void>> listening_;
  std::vector<http::Response> answers_;
};

TEST_F(LiveUsageTest, who_comes_first_waits_and_all_others_are_answered_at_once) {
  ask();
  ask();
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(jobs_.size(), 1u);
  work();
  ask();
  EXPECT_EQ(pods_of_answers(), (Counts{1, 1, 1}));
  EXPECT_TRUE(jobs_.empty());
  EXPECT_EQ(answers_[0].body, answers_[2].body);  // the same bytes
}

TEST_F(LiveUsageTest, a_change_of_the_cluster_is_written_before_anybody_asks) {
  ask();
  work();
  publish(2);
  EXPECT_EQ(jobs_.size(), 1u);
  work();
  ask();
  EXPECT_EQ(pods_of_answers(), (Counts{1, 2}));
}

TEST_F(LiveUsageTest, while_a_change_is_written_the_ready_answer_is_given_for_half_a_second) {
  ask();
  work();
  publish(2);
  clock_.advance(Milliseconds(500));
  ask();
  EXPECT_EQ(pods_of_answers(), (Counts{1, 1}));
  clock_.advance(Milliseconds(1));
  ask();
  EXPECT_EQ(answers_.size(), 2u);  // waits: the pool has not come to it
  work();
  EXPECT_EQ(pods_of_answers(), (Counts{1, 1, 2}));
}

TEST_F(LiveUsageTest, a_change_that_comes_while_one_is_written_is_written_next) {
  ask();
  auto first = std::move(jobs_);
  jobs_.clear();
  publish(2);
  EXPECT_TRUE(jobs_.empty());  // one at a time
  for (auto& job : first) job();
  work();
  ask();
  EXPECT_EQ(pods_of_answers().back(), 2u);
}

TEST_F(LiveUsageTest, who_holds_what_makes_a_new_answer_too) {
  ask();
  work();
  holdings_.set(known_holdings(clock_.now()));
  ask();
  EXPECT_EQ(jobs_.size(), 1u);
}

TEST_F(LiveUsageTest, nothing_is_written_when_nobody_has_asked_for_two_minutes) {
  ask();
  work();
  clock_.advance(std::chrono::minutes(3));
  publish(2);
  EXPECT_TRUE(jobs_.empty());
  ask();
  EXPECT_EQ(answers_.size(), 1u);
  work();
  EXPECT_EQ(pods_of_answers(), (Counts{1, 2}));
}

TEST_F(LiveUsageTest, readings_of_gpus_are_written_at_most_once_a_second_and_make_nobody_wait) {
  ask();
  work();
  read_gpu(10);
  EXPECT_TRUE(jobs_.empty());
  clock_.advance(Milliseconds(1'001));
  ask();
  EXPECT_EQ(answers_.size(), 2u);
  EXPECT_EQ(jobs_.size(), 1u);
  work();
  clock_.advance(Milliseconds(1'001));
  read_gpu(20);
  EXPECT_EQ(jobs_.size(), 1u);
}

TEST_F(LiveUsageTest, an_answer_of_half_a_minute_ago_is_written_anew) {
  ask();
  work();
  clock_.advance(Milliseconds(30'001));
  ask();
  EXPECT_EQ(answers_.size(), 1u);
  work();
  EXPECT_NE(*answers_[0].body, *answers_[1].body);  // its timestamp
}

TEST_F(LiveUsageTest, a_full_pool_is_503_and_the_next_request_tries_again) {
  full_ = true;
  ask();
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].status, 503);
  EXPECT_EQ(answers_[0].body, nullptr);
  full_ = false;
  ask();
  work();
  EXPECT_EQ(answers_[1].status, 200);
}

TEST_F(LiveUsageTest, a_large_document_is_packed_on_the_pool_once_for_all) {
  publish(1'500);
  ask();
  work();
  ask_packed();
  ask_packed();
  EXPECT_EQ(answers_.size(), 1u);
  EXPECT_EQ(jobs_.size(), 1u);
  work();
  ask_packed();
  ASSERT_EQ(answers_.size(), 4u);
  EXPECT_EQ(header_of(answers_[3], "Content-Encoding"), "gzip");
  EXPECT_EQ(answers_[1].body, answers_[3].body);
  EXPECT_EQ(*answers_[1].body, *http::gzip(*answers_[0].body));
  publish(1'501);
  work();
  ask_packed();
  EXPECT_EQ(answers_.size(), 4u);  // that was of the document before
  work();
  EXPECT_EQ(answers_.size(), 5u);
}

TEST_F(LiveUsageTest, a_small_document_is_left_to_the_server_to_pack) {
  ask();
  work();
  ask_packed();
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(header_of(answers_[1], "Content-Encoding"), "");
}

TEST_F(LiveUsageTest, it_may_go_while_a_document_is_in_the_making) {
  ask();
  usage_.reset();
  listening_.clear();
  work();
  EXPECT_EQ(answers_.size(), 1u);
}

}  // namespace
}  // namespace reeve::legacy
