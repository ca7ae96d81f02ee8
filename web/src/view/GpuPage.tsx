// One GPU: what it is, who holds it, what it does now and what it did.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, get } from "../api/client.ts";
import type { Allocation, Device, DeviceEvent, Holder as SeenHolder, Node } from "../api/types.ts";
import { Link, useApp, useNews } from "../app/context.tsx";
import { source_key } from "../cluster/NodePage.tsx";
import { PodLink } from "../cluster/parts.tsx";
import { device_utilization, trouble } from "../fleet/fleet.ts";
import { unknown } from "../format.ts";
import { metric_names, xid_meanings } from "../i18n/names.ts";
import { History } from "./History.tsx";
import { MigLayout } from "./MigLayout.tsx";
import { Release } from "./Release.tsx";

export function GpuPage({ id }: { id: string }) {
  const { t, live } = useApp();
  const { device, error } = useDevice(id);
  const [releasing, set_releasing] = useState<Allocation>();
  if (error?.problem?.status === 404) {
    return (
      <div class="state">
        <h1>{t("gpu.not_found", { id })}</h1>
        <Link to="/">{t("page.to_fleet")}</Link>
      </div>
    );
  }
  if (!device) {
    return (
      <div class="state" role="status">
        {error ? <p class="problem">{error.message}</p> : <p>{t("load.any")}</p>}
      </div>
    );
  }
  const node = live.fleet.nodes.get(device.node)?.node;
  return (
    <div class="page gpu">
      <Head device={device} />
      <Notices device={device} node={node} />
      <div class="gpu-columns">
        <div class="gpu-main">
          {device.mig_enabled === true && (
            <Panel title={t("gpu.mig")}>
              <MigLayout device={device} release={set_releasing} />
            </Panel>
          )}
          <History device={device} />
        </div>
        <aside class="gpu-side">
          <Panel title={t("gpu.holder")}>
            <Holder device={device} release={set_releasing} />
          </Panel>
          {seen_holders(device).length > 0 && (
            <Panel title={t("kube.holders")}>
              <Seen device={device} />
            </Panel>
          )}
          <Panel title={t("gpu.values")}>
            <ValueList device={device} />
          </Panel>
          <Panel title={t("gpu.processes")}>
            <Processes device={device} />
          </Panel>
          <Panel title={t("gpu.events")}>
            <Events id={id} />
          </Panel>
          <Panel title={t("gpu.identity")}>
            <Identity device={device} node={node} />
          </Panel>
        </aside>
      </div>
      {releasing && <Release allocation={releasing} close={() => set_releasing(undefined)} />}
    </div>
  );
}

const refresh_ms = 10_000;

// The whole record by REST, again every few seconds and when its node changes; newest values by the stream.
function useDevice(id: string): { device: Device | undefined; error: ApiError | undefined } {
  const { live } = useApp();
  const [device, set_device] = useState<Device>();
  const [error, set_error] = useState<ApiError>();
  const structure = useNews(["structure", "allocations"]);
  useNews(["readings"]);
  useEffect(() => {
    const abort = new AbortController();
    const load = async () => {
      try {
        set_device(await get<Device>(`/devices/${encodeURIComponent(id)}`, {}, abort.signal));
        set_error(undefined);
      } catch (failure) {
        if (failure instanceof ApiError) set_error(failure);
      }
    };
    void load();
    const timer = setInterval(() => void load(), refresh_ms);
    return () => (clearInterval(timer), abort.abort());
  }, [id, structure]);
  if (device?.id !== id) return { device: undefined, error };
  const newest = live.fleet.devices.get(id);
  if (!newest) return { device, error };
  const instances = device.instances.map((one) => {
    const now = live.fleet.instances.get(one.id);
    return now ? { ...one, allocation: now.allocation, values: { ...one.values, ...now.values } } : one;
  });
  return {
    device: {
      ...device, instances, state: newest.state, stale: newest.stale, allocation: newest.allocation,
      values: { ...device.values, ...newest.values },
    },
    error,
  };
}

function Panel({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Head({ device }: { device: Device }) {
  const { t, f } = useApp();
  const fault = trouble(device);
  const v = device.values;
  const figures: [string, string, string?][] = [
    [t("colour.utilization"), f.percent(device_utilization(device))],
    [t("colour.memory"), f.memory(v["memory_used_mib"]), f.memory(v["memory_total_mib"] ?? device.memory_mib)],
    [t("colour.temperature"), f.celsius(v["gpu_temperature_celsius"]), f.celsius(v["slowdown_temperature_celsius"])],
    [t("colour.power"), f.watts(v["power_watts"]), f.watts(v["power_limit_watts"])],
  ];
  return (
    <header class="gpu-head">
      <div>
        <nav class="crumbs">
          <Link to="/">{t("gpu.back")}</Link> / <Link to={`/?q=${encodeURIComponent(`node:${device.node}`)}`}>{device.node}</Link>
        </nav>
        <h1>
          {device.id}{" "}
          <span class={`badge ${fault === "failed" || fault === "lost" ? "bad" : fault ? "warn" : ""}`}>
            {fault ? t(`trouble.${fault}`) : t(`state.${device.state}`)}
          </span>
        </h1>
        <p class="muted">{[device.product_name ?? device.model_name ?? device.model, device.architecture].filter(Boolean).join(" · ")}</p>
      </div>
      <dl class="gpu-figures">
        {figures.map(([name, value, limit]) => (
          <div key={name} class="figure">
            <dt class="figure-name">{name}</dt>
            <dd class="figure-value">
              {value}
              {limit && limit !== unknown && <span class="figure-limit"> / {limit}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

function Notices({ device, node }: { device: Device; node: Node | undefined }) {
  const { t, f } = useApp();
  return (
    <>
      {device.lost && (
        <p class="notice bad" role="status">
          {t("gpu.lost")}
        </p>
      )}
      {device.stale && (
        <p class="notice warn" role="status">
          {t("gpu.stale", { ago: f.time(device.observed_at ?? node?.observed_at) })}
          {node?.last_error && <span class="mono"> {node.last_error}</span>}
        </p>
      )}
    </>
  );
}

function Holder({ device, release }: { device: Device; release(allocation: Allocation): void }) {
  const { t, f, live } = useApp();
  const holder = live.fleet.holder(device);
  if (!holder) {
    if (device.instances.length > 0) return <p class="muted">{t("gpu.holder.by_slices")}</p>;
    if (seen_holders(device).length > 0) return <p class="muted">{t("gpu.holder.seen")}</p>;
    return <p class={device.free ? "free" : "muted"}>{device.free ? t("gpu.holder.free") : t("gpu.holder.not_free")}</p>;
  }
  const rows: [string, string][] = [
    [t("alloc.pod"), holder.pod],
    [t("alloc.namespace"), holder.namespace],
    [t("alloc.team"), holder.team || unknown],
    [t("alloc.user"), holder.user || unknown],
    [t("alloc.workload"), holder.workload_type || unknown],
    [t("alloc.since"), f.time(holder.allocated_at)],
    [t("alloc.until"), holder.planned_release_at ? f.time(holder.planned_release_at) : t("alloc.until.open")],
    [t("alloc.cost"), f.usd(holder.cost_per_hour_usd)],
    [t("alloc.id"), holder.id],
  ];
  return (
    <>
      <Pairs rows={rows} />
      {holder.origin === "observed" ? (
        <p class="muted">{t("alloc.observed.hint")}</p>
      ) : (
        <button type="button" onClick={() => release(holder)}>
          {t("alloc.release")}
        </button>
      )}
    </>
  );
}

// Who was seen to hold the GPU or a slice of it, by the Kubernetes cluster and what runs on the node.
function seen_holders(device: Device): [string, SeenHolder][] {
  const of = (name: string, holders: readonly SeenHolder[] | undefined) => (holders ?? []).map((one): [string, SeenHolder] => [name, one]);
  return [...of("", device.holders), ...device.instances.flatMap((one) => of(one.id.slice(device.id.length + 1), one.holders))];
}

function Seen({ device }: { device: Device }) {
  const { t, f } = useApp();
  return (
    <table>
      <thead>
        <tr>
          <th>{t("alloc.pod")}</th>
          <th>{t("gpu.slice")}</th>
          <th>{t("kube.sources")}</th>
          <th>{t("alloc.since")}</th>
        </tr>
      </thead>
      <tbody>
        {seen_holders(device).map(([slice, one], i) => (
          <tr key={i} data-holder={`${one.namespace}/${one.pod}`}>
            <td>
              <PodLink namespace={one.namespace} pod={one.pod} />
              {one.replica !== null && one.replica !== undefined && <span class="muted"> {t("kube.share", { n: one.replica })}</span>}
            </td>
            <td>{slice || unknown}</td>
            <td>{one.sources.map((source) => t(source_key(source))).join(", ")}</td>
            <td>{f.time(one.since)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Pairs({ rows }: { rows: [string, string][] }) {
  return (
    <dl class="pairs">
      {rows.map(([name, value]) => (
        <>
          <dt key={name}>{name}</dt>
          <dd key={`${name}.value`}>{value}</dd>
        </>
      ))}
    </dl>
  );
}

function ValueList({ device }: { device: Device }) {
  const { t, f, language } = useApp();
  const order = Object.keys(metric_names);
  const place = (name: string) => (order.indexOf(name) < 0 ? order.length : order.indexOf(name));
  const entries = Object.entries(device.values).sort((a, b) => place(a[0]) - place(b[0]));
  if (entries.length === 0) return <p class="muted">{t("gpu.values.none")}</p>;
  return (
    <Pairs
      rows={entries.map(([name, value]): [string, string] => [
        metric_names[name]?.[language] ?? name,
        f.quantity(value, metric_names[name]?.unit),
      ])}
    />
  );
}

function Processes({ device }: { device: Device }) {
  const { t, f } = useApp();
  const processes = [...(device.processes ?? [])].sort((a, b) => (b.memory_mib ?? 0) - (a.memory_mib ?? 0));
  if (processes.length === 0) return <p class="muted">{t("gpu.processes.none")}</p>;
  return (
    <table>
      <thead>
        <tr>
          <th class="number">{t("gpu.pid")}</th>
          <th>{t("gpu.process")}</th>
          <th class="number">{t("alloc.memory")}</th>
        </tr>
      </thead>
      <tbody>
        {processes.map((process) => (
          <tr key={`${process.pid}.${process.gpu_instance_id ?? ""}`}>
            <td class="number">{process.pid}</td>
            <td class="mono">{process.name || unknown}</td>
            <td class="number">{f.memory(process.memory_mib)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Events({ id }: { id: string }) {
  const { t, f, language } = useApp();
  const [events, set_events] = useState<DeviceEvent[]>();
  const structure = useNews(["structure"]);
  useEffect(() => {
    const abort = new AbortController();
    get<{ items: DeviceEvent[] }>("/events", { device: id, limit: 50 }, abort.signal)
      .then(({ items }) => set_events([...items].sort((a, b) => b.at.localeCompare(a.at))))
      .catch(() => undefined); // the page says already that the server does not answer
    return () => abort.abort();
  }, [id, structure]);
  if (!events) return <p class="muted">{t("load.any")}</p>;
  if (events.length === 0) return <p class="muted">{t("gpu.events.none")}</p>;
  return (
    <table>
      <thead>
        <tr>
          <th>{t("gpu.event.at")}</th>
          <th class="number">{t("gpu.event.code")}</th>
          <th>{t("gpu.event.meaning")}</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event, i) => (
          <tr key={i}>
            <td>{f.time(event.at)}</td>
            <td class="number">{event.code}</td>
            <td>{xid_meanings[event.code]?.[language] ?? unknown}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Identity({ device, node }: { device: Device; node: Node | undefined }) {
  const { t, f } = useApp();
  const rows: [string, string][] = [
    [t("field.uuid"), device.uuid || unknown],
    [t("field.model"), device.model_name ?? device.model ?? unknown],
    [t("field.node"), device.node],
    [t("field.cluster"), node?.cluster || unknown],
    [t("field.index"), String(device.index)],
    [t("field.architecture"), device.architecture || unknown],
    [t("field.memory"), f.memory(device.memory_mib)],
    [t("filter.mig"), device.mig_enabled === true ? t("mig.on") : device.mig_enabled === false ? t("mig.off") : unknown],
    [t("field.serial"), device.serial || unknown],
    [t("field.pci"), device.pci_address || unknown],
    [t("field.driver"), device.driver_version || node?.driver_version || unknown],
    [t("field.cuda"), node?.cuda_version || unknown],
    [t("field.vbios"), device.vbios_version || unknown],
    [t("field.firmware"), device.firmware_version || unknown],
    [t("field.source"), device.source || unknown],
    [t("field.observed"), f.time(device.observed_at)],
    [t("field.first_seen"), f.time(device.first_seen)],
    [t("field.maintenance"), f.time(device.last_maintenance)],
    [t("field.warranty"), f.time(device.warranty_expiry)],
    [t("field.purchase"), f.usd(device.purchase_cost_usd)],
  ];
  return <Pairs rows={rows} />;
}
