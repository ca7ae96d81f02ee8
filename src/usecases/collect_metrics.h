#pragma once
// Observes every node: what changed goes to the fleet, newest values to its readings, samples and events to
// the store. One call of collect() is one round.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/catalogue/catalogue.h"
#include "domain/reconcile/reconcile.h"
#include "ports/clock.h"
#include "ports/collect_status.h"
#include "ports/fleet_keeper.h"
#include "ports/metric_store.h"
#include "ports/node_source.h"

namespace reeve {

struct CollectReport {
  Timestamp started_at{};
  Milliseconds duration{};
  std::size_t targets = 0;
  std::size_t failed = 0;     // targets
  std::size_t devices = 0;    // observed, without lost ones
  std::size_t samples = 0;    // handed to the store
  std::size_t events = 0;     // new ones
  std::string store_error{};  // why samples or events of the round are not kept; empty: they are
};

struct CollectContext {
  const Clock& clock;
  NodeSource& source;
  FleetKeeper& keeper;
  MetricStore& store;
  const Catalogue& catalogue;  // outlives the keeper too: changes that wait there use it
};

class MetricsCollector final : public CollectStatus {
 public:
  // `interval`: of the rounds; values older than health::stale_after_rounds of them are stale.
  MetricsCollector(const CollectContext& context, Milliseconds interval);

  // One round; from one thread at a time. A target that fails keeps its node's readings as they were and is
  // noted there and in targets(). A node that two targets show belongs to the first that did, until that one
  // is silent; a Reeve agent goes before other exporters.
  CollectReport collect(const TargetList& list, Milliseconds deadline);

  // As of the end of the last round.
  std::vector<TargetStatus> targets() const override;
  std::optional<RoundStatus> last_round() const override;
  std::string targets_error() const override;

 private:
  struct Known;  // what is remembered of a target between rounds
  struct Round;
  struct Told;  // what the status methods say

  void hear(Round& round, const Target& target, Result<NodeObservation> result);
  Status accept(Round& round, const std::shared_ptr<Known>& known, const Target& target, NodeObservation seen);
  Status claim(const Round& round, const Target& target, const NodeName& node);
  void submit(const std::shared_ptr<Known>& known, const Target& target, NodeObservation seen,
              std::shared_ptr<const NodeReadings> readings);
  void note_events(Round& round, Known& known, const NodeObservation& seen, const Fleet& fleet);
  void note_failure(const Round& round, const Known& known, const Target& target);
  void store_round(Round& round);
  void publish_status(const Round& round, const TargetList& list);

  CollectContext context_;
  Milliseconds stale_after_;
  ModelRecogniser models_;
  std::map<Target, std::shared_ptr<Known>> known_{};
  std::map<NodeName, Target> claims_{};        // which target's word counts for a node
  std::vector<DeviceEvent> unsaved_events_{};  // the store could not take them yet
  std::shared_ptr<const Told> told_;           // exchanged whole, atomically
};

// One sample per device and slice that has a value which is kept.
std::vector<Sample> samples_of(const NodeReadings& readings);

struct HistoryContext {
  const FleetKeeper& keeper;
  MetricStore& store;
};

// Adds observations of the past to the history, as if rounds had made them then; the fleet stays as it is.
// Returns the number of samples. GPUs and slices that the fleet does not know are left out. Not found: a node
// that it does not know; nothing is added then. Threads: as MetricStore::append.
Result<std::size_t> ingest_history(const HistoryContext& context, std::span<const NodeObservation> observations);

}  // namespace reeve
