// A server that speaks /api/v1 over a made-up fleet of any size and serves web/dist. For tests of the page at
// sizes and in states that the real demo does not show (10,000 GPUs, refusals, a dead server). Not shipped.
//   node tests/web/fixture_server.mjs [port] [nodes]
import { createServer } from "node:http";
import { cluster_answer, make_cluster } from "./fixture_cluster.mjs";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../../web/dist/", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const models = [
  { id: "h100-80gb-sxm", name: "H100 80GB SXM5", product: "NVIDIA H100 80GB HBM3", arch: "Hopper", mib: 81559, tdp: 700, slots: 8, usd: 2.95 },
  { id: "a100-80gb", name: "A100 80GB (SXM4 / PCIe)", product: "NVIDIA A100-SXM4-80GB", arch: "Ampere GA100", mib: 81920, tdp: 400, slots: 8, usd: 1.39 },
  { id: "l40s", name: "L40S", product: "NVIDIA L40S", arch: "Ada Lovelace", mib: 46068, tdp: 350, slots: null, usd: 0.79 },
  { id: "a30", name: "A30", product: "NVIDIA A30", arch: "Ampere GA100", mib: 24576, tdp: 165, slots: 4, usd: null },
];
const layouts = [
  [["1g.10gb", 0, 1], ["1g.10gb", 1, 1], ["2g.20gb", 2, 2], ["3g.40gb", 4, 4]],
  [["4g.40gb", 0, 4], ["2g.20gb", 4, 2], ["1g.10gb", 6, 1]],
  [["1g.10gb", 0, 1], ["1g.10gb", 1, 1], ["1g.10gb", 2, 1], ["1g.10gb", 3, 1], ["1g.10gb", 4, 1], ["1g.10gb", 5, 1], ["1g.10gb", 6, 1]],
  [["7g.80gb", 0, 8]],
];
const teams = ["vision", "speech", "ranking", "llm-serving", "research"];

function chance(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function make_fleet(node_count) {
  const next = chance(7);
  const nodes = [];
  const devices = [];
  const allocations = [];
  const now = new Date().toISOString();
  const allocate = (resource, device, type, team) => {
    const id = `ALLOC-${String(allocations.length + 1).padStart(8, "0")}`;
    allocations.push({
      id, namespace: `team-${team}`, pod: `${team}-worker-${allocations.length % 40}`, container: null, workload_type: "Training",
      resource_type: type, resource, device: device.id, node: device.node, requested_memory_gb: null, allocated_memory_gb: 80, priority: null,
      allocated_at: new Date(Date.now() - 3.6e6 * (1 + (allocations.length % 30))).toISOString(), planned_release_at: null, released_at: null,
      status: "ALLOCATED", cost_per_hour_usd: device.usd, total_cost_usd: null, user: "kim", team, project: null, labels: {},
    });
    return id;
  };
  for (let n = 0; n < node_count; n++) {
    const name = `gpu-node-${String(n + 1).padStart(2, "0")}`;
    const model = models[Math.floor(next() * next() * models.length)];
    const stale = n % 23 === 11;
    for (let index = 0; index < 8; index++) {
      const id = `${name}-GPU-${String(index).padStart(2, "0")}`;
      const mig = model.slots === 8 && next() < 0.25;
      const busy = next() < 0.72;
      const util = busy ? Math.min(100, Math.round(35 + 65 * Math.sqrt(next()))) : Math.round(next() * 3);
      const lost = next() < 0.004;
      const state = next() < 0.006 ? "FAILED" : next() < 0.01 ? "MAINTENANCE" : "ACTIVE";
      const device = {
        id, node: name, index, uuid: `GPU-${id.toLowerCase()}-uuid`, model: model.id, model_name: model.name, product_name: model.product,
        vendor: "NVIDIA", architecture: model.arch, state, mig_enabled: model.slots ? mig : null, lost, stale, free: false, source: "reeve-agent",
        serial: "165" + n, pci_address: "00000000:18:00.0", driver_version: "550.54.15", firmware_version: null, vbios_version: "96.00.74",
        memory_mib: model.mib, observed_at: now, allocation: null, instances: [], processes: [], memory_slots: model.slots, usd: model.usd,
        values: lost ? {} : {
          gpu_utilization_percent: util, memory_used_mib: Math.round(model.mib * (busy ? 0.3 + 0.65 * next() : 0.01)), memory_total_mib: model.mib,
          gpu_temperature_celsius: Math.round(31 + util * 0.4 + 5 * next()), power_watts: Math.round(model.tdp * (0.12 + 0.0083 * util)),
          power_limit_watts: model.tdp, slowdown_temperature_celsius: 87, sm_clock_mhz: 1980, fan_speed_percent: 30,
          energy_millijoules_total: 8.1e12, pcie_tx_bytes_per_second: 1.2e9,
        },
        first_seen: now, last_maintenance: null, warranty_expiry: null, purchase_cost_usd: null,
      };
      const usable = state === "ACTIVE" && !lost && !stale;
      if (mig) {
        delete device.values.gpu_utilization_percent;
        for (const [k, [profile, start, size]] of layouts[Math.floor(next() * layouts.length)].entries()) {
          const part = {
            id: `${id}-MIG-${String(k + 7).padStart(2, "0")}`, device: id, node: name, gpu_instance_id: k + 7, compute_instance_id: 0,
            uuid: `MIG-${id}-${k}`, profile, profile_id: 19, placement: { start, size }, memory_mib: (model.mib / 8) * size, free: usable, allocation: null,
            values: { graphics_engine_active_ratio: next(), memory_used_mib: Math.round((model.mib / 8) * size * next()) },
          };
          if (usable && next() < 0.7) {
            part.allocation = allocate(part.id, device, "MIG_INSTANCE", teams[Math.floor(next() * 5)]);
            part.free = false;
          }
          device.instances.push(part);
        }
      } else {
        device.free = usable;
        if (usable && busy) {
          device.allocation = allocate(id, device, "FULL_GPU", teams[Math.floor(next() * 5)]);
          device.free = false;
          device.processes.push({ pid: 4000 + index, name: "python3", memory_mib: device.values.memory_used_mib - 500, gpu_instance_id: null });
        }
      }
      devices.push(device);
    }
    nodes.push({
      name, cluster: "seoul-1", address: `10.0.0.${n}`, state: "READY", source: "reeve-agent", observed_at: now, stale,
      last_error: stale ? "cannot scrape: connection refused" : null, driver_version: "550.54.15", cuda_version: "12.4", device_count: 8,
      devices_free: 0, instance_count: 0, instances_free: 0, models: [model.id],
    });
  }
  return { nodes, devices, allocations };
}

function page_of(all, query) {
  const limit = Number(query.get("limit") ?? 100);
  const from = Number(query.get("cursor") ?? 0);
  return { items: all.slice(from, from + limit), next_cursor: from + limit < all.length ? String(from + limit) : null, total: all.length };
}

function history_of(device, query) {
  const from = Date.parse(query.get("from"));
  const to = Date.parse(query.get("to"));
  const step = Math.max(30, Math.round((to - from) / 300_000));
  const series = query.get("metrics").split(",").map((metric) => {
    const now = device?.values[metric];
    const points = [];
    for (let at = Math.ceil(from / (step * 1000)) * step * 1000; at < to && now !== undefined; at += step * 1000) {
      const part = (at - from) / (to - from);
      if (part > 0.55 && part < 0.62) continue; // the node was down
      const mean = Math.max(0, now * (0.82 + 0.18 * Math.sin(at / 3.1e6) + 0.03 * Math.sin(at / 1.7e5)));
      points.push([at, 10, mean * 0.93, mean, mean * 1.05, mean]);
    }
    return { metric, unit: "", points };
  });
  return { resource: device?.id, from: new Date(from).toISOString(), to: new Date(to).toISOString(), step_seconds: step, series };
}

// GET /metrics/query: a wave for every resource that is asked for.
function series_of(query) {
  const from = Date.parse(query.get("from"));
  const to = Date.parse(query.get("to"));
  const points = [];
  for (let at = from; at < to; at += 60_000) points.push([at, 2, 90, 100 + 20 * Math.sin(at / 4e5), 130, 100]);
  const series = query.get("resources").split(",").flatMap((resource) => query.get("metrics").split(",").map((metric) => ({ resource, metric, unit: "", points })));
  return { resource: null, from: query.get("from"), to: query.get("to"), step_seconds: 60, series };
}

export function serve_fixture(port, fleet, options = {}) {
  const streams = new Set();
  const by_id = new Map(fleet.devices.map((device) => [device.id, device]));
  const send = (event, data) => streams.forEach((stream) => stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  const resource_of = (allocation) => {
    const device = by_id.get(allocation.device);
    return device?.instances.find((part) => part.id === allocation.resource) ?? device;
  };
  const api = (request, url, body) => {
    const query = url.searchParams;
    const path = url.pathname.slice("/api/v1".length);
    const [, kind, id, sub] = path.split("/").map(decodeURIComponent);
    const active = fleet.allocations.filter((one) => one.status === "ALLOCATED");
    if (kind === "overview") {
      return { version: 1, generated_at: new Date().toISOString(), nodes: fleet.nodes.length, nodes_stale: fleet.nodes.filter((node) => node.stale).length, devices: fleet.devices.length,
        hottest: [{ device: fleet.devices[0]?.id, temperature_celsius: 81 }], hourly_cost_usd: active.reduce((sum, one) => sum + (one.cost_per_hour_usd ?? 0), 0),
        models: [], last_round: null, cluster: options.cluster ? { pods: options.cluster.pods.length, pods_gpu: 0, nodes_ready: 0, servers: 0, conflicts: 0 } : null };
    }
    if (kind === "cluster") return cluster_answer(options.cluster, path.split("/").slice(2).map(decodeURIComponent), query, page_of);
    if (kind === "metrics") return series_of(query);
    if (kind === "nodes" && id) {
      const node = fleet.nodes.find((one) => one.name === id);
      return node && { ...node, devices: fleet.devices.filter((device) => device.node === id) };
    }
    if (kind === "nodes") return page_of(fleet.nodes, query);
    if (kind === "devices" && sub === "metrics") return history_of(by_id.get(id), query);
    if (kind === "instances" && sub === "metrics") return history_of([...by_id.values()].flatMap((d) => d.instances).find((i) => i.id === id), query);
    if (kind === "devices" && id) return by_id.get(id);
    if (kind === "devices") return page_of(fleet.devices.filter((device) => !query.get("node") || device.node === query.get("node")), query);
    if (kind === "events") return { items: [{ at: new Date(Date.now() - 9e6).toISOString(), device: query.get("device"), uuid: null, gpu_instance_id: null, code: 31 }] };
    if (kind === "jobs") return { items: options.jobs ?? [] };
    if (kind === "targets") return { items: options.targets ?? [], next_cursor: null, total: 0 };
    if (kind === "allocations" && id && request.method === "GET") return fleet.allocations.find((one) => one.id === id);
    if (kind === "allocations" && request.method === "GET") {
      const status = query.get("status");
      const q = query.get("q") ?? "";
      return page_of(fleet.allocations.filter((one) => (!status || one.status === status) && JSON.stringify(one).includes(q)).reverse(), query);
    }
    if (kind === "allocations" && request.method === "DELETE") {
      const one = fleet.allocations.find((allocation) => allocation.id === id);
      Object.assign(one, { status: "RELEASED", released_at: new Date().toISOString(), total_cost_usd: 1.5 });
      Object.assign(resource_of(one), { allocation: null, free: true });
      send("allocation", one);
      return one;
    }
    if (kind === "allocations") {
      const free = fleet.devices.find((device) => device.free && (!body.model || device.model === body.model) && device.memory_mib >= (body.memory_gb ?? 0) * 1000);
      if (!free) {
        return { status: 409, title: "nothing fits", code: "RESOURCE_NOT_AVAILABLE", detail: "cannot allocate: no GPU has what is asked for",
          blocked_by: { "are held": fleet.devices.length - 20, "have too little memory": 14, "are not in service": 6 } };
      }
      const one = { ...fleet.allocations[0], ...body, id: `ALLOC-N${fleet.allocations.length}`, resource: free.id, device: free.id, node: free.node,
        resource_type: "FULL_GPU", status: "ALLOCATED", allocated_at: new Date().toISOString(), cost_per_hour_usd: free.usd };
      fleet.allocations.push(one);
      Object.assign(free, { allocation: one.id, free: false });
      send("allocation", one);
      return one;
    }
    return undefined;
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    if (url.pathname === "/api/v1/stream") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write('event: hello\ndata: {"version":1}\n\n');
      streams.add(response);
      request.on("close", () => streams.delete(response));
      return;
    }
    if (url.pathname.startsWith("/api/")) {
      let text = "";
      for await (const chunk of request) text += chunk;
      const answer = api(request, url, text ? JSON.parse(text) : undefined);
      response.writeHead(answer === undefined ? 404 : answer.code && answer.status ? answer.status : request.method === "POST" ? 201 : 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer ?? { status: 404, title: "not found" }));
      return;
    }
    const file = join(dist, url.pathname === "/" || !existsSync(join(dist, url.pathname)) ? "index.html" : url.pathname);
    response.writeHead(200, { "Content-Type": types[extname(file)] ?? "text/plain", "Content-Security-Policy": "default-src 'self'" });
    response.end(readFileSync(file));
  });
  const next = chance(99);
  const timer = setInterval(() => {
    const at = new Date().toISOString();
    const nodes = fleet.nodes.filter((node) => !node.stale && next() < (options.share ?? 0.3)).map((node) => ({
      name: node.name, observed_at: at, stale: false,
      devices: fleet.devices.filter((device) => device.node === node.name).map((device) => {
        const v = device.values;
        if (v.gpu_utilization_percent > 5) v.gpu_utilization_percent = Math.max(6, Math.min(100, Math.round(v.gpu_utilization_percent + 14 * (next() - 0.5))));
        return { id: device.id, util: v.gpu_utilization_percent ?? null, mem_used: v.memory_used_mib ?? null, temp: v.gpu_temperature_celsius ?? null,
          power: v.power_watts ?? null, state: device.state, allocation: device.allocation,
          instances: device.instances.map((part) => ({ id: part.id, util: Math.round(part.values.graphics_engine_active_ratio * 100), mem_used: part.values.memory_used_mib, allocation: part.allocation })) };
      }),
    }));
    send("readings", { at, nodes });
  }, 1000);
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        send,
        close: () => new Promise((done) => (clearInterval(timer), streams.forEach((stream) => stream.destroy()), server.close(() => done()), server.closeAllConnections())),
      }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const jobs = [{ id: "h", name: "history", state: "running", done: 2.4e6, total: 6.1e6, unit: "samples", started_at: null, finished_at: null, detail: "" }];
  const fleet = make_fleet(Number(process.argv[3] ?? 64));
  const { url } = await serve_fixture(Number(process.argv[2] ?? 5179), fleet, { jobs, cluster: make_cluster(fleet, { extra_pods: 500 }) });
  console.log(url);
}
