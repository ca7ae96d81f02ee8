// The records of /api/v1 that the dashboard reads. Unknown is null (or missing), never 0.

export type Maybe<T> = T | null | undefined;
export type Values = Record<string, number>;

export type DeviceState = "ACTIVE" | "INACTIVE" | "MAINTENANCE" | "FAILED";
export const device_states: readonly DeviceState[] = ["ACTIVE", "INACTIVE", "MAINTENANCE", "FAILED"];

export type AllocationStatus = "PENDING" | "ALLOCATED" | "RELEASED" | "FAILED" | "EXPIRED";
export const allocation_statuses: readonly AllocationStatus[] = ["ALLOCATED", "PENDING", "RELEASED", "EXPIRED", "FAILED"];

export interface Page<T> {
  items: T[];
  next_cursor: Maybe<string>;
  total: Maybe<number>; // of the whole list; unknown where counting would be dear
}

export interface Instance {
  id: string;
  device: string;
  node: string;
  gpu_instance_id: number;
  compute_instance_id: number;
  uuid: Maybe<string>;
  profile: string;
  profile_id: Maybe<number>;
  placement: Maybe<{ start: number; size: number }>;
  memory_mib: Maybe<number>;
  free: boolean;
  allocation: Maybe<string>;
  values: Values;
  holders?: Holder[];
}

// A container that was seen to hold a GPU, a slice or a share of one.
export interface Holder {
  namespace: string;
  pod: string;
  container: Maybe<string>;
  replica: Maybe<number>;
  sources: string[];
  allocation: Maybe<string>;
  since: Maybe<string>;
}

export interface Process {
  pid: number;
  name: Maybe<string>;
  memory_mib: Maybe<number>;
  gpu_instance_id: Maybe<number>;
}

export interface Device {
  id: string;
  node: string;
  index: number;
  uuid: Maybe<string>;
  model: Maybe<string>;
  model_name: Maybe<string>;
  product_name?: Maybe<string>;
  vendor?: Maybe<string>;
  architecture?: Maybe<string>;
  state: DeviceState;
  mig_enabled: Maybe<boolean>;
  lost: boolean;
  stale: boolean;
  free: boolean;
  source?: Maybe<string>;
  serial?: Maybe<string>;
  pci_address?: Maybe<string>;
  driver_version?: Maybe<string>;
  firmware_version?: Maybe<string>;
  vbios_version?: Maybe<string>;
  memory_mib: Maybe<number>;
  observed_at?: Maybe<string>;
  allocation: Maybe<string>;
  values: Values;
  instances: Instance[];
  processes?: Process[];
  memory_slots: Maybe<number>;
  first_seen?: Maybe<string>;
  last_maintenance?: Maybe<string>;
  warranty_expiry?: Maybe<string>;
  purchase_cost_usd?: Maybe<number>;
  holders?: Holder[];
}

export interface Node {
  name: string;
  cluster: Maybe<string>;
  address: Maybe<string>;
  state: Maybe<string>;
  source: Maybe<string>;
  observed_at: Maybe<string>;
  stale: boolean;
  last_error: Maybe<string>;
  driver_version: Maybe<string>;
  cuda_version: Maybe<string>;
  device_count: number;
  devices_free: number;
  instance_count: number;
  instances_free: number;
  models: string[];
  utilization_percent: Maybe<number>;
  memory_used_mib: Maybe<number>;
  memory_total_mib: Maybe<number>;
  power_watts: Maybe<number>;
  devices?: Device[];
}

export interface Overview {
  version: Maybe<number | string>;
  generated_at: string;
  nodes: number;
  nodes_stale: number;
  devices: number;
  devices_free: number;
  devices_allocated: number;
  devices_failed: number;
  instances: number;
  instances_free: number;
  instances_allocated: number;
  allocations: number;
  utilization_percent: Maybe<number>;
  memory_used_mib: Maybe<number>;
  memory_total_mib: Maybe<number>;
  power_watts: Maybe<number>;
  hottest: { device: string; temperature_celsius: number }[];
  hourly_cost_usd: Maybe<number>;
  models: { model: string; name: Maybe<string>; devices: number; free: number }[];
  last_round: Maybe<{ started_at: string; duration_seconds: number; targets: number; failed: number }>;
  // Null: no Kubernetes cluster is configured.
  cluster?: Maybe<{
    pods: Maybe<number>; pods_gpu: Maybe<number>; nodes_ready: Maybe<number>; servers: Maybe<number>; conflicts: Maybe<number>;
  }>;
}

export interface Allocation {
  id: string;
  namespace: string;
  pod: string;
  container: Maybe<string>;
  workload_type: Maybe<string>;
  resource_type: "FULL_GPU" | "MIG_INSTANCE" | "SHARED_GPU";
  resource: string;
  device: Maybe<string>;
  node: Maybe<string>;
  requested_memory_gb: Maybe<number>;
  allocated_memory_gb: Maybe<number>;
  priority: Maybe<string>;
  allocated_at: string;
  planned_release_at: Maybe<string>;
  released_at: Maybe<string>;
  status: AllocationStatus;
  cost_per_hour_usd: Maybe<number>;
  total_cost_usd: Maybe<number>;
  user: Maybe<string>;
  team: Maybe<string>;
  project: Maybe<string>;
  labels?: Record<string, string>;
  origin?: "requested" | "observed"; // observed: seen in the cluster; it ends with its pod and cannot be released
}

export interface AllocationAsk {
  namespace: string;
  pod: string;
  container?: string;
  workload_type?: string;
  priority?: string;
  use_mig?: boolean;
  memory_gb?: number;
  model?: string;
  architecture?: string;
  mig_profile?: string;
  node?: string;
  device?: string;
  max_cost_per_hour_usd?: number;
  planned_release_at?: string;
  user?: string;
  team?: string;
  project?: string;
}

export interface DeviceEvent {
  at: string;
  device: string;
  uuid: Maybe<string>;
  gpu_instance_id: Maybe<number>;
  code: number;
}

export interface Target {
  url: string;
  kind: string;
  node: Maybe<string>;
  cluster: Maybe<string>;
  last_attempt: Maybe<string>;
  last_success: Maybe<string>;
  last_error: Maybe<string>;
  duration_ms: Maybe<number>;
}

export interface Job {
  id: string;
  name: string;
  state: "running" | "done" | "failed";
  done: number;
  total: Maybe<number>;
  unit: Maybe<string>;
  started_at: Maybe<string>;
  finished_at: Maybe<string>;
  detail: Maybe<string>;
}

// [unix_ms, count, min, mean, max, last]
export type Point = [number, number, Maybe<number>, Maybe<number>, Maybe<number>, Maybe<number>];

export interface MetricHistory {
  resource: string;
  from: string;
  to: string;
  step_seconds: number;
  series: { resource?: Maybe<string>; metric: string; unit: Maybe<string>; points: Point[] }[];
}

export interface Problem {
  type?: string;
  title?: string;
  status: number;
  detail?: string;
  code?: string;
  field?: string;
  blocked_by?: Record<string, number>;
}

// Newest values in `event: readings`.
export interface InstanceReading {
  id: string;
  util: Maybe<number>;
  mem_used: Maybe<number>;
  allocation: Maybe<string>;
}
export interface DeviceReading extends InstanceReading {
  temp: Maybe<number>;
  power: Maybe<number>;
  state: DeviceState;
  instances?: InstanceReading[];
}
export interface NodeReading {
  name: string;
  observed_at: Maybe<string>;
  stale: boolean;
  devices: DeviceReading[];
}
export interface Readings {
  at: string;
  nodes: NodeReading[];
}
