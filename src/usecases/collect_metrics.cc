#include "usecases/collect_metrics.h"

#include <algorithm>
#include <atomic>

#include <fmt/format.h>

#include "domain/health/thresholds.h"

namespace reeve {
namespace {

// "http://10.0.0.7:9400/x" -> "10.0.0.7:9400/x": how a node's address is shown.
std::string address_of(const Target& target) {
  const std::size_t scheme = target.url.find("://");
  return scheme == std::string::npos ? target.url : target.url.substr(scheme + 3);
}

bool has_stored_value(const MetricValues& values) {
  return std::ranges::any_of(device_metrics(), [&](const MetricInfo& row) { return row.stored && values.has(row.metric); });
}

void append_samples(const NodeReadings& readings, std::vector<Sample>& samples) {
  const Timestamp at = readings.at.value_or(Timestamp{});
  for (const DeviceReading& device : readings.devices) {
    if (has_stored_value(device.values)) samples.push_back({device.id.text, at, device.values});
    for (const InstanceReading& instance : device.instances)
      if (has_stored_value(instance.values)) samples.push_back({instance.id.text, at, instance.values});
  }
}

// An exporter without events has a gauge of the last Xid: a new figure in it is an event that was just seen.
void events_of_gauges(const NodeObservation& seen, const NodeView* before, std::vector<DeviceEvent>& events) {
  if (before == nullptr) return;
  for (const DeviceObservation& device : seen.devices) {
    const auto now = device.values.get(Metric::last_xid);
    const auto known = std::ranges::find(before->node->devices, device.uuid, &Device::uuid);
    const DeviceReading* reading = known != before->node->devices.end() ? before->readings->find(known->id) : nullptr;
    const auto old = reading != nullptr ? reading->values.get(Metric::last_xid) : std::nullopt;
    if (now && old && *now != *old && *now > 0) events.push_back({seen.at, device.uuid, std::nullopt, static_cast<int>(*now), 0});
  }
}

}  // namespace

struct MetricsCollector::Known {
  NodeName node{};
  std::optional<Timestamp> last_attempt{};
  std::optional<Timestamp> last_success{};
  std::string last_error{};
  std::optional<Milliseconds> duration{};
  std::vector<DeviceEvent> events{};  // as last reported: the list repeats what was reported before
  // Why the fleet did not take the last change; null: it did. Written on the fleet's strand, hence atomically.
  std::shared_ptr<const std::string> refusal{};
};

struct MetricsCollector::Round {
  CollectReport report{};
  std::vector<Sample> samples{};
  std::vector<DeviceEvent> events{};
};

struct MetricsCollector::Told {
  std::optional<RoundStatus> last_round{};
  std::vector<TargetStatus> targets{};
  std::string targets_error{};
};

MetricsCollector::MetricsCollector(const CollectContext& context, Milliseconds interval)
    : context_(context),
      stale_after_(interval * health::stale_after_rounds),
      models_(context.catalogue),
      told_(std::make_shared<const Told>()) {}

std::vector<TargetStatus> MetricsCollector::targets() const { return std::atomic_load(&told_)->targets; }
std::optional<RoundStatus> MetricsCollector::last_round() const { return std::atomic_load(&told_)->last_round; }
std::string MetricsCollector::targets_error() const { return std::atomic_load(&told_)->targets_error; }

CollectReport MetricsCollector::collect(const TargetList& list, Milliseconds deadline) {
  Round round;
  round.report.started_at = context_.clock.now();
  round.report.targets = list.targets.size();
  std::map<Target, std::shared_ptr<Known>> known;
  for (const Target& target : list.targets) {
    const auto before = known_.find(target);
    known[target] = before != known_.end() ? before->second : std::make_shared<Known>();
  }
  known_ = std::move(known);
  context_.source.observe_all(list.targets, deadline,
                              [&](const Target& target, Result<NodeObservation> result) { hear(round, target, std::move(result)); });
  store_round(round);
  round.report.duration = context_.clock.now() - round.report.started_at;
  publish_status(round, list);
  return round.report;
}

void MetricsCollector::hear(Round& round, const Target& target, Result<NodeObservation> result) {
  const auto found = known_.find(target);
  if (found == known_.end()) return;  // the source answers for what was asked
  const std::shared_ptr<Known>& known = found->second;
  known->last_attempt = round.report.started_at;
  known->duration = context_.clock.now() - round.report.started_at;
  const Status accepted = result ? accept(round, known, target, std::move(result).value()) : Status(result.error());
  const auto refusal = std::atomic_load(&known->refusal);
  known->last_error = !accepted ? accepted.error().message : refusal != nullptr ? *refusal : std::string();
  if (accepted) known->last_success = known->last_attempt;
  if (!accepted) note_failure(round, *known, target);
  if (!known->last_error.empty()) ++round.report.failed;
}

// One node, one voice: else two targets would take turns in saying what it is.
Status MetricsCollector::claim(const Round& round, const Target& target, const NodeName& node) {
  const auto [place, is_new] = claims_.try_emplace(node, target);
  if (is_new || place->second == target) return Done{};
  const auto owner = known_.find(place->second);
  const bool is_silent =
      owner == known_.end() || !owner->second->last_success || round.report.started_at - *owner->second->last_success > stale_after_;
  const bool knows_more = target.kind == ObservationSource::reeve_agent && place->second.kind != ObservationSource::reeve_agent;
  if (!is_silent && !knows_more)
    return Error{Errc::conflict,
                 fmt::format("cannot take node '{}' from {}: it is observed through {}", node.text, target.url, place->second.url)};
  place->second = target;
  return Done{};
}

Status MetricsCollector::accept(Round& round, const std::shared_ptr<Known>& known, const Target& target, NodeObservation seen) {
  if (const Status claimed = claim(round, target, seen.node); !claimed) return claimed;
  known->node = seen.node;
  const std::shared_ptr<const Fleet> fleet = context_.keeper.snapshot();
  const auto changed = reconcile(*fleet, seen, {target.cluster, address_of(target)}, models_, seen.at, stale_after_);
  if (!changed) return changed.error();
  const Node& node = changed->empty() ? *fleet->find_node(seen.node)->node : changed->back();
  note_events(round, *known, seen, *fleet);
  round.report.devices += static_cast<std::size_t>(std::ranges::count(seen.devices, false, &DeviceObservation::lost));
  if (changed->empty()) {
    const auto readings = std::make_shared<const NodeReadings>(readings_of(node, std::move(seen)));
    append_samples(*readings, round.samples);
    std::atomic_store(&known->refusal, std::shared_ptr<const std::string>());
    context_.keeper.publish_readings(node.name, readings);
  } else {
    const auto readings = std::make_shared<const NodeReadings>(readings_of(node, seen));
    append_samples(*readings, round.samples);
    submit(known, target, std::move(seen), readings);
  }
  return Done{};
}

// The change is worked out again where it is made: an administrator may have changed the node meanwhile.
void MetricsCollector::submit(const std::shared_ptr<Known>& known, const Target& target, NodeObservation seen,
                              std::shared_ptr<const NodeReadings> readings) {
  NodeName name = seen.node;
  auto change = [seen = std::move(seen), place = NodePlace{target.cluster, address_of(target)}, stale_after = stale_after_,
                 catalogue = &context_.catalogue](FleetDraft& draft) -> Status {
    ModelRecogniser models(*catalogue);
    auto nodes = reconcile(draft.fleet(), seen, place, models, seen.at, stale_after);
    if (!nodes) return nodes.error();
    if (nodes->size() > 1) {  // a GPU that moves changes two nodes, or none
      FleetDraft trial(draft.fleet());
      for (const Node& node : *nodes)
        if (const Status put = trial.put_node(node); !put) return put;
    }
    for (Node& node : *nodes) {
      AuditRecord record{seen.at, "collector", "inventory", node.name.text, fmt::format("{} devices", node.devices.size())};
      if (const Status put = draft.put_node(std::move(node)); !put) return put;
      draft.note(std::move(record));
    }
    return Done{};
  };
  // Readings follow the commit: those of a node that the fleet does not have yet would be lost.
  auto done = [known, name = std::move(name), readings = std::move(readings), keeper = &context_.keeper](const Status& committed) {
    std::atomic_store(&known->refusal, committed ? nullptr : std::make_shared<const std::string>(committed.error().message));
    if (committed) keeper->publish_readings(name, readings);
  };
  context_.keeper.submit(std::move(change), std::move(done));
}

void MetricsCollector::note_events(Round& round, Known& known, const NodeObservation& seen, const Fleet& fleet) {
  for (const DeviceEvent& event : seen.events)
    if (std::ranges::find(known.events, event) == known.events.end()) round.events.push_back(event);
  known.events = seen.events;
  if (seen.source == ObservationSource::dcgm_exporter) events_of_gauges(seen, fleet.find_node(seen.node), round.events);
}

void MetricsCollector::note_failure(const Round& round, const Known& known, const Target& target) {
  const std::shared_ptr<const Fleet> fleet = context_.keeper.snapshot();
  const NodeView* view = fleet->find_node(known.node.empty() ? target.node : known.node);
  if (view == nullptr) {  // after a restart: who was observed there?
    const std::string address = address_of(target);
    const auto found = std::ranges::find(fleet->nodes(), address, [](const NodeView& one) { return one.node->address; });
    if (found == fleet->nodes().end()) return;
    view = &*found;
  }
  const auto owner = claims_.find(view->node->name);
  if (owner != claims_.end() && owner->second != target) return;  // another target speaks for the node
  auto readings = std::make_shared<NodeReadings>(*view->readings);
  readings->last_attempt = round.report.started_at;
  readings->last_error = known.last_error;
  context_.keeper.publish_readings(view->node->name, std::move(readings));
}

void MetricsCollector::store_round(Round& round) {
  round.report.samples = round.samples.size();
  round.report.events = round.events.size();
  if (const Status kept = round.samples.empty() ? Status(Done{}) : context_.store.append(round.samples); !kept)
    round.report.store_error = kept.error().message;
  constexpr std::size_t unsaved_max = 10'000;  // a store that is away for long costs events, not all memory
  if (unsaved_events_.size() < unsaved_max) unsaved_events_.insert(unsaved_events_.end(), round.events.begin(), round.events.end());
  if (unsaved_events_.empty()) return;
  if (const Status kept = context_.store.append_events(unsaved_events_); !kept)
    round.report.store_error = kept.error().message;
  else
    unsaved_events_.clear();
}

void MetricsCollector::publish_status(const Round& round, const TargetList& list) {
  auto told = std::make_shared<Told>();
  const CollectReport& report = round.report;
  told->last_round = RoundStatus{report.started_at, report.duration, report.targets, report.failed};
  told->targets_error = list.error;
  for (const auto& [target, known] : known_)
    told->targets.push_back({target, known->node, known->last_attempt, known->last_success, known->last_error, known->duration});
  std::atomic_store(&told_, std::shared_ptr<const Told>(std::move(told)));
}

std::vector<Sample> samples_of(const NodeReadings& readings) {
  std::vector<Sample> samples;
  append_samples(readings, samples);
  return samples;
}

Result<std::size_t> ingest_history(const HistoryContext& context, std::span<const NodeObservation> observations) {
  const std::shared_ptr<const Fleet> fleet = context.keeper.snapshot();
  std::vector<Sample> samples;
  std::vector<DeviceEvent> events;
  for (const NodeObservation& seen : observations) {
    const NodeView* view = fleet->find_node(seen.node);
    if (view == nullptr) return Error{Errc::not_found, fmt::format("cannot add history: there is no node '{}'", seen.node.text)};
    append_samples(readings_of(*view->node, seen), samples);
    events.insert(events.end(), seen.events.begin(), seen.events.end());
  }
  if (const Status kept = samples.empty() ? Status(Done{}) : context.store.append(samples); !kept) return kept.error();
  if (const Status kept = events.empty() ? Status(Done{}) : context.store.append_events(events); !kept) return kept.error();
  return samples.size();
}

}  // namespace reeve
