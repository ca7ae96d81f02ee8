// The pods of the Kubernetes cluster.

import { type Pod, pod_phases } from "../api/cluster.ts";
import { useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { Choice } from "../fleet/FleetPage.tsx";
import {
  ClusterFrame, type Column, Count, DeviceLinks, ListTable, NodeLink, PodLink, PodStatus, SearchField, Toolbar, usage_text, useFilters,
} from "./parts.tsx";
import { useList } from "./use_cluster.ts";

const shown_fields =
  "namespace,name,node,phase,reason,ready,created_at,deleted_at,usage,gpu_requests,restarts,containers,devices,serving,unschedulable";

export function PodsPage() {
  const { t } = useApp();
  return <ClusterFrame title={t("kube.tab.pods")}>{() => <Pods />}</ClusterFrame>;
}

function Pods() {
  const { t, f } = useApp();
  const { filters, set } = useFilters();
  const given = (name: string) => filters.get(name) ?? undefined;
  const list = useList<Pod>("/cluster/pods", {
    q: given("q"), namespace: given("namespace"), node: given("node"), phase: given("phase"), gpu: given("gpu"), serving: given("serving"),
    label: given("label"), sort: given("sort"), fields: shown_fields,
  });
  const columns: Column<Pod>[] = [
    { name: t("alloc.pod"), cell: ({ namespace, name }) => <PodLink namespace={namespace} pod={name} /> },
    { name: t("kube.state"), cell: (pod) => <PodStatus pod={pod} /> },
    { name: t("kube.containers"), number: true, cell: ({ containers }) => `${containers.filter(({ ready }) => ready).length}/${containers.length}` },
    { name: t("kube.restarts"), number: true, cell: ({ restarts }) => f.integer(restarts) },
    { name: t("kube.gpus"), number: true, cell: ({ gpu_requests }) => f.integer(gpu_requests) },
    { name: t("kube.devices"), cell: ({ devices }) => <DeviceLinks devices={devices} /> },
    { name: t("kube.model"), cell: ({ serving }) => serving?.served_model || serving?.model || unknown },
    { name: t("kube.usage"), number: true, cell: ({ usage }) => usage_text(f, usage) },
    { name: t("field.node"), cell: ({ node }) => <NodeLink name={node} /> },
    { name: t("kube.age"), cell: ({ created_at }) => (created_at ? <span title={f.time(created_at)}>{f.ago(created_at, Date.now())}</span> : unknown) },
  ];
  return (
    <>
      <Toolbar>
        <SearchField name={t("kube.search.pods")} value={given("q") ?? ""} change={(value) => set("q", value)} main />
        <SearchField name={t("alloc.namespace")} value={given("namespace") ?? ""} change={(value) => set("namespace", value)} />
        <SearchField name={t("field.node")} value={given("node") ?? ""} change={(value) => set("node", value)} />
        <Choice label={t("kube.phase")} value={given("phase") ?? ""} change={(value) => set("phase", value)}
          options={[["", t("kube.phase.any")], ...pod_phases.map((phase): [string, string] => [phase, phase])]} />
        <Choice label={t("kube.gpus")} value={given("gpu") ?? ""} change={(value) => set("gpu", value)}
          options={[["", t("kube.gpu.any")], ["true", t("kube.gpu.with")], ["false", t("kube.gpu.without")]]} />
        <Choice label={t("kube.servers")} value={given("serving") ?? ""} change={(value) => set("serving", value)}
          options={[["", t("kube.serving.any")], ["true", t("kube.serving.yes")], ["false", t("kube.serving.no")]]} />
        <Choice label={t("sort.label")} value={given("sort") ?? ""} change={(value) => set("sort", value)}
          options={[["", t("sort.name")], ["-gpu_requests", t("kube.sort.gpus")], ["-created_at", t("kube.sort.newest")],
            ["-restarts", t("kube.sort.restarts")]]} />
        <Count list={list} />
      </Toolbar>
      <ListTable list={list} label={t("kube.tab.pods")} columns={columns} id={({ namespace, name }) => `${namespace}/${name}`}
        none={filters.size > 0 ? t("kube.none.filter") : t("kube.none.pods")} />
    </>
  );
}
