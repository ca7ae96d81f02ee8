#include "adapters/fleet_keeper/fleet_keeper.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace reeve {
namespace {

// Changes that share one transaction. More would only make the first of them wait longer: a commit costs
// about as much as some hundred changes.
constexpr std::size_t batch_max = 256;

struct Pending {
  FleetKeeper::Change change;
  FleetKeeper::Committed done;
};

// Calls of listeners and the end of a subscription exclude each other, so that a handle's destructor can
// promise that no call is in progress.
struct Subscription {
  std::mutex mutex;
  FleetKeeper::Listener listener;
};

struct SubscriptionHandle {
  std::shared_ptr<Subscription> subscription;
  ~SubscriptionHandle() {
    const std::lock_guard lock(subscription->mutex);
    subscription->listener = nullptr;
  }
};

class WriterThread final : public FleetKeeper {
 public:
  WriterThread(Fleet start, FleetStore& store)
      : store_(store),
        published_(std::make_shared<const Fleet>(std::move(start))),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  ~WriterThread() override {
    thread_.request_stop();
    thread_.join();
  }

  std::shared_ptr<const Fleet> snapshot() const override {
    const std::lock_guard lock(published_mutex_);
    return published_;
  }

  void submit(Change change, Committed done) override {
    {
      const std::lock_guard lock(mutex_);
      changes_.push_back({std::move(change), std::move(done)});
    }
    wake_.notify_one();
  }

  void publish_readings(NodeName node, std::shared_ptr<const NodeReadings> readings) override {
    {
      const std::lock_guard lock(mutex_);
      readings_.insert_or_assign(std::move(node), std::move(readings));
    }
    wake_.notify_one();
  }

  std::shared_ptr<void> subscribe(Listener listener) override {
    auto subscription = std::make_shared<Subscription>();
    subscription->listener = std::move(listener);
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(subscriptions_, [](const auto& weak) { return weak.expired(); });
      subscriptions_.push_back(subscription);
    }
    return std::make_shared<SubscriptionHandle>(std::move(subscription));
  }

 private:
  void run(const std::stop_token& stop) {
    for (;;) {
      std::vector<Pending> batch;
      std::map<NodeName, std::shared_ptr<const NodeReadings>> readings;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, stop, [&] { return !changes_.empty() || !readings_.empty(); });
        if (changes_.empty() && readings_.empty()) return;
        const std::size_t taken = std::min(changes_.size(), batch_max);
        const auto end = changes_.begin() + static_cast<std::ptrdiff_t>(taken);
        batch.assign(std::make_move_iterator(changes_.begin()), std::make_move_iterator(end));
        changes_.erase(changes_.begin(), end);
        readings.swap(readings_);
      }
      carry_out(batch, readings);
    }
  }

  void carry_out(std::vector<Pending>& batch, std::map<NodeName, std::shared_ptr<const NodeReadings>>& readings) {
    FleetDraft draft(*snapshot());
    std::vector<Status> outcomes;
    for (Pending& pending : batch) outcomes.push_back(pending.change(draft));
    const Status committed = draft.change().empty() ? Status(Done{}) : store_.commit(draft.change());
    if (committed) {
      for (auto& [node, values] : readings) draft.put_readings(node, std::move(values));
      publish(std::move(draft).finish());
    } else {
      FleetDraft only_readings(*snapshot());
      for (auto& [node, values] : readings) only_readings.put_readings(node, std::move(values));
      publish(std::move(only_readings).finish());
    }
    // A change of this batch may rest on one before it, so a failed commit fails them all; one that refused
    // by itself keeps its own reason.
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(outcomes[i] && !committed ? committed : outcomes[i]);
  }

  void publish(const std::shared_ptr<const Fleet>& next) {
    {
      const std::lock_guard lock(published_mutex_);
      published_ = next;
    }
    std::vector<std::shared_ptr<Subscription>> live;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& weak : subscriptions_)
        if (auto subscription = weak.lock()) live.push_back(std::move(subscription));
    }
    for (const auto& subscription : live) {
      const std::lock_guard lock(subscription->mutex);
      if (subscription->listener) subscription->listener(next);
    }
  }

  FleetStore& store_;

  mutable std::mutex published_mutex_;  // held for a pointer copy only
  std::shared_ptr<const Fleet> published_;

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Pending> changes_;
  std::map<NodeName, std::shared_ptr<const NodeReadings>> readings_;
  std::vector<std::weak_ptr<Subscription>> subscriptions_;

  std::jthread thread_;  // last: starts when all else is there
};

}  // namespace

std::unique_ptr<FleetKeeper> make_fleet_keeper(Fleet start, FleetStore& store) {
  return std::make_unique<WriterThread>(std::move(start), store);
}

}  // namespace reeve
