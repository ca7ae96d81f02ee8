// A made-up Kubernetes cluster around a made-up fleet, and what /api/v1/cluster says of it. Not shipped.

const engines = [["vllm", "meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"], ["sglang", "Qwen/Qwen3-32B", "qwen3-32b"]];
const kinds = ["nodes", "pods", "namespaces", "resourceclaims", "resourceslices", "nodes.metrics.k8s.io", "pods.metrics.k8s.io"];

const ago = (ms) => new Date(Date.now() - ms).toISOString();

function server_of(pod, index, gpus) {
  const [engine, model, served_model] = engines[index % engines.length];
  const silent = index % 7 === 6;
  return {
    namespace: pod.namespace, pod: pod.name, node: pod.node, engine, model, served_model, model_version: null, at: silent ? null : ago(4_000),
    last_error: silent ? "cannot read http://10.0.0.9:8000/metrics: connection refused" : null, gpus,
    values: {
      requests_running: silent ? null : 3 + index, requests_waiting: silent ? null : 0, prompt_tokens_total: 1e6, generation_tokens_total: 4e5, requests_total: 900,
      preemptions_total: 0, prompt_tokens_per_second: silent ? null : 410.25, generation_tokens_per_second: silent ? null : 120.5 + index,
      kv_cache_usage_ratio: silent ? null : 0.25, prefix_cache_hit_ratio: null, time_to_first_token_p50_seconds: silent ? null : 0.04,
      time_to_first_token_p95_seconds: silent ? null : 0.085, inter_token_latency_p50_seconds: silent ? null : 0.01, inter_token_latency_p95_seconds: silent ? null : 0.021,
    },
  };
}

function pod_of(namespace, name, node, gpus, more = {}) {
  const running = Boolean(node);
  return {
    namespace, name, uid: `uid-${namespace}-${name}`, node: node ?? null, phase: running ? "Running" : "Pending", reason: null, ready: running,
    created_at: ago(7.2e6), started_at: running ? ago(7e6) : null, deleted_at: null, ip: running ? "10.1.2.3" : null,
    controller: { kind: "ReplicaSet", name: name.replace(/-\d+$/, "") }, service_account: "default", priority_class: null,
    labels: { app: name.split("-")[0] }, annotations: {}, requests: { cpu: 4, memory: 34359738368, ...(gpus ? { "nvidia.com/gpu": gpus } : {}) },
    limits: gpus ? { "nvidia.com/gpu": gpus } : {}, usage: running ? { cpu: 1.5, memory: 17179869184, at: ago(9_000) } : null, gpu_requests: gpus, restarts: 0,
    containers: [{ name: "main", image: "registry.test/main:1", state: running ? "Running" : null, reason: null, ready: running, restarts: 0,
      started_at: running ? ago(7e6) : null, requests: {}, limits: {} }],
    devices: [], allocations: [], serving: null, unschedulable: running ? null : "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.", ...more,
  };
}

export function make_cluster(fleet, { extra_pods = 0 } = {}) {
  const pods = [];
  const holdings = [];
  const servers = [];
  for (const one of fleet.allocations.filter(({ status }) => status === "ALLOCATED")) {
    const name = `${one.pod}-${pods.length}`;
    const pod = pod_of(one.namespace, name, one.node, 1);
    const held = { resource: one.resource, device: one.device, container: "main", replica: null, sources: ["pod-resources", "exporter-labels"], since: ago(7e6) };
    pod.devices.push(held);
    pod.allocations.push(one.id);
    holdings.push({ ...held, node: one.node, namespace: pod.namespace, pod: name, allocation: one.id, user: one.user, team: one.team, project: null });
    if (one.team === "llm-serving") {
      pod.serving = server_of(pod, servers.length, [one.resource]);
      servers.push(pod.serving);
    }
    pods.push(pod);
  }
  pods.push(pod_of("team-research", "waits-0", undefined, 8));
  for (let i = 0; i < extra_pods; i++) pods.push(pod_of(`batch-${String(i % 40).padStart(2, "0")}`, `job-${String(i).padStart(5, "0")}`, fleet.nodes[i % fleet.nodes.length].name, 0));
  pods.sort((a, b) => (a.namespace + "/" + a.name < b.namespace + "/" + b.name ? -1 : 1));
  const nodes = fleet.nodes.map((node, i) => ({
    name: node.name, ready: !node.stale, unschedulable: i === 1, roles: ["gpu"], created_at: ago(9e8), internal_ip: node.address, kubelet_version: "v1.37.2",
    container_runtime: "containerd://2.1.0", operating_system: "linux", architecture: "amd64", kernel_version: "6.1.0", os_image: "Debian 12", labels: { zone: "a" },
    annotations: {}, taints: [{ key: "nvidia.com/gpu", value: null, effect: "NoSchedule" }],
    conditions: [{ type: "MemoryPressure", status: "False", reason: "KubeletHasSufficientMemory", message: "kubelet has sufficient memory", since: ago(8e8) },
      { type: "Ready", status: node.stale ? "Unknown" : "True", reason: "KubeletReady", message: "kubelet is posting ready status", since: ago(8e8) }],
    capacity: { cpu: 128, memory: 2199023255552, "nvidia.com/gpu": 8 }, allocatable: { cpu: 126, memory: 2190433320960, "nvidia.com/gpu": 8 },
    requested: { cpu: 32, memory: 274877906944, "nvidia.com/gpu": pods.filter((pod) => pod.node === node.name).reduce((sum, pod) => sum + pod.gpu_requests, 0) },
    usage: { cpu: 12.25, memory: 549755813888, at: ago(9_000) },
    gpus: { capacity: 8, allocatable: 8, requested: pods.filter((pod) => pod.node === node.name).reduce((sum, pod) => sum + pod.gpu_requests, 0),
      held: new Set(holdings.filter((one) => one.node === node.name).map((one) => one.resource)).size },
    pods: pods.filter((pod) => pod.node === node.name).length, pods_running: pods.filter((pod) => pod.node === node.name).length, in_fleet: true, devices: 8,
  }));
  const conflicts = holdings.slice(0, 1).map((one) => ({
    kind: "sources-disagree", resource: one.resource, device: one.device, node: one.node, allocation: one.allocation, since: ago(6e5),
    evidence: [{ source: "pod-resources", namespace: one.namespace, pod: one.pod, container: "main", resource_name: "nvidia.com/gpu", device_id: "GPU-1", gpu_instance: null, replica: null },
      { source: "exporter-labels", namespace: "team-speech", pod: "gone-0", container: "main", resource_name: null, device_id: "GPU-1", gpu_instance: null, replica: null }],
    detail: `the kubelet says that ${one.namespace}/${one.pod} has it, an exporter's labels say team-speech/gone-0`,
  }));
  const unplaced = [{ node: fleet.nodes[0].name, evidence: { ...conflicts[0]?.evidence[1], device_id: "GPU-unheard-of" }, why: "no GPU of the node has this UUID" }];
  return { nodes, pods, holdings, conflicts, unplaced, servers, kinds: kinds.map((kind) => ({
    kind, state: "live", error: null, synced_at: ago(3.6e6), heard_at: ago(2_000), lists: 1, events: 42, resource_version: "1234" })) };
}

function namespaces_of(cluster) {
  return [...new Set(cluster.pods.map((pod) => pod.namespace))].sort().map((name) => {
    const own = cluster.pods.filter((pod) => pod.namespace === name);
    return { name, phase: "Active", created_at: ago(9e8), labels: {}, pods: own.length, pods_running: own.filter((pod) => pod.phase === "Running").length,
      gpu_requests: own.reduce((sum, pod) => sum + pod.gpu_requests, 0), gpus_held: cluster.holdings.filter((one) => one.namespace === name).length, usage: null };
  });
}

function models_of(cluster) {
  const models = new Map();
  for (const server of cluster.servers) {
    const one = models.get(server.served_model) ?? { model: server.served_model, engines: [server.engine], servers: 0, servers_answering: 0, gpus: 0, requests_running: null,
      requests_waiting: null, prompt_tokens_per_second: null, generation_tokens_per_second: null, kv_cache_usage_ratio: 0.25, time_to_first_token_p95_seconds: 0.085 };
    one.servers++;
    one.gpus++;
    if (server.at) one.servers_answering++;
    for (const value of ["requests_running", "generation_tokens_per_second"]) if (server.values[value] !== null) one[value] = (one[value] ?? 0) + server.values[value];
    models.set(server.served_model, one);
  }
  return [...models.values()];
}

function summary_of(cluster) {
  const { pods, nodes } = cluster;
  return {
    configured: true, name: "seoul-1", server_version: "v1.37.2", version: 7, kinds: cluster.kinds, pods: pods.length,
    pods_running: pods.filter((pod) => pod.phase === "Running").length, pods_pending: pods.filter((pod) => pod.phase === "Pending").length,
    pods_gpu: pods.filter((pod) => pod.gpu_requests > 0).length, nodes: nodes.length, nodes_ready: nodes.filter((node) => node.ready).length,
    namespaces: namespaces_of(cluster).length, gpus_capacity: 8 * nodes.length, gpus_allocatable: 8 * nodes.length,
    gpus_requested: pods.filter((pod) => pod.node).reduce((sum, pod) => sum + pod.gpu_requests, 0), gpus_held: new Set(cluster.holdings.map((one) => one.resource)).size,
    cpu_usage_cores: 12.25 * nodes.length, cpu_allocatable_cores: 126 * nodes.length, memory_usage_bytes: 549755813888 * nodes.length,
    memory_allocatable_bytes: 2190433320960 * nodes.length, claims: 0, claims_allocated: 0, servers: cluster.servers.length, conflicts: cluster.conflicts.length,
    holdings: cluster.holdings.length, unplaced: cluster.unplaced.length, holdings_at: ago(1_000),
  };
}

const none = {
  configured: false, name: null, server_version: null, version: 0, kinds: kinds.map((kind) => ({ kind, state: "off", error: null, synced_at: null, heard_at: null,
    lists: 0, events: 0, resource_version: null })),
};

// `parts`: the path behind /cluster. Undefined: 404.
export function cluster_answer(cluster, parts, query, page_of) {
  const [kind, first, second] = parts;
  if (!kind) return cluster ? summary_of(cluster) : none;
  if (!cluster) return page_of([], query);
  const is = (name, value) => !query.get(name) || query.get(name) === String(value);
  const contains = (...texts) => texts.some((text) => (text ?? "").toLowerCase().includes((query.get("q") ?? "").toLowerCase()));
  if (kind === "nodes" && first) {
    const node = cluster.nodes.find(({ name }) => name === first);
    const own = cluster.pods.filter((pod) => pod.node === first);
    return node && { ...node, pod_list: own.map(({ namespace, name, phase, gpu_requests }) => ({ namespace, name, phase, gpu_requests })), device_list: [] };
  }
  if (kind === "nodes") return page_of(cluster.nodes.filter((node) => is("ready", node.ready) && contains(node.name)), query);
  if (kind === "pods" && first) return cluster.pods.find((pod) => pod.namespace === first && pod.name === second);
  if (kind === "pods") {
    return page_of(cluster.pods.filter((pod) => is("namespace", pod.namespace) && is("node", pod.node) && is("phase", pod.phase) && is("gpu", pod.gpu_requests > 0) &&
      is("serving", Boolean(pod.serving)) && contains(pod.name, pod.namespace, pod.node)), query);
  }
  if (kind === "namespaces") return page_of(namespaces_of(cluster).filter(({ name }) => contains(name)), query);
  if (kind === "servers") return page_of(cluster.servers.filter((one) => is("engine", one.engine) && contains(one.pod, one.served_model)), query);
  if (kind === "models") return page_of(models_of(cluster).filter((one) => contains(one.model) && is("engine", one.engines[0])), query);
  if (kind === "holdings") {
    return page_of(cluster.holdings.filter((one) => is("node", one.node) && is("namespace", one.namespace) && is("team", one.team) &&
      (is("resource", one.resource) || is("resource", one.device))), query);
  }
  if (kind === "conflicts") return page_of(cluster.conflicts, query);
  if (kind === "unplaced") return page_of(cluster.unplaced, query);
  return undefined;
}
