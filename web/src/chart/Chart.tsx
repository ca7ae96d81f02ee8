// One metric over time: the mean as a line, lowest to highest as a band, gaps as gaps.

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Point } from "../api/types.ts";
import { useApp } from "../app/context.tsx";
import { band_path, type Frame, line_path, nearest, runs_of, time_ticks, value_ticks, x_of, y_of } from "./scale.ts";

interface Props {
  title: string;
  unit: string;
  points: readonly Point[];
  from: number;
  to: number;
  step_ms: number;
  ceiling: number | undefined; // where the axis ends at least (100 %, the memory, the power limit)
  pointed: number | undefined; // time under the pointer, shared by all charts of a page
  point(at: number | undefined): void;
}

const margin = { left: 58, right: 12, top: 8, bottom: 20 };
const height = 150;

export function Chart({ title, unit, points, from, to, step_ms, ceiling, pointed, point }: Props) {
  const { t, f } = useApp();
  const box = useRef<HTMLDivElement>(null);
  const [width, set_width] = useState(0);
  useLayoutEffect(() => {
    if (!box.current) return undefined;
    const observer = new ResizeObserver(([entry]) => set_width(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const runs = useMemo(() => runs_of(points, step_ms), [points, step_ms]);
  const top = runs.reduce((high, run) => run.reduce((h, sample) => Math.max(h, sample.high), high), ceiling ?? 0);
  const grain = unit === "MiB" && top >= 2048 ? 1024 : 1; // round in GiB, not in MiB
  const ticks = value_ticks(0, (top || 1) / grain).map((value) => value * grain);
  const frame: Frame = {
    from, to, low: 0, high: ticks.at(-1) ?? 1,
    width: Math.max(10, width - margin.left - margin.right),
    height: height - margin.top - margin.bottom,
  };
  const shown = pointed === undefined ? undefined : nearest(runs, pointed, step_ms);
  const newest = runs.at(-1)?.at(-1);
  const moved = (event: PointerEvent) => {
    const x = event.clientX - (event.currentTarget as Element).getBoundingClientRect().left - margin.left;
    point(x < 0 || x > frame.width ? undefined : from + (x / frame.width) * (to - from));
  };
  return (
    <figure class="chart" ref={box}>
      <figcaption>
        <span>{title}</span>
        <span class="chart-value">
          {shown ? (
            <>
              <span class="muted">{f.time(shown.at)} </span>
              <strong>{f.quantity(shown.mean, unit)}</strong>
              {shown.high !== shown.low && <span class="muted">{` ${f.quantity(shown.low, unit)} … ${f.quantity(shown.high, unit)}`}</span>}
            </>
          ) : (
            newest && <strong>{f.quantity(newest.mean, unit)}</strong>
          )}
        </span>
      </figcaption>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={title} onPointerMove={moved} onPointerLeave={() => point(undefined)}>
          <g transform={`translate(${margin.left} ${margin.top})`}>
            {ticks.map((value) => (
              <g key={value} transform={`translate(0 ${Math.round(y_of(frame, value)) + 0.5})`}>
                <line class="chart-grid" x2={frame.width} />
                <text class="chart-tick" x={-8} dy="0.32em" text-anchor="end">
                  {f.tick(value, unit)}
                </text>
              </g>
            ))}
            {time_ticks(from, to, Math.max(2, Math.floor(frame.width / 90)), -new Date(to).getTimezoneOffset() * 60_000).map((at) => (
              <text key={at} class="chart-tick" x={x_of(frame, at)} y={frame.height + 15} text-anchor="middle">
                {f.clock(at, to - from)}
              </text>
            ))}
            {runs.map((run, i) => (
              <g key={i}>
                <path class="chart-band" d={band_path(frame, run)} />
                <path class="chart-line" d={line_path(frame, run)} />
              </g>
            ))}
            {shown && (
              <>
                <line class="chart-cross" x1={x_of(frame, shown.at)} x2={x_of(frame, shown.at)} y2={frame.height} />
                <circle class="chart-dot" cx={x_of(frame, shown.at)} cy={y_of(frame, shown.mean)} r="3" />
              </>
            )}
            {runs.length === 0 && (
              <text class="chart-none" x={frame.width / 2} y={frame.height / 2} text-anchor="middle">
                {t("gpu.history.none")}
              </text>
            )}
          </g>
        </svg>
      )}
    </figure>
  );
}
