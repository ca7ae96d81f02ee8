#include "delivery/legacy/one_at_a_time.h"

#include <gtest/gtest.h>

namespace reeve::legacy {
namespace {

class OneAtATimeTest : public testing::Test {
 protected:
  void put(int n) {
    accepted_ += lane_->run([this, n] { done_.push_back(n); });
  }

  std::deque<OneAtATime::Job> pool_;
  std::size_t room_ = 100;
  std::shared_ptr<OneAtATime> lane_ = std::make_shared<OneAtATime>([this](OneAtATime::Job job) {
    if (pool_.size() >= room_) return false;
    pool_.push_back(std::move(job));
    return true;
  });
  std::vector<int> done_;
  int accepted_ = 0;
};

TEST_F(OneAtATimeTest, the_pool_sees_one_job_of_the_lane_at_a_time) {
  for (int n = 1; n <= 3; ++n) put(n);
  EXPECT_EQ(pool_.size(), 1u);
  for (int turn = 1; turn <= 3; ++turn) {
    ASSERT_EQ(pool_.size(), 1u);
    auto job = std::move(pool_.front());
    pool_.pop_front();
    job();
    EXPECT_EQ(done_.size(), static_cast<std::size_t>(turn));
  }
  EXPECT_EQ(done_, (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(pool_.empty());
  put(4);
  EXPECT_EQ(pool_.size(), 1u);
}

TEST_F(OneAtATimeTest, a_full_pool_refuses_and_leaves_the_lane_free) {
  room_ = 0;
  put(1);
  EXPECT_EQ(accepted_, 0);
  room_ = 1;
  put(2);
  EXPECT_EQ(accepted_, 1);
  auto job = std::move(pool_.front());
  pool_.pop_front();
  job();
  EXPECT_EQ(done_, std::vector<int>{2});
}

TEST_F(OneAtATimeTest, a_pool_that_is_full_meanwhile_does_not_stop_the_lane) {
  put(1);
  put(2);
  auto job = std::move(pool_.front());
  pool_.pop_front();
  room_ = 0;
  job();
  EXPECT_EQ(done_, (std::vector<int>{1, 2}));
}

TEST_F(OneAtATimeTest, the_queue_has_an_end) {
  for (int n = 0; n < 1000; ++n) put(n);
  EXPECT_EQ(accepted_, 64);
}

}  // namespace
}  // namespace reeve::legacy
