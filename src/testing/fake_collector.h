#pragma once
#include "ports/collect_control.h"
#include "ports/collect_status.h"

namespace reeve {

// A collector whose rounds are over at once. Threads: one.
class FakeCollector final : public CollectControl, public CollectStatus {
 public:
  void collect_now(std::move_only_function<void(Status)> done) override {
    ++rounds;
    done(Done{});
  }
  void set_paused(bool paused) override { paused_ = paused; }
  bool is_paused() const override { return paused_; }
  std::vector<TargetStatus> targets() const override { return {}; }
  std::optional<RoundStatus> last_round() const override { return last; }

  int rounds = 0;
  std::optional<RoundStatus> last{};

 private:
  bool paused_ = false;
};

}  // namespace reeve
