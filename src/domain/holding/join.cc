#include "domain/holding/join.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "base/sorted_run.h"

namespace reeve::holding {
namespace {

using PodName = std::pair<std::string_view, std::string_view>;

PodName pod_of(const HolderObservation& said) { return {said.namespace_name, said.pod}; }
PodName pod_of(const Holding& holding) { return {holding.namespace_name, holding.pod}; }
PodName pod_of(const Allocation& allocation) { return {allocation.namespace_name, allocation.pod_name}; }

std::string text_of(const PodName& pod) { return fmt::format("{}/{}", pod.first, pod.second); }

struct PodHash {
  std::size_t operator()(const PodName& pod) const {
    const std::hash<std::string_view> hash;
    return hash(pod.first) * 31 + hash(pod.second);
  }
};

const cluster::Namespace* find_namespace(const cluster::Snapshot& cluster, std::string_view name) {
  const auto at = std::ranges::lower_bound(cluster.namespaces, name, {},
                                           [](const cluster::NamespacePtr& one) { return std::string_view(one->meta.name); });
  return at != cluster.namespaces.end() && (*at)->meta.name == name ? at->get() : nullptr;
}

const cluster::Container* find_container(const cluster::Pod& pod, std::string_view name) {
  for (const auto* list : {&pod.containers, &pod.init_containers})
    for (const cluster::Container& container : *list)
      if (container.name == name) return &container;
  return nullptr;
}

bool is_main_container(const cluster::Pod* pod, std::string_view name) {
  return pod == nullptr || std::ranges::find(pod->containers, name, &cluster::Container::name) != pod->containers.end();
}

bool matches_text(const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; }

auto order_of(const Holding& one) { return std::tie(one.resource, one.namespace_name, one.pod, one.container, one.replica); }
auto order_of(const Conflict& one) { return std::tie(one.resource, one.kind, one.allocation); }

// Does the pod list prove what is not there? Not when it is cut off, and not for nodes of other clusters.
bool judges(const cluster::Snapshot& cluster, const NodeName& node) {
  if (cluster.status(cluster::Kind::pods).state != cluster::KindState::live) return false;
  return cluster.find_node(node) != nullptr || cluster.pods_of_node.contains(node);
}

PodFate fate_of(const cluster::Pod* pod, const NodeName& node, Timestamp said_at) {
  if (pod == nullptr) return PodFate::over;
  if (pod->phase == cluster::PodPhase::succeeded || pod->phase == cluster::PodPhase::failed) return PodFate::over;
  if (!pod->node.empty() && pod->node != node) return PodFate::over;
  // Kubernetes keeps whole seconds: a pod is not younger than what was said in its first one.
  if (pod->meta.created_at && said_at + std::chrono::seconds(1) < *pod->meta.created_at) return PodFate::over;
  return PodFate::alive;
}

class Joining {
 public:
  Joining(const Fleet& fleet, const cluster::Snapshot& cluster, const Report& previous, Timestamp now, const JoinOptions& options)
      : fleet_(fleet), cluster_(cluster), previous_(previous), now_(now), options_(options), gathered_(gather(fleet, cluster, now)) {
    report_.at = now;
    // Each word is held against its pod: a table, since a fleet has ten thousand of both.
    pods_.reserve(cluster.pods.size());
    for (const cluster::PodPtr& pod : cluster.pods) pods_.emplace(PodName{pod->meta.namespace_name, pod->meta.name}, pod.get());
  }

  Report run() {
    auto& placed = gathered_.placed;
    // Nodes and devices come in order, so that it mostly is in order already.
    if (!std::ranges::is_sorted(placed, {}, &Evidence::resource)) std::ranges::sort(placed, {}, &Evidence::resource);
    for (auto from = placed.begin(); from != placed.end();) {
      const auto to = std::find_if(from, placed.end(), [&](const Evidence& one) { return one.resource != from->resource; });
      if (to - from > 1)
        std::sort(from, to, [](const Evidence& a, const Evidence& b) {
          return std::tie(*a.said, a.at, a.claim_shared) < std::tie(*b.said, b.at, b.claim_shared);
        });
      weigh({from, to});
      from = to;
    }
    for (const auto& [id, allocation] : fleet_.allocations())
      if (allocation.origin == AllocationOrigin::requested) compare(allocation);
    for (auto* conflicts : {&report_.conflicts, &report_.suspected})
      std::ranges::stable_sort(*conflicts, {}, [](const Conflict& one) { return order_of(one); });
    report_.unplaced = std::move(gathered_.unplaced);
    return std::move(report_);
  }

 private:
  using Words = std::span<const Evidence>;

  // Mostly the one that was asked for last.
  const cluster::Pod* find_pod(const PodName& name) {
    if (last_pod_ != nullptr && last_pod_->meta.name == name.second && last_pod_->meta.namespace_name == name.first) return last_pod_;
    const auto found = pods_.find(name);
    if (found == pods_.end()) return nullptr;
    return last_pod_ = found->second;
  }

  // Words come node by node, mostly.
  PodFate fate_on(const NodeView& node, const cluster::Pod* pod, Timestamp said_at) {
    if (judged_ != &node) {
      judged_ = &node;
      judges_ = judges(cluster_, node.node->name);
    }
    return judges_ ? fate_of(pod, node.node->name, said_at) : PodFate::unknown;
  }

  // The last word of a node that the cluster has no more, about a pod of which the cluster did know and has no more either.
  bool went_with_its_node(const Evidence& word, const cluster::Pod* pod) const {
    if (now_ - word.at <= options_.stale_after || cluster_.status(cluster::Kind::pods).state != cluster::KindState::live) return false;
    return std::ranges::any_of(fleet_.holders(std::string(word.resource)), [&](const Allocation* one) {
      if (one->origin != AllocationOrigin::observed || pod_of(*one) != pod_of(*word.said)) return false;
      const auto uid = one->labels.find(std::string(pod_uid_label));  // only the pod list tells it
      return uid != one->labels.end() && !uid->second.empty() && (pod == nullptr || pod->meta.uid != uid->second);
    });
  }

  // All that is said of one resource.
  void weigh(Words words) {
    std::vector<Holding> found;
    std::set<PodName> gone;
    for (const Evidence& word : words) {
      const cluster::Pod* pod = find_pod(pod_of(*word.said));
      const PodFate fate = fate_on(*word.node, pod, word.at);
      if (fate == PodFate::unknown && went_with_its_node(word, pod)) continue;
      if (fate == PodFate::over)
        gone.insert(pod_of(*word.said));
      else
        add(found, word);
    }
    for (const PodName& pod : gone)
      tell(ConflictKind::pod_gone, words, std::nullopt,
           fmt::format("{} is said to have {}, but that pod is over or not there: nobody is noted as its holder", text_of(pod),
                       words.front().resource),
           Patience::wait);
    if (found.empty()) return;
    if (!is_shared(words, found)) settle(found, words);
    if (found.size() > 1) std::ranges::sort(found, {}, [](const Holding& one) { return order_of(one); });
    for (Holding& holding : found) {
      complete(holding);
      report_.holdings.push_back(std::move(holding));
    }
  }

  // Words come by descending weight, so that what is there already is said by a source that knows at least as much.
  void add(std::vector<Holding>& found, const Evidence& word) const {
    const HolderObservation& said = *word.said;
    bool known = false;
    for (Holding& holding : found) {
      if (pod_of(holding) != pod_of(said) || !matches_text(holding.container, said.container)) continue;
      if (said.replica && said.replica != holding.replica) continue;
      known = true;
      if (holding.container.empty()) holding.container = said.container;
      if (holding.sources.back() != said.source) holding.sources.push_back(said.source);
      holding.at = std::max(*holding.at, word.at);
    }
    if (known) return;
    Holding& holding = found.emplace_back();
    holding.resource = word.resource;
    holding.node = word.node->node->name;
    holding.namespace_name = said.namespace_name;
    holding.pod = said.pod;
    holding.container = said.container;
    holding.replica = said.replica;
    holding.sources = {said.source};
    holding.at = word.at;
  }

  static bool is_shared(Words words, std::vector<Holding>& found) {
    bool shared = std::ranges::any_of(words, [](const Evidence& word) { return word.claim_shared || word.said->replica; });
    // One source that names two pods at once says that they share.
    std::map<HolderSource, std::set<PodName>> named;
    for (const Holding& holding : found)
      for (const HolderSource source : holding.sources) named[source].insert(pod_of(holding));
    shared = shared || named.begin()->second.size() > 1;
    if (shared)
      for (Holding& holding : found) holding.shared = true;
    return shared;
  }

  // One of them has it: whom the heaviest source names; of his containers the first that is no init container, for the
  // kubelet hands an init container's device on.
  void settle(std::vector<Holding>& found, Words words) {
    const auto rank = [&](const Holding& one) {
      const cluster::Pod* pod = find_pod(pod_of(one));
      return std::tuple(one.sources.front(), one.namespace_name, one.pod, !is_main_container(pod, one.container), one.container);
    };
    Holding winner = *std::ranges::min_element(found, {}, rank);
    for (const Holding& other : found) {
      if (pod_of(other) == pod_of(winner)) continue;
      tell(ConflictKind::sources_disagree, words, winner.allocation,
           fmt::format("{} has {} by {}, {} by {}: the first is believed", text_of(pod_of(winner)), winner.resource,
                       to_text(winner.sources.front()), text_of(pod_of(other)), to_text(other.sources.front())),
           Patience::wait);
      break;
    }
    found = {std::move(winner)};
  }

  void complete(Holding& holding) {
    const cluster::Pod* pod = find_pod(pod_of(holding));
    if (pod != nullptr) {
      Owner owner = owner_of(options_.owners, *pod, find_namespace(cluster_, holding.namespace_name));
      holding.user = std::move(owner.user);
      holding.team = std::move(owner.team);
      holding.project = std::move(owner.project);
      holding.pod_uid = pod->meta.uid;
      holding.pod_deleted = pod->meta.deleted_at;
      const cluster::Container* container = find_container(*pod, holding.container);
      holding.since = container != nullptr && container->started_at ? container->started_at : pod->started_at;
    }
    for (const Allocation* allocation : fleet_.holders(holding.resource)) {
      if (!covers(*allocation, holding)) continue;
      holding.allocation = allocation->id;
      if (!allocation->user_id.empty()) holding.user = allocation->user_id;
      if (!allocation->team_id.empty()) holding.team = allocation->team_id;
      if (!allocation->project_id.empty()) holding.project = allocation->project_id;
      return;
    }
  }

  // A request that was granted, against what was seen.
  void compare(const Allocation& allocation) {
    bool seen = compare_with(allocation, allocation.resource);
    if (const auto part = fleet_.find_instance(InstanceId{allocation.resource})) {
      compare_with(allocation, part->of.device->id.text);
      if (!seen) look_for(allocation, part->of);
    } else if (const auto device = fleet_.find_device(DeviceId{allocation.resource})) {
      for (const Instance& slice : device->device->instances) seen = compare_with(allocation, slice.id.text) || seen;
      if (!seen) look_for(allocation, *device);
    }
  }

  // True: its own pod was seen there.
  bool compare_with(const Allocation& allocation, const std::string& resource) {
    bool own = false;
    const Holding* other = nullptr;
    for (const Holding& holding : holdings_of(report_, resource)) {
      if (pod_of(holding) == pod_of(allocation))
        own = true;
      else if (other == nullptr)
        other = &holding;
    }
    if (other != nullptr)
      tell(ConflictKind::held_by_another, words_of(resource), allocation.id,
           fmt::format("{} has {} by {}, but {} was given to {}", text_of(pod_of(*other)), resource, to_text(other->sources.front()),
                       allocation.resource, text_of(pod_of(allocation))),
           Patience::none);
    return own;
  }

  // Its pod runs, and a kubelet that was asked long enough after that does not name it.
  void look_for(const Allocation& allocation, const DeviceView& on) {
    const NodeReadings& readings = *on.node_readings;
    if (readings.holders_from != HolderSource::pod_resources || !readings.at || now_ - *readings.at > options_.stale_after) return;
    const cluster::Pod* pod = cluster_.find_pod(allocation.namespace_name, allocation.pod_name);
    if (pod == nullptr || pod->phase != cluster::PodPhase::running ||
        cluster_.status(cluster::Kind::pods).state != cluster::KindState::live)
      return;
    const Timestamp start = std::max(allocation.allocated_at, pod->started_at.value_or(pod->meta.created_at.value_or(now_)));
    if (*readings.at < start + options_.grace) return;
    const auto is_own = [&](const Unplaced& one) { return pod_of(one.evidence) == pod_of(allocation); };
    if (std::ranges::any_of(gathered_.unplaced, is_own)) return;  // it has something that we cannot name: perhaps this
    tell(ConflictKind::not_seen, words_of(allocation.resource), allocation.id,
         fmt::format("{} was given to {}, which runs, but the kubelet of {} does not name it as holder", allocation.resource,
                     text_of(pod_of(allocation)), on.node->name.text),
         Patience::none);
  }

  Words words_of(std::string_view resource) const {
    return sorted_run(gathered_.placed, resource, [](const Evidence& one) { return std::string_view(one.resource); });
  }

  enum class Patience { none, wait };

  void tell(ConflictKind kind, Words words, std::optional<AllocationId> allocation, std::string detail, Patience patience) {
    Conflict conflict{.kind = kind, .allocation = std::move(allocation), .detail = std::move(detail), .since = now_};
    if (!words.empty()) {
      conflict.resource = words.front().resource;
      conflict.node = words.front().node->node->name;
    } else if (const Allocation* given = fleet_.find_allocation(*conflict.allocation)) {
      conflict.resource = given->resource;
      if (const auto device = fleet_.find_device(DeviceId{given->resource})) conflict.node = device->node->name;
      if (const auto part = fleet_.find_instance(InstanceId{given->resource})) conflict.node = part->of.node->name;
    }
    for (const Evidence& word : words)
      if (conflict.evidence.empty() || conflict.evidence.back() != *word.said) conflict.evidence.push_back(*word.said);
    for (const auto* known : {&previous_.conflicts, &previous_.suspected})
      for (const Conflict& before : equals(*known, conflict)) conflict.since = std::min(*conflict.since, before.since.value_or(now_));
    const bool lasts = patience == Patience::none || now_ - *conflict.since >= options_.grace;
    (lasts ? report_.conflicts : report_.suspected).push_back(std::move(conflict));
  }

  static std::span<const Conflict> equals(const std::vector<Conflict>& known, const Conflict& like) {
    return sorted_run(known, order_of(like), [](const Conflict& one) { return order_of(one); });
  }

  const Fleet& fleet_;
  const cluster::Snapshot& cluster_;
  const Report& previous_;
  const Timestamp now_;
  const JoinOptions& options_;
  Gathered gathered_;
  std::unordered_map<PodName, const cluster::Pod*, PodHash> pods_{};
  const cluster::Pod* last_pod_ = nullptr;
  const NodeView* judged_ = nullptr;
  bool judges_ = false;  // of judged_: does the pod list prove what is not there?
  Report report_{};
};

}  // namespace

Report join(const Fleet& fleet, const cluster::Snapshot& cluster, const Report& previous, Timestamp now, const JoinOptions& options) {
  return Joining(fleet, cluster, previous, now, options).run();
}

PodFate fate_of(const cluster::Snapshot& cluster, const NodeName& node, std::string_view namespace_name, std::string_view name,
                Timestamp said_at) {
  return judges(cluster, node) ? fate_of(cluster.find_pod(namespace_name, name), node, said_at) : PodFate::unknown;
}

bool covers(const Allocation& allocation, const Holding& holding) {
  if (allocation.resource != holding.resource || pod_of(allocation) != pod_of(holding)) return false;
  if (!matches_text(allocation.container_name, holding.container)) return false;
  if (allocation.origin == AllocationOrigin::requested) return true;
  const auto uid = allocation.labels.find(std::string(pod_uid_label));
  if (uid != allocation.labels.end() && !matches_text(uid->second, holding.pod_uid)) return false;
  const auto replica = allocation.labels.find(std::string(replica_label));
  return (replica == allocation.labels.end() ? std::string() : replica->second) ==
         (holding.replica ? std::to_string(*holding.replica) : std::string());
}

std::span<const Holding> holdings_of(const Report& report, std::string_view resource) {
  return sorted_run(report.holdings, resource, [](const Holding& one) { return std::string_view(one.resource); });
}

}  // namespace reeve::holding
