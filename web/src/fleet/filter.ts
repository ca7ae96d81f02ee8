// Which GPUs are shown, and in which order their nodes stand.

import type { Allocation, Device, DeviceState, Instance } from "../api/types.ts";
import { device_utilization, type Fleet, type NodeEntry, trouble } from "./fleet.ts";

export interface Filter {
  text: string; // words, all must match; `team:vision` looks in one field only
  model: string; // "" = any
  state: "" | DeviceState | "LOST" | "STALE";
  use: "" | "free" | "held";
  mig: "" | "on" | "off";
}

export const no_filter: Filter = { text: "", model: "", state: "", use: "", mig: "" };

export type SortBy = "name" | "utilization" | "free" | "power" | "model" | "trouble";
export const sort_choices: readonly SortBy[] = ["name", "utilization", "free", "power", "model", "trouble"];

export interface Shown {
  entry: NodeEntry;
  matches: Set<string>; // ids of its GPUs and slices that pass; the others are drawn faint
  gpus: number; // how many of its GPUs pass
}

interface Term {
  field: string; // "" = anywhere
  text: string;
}

const fields = ["node", "gpu", "uuid", "model", "pod", "namespace", "team", "user", "project", "profile", "cluster"] as const;
type Field = (typeof fields)[number];

export function parse_terms(text: string): Term[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      const colon = word.indexOf(":");
      const field = word.slice(0, Math.max(0, colon));
      return (fields as readonly string[]).includes(field)
        ? { field, text: word.slice(colon + 1) }
        : { field: "", text: word };
    });
}

type Texts = Record<Field, string>;

const lower = (...parts: (string | null | undefined)[]) => parts.join("\n").toLowerCase();

function texts_of(entry: NodeEntry, device: Device, held_by: Allocation | undefined): Texts {
  return {
    node: lower(device.node),
    gpu: lower(device.id),
    uuid: lower(device.uuid),
    model: lower(device.model, device.model_name, device.product_name, device.architecture),
    pod: lower(held_by?.pod),
    namespace: lower(held_by?.namespace),
    team: lower(held_by?.team),
    user: lower(held_by?.user),
    project: lower(held_by?.project),
    profile: "",
    cluster: lower(entry.node.cluster),
  };
}

function texts_of_part(of_device: Texts, part: Instance, held_by: Allocation | undefined): Texts {
  return {
    ...of_device,
    gpu: lower(part.id),
    uuid: lower(part.uuid),
    pod: lower(held_by?.pod),
    namespace: lower(held_by?.namespace),
    team: lower(held_by?.team),
    user: lower(held_by?.user),
    project: lower(held_by?.project),
    profile: lower(part.profile),
  };
}

function passes_choices(filter: Filter, device: Device): boolean {
  if (filter.model && device.model !== filter.model) return false;
  if (filter.state === "LOST" ? !device.lost : filter.state === "STALE" ? !device.stale : filter.state && device.state !== filter.state)
    return false;
  return !filter.mig || (device.mig_enabled === true) === (filter.mig === "on");
}

function passes_use(filter: Filter, resource: Device | Instance): boolean {
  if (filter.use === "free") return resource.free;
  return filter.use === "held" ? Boolean(resource.allocation) : true;
}

function passes_terms(terms: readonly Term[], texts: Texts): boolean {
  return terms.every((term) =>
    term.field
      ? texts[term.field as Field].includes(term.text)
      : fields.some((field) => texts[field].includes(term.text)),
  );
}

export function is_filtering(filter: Filter): boolean {
  return Boolean(filter.text.trim() || filter.model || filter.state || filter.use || filter.mig);
}

// Nodes with at least one GPU or slice that passes. Without a filter nodes that have no GPU are shown too.
export function select(fleet: Fleet, filter: Filter): Shown[] {
  const shown: Shown[] = [];
  const terms = parse_terms(filter.text);
  const filtering = is_filtering(filter);
  for (const entry of fleet.nodes.values()) {
    const matches = new Set<string>();
    for (const device of entry.devices) {
      if (passes_choices(filter, device)) add_matches(fleet, filter, terms, entry, device, matches);
    }
    const gpus = entry.devices.filter((device) => matches.has(device.id)).length;
    if (gpus > 0 || !filtering) shown.push({ entry, matches, gpus });
  }
  return shown;
}

// A GPU passes by itself or by one of its slices; what is said of the GPU holds for its slices too.
function add_matches(fleet: Fleet, filter: Filter, terms: readonly Term[], entry: NodeEntry, device: Device, matches: Set<string>): void {
  const texts = texts_of(entry, device, fleet.holder(device));
  const named = passes_terms(terms, texts);
  if (named && passes_use(filter, device)) matches.add(device.id);
  for (const part of device.instances) {
    if (!passes_use(filter, part)) continue;
    if (!named && !passes_terms(terms, texts_of_part(texts, part, fleet.holder(part)))) continue;
    matches.add(part.id).add(device.id);
  }
}

const by_name = new Intl.Collator("en", { numeric: true });

function mean_utilization(entry: NodeEntry): number {
  const known = entry.devices.map(device_utilization).filter((percent) => percent !== undefined);
  return known.length ? known.reduce((sum, percent) => sum + percent, 0) / known.length : -1;
}

function sort_key(entry: NodeEntry, by: SortBy): number | string {
  const sum = (value: (device: Device) => number) => entry.devices.reduce((total, device) => total + value(device), 0);
  switch (by) {
    case "name":
      return 0;
    case "utilization":
      return -mean_utilization(entry);
    case "free":
      return -sum((device) => (device.free ? 1000 : 0) + device.instances.filter((instance) => instance.free).length);
    case "power":
      return -sum((device) => device.values["power_watts"] ?? 0);
    case "model":
      return entry.devices[0]?.model_name ?? entry.devices[0]?.model ?? "~";
    case "trouble":
      return -sum((device) => (trouble(device) ? 1 : 0)) - (entry.node.stale ? 1000 : 0);
  }
}

export function sorted(shown: readonly Shown[], by: SortBy): Shown[] {
  const keyed = shown.map((one) => ({ one, key: sort_key(one.entry, by) }));
  keyed.sort((a, b) => {
    const order =
      typeof a.key === "number" && typeof b.key === "number" ? a.key - b.key : by_name.compare(String(a.key), String(b.key));
    return order || by_name.compare(a.one.entry.node.name, b.one.entry.node.name);
  });
  return keyed.map(({ one }) => one);
}

// The filter as part of the page's address, so that a view can be sent to somebody.
export function filter_to_query(filter: Filter, sort: SortBy, colour: string, size: string): string {
  const query = new URLSearchParams();
  if (filter.text) query.set("q", filter.text);
  for (const name of ["model", "state", "use", "mig"] as const) if (filter[name]) query.set(name, filter[name]);
  if (sort !== "name") query.set("sort", sort);
  if (colour !== "utilization") query.set("colour", colour);
  if (size !== "m") query.set("size", size);
  const text = query.toString();
  return text ? `?${text}` : "";
}

export function filter_from_query(search: string): Filter {
  const query = new URLSearchParams(search);
  const pick = <T extends string>(name: string, allowed: readonly T[]): T | "" => {
    const value = query.get(name) as T | null;
    return value !== null && allowed.includes(value) ? value : "";
  };
  return {
    text: query.get("q") ?? "",
    model: query.get("model") ?? "",
    state: pick("state", ["ACTIVE", "INACTIVE", "MAINTENANCE", "FAILED", "LOST", "STALE"] as const),
    use: pick("use", ["free", "held"] as const),
    mig: pick("mig", ["on", "off"] as const),
  };
}
