#pragma once
// Makes of what is seen on the nodes what the fleet knows: a holding that nobody asked for through the API becomes an
// observed allocation, with owner, price and start, and ends when it is proven that its pod has the device no more.
//
// What is proof: the live pod list says that the pod is over, gone or another; or a fresh word of the kubelet (or, when it
// lasts for the grace time, of an exporter) does not name it any more. A silent node, an agent that cannot ask its kubelet
// and a cluster that is cut off prove nothing: what was seen last holds.
//
// Times: an observed allocation begins with its container, but not before an earlier allocation of that pod on that
// resource ended. It ends with the pod's deletion time where that was seen, else with the word that proves the end; one
// whose pod vanished while no control plane ran ends at HoldersOptions::alive_until, the last time that anything is known.

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>

#include "domain/cost/price_list.h"
#include "domain/holding/join.h"
#include "ports/clock.h"
#include "ports/cluster_view.h"
#include "ports/fleet_keeper.h"
#include "ports/fleet_store.h"
#include "ports/holdings_view.h"

namespace reeve {

// All borrowed; they outlive the reconciler.
struct HoldersContext {
  FleetKeeper& keeper;
  const FleetStore& store;
  const ClusterView& cluster;
  const Catalogue& catalogue;
  const PriceList& prices;
  const Clock& clock;
};

struct HoldersOptions {
  holding::JoinOptions join{};
  Milliseconds pause{1'000};               // cluster_changed() works at most once in this time
  std::optional<Timestamp> alive_until{};  // when the control plane before this one last lived; absent: not known
};

class HolderReconciler final : public HoldingsView {
 public:
  // Hears the conflicts that the round before did not have; called within run(), must not block.
  using NewConflicts = std::function<void(std::span<const holding::Conflict>)>;

  HolderReconciler(const HoldersContext& context, HoldersOptions options, NewConflicts on_conflicts = {});

  // One round: after each round of the collector. May wait for the disk of the store, where something new is seen.
  // Threads: any; a round that another thread is in is not begun again.
  void run();

  // For ClusterView::subscribe(): a round, unless one began within `pause`.
  void cluster_changed();

  std::shared_ptr<const holding::Report> report() const override;

 private:
  struct Shared;
  struct Plan;
  // What is remembered of an observed allocation while this program runs.
  struct Known {
    Timestamp seen{};  // when its pod was last said to hold, or first found alive without such a word
    std::optional<Timestamp> deleted{};
  };

  void run_alone(Timestamp now);
  void tell(const holding::Report& before, const holding::Report& now) const;
  std::optional<Timestamp> proven_end(const Fleet& fleet, const cluster::Snapshot& cluster, const holding::Report& report,
                                      const Allocation& allocation, Timestamp now);
  void remember_alive(const cluster::Snapshot& cluster, const Allocation& allocation, Timestamp now);
  Plan plan(const Fleet& fleet, const cluster::Snapshot& cluster, const holding::Report& report, Timestamp now);
  std::optional<Allocation> opened(const Fleet& fleet, const cluster::Snapshot& cluster, const holding::Report& report,
                                   const holding::Holding& holding, Timestamp now) const;
  bool refresh(Allocation& allocation, const Fleet& fleet, const cluster::Snapshot& cluster, const holding::Report& report,
               const holding::Holding& holding) const;
  void submit(Plan plan, std::shared_ptr<const holding::Report> report);

  const HoldersContext context_;
  const HoldersOptions options_;
  const NewConflicts on_conflicts_;
  const std::shared_ptr<Shared> shared_;  // with changes on their way, which may outlive this
  std::atomic<bool> running_ = false;     // who sets it, runs the round
  std::optional<Timestamp> began_{};
  std::unordered_map<AllocationId, Known> known_{};
};

}  // namespace reeve
