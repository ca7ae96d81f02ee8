#include "apps/demo/fleet_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "domain/inventory/device.h"
#include "sim/model/observe.h"
#include "sim/model/scenario.h"

namespace reeve::demo {
namespace {

const Timestamp start = *parse_rfc3339("2026-11-24T00:00:00Z");

const Catalogue& catalogue() {
  static const Catalogue loaded = *load_catalogue();
  return loaded;
}

sim::Scenario scenario_of(const PlannedNode& node) {
  auto scenario = sim::parse_scenario(node.scenario, catalogue(), start);
  EXPECT_TRUE(scenario) << node.name << ": " << (scenario ? "" : scenario.error().message) << "\n" << node.scenario;
  return scenario ? *scenario : sim::Scenario{};
}

TEST(FleetPlan, sixty_four_nodes_have_512_gpus_of_the_known_models_and_more_than_200_slices) {
  std::map<std::string, int> models;
  int gpus = 0, slices = 0;
  for (const PlannedNode& node : plan_fleet(64, start, catalogue()))
    for (const sim::GpuSpec& gpu : scenario_of(node).gpus) {
      ++gpus;
      ++models[gpu.board->model.text];
      slices += static_cast<int>(gpu.instances.size());
    }
  EXPECT_EQ(gpus, 512);
  EXPECT_GT(slices, 200);
  for (const char* model : {"GTX1080", "GTX1080TI", "TITANXP", "RTX2080", "RTX2080TI", "RTX3080", "RTX3090", "RTX4080", "RTX4090",
                            "V100_16GB", "V100_32GB", "A100_40GB", "A100_80GB", "H100_80GB", "h200-sxm", "b200", "l40s"})
    EXPECT_GE(models[model], 8) << model;
}

TEST(FleetPlan, holders_name_devices_and_profiles_that_are_there_and_no_more_than_fit) {
  for (const PlannedNode& node : plan_fleet(64, start, catalogue())) {
    std::map<std::pair<std::string, std::string>, int> room;
    for (const sim::GpuSpec& gpu : scenario_of(node).gpus) {
      const std::string id = device_id(NodeName{node.name}, gpu.index).text;
      if (!gpu.mig_enabled) room[{id, ""}] = 1;
      for (const sim::InstanceSpec& instance : gpu.instances) ++room[{id, gpu.board->geometry->profile(instance.place.profile_id)->name}];
    }
    for (const PlannedHolder& holder : node.holders)
      EXPECT_GE(--(room[{holder.device, holder.mig_profile}]), 0) << holder.device << " " << holder.mig_profile;
  }
}

TEST(FleetPlan, is_the_same_each_time_and_grows_without_changing_what_was_there) {
  const auto small = plan_fleet(4, start, catalogue());
  const auto large = plan_fleet(130, start, catalogue());
  ASSERT_EQ(large.size(), 130u);
  EXPECT_TRUE(std::equal(small.begin(), small.end(), large.begin()));
  std::set<std::string> keys, names;
  for (const PlannedNode& node : large) {
    EXPECT_TRUE(names.insert(node.name).second);
    for (const PlannedHolder& holder : node.holders) EXPECT_TRUE(keys.insert(holder.key).second) << holder.key;
  }
}

TEST(FleetPlan, a_fleet_is_neither_full_nor_idle) {
  std::size_t held = 0;
  for (const PlannedNode& node : plan_fleet(64, start, catalogue())) held += node.holders.size();
  EXPECT_GT(held, 400u);
  EXPECT_LT(held, 650u);
}

TEST(FleetPlan, things_go_wrong_in_the_week_before_and_after_the_start) {
  std::set<int> xids;
  bool lost = false, throttled = false;
  for (const PlannedNode& node : plan_fleet(64, start, catalogue())) {
    const auto scenario = scenario_of(node);
    for (const DeviceEvent& event : sim::events_between(scenario, start - std::chrono::hours(168), start + std::chrono::hours(1), 1))
      xids.insert(event.code);
    for (const sim::GpuSpec& gpu : scenario.gpus) {
      lost |= gpu.lost(start + std::chrono::hours(1)) && !gpu.lost(start);
      throttled |= gpu.throttled(start + std::chrono::hours(1));
    }
  }
  EXPECT_TRUE(xids.contains(31) && xids.contains(79));
  EXPECT_TRUE(lost);
  EXPECT_TRUE(throttled);
}

TEST(FleetPlan, an_observation_of_it_has_utilization_power_and_processes) {
  const auto scenario = scenario_of(plan_fleet(1, start, catalogue()).front());
  const NodeObservation seen = sim::observe(scenario, start + std::chrono::hours(3));
  ASSERT_EQ(seen.devices.size(), 8u);
  EXPECT_TRUE(seen.devices[7].values.get(Metric::power_usage));
}

}  // namespace
}  // namespace reeve::demo
