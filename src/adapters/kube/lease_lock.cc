#include "adapters/kube/lease_lock.h"

#include <boost/json/object.hpp>

#include "adapters/kube/json_fields.h"
#include "adapters/kube/micro_time.h"
#include "base/check.h"

namespace reeve::kube {
namespace {

JsonFields spec_of(const boost::json::value& lease) { return JsonFields(lease).object("spec"); }

std::string_view version_of(const boost::json::value& lease) { return JsonFields(lease).object("metadata").text("resourceVersion"); }

}  // namespace

LeaseLock::LeaseLock(ApiClient& api, const Clock& wall, LeaseLockOptions options, Now now)
    : api_(api), wall_(wall), options_(std::move(options)), now_(std::move(now)) {
  REEVE_CHECK(options_.renew_deadline < options_.duration && !options_.identity.empty());
}

ApiObject LeaseLock::lease() const { return {.resource = api_leases, .namespace_name = options_.namespace_name, .name = options_.name}; }

bool LeaseLock::held() const { return holding_ && now_() - renewed_at_.load() < options_.renew_deadline; }

void LeaseLock::observe(boost::json::value found) {
  if (!seen_ || version_of(*seen_) != version_of(found)) changed_at_ = now_();
  seen_ = std::move(found);
}

bool LeaseLock::another_holds_it() const {
  const JsonFields spec = spec_of(*seen_);
  const std::string_view holder = spec.text("holderIdentity");
  if (holder.empty() || holder == options_.identity) return false;
  const std::chrono::seconds duration(spec.integer("leaseDurationSeconds").value_or(options_.duration.count()));
  return now_() - changed_at_ < duration;
}

// The lease with our name on it, or with nobody's; what else stands in it stays.
boost::json::value LeaseLock::claim(bool release) const {
  boost::json::value lease = seen_ ? *seen_
                                   : boost::json::value{{"apiVersion", "coordination.k8s.io/v1"},
                                                        {"kind", "Lease"},
                                                        {"metadata", {{"name", options_.name}, {"namespace", options_.namespace_name}}}};
  boost::json::value& found = lease.as_object()["spec"];
  boost::json::object& spec = found.is_object() ? found.get_object() : found.emplace_object();
  const JsonFields before(spec);
  const bool ours = before.text("holderIdentity") == options_.identity;
  const std::int64_t transitions = before.integer("leaseTransitions").value_or(0);
  const std::string now = micro_time(wall_.now());
  if (release) {
    spec.erase("holderIdentity");
    spec["leaseDurationSeconds"] = 1;
  } else {
    if (!ours) {
      spec["acquireTime"] = now;
      spec["leaseTransitions"] = seen_ ? transitions + 1 : 0;
    }
    spec["holderIdentity"] = options_.identity;
    spec["leaseDurationSeconds"] = options_.duration.count();
  }
  spec["renewTime"] = now;
  return lease;
}

Result<bool> LeaseLock::settle(const Result<boost::json::value>& answer, std::chrono::steady_clock::time_point asked_at) {
  if (answer) {
    observe(*answer);
    renewed_at_ = asked_at;  // the others count from when the server heard it, which was later
    holding_ = true;
    return true;
  }
  if (answer.error().code != Errc::conflict) return answer.error();
  holding_ = false;  // somebody was faster; who it is the next call finds
  seen_.reset();
  return false;
}

Result<bool> LeaseLock::hold() {
  const auto asked_at = now_();
  if (!held() || !seen_) {
    auto found = api_.get(lease());
    if (!found && found.error().code != Errc::not_found) return found.error();
    if (!found) {
      seen_.reset();
      return settle(api_.create(lease(), claim(false)), asked_at);
    }
    observe(std::move(found).value());
    if (another_holds_it()) {
      holding_ = false;
      return false;
    }
  }
  const auto updated = api_.update(lease(), claim(false));
  if (!updated && updated.error().code == Errc::not_found) {  // deleted under our hands: the next call makes it anew
    holding_ = false;
    seen_.reset();
    return false;
  }
  return settle(updated, asked_at);
}

Status LeaseLock::release() {
  if (!held() || !seen_) return Done{};
  holding_ = false;
  const auto updated = api_.update(lease(), claim(true));
  seen_.reset();
  if (updated || updated.error().code == Errc::conflict || updated.error().code == Errc::not_found) return Done{};
  return updated.error();
}

}  // namespace reeve::kube
