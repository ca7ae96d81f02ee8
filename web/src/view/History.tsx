// History of a GPU or of one of its slices, for a range.

import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client.ts";
import type { Device, MetricHistory } from "../api/types.ts";
import { useApp } from "../app/context.tsx";
import { Chart } from "../chart/Chart.tsx";
import { Choice } from "../fleet/FleetPage.tsx";
import { metric_names } from "../i18n/names.ts";

const ranges = { "1h": 3_600, "6h": 21_600, "24h": 86_400, "7d": 604_800 } as const;
type Range = keyof typeof ranges;
const of_gpu = ["gpu_utilization_percent", "memory_used_mib", "gpu_temperature_celsius", "power_watts"];
const of_slice = ["graphics_engine_active_ratio", "memory_used_mib"];
const refresh_ms = 30_000;
// A step shorter than two rounds of collection would show every late reading as a gap.
const step_min_seconds = 60;
const points_max = 300;

export function History({ device }: { device: Device }) {
  const { t, language } = useApp();
  const [range, set_range] = useState<Range>("6h");
  const [slice, set_slice] = useState("");
  const [pointed, set_pointed] = useState<number>();
  const chosen = device.instances.some((one) => one.id === slice) ? slice : "";
  // A GPU in MIG mode reports no utilisation of its own; what its engines did is told by another metric.
  const whole = device.mig_enabled === true ? ["graphics_engine_active_ratio", ...of_gpu.slice(1)] : of_gpu;
  const metrics = chosen ? of_slice : whole;
  const { history, error } = useHistory(chosen ? `/instances/${chosen}` : `/devices/${device.id}`, metrics, ranges[range]);
  const ceiling = (metric: string): number | undefined => {
    if (metric === "gpu_utilization_percent") return 100;
    if (metric === "graphics_engine_active_ratio") return 1;
    if (metric === "power_watts") return device.values["power_limit_watts"];
    if (metric !== "memory_used_mib") return undefined;
    const memory = chosen ? device.instances.find((one) => one.id === chosen)?.memory_mib : device.memory_mib;
    return memory ?? undefined;
  };
  return (
    <section class="panel">
      <header class="panel-head">
        <h2>{t("gpu.history")}</h2>
        <span class="muted">{t("gpu.chart.band")}</span>
        {device.instances.length > 0 && (
          <Choice label={t("gpu.history.resource")} value={chosen} change={set_slice}
            options={[["", t("gpu.history.whole")], ...device.instances.map((one): [string, string] => [
              one.id, `${one.id.slice(device.id.length + 1)} ${one.profile}`])]} />
        )}
        <div class="segments" role="group" aria-label={t("gpu.range")}>
          {(Object.keys(ranges) as Range[]).map((one) => (
            <button type="button" key={one} aria-pressed={one === range} onClick={() => set_range(one)}>
              {t(`gpu.range.${one}`)}
            </button>
          ))}
        </div>
      </header>
      {error && (
        <p class="problem" role="alert">
          {error}
        </p>
      )}
      {!history && !error && <p class="muted" role="status">{t("load.any")}</p>}
      <div class="charts">
        {history &&
          metrics.map((metric) => {
            const series = history.series.find((one) => one.metric === metric);
            return (
              <Chart
                key={metric}
                title={metric_names[metric]?.[language] ?? metric}
                unit={metric_names[metric]?.unit ?? series?.unit ?? ""}
                points={series?.points ?? []}
                from={Date.parse(history.from)}
                to={Date.parse(history.to)}
                step_ms={history.step_seconds * 1000}
                ceiling={ceiling(metric)}
                pointed={pointed}
                point={set_pointed}
              />
            );
          })}
      </div>
    </section>
  );
}

function useHistory(path: string, metrics: readonly string[], seconds: number): { history: MetricHistory | undefined; error: string } {
  const [history, set_history] = useState<MetricHistory>();
  const [error, set_error] = useState("");
  const wanted = metrics.join();
  useEffect(() => {
    const abort = new AbortController();
    const load = async () => {
      const to = Date.now();
      try {
        const step = seconds / points_max < step_min_seconds ? step_min_seconds : undefined; // the server chooses longer ones
        const span = { from: new Date(to - seconds * 1000).toISOString(), to: new Date(to).toISOString() };
        const encoded = path.split("/").map(encodeURIComponent).join("/");
        set_history(await get<MetricHistory>(`${encoded}/metrics`, { metrics: wanted, ...span, step }, abort.signal));
        set_error("");
      } catch (failure) {
        if ((failure as Error).name !== "AbortError") set_error((failure as Error).message);
      }
    };
    void load();
    const timer = setInterval(() => void load(), refresh_ms);
    return () => (clearInterval(timer), abort.abort());
  }, [path, wanted, seconds]);
  return { history, error };
}
