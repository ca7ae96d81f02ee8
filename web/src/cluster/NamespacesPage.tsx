// The namespaces of the Kubernetes cluster, with sums over their pods.

import type { Namespace } from "../api/cluster.ts";
import { Link, useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { Choice } from "../fleet/FleetPage.tsx";
import { ClusterFrame, type Column, Count, ListTable, SearchField, Toolbar, usage_text, useFilters } from "./parts.tsx";
import { useList } from "./use_cluster.ts";

export function NamespacesPage() {
  const { t } = useApp();
  return <ClusterFrame title={t("kube.tab.namespaces")}>{() => <Namespaces />}</ClusterFrame>;
}

function Namespaces() {
  const { t, f } = useApp();
  const { filters, set } = useFilters();
  const list = useList<Namespace>("/cluster/namespaces", { q: filters.get("q") ?? undefined, sort: filters.get("sort") ?? undefined });
  const columns: Column<Namespace>[] = [
    { name: t("alloc.namespace"), cell: ({ name }) => <Link to={`/cluster/pods?namespace=${encodeURIComponent(name)}`}>{name}</Link> },
    {
      name: t("kube.state"),
      cell: ({ phase }) => (phase ? <span class={`badge ${phase === "Active" ? "" : "warn"}`}>{phase}</span> : unknown),
    },
    { name: t("kube.tab.pods"), number: true, cell: ({ pods }) => f.integer(pods) },
    { name: t("kube.running"), number: true, cell: ({ pods_running }) => f.integer(pods_running) },
    { name: t("kube.gpus.requested"), number: true, cell: ({ gpu_requests }) => f.integer(gpu_requests) },
    { name: t("kube.gpus.held"), number: true, cell: ({ gpus_held }) => f.integer(gpus_held) },
    { name: t("kube.usage"), number: true, cell: ({ usage }) => usage_text(f, usage) },
    { name: t("kube.age"), cell: ({ created_at }) => (created_at ? <span title={f.time(created_at)}>{f.ago(created_at, Date.now())}</span> : unknown) },
  ];
  return (
    <>
      <Toolbar>
        <SearchField name={t("kube.search.namespaces")} value={filters.get("q") ?? ""} change={(value) => set("q", value)} main />
        <Choice label={t("sort.label")} value={filters.get("sort") ?? ""} change={(value) => set("sort", value)}
          options={[["", t("sort.name")], ["-gpu_requests", t("kube.sort.gpus")], ["-gpus_held", t("kube.sort.held")], ["-pods", t("kube.sort.pods")]]} />
        <Count list={list} />
      </Toolbar>
      <ListTable list={list} label={t("kube.tab.namespaces")} columns={columns} id={({ name }) => name} none={t("kube.none.filter")} />
    </>
  );
}
