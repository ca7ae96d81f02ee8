// The fleet in one line of figures, over what the filter shows.

import { useMemo } from "preact/hooks";
import { useApp, useNews } from "../app/context.tsx";
import type { Shown } from "./filter.ts";
import { cost_per_hour, summarize } from "./fleet.ts";

export function Summary({ shown, filtering }: { shown: Shown[]; filtering: boolean }) {
  const { t, f, live } = useApp();
  const news = useNews(["readings", "structure", "allocations"]);
  useNews(["overview"]);
  const { sum, cost } = useMemo(() => {
    const entries = shown.map(({ entry }) => entry);
    if (!filtering) {
      const { devices, instances } = live.fleet;
      return { sum: summarize(entries), cost: cost_per_hour(live.fleet, [...devices.values(), ...instances.values()]) };
    }
    const matches = new Set(shown.flatMap((one) => [...one.matches]));
    const all = entries.flatMap(({ devices }) => devices.flatMap((device) => [device, ...device.instances]));
    return { sum: summarize(entries, matches), cost: cost_per_hour(live.fleet, all.filter(({ id }) => matches.has(id))) };
  }, [shown, filtering, news]);
  const all = live.overview;
  const hottest = all?.hottest[0]?.temperature_celsius;
  const measured = sum.devices - sum.unmeasured;
  const bad = sum.devices_failed + sum.nodes_stale;
  return (
    <section class="summary" aria-label={t("nav.fleet")}>
      <Figure
        name={t("sum.gpus")}
        value={f.integer(sum.devices)}
        sub={filtering ? t("sum.filtered", { total: f.integer(live.fleet.devices.size) }) : t("sum.gpus.sub", { nodes: f.integer(sum.nodes) })}
        id="gpus"
      />
      <Figure
        name={t("sum.use")}
        value={`${f.integer(sum.devices_held)} / ${f.integer(sum.devices_free)}`}
        bar={sum.devices ? sum.devices_held / sum.devices : undefined}
        id="use"
      />
      <Figure
        name={t("sum.slices")}
        value={f.integer(sum.instances)}
        sub={t("sum.slices.sub", { free: f.integer(sum.instances_free) })}
        id="slices"
      />
      <div class="figure wide">
        <span class="figure-name">{t("sum.util")}</span>
        <span class="figure-value">{f.percent(sum.utilization_percent)}</span>
        <Histogram counts={sum.histogram} label={t("sum.util.hist")} />
      </div>
      <Figure
        name={t("sum.memory")}
        value={f.memory(sum.memory_used_mib)}
        sub={t("sum.memory.sub", { total: f.memory(sum.memory_total_mib) })}
        bar={sum.memory_used_mib !== undefined && sum.memory_total_mib ? sum.memory_used_mib / sum.memory_total_mib : undefined}
        id="memory"
      />
      <Figure
        name={t("sum.power")}
        value={f.watts(sum.power_watts)}
        sub={[
          sum.power_watts !== undefined && measured > 0 ? t("sum.power.sub", { mean: f.watts(sum.power_watts / measured) }) : "",
          !filtering && hottest !== undefined ? t("sum.hottest", { temperature: f.celsius(hottest) }) : "",
        ]
          .filter(Boolean)
          .join(" · ")}
        id="power"
      />
      <Figure name={t("sum.cost")} value={f.usd(cost)} sub={t("sum.cost.sub")} id="cost" />
      <Figure
        name={t("sum.trouble")}
        value={bad === 0 ? t("sum.trouble.none") : f.integer(bad)}
        tone={bad === 0 ? "" : "bad"}
        sub={[
          sum.devices_failed ? t("sum.trouble.failed", { n: f.integer(sum.devices_failed) }) : "",
          sum.nodes_stale ? t("sum.trouble.stale", { n: f.integer(sum.nodes_stale) }) : "",
        ]
          .filter(Boolean)
          .join(" · ")}
        id="trouble"
      />
    </section>
  );
}

interface FigureProps {
  name: string;
  value: string;
  sub?: string;
  bar?: number | undefined;
  tone?: string;
  id: string;
}

function Figure({ name, value, sub, bar, tone = "", id }: FigureProps) {
  return (
    <div class={`figure ${tone}`} data-figure={id}>
      <span class="figure-name">{name}</span>
      <span class="figure-value">{value}</span>
      {bar !== undefined && (
        <svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="meter-back" width="100" height="4" />
          <rect class="meter-fill" width={Math.round(bar * 1000) / 10} height="4" />
        </svg>
      )}
      {sub && <span class="figure-sub">{sub}</span>}
    </div>
  );
}

function Histogram({ counts, label }: { counts: readonly number[]; label: string }) {
  const most = Math.max(1, ...counts);
  return (
    <svg class="histogram" viewBox="0 0 100 22" preserveAspectRatio="none" role="img" aria-label={`${label}: ${counts.join(", ")}`}>
      <title>{label}</title>
      {counts.map((count, step) => {
        const height = count === 0 ? 0.6 : Math.max(1.5, (count / most) * 22);
        return <rect key={step} class={`level-${step}`} x={step * 10 + 0.5} y={22 - height} width={9} height={height} />;
      })}
    </svg>
  );
}
