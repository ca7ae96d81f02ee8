#include "adapters/kube/event_recorder.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <thread>

#include "testing/fake_clock.h"
#include "testing/fake_object_api.h"

namespace reeve::kube {
namespace {

constexpr const char* events_path = "/apis/events.k8s.io/v1/namespaces/gpus/events";

Event event_of(const std::string& pod, const std::string& note = "two sources disagree") {
  return {.about = {.kind = "Pod", .namespace_name = "gpus", .name = pod, .uid = "u-" + pod},
          .warning = true,
          .reason = "DeviceConflict",
          .action = "Reconciling",
          .note = note};
}

class KubeEvents : public testing::Test {
 protected:
  std::shared_ptr<Credentials> credentials(const std::string& url = {}) {
    ClusterAccess access;
    EXPECT_TRUE(set_server(access, url.empty() ? api.url() : url));
    return std::make_shared<Credentials>(access);
  }
  // Waits until it holds; false after 10 s.
  bool becomes(const std::function<bool(const EventCounts&)>& holds, const EventRecorder& recorder) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds(recorder.counts())) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(Milliseconds(1));
    }
    return true;
  }

  FakeObjectApi api{};
  FakeClock clock{};
};

TEST_F(KubeEvents, an_event_is_told_as_the_api_wants_it) {
  EventRecorder recorder(credentials(), clock, {.instance = "pod-1"});
  recorder.record(event_of("train"));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 1; }, recorder));
  const auto events = api.below(events_path);
  ASSERT_EQ(events.size(), 1U);
  const auto& event = events[0];
  EXPECT_EQ(event.at("regarding").at("name"), "train");
  EXPECT_EQ(event.at("regarding").at("uid"), "u-train");
  EXPECT_EQ(event.at("type"), "Warning");
  EXPECT_EQ(event.at("reason"), "DeviceConflict");
  EXPECT_EQ(event.at("action"), "Reconciling");
  EXPECT_EQ(event.at("note"), "two sources disagree");
  EXPECT_EQ(event.at("eventTime"), "2026-11-24T12:00:00.000000Z");
  EXPECT_EQ(event.at("reportingController"), "reeve.io/reeve");
  EXPECT_EQ(event.at("reportingInstance"), "pod-1");
  EXPECT_FALSE(event.as_object().contains("series"));
}

TEST_F(KubeEvents, an_event_about_an_object_of_the_cluster_stands_in_default) {
  EventRecorder recorder(credentials(), clock);
  recorder.record({.about = {.kind = "Node", .name = "n1"}});
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 1; }, recorder));
  const auto events = api.below("/apis/events.k8s.io/v1/namespaces/default/events");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].at("reason"), "Unspecified") << "the API takes no empty reason";
}

TEST_F(KubeEvents, the_same_again_counts_up_the_one_that_is_there) {
  EventRecorder recorder(credentials(), clock, {.count_interval = Milliseconds(300)});
  recorder.record(event_of("train"));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 1; }, recorder));
  clock.advance(Milliseconds(1'000));
  for (int i = 0; i < 100; ++i) recorder.record(event_of("train"));
  EXPECT_EQ(api.requests().size(), 1U) << "the count is not written at once";
  const auto counted = [&] { return api.below(events_path)[0].as_object().contains("series"); };
  ASSERT_TRUE(becomes([&](const auto&) { return counted(); }, recorder));
  const auto events = api.below(events_path);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].at("series").at("count"), 101);
  EXPECT_EQ(events[0].at("series").at("lastObservedTime"), "2026-11-24T12:00:01.000000Z");
  EXPECT_EQ(api.requests().size(), 2U) << "a hundred in one request";
}

TEST_F(KubeEvents, another_note_is_another_event) {
  EventRecorder recorder(credentials(), clock);
  recorder.record(event_of("train", "one"));
  recorder.record(event_of("train", "two"));
  recorder.record(event_of("serve", "one"));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 3; }, recorder));
  EXPECT_EQ(api.below(events_path).size(), 3U);
}

TEST_F(KubeEvents, an_event_that_the_cluster_has_forgotten_is_made_anew) {
  EventRecorder recorder(credentials(), clock, {.count_interval = Milliseconds(1)});
  recorder.record(event_of("train"));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 1; }, recorder));
  api.remove(std::string(events_path) + "/" + std::string(api.below(events_path)[0].at("metadata").at("name").as_string()));
  recorder.record(event_of("train"));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 2; }, recorder));
  EXPECT_EQ(api.below(events_path).size(), 1U);
  EXPECT_EQ(recorder.counts().dropped, 0U);
}

TEST_F(KubeEvents, requests_are_limited_in_number) {
  EventRecorder recorder(credentials(), clock, {.burst = 5, .refill = std::chrono::hours(1)});
  for (int i = 0; i < 50; ++i) recorder.record(event_of(fmt::format("p{}", i)));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 5; }, recorder));
  std::this_thread::sleep_for(Milliseconds(30));
  EXPECT_EQ(api.requests().size(), 5U);
}

TEST_F(KubeEvents, while_the_server_is_away_events_wait_and_what_is_too_much_is_dropped_with_a_count) {
  EventRecorder recorder(credentials("http://127.0.0.1:1"), clock, {.kept_max = 10, .first_retry = std::chrono::hours(1)});
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 25; ++i) recorder.record(event_of(fmt::format("p{}", i)));
  recorder.record(event_of("p0"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1)) << "nobody waits";
  EXPECT_EQ(recorder.counts().dropped, 15U);
  ASSERT_TRUE(becomes([](const auto& counts) { return !counts.last_error.empty(); }, recorder));
  EXPECT_NE(recorder.counts().last_error.find("Connection refused"), std::string::npos);
}

TEST_F(KubeEvents, what_waited_is_told_when_the_server_is_back) {
  for (int i = 0; i < 3; ++i) api.answer_next(FakeObjectApi::status(503, "ServiceUnavailable", "starting"));
  EventRecorder recorder(credentials(), clock, {.first_retry = Milliseconds(5)});
  recorder.record(event_of("train"));
  recorder.record(event_of("serve"));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 2; }, recorder));
  EXPECT_EQ(recorder.counts().dropped, 0U);
  EXPECT_EQ(recorder.counts().last_error, "");
}

TEST_F(KubeEvents, what_could_not_be_told_for_too_long_is_dropped) {
  for (int i = 0; i < 50; ++i) api.answer_next(FakeObjectApi::status(503, "ServiceUnavailable", "starting"));
  EventRecorder recorder(credentials(), clock,
                         {.first_retry = Milliseconds(10), .retry_max = Milliseconds(10), .wait_max = Milliseconds(50)});
  recorder.record(event_of("train"));
  recorder.record(event_of("train"));
  EXPECT_TRUE(becomes([](const auto& counts) { return counts.dropped == 2; }, recorder));
}

TEST_F(KubeEvents, a_refusal_drops_that_event_and_is_told) {
  api.answer_next(FakeObjectApi::status(403, "Forbidden", ""));
  EventRecorder recorder(credentials(), clock);
  recorder.record(event_of("train"));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.dropped == 1; }, recorder));
  EXPECT_NE(recorder.counts().last_error.find("grant the verb 'create' on 'events.events.k8s.io' in namespace 'gpus'"), std::string::npos)
      << recorder.counts().last_error;
  recorder.record(event_of("serve"));
  EXPECT_TRUE(becomes([](const auto& counts) { return counts.created == 1; }, recorder));
}

TEST_F(KubeEvents, long_texts_are_cut_between_characters) {
  EventRecorder recorder(credentials(), clock);
  std::string note(1023, 'x');
  note += "\xEA\xB0\x80 and more";  // a letter of three bytes across the limit
  recorder.record(event_of(std::string(240, 'p'), note));
  ASSERT_TRUE(becomes([](const auto& counts) { return counts.created == 1; }, recorder));
  const auto event = api.below(events_path)[0];
  EXPECT_EQ(event.at("note").as_string(), std::string(1023, 'x'));
  EXPECT_LE(event.at("metadata").at("name").as_string().size(), 253U);
}

TEST_F(KubeEvents, ending_does_not_wait_for_the_server) {
  const auto begin = std::chrono::steady_clock::now();
  {
    EventRecorder recorder(credentials("http://127.0.0.1:1"), clock, {.first_retry = std::chrono::hours(1)});
    recorder.record(event_of("train"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace reeve::kube
