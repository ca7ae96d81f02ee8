#include "usecases/collect_metrics.h"

#include <thread>

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/fleet_builder.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"

namespace reeve {
namespace {

constexpr Milliseconds interval{30'000};
constexpr Milliseconds deadline{10'000};

// Answers what it was told to answer; a target that it was not told about is silent.
class FakeNodeSource final : public NodeSource {
 public:
  void set(const std::string& url, NodeObservation seen) { answers_.insert_or_assign(url, std::move(seen)); }
  void fail(const std::string& url, Errc code, const std::string& message) { answers_.insert_or_assign(url, Error{code, message}); }

  void observe_all(std::span<const Target> targets, Milliseconds, const Found& found) override {
    for (const Target& target : targets) {
      const auto answer = answers_.find(target.url);
      found(target, answer != answers_.end() ? answer->second : Result<NodeObservation>(Error{Errc::timed_out, "no answer"}));
    }
  }

 private:
  std::map<std::string, Result<NodeObservation>> answers_;
};

const Target agent_1{"http://n1:9400", ObservationSource::reeve_agent, {}, "west"};
const Target agent_2{"http://n2:9400", ObservationSource::reeve_agent, {}, "west"};
const Target exporter_1{"http://n1:9401", ObservationSource::dcgm_exporter, {}, "west"};

struct Collect : testing::Test {
  FakeClock clock{};
  FakeNodeSource source{};
  KeptFleet keeper{};
  MemoryMetricStore store{};
  Catalogue catalogue = Catalogue::make({}, {}).value();
  MetricsCollector collector{{clock, source, keeper, store, catalogue}, interval};
  TargetList list{{agent_1, agent_2}, ""};

  NodeObservation seen(const std::string& node, double power = 100, ObservationSource kind = ObservationSource::reeve_agent) {
    NodeObservation observation;
    observation.node = NodeName{node};
    observation.source = kind;
    observation.at = clock.now();
    DeviceObservation& device = observation.devices.emplace_back();
    device.uuid = GpuUuid{"GPU-" + node};
    device.values.set(Metric::power_usage, power);
    return observation;
  }
  CollectReport round() {
    CollectReport report = collector.collect(list, deadline);
    clock.advance(interval);
    return report;
  }
  const NodeReadings& readings(const std::string& node) { return *keeper.snapshot()->find_node(NodeName{node})->readings; }
  std::vector<DeviceEvent> events() { return store.list_events({}, Timestamp{}, clock.now() + interval, 100).value(); }
};

TEST_F(Collect, a_round_fills_fleet_readings_and_history) {
  source.set(agent_1.url, seen("n1", 120));
  source.set(agent_2.url, seen("n2"));
  const CollectReport report = round();
  EXPECT_EQ(report.targets, 2u);
  EXPECT_EQ(report.failed, 0u);
  EXPECT_EQ(report.devices, 2u);
  EXPECT_EQ(report.samples, 2u);
  EXPECT_EQ(store.sample_count(), 2u);
  const auto fleet = keeper.snapshot();
  ASSERT_EQ(fleet->nodes().size(), 2u);
  EXPECT_EQ(fleet->nodes()[0].node->cluster, "west");
  EXPECT_EQ(fleet->nodes()[0].node->address, "n1:9400");
  EXPECT_EQ(readings("n1").devices[0].values.get(Metric::power_usage), 120);
}

TEST_F(Collect, a_round_without_change_commits_nothing) {
  source.set(agent_1.url, seen("n1"));
  round();
  const std::size_t commits = keeper.store.commit_count();
  source.set(agent_1.url, seen("n1", 130));
  round();
  EXPECT_EQ(keeper.store.commit_count(), commits);
  EXPECT_EQ(readings("n1").devices[0].values.get(Metric::power_usage), 130);
  EXPECT_EQ(store.sample_count(), 2u);
}

TEST_F(Collect, a_node_that_fails_keeps_its_readings_their_time_and_says_why) {
  source.set(agent_1.url, seen("n1", 120));
  source.set(agent_2.url, seen("n2"));
  const Timestamp first = clock.now();
  round();
  source.fail(agent_1.url, Errc::unavailable, "connection refused");
  const Timestamp second = clock.now();
  EXPECT_EQ(round().failed, 1u);
  EXPECT_EQ(readings("n1").at, first);
  EXPECT_EQ(readings("n1").last_attempt, second);
  EXPECT_EQ(readings("n1").last_error, "connection refused");
  EXPECT_EQ(readings("n1").devices[0].values.get(Metric::power_usage), 120);
  EXPECT_EQ(readings("n2").last_error, "");
  EXPECT_FALSE(keeper.snapshot()->find_device(DeviceId{"n1-GPU-00"})->device->lost);
  source.set(agent_1.url, seen("n1", 90));
  round();
  EXPECT_EQ(readings("n1").last_error, "");
}

TEST_F(Collect, after_a_restart_a_silent_target_is_found_by_its_address) {
  source.set(agent_1.url, seen("n1"));
  round();
  MetricsCollector restarted({clock, source, keeper, store, catalogue}, interval);
  source.fail(agent_1.url, Errc::timed_out, "no answer");
  restarted.collect(list, deadline);
  EXPECT_EQ(readings("n1").last_error, "no answer");
}

TEST_F(Collect, the_status_tells_of_each_target) {
  source.set(agent_1.url, seen("n1"));
  list.error = "cannot read targets.yaml: line 3";
  EXPECT_TRUE(collector.targets().empty());
  EXPECT_FALSE(collector.last_round().has_value());
  const Timestamp start = clock.now();
  round();
  EXPECT_EQ(collector.targets_error(), "cannot read targets.yaml: line 3");
  const std::vector<TargetStatus> targets = collector.targets();
  ASSERT_EQ(targets.size(), 2u);
  EXPECT_EQ(targets[0].node.text, "n1");
  EXPECT_EQ(targets[0].last_success, start);
  EXPECT_EQ(targets[1].last_error, "no answer");
  EXPECT_EQ(targets[1].last_attempt, start);
  EXPECT_FALSE(targets[1].last_success.has_value());
  EXPECT_EQ(collector.last_round()->failed, 1u);
  EXPECT_EQ(collector.last_round()->started_at, start);
}

TEST_F(Collect, the_status_can_be_read_while_rounds_run) {
  source.set(agent_1.url, seen("n1"));
  std::atomic<bool> over = false;
  std::jthread reader([&] {
    while (!over)
      for (const TargetStatus& target : collector.targets()) EXPECT_FALSE(target.target.url.empty());
  });
  for (int i = 0; i < 50; ++i) round();
  over = true;
  EXPECT_EQ(collector.targets().size(), 2u);
}

TEST_F(Collect, a_node_has_one_voice_and_an_agent_goes_before_an_exporter) {
  list.targets = {exporter_1, agent_1};
  source.set(exporter_1.url, seen("n1", 50, ObservationSource::dcgm_exporter));
  round();
  EXPECT_EQ(readings("n1").devices[0].values.get(Metric::power_usage), 50);
  source.set(agent_1.url, seen("n1", 60));
  round();
  EXPECT_EQ(round().failed, 1u);
  EXPECT_EQ(readings("n1").devices[0].values.get(Metric::power_usage), 60);
  EXPECT_EQ(readings("n1").last_error, "");
  EXPECT_NE(collector.targets()[1].last_error.find("is observed through http://n1:9400"), std::string::npos);
  // The agent falls silent: after three rounds the exporter speaks again.
  source.fail(agent_1.url, Errc::timed_out, "no answer");
  for (int i = 0; i < 4; ++i) round();
  source.set(exporter_1.url, seen("n1", 70, ObservationSource::dcgm_exporter));
  round();
  EXPECT_EQ(readings("n1").devices[0].values.get(Metric::power_usage), 70);
}

TEST_F(Collect, an_event_that_the_agent_repeats_is_kept_once_even_when_the_agent_restarts) {
  NodeObservation observation = seen("n1");
  observation.events = {{clock.now(), {"GPU-n1"}, std::nullopt, 79, 1}, {clock.now() + Milliseconds(5), {"GPU-n1"}, std::nullopt, 31, 2}};
  source.set(agent_1.url, observation);
  EXPECT_EQ(round().events, 2u);
  EXPECT_EQ(round().events, 0u);
  observation.events = {{clock.now(), {"GPU-n1"}, std::nullopt, 43, 1}};  // a new life: the sequence starts again
  source.set(agent_1.url, observation);
  EXPECT_EQ(round().events, 1u);
  EXPECT_EQ(events().size(), 3u);
}

TEST_F(Collect, a_new_xid_in_an_exporters_gauge_is_an_event) {
  list.targets = {exporter_1};
  const auto with_xid = [&](double xid) {
    NodeObservation observation = seen("n1", 100, ObservationSource::dcgm_exporter);
    observation.devices[0].values.set(Metric::last_xid, xid);
    source.set(exporter_1.url, observation);
  };
  with_xid(31);  // from before we looked: nobody knows when it happened
  EXPECT_EQ(round().events, 0u);
  EXPECT_EQ(round().events, 0u);
  with_xid(79);
  EXPECT_EQ(round().events, 1u);
  EXPECT_EQ(round().events, 0u);
  with_xid(0);
  EXPECT_EQ(round().events, 0u);
  ASSERT_EQ(events().size(), 1u);
  EXPECT_EQ(events()[0].code, 79);
}

TEST_F(Collect, a_store_that_fails_loses_the_rounds_samples_but_no_event) {
  store.fail_with(Error{Errc::unavailable, "disk full"});
  NodeObservation observation = seen("n1");
  observation.events = {{clock.now(), {"GPU-n1"}, std::nullopt, 79, 1}};
  source.set(agent_1.url, observation);
  EXPECT_EQ(round().store_error, "disk full");
  EXPECT_EQ(readings("n1").devices.size(), 1u);
  store.fail_with(std::nullopt);
  EXPECT_EQ(round().store_error, "");
  EXPECT_EQ(events().size(), 1u);
}

TEST_F(Collect, a_change_that_the_fleet_refuses_is_shown_at_its_target) {
  source.set(agent_1.url, seen("n1"));
  round();
  NodeObservation same_gpu = seen("n2");
  same_gpu.devices[0].uuid = GpuUuid{"GPU-n1"};
  source.set(agent_2.url, same_gpu);
  EXPECT_EQ(round().failed, 1u);
  EXPECT_NE(collector.targets()[1].last_error.find("cannot take GPU 'GPU-n1' for node 'n2'"), std::string::npos);
  EXPECT_EQ(keeper.snapshot()->find_node(NodeName{"n2"}), nullptr);
}

TEST_F(Collect, a_change_that_cannot_be_committed_is_tried_again_next_round) {
  keeper.store.fail_with(Error{Errc::unavailable, "cannot commit: disk full"});
  source.set(agent_1.url, seen("n1"));
  round();
  EXPECT_EQ(collector.targets()[0].last_error, "cannot commit: disk full");
  EXPECT_TRUE(keeper.snapshot()->nodes().empty());
  keeper.store.fail_with(std::nullopt);
  round();
  EXPECT_EQ(collector.targets()[0].last_error, "");
  EXPECT_EQ(keeper.snapshot()->nodes().size(), 1u);
}

TEST_F(Collect, an_administrators_change_between_look_and_commit_survives) {
  source.set(agent_1.url, seen("n1"));
  round();
  keeper.submit(
      [](FleetDraft& draft) {
        Node node = *draft.fleet().find_node(NodeName{"n1"})->node;
        node.devices[0].state = DeviceState::maintenance;
        return draft.put_node(node);
      },
      [](const Status& done) { ASSERT_TRUE(done.ok()); });
  NodeObservation changed = seen("n1");
  changed.driver_version = "571.0";
  source.set(agent_1.url, changed);
  round();
  const auto fleet = keeper.snapshot();
  EXPECT_EQ(fleet->find_device(DeviceId{"n1-GPU-00"})->device->state, DeviceState::maintenance);
  EXPECT_EQ(fleet->find_device(DeviceId{"n1-GPU-00"})->device->driver_version, "571.0");
}

TEST_F(Collect, history_of_the_past_reaches_the_store_and_leaves_the_readings_alone) {
  source.set(agent_1.url, seen("n1", 120));
  round();
  std::vector<NodeObservation> past{seen("n1", 5), seen("n1", 6)};
  past[0].at -= std::chrono::hours(2);
  past[1].at -= std::chrono::hours(1);
  EXPECT_EQ(ingest_history({keeper, store}, past).value(), 2u);
  EXPECT_EQ(store.sample_count(), 3u);
  EXPECT_EQ(readings("n1").devices[0].values.get(Metric::power_usage), 120);
  past.push_back(seen("unheard-of"));
  EXPECT_EQ(ingest_history({keeper, store}, past).error().code, Errc::not_found);
}

TEST_F(Collect, slices_have_their_own_samples_and_what_is_not_kept_makes_none) {
  NodeReadings readings;
  readings.at = clock.now();
  readings.devices = {{DeviceId{"d"}, {}, {{InstanceId{"d-MIG-01"}, {}}, {InstanceId{"d-MIG-02"}, {}}}, {}}};
  readings.devices[0].values.set(Metric::memory_free, 7);  // not kept as history
  readings.devices[0].instances[1].values.set(Metric::memory_used, 7);
  const std::vector<Sample> samples = samples_of(readings);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].resource, "d-MIG-02");
}

}  // namespace
}  // namespace reeve
