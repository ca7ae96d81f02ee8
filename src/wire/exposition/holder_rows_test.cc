#include "wire/exposition/holder_rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "wire/exposition/exposition_observation.h"

namespace reeve::wire {
namespace {

NodeObservation read(std::string_view text) {
  auto exposed = observation_from_exposition(text, {{}, ObservationSource::dcgm_exporter, {}});
  EXPECT_TRUE(exposed.ok()) << (exposed.ok() ? "" : exposed.error().message);
  return exposed.ok() ? std::move(exposed).value().observation : NodeObservation{};
}

// A row of dcgm-exporter, of GPU-a unless the labels say which.
std::string row(std::string_view labels, std::string_view uuid = "GPU-a") {
  return fmt::format("DCGM_FI_DEV_FB_USED{{gpu=\"{}\",UUID=\"{}\",hostname=\"n1\"{}}} 5\n", uuid.back() - 'a', uuid, labels);
}

// What our agent says.
std::string agent_rows(std::string_view up) {
  return fmt::format(
      "reeve_agent_inventory_info{{hostname=\"n1\",version=\"1\"}} 1\n{}{}"
      "reeve_pod_device_info{{UUID=\"GPU-a\",namespace=\"team-a\",pod=\"train-0\",container=\"main\",resource=\"nvidia.com/gpu.shared\","
      "device_id=\"GPU-a::3\",replica=\"3\",hostname=\"n1\"}} 1\n"
      "reeve_pod_device_info{{UUID=\"GPU-a\",GPU_I_ID=\"7\",namespace=\"team-a\",pod=\"infer\",container=\"srv\","
      "resource=\"nvidia.com/mig-1g.10gb\",device_id=\"MIG-1\",hostname=\"n1\"}} 1\n"
      "reeve_pod_device_info{{UUID=\"\",namespace=\"team-b\",pod=\"dra\",container=\"srv\",resource=\"\","
      "device_id=\"gpu.amd.com/n1/gpu-0-128\",hostname=\"n1\"}} 1\n",
      row(",container=\"c\",namespace=\"elsewhere\",pod=\"label\""), up);
}

TEST(HolderRows, an_agents_holders_are_those_of_its_own_rows) {
  const NodeObservation node = read(agent_rows("reeve_pod_resources_up{hostname=\"n1\"} 1\n"));
  EXPECT_EQ(node.holders_from, HolderSource::pod_resources);
  ASSERT_EQ(node.devices.size(), 1U);
  ASSERT_EQ(node.devices[0].holders.size(), 2U);
  EXPECT_EQ(node.devices[0].holders[0],
            (HolderObservation{HolderSource::pod_resources, "team-a", "train-0", "main", "nvidia.com/gpu.shared", "GPU-a::3", {}, 3}));
  EXPECT_EQ(node.devices[0].holders[1],
            (HolderObservation{HolderSource::pod_resources, "team-a", "infer", "srv", "nvidia.com/mig-1g.10gb", "MIG-1", 7, {}}));
  ASSERT_EQ(node.unplaced_holders.size(), 1U);
  EXPECT_EQ(node.unplaced_holders[0].device_id, "gpu.amd.com/n1/gpu-0-128");
}

TEST(HolderRows, an_agent_whose_kubelet_did_not_answer_knows_of_nobody) {
  for (const std::string_view up : {"", "reeve_pod_resources_up{hostname=\"n1\"} 0\n"}) {
    const NodeObservation node = read(agent_rows(up));
    EXPECT_FALSE(node.holders_from.has_value()) << up;
    EXPECT_TRUE(node.devices[0].holders.empty()) << up;
    EXPECT_TRUE(node.unplaced_holders.empty()) << up;
  }
}

TEST(HolderRows, pod_labels_of_any_age_name_the_holder_once) {
  for (const std::string_view labels : {
           ",container=\"main\",namespace=\"team-a\",pod=\"train-0\"",
           ",container_name=\"main\",pod_namespace=\"team-a\",pod_name=\"train-0\"",  // dcgm-exporter 1.x
           ",exported_container=\"main\",exported_namespace=\"team-a\",exported_pod=\"train-0\"",
           ",container=\"exporter\",namespace=\"gpu-operator\",pod=\"dcgm-exporter-x\",exported_container=\"main\","
           "exported_namespace=\"team-a\",exported_pod=\"train-0\"",
       }) {
    const NodeObservation node = read(row(labels) + row(labels));
    EXPECT_EQ(node.holders_from, HolderSource::exporter_labels);
    ASSERT_EQ(node.devices[0].holders.size(), 1U) << labels;
    EXPECT_EQ(
        node.devices[0].holders[0],
        (HolderObservation{.source = HolderSource::exporter_labels, .namespace_name = "team-a", .pod = "train-0", .container = "main"}));
  }
}

TEST(HolderRows, beside_exported_labels_the_plain_ones_name_the_exporter) {
  const NodeObservation node = read(row(",namespace=\"ops\",pod=\"exporter\"", "GPU-a") +
                                    row(",namespace=\"ops\",pod=\"exporter\",exported_namespace=\"t\",exported_pod=\"p\"", "GPU-b"));
  EXPECT_TRUE(node.devices[0].holders.empty());
  ASSERT_EQ(node.devices[1].holders.size(), 1U);
  EXPECT_EQ(node.devices[1].holders[0].pod, "p");
}

TEST(HolderRows, slices_shares_and_claims_keep_their_own) {
  const NodeObservation node =
      read(row(",GPU_I_PROFILE=\"1g.10gb\",GPU_I_ID=\"7\",namespace=\"t\",pod=\"p\"") +
           row(",namespace=\"t\",pod=\"q\",vgpu=\"0\"", "GPU-b") + row(",namespace=\"t\",pod=\"r\",vgpu=\"1\"", "GPU-b") +
           row(",namespace=\"t\",pod=\"s\",dra_driver_name=\"gpu.nvidia.com\",dra_pool_name=\"n1\","
               "dra_device_name=\"gpu-2\"",
               "GPU-c"));
  ASSERT_EQ(node.devices.size(), 3U);
  EXPECT_EQ(node.devices[0].holders.at(0).gpu_instance, 7);
  ASSERT_EQ(node.devices[1].holders.size(), 2U);
  EXPECT_EQ(node.devices[1].holders[1].pod, "r");
  EXPECT_EQ(node.devices[1].holders[1].replica, 1);
  EXPECT_EQ(node.devices[2].holders.at(0).device_id, "gpu.nvidia.com/n1/gpu-2");
}

TEST(HolderRows, without_one_pod_label_nothing_is_told_and_empty_ones_tell_of_nobody) {
  EXPECT_FALSE(read(row("")).holders_from.has_value());
  const NodeObservation idle = read(row(",container=\"\",namespace=\"\",pod=\"\""));
  EXPECT_EQ(idle.holders_from, HolderSource::exporter_labels);
  EXPECT_TRUE(idle.devices[0].holders.empty());
}

TEST(HolderRows, names_that_are_none_and_more_than_fit_do_not_come_in) {
  EXPECT_TRUE(read(row(",namespace=\"t\",pod=\"a b\"")).devices[0].holders.empty());
  std::string text = "reeve_agent_inventory_info{hostname=\"n1\",version=\"1\"} 1\nreeve_pod_resources_up{hostname=\"n1\"} 1\n" + row("");
  for (std::size_t i = 0; i < exposed_holders_max + 5; ++i)
    text += fmt::format("reeve_pod_device_info{{UUID=\"GPU-a\",namespace=\"t\",pod=\"p{}\"}} 1\n", i);
  const auto exposed = observation_from_exposition(text, {});
  EXPECT_EQ(exposed->observation.devices[0].holders.size(), exposed_holders_max);
  EXPECT_EQ(exposed->dropped_rows, 5U);
}

TEST(HolderRows, the_inventory_is_joined_with_the_holders_of_lost_gpus_too) {
  NodeObservation inventory = read(row(""));
  inventory.devices[0].lost = true;
  const NodeObservation merged = with_inventory(inventory, read(agent_rows("reeve_pod_resources_up{hostname=\"n1\"} 1\n")));
  EXPECT_EQ(merged.holders_from, HolderSource::pod_resources);
  EXPECT_EQ(merged.devices[0].holders.size(), 2U);
  EXPECT_EQ(merged.unplaced_holders.size(), 1U);
  EXPECT_TRUE(merged.devices[0].values.empty());
}

}  // namespace
}  // namespace reeve::wire
