#pragma once
// Runs rounds of the collector on a thread of its own.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/time.h"
#include "ports/collect_control.h"

namespace reeve {

// One round at once, then one each interval, never two at a time: a round that should begin while another
// runs is skipped and counted.
class CollectLoop final : public CollectControl {
 public:
  struct Work {
    std::function<void()> round;      // blocks until the round is over
    std::function<void()> interrupt;  // makes a round in progress end soon; called by stop(), from its thread
  };

  CollectLoop(Milliseconds interval, Work work);
  ~CollectLoop() override { stop(); }
  CollectLoop(const CollectLoop&) = delete;
  CollectLoop& operator=(const CollectLoop&) = delete;

  void collect_now(std::move_only_function<void(Status)> done) override;
  void set_paused(bool paused) override;
  bool is_paused() const override;

  // Rounds that were skipped because the one before took too long. Threads: any.
  std::uint64_t skipped() const;

  // Interrupts the round in progress and joins the thread. Threads: any, not from within a round.
  void stop();

 private:
  using Waiting = std::vector<std::move_only_function<void(Status)>>;

  void run();
  // Waits for the next round; false: the end.
  bool wait(std::chrono::steady_clock::time_point due, Waiting& waiting);

  const Milliseconds interval_;
  const Work work_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Waiting waiting_{};  // who asked for a round that has not begun yet
  std::uint64_t skipped_ = 0;
  bool paused_ = false;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace reeve
