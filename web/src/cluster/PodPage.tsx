// One pod: its containers, what it asks for and holds, and how well it serves.

import type { Pod, Server } from "../api/cluster.ts";
import { Link, useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { Pairs } from "../view/GpuPage.tsx";
import { source_key } from "./NodePage.tsx";
import {
  amount_text, ClusterFrame, type Column, ErrorText, NodeLink, Panel, PodStatus, ResourceLink, Table, usage_text,
} from "./parts.tsx";
import { ServingCharts, ServingValues } from "./Serving.tsx";
import { useRecord } from "./use_cluster.ts";

export function PodPage({ namespace, name }: { namespace: string; name: string }) {
  const { t } = useApp();
  const { data: pod, error } = useRecord<Pod>(`/cluster/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`);
  const crumbs = (
    <>
      <Link to="/cluster/pods">{t("kube.tab.pods")}</Link> /{" "}
      <Link to={`/cluster/pods?namespace=${encodeURIComponent(namespace)}`}>{namespace}</Link>
    </>
  );
  return (
    <ClusterFrame title={name} crumbs={crumbs} badge={pod && <PodStatus pod={pod} />}>
      {() => (
        <>
          {error && <ErrorText error={error} />}
          {pod?.unschedulable && <p class="notice warn">{t("kube.unschedulable", { why: pod.unschedulable })}</p>}
          {pod && (
            <div class="gpu-columns">
              <div class="gpu-main">
                <Panel title={t("kube.devices")}>
                  <Devices pod={pod} />
                </Panel>
                {pod.serving && <Serving server={pod.serving} />}
                <Panel title={t("kube.containers")}>
                  <Containers pod={pod} />
                </Panel>
              </div>
              <aside class="gpu-side">
                <Panel title={t("gpu.identity")}>
                  <p>
                    {t("field.node")}: <NodeLink name={pod.node} />
                  </p>
                  <Identity pod={pod} />
                </Panel>
                <Panel title={t("kube.resources")}>
                  <Resources pod={pod} />
                </Panel>
              </aside>
            </div>
          )}
        </>
      )}
    </ClusterFrame>
  );
}

function Devices({ pod }: { pod: Pod }) {
  const { t, f } = useApp();
  if (pod.devices.length === 0) return <p class="muted">{pod.gpu_requests > 0 ? t("kube.devices.unseen") : t("kube.devices.none")}</p>;
  const columns: Column<Pod["devices"][number]>[] = [
    { name: t("alloc.resource"), cell: ({ resource, device }) => <ResourceLink resource={resource} device={device} /> },
    { name: t("kube.share.title"), number: true, cell: ({ replica }) => f.integer(replica) },
    { name: t("alloc.container"), cell: ({ container }) => container ?? unknown },
    { name: t("kube.sources"), cell: ({ sources }) => sources.map((source) => t(source_key(source))).join(", ") },
    { name: t("alloc.since"), cell: ({ since }) => f.time(since) },
  ];
  return <Table label={t("kube.devices")} columns={columns} items={pod.devices} id={(one) => `${one.resource}.${one.container}.${one.replica}`} />;
}

function Serving({ server }: { server: Server }) {
  const { t } = useApp();
  return (
    <Panel title={t("kube.serving")} note={[server.served_model ?? server.model, server.engine].filter(Boolean).join(" · ")}>
      {server.last_error && <p class="problem mono">{server.last_error}</p>}
      <ServingValues values={server.values} />
      <ServingCharts resource={`pod/${server.namespace}/${server.pod}`} />
    </Panel>
  );
}

function Containers({ pod }: { pod: Pod }) {
  const { t, f } = useApp();
  const columns: Column<Pod["containers"][number]>[] = [
    { name: t("gpu.process"), cell: ({ name }) => name },
    { name: t("kube.state"), cell: ({ state, reason }) => [state ?? unknown, reason].filter(Boolean).join(" · ") },
    { name: t("kube.restarts"), number: true, cell: ({ restarts }) => f.integer(restarts) },
    { name: t("kube.started"), cell: ({ started_at }) => f.time(started_at) },
    { name: t("kube.image"), cell: ({ image }) => <span class="mono wrap">{image}</span> },
  ];
  return <Table label={t("kube.containers")} columns={columns} items={pod.containers} id={({ name }) => name} />;
}

function Identity({ pod }: { pod: Pod }) {
  const { t, f } = useApp();
  const rows: [string, string][] = [
    [t("alloc.namespace"), pod.namespace],
    [t("kube.controller"), pod.controller ? `${pod.controller.kind}/${pod.controller.name}` : unknown],
    [t("kube.usage"), usage_text(f, pod.usage)],
    [t("alloc.id"), pod.allocations.join(", ") || unknown],
    [t("kube.ip"), pod.ip ?? unknown],
    [t("kube.account"), pod.service_account ?? unknown],
    [t("alloc.priority"), pod.priority_class ?? unknown],
    [t("kube.created"), f.time(pod.created_at)],
    [t("kube.started"), f.time(pod.started_at)],
    ["UID", pod.uid ?? unknown],
    ...Object.entries(pod.labels).map(([key, value]): [string, string] => [key, value || unknown]),
  ];
  return <Pairs rows={rows} />;
}

function Resources({ pod }: { pod: Pod }) {
  const { t, f } = useApp();
  const names = [...new Set([...Object.keys(pod.requests), ...Object.keys(pod.limits)])];
  if (names.length === 0) return <p class="muted">{t("kube.resources.none")}</p>;
  return (
    <Table
      label={t("kube.resources")}
      columns={[
        { name: t("kube.resource"), cell: (name) => name },
        { name: t("kube.requests"), number: true, cell: (name) => amount_text(f, name, pod.requests[name]) },
        { name: t("kube.limits"), number: true, cell: (name) => amount_text(f, name, pod.limits[name]) },
      ]}
      items={names}
      id={(name) => name}
    />
  );
}
