#pragma once
#include <mutex>

#include "ports/job_board.h"

namespace reeve {

// Jobs in memory: what runs in this process. Finished jobs beyond `jobs_max` are forgotten, oldest first.
class MemoryJobBoard final : public JobBoard {
 public:
  explicit MemoryJobBoard(std::size_t jobs_max = 100) : jobs_max_(jobs_max) {}

  void update(Job job) override;
  std::vector<Job> list() const override;
  std::uint64_t version() const override;

 private:
  const std::size_t jobs_max_;
  mutable std::mutex mutex_;
  std::vector<Job> jobs_{};  // newest start first
  std::uint64_t version_ = 0;
};

}  // namespace reeve
