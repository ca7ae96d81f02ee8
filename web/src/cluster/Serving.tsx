// How well models are served: newest values, their history as charts, and as lines that fit a table.

import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api/client.ts";
import type { Maybe, MetricHistory } from "../api/types.ts";
import { useApp } from "../app/context.tsx";
import { Chart } from "../chart/Chart.tsx";
import { line_path, runs_of } from "../chart/scale.ts";
import { metric_names } from "../i18n/names.ts";
import { Figure, rate_text, ratio_text, seconds_text } from "./parts.tsx";

const hour_ms = 3_600_000;
const step_seconds = 60;
const refresh_ms = 30_000;
const resources_max = 50; // of one request: more rows than a screen has

// Series of the last hour; undefined until they are here, and where there is no history.
export function useSeries(resources: readonly string[], metrics: readonly string[]): MetricHistory | undefined {
  const [history, set_history] = useState<MetricHistory>();
  const key = `${resources.slice(0, resources_max).join(",")} ${metrics.join(",")}`;
  useEffect(() => {
    if (resources.length === 0) return undefined;
    const abort = new AbortController();
    const load = () => {
      const to = Math.floor(Date.now() / (step_seconds * 1000)) * step_seconds * 1000;
      get<MetricHistory>("/metrics/query", {
        resources: resources.slice(0, resources_max).join(","), metrics: metrics.join(","), from: new Date(to - hour_ms).toISOString(),
        to: new Date(to).toISOString(), step: step_seconds,
      }, abort.signal)
        .then(set_history)
        .catch(() => undefined); // the list beside it says what is wrong
    };
    load();
    const timer = setInterval(load, refresh_ms);
    return () => (clearInterval(timer), abort.abort());
  }, [key]);
  return history;
}

const spark = { width: 96, height: 22 };

export function Sparkline({ history, resource, metric, label }: { history: MetricHistory | undefined; resource: string; metric: string; label: string }) {
  const { t } = useApp();
  const series = history?.series.find((one) => one.resource === resource && one.metric === metric);
  const runs = useMemo(() => runs_of(series?.points ?? [], step_seconds * 1000), [series]);
  if (!history || runs.length === 0) return <span class="muted" title={t("gpu.history.none")}>–</span>;
  const high = Math.max(...runs.flatMap((run) => run.map(({ mean }) => mean)), 1e-9);
  const frame = { from: Date.parse(history.from), to: Date.parse(history.to), low: 0, high: high * 1.05, ...spark };
  return (
    <svg class="sparkline" width={spark.width} height={spark.height} role="img" aria-label={label}>
      {runs.map((run, i) => (
        <path key={i} class="chart-line" d={line_path(frame, run)} />
      ))}
    </svg>
  );
}

export function ServingValues({ values }: { values: Record<string, Maybe<number>> }) {
  const { t, f } = useApp();
  return (
    <div class="summary kube-summary">
      <Figure id="tokens" name={t("kube.tokens")} value={rate_text(f, values["generation_tokens_per_second"])} sub={t("kube.per_second")} />
      <Figure id="prompt" name={t("kube.prompt")} value={rate_text(f, values["prompt_tokens_per_second"])} sub={t("kube.per_second")} />
      <Figure id="ttft" name={t("kube.ttft")} value={seconds_text(f, values["time_to_first_token_p95_seconds"])}
        sub={t("kube.p50", { value: seconds_text(f, values["time_to_first_token_p50_seconds"]) })} />
      <Figure id="itl" name={t("kube.itl")} value={seconds_text(f, values["inter_token_latency_p95_seconds"])}
        sub={t("kube.p50", { value: seconds_text(f, values["inter_token_latency_p50_seconds"]) })} />
      <Figure id="requests" name={t("kube.requests.now")} value={f.integer(values["requests_running"])}
        sub={t("kube.waiting.n", { n: f.integer(values["requests_waiting"]) })} />
      <Figure id="kv" name={t("kube.kv")} value={ratio_text(f, values["kv_cache_usage_ratio"])}
        sub={t("kube.prefix", { value: ratio_text(f, values["prefix_cache_hit_ratio"]) })} />
    </div>
  );
}

const charted = ["generation_tokens_per_second", "time_to_first_token_p95_seconds", "requests_running", "kv_cache_usage_ratio"];

export function ServingCharts({ resource }: { resource: string }) {
  const { language } = useApp();
  const [pointed, set_pointed] = useState<number>();
  const history = useSeries([resource], charted);
  if (!history) return null;
  return (
    <div class="charts">
      {charted.map((metric) => {
        const series = history.series.find((one) => one.metric === metric);
        return (
          <Chart key={metric} title={metric_names[metric]?.[language] ?? metric} unit={metric_names[metric]?.unit ?? ""}
            points={series?.points ?? []} from={Date.parse(history.from)} to={Date.parse(history.to)} step_ms={history.step_seconds * 1000}
            ceiling={metric === "kv_cache_usage_ratio" ? 1 : undefined} pointed={pointed} point={set_pointed} />
        );
      })}
    </div>
  );
}
