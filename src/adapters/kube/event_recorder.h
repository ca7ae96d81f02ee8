#pragma once
// Tells the cluster what Reeve did, as events (events.k8s.io/v1) of the objects concerned.

#include <compare>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "adapters/kube/api_client.h"
#include "adapters/kube/credentials.h"
#include "base/time.h"
#include "ports/clock.h"

namespace reeve::kube {

// The object that an event is about.
struct EventSubject {
  std::string api_version = "v1";
  std::string kind{};            // "Pod"
  std::string namespace_name{};  // empty: an object of the whole cluster
  std::string name{};
  std::string uid{};

  friend auto operator<=>(const EventSubject&, const EventSubject&) = default;
};

struct Event {
  EventSubject about{};
  bool warning = false;
  std::string reason{};  // why, one word: "DeviceConflict"; at most 128 bytes, as is the action
  std::string action{};  // what was done or found: "Reconciling"
  std::string note{};    // a sentence; cut to 1 KiB

  friend auto operator<=>(const Event&, const Event&) = default;
};

struct EventRecorderOptions {
  std::string controller = "reeve.io/reeve";
  std::string instance = "reeve";       // the pod or host that we run in
  std::size_t kept_max = 1000;          // different events that wait or are being counted; more are dropped
  std::size_t burst = 20;               // requests at once ...
  Milliseconds refill{500};             // ... and one more each time this has passed
  Milliseconds count_interval{10'000};  // between two writes of one event's count
  Milliseconds series_end{6 * 60'000};  // not seen for so long: the next one is a new event
  Milliseconds first_retry{1'000};      // doubles up to retry_max while the API server is away
  Milliseconds retry_max{60'000};
  Milliseconds wait_max{10 * 60'000};  // what could not be told for so long is dropped
};

struct EventCounts {
  std::uint64_t created = 0;  // events that the cluster has
  std::uint64_t counted = 0;  // patches of their counts
  std::uint64_t dropped = 0;  // occurrences that the cluster was never told
  std::string last_error{};   // why the last request failed; empty: it did not
};

// One thread of its own sends. The same event again counts up the one that the cluster has, in one request for many.
// Threads: any. Destruction ends a request in progress and drops what waits.
class EventRecorder {
 public:
  EventRecorder(std::shared_ptr<Credentials> credentials, const Clock& clock, EventRecorderOptions options = {}, ApiClientOptions api = {});
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  // Never waits for anything.
  void record(Event event);
  EventCounts counts() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Series {
    std::string name{};      // of the cluster's event
    bool created = false;    // the cluster has it
    bool sending = false;    // now
    std::uint64_t seen = 0;  // occurrences
    std::uint64_t told = 0;  // of them, those that the cluster knows
    Timestamp first_at{};
    Timestamp last_at{};
    SteadyTime last_seen{};
    SteadyTime waits_since{};  // the oldest that was not told
    SteadyTime due{};          // not written before
  };
  using Kept = std::map<Event, Series>;

  void run();
  std::string new_name(const Event& event);
  bool make_room();
  void forget_old(SteadyTime now);
  Kept::iterator next_due();
  bool take_token(SteadyTime now);
  Status send(const Event& event, const Series& series);
  void settle(Kept::iterator at, const Series& sent, const Status& outcome);
  void drop(Kept::iterator at);

  const Clock& clock_;
  const EventRecorderOptions options_;
  ApiClient api_;
  mutable std::mutex mutex_{};  // guards what follows
  std::condition_variable changed_{};
  Kept kept_{};
  EventCounts counts_{};
  bool stopping_ = false;
  std::size_t tokens_;
  SteadyTime refilled_{};
  SteadyTime not_before_{};  // the API server is away
  Milliseconds backoff_;
  std::uint64_t number_ = 0;
  std::jthread sender_{};
};

}  // namespace reeve::kube
