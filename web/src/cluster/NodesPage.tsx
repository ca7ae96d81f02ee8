// The nodes of the Kubernetes cluster.

import type { ClusterNode } from "../api/cluster.ts";
import { useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { Choice } from "../fleet/FleetPage.tsx";
import { ClusterFrame, type Column, Count, ListTable, NodeLink, SearchField, Toolbar, usage_text, useFilters } from "./parts.tsx";
import { useList } from "./use_cluster.ts";

export function NodesPage() {
  const { t } = useApp();
  return <ClusterFrame title={t("kube.tab.nodes")}>{() => <Nodes />}</ClusterFrame>;
}

export function NodeBadges({ node }: { node: ClusterNode }) {
  const { t } = useApp();
  const pressures = node.conditions.filter(({ type, status }) => type !== "Ready" && status === "True");
  return (
    <>
      <span class={`badge ${node.ready ? "" : "bad"}`}>{node.ready ? t("kube.ready") : t("kube.not_ready")}</span>{" "}
      {node.unschedulable && <span class="badge warn">{t("kube.cordoned")}</span>}{" "}
      {pressures.map(({ type, message }) => (
        <span key={type} class="badge bad" title={message ?? ""}>
          {type}
        </span>
      ))}
    </>
  );
}

function Nodes() {
  const { t, f } = useApp();
  const { filters, set } = useFilters();
  const list = useList<ClusterNode>("/cluster/nodes", {
    q: filters.get("q") ?? undefined, ready: filters.get("ready") ?? undefined, gpu: filters.get("gpu") ?? undefined,
    label: filters.get("label") ?? undefined,
  });
  const columns: Column<ClusterNode>[] = [
    { name: t("field.node"), cell: ({ name }) => <NodeLink name={name} /> },
    { name: t("kube.state"), cell: (node) => <NodeBadges node={node} /> },
    { name: t("kube.roles"), cell: ({ roles }) => roles.join(", ") || unknown },
    { name: t("kube.gpus.allocatable"), number: true, cell: ({ gpus }) => f.integer(gpus.allocatable) },
    { name: t("kube.gpus.requested"), number: true, cell: ({ gpus }) => f.integer(gpus.requested) },
    { name: t("kube.gpus.held"), number: true, cell: ({ gpus }) => f.integer(gpus.held) },
    { name: t("kube.gpus.observed"), number: true, cell: ({ devices, in_fleet }) => (in_fleet ? f.integer(devices) : unknown) },
    { name: t("kube.tab.pods"), number: true, cell: ({ pods }) => f.integer(pods) },
    { name: t("kube.usage"), number: true, cell: ({ usage }) => usage_text(f, usage) },
    { name: t("kube.kubelet"), cell: ({ kubelet_version }) => kubelet_version ?? unknown },
  ];
  return (
    <>
      <Toolbar>
        <SearchField name={t("kube.search.nodes")} value={filters.get("q") ?? ""} change={(value) => set("q", value)} main />
        <Choice label={t("kube.ready")} value={filters.get("ready") ?? ""} change={(value) => set("ready", value)}
          options={[["", t("kube.ready.any")], ["true", t("kube.ready")], ["false", t("kube.not_ready")]]} />
        <Choice label={t("kube.gpus")} value={filters.get("gpu") ?? ""} change={(value) => set("gpu", value)}
          options={[["", t("kube.gpu.any.nodes")], ["true", t("kube.gpu.with")], ["false", t("kube.gpu.without")]]} />
        <SearchField name={t("kube.label")} value={filters.get("label") ?? ""} change={(value) => set("label", value)} />
        <Count list={list} />
      </Toolbar>
      <ListTable list={list} label={t("kube.tab.nodes")} columns={columns} id={({ name }) => name} none={t("kube.none.nodes")} />
    </>
  );
}
