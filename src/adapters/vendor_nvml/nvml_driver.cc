#include "adapters/vendor_nvml/nvml_driver.h"

#include <set>

#include <fmt/format.h>

#include "adapters/vendor_nvml/device_reader.h"
#include "adapters/vendor_nvml/nvml_system.h"
#include "adapters/vendor_nvml/xid_watch.h"

namespace reeve {
namespace {

using nvml::DeviceReader;
using nvml::EventLog;
using nvml::Lane;
using nvml::Look;
using nvml::NvmlSystem;
using nvml::SystemFacts;
using nvml::WatchedGpu;
using nvml::XidWatch;
using Steady = nvml::Heartbeat::Clock;

// One index of the driver: its lane, and what was last seen there.
class Seat {
 public:
  Seat(std::shared_ptr<const nvml::Library> library, unsigned int index, std::string proc_root)
      : reader_(std::make_shared<DeviceReader>(std::move(library), lane_.heartbeat(), index, std::move(proc_root))) {}

  bool idle() const { return lane_.idle(); }
  bool retire(Steady::time_point until) { return lane_.retire(until); }
  const std::optional<DeviceObservation>& identity() const { return identity_; }

  // Begins a look, unless the one before still hangs.
  void start() {
    if (!lane_.idle()) return;
    answer_ = std::make_shared<Look>();
    lane_.start([reader = reader_, answer = answer_] { *answer = reader->look(); });
  }

  // The look; when it does not come in time, the identity from before, without values.
  Look finish(Milliseconds call_deadline, Steady::time_point until, const std::stop_token& stop) {
    if (!lane_.wait(call_deadline, until, stop)) return Look{identity_};
    if (answer_->device) {
      identity_ = nvml::identity_of(*answer_->device);
      identity_->lost = false;
    }
    return *answer_;
  }

 private:
  Lane lane_{};
  std::shared_ptr<DeviceReader> reader_;
  std::shared_ptr<Look> answer_{};  // the lane's until the lane is idle
  std::optional<DeviceObservation> identity_{};
};

class NvmlDriver final : public DeviceDriver {
 public:
  NvmlDriver(NvmlOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock), system_(options_.library, options_.stop) {}
  ~NvmlDriver() override;

  Result<NodeObservation> observe() override;
  std::vector<DeviceEvent> take_events() override { return log_->take(); }

 private:
  bool look_at_all(const SystemFacts& facts, Steady::time_point until, NodeObservation& node);
  void add_vanished(unsigned int count, NodeObservation& node) const;
  bool unload(Steady::time_point until);

  NvmlOptions options_;
  const Clock& clock_;
  std::mutex observing_{};
  NvmlSystem system_;
  std::vector<std::unique_ptr<Seat>> seats_{};
  std::shared_ptr<EventLog> log_ = std::make_shared<EventLog>();
  std::unique_ptr<XidWatch> watch_{};
};

NvmlDriver::~NvmlDriver() {
  const auto until = Steady::now() + Milliseconds(500);  // all together, so that a pod ends in time
  bool ended = !watch_ || watch_->stop(until);
  for (const auto& seat : seats_) ended = seat->retire(until) && ended;
  seats_.clear();
  watch_.reset();
  if (ended) system_.unload(options_.call_deadline, until);
  system_.retire(until);
}

Result<NodeObservation> NvmlDriver::observe() {
  const std::scoped_lock lock(observing_);
  const auto until = Steady::now() + options_.round_deadline;
  constexpr int attempts = 2;  // the second with the library loaded anew
  for (int attempt = 1;; ++attempt) {
    const SystemFacts facts = system_.refresh(options_.call_deadline, until);
    if (!facts.library) return facts.error;
    NodeObservation node;
    node.source = ObservationSource::reeve_agent;
    node.driver_version = facts.driver_version;
    node.cuda_version = facts.cuda_version;
    const bool reload = facts.reload || look_at_all(facts, until, node);
    if (!reload) return node;
    if (!unload(until) || attempt == attempts)
      return Error{Errc::unavailable, fmt::format("cannot use {}: library and driver do not fit together", options_.library)};
  }
}

// True when the library has to be loaded anew.
bool NvmlDriver::look_at_all(const SystemFacts& facts, Steady::time_point until, NodeObservation& node) {
  while (seats_.size() < facts.device_count)
    seats_.push_back(std::make_unique<Seat>(facts.library, static_cast<unsigned int>(seats_.size()), options_.proc_root));
  for (unsigned int i = 0; i < facts.device_count; ++i) seats_[i]->start();

  bool reload = false;
  std::vector<WatchedGpu> gpus;
  std::set<std::string> seen;
  for (unsigned int i = 0; i < facts.device_count; ++i) {
    Look look = seats_[i]->finish(options_.call_deadline, until, options_.stop);
    reload = reload || look.reload;
    if (!look.device || !seen.insert(look.device->uuid.text).second) continue;
    if (look.handle) gpus.push_back({look.handle, look.device->uuid});
    node.devices.push_back(std::move(*look.device));
  }
  if (reload) return true;
  add_vanished(facts.device_count, node);

  if (!watch_) watch_ = std::make_unique<XidWatch>(facts.library, log_, clock_);
  for (DeviceObservation& device : node.devices)
    if (!device.values.empty()) device.values.set(Metric::last_xid, log_->last_xid(device.uuid));
  watch_->follow(std::move(gpus));
  return false;
}

// GPUs that were there before and that the driver no longer counts.
void NvmlDriver::add_vanished(unsigned int count, NodeObservation& node) const {
  for (std::size_t i = count; i < seats_.size(); ++i) {
    const std::optional<DeviceObservation>& gone = seats_[i]->identity();
    const auto is_gone = [&](const DeviceObservation& device) { return gone && device.uuid == gone->uuid; };
    if (!gone || std::any_of(node.devices.begin(), node.devices.end(), is_gone)) continue;  // moved to another index
    node.devices.push_back(*gone);
    node.devices.back().lost = true;
  }
}

// False while a call hangs: its library cannot be let go of.
bool NvmlDriver::unload(Steady::time_point until) {
  for (const auto& seat : seats_)
    if (!seat->idle()) return false;
  if (watch_ && !watch_->stop(until)) return false;
  watch_.reset();
  seats_.clear();
  return system_.unload(options_.call_deadline, until);
}

}  // namespace

std::unique_ptr<DeviceDriver> make_nvml_driver(NvmlOptions options, const Clock& clock) {
  return std::make_unique<NvmlDriver>(std::move(options), clock);
}

}  // namespace reeve
