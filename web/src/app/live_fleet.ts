// Loads the fleet, keeps it new by the stream and tells who listens what changed. One per page.

import { ApiError, get, get_all } from "../api/client.ts";
import { open_stream } from "../api/stream.ts";
import type { Allocation, Device, Job, Node, Overview, Page, Readings, Target } from "../api/types.ts";
import { Fleet } from "../fleet/fleet.ts";

// structure: nodes, GPUs or slices came or went; readings: newest values (with the nodes that changed);
// status: loading, errors, live or not; cluster: the Kubernetes cluster; overview, jobs, allocations: those.
export type Topic = "structure" | "readings" | "status" | "overview" | "jobs" | "allocations" | "cluster";

export interface LoadState {
  phase: "loading" | "ready" | "failed";
  done: number;
  total: number;
  error: ApiError | undefined;
}

export type LiveState = { is: "connecting" } | { is: "live" } | { is: "lost"; retry_at: number };

const overview_every_ms = 10_000;
const retry_load_ms = 5_000;
const refetch_after_ms = 400; // changes of one moment are fetched together
const refetch_nodes_max = 40; // more changed nodes than this: everything is loaded again
const device_fields =
  "id,node,index,uuid,model,model_name,product_name,architecture,state,mig_enabled,lost,stale,free,memory_mib," +
  "allocation,values,instances,memory_slots";

export class LiveFleet {
  readonly fleet = new Fleet();
  load_state: LoadState = { phase: "loading", done: 0, total: 0, error: undefined };
  live: LiveState = { is: "connecting" };
  overview: Overview | undefined;
  targets: Target[] | undefined; // asked for only while the fleet is empty
  jobs: Job[] = [];
  last_reading_at: string | undefined;
  last_touched: ReadonlySet<string> = new Set(); // nodes of the newest "readings"

  readonly #listeners = new Map<Topic, Set<() => void>>();
  #pending = new Set<string>(); // nodes to fetch again
  #early: Readings[] | undefined = []; // readings that came while the fleet was being loaded
  #loading = false;
  #timer = 0;
  #was_live = false;

  start(): void {
    open_stream({
      live: () => {
        this.live = { is: "live" };
        this.#tell("status");
        if (this.#was_live || this.load_state.phase === "failed") void this.load(); // what was missed meanwhile
        this.#was_live = true;
      },
      lost: (pause) => {
        this.live = { is: "lost", retry_at: Date.now() + pause };
        this.#tell("status");
      },
      readings: (readings) => this.#take_readings(readings),
      inventory: (nodes) => this.refetch(nodes),
      allocation: (allocation) => this.take_allocation(allocation),
      jobs: (items) => {
        this.jobs = items;
        this.#tell("jobs");
      },
      cluster: () => this.#tell("cluster"),
    });
    void this.load();
    void this.#poll_overview();
    setInterval(() => void this.#poll_overview(), overview_every_ms);
  }

  on(topics: readonly Topic[], listener: () => void): () => void {
    for (const topic of topics) {
      const all = this.#listeners.get(topic) ?? new Set();
      this.#listeners.set(topic, all.add(listener));
    }
    return () => topics.forEach((topic) => this.#listeners.get(topic)?.delete(listener));
  }

  async load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    this.#early = [];
    try {
      const count = (items: Device[], total: number) => {
        if (this.load_state.phase === "ready") return;
        this.load_state = { phase: "loading", done: this.load_state.done + items.length, total, error: undefined };
        this.#tell("status");
      };
      const [nodes, devices, allocations] = await Promise.all([
        get_all<Node>("/nodes", {}),
        get_all<Device>("/devices", { fields: device_fields }, count),
        get_all<Allocation>("/allocations", { status: "ALLOCATED" }),
      ]);
      this.fleet.load(nodes, devices, allocations);
      this.load_state = { phase: "ready", done: devices.length, total: devices.length, error: undefined };
      for (const readings of this.#early) this.fleet.apply_readings(readings);
      this.jobs = (await get<{ items: Job[] }>("/jobs")).items;
      if (devices.length === 0) await this.#ask_targets();
    } catch (error) {
      this.load_state = { phase: "failed", done: 0, total: 0, error: error instanceof ApiError ? error : new ApiError(String(error)) };
      setTimeout(() => void this.load(), retry_load_ms);
    } finally {
      this.#early = undefined;
      this.#loading = false;
      for (const topic of ["structure", "status", "jobs", "allocations"] as const) this.#tell(topic);
    }
  }

  // Nodes whose GPUs, slices or holders changed.
  refetch(nodes: Iterable<string>): void {
    for (const name of nodes) this.#pending.add(name);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#refetch_now(), refetch_after_ms);
  }

  take_allocation(allocation: Allocation): void {
    const node = this.fleet.apply_allocation(allocation);
    this.#tell("allocations");
    if (!node) return;
    this.last_touched = new Set([node]);
    this.#tell("readings");
    this.refetch([node]);
  }

  #take_readings(readings: Readings): void {
    this.last_reading_at = readings.at;
    if (this.#early) {
      this.#early.push(readings);
      return;
    }
    // Readings say neither why a node is stale nor what may be given out now; a new node is all news.
    const changed = readings.nodes.filter(({ name, stale }) => this.fleet.nodes.get(name)?.node.stale !== stale);
    this.last_touched = this.fleet.apply_readings(readings);
    if (changed.length > 0) this.refetch(changed.map(({ name }) => name));
    this.#tell("readings");
  }

  async #refetch_now(): Promise<void> {
    const names = [...this.#pending];
    this.#pending = new Set();
    if (this.#loading) return; // the running load brings them
    if (names.length > refetch_nodes_max) return this.load();
    await Promise.all(
      names.map(async (name) => {
        try {
          this.fleet.replace_node(name, await get<Node>(`/nodes/${encodeURIComponent(name)}`));
        } catch (error) {
          if (error instanceof ApiError && error.problem?.status === 404) this.fleet.replace_node(name, undefined);
        }
      }),
    );
    this.#tell("structure");
    void this.#poll_overview();
  }

  async #poll_overview(): Promise<void> {
    if (document.hidden) return;
    try {
      this.overview = await get<Overview>("/overview");
      this.#tell("overview");
      if (this.load_state.phase === "ready" && this.fleet.devices.size === 0) {
        if (this.overview.devices > 0) void this.load();
        else await this.#ask_targets();
      }
      await this.#follow_stale_nodes(this.overview.nodes_stale);
    } catch {
      this.overview = undefined; // load() says that the server does not answer
      this.#tell("overview");
    }
  }

  // A node grows stale by silence, of which no event comes: the server's count tells that it happened.
  async #follow_stale_nodes(count: number): Promise<void> {
    if (this.load_state.phase !== "ready") return;
    const entries = [...this.fleet.nodes.values()];
    if (entries.filter(({ node }) => node.stale).length === count) return;
    const listed = await get_all<Node>("/nodes", { fields: "name,stale" });
    this.refetch(listed.filter(({ name, stale }) => this.fleet.nodes.get(name)?.node.stale !== stale).map(({ name }) => name));
  }

  async #ask_targets(): Promise<void> {
    try {
      this.targets = (await get<Page<Target>>("/targets")).items;
      this.#tell("status");
    } catch {
      this.targets = undefined;
    }
  }

  #tell(topic: Topic): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }
}
