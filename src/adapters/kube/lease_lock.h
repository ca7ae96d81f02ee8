#pragma once
// Leadership by a Lease (coordination.k8s.io/v1), as client-go does it and in agreement with it.

#include <atomic>
#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "adapters/kube/api_client.h"
#include "base/result.h"
#include "base/time.h"
#include "ports/clock.h"

namespace reeve::kube {

struct LeaseLockOptions {
  std::string namespace_name{};
  std::string name = "reeve";
  std::string identity{};               // of this process among all that want the lease
  std::chrono::seconds duration{15};    // others wait so long after our last renewal
  Milliseconds renew_deadline{10'000};  // we stop so long after it: less, so that two never hold it at once
};

// The lease is lost by our own steady clock, and another's has run out when we have not seen it change for its duration:
// no clock is compared with another machine's.
// Threads: hold() and release() by one at a time, every 2 s or so; held() and holder() by any.
class LeaseLock {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  // Both outlive the lock. `wall`: what is written into the lease for people to read.
  LeaseLock(ApiClient& api, const Clock& wall, LeaseLockOptions options, Now now = std::chrono::steady_clock::now);

  // Takes or renews the lease. True: it is ours now. A failure leaves held() as it is until the deadline.
  Result<bool> hold();

  // Do we have it, renewed in time? Whoever acts as the leader asks before each act.
  bool held() const;

  // Gives it up, so that others need not wait. No failure when it is not ours.
  Status release();

 private:
  ApiObject lease() const;
  void observe(boost::json::value found);
  bool another_holds_it() const;
  boost::json::value claim(bool release) const;
  Result<bool> settle(const Result<boost::json::value>& answer, std::chrono::steady_clock::time_point asked_at);

  ApiClient& api_;
  const Clock& wall_;
  const LeaseLockOptions options_;
  const Now now_;
  std::optional<boost::json::value> seen_{};            // the lease as last seen
  std::chrono::steady_clock::time_point changed_at_{};  // when we saw it change last
  std::atomic<bool> holding_{false};
  std::atomic<std::chrono::steady_clock::time_point> renewed_at_{};
};

}  // namespace reeve::kube
