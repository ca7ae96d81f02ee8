#include "adapters/collect_loop/collect_loop.h"

#include <utility>

namespace reeve {

using SteadyClock = std::chrono::steady_clock;

CollectLoop::CollectLoop(Milliseconds interval, Work work) : interval_(interval), work_(std::move(work)), thread_([this] { run(); }) {}

void CollectLoop::collect_now(std::move_only_function<void(Status)> done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      waiting_.push_back(std::move(done));
      wake_.notify_all();
      return;
    }
  }
  done(Error{Errc::unavailable, "cannot collect: the collector stops"});
}

void CollectLoop::set_paused(bool paused) {
  const std::lock_guard lock(mutex_);
  paused_ = paused;
  wake_.notify_all();
}

bool CollectLoop::is_paused() const {
  const std::lock_guard lock(mutex_);
  return paused_;
}

std::uint64_t CollectLoop::skipped() const {
  const std::lock_guard lock(mutex_);
  return skipped_;
}

bool CollectLoop::wait(SteadyClock::time_point due, Waiting& waiting) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_) return false;
    if (!waiting_.empty() || (!paused_ && SteadyClock::now() >= due)) break;
    if (paused_)
      wake_.wait(lock);
    else
      wake_.wait_until(lock, due);
  }
  waiting = std::exchange(waiting_, {});
  return true;
}

void CollectLoop::run() {
  auto due = SteadyClock::now();
  for (Waiting waiting; wait(due, waiting); waiting.clear()) {
    // A round that somebody asked for counts as the one that was due, if one was.
    const auto begun = SteadyClock::now();
    work_.round();
    for (auto& done : waiting) done(Done{});
    if (begun < due) continue;
    if (begun - due > interval_) due = begun;  // it was paused: nothing was missed
    due += interval_;
    const std::lock_guard lock(mutex_);
    for (; due <= SteadyClock::now(); due += interval_) ++skipped_;
  }
}

void CollectLoop::stop() {
  Waiting unheard;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    unheard = std::exchange(waiting_, {});
    wake_.notify_all();
  }
  work_.interrupt();
  if (thread_.joinable()) thread_.join();
  for (auto& done : unheard) done(Error{Errc::unavailable, "cannot collect: the collector stops"});
}

}  // namespace reeve
