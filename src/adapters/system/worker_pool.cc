#include "adapters/system/worker_pool.h"

namespace reeve {

WorkerPool::WorkerPool(int threads, std::size_t backlog_max) : backlog_max_(backlog_max) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::stop() {
  std::deque<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
  }
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();  // joins
}

bool WorkerPool::run(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || waiting_.size() >= backlog_max_) return false;
    waiting_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::work(const std::stop_token& stop) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [&] { return !waiting_.empty(); })) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    job();
  }
}

}  // namespace reeve
