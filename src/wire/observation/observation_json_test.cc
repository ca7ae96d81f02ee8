#include "wire/observation/observation_json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reeve::wire {
namespace {

// The same observations on every machine: a plain congruential generator.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t upto(std::uint64_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % (n + 1);
  }
  bool coin() { return upto(1) == 1; }
  std::string text() {
    static constexpr std::string_view alphabet[] = {"a", "Z", "0", " ", "\"", "\\", "\n", "\x01", "é", "한", "/", "😀", "{", ","};
    std::string word;
    for (std::uint64_t n = upto(6); n > 0; --n) word += alphabet[upto(std::size(alphabet) - 1)];
    return word;
  }
  std::optional<int> maybe(int most) {
    return coin() ? std::optional(static_cast<int>(upto(static_cast<std::uint64_t>(most)))) : std::nullopt;
  }
  std::optional<MiB> maybe_memory() { return coin() ? std::optional(MiB(static_cast<std::int64_t>(upto(1 << 20)))) : std::nullopt; }
  Timestamp time() { return Timestamp(Milliseconds(static_cast<std::int64_t>(upto(4'000'000'000ULL)) * 997)); }
  MetricValues values() {
    MetricValues values;
    for (const MetricInfo& row : device_metrics())
      if (coin()) values.set(row.metric, coin() ? static_cast<double>(upto(1ULL << 31)) * 12345.0 : static_cast<double>(upto(1000)) / 7.0);
    return values;
  }

 private:
  std::uint64_t state_;
};

InstanceObservation any_instance(Dice& dice) {
  InstanceObservation instance;
  instance.gpu_instance_id = static_cast<int>(dice.upto(14));
  instance.compute_instance_id = static_cast<int>(dice.upto(6));
  instance.uuid.text = dice.text();
  instance.profile = dice.text();
  instance.profile_id = dice.maybe(67);
  if (dice.coin()) instance.placement = mig::Placement{static_cast<int>(dice.upto(7)), static_cast<int>(dice.upto(8))};
  instance.memory = dice.maybe_memory();
  instance.values = dice.values();
  return instance;
}

std::vector<HolderObservation> any_holders(Dice& dice) {
  std::vector<HolderObservation> holders;
  for (auto n = dice.upto(3); n > 0; --n)
    holders.push_back({static_cast<HolderSource>(dice.upto(2)), dice.text(), dice.text(), dice.text(), dice.text(), dice.text(),
                       dice.maybe(14), dice.maybe(8)});
  return holders;
}

DeviceObservation any_device(Dice& dice, int index) {
  DeviceObservation device;
  device.index = index;
  device.uuid.text = dice.text();
  device.product_name = dice.text();
  device.pci_address = dice.text();
  device.pci_device_id = dice.text();
  device.serial = dice.text();
  device.vbios_version = dice.text();
  device.memory = dice.maybe_memory();
  if (dice.coin()) device.mig_enabled = dice.coin();
  device.lost = dice.coin();
  for (auto n = dice.upto(3); n > 0; --n) device.instances.push_back(any_instance(dice));
  for (auto n = dice.upto(3); n > 0; --n)
    device.processes.push_back(
        {static_cast<std::uint32_t>(dice.upto(4'000'000)), dice.text(), dice.maybe_memory(), dice.maybe(14), dice.maybe(6)});
  device.holders = any_holders(dice);
  device.values = dice.values();
  return device;
}

NodeObservation any_observation(Dice& dice) {
  NodeObservation node;
  node.node.text = dice.text();
  node.source = static_cast<ObservationSource>(dice.upto(5));
  node.at = dice.time();
  node.driver_version = dice.text();
  node.cuda_version = dice.text();
  for (auto n = static_cast<int>(dice.upto(4)); n > 0; --n) node.devices.push_back(any_device(dice, n));
  for (auto n = dice.upto(3); n > 0; --n)
    node.events.push_back({dice.time(), {dice.text()}, dice.maybe(14), static_cast<int>(dice.upto(150)), dice.upto(~0ULL >> 1)});
  if (dice.coin()) node.holders_from = static_cast<HolderSource>(dice.upto(2));
  node.unplaced_holders = any_holders(dice);
  return node;
}

// Boost.JSON 1.81 reads a fraction to within a unit or two in its last place; that much is not a difference.
void forgive_last_place(MetricValues& values, const MetricValues& written) {
  for (const MetricInfo& row : device_metrics()) {
    const auto read = values.get(row.metric);
    const auto was = written.get(row.metric);
    if (read && was && std::abs(*read - *was) <= 4e-16 * std::abs(*was)) values.set(row.metric, *was);
  }
}

void forgive_last_place(NodeObservation& node, const NodeObservation& written) {
  ASSERT_EQ(node.devices.size(), written.devices.size());
  for (std::size_t d = 0; d < node.devices.size(); ++d) {
    forgive_last_place(node.devices[d].values, written.devices[d].values);
    ASSERT_EQ(node.devices[d].instances.size(), written.devices[d].instances.size());
    for (std::size_t i = 0; i < node.devices[d].instances.size(); ++i)
      forgive_last_place(node.devices[d].instances[i].values, written.devices[d].instances[i].values);
  }
}

TEST(ObservationJson, whatever_is_written_reads_back_the_same) {
  Dice dice(1);
  for (int i = 0; i < 300; ++i) {
    const NodeObservation node = any_observation(dice);
    Result<NodeObservation> back = observation_from_json(to_json(node));
    ASSERT_TRUE(back.ok()) << back.error().message << '\n' << to_json(node);
    forgive_last_place(*back, node);
    ASSERT_EQ(*back, node) << to_json(node);
  }
}

TEST(ObservationJson, a_small_observation_looks_like_this) {
  NodeObservation node;
  node.node.text = "n1";
  node.at = *parse_rfc3339("2026-11-24T22:51:42Z");
  node.driver_version = "570.148.08";
  DeviceObservation device;
  device.uuid.text = "GPU-1";
  device.mig_enabled = false;
  device.values.set(Metric::power_usage, 612.471);
  device.values.set(Metric::sm_clock, 1980.0);
  device.processes.push_back({4242, "python", MiB(512), {}, {}});
  node.devices.push_back(device);
  EXPECT_EQ(
      to_json(node),
      R"({"node":"n1","source":"reeve-agent","at":"2026-11-24T22:51:42.000Z","driver_version":"570.148.08","devices":[)"
      R"({"index":0,"uuid":"GPU-1","mig_enabled":false,"lost":false,"instances":[],)"
      R"("processes":[{"pid":4242,"name":"python","memory_mib":512}],"values":{"sm_clock_mhz":1980,"power_watts":612.471}}],"events":[]})");
}

TEST(ObservationJson, holders_stand_only_where_somebody_told_of_them) {
  NodeObservation node;
  node.node.text = "n1";
  node.devices.emplace_back().uuid.text = "GPU-1";
  EXPECT_EQ(to_json(node).find("holders"), std::string::npos);
  node.holders_from = HolderSource::pod_resources;
  EXPECT_NE(to_json(node).find(R"("holders":[],"values")"), std::string::npos) << to_json(node);
  node.devices[0].holders = {{.namespace_name = "a", .pod = "p", .resource_name = "nvidia.com/gpu", .device_id = "GPU-1::2", .replica = 2}};
  EXPECT_NE(to_json(node).find(R"("holders":[{"source":"pod-resources","namespace":"a","pod":"p","resource":"nvidia.com/gpu",)"
                               R"("device_id":"GPU-1::2","replica":2}])"),
            std::string::npos)
      << to_json(node);
  const auto odd = observation_from_json(R"({"node":"n1","source":"reeve-agent","at":"2026-11-24T00:00:00Z",)"
                                         R"("devices":[{"index":0,"uuid":"a","holders":[{"source":"rumour"}]}]})");
  EXPECT_EQ(odd.error().field, "devices[0].holders[0].source");
}

TEST(ObservationJson, fields_and_metrics_of_a_newer_agent_are_passed_over) {
  const auto node =
      observation_from_json(R"({"node":"n1","source":"reeve-agent","at":"2026-11-24T00:00:00Z","colour":"red","devices":[)"
                            R"({"index":3,"uuid":"GPU-1","values":{"sm_clock_mhz":5,"moon_phase":0.5,"power_watts":null}}]})");
  ASSERT_TRUE(node.ok()) << node.error().message;
  EXPECT_EQ(node->devices.at(0).values.get(Metric::sm_clock), 5.0);
  EXPECT_FALSE(node->devices.at(0).values.has(Metric::power_usage));
}

TEST(ObservationJson, a_fault_names_its_field) {
  const auto fault = [](std::string_view device) {
    const auto node = observation_from_json(fmt::format(
        R"({{"node":"n1","source":"reeve-agent","at":"2026-11-24T00:00:00Z","devices":[{{"index":0,"uuid":"a"}},{}]}})", device));
    return node.ok() ? std::string("none") : node.error().field;
  };
  EXPECT_EQ(fault(R"({"index":1,"uuid":"b"})"), "none");
  EXPECT_EQ(fault(R"({"index":1})"), "devices[1].uuid");
  EXPECT_EQ(fault(R"({"index":1.5,"uuid":"b"})"), "devices[1].index");
  EXPECT_EQ(fault(R"({"index":-1,"uuid":"b"})"), "devices[1].index");
  EXPECT_EQ(fault(R"({"index":99999999999,"uuid":"b"})"), "devices[1].index");
  EXPECT_EQ(fault(R"({"index":1,"uuid":"b","lost":"yes"})"), "devices[1].lost");
  EXPECT_EQ(fault(R"({"index":1,"uuid":"b","values":[]})"), "devices[1].values");
  EXPECT_EQ(fault(R"({"index":1,"uuid":"b","values":{"sm_clock_mhz":"5"}})"), "devices[1].values.sm_clock_mhz");
  EXPECT_EQ(fault(R"({"index":1,"uuid":"b","memory_mib":-3})"), "devices[1].memory_mib");
  EXPECT_EQ(fault(R"({"index":1,"uuid":"b","instances":[{"gpu_instance_id":7},{}]})"), "devices[1].instances[1].gpu_instance_id");
  EXPECT_EQ(fault(R"({"index":1,"uuid":"b","instances":[{"gpu_instance_id":7,"placement":{"start":0}}]})"),
            "devices[1].instances[0].placement.size");
  EXPECT_EQ(fault(R"(7)"), "devices[1]");
  EXPECT_FALSE(observation_from_json("[]").ok());
  EXPECT_FALSE(observation_from_json("{").ok());
  EXPECT_FALSE(observation_from_json(R"({"node":"n1","source":"elsewhere","at":"2026-11-24T00:00:00Z"})").ok());
  EXPECT_FALSE(observation_from_json(R"({"node":"n1","source":"reeve-agent","at":"yesterday"})").ok());
}

TEST(InventoryFingerprint, moves_with_the_inventory_and_with_nothing_else) {
  Dice dice(7);
  NodeObservation node = any_observation(dice);
  node.devices.assign(1, any_device(dice, 0));
  node.devices[0].instances.assign(1, any_instance(dice));
  const std::string before = inventory_fingerprint(node);
  EXPECT_EQ(before.size(), 16U);

  NodeObservation busy = node;
  busy.at += Milliseconds(30'000);
  busy.devices[0].values = dice.values();
  busy.devices[0].instances[0].values = dice.values();
  busy.devices[0].processes.push_back({1, "x", {}, {}, {}});
  busy.events.push_back({});
  busy.devices[0].holders = any_holders(dice);
  busy.holders_from = HolderSource::pod_resources;
  EXPECT_EQ(inventory_fingerprint(busy), before);

  NodeObservation lost = node;
  lost.devices[0].lost = !lost.devices[0].lost;
  EXPECT_NE(inventory_fingerprint(lost), before);
  NodeObservation cut = node;
  cut.devices[0].instances.clear();
  EXPECT_NE(inventory_fingerprint(cut), before);
  NodeObservation updated = node;
  updated.driver_version += "x";
  EXPECT_NE(inventory_fingerprint(updated), before);
}

}  // namespace
}  // namespace reeve::wire
