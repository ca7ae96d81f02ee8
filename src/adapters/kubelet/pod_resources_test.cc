#include "adapters/kubelet/pod_resources.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "adapters/kubelet/fake_kubelet_test.h"
#include "adapters/kubelet/kubelet_observer.h"
#include "testing/source_tree.h"

namespace reeve::kubelet {
namespace {

std::string sample() {
  std::ifstream in(source_path("tests/data/kubelet/podresources-v1-list.bin"), std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// Messages by hand.
std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out += static_cast<char>(value);
}
std::string field(std::uint32_t number, const std::string& bytes) { return varint(number << 3 | 2) + varint(bytes.size()) + bytes; }
std::string pod_with(const std::string& container_fields) {
  return field(1, field(1, "p") + field(2, "ns") + field(3, field(1, "c") + container_fields));
}
std::string device(const std::string& resource, const std::string& id) { return field(2, field(1, resource) + field(2, id)); }

TEST(PodResources, an_answer_of_a_kubelet_names_every_gpu_that_a_container_has) {
  const auto holders = holders_of(sample());
  ASSERT_TRUE(holders.ok()) << holders.error().message;
  const auto of = [](const char* space, const char* pod, const char* container, const char* resource, const char* id) {
    return HolderObservation{HolderSource::pod_resources, space, pod, container, resource, id, {}, {}};
  };
  const std::vector<HolderObservation> expected{
      of("team-a", "train-0", "worker", "nvidia.com/gpu", "GPU-5a3c0e10-0000-4000-8000-000000000000"),
      of("team-a", "train-0", "worker", "nvidia.com/gpu", "GPU-5a3c0e10-0000-4000-8000-000000000001"),
      of("team-a", "infer-a", "srv", "nvidia.com/mig-3g.20gb", "MIG-7b1d2f30-1111-5000-9000-000000000000"),
      of("team-b", "shared-1", "srv", "nvidia.com/gpu.shared", "GPU-5a3c0e10-0000-4000-8000-000000000002::1"),
      of("team-b", "gke-mig", "srv", "nvidia.com/gpu", "nvidia0/gi7"),
      of("team-c", "amd-0", "srv", "amd.com/gpu", "0000:0b:00.0"),
      of("team-d", "dra-0", "srv", "", "gpu.nvidia.com/gpu-node-01/gpu-0"),
  };
  EXPECT_EQ(*holders, expected);
}

TEST(PodResources, only_gpus_count) {
  for (const char* resource :
       {"cpu", "rdma/hca", "nvidia.com/hostdev", "nvidia.com/gpumem", "gpu.intel.com/i915_monitoring", "intel.com/sgx"})
    EXPECT_TRUE(holders_of(pod_with(device(resource, "x")))->empty()) << resource;
  for (const char* resource :
       {"nvidia.com/gpu", "nvidia.com/a100.renamed", "nvidia.com/mig-1g.10gb", "amd.com/cpx_nps4", "gpu.intel.com/xe", "habana.ai/gaudi"})
    EXPECT_EQ(holders_of(pod_with(device(resource, "x")))->size(), 1U) << resource;
  const auto claim = [](const char* driver) { return pod_with(field(5, field(4, field(2, driver) + field(3, "pool") + field(4, "dev")))); };
  EXPECT_EQ(holders_of(claim("gpu.amd.com"))->at(0).device_id, "gpu.amd.com/pool/dev");
  EXPECT_TRUE(holders_of(claim("compute-domain.nvidia.com"))->empty());
  EXPECT_TRUE(holders_of(claim("net.example.com"))->empty());
}

TEST(PodResources, one_entry_with_many_devices_gives_one_holder_each) {
  const auto holders = holders_of(pod_with(field(2, field(2, "GPU-1") + field(1, "nvidia.com/gpu") + field(2, "GPU-2"))));
  ASSERT_EQ(holders->size(), 2U);
  EXPECT_EQ((*holders)[1].device_id, "GPU-2");
  EXPECT_EQ((*holders)[1].container, "c");
}

TEST(PodResources, fields_of_a_newer_kubelet_are_passed_over) {
  const std::string newer = field(900, "new") + varint(901 << 3) + varint(7) + varint(902 << 3 | 1) + std::string(8, 'x') +
                            varint(903 << 3 | 5) + std::string(4, 'x');
  EXPECT_EQ(holders_of(newer + pod_with(newer + device("nvidia.com/gpu", "GPU-1")))->size(), 1U);
}

TEST(PodResources, an_answer_cut_anywhere_is_refused_or_short_and_never_more) {
  const std::string whole = sample();
  const auto all = holders_of(whole);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = holders_of(whole.substr(0, size));
    if (!part) continue;
    EXPECT_LT(part->size(), all->size() + 1);
    EXPECT_TRUE(std::equal(part->begin(), part->end(), all->begin()));
  }
  EXPECT_FALSE(holders_of(whole.substr(0, 20)).ok());
}

TEST(PodResources, what_is_broken_or_too_much_is_refused) {
  EXPECT_EQ(holders_of("\x0b").error().code, Errc::unavailable);  // a group
  EXPECT_FALSE(holders_of(std::string(11, '\xff')).ok());         // a number without end
  EXPECT_FALSE(holders_of("\x0a\x05"
                          "ab")
                   .ok());                                                                   // longer than the message
  EXPECT_FALSE(holders_of(std::string("\x02\x00", 2)).ok());                                 // field 0
  EXPECT_FALSE(holders_of(pod_with(device("nvidia.com/gpu", "GPU 1"))).ok());                // a blank
  EXPECT_FALSE(holders_of(pod_with(device("nvidia.com/gpu", std::string(600, 'x')))).ok());  // no id is so long
  std::string many;
  for (std::size_t i = 0; i <= holders_max; ++i) many += field(2, "GPU-1");
  EXPECT_NE(holders_of(pod_with(field(2, field(1, "nvidia.com/gpu") + many))).error().message.find("more than"), std::string::npos);
}

TEST(KubeletObserver, asks_list_of_version_1_and_tells_who_holds_what) {
  FakeKubelet kubelet({.body = framed(sample())});
  const auto observer = make_kubelet_observer({.socket = kubelet.socket()});
  const auto holders = observer->observe();
  ASSERT_TRUE(holders.ok()) << holders.error().message;
  EXPECT_EQ(holders->size(), 7U);
  EXPECT_EQ(kubelet.paths(), std::vector<std::string>{"/v1.PodResourcesLister/List"});
  kubelet.set({.body = framed("\x0b")});
  EXPECT_EQ(observer->observe().error().code, Errc::unavailable);
  kubelet.stop();
  EXPECT_EQ(observer->observe().error().code, Errc::not_found);
  kubelet.start();
}

}  // namespace
}  // namespace reeve::kubelet
