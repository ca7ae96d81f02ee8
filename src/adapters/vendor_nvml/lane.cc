#include "adapters/vendor_nvml/lane.h"

#include <utility>

#include "base/check.h"

namespace reeve::nvml {

Lane::Lane() {
  auto core = std::make_unique<std::shared_ptr<Core>>(core_);
  pthread_t thread{};
  REEVE_CHECK(pthread_create(&thread, nullptr, run, core.get()) == 0);
  (void)core.release();  // the thread's now
  thread_ = thread;
}

void* Lane::run(void* core) {
  const std::unique_ptr<std::shared_ptr<Core>> owned(static_cast<std::shared_ptr<Core>*>(core));
  work(**owned);
  return nullptr;
}

bool Lane::retire(Heartbeat::Clock::time_point until) {
  if (!thread_) return idle();
  {
    std::unique_lock lock(core_->mutex);
    core_->stop = true;
    core_->changed.notify_all();
    core_->changed.wait_until(lock, until, [this] { return !core_->busy; });
    if (core_->busy) {
      // A thread inside a driver call cannot be ended. It owns all that it touches.
      pthread_detach(*thread_);
      thread_.reset();
      return false;
    }
  }
  pthread_join(*thread_, nullptr);
  thread_.reset();
  return true;
}

void Lane::work(Core& core) {
  std::unique_lock lock(core.mutex);
  while (true) {
    core.changed.wait(lock, [&core] { return core.stop || core.job; });
    if (!core.job) return;
    std::function<void()> job = std::exchange(core.job, nullptr);
    lock.unlock();
    job();
    job = nullptr;  // lets go of what it owned before anybody hears that it is done
    lock.lock();
    core.busy = false;
    core.changed.notify_all();
  }
}

bool Lane::idle() const {
  const std::scoped_lock lock(core_->mutex);
  return !core_->busy;
}

void Lane::start(std::function<void()> job) {
  heartbeat_->tick();
  const std::scoped_lock lock(core_->mutex);
  REEVE_CHECK(!core_->busy);
  core_->busy = true;
  core_->job = std::move(job);
  core_->changed.notify_all();
}

bool Lane::wait(Milliseconds call_deadline, Heartbeat::Clock::time_point until, const std::stop_token& stop) {
  constexpr Milliseconds stop_noticed_after{50};
  std::unique_lock lock(core_->mutex);
  while (core_->busy) {
    const auto now = Heartbeat::Clock::now();
    const auto due = std::min(heartbeat_->at() + call_deadline, until);
    if (now >= due || stop.stop_requested()) return false;
    core_->changed.wait_until(lock, stop.stop_possible() ? std::min(due, now + stop_noticed_after) : due);
  }
  return true;
}

}  // namespace reeve::nvml
