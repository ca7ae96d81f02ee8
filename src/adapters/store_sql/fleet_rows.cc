#include "adapters/store_sql/fleet_rows.h"

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include "codec/json_parse.h"

namespace reeve {

const std::string_view allocation_columns =
    "allocation_id, namespace, pod_name, container_name, workload_type, resource_type, allocated_resource, requested_memory_gb, "
    "allocated_memory_gb, priority_class, allocation_time, planned_release_time, release_time, status, cost_per_hour_micro_usd, "
    "total_cost_micro_usd, user_id, team_id, project_id, labels, origin";
const std::string_view allocation_kinds = "tttttttiitttttiittttt";

namespace {

std::optional<int> maybe_int(const Statement& row, std::size_t column) {
  const auto number = row.maybe_integer(column);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

template <class Amount>
std::optional<Amount> maybe_amount(const Statement& row, std::size_t column) {
  const auto number = row.maybe_integer(column);
  return number ? std::optional(Amount(*number)) : std::nullopt;
}

std::map<std::string, std::string> labels_of(const std::string& text) {
  std::map<std::string, std::string> labels;
  if (text.empty()) return labels;
  const auto document = parse_json(text);
  if (!document || !document->is_object()) return labels;
  for (const auto& [key, value] : document->as_object())
    if (value.is_string()) labels.emplace(std::string_view(key), std::string_view(value.as_string()));
  return labels;
}

Device device_of(const Statement& row) {
  Device device;
  device.id.text = row.text(0);
  device.node.text = row.text(1);
  device.model.text = row.text(2);
  device.index = static_cast<int>(row.integer(3));
  device.serial = row.text(4);
  device.pci_address = row.text(5);
  device.uuid.text = row.text(6);
  device.driver_version = row.text(7);
  device.firmware_version = row.text(8);
  device.vbios_version = row.text(9);
  device.first_seen = row.time(10);
  device.last_maintenance = row.maybe_time(11);
  device.warranty_expiry = row.maybe_time(12);
  device.state = from_text<DeviceState>(row.text(13)).value_or(DeviceState::inactive);
  device.product_name = row.text(14);
  device.memory = maybe_amount<MiB>(row, 15);
  device.mig_enabled = row.integer(16) != 0;
  device.lost = row.integer(17) != 0;
  device.source = from_text<ObservationSource>(row.text(18)).value_or(ObservationSource::registered);
  device.purchase_cost = maybe_amount<MicroUsd>(row, 19);
  return device;
}

Instance instance_of(const Statement& row) {
  Instance instance;
  instance.id.text = row.text(1);
  instance.gpu_instance_id = static_cast<int>(row.integer(2));
  instance.compute_instance_id = static_cast<int>(row.integer(3));
  instance.uuid.text = row.text(4);
  instance.profile = row.text(5);
  instance.profile_id = maybe_int(row, 6);
  if (!row.is_null(7)) instance.placement = mig::Placement{static_cast<int>(row.integer(7)), static_cast<int>(row.integer(8))};
  instance.memory = maybe_amount<MiB>(row, 9);
  instance.first_seen = row.time(10);
  return instance;
}

std::map<std::string, std::vector<Instance>> read_instances(Database& database) {
  std::map<std::string, std::vector<Instance>> by_device;
  Statement rows(database,
                 "SELECT device_id, mig_id, instance_id, compute_instance_id, mig_uuid, profile_name, driver_profile_id, placement_start, "
                 "placement_size, memory_mib, created_date FROM mig_instances ORDER BY device_id, instance_id, compute_instance_id",
                 "", "ttiittiiiit");
  rows.for_each([&] { by_device[rows.text(0)].push_back(instance_of(rows)); });
  return by_device;
}

std::map<std::string, std::vector<Device>> read_devices(Database& database) {
  auto instances = read_instances(database);
  std::map<std::string, std::vector<Device>> by_node;
  Statement rows(
      database,
      "SELECT device_id, node_id, model_id, device_index, serial_number, pci_address, gpu_uuid, driver_version, firmware_version, "
      "vbios_version, installation_date, last_maintenance_date, warranty_expiry_date, state, product_name, memory_mib, mig_enabled, "
      "lost, source, purchase_cost_micro_usd FROM gpu_devices ORDER BY node_id, device_index, device_id",
      "", "tttitttttttttttiiiti");
  rows.for_each([&] {
    Device device = device_of(rows);
    if (const auto parts = instances.find(device.id.text); parts != instances.end()) device.instances = std::move(parts->second);
    by_node[device.node.text].push_back(std::move(device));
  });
  return by_node;
}

}  // namespace

Allocation allocation_of(const Statement& row) {
  Allocation allocation;
  allocation.id.text = row.text(0);
  allocation.namespace_name = row.text(1);
  allocation.pod_name = row.text(2);
  allocation.container_name = row.text(3);
  allocation.workload_type = row.text(4);
  allocation.resource_type = from_text<ResourceType>(row.text(5)).value_or(ResourceType::full_gpu);
  allocation.resource = row.text(6);
  allocation.requested_memory_gb = row.maybe_integer(7);
  allocation.allocated_memory_gb = row.integer(8);
  allocation.priority_class = row.text(9);
  allocation.allocated_at = row.time(10);
  allocation.planned_release = row.maybe_time(11);
  allocation.released_at = row.maybe_time(12);
  allocation.status = from_text<AllocationStatus>(row.text(13)).value_or(AllocationStatus::failed);
  allocation.cost_per_hour = maybe_amount<MicroUsd>(row, 14);
  allocation.total_cost = maybe_amount<MicroUsd>(row, 15);
  allocation.user_id = row.text(16);
  allocation.team_id = row.text(17);
  allocation.project_id = row.text(18);
  allocation.labels = labels_of(row.text(19));
  allocation.origin = from_text<AllocationOrigin>(row.text(20)).value_or(AllocationOrigin::requested);
  return allocation;
}

std::vector<Node> read_nodes(Database& database) {
  auto devices = read_devices(database);
  std::vector<Node> nodes;
  Statement rows(database,
                 "SELECT node_id, cluster_name, address, nvidia_driver_version, cuda_version, node_status, created_date FROM gpu_nodes "
                 "ORDER BY node_id",
                 "", "ttttttt");
  rows.for_each([&] {
    Node node;
    node.name.text = rows.text(0);
    node.cluster = rows.text(1);
    node.address = rows.text(2);
    node.driver_version = rows.text(3);
    node.cuda_version = rows.text(4);
    node.state = from_text<DeviceState>(rows.text(5)).value_or(DeviceState::inactive);
    node.first_seen = rows.time(6);
    if (const auto parts = devices.find(node.name.text); parts != devices.end()) node.devices = std::move(parts->second);
    nodes.push_back(std::move(node));
  });
  return nodes;
}

}  // namespace reeve
