#include "usecases/register_device.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/fleet_builder.h"
#include "testing/kept_fleet.h"

namespace reeve {
namespace {

struct AFleetOfOneNode : testing::Test {
  KeptFleet keeper{make_fleet(1, 1)};
  FakeClock clock;
  Catalogue catalogue = *Catalogue::make({GpuModel{.id = ModelId{"H100_80GB"}, .name = "H100 PCIe 80GB", .memory_gb = 80}}, {});
  InventoryContext context{keeper, catalogue, clock};

  static DeviceRegistration registration() {
    return {
        .node = NodeName{"n1"}, .model = ModelId{"H100_80GB"}, .index = 1, .uuid = GpuUuid{"GPU-new"}, .pci_address = "00000000:3B:00.0"};
  }

  Result<Device> add(DeviceRegistration wanted) {
    Result<Device> heard = Error{Errc::internal, "nothing was heard"};
    register_device(context, std::move(wanted), [&](Result<Device> outcome) { heard = std::move(outcome); });
    return heard;
  }

  Result<Device> set(const std::string& id, DeviceState state) {
    Result<Device> heard = Error{Errc::internal, "nothing was heard"};
    set_device_state(context, DeviceId{id}, state, "kim", [&](Result<Device> outcome) { heard = std::move(outcome); });
    return heard;
  }
};

TEST_F(AFleetOfOneNode, takes_a_device_that_no_agent_reports) {
  const auto device = add(registration());
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->id.text, "n1-GPU-01");
  EXPECT_EQ(device->source, ObservationSource::registered);
  EXPECT_EQ((*keeper.store.load()).device_count(), 2U);
}

TEST_F(AFleetOfOneNode, refuses_what_is_wrong_and_names_the_field) {
  const auto fault = [&](auto change) {
    DeviceRegistration wrong = registration();
    change(wrong);
    const auto device = add(wrong);
    return device ? std::pair(Errc::internal, std::string("accepted")) : std::pair(device.error().code, device.error().field);
  };
  EXPECT_EQ(fault([](DeviceRegistration& r) { r.node = NodeName{"n9"}; }), std::pair(Errc::not_found, std::string("node")));
  EXPECT_EQ(fault([](DeviceRegistration& r) { r.model = ModelId{"X"}; }), std::pair(Errc::not_found, std::string("model")));
  EXPECT_EQ(fault([](DeviceRegistration& r) { r.uuid = {}; }), std::pair(Errc::invalid_argument, std::string("uuid")));
  EXPECT_EQ(fault([](DeviceRegistration& r) { r.pci_address = {}; }), std::pair(Errc::invalid_argument, std::string("pci_address")));
  EXPECT_EQ(fault([](DeviceRegistration& r) { r.index = -1; }), std::pair(Errc::invalid_argument, std::string("index")));
  EXPECT_EQ(fault([](DeviceRegistration& r) { r.index = 0; }), std::pair(Errc::conflict, std::string("index")));
}

TEST_F(AFleetOfOneNode, adds_the_node_too_when_asked) {
  DeviceRegistration wanted = registration();
  wanted.node = NodeName{"n2"};
  wanted.create_node = true;
  ASSERT_TRUE(add(wanted));
  EXPECT_NE(keeper.snapshot()->find_node(NodeName{"n2"}), nullptr);
}

TEST_F(AFleetOfOneNode, changes_a_devices_state_and_notes_who_did) {
  ASSERT_TRUE(set("n1-GPU-00", DeviceState::maintenance));
  const auto audit = keeper.store.list_audit("n1-GPU-00", 1);
  EXPECT_EQ(audit->at(0).actor, "kim");
  EXPECT_EQ(audit->at(0).detail, "ACTIVE -> MAINTENANCE");
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(set("n1-GPU-00", DeviceState::active)->last_maintenance, clock.now());
  EXPECT_EQ(set("n1-GPU-09", DeviceState::active).error().code, Errc::not_found);
}

}  // namespace
}  // namespace reeve
