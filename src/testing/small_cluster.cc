#include "testing/small_cluster.h"

#include "testing/fleet_builder.h"

namespace reeve {
namespace {

GpuModel model(std::string id, std::string name, std::string architecture, std::int64_t gb) {
  GpuModel made;
  made.id = ModelId{std::move(id)};
  made.name = std::move(name);
  made.architecture = std::move(architecture);
  made.memory_gb = gb;
  return made;
}

mig::Geometry h100_geometry() {
  mig::GpuInstanceProfile small{.id = 19, .name = "1g.10gb", .gpu_slices = 1, .memory_slices = 1, .memory = MiB(9856)};
  small.max_instances = 7;
  small.starts = {0, 1, 2, 3, 4, 5, 6};
  small.size = 1;
  mig::GpuInstanceProfile half{.id = 9, .name = "3g.40gb", .gpu_slices = 3, .memory_slices = 4, .memory = MiB(40320)};
  half.max_instances = 2;
  half.starts = {0, 4};
  half.size = 4;
  mig::GpuInstanceProfile whole{.id = 0, .name = "7g.80gb", .gpu_slices = 7, .memory_slices = 8, .memory = MiB(81152)};
  whole.max_instances = 1;
  whole.starts = {0};
  whole.size = 8;
  auto geometry = mig::Geometry::make("H100-80GB", {"2330"}, {small, half, whole}, {});
  REEVE_CHECK(geometry.ok());
  return *std::move(geometry);
}

MetricValues values(double utilization, double copy, double celsius, double watts) {
  MetricValues made;
  made.set(Metric::gpu_utilization, utilization);
  made.set(Metric::memory_copy_utilization, copy);
  made.set(Metric::gpu_temperature, celsius);
  made.set(Metric::power_usage, watts);
  return made;
}

Device cut_device() {
  Device device = make_device("gpu-a", 1);
  device.mig_enabled = true;
  device.instances = {make_instance(device, 7, "1g.10gb", 19, MiB(9856)), make_instance(device, 9, "3g.40gb", 9, MiB(40320))};
  return device;
}

Node aged(Node node, Timestamp first_seen, std::string address) {
  node.first_seen = first_seen;
  node.address = std::move(address);
  node.driver_version = "550.54.15";
  for (Device& device : node.devices) {
    device.first_seen = first_seen;
    for (Instance& part : device.instances) part.first_seen = first_seen;
  }
  return node;
}

std::vector<Node> nodes(Timestamp first_seen) {
  Device held = make_device("gpu-a", 0);
  held.serial = "1650000000001";
  held.vbios_version = "96.00.5E.00.01";
  held.purchase_cost = MicroUsd(15'000'000'000);
  Device resting = make_device("gpu-b", 2, "RTX4090", MiB(24564));
  resting.state = DeviceState::maintenance;
  Device by_hand = make_device("gpu-c", 0);
  by_hand.source = ObservationSource::registered;
  Device unknown = make_device("gpu-b", 1, "", MiB(16384));
  unknown.product_name = "Prototype X";
  return {aged(make_node("gpu-a", {held, cut_device()}), first_seen, "10.0.0.1:9400"),
          aged(make_node("gpu-b", {make_device("gpu-b", 0, "RTX4090", MiB(24564)), unknown, resting}), first_seen, "10.0.0.2:9400"),
          aged(make_node("gpu-c", {by_hand}), first_seen, "")};
}

std::shared_ptr<const NodeReadings> readings(Timestamp at, std::vector<DeviceReading> devices) {
  auto made = std::make_shared<NodeReadings>();
  made->at = at;
  made->last_attempt = at;
  made->source = ObservationSource::reeve_agent;
  made->devices = std::move(devices);
  return made;
}

void put_readings(FleetDraft& draft, Timestamp at) {
  MetricValues part;
  part.set(Metric::memory_used, 2464.0);
  part.set(Metric::memory_total, 9856.0);
  DeviceReading cut{.id = DeviceId{"gpu-a-GPU-01"}};
  cut.values.set(Metric::gpu_temperature, 55.0);
  cut.values.set(Metric::power_usage, 180.0);
  cut.instances = {{InstanceId{"gpu-a-GPU-01-MIG-07"}, part}, {InstanceId{"gpu-a-GPU-01-MIG-09"}, {}}};
  draft.put_readings(NodeName{"gpu-a"}, readings(at, {{.id = DeviceId{"gpu-a-GPU-00"}, .values = values(72, 40, 66, 289.5)}, cut}));
  draft.put_readings(NodeName{"gpu-b"}, readings(at, {{.id = DeviceId{"gpu-b-GPU-00"}, .values = values(98, 70, 91, 440)}}));
}

Allocation held_gpu(Timestamp now) {
  Allocation allocation = make_allocation("ALLOC-0000000A", "gpu-a-GPU-00");
  allocation.namespace_name = "model-serving";
  allocation.pod_name = "vllm-llama2-7b";
  allocation.container_name = "vllm";
  allocation.workload_type = "Inference";
  allocation.requested_memory_gb = 30;
  allocation.allocated_memory_gb = 80;
  allocation.priority_class = "normal";
  allocation.allocated_at = now - std::chrono::minutes(150);
  allocation.planned_release = now + std::chrono::hours(10);
  allocation.cost_per_hour = MicroUsd(8'000'000);
  allocation.user_id = "u1";
  allocation.team_id = "ml";
  allocation.project_id = "p";
  return allocation;
}

Allocation held_slice(Timestamp now) {
  Allocation allocation = make_allocation("ALLOC-0000000B", "gpu-a-GPU-01-MIG-07", ResourceType::mig_instance);
  allocation.namespace_name = "research";
  allocation.pod_name = "notebook";
  allocation.allocated_memory_gb = 10;
  allocation.allocated_at = now - std::chrono::minutes(30);
  allocation.cost_per_hour = MicroUsd(800'000);
  return allocation;
}

}  // namespace

Catalogue small_catalogue() {
  GpuModel h100 = model("H100_80GB", "H100 80GB SXM5", "Hopper", 80);
  h100.partition = PartitionKind::mig;
  h100.max_instances = 7;
  h100.pci_device_ids = {"2330"};
  h100.tdp_watts = 700;
  GpuModel rtx = model("RTX4090", "GeForce RTX 4090", "Ada Lovelace", 24);
  rtx.tdp_watts = 450;
  auto catalogue = Catalogue::make({h100, rtx}, {h100_geometry()});
  REEVE_CHECK(catalogue.ok());
  return *std::move(catalogue);
}

Fleet small_cluster(Timestamp now) {
  FleetDraft draft{Fleet()};
  for (Node& node : nodes(now - std::chrono::days(100))) REEVE_CHECK(draft.put_node(std::move(node)).ok());
  put_readings(draft, now - std::chrono::seconds(10));
  REEVE_CHECK(draft.put_allocation(held_gpu(now)).ok());
  REEVE_CHECK(draft.put_allocation(held_slice(now)).ok());
  return *std::move(draft).finish();
}

std::vector<Sample> small_history(Timestamp now, int minutes) {
  std::vector<Sample> samples;
  for (int i = 1; i <= minutes; ++i) {
    const Timestamp at = now - std::chrono::minutes(i);
    const double wave = 10.0 * (i % 3);
    samples.push_back({"gpu-a-GPU-00", at, values(50 + wave, 40, 60 + i % 2, 250)});
    samples.push_back({"gpu-b-GPU-00", at, values(90, 70, 84 + i % 3 * 3, 430)});
    MetricValues slice;
    slice.set(Metric::memory_used, 2000.0 + i);
    samples.push_back({"gpu-a-GPU-01-MIG-07", at, slice});
  }
  return samples;
}

}  // namespace reeve
