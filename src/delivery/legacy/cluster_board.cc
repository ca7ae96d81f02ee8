#include "delivery/legacy/cluster_board.h"

namespace reeve::legacy {
namespace {

constexpr Milliseconds readings_may_lag = std::chrono::seconds(1);
constexpr Milliseconds regather_after = std::chrono::seconds(10);  // values that nobody renews grow stale without a change
constexpr Milliseconds kept_for = std::chrono::minutes(2);         // after the last request

}  // namespace

std::shared_ptr<const ClusterFacts> ClusterBoard::facts() {
  const std::lock_guard lock(mutex_);
  const Moment moment(api_);
  asked_at_ = moment.now;
  if (last_) {
    const Milliseconds age = moment.now - last_->at;
    if (age < regather_after && knows_all(*last_) && (age < readings_may_lag || knows_readings(*last_))) return last_;
  }
  last_ = gather_facts(moment, last_.get());
  return last_;
}

bool ClusterBoard::knows_all(const ClusterFacts& facts) const {
  return facts.snapshot == api_.cluster.snapshot() && facts.holdings == api_.holdings.report() && facts.servers == api_.serving.servers();
}

bool ClusterBoard::knows_readings(const ClusterFacts& facts) const { return facts.fleet == api_.keeper.snapshot(); }

void ClusterBoard::forget_if_idle() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock && api_.clock.now() - asked_at_ > kept_for) last_.reset();
}

}  // namespace reeve::legacy
