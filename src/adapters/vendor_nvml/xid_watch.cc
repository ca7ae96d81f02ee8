#include "adapters/vendor_nvml/xid_watch.h"

#include <condition_variable>

namespace reeve::nvml {
namespace {

constexpr unsigned int wait_ms = 400;  // also how long a stop may have to wait
constexpr Milliseconds pause_after_fault{400};

}  // namespace

void EventLog::add(DeviceEvent event) {
  const std::scoped_lock lock(mutex_);
  event.sequence = ++last_sequence_;
  last_xids_[event.device] = event.code;
  if (pending_.size() == pending_max) pending_.pop_front();
  pending_.push_back(std::move(event));
}

std::vector<DeviceEvent> EventLog::take() {
  const std::scoped_lock lock(mutex_);
  std::vector<DeviceEvent> events(std::make_move_iterator(pending_.begin()), std::make_move_iterator(pending_.end()));
  pending_.clear();
  return events;
}

void EventLog::watching(const GpuUuid& uuid) {
  const std::scoped_lock lock(mutex_);
  last_xids_.try_emplace(uuid, 0);
}

std::optional<int> EventLog::last_xid(const GpuUuid& uuid) const {
  const std::scoped_lock lock(mutex_);
  const auto found = last_xids_.find(uuid);
  return found == last_xids_.end() ? std::nullopt : std::optional(found->second);
}

// Shared with the listening thread, which may outlive the watch when the library hangs.
struct XidWatch::State {
  std::shared_ptr<const Library> library{};
  std::shared_ptr<EventLog> log{};
  std::shared_ptr<Heartbeat> heartbeat{};
  std::mutex mutex{};
  std::condition_variable changed{};
  const Clock* clock = nullptr;  // used under the mutex while !stopped
  bool stopped = false;
  std::vector<WatchedGpu> wanted{};
  std::uint64_t generation = 0;  // of `wanted`
};

// Runs on the lane until the state is stopped.
class XidWatch::Listener {
 public:
  explicit Listener(State& state) : state_(state), calls_(state.library->calls()) {}

  void run() {
    while (!stopped()) {
      register_anew_if_wanted();
      if (!set_ || !listen()) pause();
    }
    free(set_);
  }

 private:
  bool stopped() {
    const std::scoped_lock lock(state_.mutex);
    return state_.stopped;
  }

  void pause() {
    std::unique_lock lock(state_.mutex);
    state_.changed.wait_for(lock, pause_after_fault, [this] { return state_.stopped || state_.generation != generation_; });
  }

  void register_anew_if_wanted() {
    {
      const std::scoped_lock lock(state_.mutex);
      if (state_.generation == generation_) return;
      generation_ = state_.generation;
      gpus_ = state_.wanted;
    }
    // The new set hears of things before the old one is deaf; what both heard is taken from the old one
    // only if it came before.
    EventSet old = std::exchange(set_, nullptr);
    while (old && next(old, 0) == Return::success) {
    }
    free(old);
    state_.heartbeat->tick();
    if (gpus_.empty() || calls_.nvmlEventSetCreate(&set_) != Return::success) return;
    for (const WatchedGpu& gpu : gpus_) {
      state_.heartbeat->tick();
      if (calls_.nvmlDeviceRegisterEvents(gpu.handle, event_xid_critical, set_) == Return::success) state_.log->watching(gpu.uuid);
    }
  }

  // False when the library did not wait: the caller has to.
  bool listen() {
    const auto begin = Heartbeat::Clock::now();
    const Return code = next(set_, wait_ms);
    return code == Return::success || (code == Return::timeout && Heartbeat::Clock::now() - begin > Milliseconds(wait_ms / 4));
  }

  Return next(EventSet set, unsigned int timeout_ms) {
    state_.heartbeat->tick();
    EventData data;
    const Return code = calls_.nvmlEventSetWait_v2(set, &data, timeout_ms);
    if (code == Return::success && (data.event_type & event_xid_critical) != 0) record(data);
    return code;
  }

  void record(const EventData& data) {
    DeviceEvent event;
    for (const WatchedGpu& gpu : gpus_)
      if (gpu.handle == data.device) event.device = gpu.uuid;
    if (event.device.empty()) return;
    event.code = static_cast<int>(data.event_data);
    if (data.gpu_instance_id != no_instance) event.gpu_instance = static_cast<int>(data.gpu_instance_id);
    const std::scoped_lock lock(state_.mutex);
    if (state_.stopped) return;
    event.at = state_.clock->now();
    state_.log->add(std::move(event));
  }

  void free(EventSet set) {
    if (set && calls_.nvmlEventSetFree) calls_.nvmlEventSetFree(set);
  }

  State& state_;
  const Calls& calls_;
  std::vector<WatchedGpu> gpus_{};
  std::uint64_t generation_ = 0;
  EventSet set_ = nullptr;
};

XidWatch::XidWatch(std::shared_ptr<const Library> library, std::shared_ptr<EventLog> log, const Clock& clock)
    : state_(std::make_shared<State>()) {
  state_->library = std::move(library);
  state_->log = std::move(log);
  state_->heartbeat = lane_.heartbeat();
  state_->clock = &clock;
  const Calls& calls = state_->library->calls();
  if (!calls.nvmlEventSetCreate || !calls.nvmlDeviceRegisterEvents || !calls.nvmlEventSetWait_v2) return;
  lane_.start([state = state_] { Listener(*state).run(); });
}

XidWatch::~XidWatch() { stop(Heartbeat::Clock::now() + Milliseconds(wait_ms) + Lane::patience); }

bool XidWatch::stop(Heartbeat::Clock::time_point until) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stopped = true;
    state_->changed.notify_all();
  }
  return lane_.retire(until);
}

void XidWatch::follow(std::vector<WatchedGpu> gpus) {
  const std::scoped_lock lock(state_->mutex);
  if (state_->wanted == gpus) return;
  state_->wanted = std::move(gpus);
  ++state_->generation;
  state_->changed.notify_all();
}

}  // namespace reeve::nvml
