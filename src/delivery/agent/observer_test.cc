#include "delivery/agent/observer.h"

#include <gtest/gtest.h>

#include <atomic>

#include "delivery/agent/agent_routes.h"
#include "testing/fake_clock.h"
#include "testing/http_probe.h"
#include "wire/observation/observation_json.h"

namespace reeve {
namespace {

// A node whose driver the test turns on and off.
class FakeDriver final : public DeviceDriver {
 public:
  Result<NodeObservation> observe() override {
    ++looks;
    if (broken) return Error{Errc::unavailable, "cannot load libnvidia-ml.so.1: no such file"};
    NodeObservation node;
    DeviceObservation device;
    device.uuid.text = "GPU-a";
    device.lost = lost;
    if (!lost) device.values.set(Metric::gpu_temperature, 41);
    node.devices.push_back(device);
    return node;
  }
  std::vector<DeviceEvent> take_events() override {
    const std::scoped_lock lock(mutex);
    return std::exchange(events, {});
  }
  void happen(int xid, Timestamp at) {
    const std::scoped_lock lock(mutex);
    events.push_back({at, {"GPU-a"}, {}, xid, ++sequence});
  }

  std::atomic<bool> broken = false;
  std::atomic<bool> lost = false;
  std::atomic<int> looks = 0;
  std::mutex mutex{};
  std::vector<DeviceEvent> events{};
  std::uint64_t sequence = 0;
};

class ObserverTest : public testing::Test {
 protected:
  ObserverTest() { wait_for_looks(2); }  // those at the start; then nothing comes by itself for an hour
  static ObserverOptions options() {
    return {.node = {"n1"}, .interval = std::chrono::hours(1), .second_look = Milliseconds(1), .version = "0.1.0"};
  }
  void wait_for_looks(std::uint64_t n) {
    for (int i = 0; i < 2000 && observer_.view()->report().observations < n; ++i) std::this_thread::sleep_for(Milliseconds(5));
  }
  http::Response get(std::string_view path, http::Headers headers = {}) { return probe(handler_, "GET", path, {}, std::move(headers)); }

  FakeClock clock_;
  FakeDriver driver_;
  Observer observer_{driver_, clock_, options()};
  http::Handler handler_ = agent_handler(observer_);
};

TEST_F(ObserverTest, a_scrape_costs_no_look) {
  const int looks = driver_.looks;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get("/metrics").status, 200);
  EXPECT_EQ(driver_.looks, looks);
  EXPECT_EQ(get("/metrics").body, get("/metrics").body);  // one prepared text for all
}

TEST_F(ObserverTest, metrics_come_as_prometheus_text_or_openmetrics) {
  EXPECT_EQ(header_of(get("/metrics"), "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  const auto open = get("/metrics", {{"Accept", "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;q=0.5"}});
  EXPECT_EQ(header_of(open, "Content-Type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_TRUE(body_of(open).ends_with("# EOF\n"));
}

TEST_F(ObserverTest, devices_are_the_observation_as_json) {
  const auto node = wire::observation_from_json(body_of(get("/v1/devices")));
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(*node, observer_.view()->report().observation);
  EXPECT_EQ(node->node.text, "n1");
  EXPECT_EQ(node->at, clock_.now());
}

TEST_F(ObserverTest, without_a_driver_the_agent_answers_and_says_why) {
  driver_.broken = true;
  observer_.observe_now();
  const std::string health = body_of(get("/healthz"));
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_NE(health.find(R"("driver":"unavailable","error":"cannot load libnvidia-ml.so.1: no such file")"), std::string::npos) << health;
  EXPECT_NE(body_of(get("/metrics")).find("reeve_agent_driver_up{hostname=\"n1\"} 0"), std::string::npos);
  EXPECT_TRUE(wire::observation_from_json(body_of(get("/v1/devices")))->devices.empty());
  driver_.broken = false;
  observer_.observe_now();
  EXPECT_NE(body_of(get("/healthz")).find(R"("status":"ok")"), std::string::npos);
}

TEST_F(ObserverTest, a_lost_gpu_is_named_by_the_health_check) {
  driver_.lost = true;
  observer_.observe_now();
  EXPECT_NE(body_of(get("/healthz")).find(R"("lost":["GPU-a"])"), std::string::npos);
}

TEST_F(ObserverTest, an_event_is_told_with_its_time_as_long_as_it_is_among_the_newest) {
  const Timestamp then = clock_.now();
  driver_.happen(31, then);
  observer_.observe_now();
  clock_.advance(Milliseconds(60'000));
  observer_.observe_now();
  std::vector<DeviceEvent> told = observer_.view()->report().observation.events;
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].at, then);
  for (int i = 0; i < 70; ++i) driver_.happen(13, then);
  observer_.observe_now();
  told = observer_.view()->report().observation.events;
  ASSERT_EQ(told.size(), 64U);
  EXPECT_EQ(told.front().sequence, 8U);
  EXPECT_EQ(told.back().sequence, 71U);
}

TEST_F(ObserverTest, what_is_not_there_is_a_problem_document) {
  const auto response = get("/nothing");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
  EXPECT_EQ(probe(handler_, "POST", "/metrics").status, 405);
  EXPECT_EQ(header_of(probe(handler_, "POST", "/metrics"), "Allow"), "GET");
}

TEST(ObserverAge, a_scrape_of_values_that_are_too_old_waits_for_a_new_look) {
  FakeClock clock;
  FakeDriver driver;
  Observer observer(driver, clock,
                    {.node = {"n1"}, .interval = std::chrono::hours(1), .second_look = Milliseconds(1), .max_age = Milliseconds(10'000)});
  const http::Handler handler = agent_handler(observer);
  for (int i = 0; i < 2000 && observer.view()->report().observations < 2; ++i) std::this_thread::sleep_for(Milliseconds(5));
  const int looks = driver.looks;
  EXPECT_EQ(probe(handler, "GET", "/metrics").status, 200);
  EXPECT_EQ(driver.looks, looks);
  clock.advance(Milliseconds(11'000));
  EXPECT_EQ(probe(handler, "GET", "/metrics").status, 200);
  EXPECT_EQ(driver.looks, looks + 1);
}

}  // namespace
}  // namespace reeve
