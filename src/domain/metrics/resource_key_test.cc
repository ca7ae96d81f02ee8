#include "domain/metrics/resource_key.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(ResourceKey, only_whole_gpus_are_devices) {
  EXPECT_TRUE(resource_key::is_device("n1-GPU-00"));
  EXPECT_TRUE(resource_key::is_device("rack-MIG-3-GPU-00")) << "a node may be called so";
  EXPECT_TRUE(resource_key::is_device("cluster-1-GPU-00"));
  EXPECT_FALSE(resource_key::is_device("n1-GPU-00-MIG-07"));
}

TEST(ResourceKey, nothing_of_a_kubernetes_cluster_is_a_device) {
  EXPECT_FALSE(resource_key::is_device(resource_key::cluster));
  EXPECT_FALSE(resource_key::is_device(resource_key::kube_node("n1-GPU-00")));
  EXPECT_FALSE(resource_key::is_device(resource_key::kube_namespace("ml")));
  EXPECT_FALSE(resource_key::is_device(resource_key::pod("ml", "llama-0")));
  EXPECT_FALSE(resource_key::is_device(resource_key::served_model("meta-llama/Llama-3.1-8B")));
  EXPECT_FALSE(resource_key::is_device(resource_key::engine("vllm")));
}

TEST(ResourceKey, names_stand_as_they_are) {
  EXPECT_EQ(resource_key::served_model("meta-llama/Llama-3.1-8B"), "served-model/meta-llama/Llama-3.1-8B");
  EXPECT_EQ(resource_key::pod("ml", "llama-0"), "pod/ml/llama-0");
}

}  // namespace
}  // namespace reeve
