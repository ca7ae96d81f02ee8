#include "adapters/store_sql/fleet_writer.h"

#include "codec/json_writer.h"

namespace reeve {
namespace {

// A client that has not asked again after a week has given up.
constexpr std::chrono::hours idempotency_kept{7 * 24};

std::optional<double> dollars(std::optional<MicroUsd> amount) {
  return amount ? std::optional(static_cast<double>(amount->count()) / 1e6) : std::nullopt;
}

template <class Unit>
std::optional<std::int64_t> count(const std::optional<Quantity<Unit>>& quantity) {
  return quantity ? std::optional(quantity->count()) : std::nullopt;
}

// "10.0.0.7:9400" -> "10.0.0.7", "[::1]:9400" -> "::1".
std::string host_of(const std::string& address) {
  if (address.starts_with('[')) return address.substr(1, address.find(']') - 1);
  return address.substr(0, address.find(':'));
}

// A share may be of a whole GPU or of a slice; ids tell which, whatever a node is called.
bool is_of_slice(const Allocation& allocation) {
  if (allocation.resource_type != ResourceType::shared_gpu) return allocation.resource_type == ResourceType::mig_instance;
  const std::size_t part = allocation.resource.rfind("-MIG-"), whole = allocation.resource.rfind("-GPU-");
  return part != std::string::npos && whole != std::string::npos && part > whole;
}

// "n1-GPU-03-MIG-07" -> "n1-GPU-03".
std::string device_of(const Allocation& allocation) {
  if (!is_of_slice(allocation)) return allocation.resource;
  return allocation.resource.substr(0, allocation.resource.rfind("-MIG-"));
}

std::string labels_text(const std::map<std::string, std::string>& labels) {
  std::string text;
  if (!labels.empty()) JsonWriter(text).value(labels);
  return text;
}

}  // namespace

FleetWriter::FleetWriter(Database& database)
    : forget_instances_(database, "DELETE FROM mig_instances WHERE device_id IN (SELECT device_id FROM gpu_devices WHERE node_id = :node)",
                        "t"),
      forget_devices_(database, "DELETE FROM gpu_devices WHERE node_id = :node", "t"),
      put_node_(
          database,
          "INSERT INTO gpu_nodes (node_id, node_name, cluster_name, node_ip, total_gpus, node_status, nvidia_driver_version, created_date, "
          "address, cuda_version) VALUES (:id, :name, :cluster, :ip, :gpus, :status, :driver, :created, :address, :cuda) "
          "ON CONFLICT (node_id) DO UPDATE SET cluster_name = excluded.cluster_name, node_ip = excluded.node_ip, "
          "total_gpus = excluded.total_gpus, node_status = excluded.node_status, nvidia_driver_version = excluded.nvidia_driver_version, "
          "created_date = excluded.created_date, address = excluded.address, cuda_version = excluded.cuda_version",
          "ttttittttt"),
      put_device_(
          database,
          "INSERT INTO gpu_devices (device_id, node_id, model_id, device_index, serial_number, pci_address, gpu_uuid, device_status, "
          "driver_version, firmware_version, vbios_version, installation_date, last_maintenance_date, warranty_expiry_date, "
          "purchase_cost, state, product_name, memory_mib, mig_enabled, lost, source, purchase_cost_micro_usd) "
          "VALUES (:a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k, :l, :m, :n, :o, :p, :q, :r, :s, :t, :u, :v)",
          "tttittttttttttrttiiiti"),
      put_instance_(database,
                    "INSERT INTO mig_instances (mig_id, device_id, profile_id, instance_id, mig_uuid, created_date, compute_instance_id, "
                    "profile_name, driver_profile_id, placement_start, placement_size, memory_mib) "
                    "VALUES (:a, :b, (SELECT profile_id FROM mig_profiles WHERE model_id = :model AND driver_profile_id = :profile), "
                    ":d, :e, :f, :g, :h, :i, :j, :k, :l)",
                    "tttiittitiiii"),
      put_allocation_(
          database,
          "INSERT INTO gpu_allocations (allocation_id, namespace, pod_name, container_name, workload_type, resource_type, "
          "allocated_resource, requested_memory_gb, allocated_memory_gb, priority_class, allocation_time, planned_release_time, "
          "release_time, status, cost_per_hour, total_cost, user_id, team_id, project_id, device_id, mig_id, "
          "cost_per_hour_micro_usd, total_cost_micro_usd, labels, origin) "
          "VALUES (:a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k, :l, :m, :n, :o, :p, :q, :r, :s, :t, :u, :v, :w, :x, :y) "
          "ON CONFLICT (allocation_id) DO UPDATE SET namespace = excluded.namespace, pod_name = excluded.pod_name, "
          "container_name = excluded.container_name, workload_type = excluded.workload_type, resource_type = "
          "excluded.resource_type, allocated_resource = excluded.allocated_resource, requested_memory_gb = "
          "excluded.requested_memory_gb, allocated_memory_gb = excluded.allocated_memory_gb, priority_class = "
          "excluded.priority_class, allocation_time = excluded.allocation_time, planned_release_time = "
          "excluded.planned_release_time, release_time = excluded.release_time, status = excluded.status, "
          "cost_per_hour = excluded.cost_per_hour, total_cost = excluded.total_cost, user_id = excluded.user_id, "
          "team_id = excluded.team_id, project_id = excluded.project_id, device_id = excluded.device_id, mig_id = "
          "excluded.mig_id, cost_per_hour_micro_usd = excluded.cost_per_hour_micro_usd, total_cost_micro_usd = "
          "excluded.total_cost_micro_usd, labels = excluded.labels, origin = excluded.origin",
          "tttttttiitttttrrtttttiitt"),
      put_idempotency_(database,
                       "INSERT INTO idempotency_keys (idempotency_key, request_digest, allocation_id, created_at) VALUES (:a, :b, :c, :d)",
                       "tttt"),
      forget_idempotency_(database, "DELETE FROM idempotency_keys WHERE created_at < :before", "t"),
      put_audit_(database, "INSERT INTO audit_log (created_at, actor, action, subject, detail) VALUES (:a, :b, :c, :d, :e)", "ttttt") {}

void FleetWriter::write(const FleetChange& change) {
  // All parts go before any comes back, so that a GPU may move between places of this change. What ends goes before
  // what begins, so that a resource may change hands in it.
  for (const auto& node : change.nodes) forget_parts(*node);
  for (const auto& node : change.nodes) write_node(*node);
  for (const Allocation& allocation : change.allocations)
    if (allocation.status != AllocationStatus::allocated) write_allocation(allocation);
  for (const Allocation& allocation : change.allocations)
    if (allocation.status == AllocationStatus::allocated) write_allocation(allocation);
  for (const IdempotencyRecord& record : change.idempotency) write_idempotency(record);
  for (const AuditRecord& record : change.audit) write_audit(record);
}

void FleetWriter::forget_parts(const Node& node) {
  forget_instances_.bind(0, node.name.text);
  forget_instances_.execute();
  forget_devices_.bind(0, node.name.text);
  forget_devices_.execute();
}

void FleetWriter::write_node(const Node& node) {
  put_node_.bind(0, node.name.text);
  put_node_.bind(1, node.name.text);
  put_node_.bind_or_null(2, node.cluster);
  put_node_.bind_or_null(3, host_of(node.address));
  put_node_.bind(4, static_cast<std::int64_t>(node.devices.size()));
  put_node_.bind(5, to_text(node.state));
  put_node_.bind_or_null(6, node.driver_version);
  put_node_.bind(7, node.first_seen);
  put_node_.bind_or_null(8, node.address);
  put_node_.bind_or_null(9, node.cuda_version);
  put_node_.execute();
  for (const Device& device : node.devices) {
    write_device(device);
    for (const Instance& instance : device.instances) write_instance(device, instance);
  }
}

void FleetWriter::write_device(const Device& device) {
  const bool cut = device.state == DeviceState::active && device.mig_enabled;
  Statement& put = put_device_;
  put.bind(0, device.id.text);
  put.bind(1, device.node.text);
  put.bind_or_null(2, device.model.text);
  put.bind(3, device.index);
  put.bind_or_null(4, device.serial);
  put.bind_or_null(5, device.pci_address);
  put.bind_or_null(6, device.uuid.text);
  put.bind(7, cut ? "MIG_ENABLED" : to_text(device.state));
  put.bind_or_null(8, device.driver_version);
  put.bind_or_null(9, device.firmware_version);
  put.bind_or_null(10, device.vbios_version);
  put.bind(11, device.first_seen);
  put.bind(12, device.last_maintenance);
  put.bind(13, device.warranty_expiry);
  put.bind(14, dollars(device.purchase_cost));
  put.bind(15, to_text(device.state));
  put.bind_or_null(16, device.product_name);
  put.bind(17, count(device.memory));
  put.bind(18, device.mig_enabled);
  put.bind(19, device.lost);
  put.bind(20, to_text(device.source));
  put.bind(21, count(device.purchase_cost));
  put.execute();
}

void FleetWriter::write_instance(const Device& device, const Instance& instance) {
  Statement& put = put_instance_;
  put.bind(0, instance.id.text);
  put.bind(1, device.id.text);
  put.bind(2, device.model.text);
  put.bind(3, instance.profile_id);
  put.bind(4, instance.gpu_instance_id);
  put.bind_or_null(5, instance.uuid.text);
  put.bind(6, instance.first_seen);
  put.bind(7, instance.compute_instance_id);
  put.bind_or_null(8, instance.profile);
  put.bind(9, instance.profile_id);
  put.bind(10, instance.placement ? std::optional(instance.placement->start) : std::nullopt);
  put.bind(11, instance.placement ? std::optional(instance.placement->size) : std::nullopt);
  put.bind(12, count(instance.memory));
  put.execute();
}

void FleetWriter::write_allocation(const Allocation& allocation) {
  const bool slice = is_of_slice(allocation);
  Statement& put = put_allocation_;
  put.bind(0, allocation.id.text);
  put.bind(1, allocation.namespace_name);
  put.bind(2, allocation.pod_name);
  put.bind_or_null(3, allocation.container_name);
  put.bind_or_null(4, allocation.workload_type);
  put.bind(5, to_text(allocation.resource_type));
  put.bind(6, allocation.resource);
  put.bind(7, allocation.requested_memory_gb);
  put.bind(8, allocation.allocated_memory_gb);
  put.bind_or_null(9, allocation.priority_class);
  put.bind(10, allocation.allocated_at);
  put.bind(11, allocation.planned_release);
  put.bind(12, allocation.released_at);
  put.bind(13, to_text(allocation.status));
  put.bind(14, dollars(allocation.cost_per_hour));
  put.bind(15, dollars(allocation.total_cost));
  put.bind_or_null(16, allocation.user_id);
  put.bind_or_null(17, allocation.team_id);
  put.bind_or_null(18, allocation.project_id);
  put.bind(19, device_of(allocation));
  put.bind_or_null(20, slice ? allocation.resource : std::string());
  put.bind(21, count(allocation.cost_per_hour));
  put.bind(22, count(allocation.total_cost));
  put.bind_or_null(23, labels_text(allocation.labels));
  put.bind(24, to_text(allocation.origin));
  put.execute();
}

void FleetWriter::write_idempotency(const IdempotencyRecord& record) {
  forget_idempotency_.bind(0, record.at - idempotency_kept);
  forget_idempotency_.execute();
  put_idempotency_.bind(0, record.key);
  put_idempotency_.bind(1, record.request_digest);
  put_idempotency_.bind(2, record.allocation.text);
  put_idempotency_.bind(3, record.at);
  put_idempotency_.execute();
}

void FleetWriter::write_audit(const AuditRecord& record) {
  put_audit_.bind(0, record.at);
  put_audit_.bind(1, record.actor);
  put_audit_.bind(2, record.action);
  put_audit_.bind(3, record.subject);
  put_audit_.bind(4, record.detail);
  put_audit_.execute();
}

}  // namespace reeve
