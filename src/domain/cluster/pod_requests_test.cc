#include "domain/cluster/pod_requests.h"

#include <gtest/gtest.h>

namespace reeve::cluster {
namespace {

Container asking(std::int64_t gpus, std::int64_t milli_cpu, bool sidecar = false) {
  Container container;
  if (milli_cpu > 0) container.requests.emplace_back("cpu", Quantity::of_milli(milli_cpu));
  if (gpus > 0) container.requests.emplace_back("nvidia.com/gpu", Quantity::of(gpus));
  container.sidecar = sidecar;
  return container;
}

std::int64_t cpu(const Pod& pod) { return find(effective_requests(pod), "cpu").value_or(Quantity::of_milli(-1)).milli(); }
std::int64_t gpus(const Pod& pod) { return find(effective_requests(pod), "nvidia.com/gpu").value_or(Quantity::of(-1)).milli() / 1000; }

TEST(PodRequests, containers_add_up_and_the_largest_init_container_counts_if_it_is_more) {
  Pod pod;
  pod.containers = {asking(1, 100), asking(2, 200)};
  EXPECT_EQ(gpus(pod), 3);
  EXPECT_EQ(cpu(pod), 300);
  pod.init_containers = {asking(4, 50), asking(0, 250)};
  EXPECT_EQ(gpus(pod), 4);
  EXPECT_EQ(cpu(pod), 300);
}

TEST(PodRequests, a_sidecar_runs_beside_the_containers_and_beside_later_init_containers) {
  Pod pod;
  pod.containers = {asking(0, 100)};
  pod.init_containers = {asking(0, 500), asking(0, 300, true), asking(0, 400)};
  EXPECT_EQ(cpu(pod), 700);  // the last init container beside the sidecar
  pod.init_containers[2] = asking(0, 0);
  EXPECT_EQ(cpu(pod), 500);  // the first, before the sidecar began
  pod.init_containers.erase(pod.init_containers.begin());
  EXPECT_EQ(cpu(pod), 400);  // container and sidecar
}

TEST(PodRequests, the_amount_for_the_whole_pod_wins_and_overhead_is_on_top) {
  Pod pod;
  pod.containers = {asking(1, 100)};
  pod.requests = {{"cpu", Quantity::of_milli(1000)}, {"memory", Quantity::of(1 << 20)}};
  pod.overhead = {{"cpu", Quantity::of_milli(250)}};
  EXPECT_EQ(cpu(pod), 1250);
  EXPECT_EQ(gpus(pod), 1);
  EXPECT_EQ(find(effective_requests(pod), "memory"), Quantity::of(1 << 20));
}

TEST(PodRequests, a_pod_holds_what_it_asked_for_from_its_scheduling_to_its_end) {
  Pod pod;
  pod.phase = PodPhase::pending;
  EXPECT_TRUE(is_live(pod));
  EXPECT_FALSE(holds_requests(pod));
  pod.node = NodeName{"n"};
  EXPECT_TRUE(holds_requests(pod));
  pod.phase = PodPhase::unknown;
  EXPECT_TRUE(holds_requests(pod));
  pod.phase = PodPhase::failed;
  EXPECT_FALSE(holds_requests(pod));
}

}  // namespace
}  // namespace reeve::cluster
