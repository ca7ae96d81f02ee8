#include "domain/inventory/device_id.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace reeve {
namespace {

InstanceObservation slice(int gpu_instance, int compute_instance, const std::string& uuid, const std::string& profile, int profile_id,
                          mig::Placement placement) {
  InstanceObservation one;
  one.gpu_instance_id = gpu_instance;
  one.compute_instance_id = compute_instance;
  one.uuid.text = uuid;
  one.profile = profile;
  one.profile_id = profile_id;
  one.placement = placement;
  return one;
}

// Two whole GPUs, a cut one, and two on one board; indices are not positions.
NodeObservation node() {
  NodeObservation seen;
  seen.node.text = "n1";
  for (const int index : {0, 1, 2, 4, 5}) {
    DeviceObservation device;
    device.index = index;
    device.uuid.text = fmt::format("GPU-{}", index);
    device.serial = index >= 4 ? "board-1" : fmt::format("serial-{}", index);
    device.pci_address = fmt::format("00000000:{:02X}:00.0", 0x0a + index);
    seen.devices.push_back(std::move(device));
  }
  seen.devices[2].instances = {slice(7, 0, "MIG-a", "1g.10gb", 19, {0, 1}), slice(3, 0, "MIG-b", "2g.20gb", 14, {2, 2}),
                               slice(9, 0, "MIG-c", "1g.10gb+me", 20, {6, 1}), slice(9, 1, "MIG-d", "1g.10gb+me", 20, {6, 1})};
  return seen;
}

struct Case {
  std::string_view id;
  int index;  // of the device; -1: none
  std::optional<int> gpu_instance;
  std::optional<int> replica;
};

TEST(DeviceIdResolution, every_language_of_the_device_plug_ins_is_understood) {
  const NodeObservation seen = node();
  const Case cases[] = {
      // NVIDIA's device plug-in: the UUID of the driver, "::" and the number of the replica where GPUs are shared.
      {"GPU-1", 1, {}, {}},
      {"GPU-1::3", 1, {}, 3},
      {"MIG-b", 2, 3, {}},
      {"MIG-b::0", 2, 3, 0},
      {"MIG-GPU-2/7/0", 2, 7, {}},  // drivers before R470
      {"MIG-GPU-2/9/1", 2, 9, {}},
      // GKE's device plug-in: the name of the device file, the GPU instance, the share.
      {"nvidia0", 0, {}, {}},
      {"nvidia4", 4, {}, {}},
      {"nvidia2/gi7", 2, 7, {}},
      {"nvidia1/vgpu0", 1, {}, 0},
      {"nvidia2/gi3/vgpu1", 2, 3, 1},
      // AMD's device plug-in: a PCI address.
      {"0000:0b:00.0", 1, {}, {}},
      {"00000000:0B:00.0", 1, {}, {}},
      {"0:0b:00.0", 1, {}, {}},
      // Habana's device plug-in: the serial number.
      {"serial-1", 1, {}, {}},
      // NVIDIA's DRA driver: of GPUs, of slices by profile id, start and size, of slices by profile, its id and start.
      {"gpu.nvidia.com/n1/gpu-0", 0, {}, {}},
      {"gpu.nvidia.com/n1/gpu-2-mig-19-0-1", 2, 7, {}},
      {"gpu.nvidia.com/n1/gpu-2-mig-2g20gb-14-2", 2, 3, {}},
  };
  for (const Case& one : cases) {
    const auto found = resolve_device_id(one.id, seen);
    ASSERT_TRUE(found.has_value()) << one.id;
    EXPECT_EQ(seen.devices[found->position].index, one.index) << one.id;
    EXPECT_EQ(found->gpu_instance, one.gpu_instance) << one.id;
    EXPECT_EQ(found->replica, one.replica) << one.id;
  }
}

TEST(DeviceIdResolution, what_names_no_device_or_no_slice_of_the_node_resolves_to_nothing) {
  const NodeObservation seen = node();
  for (const std::string_view id : {"",
                                    "::",
                                    "::1",
                                    "GPU-9",
                                    "GPU-1::",
                                    "GPU-1::x",
                                    "GPU-1::-1",
                                    "MIG-z",
                                    "MIG-",
                                    "MIG-GPU-2/8/0",
                                    "MIG-GPU-2/7/1",
                                    "MIG-GPU-2/7",
                                    "MIG-GPU-9/7/0",
                                    "nvidia",
                                    "nvidia3",
                                    "nvidia-1",
                                    "nvidia0/gi7",
                                    "nvidia2/gi",
                                    "nvidia2/gi8",
                                    "nvidia2/gi7/x",
                                    "nvidia0/x",
                                    "0000:0b:00",
                                    "0000:0b:00.1",
                                    "0001:0b:00.0",
                                    "0000:1ff:00.0",
                                    "0000:0b:00.0.0",
                                    "amdgpu_xcp_0",
                                    "card0-0",
                                    "board-1",
                                    "gpu.nvidia.com/n2/gpu-0",
                                    "gpu.nvidia.com/n1/gpu-3",
                                    "gpu.nvidia.com/n1/gpu-0-mig-19-0-1",
                                    "gpu.nvidia.com/n1/gpu-2-mig-19-1-1",
                                    "gpu.nvidia.com/n1/gpu-2-mig-1g10gb-14-2",
                                    "gpu.nvidia.com/n1/gpu-2-vfio",
                                    "gpu.amd.com/n1/gpu-0",
                                    "gpu.nvidia.com/n1/gpu-",
                                    "gpu.nvidia.com"})
    EXPECT_FALSE(resolve_device_id(id, seen).has_value()) << id;
}

TEST(DeviceIdResolution, never_names_a_device_of_another_index_nor_a_slice_that_it_does_not_have) {
  const NodeObservation seen = node();
  for (int index = 0; index < 12; ++index) {
    for (int instance = -1; instance < 14; ++instance) {
      for (const std::string_view form :
           {"nvidia{}/gi{}", "gpu.nvidia.com/n1/gpu-{}-mig-{}-0-1", "MIG-GPU-{}/{}/0", "nvidia{}/gi{}/vgpu2"}) {
        const auto found = resolve_device_id(fmt::format(fmt::runtime(form), index, instance), seen);
        if (!found) continue;
        const DeviceObservation& device = seen.devices[found->position];
        EXPECT_EQ(device.index, index) << form;
        ASSERT_TRUE(found->gpu_instance.has_value()) << form;
        EXPECT_TRUE(std::ranges::any_of(device.instances,
                                        [&](const InstanceObservation& one) { return one.gpu_instance_id == *found->gpu_instance; }));
      }
    }
    const auto whole = resolve_device_id(fmt::format("nvidia{}", index), seen);
    const bool is_there = std::ranges::find(seen.devices, index, &DeviceObservation::index) != seen.devices.end();
    EXPECT_EQ(whole.has_value(), is_there);
    EXPECT_TRUE(!whole || seen.devices[whole->position].index == index);
  }
}

TEST(DeviceIdResolution, a_number_that_two_devices_bear_names_neither) {
  NodeObservation seen = node();
  seen.devices[1].index = 0;
  EXPECT_FALSE(resolve_device_id("nvidia0", seen).has_value());
}

TEST(PlaceHolders, gives_each_device_its_holders_and_keeps_the_rest_with_their_text) {
  NodeObservation seen = node();
  const auto of = [](const std::string& pod, const std::string& id) {
    return HolderObservation{
        .namespace_name = "team-a", .pod = pod, .container = "main", .resource_name = "nvidia.com/gpu", .device_id = id};
  };
  place_holders(seen, {of("c", "GPU-1::3"), of("a", "GPU-1::0"), of("b", "MIG-b"), of("d", "amdgpu_xcp_4")}, HolderSource::pod_resources);
  EXPECT_EQ(seen.holders_from, HolderSource::pod_resources);
  ASSERT_EQ(seen.devices[1].holders.size(), 2U);
  EXPECT_EQ(seen.devices[1].holders[0].pod, "a");
  EXPECT_EQ(seen.devices[1].holders[1].replica, 3);
  ASSERT_EQ(seen.devices[2].holders.size(), 1U);
  EXPECT_EQ(seen.devices[2].holders[0].gpu_instance, 3);
  ASSERT_EQ(seen.unplaced_holders.size(), 1U);
  EXPECT_EQ(seen.unplaced_holders[0].device_id, "amdgpu_xcp_4");
}

}  // namespace
}  // namespace reeve
