// Who really holds what, who says so, and where that is not clear.

import type { Conflict, HolderEvidence, Holding, Unplaced } from "../api/cluster.ts";
import { useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import {
  ClusterFrame, type Column, Count, ListTable, NodeLink, Panel, PodLink, ResourceLink, SearchField, Toolbar, useFilters,
} from "./parts.tsx";
import { source_key } from "./NodePage.tsx";
import { useList } from "./use_cluster.ts";

export function HoldingsPage() {
  const { t } = useApp();
  return (
    <ClusterFrame title={t("kube.tab.holdings")}>
      {(cluster) => (
        <>
          <Conflicts count={cluster.conflicts ?? 0} />
          <Holdings />
          {Boolean(cluster.unplaced) && <UnplacedEvidence />}
        </>
      )}
    </ClusterFrame>
  );
}

function Evidence({ all }: { all: readonly HolderEvidence[] }) {
  const { t } = useApp();
  return (
    <>
      {all.map((one, i) => (
        <span key={i} class="listed" title={one.device_id ?? ""}>
          {t(source_key(one.source))}: <PodLink namespace={one.namespace} pod={one.pod} />
        </span>
      ))}
    </>
  );
}

function Conflicts({ count }: { count: number }) {
  const { t, f } = useApp();
  const list = useList<Conflict>("/cluster/conflicts", {});
  const columns: Column<Conflict>[] = [
    { name: t("kube.conflict"), cell: ({ kind }) => <span class="badge bad">{t(`kube.conflict.${kind}`)}</span> },
    { name: t("alloc.resource"), cell: ({ resource, device }) => <ResourceLink resource={resource} device={device} /> },
    { name: t("kube.conflict.detail"), cell: ({ detail }) => <span class="wrap">{detail ?? ""}</span> },
    { name: t("kube.evidence"), cell: ({ evidence }) => <Evidence all={evidence} /> },
    { name: t("alloc.id"), cell: ({ allocation }) => allocation ?? unknown },
    { name: t("alloc.since"), cell: ({ since }) => (since ? <span title={f.time(since)}>{f.ago(since, Date.now())}</span> : unknown) },
  ];
  if (count === 0 && list.items.length === 0 && !list.error) return <p class="notice good">{t("kube.conflicts.none")}</p>;
  return (
    <Panel title={t("kube.conflicts")}>
      <ListTable list={list} label={t("kube.conflicts")} columns={columns} none={t("kube.conflicts.none")}
        id={({ kind, resource, detail }) => `${kind} ${resource} ${detail ?? ""}`} />
    </Panel>
  );
}

function Holdings() {
  const { t, f } = useApp();
  const { filters, set } = useFilters();
  const given = (name: string) => filters.get(name) ?? undefined;
  const list = useList<Holding>("/cluster/holdings", {
    resource: given("resource"), namespace: given("namespace"), node: given("node"), team: given("team"),
  });
  const columns: Column<Holding>[] = [
    { name: t("alloc.resource"), cell: ({ resource, device }) => <ResourceLink resource={resource} device={device} /> },
    { name: t("kube.share.title"), number: true, cell: ({ replica }) => f.integer(replica) },
    { name: t("alloc.pod"), cell: ({ namespace, pod }) => <PodLink namespace={namespace} pod={pod} /> },
    { name: t("alloc.container"), cell: ({ container }) => container ?? unknown },
    { name: t("kube.sources"), cell: ({ sources }) => sources.map((source) => t(source_key(source))).join(", ") },
    { name: t("alloc.id"), cell: ({ allocation }) => allocation ?? unknown },
    { name: t("alloc.team"), cell: ({ team }) => team ?? unknown },
    { name: t("field.node"), cell: ({ node }) => <NodeLink name={node} /> },
    { name: t("alloc.since"), cell: ({ since }) => (since ? <span title={f.time(since)}>{f.ago(since, Date.now())}</span> : unknown) },
  ];
  return (
    <>
      <Toolbar>
        <SearchField name={t("alloc.resource")} value={given("resource") ?? ""} change={(value) => set("resource", value)} main />
        <SearchField name={t("alloc.namespace")} value={given("namespace") ?? ""} change={(value) => set("namespace", value)} />
        <SearchField name={t("field.node")} value={given("node") ?? ""} change={(value) => set("node", value)} />
        <SearchField name={t("alloc.team")} value={given("team") ?? ""} change={(value) => set("team", value)} />
        <Count list={list} />
      </Toolbar>
      <ListTable list={list} label={t("kube.tab.holdings")} columns={columns} none={filters.size > 0 ? t("kube.none.filter") : t("kube.none.holdings")}
        id={(one) => `${one.resource} ${one.namespace}/${one.pod}/${one.container ?? ""} ${one.replica ?? ""}`} />
    </>
  );
}

function UnplacedEvidence() {
  const { t } = useApp();
  const list = useList<Unplaced>("/cluster/unplaced", {});
  const columns: Column<Unplaced>[] = [
    { name: t("field.node"), cell: ({ node }) => <NodeLink name={node} /> },
    { name: t("kube.evidence"), cell: ({ evidence }) => <Evidence all={[evidence]} /> },
    { name: t("kube.device_id"), cell: ({ evidence }) => <span class="mono">{evidence.device_id ?? unknown}</span> },
    { name: t("kube.why"), cell: ({ why }) => <span class="wrap">{why ?? ""}</span> },
  ];
  return (
    <Panel title={t("kube.unplaced")} note={t("kube.unplaced.note")}>
      <ListTable list={list} label={t("kube.unplaced")} columns={columns} none={t("kube.none.filter")}
        id={({ node, evidence }) => `${node ?? ""} ${evidence.source} ${evidence.pod ?? ""} ${evidence.device_id ?? ""}`} />
    </Panel>
  );
}
