#include "adapters/collect_loop/collect_loop.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace reeve {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds never{3'600'000};

// Waits for a state that another thread brings about; the time limit is only for a broken build.
bool comes_true(const std::function<bool()>& state) {
  for (int i = 0; i < 2000; ++i) {
    if (state()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

std::future<Status> ask(CollectLoop& loop) {
  auto heard = std::make_shared<std::promise<Status>>();
  auto future = heard->get_future();
  loop.collect_now([heard](Status status) { heard->set_value(std::move(status)); });
  return future;
}

TEST(CollectLoop, the_first_round_begins_at_once_and_others_follow) {
  std::atomic<int> rounds = 0;
  CollectLoop loop(Milliseconds(5), {[&] { ++rounds; }, [] {}});
  EXPECT_TRUE(comes_true([&] { return rounds >= 3; }));
}

TEST(CollectLoop, a_round_that_is_asked_for_begins_now_and_its_end_is_heard) {
  std::atomic<int> rounds = 0;
  CollectLoop loop(never, {[&] { ++rounds; }, [] {}});
  ASSERT_TRUE(comes_true([&] { return rounds == 1; }));
  EXPECT_TRUE(ask(loop).get().ok());
  EXPECT_EQ(rounds, 2);
}

TEST(CollectLoop, a_request_during_a_round_is_answered_by_the_next_one) {
  std::atomic<int> rounds = 0;
  std::promise<void> go;
  const auto gone = go.get_future().share();
  CollectLoop loop(never, {[&] {
                             if (++rounds == 1) gone.wait();
                           },
                           [] {}});
  ASSERT_TRUE(comes_true([&] { return rounds == 1; }));
  auto first = ask(loop), second = ask(loop);
  go.set_value();
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
  EXPECT_EQ(rounds, 2);
}

TEST(CollectLoop, late_rounds_are_skipped_and_counted_and_never_overlap) {
  std::atomic<int> rounds = 0, inside = 0, most = 0;
  CollectLoop loop(Milliseconds(10), {[&] {
                                        most = std::max<int>(most, ++inside);
                                        if (++rounds == 1) std::this_thread::sleep_for(65ms);
                                        --inside;
                                      },
                                      [] {}});
  EXPECT_TRUE(comes_true([&] { return rounds >= 3; }));
  EXPECT_GE(loop.skipped(), 5u);
  EXPECT_EQ(most, 1);
}

TEST(CollectLoop, while_paused_only_requests_make_rounds) {
  std::atomic<int> rounds = 0;
  CollectLoop loop(Milliseconds(20), {[&] { ++rounds; }, [] {}});
  loop.set_paused(true);
  EXPECT_TRUE(loop.is_paused());
  EXPECT_TRUE(ask(loop).get().ok());
  const int before = rounds;
  std::this_thread::sleep_for(80ms);
  EXPECT_EQ(rounds, before);
  loop.set_paused(false);
  EXPECT_TRUE(comes_true([&] { return rounds > before; }));
}

TEST(CollectLoop, stop_interrupts_the_round_and_tells_those_who_wait) {
  std::promise<void> interrupted;
  const auto end = interrupted.get_future().share();
  std::atomic<bool> inside = false;
  std::once_flag once;
  CollectLoop loop(never, {[&] {
                             inside = true;
                             end.wait();
                           },
                           [&] { std::call_once(once, [&] { interrupted.set_value(); }); }});
  ASSERT_TRUE(comes_true([&] { return inside.load(); }));
  auto unheard = ask(loop);
  const auto start = std::chrono::steady_clock::now();
  loop.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
  EXPECT_EQ(unheard.get().error().code, Errc::unavailable);
  EXPECT_EQ(ask(loop).get().error().code, Errc::unavailable);
}

}  // namespace
}  // namespace reeve
