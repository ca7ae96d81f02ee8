// What the pages of the Kubernetes cluster are put together from: the frame with its tabs, tables, badges, links.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { ApiError } from "../api/client.ts";
import type { Cluster, Pod, PodDevice, Usage } from "../api/cluster.ts";
import type { Maybe } from "../api/types.ts";
import { gpu_address, Link, navigate, useAddress, useApp } from "../app/context.tsx";
import { type Formats, unknown } from "../format.ts";
import type { Key } from "../i18n/index.ts";
import { type List, useCluster } from "./use_cluster.ts";

export const pod_address = (namespace: string, name: string) => `/cluster/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
export const node_address = (name: string) => `/cluster/nodes/${encodeURIComponent(name)}`;

const tabs: readonly { to: string; key: Key }[] = [
  { to: "/cluster", key: "kube.tab.cluster" },
  { to: "/cluster/nodes", key: "kube.tab.nodes" },
  { to: "/cluster/pods", key: "kube.tab.pods" },
  { to: "/cluster/namespaces", key: "kube.tab.namespaces" },
  { to: "/cluster/models", key: "kube.tab.models" },
  { to: "/cluster/holdings", key: "kube.tab.holdings" },
  { to: "/cluster/claims", key: "kube.tab.claims" },
];

interface FrameProps {
  title: string;
  crumbs?: ComponentChildren;
  badge?: ComponentChildren;
  children(cluster: Cluster): ComponentChildren;
}

// Every page of the cluster: tabs, what is not well known, and the page itself once a cluster is configured.
export function ClusterFrame({ title, crumbs, badge, children }: FrameProps) {
  const { t } = useApp();
  const { path } = useAddress();
  const { data, error } = useCluster();
  return (
    <div class="page kube">
      <nav class="tabs" aria-label={t("kube.tabs")}>
        {tabs.map(({ to, key }) => (
          <Link key={to} to={to} current={path === to || (to !== "/cluster" && path.startsWith(`${to}/`))}>
            {t(key)}
          </Link>
        ))}
      </nav>
      <header class="page-head">
        <div>
          {crumbs && <nav class="crumbs">{crumbs}</nav>}
          <h1>
            {title} {badge}
          </h1>
        </div>
      </header>
      {error && <ErrorText error={error} />}
      {!data && !error && (
        <p class="nothing" role="status">
          {t("load.any")}
        </p>
      )}
      {data && !data.configured && <NotConfigured />}
      {data?.configured && (
        <>
          {path !== "/cluster" && <Faults cluster={data} />}
          {children(data)}
        </>
      )}
    </div>
  );
}

const example = `kubernetes:
  kubeconfig: /etc/reeve/kubeconfig   # or, in a pod of the cluster:
# in_cluster: true`;

function NotConfigured() {
  const { t } = useApp();
  return (
    <div class="state">
      <h2>{t("kube.none.title")}</h2>
      <p>{t("kube.none.text")}</p>
      <pre class="mono example">{example}</pre>
    </div>
  );
}

export function ErrorText({ error }: { error: ApiError }) {
  const { t } = useApp();
  return (
    <p class="problem" role="alert">
      {error.problem?.status === 404 ? t("kube.not_found") : error.problem ? t("error.api") : t("error.title")}
      {error.problem && `: ${error.message}`}
    </p>
  );
}

// Kinds that the page may show too little of.
function Faults({ cluster }: { cluster: Cluster }) {
  const { t } = useApp();
  const faults = cluster.kinds.filter(({ state }) => state === "forbidden" || state === "stale");
  if (faults.length === 0) return null;
  return (
    <p class="notice warn" role="status">
      {t("kube.faults", { kinds: faults.map(({ kind, state }) => `${kind} (${t(`kube.state.${state}`)})`).join(", ") })}{" "}
      <Link to="/cluster">{t("kube.faults.more")}</Link>
    </p>
  );
}

export interface Column<T> {
  name: string;
  number?: boolean;
  cell(item: T): ComponentChildren;
}

interface TableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  items: readonly T[];
  id(item: T): string;
}

export function Table<T>({ label, columns, items, id }: TableProps<T>) {
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={label}>
      <table class="allocations">
        <thead>
          <tr>
            {columns.map(({ name, number }) => (
              <th key={name} scope="col" class={number ? "number" : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={id(item)} data-row={id(item)}>
              {columns.map(({ name, number, cell }) => (
                <td key={name} class={number ? "number" : undefined}>
                  {cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// A list of the API with what can be said of it: loading, refused, empty, more.
export function ListTable<T>({ list, none, ...table }: Omit<TableProps<T>, "items"> & { list: List<T>; none: string }) {
  const { t } = useApp();
  return (
    <>
      {list.error && <ErrorText error={list.error} />}
      {list.items.length > 0 && <Table {...table} items={list.items} />}
      {list.items.length === 0 && list.loaded && !list.error && <p class="nothing">{none}</p>}
      {list.items.length === 0 && !list.loaded && (
        <p class="nothing" role="status">
          {t("load.any")}
        </p>
      )}
      {list.more && (
        <button type="button" class="more" onClick={list.more}>
          {t("alloc.more")}
        </button>
      )}
    </>
  );
}

export function Count<T>({ list }: { list: List<T> }) {
  const { t, f } = useApp();
  if (list.total === undefined) return null;
  return (
    <span class="toolbar-count" aria-live="polite">
      {t("kube.count", { shown: f.integer(list.items.length), total: f.integer(list.total) })}
    </span>
  );
}

export function Toolbar({ children }: { children: ComponentChildren }) {
  return (
    <form class="toolbar" role="search" onSubmit={(event) => event.preventDefault()}>
      {children}
    </form>
  );
}

// The filters of a page are its address: it can be sent to somebody.
export function useFilters(): { filters: URLSearchParams; set(name: string, value: string): void } {
  const { path, search } = useAddress();
  const filters = new URLSearchParams(search);
  return {
    filters,
    set: (name, value) => {
      const next = new URLSearchParams(location.search);
      if (value) next.set(name, value);
      else next.delete(name);
      navigate(next.size > 0 ? `${path}?${next}` : path, true);
    },
  };
}

export function SearchField({ name, value, change, main = false }: { name: string; value: string; change(value: string): void; main?: boolean }) {
  const timer = useRef(0);
  return (
    <label class={main ? "search" : "search small"}>
      <span class="unseen">{name}</span>
      <input
        type="search"
        {...(main ? { "data-search": true } : {})}
        defaultValue={value}
        placeholder={name}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          const text = event.currentTarget.value.trim();
          clearTimeout(timer.current);
          timer.current = window.setTimeout(() => change(text), 200);
        }}
      />
      {main && <kbd aria-hidden="true">/</kbd>}
    </label>
  );
}

export function Panel({ title, note, children }: { title: string; note?: string; children: ComponentChildren }) {
  return (
    <section class="panel">
      <header class="panel-head">
        <h2>{title}</h2>
        {note && <span class="muted">{note}</span>}
      </header>
      {children}
    </section>
  );
}

export function Figure({ id, name, value, sub, tone = "" }: { id: string; name: string; value: string; sub?: string; tone?: string }) {
  return (
    <div class={`figure ${tone}`} data-figure={id}>
      <span class="figure-name">{name}</span>
      <span class="figure-value">{value}</span>
      {sub && <span class="figure-sub">{sub}</span>}
    </div>
  );
}

export function PodLink({ namespace, pod }: { namespace: Maybe<string>; pod: Maybe<string> }) {
  if (!namespace || !pod) return <>{unknown}</>;
  return (
    <Link to={pod_address(namespace, pod)}>
      <span class="muted">{namespace}/</span>
      {pod}
    </Link>
  );
}

export function NodeLink({ name }: { name: Maybe<string> }) {
  return name ? <Link to={node_address(name)}>{name}</Link> : <>{unknown}</>;
}

export function ResourceLink({ resource, device }: { resource: string; device: Maybe<string> }) {
  return <Link to={gpu_address(device ?? resource)}>{resource}</Link>;
}

// "gpu-a-GPU-01-MIG-07 (share 2)", each a link to its GPU.
export function DeviceLinks({ devices }: { devices: readonly PodDevice[] }) {
  const { t } = useApp();
  if (devices.length === 0) return <>{unknown}</>;
  return (
    <>
      {devices.map((one, i) => (
        <span key={`${one.resource}.${one.replica ?? ""}.${i}`} class="listed">
          <ResourceLink resource={one.resource} device={one.device} />
          {one.replica !== null && one.replica !== undefined && <span class="muted"> {t("kube.share", { n: one.replica })}</span>}
        </span>
      ))}
    </>
  );
}

// As kubectl says it.
export function pod_status(pod: Pod): string {
  if (pod.deleted_at) return "Terminating";
  if (pod.reason) return pod.reason;
  const stuck = pod.containers.find(({ state, reason }) => reason && state !== "Running");
  if (stuck?.reason) return stuck.reason;
  return pod.phase === "Succeeded" ? "Completed" : pod.phase;
}

export function PodStatus({ pod }: { pod: Pod }) {
  const status = pod_status(pod);
  const bad = pod.phase === "Failed" || /BackOff|Error|Err|OOM|Evicted/.test(status);
  const tone = bad ? "bad" : pod.phase === "Running" && status === "Running" && pod.ready ? "" : status === "Completed" ? "status-RELEASED" : "warn";
  return (
    <span class={`badge ${tone}`} title={pod.unschedulable ?? ""}>
      {status}
    </span>
  );
}

const mib = 1 << 20;

export const bytes_text = (f: Formats, bytes: Maybe<number>) => f.memory(bytes === null || bytes === undefined ? undefined : bytes / mib);
export const cores_text = (f: Formats, cores: Maybe<number>) => f.decimal(cores, cores !== null && cores !== undefined && cores < 10 ? 2 : 0);
export const usage_text = (f: Formats, usage: Maybe<Usage>) =>
  usage ? `${cores_text(f, usage.cpu)} · ${bytes_text(f, usage.memory)}` : unknown;
export const rate_text = (f: Formats, rate: Maybe<number>) => f.decimal(rate, rate !== null && rate !== undefined && rate < 100 ? 1 : 0);
export const ratio_text = (f: Formats, ratio: Maybe<number>) => f.percent(ratio === null || ratio === undefined ? undefined : ratio * 100);
export const seconds_text = (f: Formats, seconds: Maybe<number>) => {
  if (seconds === null || seconds === undefined) return unknown;
  return seconds < 1 ? `${f.decimal(seconds * 1000, 0)}\u202fms` : `${f.decimal(seconds, 2)}\u202fs`;
};

// A resource's amount by its name: cores, bytes or a count.
export function amount_text(f: Formats, name: string, amount: Maybe<number>): string {
  if (name === "cpu") return cores_text(f, amount);
  if (name === "memory" || name.endsWith("-storage") || name.startsWith("hugepages-")) return bytes_text(f, amount);
  return f.integer(amount);
}
