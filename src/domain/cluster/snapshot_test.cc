#include "domain/cluster/snapshot.h"

#include <gtest/gtest.h>

namespace reeve::cluster {
namespace {

PodPtr pod(std::string namespace_name, std::string name) {
  auto made = std::make_shared<Pod>();
  made->meta.namespace_name = std::move(namespace_name);
  made->meta.name = std::move(name);
  return made;
}

TEST(ClusterSnapshot, objects_are_found_by_namespace_and_name) {
  Snapshot snapshot;
  // "a-b" sorts before "a/..." would, were the key one text: the order is by namespace first.
  snapshot.pods = {pod("a", "x"), pod("a", "y"), pod("a-b", "x"), pod("b", "")};
  EXPECT_EQ(snapshot.find_pod("a", "y"), snapshot.pods[1].get());
  EXPECT_EQ(snapshot.find_pod("a-b", "x"), snapshot.pods[2].get());
  EXPECT_EQ(snapshot.find_pod("a", "z"), nullptr);
  EXPECT_EQ(snapshot.find_pod("", "x"), nullptr);
  EXPECT_EQ(snapshot.pods_in("a").size(), 2U);
  EXPECT_EQ(snapshot.pods_in("a-b").size(), 1U);
  EXPECT_TRUE(snapshot.pods_in("aa").empty());
  EXPECT_EQ(Snapshot{}.find_pod("a", "x"), nullptr);
  EXPECT_EQ(Snapshot{}.find_node(NodeName{"n"}), nullptr);
}

TEST(ClusterSnapshot, usage_is_unknown_until_it_was_said) {
  Snapshot snapshot;
  snapshot.pods = {pod("a", "x"), pod("a", "y")};
  EXPECT_EQ(snapshot.usage_of(*snapshot.pods[0]), nullptr);
  auto usage = std::make_shared<UsageByPod>();
  usage->emplace(pod_key("a", "x"), Usage{std::nullopt, Quantity::of_milli(5), Quantity::of(7)});
  snapshot.pod_usage = usage;
  ASSERT_NE(snapshot.usage_of(*snapshot.pods[0]), nullptr);
  EXPECT_EQ(snapshot.usage_of(*snapshot.pods[0])->cpu, Quantity::of_milli(5));
  EXPECT_EQ(snapshot.usage_of(*snapshot.pods[1]), nullptr);
}

TEST(ClusterSnapshot, labels_and_resources_are_found_by_name) {
  const Labels labels{{"a", "1"}, {"b", ""}, {"c", "3"}};
  ASSERT_NE(find(labels, "b"), nullptr);
  EXPECT_EQ(*find(labels, "c"), "3");
  EXPECT_EQ(find(labels, "bb"), nullptr);
  const ResourceList resources{{"cpu", Quantity::of(2)}, {"nvidia.com/gpu", Quantity::of(0)}};
  EXPECT_EQ(find(resources, "nvidia.com/gpu"), Quantity::of(0));
  EXPECT_EQ(find(resources, "memory"), std::nullopt);
}

}  // namespace
}  // namespace reeve::cluster
