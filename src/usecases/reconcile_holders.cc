#include "usecases/reconcile_holders.h"

#include <algorithm>
#include <atomic>
#include <tuple>
#include <unordered_set>

#include <fmt/format.h>

#include "base/parse.h"
#include "base/sorted_run.h"
#include "domain/placement/placement.h"
#include "usecases/limits.h"

namespace reeve {
namespace {

using cluster::Kind;
using cluster::KindState;
using holding::Holding;
using holding::Report;

constexpr std::string_view replicas_label = "nvidia.com/gpu.replicas";  // of nodes, from GPU feature discovery
constexpr std::size_t earlier_looked_at = 16;                           // allocations of a resource, newest first

// FNV-1a: the same pod, container and device have the same id after a restart.
std::uint32_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

AllocationId observed_id(const Holding& holding, int attempt) {
  const std::string pod = holding.pod_uid.empty() ? holding.namespace_name + '/' + holding.pod : holding.pod_uid;
  return {fmt::format("OBS-{:08X}", hash_of(fmt::format("{}\n{}\n{}\n{}\n{}", pod, holding.container, holding.resource,
                                                        holding.replica.value_or(-1), attempt)))};
}

// An allocation of before: was it for this pod, and for this container where it was seen?
bool was_of(const Allocation& earlier, const Holding& holding) {
  if (earlier.namespace_name != holding.namespace_name || earlier.pod_name != holding.pod) return false;
  return earlier.origin == AllocationOrigin::requested || earlier.container_name == holding.container;
}

// Of how many shares this is one: what the node says, else what was seen of it.
std::int64_t shares_of(const cluster::Snapshot& cluster, const Report& report, const Holding& holding) {
  if (!holding.shared) return 1;
  if (const cluster::Node* node = cluster.find_node(holding.node); node != nullptr && holding.replica)
    if (const std::string* text = cluster::find(node->meta.labels, replicas_label))
      if (const auto count = parse_number<int>(*text); count && *count > 1) return *count;
  const auto all = holding::holdings_of(report, holding.resource);
  auto shares = static_cast<std::int64_t>(all.size());
  for (const Holding& one : all) shares = std::max<std::int64_t>(shares, one.replica.value_or(-1) + 1);
  return shares;
}

std::optional<Worth> worth_of(const Fleet& fleet, const HoldersContext& context, const std::string& resource) {
  if (const auto device = fleet.find_device(DeviceId{resource})) return reeve::worth_of(*device->device, context.catalogue, context.prices);
  const auto part = fleet.find_instance(InstanceId{resource});
  if (!part) return std::nullopt;
  return reeve::worth_of(*part->of.device, *part->instance, context.catalogue, context.prices);
}

std::optional<MicroUsd> share_of(std::optional<MicroUsd> price, std::int64_t shares) {
  return price ? std::optional(MicroUsd((price->count() + shares / 2) / shares)) : std::nullopt;
}

const NodeView* node_of(const Fleet& fleet, const std::string& resource) {
  if (const auto device = fleet.find_device(DeviceId{resource})) return fleet.find_node(device->node->name);
  const auto part = fleet.find_instance(InstanceId{resource});
  return part ? fleet.find_node(part->of.node->name) : nullptr;
}

// Does the allocation say all that the holding of a whole device or slice says?
bool is_told(const Allocation& allocation, const Holding& holding) {
  const auto same = [](const std::string& known, const std::string& said) { return said.empty() || known == said; };
  const auto uid = allocation.labels.find(std::string(holding::pod_uid_label));
  return same(allocation.user_id, holding.user) && same(allocation.team_id, holding.team) && same(allocation.project_id, holding.project) &&
         same(allocation.container_name, holding.container) &&
         same(uid == allocation.labels.end() ? std::string() : uid->second, holding.pod_uid);
}

auto key_of(const holding::Conflict& one) { return std::tie(one.resource, one.kind, one.allocation); }

std::vector<holding::Conflict> new_conflicts(const Report& before, const Report& now) {
  std::vector<holding::Conflict> fresh;
  for (const holding::Conflict& one : now.conflicts) {
    if (sorted_run(before.conflicts, key_of(one), [](const auto& other) { return key_of(other); }).empty()) fresh.push_back(one);
  }
  return fresh;
}

}  // namespace

struct HolderReconciler::Shared {
  std::atomic<std::shared_ptr<const Report>> report{std::make_shared<const Report>()};
  std::atomic<bool> on_its_way = false;  // a change that is not committed yet
};

struct HolderReconciler::Plan {
  Timestamp at{};
  std::vector<std::pair<Allocation, Holding>> begin{};
  std::vector<Allocation> change{};
  std::vector<Allocation> end{};

  bool empty() const { return begin.empty() && change.empty() && end.empty(); }
  Status apply(FleetDraft& draft) const;
};

Status HolderReconciler::Plan::apply(FleetDraft& draft) const {
  for (const Allocation& last : end) {
    if (draft.fleet().find_allocation(last.id) == nullptr) continue;
    if (const Status put = draft.put_allocation(last); !put) return put;
    draft.note({at, "observer", "observe-end", last.id.text, last.resource});
  }
  for (const Allocation& newer : change)
    if (draft.fleet().find_allocation(newer.id) != nullptr)
      if (const Status put = draft.put_allocation(newer); !put) return put;
  for (const auto& [first, seen] : begin) {
    if (node_of(draft.fleet(), first.resource) == nullptr) continue;  // it went meanwhile
    const auto there = draft.fleet().holders(first.resource);
    if (std::ranges::any_of(there, [&held = seen](const Allocation* one) { return holding::covers(*one, held); })) continue;
    if (const Status put = draft.put_allocation(first); !put) return put;
    draft.note({at, "observer", "observe", first.id.text,
                fmt::format("{} {}/{} by {}", first.resource, first.namespace_name, first.pod_name, to_text(seen.sources.front()))});
  }
  return Done{};
}

HolderReconciler::HolderReconciler(const HoldersContext& context, HoldersOptions options, NewConflicts on_conflicts)
    : context_(context), options_(std::move(options)), on_conflicts_(std::move(on_conflicts)), shared_(std::make_shared<Shared>()) {}

std::shared_ptr<const Report> HolderReconciler::report() const { return shared_->report.load(); }

void HolderReconciler::run() {
  if (running_.exchange(true)) return;
  run_alone(context_.clock.now());
  running_ = false;
}

void HolderReconciler::cluster_changed() {
  if (running_.exchange(true)) return;
  const Timestamp now = context_.clock.now();
  if (!began_ || now - *began_ >= options_.pause || now < *began_) run_alone(now);
  running_ = false;
}

void HolderReconciler::run_alone(Timestamp now) {
  began_ = now;
  // Asked before the snapshot is taken: what was on its way is in it then.
  const bool waiting = shared_->on_its_way.load();
  const auto fleet = context_.keeper.snapshot();
  const auto cluster = context_.cluster.snapshot();
  const auto before = report();
  auto next = std::make_shared<const Report>(holding::join(*fleet, *cluster, *before, now, options_.join));
  shared_->report.store(next);
  if (waiting) return tell(*before, *next);
  if (Plan todo = plan(*fleet, *cluster, *next, now); !todo.empty()) submit(std::move(todo), next);
  tell(*before, *next);
}

void HolderReconciler::tell(const Report& before, const Report& now) const {
  if (const auto fresh = new_conflicts(before, now); !fresh.empty() && on_conflicts_) on_conflicts_(fresh);
}

// Absent: nothing proves that it has ended.
std::optional<Timestamp> HolderReconciler::proven_end(const Fleet& fleet, const cluster::Snapshot& cluster, const Report& report,
                                                      const Allocation& allocation, Timestamp now) {
  const NodeView* view = node_of(fleet, allocation.resource);
  if (view == nullptr) return std::nullopt;
  const auto known = known_.find(allocation.id);
  const auto end_at = [&](Timestamp at) {
    if (known == known_.end()) return std::min(at, options_.alive_until.value_or(at));  // it ended while nobody looked
    return std::min(at, std::max(known->second.deleted.value_or(at), known->second.seen));
  };
  const cluster::Pod* pod = cluster.find_pod(allocation.namespace_name, allocation.pod_name);
  const auto uid = allocation.labels.find(std::string(holding::pod_uid_label));
  // Only this cluster's pod list tells a uid. So it proves the end also where the node went together with its pods.
  const bool was_listed = uid != allocation.labels.end() && !uid->second.empty();
  const bool is_gone =
      was_listed && cluster.status(Kind::pods).state == KindState::live && (pod == nullptr || pod->meta.uid != uid->second);
  const auto fate = holding::fate_of(cluster, view->node->name, allocation.namespace_name, allocation.pod_name, now);
  if (fate == holding::PodFate::over || is_gone) return end_at(now);

  const NodeReadings& readings = *view->readings;
  if (!readings.at || !readings.holders_from || now - *readings.at > options_.join.stale_after) return std::nullopt;
  if (cluster.status(Kind::resource_claims).state == KindState::syncing) return std::nullopt;  // a claim may still say so
  // It has something there that we cannot name: perhaps this.
  const auto is_own = [&](const holding::Unplaced& one) {
    return one.evidence.namespace_name == allocation.namespace_name && one.evidence.pod == allocation.pod_name;
  };
  if (std::ranges::any_of(report.unplaced, is_own)) return std::nullopt;
  if (*readings.holders_from == HolderSource::pod_resources) return end_at(*readings.at);
  // An exporter that has lost its kubelet shows no pods for a while.
  const Timestamp seen = known == known_.end() ? known_.emplace(allocation.id, Known{.seen = now}).first->second.seen : known->second.seen;
  return *readings.at - seen >= options_.join.grace ? std::optional(end_at(*readings.at)) : std::nullopt;
}

// Its node is silent, but its pod goes on: it did not end while nobody looked.
void HolderReconciler::remember_alive(const cluster::Snapshot& cluster, const Allocation& allocation, Timestamp now) {
  if (cluster.status(Kind::pods).state != KindState::live) return;
  const cluster::Pod* pod = cluster.find_pod(allocation.namespace_name, allocation.pod_name);
  const auto uid = allocation.labels.find(std::string(holding::pod_uid_label));
  if (pod == nullptr || uid == allocation.labels.end() || pod->meta.uid != uid->second) return;
  Known& known = known_.try_emplace(allocation.id, Known{.seen = now}).first->second;
  if (pod->meta.deleted_at) known.deleted = pod->meta.deleted_at;
}

HolderReconciler::Plan HolderReconciler::plan(const Fleet& fleet, const cluster::Snapshot& cluster, const Report& report, Timestamp now) {
  Plan todo{.at = now};
  // Until the pods are listed it is not known when they began and whose they are.
  const bool may_begin = cluster.status(Kind::pods).state != KindState::syncing;
  std::unordered_set<const Allocation*> seen;
  for (const Holding& holding : report.holdings) {
    const Allocation* covering = holding.allocation ? fleet.find_allocation(*holding.allocation) : nullptr;
    if (covering == nullptr) {
      const bool is_fresh = now - holding.at.value_or(now) <= options_.join.stale_after;  // an old word may be of a node that is gone
      if (!may_begin || !is_fresh) continue;
      if (auto first = opened(fleet, cluster, report, holding, now)) todo.begin.emplace_back(std::move(*first), holding);
    } else if (covering->origin == AllocationOrigin::observed) {
      seen.insert(covering);
      Known& known = known_[covering->id];
      known.seen = holding.at.value_or(now);
      if (holding.pod_deleted) known.deleted = holding.pod_deleted;
      if (!holding.shared && is_told(*covering, holding)) continue;  // as nearly always: nothing to copy
      Allocation newer = *covering;
      if (refresh(newer, fleet, cluster, report, holding)) todo.change.push_back(std::move(newer));
    }
  }
  if (known_.size() > seen.size()) std::erase_if(known_, [&](const auto& one) { return fleet.find_allocation(one.first) == nullptr; });
  for (const auto& [id, allocation] : fleet.allocations()) {
    if (allocation.origin != AllocationOrigin::observed || seen.contains(&allocation)) continue;
    const auto there = holding::holdings_of(report, allocation.resource);
    if (std::ranges::any_of(there, [&open = allocation](const Holding& one) { return holding::covers(open, one); })) continue;
    if (const auto end = proven_end(fleet, cluster, report, allocation, now))
      todo.end.push_back(ended(allocation, AllocationStatus::released, *end));
    else
      remember_alive(cluster, allocation, now);
  }
  return todo;
}

std::optional<Allocation> HolderReconciler::opened(const Fleet& fleet, const cluster::Snapshot& cluster, const Report& report,
                                                   const Holding& holding, Timestamp now) const {
  const auto worth = worth_of(fleet, context_, holding.resource);
  if (!worth) return std::nullopt;
  Allocation allocation;
  allocation.origin = AllocationOrigin::observed;
  allocation.namespace_name = holding.namespace_name;
  allocation.pod_name = holding.pod;
  allocation.resource = holding.resource;
  const bool whole = fleet.find_device(DeviceId{holding.resource}).has_value();
  allocation.resource_type = holding.shared ? ResourceType::shared_gpu : whole ? ResourceType::full_gpu : ResourceType::mig_instance;
  if (const cluster::Pod* pod = cluster.find_pod(holding.namespace_name, holding.pod)) allocation.priority_class = pod->priority_class;
  allocation.allocated_at = std::min(now, holding.since.value_or(holding.at.value_or(now)));
  // What was accounted to this pod here before is not accounted twice.
  const auto earlier = context_.store.list_allocations({.resource = holding.resource}, "", earlier_looked_at);
  if (!earlier) return std::nullopt;
  for (const Allocation& one : earlier->items)
    if (was_of(one, holding) && one.released_at)
      allocation.allocated_at = std::max(allocation.allocated_at, std::min(now, *one.released_at));
  if (holding.replica) allocation.labels.emplace(holding::replica_label, std::to_string(*holding.replica));
  const std::int64_t shares = shares_of(cluster, report, holding);
  allocation.allocated_memory_gb = worth->memory_gb / shares;
  allocation.cost_per_hour = share_of(worth->price, shares);
  refresh(allocation, fleet, cluster, report, holding);
  for (int attempt = 0; attempt < id_tries_max; ++attempt) {
    allocation.id = observed_id(holding, attempt);
    const auto taken = context_.store.find_allocation(allocation.id);
    if (!taken) return std::nullopt;
    if (!*taken) return allocation;
  }
  return std::nullopt;
}

// What became known later, and a smaller share where more shares were seen than before: together the shares of a GPU
// never cost more than the whole.
bool HolderReconciler::refresh(Allocation& allocation, const Fleet& fleet, const cluster::Snapshot& cluster, const Report& report,
                               const Holding& holding) const {
  bool changed = false;
  const auto set = [&changed](std::string& known, const std::string& said) {
    if (said.empty() || known == said) return;
    known = said;
    changed = true;
  };
  set(allocation.user_id, holding.user);
  set(allocation.team_id, holding.team);
  set(allocation.project_id, holding.project);
  set(allocation.container_name, holding.container);
  if (!holding.pod_uid.empty()) set(allocation.labels[std::string(holding::pod_uid_label)], holding.pod_uid);
  if (!holding.shared) return changed;
  if (allocation.resource_type != ResourceType::shared_gpu) changed = true;
  allocation.resource_type = ResourceType::shared_gpu;
  const auto worth = worth_of(fleet, context_, holding.resource);
  if (!worth) return changed;
  const std::int64_t shares = shares_of(cluster, report, holding);
  allocation.allocated_memory_gb = std::min(allocation.allocated_memory_gb, worth->memory_gb / shares);
  const auto share = share_of(worth->price, shares);
  if (share && allocation.cost_per_hour && *share < *allocation.cost_per_hour) {
    allocation.cost_per_hour = share;
    changed = true;
  }
  return changed;
}

void HolderReconciler::submit(Plan todo, std::shared_ptr<const Report> report) {
  // With the new ids; shown once they are committed, unless a newer report is there by then.
  auto with_ids = std::make_shared<Report>(*report);
  for (const auto& [first, seen] : todo.begin) {
    auto one = std::ranges::lower_bound(with_ids->holdings, first.resource, {}, &Holding::resource);
    for (; one != with_ids->holdings.end() && one->resource == first.resource; ++one)
      if (!one->allocation && holding::covers(first, *one)) one->allocation = first.id;
  }
  shared_->on_its_way = true;
  context_.keeper.submit([todo = std::move(todo)](FleetDraft& draft) { return todo.apply(draft); },
                         [shared = shared_, report = std::move(report), with_ids = std::move(with_ids)](const Status& committed) mutable {
                           if (committed) shared->report.compare_exchange_strong(report, std::move(with_ids));
                           shared->on_its_way = false;
                         });
}

}  // namespace reeve
