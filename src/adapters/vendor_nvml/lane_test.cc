#include "adapters/vendor_nvml/lane.h"

#include <gtest/gtest.h>

#include <future>

namespace reeve::nvml {
namespace {

constexpr Milliseconds soon{30};
constexpr Milliseconds plenty{20'000};

Heartbeat::Clock::time_point in(Milliseconds time) { return Heartbeat::Clock::now() + time; }

TEST(Lane, a_job_that_ends_is_done) {
  Lane lane;
  auto ran = std::make_shared<bool>(false);
  EXPECT_TRUE(lane.idle());
  lane.start([ran] { *ran = true; });
  EXPECT_TRUE(lane.wait(plenty, in(plenty)));
  EXPECT_TRUE(*ran);
  EXPECT_TRUE(lane.idle());
}

TEST(Lane, a_hanging_call_is_not_waited_for_and_the_lane_is_free_again_after_it) {
  Lane lane;
  auto release = std::make_shared<std::promise<void>>();
  lane.start([release] { release->get_future().wait(); });
  EXPECT_FALSE(lane.wait(soon, in(plenty)));
  EXPECT_FALSE(lane.idle());
  EXPECT_FALSE(lane.wait(soon, in(plenty)));  // and costs nothing more
  release->set_value();
  EXPECT_TRUE(lane.wait(plenty, in(plenty)));
  lane.start([] {});
  EXPECT_TRUE(lane.wait(plenty, in(plenty)));
}

TEST(Lane, many_short_calls_are_not_a_long_one) {
  Lane lane;
  lane.start([beat = lane.heartbeat()] {
    for (int i = 0; i < 8; ++i) {
      beat->tick();
      std::this_thread::sleep_for(Milliseconds(20));
    }
  });
  EXPECT_TRUE(lane.wait(Milliseconds(100), in(plenty)));
}

TEST(Lane, all_calls_together_may_not_pass_the_deadline_of_the_round) {
  Lane lane;
  auto stop = std::make_shared<std::atomic<bool>>(false);
  lane.start([beat = lane.heartbeat(), stop] {
    while (!*stop) {
      beat->tick();
      std::this_thread::sleep_for(Milliseconds(1));
    }
  });
  EXPECT_FALSE(lane.wait(plenty, in(soon)));
  *stop = true;
}

TEST(Lane, one_that_hangs_is_left_behind_when_its_time_is_up) {
  auto release = std::make_shared<std::promise<void>>();
  auto ended = std::make_shared<std::promise<void>>();
  {
    Lane lane;
    lane.start([release, ended] {
      release->get_future().wait();
      ended->set_value();
    });
    EXPECT_FALSE(lane.retire(in(soon)));
  }
  release->set_value();  // the call returns after all; what the job owned is still there
  EXPECT_EQ(ended->get_future().wait_for(plenty), std::future_status::ready);
}

}  // namespace
}  // namespace reeve::nvml
