// Tables of fleet.db. Names and columns are those that users of the old system know; columns of our own come after them.
// Times are RFC 3339 text in UTC with milliseconds, which sorts as it reads. Money is kept in the *_micro_usd columns as
// whole micro-dollars; the REAL columns of the old tables show the same amounts in dollars for people who query them.
// Empty text is NULL.

#include <array>

#include "adapters/store_sql/migration.h"

namespace reeve {
namespace {

constexpr std::string_view first_tables = R"(
CREATE TABLE gpu_models (
  model_id TEXT PRIMARY KEY, model_name TEXT NOT NULL, manufacturer TEXT NOT NULL, architecture TEXT NOT NULL,
  memory_gb INTEGER NOT NULL, memory_bandwidth_gbps REAL, memory_type TEXT, power_consumption_w REAL, pcie_generation TEXT,
  mig_support TEXT NOT NULL CHECK (mig_support IN ('Y', 'N')), max_mig_instances INTEGER NOT NULL, compute_capability TEXT,
  release_year INTEGER, market_segment TEXT,
  price_per_hour_micro_usd INTEGER);
CREATE INDEX idx_gpu_models_arch ON gpu_models (architecture);
CREATE TABLE mig_profiles (
  profile_id TEXT PRIMARY KEY, model_id TEXT NOT NULL REFERENCES gpu_models (model_id), profile_name TEXT NOT NULL,
  compute_slices INTEGER NOT NULL, memory_slices INTEGER NOT NULL, memory_gb INTEGER, max_instances_per_gpu INTEGER NOT NULL,
  driver_profile_id INTEGER NOT NULL, memory_mib INTEGER,
  UNIQUE (model_id, profile_name));
CREATE TABLE gpu_nodes (
  node_id TEXT PRIMARY KEY, node_name TEXT NOT NULL, cluster_name TEXT, node_ip TEXT, total_gpus INTEGER NOT NULL,
  node_status TEXT NOT NULL CHECK (node_status IN ('ACTIVE', 'INACTIVE', 'MAINTENANCE', 'FAILED')), nvidia_driver_version TEXT,
  created_date TEXT NOT NULL,
  address TEXT, cuda_version TEXT);
CREATE INDEX idx_gpu_nodes_cluster ON gpu_nodes (cluster_name);
CREATE TABLE gpu_devices (
  device_id TEXT PRIMARY KEY, node_id TEXT NOT NULL REFERENCES gpu_nodes (node_id), model_id TEXT, device_index INTEGER NOT NULL,
  serial_number TEXT, pci_address TEXT, gpu_uuid TEXT UNIQUE,
  device_status TEXT NOT NULL CHECK (device_status IN ('ACTIVE', 'INACTIVE', 'MAINTENANCE', 'FAILED', 'MIG_ENABLED')),
  driver_version TEXT, firmware_version TEXT, vbios_version TEXT, installation_date TEXT NOT NULL, last_maintenance_date TEXT,
  warranty_expiry_date TEXT, purchase_cost REAL,
  state TEXT NOT NULL, product_name TEXT, memory_mib INTEGER, mig_enabled INTEGER NOT NULL, lost INTEGER NOT NULL, source TEXT NOT NULL,
  purchase_cost_micro_usd INTEGER);
CREATE INDEX idx_gpu_devices_node ON gpu_devices (node_id);
CREATE INDEX idx_gpu_devices_model ON gpu_devices (model_id);
CREATE TABLE mig_instances (
  mig_id TEXT PRIMARY KEY, device_id TEXT NOT NULL REFERENCES gpu_devices (device_id), profile_id TEXT, instance_id INTEGER NOT NULL,
  mig_uuid TEXT UNIQUE, created_date TEXT NOT NULL,
  compute_instance_id INTEGER NOT NULL, profile_name TEXT, driver_profile_id INTEGER, placement_start INTEGER, placement_size INTEGER,
  memory_mib INTEGER,
  UNIQUE (device_id, instance_id, compute_instance_id));
CREATE TABLE gpu_allocations (
  allocation_id TEXT PRIMARY KEY, namespace TEXT NOT NULL, pod_name TEXT NOT NULL, container_name TEXT, workload_type TEXT,
  resource_type TEXT NOT NULL CHECK (resource_type IN ('FULL_GPU', 'MIG_INSTANCE')), allocated_resource TEXT NOT NULL,
  requested_memory_gb INTEGER, allocated_memory_gb INTEGER, priority_class TEXT, allocation_time TEXT NOT NULL,
  planned_release_time TEXT, release_time TEXT,
  status TEXT NOT NULL CHECK (status IN ('PENDING', 'ALLOCATED', 'RELEASED', 'FAILED', 'EXPIRED')),
  cost_per_hour REAL, total_cost REAL, user_id TEXT, team_id TEXT, project_id TEXT, device_id TEXT NOT NULL, mig_id TEXT,
  cost_per_hour_micro_usd INTEGER, total_cost_micro_usd INTEGER, labels TEXT);
CREATE UNIQUE INDEX one_holder_per_resource ON gpu_allocations (allocated_resource) WHERE status = 'ALLOCATED';
CREATE INDEX idx_gpu_allocations_time ON gpu_allocations (allocation_time DESC, allocation_id);
CREATE INDEX idx_gpu_allocations_status_time ON gpu_allocations (status, allocation_time DESC, allocation_id);
CREATE INDEX idx_gpu_allocations_namespace ON gpu_allocations (namespace, allocation_time DESC, allocation_id);
CREATE INDEX idx_gpu_allocations_user ON gpu_allocations (user_id, allocation_time DESC, allocation_id);
CREATE INDEX idx_gpu_allocations_resource ON gpu_allocations (allocated_resource, allocation_time DESC, allocation_id);
CREATE TABLE idempotency_keys (
  idempotency_key TEXT PRIMARY KEY, request_digest TEXT NOT NULL, allocation_id TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX idx_idempotency_keys_time ON idempotency_keys (created_at);
CREATE TABLE audit_log (
  audit_id INTEGER PRIMARY KEY, created_at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
  detail TEXT NOT NULL);
CREATE INDEX idx_audit_log_time ON audit_log (created_at);
CREATE INDEX idx_audit_log_subject ON audit_log (subject, created_at);
CREATE VIEW v_gpu_utilization AS
  SELECT n.node_name, d.device_id, m.model_name, d.device_status, a.allocation_id, a.namespace, a.pod_name,
         a.status AS allocation_status, a.allocation_time,
         CASE WHEN a.allocation_id IS NOT NULL THEN 'ALLOCATED' WHEN d.device_status = 'MIG_ENABLED' THEN 'MIG_PARTITIONED'
              ELSE 'AVAILABLE' END AS current_status
  FROM gpu_devices d JOIN gpu_nodes n ON n.node_id = d.node_id LEFT JOIN gpu_models m ON m.model_id = d.model_id
       LEFT JOIN gpu_allocations a ON a.allocated_resource = d.device_id AND a.status = 'ALLOCATED';
CREATE VIEW v_mig_instance_status AS
  SELECT n.node_name, d.device_id, m.model_name, i.mig_id, i.profile_name, i.memory_mib / 1024 AS mig_memory_gb,
         CASE WHEN a.allocation_id IS NOT NULL THEN 'Y' ELSE 'N' END AS allocated, a.allocation_id, a.namespace, a.pod_name,
         a.allocation_time
  FROM mig_instances i JOIN gpu_devices d ON d.device_id = i.device_id JOIN gpu_nodes n ON n.node_id = d.node_id
       LEFT JOIN gpu_models m ON m.model_id = d.model_id
       LEFT JOIN gpu_allocations a ON a.allocated_resource = i.mig_id AND a.status = 'ALLOCATED';
)";

// SQLite cannot widen a CHECK: the table is made anew around its rows. Exclusive is what was asked for; what was seen is a
// fact and may stand beside it.
constexpr std::string_view observed_allocations = R"(
DROP VIEW v_gpu_utilization;
DROP VIEW v_mig_instance_status;
CREATE TABLE gpu_allocations_2 (
  allocation_id TEXT PRIMARY KEY, namespace TEXT NOT NULL, pod_name TEXT NOT NULL, container_name TEXT, workload_type TEXT,
  resource_type TEXT NOT NULL CHECK (resource_type IN ('FULL_GPU', 'MIG_INSTANCE', 'SHARED_GPU')), allocated_resource TEXT NOT NULL,
  requested_memory_gb INTEGER, allocated_memory_gb INTEGER, priority_class TEXT, allocation_time TEXT NOT NULL,
  planned_release_time TEXT, release_time TEXT,
  status TEXT NOT NULL CHECK (status IN ('PENDING', 'ALLOCATED', 'RELEASED', 'FAILED', 'EXPIRED')),
  cost_per_hour REAL, total_cost REAL, user_id TEXT, team_id TEXT, project_id TEXT, device_id TEXT NOT NULL, mig_id TEXT,
  cost_per_hour_micro_usd INTEGER, total_cost_micro_usd INTEGER, labels TEXT,
  origin TEXT NOT NULL DEFAULT 'requested' CHECK (origin IN ('requested', 'observed')));
INSERT INTO gpu_allocations_2 (
  allocation_id, namespace, pod_name, container_name, workload_type, resource_type, allocated_resource, requested_memory_gb,
  allocated_memory_gb, priority_class, allocation_time, planned_release_time, release_time, status, cost_per_hour, total_cost, user_id,
  team_id, project_id, device_id, mig_id, cost_per_hour_micro_usd, total_cost_micro_usd, labels)
  SELECT allocation_id, namespace, pod_name, container_name, workload_type, resource_type, allocated_resource, requested_memory_gb,
  allocated_memory_gb, priority_class, allocation_time, planned_release_time, release_time, status, cost_per_hour, total_cost, user_id,
  team_id, project_id, device_id, mig_id, cost_per_hour_micro_usd, total_cost_micro_usd, labels FROM gpu_allocations;
DROP TABLE gpu_allocations;
ALTER TABLE gpu_allocations_2 RENAME TO gpu_allocations;
CREATE UNIQUE INDEX one_holder_per_resource ON gpu_allocations (allocated_resource)
  WHERE status = 'ALLOCATED' AND origin = 'requested';
CREATE INDEX idx_gpu_allocations_time ON gpu_allocations (allocation_time DESC, allocation_id);
CREATE INDEX idx_gpu_allocations_status_time ON gpu_allocations (status, allocation_time DESC, allocation_id);
CREATE INDEX idx_gpu_allocations_namespace ON gpu_allocations (namespace, allocation_time DESC, allocation_id);
CREATE INDEX idx_gpu_allocations_user ON gpu_allocations (user_id, allocation_time DESC, allocation_id);
CREATE INDEX idx_gpu_allocations_resource ON gpu_allocations (allocated_resource, allocation_time DESC, allocation_id);
CREATE VIEW v_gpu_utilization AS
  SELECT n.node_name, d.device_id, m.model_name, d.device_status, a.allocation_id, a.namespace, a.pod_name,
         a.status AS allocation_status, a.allocation_time,
         CASE WHEN a.allocation_id IS NOT NULL THEN 'ALLOCATED' WHEN d.device_status = 'MIG_ENABLED' THEN 'MIG_PARTITIONED'
              ELSE 'AVAILABLE' END AS current_status
  FROM gpu_devices d JOIN gpu_nodes n ON n.node_id = d.node_id LEFT JOIN gpu_models m ON m.model_id = d.model_id
       LEFT JOIN gpu_allocations a ON a.allocated_resource = d.device_id AND a.status = 'ALLOCATED';
CREATE VIEW v_mig_instance_status AS
  SELECT n.node_name, d.device_id, m.model_name, i.mig_id, i.profile_name, i.memory_mib / 1024 AS mig_memory_gb,
         CASE WHEN a.allocation_id IS NOT NULL THEN 'Y' ELSE 'N' END AS allocated, a.allocation_id, a.namespace, a.pod_name,
         a.allocation_time
  FROM mig_instances i JOIN gpu_devices d ON d.device_id = i.device_id JOIN gpu_nodes n ON n.node_id = d.node_id
       LEFT JOIN gpu_models m ON m.model_id = d.model_id
       LEFT JOIN gpu_allocations a ON a.allocated_resource = i.mig_id AND a.status = 'ALLOCATED';
)";

constexpr std::array<Migration, 2> migrations{{
    {1, "first tables", first_tables},
    {2, "observed allocations", observed_allocations},
}};

}  // namespace

const std::span<const Migration> fleet_migrations = migrations;

}  // namespace reeve
