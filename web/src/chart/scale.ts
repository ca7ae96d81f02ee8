// The arithmetic of a chart: runs of points without a gap, axis ticks, coordinates.

import type { Point } from "../api/types.ts";

export interface Sample {
  at: number; // unix ms
  low: number;
  mean: number;
  high: number;
}

// Runs of points that follow each other; where a point is missing or empty, a new run begins, so that a gap
// stays a gap.
export function runs_of(points: readonly Point[], step_ms: number): Sample[][] {
  const runs: Sample[][] = [];
  let current: Sample[] = [];
  for (const [at, count, low, mean, high] of points) {
    const known = count > 0 && mean !== null && mean !== undefined;
    const before = current.at(-1);
    if (!known || (before && at - before.at > 1.5 * step_ms)) {
      if (current.length) runs.push(current);
      current = [];
    }
    if (known) current.push({ at, low: low ?? mean, mean, high: high ?? mean });
  }
  if (current.length) runs.push(current);
  return runs;
}

// 3 to 6 round values over [0 or low, high].
export function value_ticks(low: number, high: number): number[] {
  if (!(high > low)) high = low + 1;
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((candidate) => candidate >= raw) as number;
  const ticks: number[] = [];
  for (let i = Math.floor(low / step); ; i++) {
    const value = Number((i * step).toPrecision(12));
    ticks.push(value);
    if (value >= high) return ticks;
  }
}

const minute = 60_000;
const time_steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880].map((m) => m * minute);

// Round local times in [from, to], at most `most`. `offset_ms`: local time minus UTC.
export function time_ticks(from: number, to: number, most: number, offset_ms: number): number[] {
  const step = time_steps.find((candidate) => (to - from) / candidate <= most) ?? (to - from) / most;
  const ticks: number[] = [];
  for (let at = Math.ceil((from + offset_ms) / step) * step - offset_ms; at <= to; at += step) ticks.push(at);
  return ticks;
}

export interface Frame {
  from: number;
  to: number;
  low: number;
  high: number;
  width: number;
  height: number;
}

export const x_of = (frame: Frame, at: number) => ((at - frame.from) / (frame.to - frame.from)) * frame.width;
export const y_of = (frame: Frame, value: number) => frame.height - ((value - frame.low) / (frame.high - frame.low)) * frame.height;

const round = (n: number) => Math.round(n * 10) / 10;

export function line_path(frame: Frame, run: readonly Sample[]): string {
  if (run.length === 1) {
    const only = run[0] as Sample; // a lone point is a short dash, or nobody would see it
    return `M${round(x_of(frame, only.at) - 1)} ${round(y_of(frame, only.mean))}h2`;
  }
  return run.map((sample, i) => `${i ? "L" : "M"}${round(x_of(frame, sample.at))} ${round(y_of(frame, sample.mean))}`).join("");
}

export function band_path(frame: Frame, run: readonly Sample[]): string {
  const along = run.map((sample) => `${round(x_of(frame, sample.at))} ${round(y_of(frame, sample.high))}`);
  const back = run.map((sample) => `${round(x_of(frame, sample.at))} ${round(y_of(frame, sample.low))}`).reverse();
  return `M${along.join("L")}L${back.join("L")}Z`;
}

// The sample nearest to a time, if it is not further than a step.
export function nearest(runs: readonly Sample[][], at: number, step_ms: number): Sample | undefined {
  let best: Sample | undefined;
  for (const run of runs) {
    for (const sample of run) if (!best || Math.abs(sample.at - at) < Math.abs(best.at - at)) best = sample;
  }
  return best && Math.abs(best.at - at) <= step_ms ? best : undefined;
}
