#include "adapters/kube/event_recorder.h"

#include <algorithm>

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include "adapters/kube/micro_time.h"
#include "base/utf8.h"

namespace reeve::kube {
namespace {

using std::chrono::steady_clock;

// The API's limits.
constexpr std::size_t word_bytes_max = 128;
constexpr std::size_t note_bytes_max = 1024;
constexpr Milliseconds look_interval{60'000};  // for what is old enough to be forgotten

std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  text.resize(bytes_max);
  while (!text.empty() && !is_utf8(text)) text.pop_back();
  return text;
}

// The API takes no empty one.
std::string word(std::string text) { return text.empty() ? "Unspecified" : cut(std::move(text), word_bytes_max); }

bool may_pass(Errc code) { return code == Errc::unavailable || code == Errc::timed_out || code == Errc::exhausted; }

boost::json::object series_of(std::uint64_t count, Timestamp last_at) {
  return {{"count", count}, {"lastObservedTime", micro_time(last_at)}};
}

std::string namespace_of(const Event& event) { return event.about.namespace_name.empty() ? "default" : event.about.namespace_name; }

}  // namespace

EventRecorder::EventRecorder(std::shared_ptr<Credentials> credentials, const Clock& clock, EventRecorderOptions options,
                             ApiClientOptions api)
    : clock_(clock),
      options_(std::move(options)),
      api_(std::move(credentials), std::move(api)),
      tokens_(options_.burst),
      refilled_(steady_clock::now()),
      backoff_(options_.first_retry),
      sender_([this] { run(); }) {}

EventRecorder::~EventRecorder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  api_.cancel();
  changed_.notify_all();
}

void EventRecorder::record(Event event) {
  event.reason = word(std::move(event.reason));
  event.action = word(std::move(event.action));
  event.note = cut(std::move(event.note), note_bytes_max);
  const auto now = steady_clock::now();
  const std::lock_guard lock(mutex_);
  auto at = kept_.find(event);
  if (at == kept_.end()) {
    if (kept_.size() >= options_.kept_max && !make_room()) {
      ++counts_.dropped;
      return;
    }
    Series series{.name = new_name(event), .first_at = clock_.now(), .due = now};
    at = kept_.emplace(std::move(event), std::move(series)).first;
  }
  Series& series = at->second;
  if (series.seen == series.told) series.waits_since = now;
  ++series.seen;
  series.last_at = clock_.now();
  series.last_seen = now;
  changed_.notify_all();
}

EventCounts EventRecorder::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

// Unlike that of any other process, and of any other event of ours.
std::string EventRecorder::new_name(const Event& event) {
  constexpr std::size_t subject_bytes_max = 200;  // of 253 for the whole
  return fmt::format("{}.{:x}.{:x}", event.about.name.substr(0, subject_bytes_max), clock_.now().time_since_epoch().count(), ++number_);
}

// Gives up the count of the event that was quiet longest, when the cluster knows all of it.
bool EventRecorder::make_room() {
  auto oldest = kept_.end();
  for (auto at = kept_.begin(); at != kept_.end(); ++at)
    if (at->second.created && at->second.seen == at->second.told && !at->second.sending &&
        (oldest == kept_.end() || at->second.last_seen < oldest->second.last_seen))
      oldest = at;
  if (oldest == kept_.end()) return false;
  kept_.erase(oldest);
  return true;
}

void EventRecorder::drop(Kept::iterator at) {
  counts_.dropped += at->second.seen - at->second.told;
  kept_.erase(at);
}

void EventRecorder::forget_old(SteadyTime now) {
  for (auto at = kept_.begin(); at != kept_.end();) {
    const auto here = at++;
    const Series& series = here->second;
    const bool waits = series.seen > series.told;
    if (waits ? now - series.waits_since > options_.wait_max : now - series.last_seen > options_.series_end) drop(here);
  }
}

EventRecorder::Kept::iterator EventRecorder::next_due() {
  auto first = kept_.end();
  for (auto at = kept_.begin(); at != kept_.end(); ++at)
    if (at->second.seen > at->second.told && (first == kept_.end() || at->second.due < first->second.due)) first = at;
  return first;
}

bool EventRecorder::take_token(SteadyTime now) {
  const auto earned = static_cast<std::size_t>((now - refilled_) / options_.refill);
  refilled_ += options_.refill * static_cast<Milliseconds::rep>(earned);
  tokens_ = std::min(tokens_ + earned, options_.burst);
  if (tokens_ == 0) return false;
  --tokens_;
  return true;
}

void EventRecorder::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = steady_clock::now();
    forget_old(now);
    const auto at = next_due();
    const auto due = at == kept_.end() ? now + look_interval : std::max(at->second.due, not_before_);
    if (due > now) {
      changed_.wait_until(lock, std::min(due, now + look_interval));
      continue;
    }
    if (!take_token(now)) {
      changed_.wait_until(lock, refilled_ + options_.refill);
      continue;
    }
    at->second.sending = true;
    const Series series = at->second;
    lock.unlock();
    const Status outcome = send(at->first, series);  // only this thread takes entries out that wait
    lock.lock();
    at->second.sending = false;
    settle(at, series, outcome);
  }
}

Status EventRecorder::send(const Event& event, const Series& series) {
  ApiObject object{.resource = api_events, .namespace_name = namespace_of(event), .name = series.name};
  if (series.created) {
    const auto patched = api_.patch(object, boost::json::object{{"series", series_of(series.seen, series.last_at)}});
    return patched ? Status(Done{}) : patched.error();
  }
  const EventSubject& about = event.about;
  boost::json::object regarding{{"apiVersion", about.api_version}, {"kind", about.kind}, {"name", about.name}};
  if (!about.namespace_name.empty()) regarding["namespace"] = about.namespace_name;
  if (!about.uid.empty()) regarding["uid"] = about.uid;
  boost::json::object content{{"apiVersion", "events.k8s.io/v1"},
                              {"kind", "Event"},
                              {"metadata", {{"name", series.name}, {"namespace", object.namespace_name}}},
                              {"eventTime", micro_time(series.first_at)},
                              {"reportingController", options_.controller},
                              {"reportingInstance", cut(options_.instance, word_bytes_max)},
                              {"regarding", std::move(regarding)},
                              {"type", event.warning ? "Warning" : "Normal"},
                              {"reason", event.reason},
                              {"action", event.action},
                              {"note", event.note}};
  if (series.seen > 1) content["series"] = series_of(series.seen, series.last_at);
  const auto created = api_.create(object, content);
  // A request that was timed out may have been carried out: then its name is taken, by us.
  if (created || created.error().code == Errc::conflict) return Done{};
  return created.error();
}

void EventRecorder::settle(Kept::iterator at, const Series& sent, const Status& outcome) {
  const auto now = steady_clock::now();
  Series& series = at->second;
  if (outcome) {
    ++(sent.created ? counts_.counted : counts_.created);
    counts_.last_error.clear();
    series.created = true;
    series.told = sent.seen;
    series.waits_since = series.last_seen;
    series.due = now + options_.count_interval;
    backoff_ = options_.first_retry;
    return;
  }
  if (stopping_) return;
  counts_.last_error = outcome.error().message;
  if (may_pass(outcome.error().code)) {
    not_before_ = now + backoff_;
    backoff_ = std::min(backoff_ * 2, options_.retry_max);
  } else if (sent.created && outcome.error().code == Errc::not_found) {  // the cluster forgets events after an hour
    series = {.name = new_name(at->first),
              .seen = series.seen - series.told,
              .first_at = series.last_at,
              .last_at = series.last_at,
              .last_seen = series.last_seen,
              .waits_since = series.waits_since,
              .due = now};
  } else {
    drop(at);
  }
}

}  // namespace reeve::kube
