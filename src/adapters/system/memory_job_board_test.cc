#include "adapters/system/memory_job_board.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

Job job(const std::string& id, int second, JobState state = JobState::running) {
  return {.id = id, .state = state, .started_at = Timestamp(std::chrono::seconds(second))};
}

std::string ids(const JobBoard& board) {
  std::string all;
  for (const Job& listed : board.list()) all += listed.id;
  return all;
}

TEST(MemoryJobBoard, an_update_replaces_the_job_with_its_id) {
  MemoryJobBoard board;
  board.update(job("a", 1));
  board.update(job("b", 2));
  board.update(job("a", 1, JobState::done));
  EXPECT_EQ(ids(board), "ba");
  EXPECT_EQ(board.list()[1].state, JobState::done);
  EXPECT_EQ(board.version(), 3U);
}

TEST(MemoryJobBoard, old_finished_jobs_are_forgotten_and_running_ones_never) {
  MemoryJobBoard board(2);
  board.update(job("a", 1));
  board.update(job("b", 2, JobState::done));
  board.update(job("c", 3));
  EXPECT_EQ(ids(board), "ca");
  board.update(job("d", 4));
  EXPECT_EQ(ids(board), "dca");
}

}  // namespace
}  // namespace reeve
