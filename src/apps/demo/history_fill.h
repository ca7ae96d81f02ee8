#pragma once
// Fills the time before the demo began with what the simulated nodes would have shown, through the same path
// as live readings, while the control plane already answers.

#include <functional>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "ports/fleet_keeper.h"
#include "ports/job_board.h"
#include "ports/metric_store.h"
#include "sim/model/scenario.h"

namespace reeve::demo {

struct HistoryRange {
  Timestamp from{};     // inclusive
  Timestamp to{};       // exclusive
  Milliseconds step{};  // between two observations of a node
};

struct HistoryContext {
  const FleetKeeper& keeper;
  MetricStore& store;  // shared with the collector: calls must not disturb each other
  JobBoard& jobs;
  std::function<Timestamp()> now{};
  std::function<void(const Job&)> told{};  // each progress, also to whoever started the demo; may be empty
};

inline constexpr const char* history_job_id = "history-fill";

// Newest hour first, so that the charts of the last day are right at once; one node and hour at a time, sealed
// hour by hour. What the store holds already is left alone: after a restart it goes on where it was. Nodes that the
// fleet does not know yet are left out; run it again for them. Returns how many node-hours were filled, or
// why the store could not take them; the job tells the same.
Result<std::size_t> fill_history(const HistoryContext& context, const std::vector<sim::Scenario>& nodes, const HistoryRange& range,
                                 const std::stop_token& stop);

}  // namespace reeve::demo
