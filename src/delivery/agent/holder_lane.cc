#include "delivery/agent/holder_lane.h"

#include <utility>

namespace reeve {

HolderLane::~HolderLane() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
}

void HolderLane::ask() {
  {
    const std::scoped_lock lock(mutex_);
    fresh_ = !asked_;
    asked_ = true;
  }
  changed_.notify_all();
}

Result<HolderLane::Holders> HolderLane::answer(Milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (fresh_) changed_.wait_for(lock, patience, [&] { return !asked_; });
  if (!newest_ || SteadyClock::now() - answered_at_ > answer_age_max)
    return Error{Errc::timed_out, "cannot ask the kubelet who holds what: it has not answered yet"};
  return *newest_;
}

void HolderLane::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return asked_ || stop_; });
    if (stop_) return;
    lock.unlock();
    Result<Holders> answer = observer_.observe();
    lock.lock();
    newest_ = std::move(answer);
    answered_at_ = SteadyClock::now();
    asked_ = false;
    changed_.notify_all();
  }
}

}  // namespace reeve
