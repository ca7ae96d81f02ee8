// What the dashboard knows of the fleet: loaded by REST, kept new by the stream. Plain data, no DOM.

import type { Allocation, Device, DeviceReading, Instance, InstanceReading, Maybe, Node, Readings, Values } from "../api/types.ts";

export interface NodeEntry {
  node: Node;
  devices: Device[]; // by ascending index
}

const ended = new Set(["RELEASED", "FAILED", "EXPIRED"]);

export class Fleet {
  readonly nodes = new Map<string, NodeEntry>();
  readonly devices = new Map<string, Device>();
  readonly instances = new Map<string, Instance>();
  readonly allocations = new Map<string, Allocation>(); // those that hold something now, by id

  load(nodes: readonly Node[], devices: readonly Device[], allocations: readonly Allocation[]): void {
    this.nodes.clear();
    this.devices.clear();
    this.instances.clear();
    this.allocations.clear();
    for (const node of nodes) this.nodes.set(node.name, { node, devices: [] });
    for (const device of devices) this.#add_device(device);
    for (const entry of this.nodes.values()) entry.devices.sort((a, b) => a.index - b.index);
    for (const allocation of allocations) this.allocations.set(allocation.id, allocation);
  }

  // One node as the server has it now; undefined: it is gone.
  replace_node(name: string, node: Node | undefined): void {
    for (const device of this.nodes.get(name)?.devices ?? []) {
      this.devices.delete(device.id);
      for (const instance of device.instances) this.instances.delete(instance.id);
    }
    if (!node) {
      this.nodes.delete(name);
      return;
    }
    this.nodes.set(name, { node, devices: [] });
    for (const device of node.devices ?? []) this.#add_device(device);
    this.nodes.get(name)?.devices.sort((a, b) => a.index - b.index);
  }

  // Takes in newest values; what is not known here yet comes with the next load. Returns the nodes touched.
  apply_readings(readings: Readings): Set<string> {
    const touched = new Set<string>();
    for (const reading of readings.nodes) {
      const entry = this.nodes.get(reading.name);
      if (!entry) continue;
      touched.add(reading.name);
      entry.node.observed_at = reading.observed_at ?? entry.node.observed_at;
      entry.node.stale = reading.stale;
      for (const device of entry.devices) device.stale = reading.stale;
      for (const newest of reading.devices) {
        const device = this.devices.get(newest.id);
        if (device) apply_device(device, newest);
        for (const part of newest.instances ?? []) {
          const instance = this.instances.get(part.id);
          if (instance) apply_instance(instance, part);
        }
      }
    }
    return touched;
  }

  // Returns the node whose picture changed.
  apply_allocation(allocation: Allocation): string | undefined {
    const over = ended.has(allocation.status);
    if (over) this.allocations.delete(allocation.id);
    else this.allocations.set(allocation.id, allocation);
    const held = this.devices.get(allocation.resource) ?? this.instances.get(allocation.resource);
    if (!held) return undefined;
    if (!over) {
      held.allocation = allocation.id;
      held.free = false;
    } else if (held.allocation === allocation.id) {
      held.allocation = null; // whether it is free again is the server's to say: the node is asked for next
    }
    return held.node;
  }

  holder(resource: Device | Instance): Allocation | undefined {
    return resource.allocation ? this.allocations.get(resource.allocation) : undefined;
  }

  #add_device(device: Device): void {
    const entry = this.nodes.get(device.node);
    if (!entry) return;
    device.values ??= {};
    device.instances ??= [];
    entry.devices.push(device);
    this.devices.set(device.id, device);
    for (const instance of device.instances) {
      instance.values ??= {};
      this.instances.set(instance.id, instance);
    }
  }
}

function put(values: Values, name: string, value: Maybe<number>): void {
  if (value === null || value === undefined) delete values[name];
  else values[name] = value;
}

function apply_device(device: Device, newest: DeviceReading): void {
  device.state = newest.state;
  device.allocation = newest.allocation ?? null;
  put(device.values, "gpu_utilization_percent", newest.util);
  put(device.values, "memory_used_mib", newest.mem_used);
  put(device.values, "gpu_temperature_celsius", newest.temp);
  put(device.values, "power_watts", newest.power);
}

function apply_instance(instance: Instance, newest: InstanceReading): void {
  instance.allocation = newest.allocation ?? null;
  put(instance.values, "gpu_utilization_percent", newest.util);
  put(instance.values, "memory_used_mib", newest.mem_used);
}

// Utilisation of a GPU or slice in percent. Drivers do not count it for slices: there the share of time in
// which the slice's engines were busy is the same thing by another name.
export function utilization(values: Values): number | undefined {
  const percent = values["gpu_utilization_percent"];
  if (percent !== undefined) return percent;
  const ratio = values["graphics_engine_active_ratio"];
  return ratio === undefined ? undefined : ratio * 100;
}

export type ColourBy = "utilization" | "memory" | "temperature" | "power";
export const colour_choices: readonly ColourBy[] = ["utilization", "memory", "temperature", "power"];

const temperature_floor = 25; // C; the scale ends at the GPU's own slowdown temperature
const slowdown_usual = 90;

// 0..1 of the chosen scale; undefined: not known.
export function level(resource: Device | Instance, by: ColourBy): number | undefined {
  const values = resource.values;
  switch (by) {
    case "utilization": {
      const percent = utilization(values);
      return percent === undefined ? undefined : clamp(percent / 100);
    }
    case "memory":
      return ratio(values["memory_used_mib"], values["memory_total_mib"] ?? resource.memory_mib);
    case "temperature": {
      const now = values["gpu_temperature_celsius"];
      const end = values["slowdown_temperature_celsius"] ?? slowdown_usual;
      return now === undefined ? undefined : clamp((now - temperature_floor) / (end - temperature_floor));
    }
    case "power":
      return ratio(values["power_watts"], values["power_limit_watts"]);
  }
}

function ratio(part: Maybe<number>, whole: Maybe<number>): number | undefined {
  if (part === null || part === undefined || !whole) return undefined;
  return clamp(part / whole);
}

function clamp(x: number): number {
  return Math.min(1, Math.max(0, x));
}

// What is wrong with a GPU, the worst first; undefined: nothing.
export type Trouble = "failed" | "lost" | "stale" | "maintenance" | "inactive";

export function trouble(device: Device): Trouble | undefined {
  if (device.state === "FAILED") return "failed";
  if (device.lost) return "lost";
  if (device.stale) return "stale";
  if (device.state === "MAINTENANCE") return "maintenance";
  if (device.state === "INACTIVE") return "inactive";
  return undefined;
}

export interface Summary {
  nodes: number;
  nodes_stale: number;
  devices: number;
  devices_free: number;
  devices_held: number; // whole, or at least one slice
  devices_failed: number; // failed or lost
  devices_stale: number;
  instances: number;
  instances_free: number;
  utilization_percent: number | undefined; // mean of the GPUs that report it
  memory_used_mib: number | undefined;
  memory_total_mib: number | undefined;
  power_watts: number | undefined;
  histogram: number[]; // GPUs by utilisation, ten steps
  unmeasured: number; // GPUs without utilisation
}

// What the holders of these GPUs and slices pay for an hour; unknown when no price of theirs is known.
export function cost_per_hour(fleet: Fleet, resources: Iterable<Device | Instance>): number | undefined {
  let sum: number | undefined;
  for (const resource of resources) {
    const cost = fleet.holder(resource)?.cost_per_hour_usd;
    if (cost !== null && cost !== undefined) sum = (sum ?? 0) + cost;
  }
  return sum;
}

export function is_held(device: Device): boolean {
  return Boolean(device.allocation) || device.instances.some((instance) => instance.allocation);
}

// A MIG GPU without a reading of its own counts by its slices, weighted by size.
export function device_utilization(device: Device): number | undefined {
  const own = utilization(device.values);
  if (own !== undefined || device.instances.length === 0) return own;
  let sum = 0;
  let known = 0;
  for (const instance of device.instances) {
    const percent = utilization(instance.values);
    if (percent === undefined) continue;
    sum += percent * (instance.placement?.size ?? 1);
    known++;
  }
  if (known === 0) return undefined;
  const slots = device.memory_slots ?? device.instances.reduce((n, i) => n + (i.placement?.size ?? 1), 0);
  return sum / slots;
}

// `matches`: ids of the GPUs and slices that count; absent: all.
export function summarize(entries: Iterable<{ node: Node; devices: readonly Device[] }>, matches?: ReadonlySet<string>): Summary {
  const total: Summary = {
    nodes: 0, nodes_stale: 0, devices: 0, devices_free: 0, devices_held: 0, devices_failed: 0, devices_stale: 0,
    instances: 0, instances_free: 0, utilization_percent: undefined, memory_used_mib: undefined,
    memory_total_mib: undefined, power_watts: undefined, histogram: Array<number>(10).fill(0), unmeasured: 0,
  };
  let utilization_sum = 0;
  let measured = 0;
  const add = (so_far: number | undefined, more: Maybe<number>) =>
    more === null || more === undefined ? so_far : (so_far ?? 0) + more;
  for (const { node, devices } of entries) {
    total.nodes++;
    if (node.stale) total.nodes_stale++;
    for (const device of devices) {
      if (matches && !matches.has(device.id)) continue;
      total.devices++;
      if (device.free) total.devices_free++;
      if (is_held(device)) total.devices_held++;
      const fault = trouble(device);
      if (fault === "failed" || fault === "lost") total.devices_failed++;
      if (device.stale) total.devices_stale++;
      for (const instance of device.instances) {
        if (matches && !matches.has(instance.id)) continue;
        total.instances++;
        if (instance.free) total.instances_free++;
      }
      if (device.lost || device.stale) {
        total.unmeasured++;
        continue; // its values are old news
      }
      const percent = device_utilization(device);
      if (percent === undefined) total.unmeasured++;
      else {
        utilization_sum += percent;
        measured++;
        const step = Math.min(9, Math.floor(percent / 10));
        total.histogram[step] = (total.histogram[step] ?? 0) + 1;
      }
      total.memory_used_mib = add(total.memory_used_mib, device.values["memory_used_mib"]);
      total.memory_total_mib = add(total.memory_total_mib, device.values["memory_total_mib"] ?? device.memory_mib);
      total.power_watts = add(total.power_watts, device.values["power_watts"]);
    }
  }
  if (measured > 0) total.utilization_percent = utilization_sum / measured;
  return total;
}
