// Resource claims: who gets devices through DRA, which, and what waits for one.

import type { Claim } from "../api/cluster.ts";
import { useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { Choice } from "../fleet/FleetPage.tsx";
import { ClusterFrame, type Column, Count, ListTable, PodLink, ResourceLink, SearchField, Toolbar, useFilters } from "./parts.tsx";
import { useList } from "./use_cluster.ts";

export function ClaimsPage() {
  const { t } = useApp();
  return <ClusterFrame title={t("kube.claims")}>{() => <Claims />}</ClusterFrame>;
}

function Claims() {
  const { t, f } = useApp();
  const { filters, set } = useFilters();
  const given = (name: string) => filters.get(name) ?? undefined;
  const list = useList<Claim>("/cluster/claims", { q: given("q"), namespace: given("namespace"), allocated: given("allocated") });
  const columns: Column<Claim>[] = [
    {
      name: t("kube.claim"),
      cell: ({ namespace, name }) => (
        <>
          <span class="muted">{namespace}/</span>
          {name}
        </>
      ),
    },
    {
      name: t("kube.state"),
      cell: ({ devices }) => <span class={`badge ${devices.length ? "" : "warn"}`}>{t(devices.length ? "kube.claim.allocated" : "kube.claim.pending")}</span>,
    },
    { name: t("kube.claim.devices"), cell: ({ devices }) => <Devices devices={devices} /> },
    {
      name: t("kube.claim.pods"),
      cell: ({ namespace, reserved_for }) =>
        reserved_for.length === 0
          ? unknown
          : reserved_for.map((pod) => (
              <span key={pod} class="listed">
                <PodLink namespace={namespace} pod={pod} />
              </span>
            )),
    },
    { name: t("kube.age"), cell: ({ created_at }) => (created_at ? <span title={f.time(created_at)}>{f.ago(created_at, Date.now())}</span> : unknown) },
  ];
  return (
    <>
      <Toolbar>
        <SearchField name={t("kube.search.claims")} value={given("q") ?? ""} change={(value) => set("q", value)} main />
        <SearchField name={t("alloc.namespace")} value={given("namespace") ?? ""} change={(value) => set("namespace", value)} />
        <Choice label={t("kube.state")} value={given("allocated") ?? ""} change={(value) => set("allocated", value)}
          options={[["", t("kube.claim.any")], ["true", t("kube.claim.allocated")], ["false", t("kube.claim.pending")]]} />
        <Count list={list} />
      </Toolbar>
      <ListTable list={list} label={t("kube.claims")} columns={columns} id={({ namespace, name }) => `${namespace}/${name}`}
        none={filters.size > 0 ? t("kube.none.filter") : t("kube.none.claims")} />
    </>
  );
}

// A device of the fleet is a link; one that Reeve does not observe goes by the driver's name for it.
function Devices({ devices }: { devices: Claim["devices"] }) {
  if (devices.length === 0) return <>{unknown}</>;
  return (
    <>
      {devices.map(({ request, driver, pool, device, resource }) => (
        <span key={`${request}.${driver}.${pool}.${device}`} class="listed" title={`${driver}/${pool}/${device}`}>
          {resource ? <ResourceLink resource={resource} device={resource.replace(/-MIG-.*$/, "")} /> : <span class="mono">{`${pool}/${device}`}</span>}
        </span>
      ))}
    </>
  );
}
