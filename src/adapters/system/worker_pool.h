#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace reeve {

// A few threads for work that may wait: reads from the database that an HTTP thread must not do itself.
//
// Threads: run() from any, stop() from one. Destruction stops.
class WorkerPool {
 public:
  using Job = std::move_only_function<void()>;

  // `backlog_max`: jobs that may wait; more are refused, so that a slow disk cannot fill the memory.
  WorkerPool(int threads, std::size_t backlog_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when the backlog is full or after stop(); `job` is then dropped without being run.
  bool run(Job job);

  // Finishes the work in progress, drops what waits and takes no more.
  void stop();

 private:
  void work(const std::stop_token& stop);

  const std::size_t backlog_max_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Job> waiting_;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace reeve
