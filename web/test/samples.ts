// Small records for tests.

import type { Allocation, Device, Instance, Node } from "../src/api/types.ts";

const two = (n: number) => String(n).padStart(2, "0");

export function node(name: string, more: Partial<Node> = {}): Node {
  return {
    name, cluster: null, address: null, state: null, source: null, observed_at: null, stale: false, last_error: null, driver_version: null,
    cuda_version: null, device_count: 0, devices_free: 0, instance_count: 0, instances_free: 0, models: [], utilization_percent: null,
    memory_used_mib: null, memory_total_mib: null, power_watts: null, ...more,
  };
}

export function device(on: string, index: number, more: Partial<Device> = {}): Device {
  return {
    id: `${on}-GPU-${two(index)}`, node: on, index, uuid: null, model: "h100", model_name: "H100", state: "ACTIVE", mig_enabled: null,
    lost: false, stale: false, free: false, memory_mib: null, allocation: null, values: {}, instances: [], memory_slots: null, ...more,
  };
}

export function instance(of: string, id: number, start: number, size: number, more: Partial<Instance> = {}): Instance {
  return {
    id: `${of}-MIG-${two(id)}`, device: of, node: of.split("-GPU-")[0]!, gpu_instance_id: id, compute_instance_id: 0, uuid: null, profile: "1g.10gb",
    profile_id: null, placement: { start, size }, memory_mib: null, free: false, allocation: null, values: {}, ...more,
  };
}

export function allocation(id: string, resource: string, more: Partial<Allocation> = {}): Allocation {
  return {
    id, namespace: "ns", pod: `pod-${id}`, container: null, workload_type: null, resource_type: "FULL_GPU", resource, device: resource, node: null,
    requested_memory_gb: null, allocated_memory_gb: null, priority: null, allocated_at: "2026-11-24T00:00:00.000Z", planned_release_at: null,
    released_at: null, status: "ALLOCATED", cost_per_hour_usd: null, total_cost_usd: null, user: null, team: null, project: null, ...more,
  };
}
