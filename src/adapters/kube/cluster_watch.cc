#include "adapters/kube/cluster_watch.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "adapters/kube/object_decoder.h"
#include "adapters/kube/object_table.h"
#include "adapters/kube/subscribers.h"

namespace reeve::kube {
namespace {

using SteadyClock = std::chrono::steady_clock;
using cluster::Kind;
using cluster::Snapshot;

// What is not held by tables: the newest word of each kind.
struct Heard {
  std::array<cluster::KindStatus, cluster::kind_count> kinds{};
  std::shared_ptr<const cluster::UsageByPod> pod_usage{};
  std::shared_ptr<const cluster::UsageByNode> node_usage{};
  std::string server_version{};
};

struct Tables {
  ObjectTable<cluster::Pod> pods{decode_pod};
  ObjectTable<cluster::Node> nodes{decode_node};
  ObjectTable<cluster::Namespace> namespaces{decode_namespace};
  ObjectTable<cluster::ResourceClaim> claims{decode_resource_claim};
  ObjectTable<cluster::ResourceSlice> slices{decode_resource_slice};

  ObjectSink* of(Kind kind) {
    switch (kind) {
      case Kind::nodes: return &nodes;
      case Kind::pods: return &pods;
      case Kind::namespaces: return &namespaces;
      case Kind::resource_claims: return &claims;
      case Kind::resource_slices: return &slices;
      case Kind::node_metrics:
      case Kind::pod_metrics: return nullptr;
    }
    return nullptr;
  }
};

void index_pods(Snapshot& snapshot) {
  snapshot.pods_of_node.reserve(snapshot.nodes.size());
  for (std::uint32_t at = 0; at < snapshot.pods.size(); ++at)
    if (const NodeName& node = snapshot.pods[at]->node; !node.empty()) snapshot.pods_of_node[node].push_back(at);
}

class ClusterWatch final : public ClusterView {
 public:
  ClusterWatch(const ApiAccess& access, const Clock& clock, ClusterWatchOptions options, const Random& random);
  ~ClusterWatch() override;

  std::shared_ptr<const Snapshot> snapshot() const override {
    const std::lock_guard lock(snapshot_mutex_);
    return snapshot_;
  }
  std::shared_ptr<void> subscribe(Listener listener) override { return subscribers_.add(std::move(listener)); }

 private:
  // Keeps what `change` does to what was heard, and has it published.
  template <class Change>
  void hear(Change change) {
    const std::lock_guard lock(mutex_);
    change(heard_);
    if (std::exchange(changed_, true)) return;
    first_change_ = SteadyClock::now();
    wake_.notify_all();
  }
  void start_poller(const ApiAccess& access, const Clock& clock);
  void run();
  // Waits until a publication is due; false: the end.
  bool wait(SteadyClock::time_point last, Heard& heard);
  void publish(Heard heard);

  const ClusterWatchOptions options_;
  Tables tables_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  Heard heard_{};
  bool changed_ = false;
  bool stop_ = false;
  SteadyClock::time_point first_change_{};
  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<const Snapshot>();
  std::uint64_t pods_shape_ = 0;  // of the snapshot's index
  Subscribers subscribers_{};
  // The threads, after all that they use.
  std::vector<std::unique_ptr<Reflector>> reflectors_{};
  std::unique_ptr<UsagePoller> poller_{};
  std::jthread publisher_;
};

ClusterWatch::ClusterWatch(const ApiAccess& access, const Clock& clock, ClusterWatchOptions options, const Random& random)
    : options_(std::move(options)), publisher_([this] { run(); }) {
  for (const Kind kind : options_.kinds) {
    ObjectSink* table = tables_.of(kind);
    if (table == nullptr) continue;
    const auto heard = [this, kind](const cluster::KindStatus& status) {
      hear([&](Heard& all) { all.kinds[static_cast<std::size_t>(kind)] = status; });
    };
    reflectors_.push_back(
        std::make_unique<Reflector>(info(kind), *table, Reflector::Parts{access, &clock, random, heard}, options_.reflector));
  }
  start_poller(access, clock);
}

void ClusterWatch::start_poller(const ApiAccess& access, const Clock& clock) {
  const auto wanted = [this](Kind kind) { return std::find(options_.kinds.begin(), options_.kinds.end(), kind) != options_.kinds.end(); };
  UsagePoller::Listener listener;
  listener.nodes = [this](const cluster::KindStatus& status, std::shared_ptr<const cluster::UsageByNode> table) {
    hear([&](Heard& all) {
      all.kinds[static_cast<std::size_t>(Kind::node_metrics)] = status;
      all.node_usage = std::move(table);
    });
  };
  listener.pods = [this](const cluster::KindStatus& status, std::shared_ptr<const cluster::UsageByPod> table) {
    hear([&](Heard& all) {
      all.kinds[static_cast<std::size_t>(Kind::pod_metrics)] = status;
      all.pod_usage = std::move(table);
    });
  };
  listener.version = [this](const std::string& version) { hear([&](Heard& all) { all.server_version = version; }); };
  UsagePollerOptions options;
  options.interval = options_.poll_interval;
  options.slow_retry = std::max(options_.poll_interval, options_.reflector.slow_retry);
  options.nodes = wanted(Kind::node_metrics);
  options.pods = wanted(Kind::pod_metrics);
  poller_ = std::make_unique<UsagePoller>(access, clock, std::move(listener), options);
}

ClusterWatch::~ClusterWatch() {
  poller_.reset();
  reflectors_.clear();
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    wake_.notify_all();
  }
  publisher_.join();
}

bool ClusterWatch::wait(SteadyClock::time_point last, Heard& heard) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stop_ || changed_; });
  const auto due = std::max(first_change_ + options_.publish_quiet, last + options_.publish_interval);
  wake_.wait_until(lock, due, [this] { return stop_; });
  changed_ = false;
  heard = heard_;
  return !stop_;
}

void ClusterWatch::run() {
  auto last = SteadyClock::now() - options_.publish_interval;
  for (Heard heard; wait(last, heard);) {
    last = SteadyClock::now();
    publish(std::move(heard));
  }
}

void ClusterWatch::publish(Heard heard) {
  auto old = snapshot();
  auto next = std::make_shared<Snapshot>();
  std::uint64_t shape = 0, unused = 0;
  next->version = old->version + 1;
  next->server_version = std::move(heard.server_version);
  next->kinds = std::move(heard.kinds);
  // The tables may be newer than what was heard of their kinds, never older: no list is called live that is not whole.
  const auto is_there = [&next](Kind kind) { return next->status(kind).state != cluster::KindState::unavailable; };
  if (is_there(Kind::pods)) next->pods = tables_.pods.copy(shape);
  if (is_there(Kind::nodes)) next->nodes = tables_.nodes.copy(unused);
  if (is_there(Kind::namespaces)) next->namespaces = tables_.namespaces.copy(unused);
  if (is_there(Kind::resource_claims)) next->claims = tables_.claims.copy(unused);
  if (is_there(Kind::resource_slices)) next->slices = tables_.slices.copy(unused);
  next->pod_usage = std::move(heard.pod_usage);
  next->node_usage = std::move(heard.node_usage);
  // Most changes are of a pod that stays where it is.
  if (shape == pods_shape_)
    next->pods_of_node = old->pods_of_node;
  else
    index_pods(*next);
  pods_shape_ = shape;
  {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_ = next;
  }
  subscribers_.tell(next);
}

class NoCluster final : public ClusterView {
 public:
  std::shared_ptr<const Snapshot> snapshot() const override { return snapshot_; }
  std::shared_ptr<void> subscribe(Listener) override { return std::make_shared<int>(0); }

 private:
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<const Snapshot>();
};

double system_random() {
  thread_local std::random_device device;
  return static_cast<double>(device() - std::random_device::min()) /
         (static_cast<double>(std::random_device::max() - std::random_device::min()) + 1.0);
}

}  // namespace

std::unique_ptr<ClusterView> make_cluster_view(const ApiAccess& access, const Clock& clock, ClusterWatchOptions options, Random random) {
  if (!random) random = system_random;
  return std::make_unique<ClusterWatch>(access, clock, std::move(options), random);
}

std::unique_ptr<ClusterView> make_no_cluster_view() { return std::make_unique<NoCluster>(); }

}  // namespace reeve::kube
