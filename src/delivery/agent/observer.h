#pragma once
// Looks at the GPUs of this node at intervals, on a thread of its own, and keeps what it saw ready to be
// served: answering a scrape costs no driver call.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "delivery/agent/exposition_writer.h"
#include "delivery/agent/holder_lane.h"
#include "ports/clock.h"
#include "ports/device_driver.h"

namespace reeve {

struct ObserverOptions {
  NodeName node{};
  Milliseconds interval{30'000};
  Milliseconds second_look{1'000};        // after the first: rates and profiling values need two
  std::optional<Milliseconds> max_age{};  // a scrape of older values waits for a new look; absent: none waits
  bool old_hostname_label = false;
  bool kubelet_expected = false;  // a kubelet whose socket is not there has not answered; else there is none to ask
  std::string version{};
};

// One look, with the texts that are served of it. Immutable to its readers; a text is written when it is
// first asked for and kept. Any thread.
class AgentView final {
 public:
  AgentView(AgentReport report, ExpositionStyle style) : report_(std::move(report)), style_(std::move(style)) {}

  const AgentReport& report() const { return report_; }
  std::shared_ptr<const std::string> metrics(ExpositionFormat format) const;
  std::shared_ptr<const std::string> devices_json() const;

 private:
  AgentReport report_;
  ExpositionStyle style_;
  mutable std::mutex mutex_{};
  mutable std::shared_ptr<const std::string> prometheus_{};
  mutable std::shared_ptr<const std::string> openmetrics_{};
  mutable std::shared_ptr<const std::string> json_{};
};

class Observer final {
 public:
  // Driver, clock and `holders` (null: nobody is asked who holds what) must outlive the observer. The first look
  // begins at once; nothing here waits for it.
  Observer(DeviceDriver& driver, const Clock& clock, ObserverOptions options, HolderObserver* holders = nullptr);
  ~Observer();  // waits for a look in progress: a driver keeps its deadlines
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // The newest look; never null. Before the first one: a view without devices whose error says so.
  std::shared_ptr<const AgentView> view() const;

  // Gives `take` the newest look, at once or, when it is older than max_age, after the next one. Called on
  // this thread or the observer's; not at all when the observer ends first.
  void serve(std::function<void(const AgentView&)> take) const;

  // Looks once, on the caller's thread, beside the timer: for tests and measurements.
  void observe_now();

 private:
  void run();
  Milliseconds pause() const;
  void remember(std::vector<DeviceEvent> events);
  void add_holders(AgentReport& report);

  static constexpr Milliseconds holders_patience{100};  // of a look, after the driver: a kubelet answers in a few
  static constexpr std::size_t events_told = 64;        // of the newest: a collector asks every 30 s and knows the rest

  DeviceDriver& driver_;
  const Clock& clock_;
  ObserverOptions options_;
  std::unique_ptr<HolderLane> holders_;  // null: nobody is asked
  std::mutex observing_{};               // one look at a time; guards the next three
  std::deque<DeviceEvent> events_{};
  std::uint64_t observations_ = 0;
  std::uint64_t failures_ = 0;
  mutable std::mutex mutex_{};  // guards what follows
  mutable std::condition_variable changed_{};
  std::shared_ptr<const AgentView> view_{};
  mutable std::vector<std::function<void(const AgentView&)>> waiting_{};
  bool stop_ = false;
  std::jthread thread_{};
};

}  // namespace reeve
