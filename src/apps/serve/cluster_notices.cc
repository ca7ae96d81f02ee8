#include "apps/serve/cluster_notices.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

namespace reeve {
namespace {

using namespace std::chrono_literals;

constexpr auto lease_interval = 2s;   // of renewals; the lease holds for 15 s
constexpr auto untold_age_max = 30s;  // so long nobody may have the lease when who had it is gone
constexpr std::size_t untold_max = 1000;

std::string own_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("{}_{}", host[0] == '\0' ? "reeve" : host.data(), getpid());
}

std::string_view reason_of(holding::ConflictKind kind) {
  switch (kind) {
    case holding::ConflictKind::sources_disagree: return "GPUHolderUnclear";
    case holding::ConflictKind::held_by_another: return "GPUHeldWithoutAllocation";
    case holding::ConflictKind::not_seen: return "AllocatedGPUNotHeld";
    case holding::ConflictKind::pod_gone: return "GPUHolderGone";
  }
  return {};
}

}  // namespace

ClusterNotices::ClusterNotices(std::shared_ptr<kube::Credentials> credentials, const ClusterView& cluster, const Clock& clock)
    : cluster_(cluster),
      lease_client_(credentials),
      lease_(lease_client_, clock, {.namespace_name = credentials->access().namespace_name, .identity = own_name()}),
      events_(credentials, clock, {.instance = own_name()}),
      keeper_([this](const std::stop_token& stop) { keep_lease(stop); }) {}

ClusterNotices::~ClusterNotices() {
  keeper_.request_stop();
  keeper_.join();
}

void ClusterNotices::tell(std::span<const holding::Conflict> conflicts) {
  if (lease_.held()) {
    const auto snapshot = cluster_.snapshot();
    for (const holding::Conflict& conflict : conflicts) record(conflict, *snapshot);
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  for (const holding::Conflict& conflict : conflicts) untold_.push_back({now, conflict});
  while (!untold_.empty() && (untold_.size() > untold_max || now - untold_.front().at > untold_age_max)) untold_.pop_front();
}

void ClusterNotices::tell_untold() {
  const auto now = std::chrono::steady_clock::now();
  const auto snapshot = cluster_.snapshot();
  const std::lock_guard lock(mutex_);
  for (const Untold& one : std::exchange(untold_, {}))
    if (now - one.at <= untold_age_max) record(one.conflict, *snapshot);
}

void ClusterNotices::record(const holding::Conflict& conflict, const cluster::Snapshot& snapshot) {
  std::set<std::pair<std::string, std::string>> told;
  for (const HolderObservation& said : conflict.evidence) {
    const cluster::Pod* pod = snapshot.find_pod(said.namespace_name, said.pod);
    if (pod == nullptr || !told.emplace(said.namespace_name, said.pod).second) continue;
    events_.record({.about = {.kind = "Pod", .namespace_name = pod->meta.namespace_name, .name = pod->meta.name, .uid = pod->meta.uid},
                    .warning = true,
                    .reason = std::string(reason_of(conflict.kind)),
                    .action = "Reconciling",
                    .note = conflict.detail});
  }
}

// Trouble is told once: without the right to the lease nothing is told to the cluster, and all else works.
void ClusterNotices::keep_lease(const std::stop_token& stop) {
  const std::stop_callback interrupt(stop, [this] { lease_client_.cancel(); });
  std::mutex mutex;
  std::condition_variable_any pause;
  std::string trouble;
  while (!stop.stop_requested()) {
    const auto held = lease_.hold();
    if (held && *held) tell_untold();
    const std::string now = held || stop.stop_requested() ? std::string{} : held.error().message;
    if (!now.empty() && trouble.empty()) fmt::print(stderr, "reeve: no events are written to the cluster: {}\n", now);
    trouble = now;
    std::unique_lock lock(mutex);
    pause.wait_for(lock, stop, lease_interval, [] { return false; });
  }
}

}  // namespace reeve
