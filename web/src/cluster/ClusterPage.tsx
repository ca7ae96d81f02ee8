// How well the Kubernetes cluster is known, and what there is in it.

import type { Cluster, KindStatus } from "../api/cluster.ts";
import { Link, useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { bytes_text, type Column, ClusterFrame, cores_text, Figure, Panel, Table } from "./parts.tsx";

export function ClusterPage() {
  const { t, f } = useApp();
  return (
    <ClusterFrame title={t("kube.tab.cluster")}>
      {(cluster) => (
        <>
          <Totals cluster={cluster} />
          {Boolean(cluster.conflicts) && (
            <p class="notice bad">
              {t("kube.conflicts.some", { n: f.integer(cluster.conflicts) })} <Link to="/cluster/holdings">{t("kube.conflicts.show")}</Link>
            </p>
          )}
          <Panel title={t("kube.kinds")} note={t("kube.kinds.note")}>
            <Kinds kinds={cluster.kinds} />
          </Panel>
        </>
      )}
    </ClusterFrame>
  );
}

function Totals({ cluster }: { cluster: Cluster }) {
  const { t, f } = useApp();
  return (
    <section class="summary kube-summary" aria-label={t("kube.tab.cluster")}>
      <Figure id="version" name={cluster.name ?? t("kube.tab.cluster")} value={cluster.server_version ?? unknown} sub="Kubernetes" />
      <Figure id="kube-nodes" name={t("kube.tab.nodes")} value={f.integer(cluster.nodes)}
        sub={t("kube.ready.n", { n: f.integer(cluster.nodes_ready) })} />
      <Figure id="pods" name={t("kube.tab.pods")} value={f.integer(cluster.pods)}
        sub={t("kube.pods.sub", { running: f.integer(cluster.pods_running), pending: f.integer(cluster.pods_pending) })} />
      <Figure id="kube-gpus" name={t("kube.gpus")} value={f.integer(cluster.gpus_allocatable)}
        sub={t("kube.gpus.sub", { requested: f.integer(cluster.gpus_requested), held: f.integer(cluster.gpus_held) })} />
      <Figure id="cpu" name={t("kube.cpu")} value={cores_text(f, cluster.cpu_usage_cores)}
        sub={t("sum.memory.sub", { total: cores_text(f, cluster.cpu_allocatable_cores) })} />
      <Figure id="kube-memory" name={t("kube.memory")} value={bytes_text(f, cluster.memory_usage_bytes)}
        sub={t("sum.memory.sub", { total: bytes_text(f, cluster.memory_allocatable_bytes) })} />
      <Figure id="claims" name={t("kube.claims")} value={f.integer(cluster.claims)}
        sub={t("kube.claims.sub", { n: f.integer(cluster.claims_allocated) })} />
      <Figure id="servers" name={t("kube.servers")} value={f.integer(cluster.servers)} />
      <Figure id="conflicts" name={t("kube.conflicts")} value={f.integer(cluster.conflicts)} tone={cluster.conflicts ? "bad" : ""}
        sub={t("kube.conflicts.sub", { n: f.integer(cluster.holdings) })} />
    </section>
  );
}

function Kinds({ kinds }: { kinds: KindStatus[] }) {
  const { t, f } = useApp();
  const ago = (at: KindStatus["heard_at"]) => (at ? <span title={f.time(at)}>{f.ago(at, Date.now())}</span> : unknown);
  const tones = { live: "", stale: "bad", forbidden: "bad", syncing: "warn", unavailable: "status-RELEASED", off: "status-RELEASED" };
  const columns: Column<KindStatus>[] = [
    { name: t("kube.kind"), cell: ({ kind }) => <span class="mono">{kind}</span> },
    { name: t("kube.state"), cell: ({ state }) => <span class={`badge ${tones[state]}`} title={t(`kube.state.${state}.hint`)}>{t(`kube.state.${state}`)}</span> },
    { name: t("kube.synced"), cell: ({ synced_at }) => ago(synced_at) },
    { name: t("kube.heard"), cell: ({ heard_at }) => ago(heard_at) },
    { name: t("kube.lists"), number: true, cell: ({ lists }) => f.integer(lists) },
    { name: t("kube.events"), number: true, cell: ({ events }) => f.integer(events) },
    { name: t("empty.target.error"), cell: ({ error }) => <span class="mono wrap">{error ?? ""}</span> },
  ];
  return <Table label={t("kube.kinds")} columns={columns} items={kinds} id={({ kind }) => kind} />;
}
