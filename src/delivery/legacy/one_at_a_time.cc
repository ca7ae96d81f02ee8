#include "delivery/legacy/one_at_a_time.h"

namespace reeve::legacy {
namespace {

constexpr std::size_t waiting_max = 64;  // each is a read of many hours: who comes later is better told at once

}  // namespace

bool OneAtATime::run(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting_max) return false;
    waiting_.push_back(std::move(job));
    if (busy_) return true;
    busy_ = true;
  }
  if (run_slow_([self = shared_from_this()] { self->run_next(); })) return true;
  const std::lock_guard lock(mutex_);
  busy_ = false;
  waiting_.clear();  // with the responders of those that came meanwhile
  return false;
}

void OneAtATime::run_next() {
  for (;;) {
    Job job;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        busy_ = false;
        return;
      }
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    job();
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) continue;
    }
    // Back to the end of the pool's queue; a full pool does not stop the lane.
    if (run_slow_([self = shared_from_this()] { self->run_next(); })) return;
  }
}

}  // namespace reeve::legacy
