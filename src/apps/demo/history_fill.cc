#include "apps/demo/history_fill.h"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "sim/model/observe.h"
#include "usecases/collect_metrics.h"

namespace reeve::demo {
namespace {

using std::chrono::hours;

constexpr double filled_share = 0.5;  // of the samples that an hour should have: it was filled, or watched live

Timestamp hour_of(Timestamp at) { return std::chrono::floor<hours>(at); }

class Filling {
 public:
  Filling(const HistoryContext& context, const std::vector<sim::Scenario>& nodes, const HistoryRange& range)
      : context_(context), nodes_(nodes), range_(range) {
    job_.id = history_job_id;
    job_.name = "Filling in the history of the simulated fleet";
    job_.unit = "node-hours";
    job_.started_at = context_.now();
  }

  Result<std::size_t> run(const std::stop_token& stop) {
    const auto outcome = fill(stop);
    job_.state = outcome ? JobState::done : JobState::failed;
    job_.detail = !outcome ? outcome.error().message : stop.stop_requested() ? "interrupted: goes on at the next start" : "";
    if (!outcome || !stop.stop_requested()) job_.finished_at = context_.now();
    tell();
    return outcome;
  }

 private:
  struct Work {
    const sim::Scenario* scenario = nullptr;
    std::set<Timestamp> done{};  // hours
  };

  Result<std::size_t> fill(const std::stop_token& stop) {
    std::vector<Work> works;
    const auto fleet = context_.keeper.snapshot();
    for (const sim::Scenario& scenario : nodes_)
      if (const NodeView* view = fleet->find_node(scenario.node); view != nullptr && !view->node->devices.empty()) {
        auto done = hours_done(view->node->devices.front().id);
        if (!done) return done.error();
        works.push_back({&scenario, std::move(*done)});
      }
    job_.total = count_missing(works);
    tell();
    std::size_t filled = 0;
    for (Timestamp hour = hour_of(range_.to - Milliseconds(1)); hour + hours(1) > range_.from; hour -= hours(1)) {
      bool any = false;
      for (const Work& work : works) {
        if (stop.stop_requested()) return filled;
        if (work.done.contains(hour)) continue;
        if (const Status kept = fill_hour(*work.scenario, hour); !kept) return kept.error();
        any = true;
        ++filled;
        ++job_.done;
      }
      if (!any) continue;
      if (const auto sealed = context_.store.seal(context_.now()); !sealed) return sealed.error();
      job_.detail = "back to " + to_rfc3339(hour);
      tell();
    }
    return filled;
  }

  // The part of the hour that belongs to the range.
  Timestamp begin_of(Timestamp hour) const { return std::max(hour, range_.from); }
  Timestamp end_of(Timestamp hour) const { return std::min<Timestamp>(hour + hours(1), range_.to); }

  Result<std::set<Timestamp>> hours_done(const DeviceId& device) const {
    SeriesQuery query{{device.text}, {Metric::gpu_temperature}, hour_of(range_.from), range_.to, hours(1)};
    const auto series = context_.store.query(query);
    if (!series) return series.error();
    std::set<Timestamp> done;
    for (const Series& one : *series)
      for (const Point& point : one.points) {
        const double wanted = static_cast<double>((end_of(point.at) - begin_of(point.at)) / range_.step);
        if (point.count > 0 && point.count >= filled_share * wanted) done.insert(point.at);
      }
    return done;
  }

  std::size_t count_missing(const std::vector<Work>& works) const {
    std::size_t missing = 0;
    for (Timestamp hour = hour_of(range_.to - Milliseconds(1)); hour + hours(1) > range_.from; hour -= hours(1))
      missing += static_cast<std::size_t>(std::ranges::count_if(works, [hour](const Work& work) { return !work.done.contains(hour); }));
    return missing;
  }

  Status fill_hour(const sim::Scenario& scenario, Timestamp hour) const {
    std::vector<NodeObservation> seen;
    const Timestamp begin = begin_of(hour), end = end_of(hour);
    // On multiples of the step, so that a second filling replaces the first.
    for (Timestamp at = Timestamp((begin.time_since_epoch() + range_.step - Milliseconds(1)) / range_.step * range_.step); at < end;
         at += range_.step)
      seen.push_back(sim::observe(scenario, at));
    if (seen.empty()) return Done{};
    seen.front().events = sim::events_between(scenario, begin - Milliseconds(1), end - Milliseconds(1), 1);
    const auto kept = ingest_history({context_.keeper, context_.store}, seen);
    return kept ? Status(Done{}) : Status(kept.error());
  }

  void tell() const {
    context_.jobs.update(job_);
    if (context_.told) context_.told(job_);
  }

  const HistoryContext& context_;
  const std::vector<sim::Scenario>& nodes_;
  HistoryRange range_;
  Job job_{};
};

}  // namespace

Result<std::size_t> fill_history(const HistoryContext& context, const std::vector<sim::Scenario>& nodes, const HistoryRange& range,
                                 const std::stop_token& stop) {
  return Filling(context, nodes, range).run(stop);
}

}  // namespace reeve::demo
