#include "apps/demo/holders.h"

#include <fstream>
#include <future>

namespace reeve::demo {
namespace {

AllocationRequest request_of(const PlannedHolder& holder) {
  AllocationRequest request;
  request.namespace_name = holder.namespace_name;
  request.pod_name = holder.pod;
  request.container_name = holder.container;
  request.workload_type = holder.workload_type;
  request.device = DeviceId{holder.device};
  if (!holder.mig_profile.empty()) {
    request.use_mig = true;
    request.mig_profile = holder.mig_profile;
  }
  request.user_id = holder.user;
  request.team_id = holder.team;
  request.project_id = holder.project;
  request.labels = {{"app", holder.app}};
  return request;
}

}  // namespace

Holders::Holders(const AllocationContext& context, std::string done_file) : context_(context), done_file_(std::move(done_file)) {
  std::ifstream file(done_file_);
  for (std::string key; std::getline(file, key);) done_.insert(key);
}

std::size_t Holders::place(const PlannedNode& node) {
  struct Asked {
    const PlannedHolder* holder;
    std::future<Result<Allocation>> outcome;
  };
  std::vector<Asked> asked;  // all at once: the keeper commits what waits together
  for (const PlannedHolder& holder : node.holders) {
    if (done_.contains(holder.key)) continue;
    std::promise<Result<Allocation>> promise;
    asked.push_back({&holder, promise.get_future()});
    allocate(context_, request_of(holder), IdempotencyKey{holder.key, holder.key},
             [promise = std::move(promise)](AllocationAnswer answer) mutable { promise.set_value(std::move(answer.outcome)); });
  }
  std::size_t placed = 0;
  std::ofstream file(done_file_, std::ios::app);
  for (Asked& one : asked) {
    const auto outcome = one.outcome.get();
    if (!outcome && outcome.error().code == Errc::unavailable) continue;
    if (outcome) ++placed;
    done_.insert(one.holder->key);
    file << one.holder->key << '\n';
  }
  return placed;
}

}  // namespace reeve::demo
