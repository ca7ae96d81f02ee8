#pragma once
// Asks who holds the GPUs on a thread of its own, so that a kubelet that hangs never keeps readings waiting.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/time.h"
#include "ports/holder_observer.h"

namespace reeve {

class HolderLane final {
 public:
  using Holders = std::vector<HolderObservation>;

  // `observer` must outlive it.
  explicit HolderLane(HolderObserver& observer) : observer_(observer), thread_([this] { run(); }) {}
  ~HolderLane();  // waits for a question under way: an observer keeps its deadline
  HolderLane(const HolderLane&) = delete;
  HolderLane& operator=(const HolderLane&) = delete;

  // Begins a question; nothing when one is still under way. ask and answer: one thread at a time.
  void ask();

  // The answer to it, waited for as long as `patience`; not at all behind a question that was under way before.
  // Else the newest answer there is, unless it is older than answer_age_max. Timed out: there is none.
  Result<Holders> answer(Milliseconds patience);

  static constexpr std::chrono::seconds answer_age_max{60};

 private:
  using SteadyClock = std::chrono::steady_clock;

  void run();

  HolderObserver& observer_;
  std::mutex mutex_{};  // guards what follows
  std::condition_variable changed_{};
  bool asked_ = false;  // a question waits or is under way
  bool fresh_ = false;  // it is the one of the last ask()
  bool stop_ = false;
  std::optional<Result<Holders>> newest_{};
  SteadyClock::time_point answered_at_{};
  std::jthread thread_;
};

}  // namespace reeve
