#pragma once
// A thread for calls that may hang. Its owner gives it one job at a time and waits only as long as the calls
// of the job come back in time; a job that hangs keeps its lane, and nobody else's, busy.
//
// What a job touches must be owned by the job itself (shared_ptr in its captures): a hanging job outlives
// the lane. start, wait, idle: one thread, the owner's.

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/time.h"

namespace reeve::nvml {

// When the job last began a driver call. Any thread.
class Heartbeat {
 public:
  using Clock = std::chrono::steady_clock;

  void tick() { at_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed); }
  Clock::time_point at() const { return Clock::time_point(Clock::duration(at_.load(std::memory_order_relaxed))); }

 private:
  std::atomic<Clock::rep> at_{0};
};

class Lane final {
 public:
  Lane();
  ~Lane() { retire(Heartbeat::Clock::now() + patience); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  static constexpr Milliseconds patience{300};

  // Ends the thread. One that is still inside a job at `until` is left to end by itself when its call
  // returns. Answers whether the thread has ended. The lane takes no job any more.
  bool retire(Heartbeat::Clock::time_point until);

  // The job ticks it before each call.
  const std::shared_ptr<Heartbeat>& heartbeat() const { return heartbeat_; }

  bool idle() const;
  void start(std::function<void()> job);  // precondition: idle()

  // True when the job is done; false when its present call began more than `call_deadline` ago, or `until`
  // has passed, or `stop` was requested.
  bool wait(Milliseconds call_deadline, Heartbeat::Clock::time_point until, const std::stop_token& stop = {});

 private:
  struct Core {
    std::mutex mutex{};
    std::condition_variable changed{};
    std::function<void()> job{};
    bool busy = false;
    bool stop = false;
  };
  static void* run(void* core);
  static void work(Core& core);

  std::shared_ptr<Core> core_ = std::make_shared<Core>();
  std::shared_ptr<Heartbeat> heartbeat_ = std::make_shared<Heartbeat>();
  std::optional<pthread_t> thread_{};  // not a std::thread: that one cannot be left behind
};

}  // namespace reeve::nvml
