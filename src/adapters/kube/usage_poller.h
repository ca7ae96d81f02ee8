#pragma once
// Asks metrics.k8s.io now and then what nodes and pods use, and the API server once which version it is.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "adapters/kube/api_reader.h"
#include "adapters/kube/json_arena.h"
#include "adapters/kube/kind_table.h"
#include "adapters/kube/object_decoder.h"
#include "domain/cluster/snapshot.h"
#include "ports/clock.h"

namespace reeve::kube {

struct UsagePollerOptions {
  Milliseconds interval{15'000};
  Milliseconds slow_retry{60'000};  // when we may not, or there is no metrics server
  Milliseconds idle{20'000};        // between two pieces of an answer
  int page_size = 1000;
  bool nodes = true;
  bool pods = true;
};

// Its thread begins with the constructor and ends with the destructor, which makes a call in progress fail.
class UsagePoller {
 public:
  // Called from the poller's thread; must not block. A table is null when the poll failed.
  struct Listener {
    std::function<void(const cluster::KindStatus&, std::shared_ptr<const cluster::UsageByNode>)> nodes{};
    std::function<void(const cluster::KindStatus&, std::shared_ptr<const cluster::UsageByPod>)> pods{};
    std::function<void(const std::string&)> version{};  // "v1.37.2"
  };

  // `clock` outlives the poller.
  UsagePoller(ApiAccess access, const Clock& clock, Listener listener, UsagePollerOptions options);
  ~UsagePoller();
  UsagePoller(const UsagePoller&) = delete;
  UsagePoller& operator=(const UsagePoller&) = delete;

 private:
  using Take = std::function<Status(const boost::json::object&)>;

  void run();
  bool pause(Milliseconds time);  // false: it is over
  bool ask_version();
  // Pages through the kind's list; what cannot be read is left out.
  std::optional<ApiFailure> poll(const KindInfo& kind, const Take& take);
  void settle(cluster::KindStatus& status, const KindInfo& kind, const std::optional<ApiFailure>& failure);
  // Both return whether the API is there and we may ask it.
  bool poll_nodes();
  bool poll_pods();

  const Clock& clock_;
  const Listener listener_;
  const UsagePollerOptions options_;
  ApiReader reader_;
  JsonArena arena_{};
  cluster::KindStatus node_status_{};
  cluster::KindStatus pod_status_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::jthread thread_;
};

}  // namespace reeve::kube
