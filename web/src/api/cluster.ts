// The records of /api/v1/cluster that the dashboard reads. Unknown is null, never 0.

import type { Maybe } from "./types.ts";

export type KindState = "off" | "syncing" | "live" | "stale" | "unavailable" | "forbidden";

export interface KindStatus {
  kind: string;
  state: KindState;
  error: Maybe<string>;
  synced_at: Maybe<string>;
  heard_at: Maybe<string>;
  lists: number;
  events: number;
  resource_version: Maybe<string>;
}

export interface Cluster {
  configured: boolean;
  name: Maybe<string>;
  server_version: Maybe<string>;
  version: number;
  kinds: KindStatus[];
  pods: Maybe<number>;
  pods_running: Maybe<number>;
  pods_pending: Maybe<number>;
  pods_gpu: Maybe<number>;
  nodes: Maybe<number>;
  nodes_ready: Maybe<number>;
  namespaces: Maybe<number>;
  gpus_capacity: Maybe<number>;
  gpus_allocatable: Maybe<number>;
  gpus_requested: Maybe<number>;
  gpus_held: Maybe<number>;
  cpu_usage_cores: Maybe<number>;
  cpu_allocatable_cores: Maybe<number>;
  memory_usage_bytes: Maybe<number>;
  memory_allocatable_bytes: Maybe<number>;
  claims: Maybe<number>;
  claims_allocated: Maybe<number>;
  servers: Maybe<number>;
  conflicts: Maybe<number>;
  holdings: Maybe<number>;
  unplaced: Maybe<number>;
  holdings_at: Maybe<string>;
}

export interface Usage {
  cpu: number; // cores
  memory: number; // bytes
  at: Maybe<string>;
}

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
export const pod_phases: readonly PodPhase[] = ["Running", "Pending", "Succeeded", "Failed", "Unknown"];

export interface ClusterNode {
  name: string;
  ready: boolean;
  unschedulable: boolean;
  roles: string[];
  created_at: Maybe<string>;
  internal_ip: Maybe<string>;
  kubelet_version: Maybe<string>;
  container_runtime: Maybe<string>;
  architecture: Maybe<string>;
  kernel_version: Maybe<string>;
  os_image: Maybe<string>;
  labels: Record<string, string>;
  taints: { key: string; value: Maybe<string>; effect: string }[];
  conditions: { type: string; status: string; reason: Maybe<string>; message: Maybe<string>; since: Maybe<string> }[];
  capacity: Record<string, number>;
  allocatable: Record<string, number>;
  requested: Maybe<Record<string, number>>;
  usage: Maybe<Usage>;
  gpus: { capacity: number; allocatable: number; requested: Maybe<number>; held: Maybe<number> };
  pods: Maybe<number>;
  pods_running: Maybe<number>;
  in_fleet: boolean;
  devices: number;
  pod_list?: { namespace: string; name: string; phase: PodPhase; gpu_requests: number }[];
  device_list?: string[];
}

export interface PodDevice {
  resource: string;
  device: Maybe<string>;
  container: Maybe<string>;
  replica: Maybe<number>;
  sources: string[];
  since: Maybe<string>;
}

export interface Pod {
  namespace: string;
  name: string;
  uid: Maybe<string>;
  node: Maybe<string>;
  phase: PodPhase;
  reason: Maybe<string>;
  ready: boolean;
  created_at: Maybe<string>;
  started_at: Maybe<string>;
  deleted_at: Maybe<string>;
  ip: Maybe<string>;
  controller: Maybe<{ kind: string; name: string }>;
  service_account: Maybe<string>;
  priority_class: Maybe<string>;
  labels: Record<string, string>;
  requests: Record<string, number>;
  limits: Record<string, number>;
  usage: Maybe<Usage>;
  gpu_requests: number;
  restarts: number;
  containers: {
    name: string; image: string; state: Maybe<string>; reason: Maybe<string>; ready: boolean; restarts: number; started_at: Maybe<string>;
  }[];
  devices: PodDevice[];
  allocations: string[];
  serving: Maybe<Server>;
  unschedulable: Maybe<string>;
}

export interface Namespace {
  name: string;
  phase: Maybe<string>;
  created_at: Maybe<string>;
  pods: Maybe<number>;
  pods_running: Maybe<number>;
  gpu_requests: Maybe<number>;
  gpus_held: Maybe<number>;
  usage: Maybe<Usage>;
}

// What a ResourceClaim asks the scheduler for, and the devices that it got.
export interface Claim {
  namespace: string;
  name: string;
  created_at: Maybe<string>;
  devices: { request: string; driver: string; pool: string; device: string; uuid: Maybe<string>; resource: Maybe<string> }[];
  reserved_for: string[]; // pods of the namespace
}

export interface Server {
  namespace: string;
  pod: string;
  node: Maybe<string>;
  engine: string;
  model: Maybe<string>;
  served_model: Maybe<string>;
  model_version: Maybe<string>;
  at: Maybe<string>;
  last_error: Maybe<string>;
  gpus: string[];
  values: Record<string, Maybe<number>>;
}

export interface ServedModel {
  model: Maybe<string>;
  engines: string[];
  servers: number;
  servers_answering: number;
  gpus: number;
  requests_running: Maybe<number>;
  requests_waiting: Maybe<number>;
  prompt_tokens_per_second: Maybe<number>;
  generation_tokens_per_second: Maybe<number>;
  kv_cache_usage_ratio: Maybe<number>;
  time_to_first_token_p95_seconds: Maybe<number>;
}

export interface Holding {
  resource: string;
  device: Maybe<string>;
  node: Maybe<string>;
  namespace: string;
  pod: string;
  container: Maybe<string>;
  replica: Maybe<number>;
  sources: string[];
  allocation: Maybe<string>;
  user: Maybe<string>;
  team: Maybe<string>;
  project: Maybe<string>;
  since: Maybe<string>;
}

export interface HolderEvidence {
  source: string;
  namespace: Maybe<string>;
  pod: Maybe<string>;
  container: Maybe<string>;
  resource_name: Maybe<string>;
  device_id: Maybe<string>;
}

export type ConflictKind = "sources-disagree" | "held-by-another" | "not-seen" | "pod-gone";

export interface Conflict {
  kind: ConflictKind;
  resource: string;
  device: Maybe<string>;
  node: Maybe<string>;
  allocation: Maybe<string>;
  evidence: HolderEvidence[];
  detail: Maybe<string>;
  since: Maybe<string>;
}

export interface Unplaced {
  node: Maybe<string>;
  evidence: HolderEvidence;
  why: Maybe<string>;
}

// `event: cluster` of the stream: what changed since the one before.
export interface ClusterNews {
  version: number;
  changed: { pods: number; nodes: number; namespaces: number; claims: number };
  usage: boolean;
  kinds: boolean;
  holdings: boolean;
  servers: boolean;
}
