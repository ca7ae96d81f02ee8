#include "delivery/agent/observer.h"

#include "domain/inventory/device_id.h"
#include "wire/observation/observation_json.h"

namespace reeve {
namespace {

constexpr Milliseconds retry_after{5'000};  // while the driver cannot be used

std::shared_ptr<const std::string> shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

}  // namespace

std::shared_ptr<const std::string> AgentView::metrics(ExpositionFormat format) const {
  const std::scoped_lock lock(mutex_);
  auto& text = format == ExpositionFormat::openmetrics ? openmetrics_ : prometheus_;
  if (!text) {
    ExpositionStyle style = style_;
    style.format = format;
    text = shared(write_exposition(report_, style));
  }
  return text;
}

std::shared_ptr<const std::string> AgentView::devices_json() const {
  const std::scoped_lock lock(mutex_);
  if (!json_) json_ = shared(wire::to_json(report_.observation));
  return json_;
}

Observer::Observer(DeviceDriver& driver, const Clock& clock, ObserverOptions options, HolderObserver* holders)
    : driver_(driver),
      clock_(clock),
      options_(std::move(options)),
      holders_(holders != nullptr ? std::make_unique<HolderLane>(*holders) : nullptr) {
  AgentReport nothing;
  nothing.observation.node = options_.node;
  nothing.observation.at = clock_.now();
  nothing.error = "the GPUs have not been looked at yet";
  view_ = std::make_shared<AgentView>(std::move(nothing), ExpositionStyle{{}, options_.old_hostname_label, options_.version});
  thread_ = std::jthread([this] { run(); });
}

Observer::~Observer() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
}

std::shared_ptr<const AgentView> Observer::view() const {
  const std::scoped_lock lock(mutex_);
  return view_;
}

void Observer::serve(std::function<void(const AgentView&)> take) const {
  const auto newest = view();
  if (!options_.max_age || clock_.now() - newest->report().observation.at <= *options_.max_age) return take(*newest);
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(std::move(take));
  changed_.notify_all();
}

void Observer::run() {
  auto next = std::chrono::steady_clock::now();
  while (true) {
    observe_now();
    next = std::max(next + pause(), std::chrono::steady_clock::now());
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, next, [this] { return stop_ || !waiting_.empty(); });
    if (stop_) return;
  }
}

Milliseconds Observer::pause() const {
  const AgentReport& report = view()->report();
  if (!report.error.empty()) return std::min(retry_after, options_.interval);
  return report.observations == report.failures + 1 ? std::min(options_.second_look, options_.interval) : options_.interval;
}

void Observer::observe_now() {
  const std::scoped_lock lock(observing_);
  const auto begin = std::chrono::steady_clock::now();
  if (holders_) holders_->ask();
  Result<NodeObservation> seen = driver_.observe();
  remember(driver_.take_events());
  ++observations_;
  AgentReport report;
  if (seen)
    report.observation = *std::move(seen);
  else
    report.error = seen.error().message;
  if (!report.error.empty()) ++failures_;
  report.observation.node = options_.node;
  report.observation.at = clock_.now();
  report.observation.events.assign(events_.begin(), events_.end());
  add_holders(report);
  report.observation_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  report.observations = observations_;
  report.failures = failures_;
  auto view = std::make_shared<const AgentView>(std::move(report), ExpositionStyle{{}, options_.old_hostname_label, options_.version});
  view->metrics(ExpositionFormat::prometheus);  // so that no scrape waits for it
  decltype(waiting_) waiting;
  {
    const std::scoped_lock publish(mutex_);
    view_ = view;
    waiting = std::exchange(waiting_, {});
  }
  for (const auto& take : waiting) take(*view);
}

void Observer::add_holders(AgentReport& report) {
  if (!holders_) return;
  Result<HolderLane::Holders> holders = holders_->answer(holders_patience);
  if (!holders && holders.error().code == Errc::not_found && !options_.kubelet_expected) return;
  report.kubelet_answered = holders.ok();
  if (holders)
    place_holders(report.observation, std::move(holders).value(), HolderSource::pod_resources);
  else
    report.kubelet_error = holders.error().message;
}

void Observer::remember(std::vector<DeviceEvent> events) {
  for (DeviceEvent& event : events) events_.push_back(std::move(event));
  while (events_.size() > events_told) events_.pop_front();
}

}  // namespace reeve
