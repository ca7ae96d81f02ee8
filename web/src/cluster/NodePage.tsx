// One node of the Kubernetes cluster: down to its GPUs, their slices, and the pods that hold them.

import { useEffect, useState } from "preact/hooks";
import { get_all } from "../api/client.ts";
import type { ClusterNode, Holding } from "../api/cluster.ts";
import type { Device } from "../api/types.ts";
import { gpu_address, Link, useApp, useNews } from "../app/context.tsx";
import { device_utilization } from "../fleet/fleet.ts";
import { unknown } from "../format.ts";
import { Pairs } from "../view/GpuPage.tsx";
import { NodeBadges } from "./NodesPage.tsx";
import { amount_text, ClusterFrame, type Column, ErrorText, Panel, PodLink, Table, usage_text } from "./parts.tsx";
import { useList, useRecord } from "./use_cluster.ts";

export function NodePage({ name }: { name: string }) {
  const { t } = useApp();
  const { data: node, error } = useRecord<ClusterNode>(`/cluster/nodes/${encodeURIComponent(name)}`);
  return (
    <ClusterFrame title={name} badge={node && <NodeBadges node={node} />} crumbs={<Link to="/cluster/nodes">{t("kube.tab.nodes")}</Link>}>
      {() => (
        <>
          {error && <ErrorText error={error} />}
          {node && (
            <div class="gpu-columns">
              <div class="gpu-main">
                <Panel title={t("kube.node.gpus")} note={t("kube.node.gpus.note")}>
                  <Gpus node={node} />
                </Panel>
                <Panel title={t("kube.tab.pods")}>
                  <Pods node={node} />
                </Panel>
                <Panel title={t("kube.conditions")}>
                  <Conditions node={node} />
                </Panel>
              </div>
              <aside class="gpu-side">
                <Panel title={t("kube.resources")}>
                  <Resources node={node} />
                </Panel>
                <Panel title={t("gpu.identity")}>
                  <Identity node={node} />
                </Panel>
              </aside>
            </div>
          )}
        </>
      )}
    </ClusterFrame>
  );
}

// The node's GPUs as the fleet has them, anew when the fleet's structure changes.
function useDevices(node: string): Device[] | undefined {
  const [devices, set_devices] = useState<Device[]>();
  const structure = useNews(["structure", "allocations"]);
  useEffect(() => {
    let wanted = true;
    get_all<Device>("/devices", { node })
      .then((found) => wanted && set_devices(found))
      .catch(() => undefined); // the page says already that the server does not answer
    return () => void (wanted = false);
  }, [node, structure]);
  return devices;
}

interface GpuRow {
  id: string;
  device: string;
  slice: string; // empty: the whole GPU
  what: string;
  use: string;
  memory: string;
  holders: Holding[];
}

function Gpus({ node }: { node: ClusterNode }) {
  const { t, f } = useApp();
  const devices = useDevices(node.name);
  const held = useList<Holding>("/cluster/holdings", { node: node.name });
  useNews(["readings"]);
  if (!node.in_fleet) return <p class="muted">{t("kube.node.unobserved")}</p>;
  if (!devices) return <p class="muted" role="status">{t("load.any")}</p>;
  const of = (id: string) => held.items.filter(({ resource }) => resource === id);
  const rows: GpuRow[] = devices.flatMap((device) => [
    {
      id: device.id, device: device.id, slice: "", what: device.model_name ?? device.product_name ?? unknown, holders: of(device.id),
      use: f.percent(device_utilization(device)), memory: f.memory(device.values["memory_used_mib"]),
    },
    ...device.instances.map((one): GpuRow => ({
      id: one.id, device: device.id, slice: one.id.slice(device.id.length + 1), what: one.profile, holders: of(one.id),
      use: f.percent(one.values["graphics_engine_active_ratio"] === undefined ? undefined : one.values["graphics_engine_active_ratio"] * 100),
      memory: f.memory(one.values["memory_used_mib"]),
    })),
  ]);
  const columns: Column<GpuRow>[] = [
    {
      name: t("alloc.resource"),
      cell: (row) => (row.slice ? <span class="slice-row">└ <Link to={gpu_address(row.device)}>{row.slice}</Link></span> : <Link to={gpu_address(row.device)}>{row.device}</Link>),
    },
    { name: t("field.model"), cell: ({ what }) => what },
    { name: t("colour.utilization"), number: true, cell: ({ use }) => use },
    { name: t("colour.memory"), number: true, cell: ({ memory }) => memory },
    { name: t("kube.holders"), cell: ({ holders }) => <HolderLinks holders={holders} /> },
  ];
  if (rows.length === 0) return <p class="muted">{t("grid.no_gpus")}</p>;
  return <Table label={t("kube.node.gpus")} columns={columns} items={rows} id={({ id }) => id} />;
}

export function HolderLinks({ holders }: { holders: readonly Pick<Holding, "namespace" | "pod" | "container" | "replica" | "sources">[] }) {
  const { t } = useApp();
  if (holders.length === 0) return <>{unknown}</>;
  return (
    <>
      {holders.map((one, i) => (
        <span key={i} class="listed" title={one.sources.map((source) => t(source_key(source))).join(", ")}>
          <PodLink namespace={one.namespace} pod={one.pod} />
          {one.replica !== null && one.replica !== undefined && <span class="muted"> {t("kube.share", { n: one.replica })}</span>}
        </span>
      ))}
    </>
  );
}

export function source_key(source: string) {
  switch (source) {
    case "pod-resources":
      return "kube.source.pod-resources";
    case "resource-claim":
      return "kube.source.resource-claim";
    default:
      return "kube.source.exporter-labels";
  }
}

function Pods({ node }: { node: ClusterNode }) {
  const { t, f } = useApp();
  const pods = [...(node.pod_list ?? [])].sort((a, b) => b.gpu_requests - a.gpu_requests);
  if (pods.length === 0) return <p class="muted">{t("kube.none.pods")}</p>;
  return (
    <Table
      label={t("kube.tab.pods")}
      columns={[
        { name: t("alloc.pod"), cell: (pod) => <PodLink namespace={pod.namespace} pod={pod.name} /> },
        { name: t("kube.state"), cell: (pod) => pod.phase },
        { name: t("kube.gpus"), number: true, cell: (pod) => f.integer(pod.gpu_requests) },
      ]}
      items={pods}
      id={(pod) => `${pod.namespace}/${pod.name}`}
    />
  );
}

function Conditions({ node }: { node: ClusterNode }) {
  const { t, f } = useApp();
  return (
    <Table
      label={t("kube.conditions")}
      columns={[
        { name: t("kube.condition"), cell: ({ type }) => type },
        { name: t("kube.state"), cell: ({ status }) => status },
        { name: t("kube.since"), cell: ({ since }) => (since ? <span title={f.time(since)}>{f.ago(since, Date.now())}</span> : unknown) },
        { name: t("kube.reason"), cell: ({ reason }) => reason ?? unknown },
        { name: t("kube.message"), cell: ({ message }) => <span class="wrap">{message ?? ""}</span> },
      ]}
      items={node.conditions}
      id={({ type }) => type}
    />
  );
}

function Resources({ node }: { node: ClusterNode }) {
  const { t, f } = useApp();
  // Slices and shares are asked for under names that the node does not always offer; pods ask for no "pods".
  const names = [...new Set([...Object.keys(node.capacity), ...Object.keys(node.requested ?? {})])];
  const asked = (name: string) => (name === "pods" ? node.pods : node.requested && (node.requested[name] ?? 0));
  return (
    <Table
      label={t("kube.resources")}
      columns={[
        { name: t("kube.resource"), cell: (name) => name },
        { name: t("kube.gpus.allocatable"), number: true, cell: (name) => amount_text(f, name, node.allocatable[name]) },
        { name: t("kube.gpus.requested"), number: true, cell: (name) => amount_text(f, name, asked(name)) },
      ]}
      items={names}
      id={(name) => name}
    />
  );
}

function Identity({ node }: { node: ClusterNode }) {
  const { t, f } = useApp();
  const rows: [string, string][] = [
    [t("kube.usage"), usage_text(f, node.usage)],
    [`GPU · ${t("kube.gpus.held")}`, f.integer(node.gpus.held)],
    [t("kube.roles"), node.roles.join(", ") || unknown],
    [t("field.address"), node.internal_ip ?? unknown],
    [t("kube.kubelet"), node.kubelet_version ?? unknown],
    [t("kube.runtime"), node.container_runtime ?? unknown],
    [t("kube.os"), node.os_image ?? unknown],
    [t("kube.kernel"), node.kernel_version ?? unknown],
    [t("field.architecture"), node.architecture ?? unknown],
    [t("kube.created"), f.time(node.created_at)],
    [t("kube.taints"), node.taints.map(({ key, value, effect }) => `${key}${value ? `=${value}` : ""}:${effect}`).join(", ") || unknown],
  ];
  return <Pairs rows={rows} />;
}
