#include "apps/demo/progress_line.h"

#include <gtest/gtest.h>

namespace reeve::demo {
namespace {

TEST(ProgressText, says_how_far_it_is) {
  Job job;
  job.done = 25;
  job.total = 100;
  job.unit = "node-hours";
  job.detail = "back to Monday";
  EXPECT_EQ(progress_text(job, 8), "history [##......]  25%  25/100 node-hours, back to Monday");
  job.done = 100;
  job.state = JobState::done;
  job.detail.clear();
  EXPECT_EQ(progress_text(job, 8), "history [########] 100%  100/100 node-hours");
  job.total.reset();
  job.state = JobState::running;
  EXPECT_EQ(progress_text(job, 4), "history [....]   0%  100/0 node-hours");
}

}  // namespace
}  // namespace reeve::demo
