#pragma once
// A lane of the pool for long reads of the history: only one of them runs at a time, so that they never
// keep all workers from the short ones.

#include <deque>
#include <memory>
#include <mutex>

#include "delivery/legacy/legacy_api.h"

namespace reeve::legacy {

// Threads: any. Jobs run in the order of their coming.
class OneAtATime : public std::enable_shared_from_this<OneAtATime> {
 public:
  using Job = std::move_only_function<void()>;

  explicit OneAtATime(RunSlow run_slow) : run_slow_(std::move(run_slow)) {}

  // False: too many wait already, or the pool is full; the job is dropped.
  bool run(Job job);

 private:
  void run_next();

  RunSlow run_slow_;
  std::mutex mutex_;
  bool busy_ = false;
  std::deque<Job> waiting_;
};

}  // namespace reeve::legacy
