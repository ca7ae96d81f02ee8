#pragma once
// Keeps one kind's objects as the API server has them: a list, then a watch from where the list ended, for ever.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "adapters/kube/api_reader.h"
#include "adapters/kube/json_arena.h"
#include "adapters/kube/kind_table.h"
#include "adapters/kube/object_table.h"
#include "adapters/kube/retry_delay.h"
#include "domain/cluster/snapshot.h"
#include "ports/clock.h"

namespace reeve::kube {

struct ReflectorOptions {
  int page_size = 500;                  // objects that a list answers at once
  Milliseconds watch_timeout{240'000};  // a watch ends after this, or up to half as much more
  Milliseconds watch_silence{150'000};  // a server sends a bookmark each minute: one that is silent for so long is gone
  Milliseconds list_idle{60'000};       // between two pieces of a list
  Milliseconds watch_short{1'000};      // a watch that ends sooner, and brought nothing, is followed by a pause
  Milliseconds retry_min{200};
  Milliseconds retry_max{30'000};
  Milliseconds slow_retry{60'000};  // when we may not, or there is no such API
};

// Its thread begins with the constructor and ends with the destructor, which makes a call in progress fail.
class Reflector {
 public:
  // After each change of the status or of the objects; from the reflector's thread, must not block.
  using Heard = std::function<void(const cluster::KindStatus&)>;

  struct Parts {
    ApiAccess access{};
    const Clock* clock = nullptr;  // outlives the reflector
    Random random{};
    Heard heard{};
  };

  // `objects` outlives the reflector, which is the only one to write to it.
  Reflector(const KindInfo& kind, ObjectSink& objects, Parts parts, ReflectorOptions options);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

 private:
  struct Page {
    std::string version{};
    std::string next{};  // the token of the next page; empty: it was the last
  };

  void run();
  std::optional<ApiFailure> list();
  std::optional<ApiFailure> read_page(const std::string& token, bool paged, Page& page);
  Status take_item(std::string_view text);
  std::optional<ApiFailure> watch();
  Status take_event(std::string_view line, std::optional<ApiFailure>& failure);
  void apply(std::string_view type, const boost::json::object& object);
  // Keeps the failure in the status, and says how long to wait.
  Milliseconds settle(const ApiFailure& failure);
  void pause(Milliseconds time);
  void tell();
  bool stopping();

  const KindInfo& kind_;
  ObjectSink& objects_;
  const Parts parts_;
  const ReflectorOptions options_;
  ApiReader reader_;
  JsonArena arena_{};
  RetryDelay delay_;
  cluster::KindStatus status_{};
  std::string version_{};  // to watch from; empty: a list is due
  std::string_view verb_ = "list";
  int expired_lists_ = 0;         // in a row
  int expired_watches_ = 0;       // in a row
  int refusals_ = 0;              // in a row
  std::uint64_t unreadable_ = 0;  // objects of the last list, and of the watch since
  std::string unreadable_why_{};
  bool event_seen_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::jthread thread_;
};

}  // namespace reeve::kube
