#include "delivery/agent/holder_lane.h"

#include <gtest/gtest.h>

#include <atomic>

#include "delivery/agent/agent_routes.h"
#include "delivery/agent/observer.h"
#include "testing/fake_clock.h"
#include "testing/http_probe.h"

namespace reeve {
namespace {

// A kubelet that the test lets hang and answer.
class FakeHolders final : public HolderObserver {
 public:
  Result<std::vector<HolderObservation>> observe() override {
    std::unique_lock lock(mutex_);
    ++questions_;
    changed_.wait(lock, [&] { return !hangs_; });
    if (fault_) return *fault_;
    return std::vector{HolderObservation{.namespace_name = "t", .pod = "p", .container = "c", .device_id = "GPU-a"}};
  }
  void hang(bool hangs) {
    const std::scoped_lock lock(mutex_);
    hangs_ = hangs;
    changed_.notify_all();
  }
  void fail(std::optional<Error> fault) {
    const std::scoped_lock lock(mutex_);
    fault_ = std::move(fault);
  }
  int questions() const {
    const std::scoped_lock lock(mutex_);
    return questions_;
  }

 private:
  mutable std::mutex mutex_{};
  std::condition_variable changed_{};
  bool hangs_ = false;
  std::optional<Error> fault_{};
  int questions_ = 0;
};

class FakeGpu final : public DeviceDriver {
 public:
  Result<NodeObservation> observe() override {
    NodeObservation node;
    DeviceObservation& device = node.devices.emplace_back();
    device.uuid.text = "GPU-a";
    device.values.set(Metric::gpu_temperature, 41);
    return node;
  }
  std::vector<DeviceEvent> take_events() override { return {}; }
};

constexpr Milliseconds long_enough{20'000};

TEST(HolderLane, an_answer_is_waited_for_and_then_told_again) {
  FakeHolders kubelet;
  HolderLane lane(kubelet);
  EXPECT_EQ(lane.answer(Milliseconds(0)).error().code, Errc::timed_out);
  lane.ask();
  EXPECT_EQ(lane.answer(long_enough)->size(), 1U);
  EXPECT_EQ(lane.answer(Milliseconds(0))->size(), 1U);
  EXPECT_EQ(kubelet.questions(), 1);
}

TEST(HolderLane, behind_a_question_that_hangs_nobody_waits_and_nobody_asks_again) {
  FakeHolders kubelet;
  HolderLane lane(kubelet);
  lane.ask();
  ASSERT_TRUE(lane.answer(long_enough).ok());
  kubelet.hang(true);
  lane.ask();
  EXPECT_TRUE(lane.answer(Milliseconds(1)).ok());  // what it said before
  for (int i = 0; i < 3; ++i) {
    lane.ask();
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(lane.answer(long_enough).ok());
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  }
  EXPECT_LE(kubelet.questions(), 2);
  kubelet.hang(false);
}

ObserverOptions hourly() { return {.node = {"n1"}, .interval = std::chrono::hours(1), .second_look = std::chrono::hours(1)}; }

void wait_for_look(const Observer& observer, std::uint64_t looks) {
  for (int i = 0; i < 4000 && observer.view()->report().observations < looks; ++i) std::this_thread::sleep_for(Milliseconds(5));
}

// A look waits only a moment for the kubelet; on a machine that is busy the next one knows.
void look_until_answered(Observer& observer, std::optional<bool> answered) {
  for (int i = 0; i < 200 && observer.view()->report().kubelet_answered != answered; ++i) observer.observe_now();
  EXPECT_EQ(observer.view()->report().kubelet_answered, answered);
}

TEST(AgentHolders, a_look_tells_who_holds_what_and_when_the_kubelet_does_not_answer) {
  FakeClock clock;
  FakeGpu driver;
  FakeHolders kubelet;
  Observer observer(driver, clock, hourly(), &kubelet);
  const http::Handler handler = agent_handler(observer);
  wait_for_look(observer, 1);
  look_until_answered(observer, true);
  EXPECT_NE(body_of(probe(handler, "GET", "/metrics")).find("reeve_pod_device_info{UUID=\"GPU-a\""), std::string::npos);
  EXPECT_NE(body_of(probe(handler, "GET", "/v1/devices")).find(R"("holders":[{"source":"pod-resources","namespace":"t","pod":"p")"),
            std::string::npos);
  EXPECT_NE(body_of(probe(handler, "GET", "/healthz")).find(R"("kubelet":"ok")"), std::string::npos);

  kubelet.fail(Error{Errc::unavailable, "cannot ask the kubelet: gone"});
  look_until_answered(observer, false);
  EXPECT_FALSE(observer.view()->report().observation.holders_from.has_value());
  EXPECT_NE(body_of(probe(handler, "GET", "/metrics")).find("reeve_pod_resources_up{hostname=\"n1\"} 0"), std::string::npos);
  EXPECT_NE(body_of(probe(handler, "GET", "/healthz")).find(R"("kubelet":"unavailable","kubelet_error":"cannot ask the kubelet: gone")"),
            std::string::npos);
  EXPECT_NE(body_of(probe(handler, "GET", "/healthz")).find(R"("status":"ok")"), std::string::npos);  // GPUs are well
}

TEST(AgentHolders, a_kubelet_that_hangs_from_the_start_does_not_keep_readings_waiting) {
  FakeClock clock;
  FakeGpu driver;
  FakeHolders kubelet;
  kubelet.hang(true);
  Observer observer(driver, clock, hourly(), &kubelet);
  wait_for_look(observer, 1);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) observer.observe_now();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_EQ(observer.view()->report().kubelet_answered, false);
  EXPECT_FALSE(observer.view()->report().observation.devices[0].values.empty());
  kubelet.hang(false);
}

TEST(AgentHolders, a_machine_without_a_kubelet_has_nobody_to_ask_unless_one_is_expected) {
  FakeClock clock;
  FakeGpu driver;
  FakeHolders kubelet;
  kubelet.fail(Error{Errc::not_found, "cannot ask: no such file"});
  Observer plain(driver, clock, hourly(), &kubelet);
  wait_for_look(plain, 1);
  look_until_answered(plain, std::nullopt);
  ObserverOptions options = hourly();
  options.kubelet_expected = true;
  Observer in_a_cluster(driver, clock, options, &kubelet);
  wait_for_look(in_a_cluster, 1);
  look_until_answered(in_a_cluster, false);
}

}  // namespace
}  // namespace reeve
