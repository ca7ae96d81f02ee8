#include "adapters/system/memory_job_board.h"

#include <algorithm>

namespace reeve {

void MemoryJobBoard::update(Job job) {
  const std::lock_guard lock(mutex_);
  ++version_;
  std::erase_if(jobs_, [&](const Job& old) { return old.id == job.id; });
  const auto at = std::ranges::find_if(jobs_, [&](const Job& old) { return old.started_at <= job.started_at; });
  jobs_.insert(at, std::move(job));
  while (jobs_.size() > jobs_max_) {
    const auto oldest = std::find_if(jobs_.rbegin(), jobs_.rend(), [](const Job& old) { return old.state != JobState::running; });
    if (oldest == jobs_.rend()) break;  // work in progress is never forgotten
    jobs_.erase(std::next(oldest).base());
  }
}

std::vector<Job> MemoryJobBoard::list() const {
  const std::lock_guard lock(mutex_);
  return jobs_;
}

std::uint64_t MemoryJobBoard::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

}  // namespace reeve
