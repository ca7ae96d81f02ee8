#include "adapters/system/worker_pool.h"

#include <gtest/gtest.h>

#include <future>

namespace reeve {
namespace {

TEST(WorkerPool, every_job_is_run_once) {
  std::atomic<int> runs = 0;
  std::promise<void> last;
  WorkerPool pool(3, 1000);
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(pool.run([&] {
      if (++runs == 500) last.set_value();
    }));
  last.get_future().wait();
  EXPECT_EQ(runs, 500);
}

TEST(WorkerPool, a_full_backlog_refuses_work_instead_of_growing) {
  std::promise<void> started;
  std::promise<void> gate;
  WorkerPool pool(1, 1);
  ASSERT_TRUE(pool.run([&] {
    started.set_value();
    gate.get_future().wait();
  }));
  started.get_future().wait();
  EXPECT_TRUE(pool.run([] {}));
  EXPECT_FALSE(pool.run([] {}));
  gate.set_value();
}

TEST(WorkerPool, a_stopped_pool_takes_no_more_work) {
  WorkerPool pool(1, 10);
  pool.stop();
  EXPECT_FALSE(pool.run([] {}));
}

}  // namespace
}  // namespace reeve
