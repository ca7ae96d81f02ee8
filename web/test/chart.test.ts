import assert from "node:assert/strict";
import { test } from "node:test";
import type { Point } from "../src/api/types.ts";
import { retry_pause } from "../src/api/stream.ts";
import { url_of } from "../src/api/client.ts";
import { band_path, line_path, nearest, runs_of, time_ticks, value_ticks } from "../src/chart/scale.ts";
import { palettes, relative_luminance, scale_colour, scale_stops } from "../src/fleet/palette.ts";

const point = (at: number, mean: number | null): Point => [at, mean === null ? 0 : 3, mean, mean, mean, mean];

test("a missing or empty point is a gap, and no line crosses it", () => {
  const runs = runs_of([point(0, 1), point(10, 2), point(40, 3), point(50, null), point(60, 4)], 10);
  assert.deepEqual(runs.map((run) => run.map(({ at }) => at)), [[0, 10], [40], [60]]);
  assert.deepEqual(runs_of([], 10), []);
});

test("value ticks are round and hold the highest value", () => {
  assert.deepEqual(value_ticks(0, 100), [0, 25, 50, 75, 100]);
  assert.deepEqual(value_ticks(0, 79.6), [0, 20, 40, 60, 80]);
  assert.deepEqual(value_ticks(0, 0), [0, 0.25, 0.5, 0.75, 1]);
});

test("time ticks stand at round local times", () => {
  const hour = 3_600_000;
  const ticks = time_ticks(0.5 * hour, 6 * hour, 6, 9 * hour);
  assert.deepEqual(ticks.map((at) => at / hour), [1, 2, 3, 4, 5, 6]);
});

test("paths are in pixels, upside down as screens are", () => {
  const frame = { from: 0, to: 100, low: 0, high: 10, width: 200, height: 50 };
  assert.equal(line_path(frame, runs_of([point(0, 0), point(50, 10)], 50)[0]!), "M0 50L100 0");
  assert.equal(line_path(frame, runs_of([point(50, 5)], 50)[0]!), "M99 25h2");
  assert.equal(band_path(frame, [{ at: 0, low: 0, mean: 5, high: 10 }, { at: 100, low: 5, mean: 5, high: 5 }]), "M0 0L200 25L200 25L0 50Z");
});

test("the pointer finds the nearest point, but nothing inside a gap", () => {
  const runs = runs_of([point(0, 1), point(10, 2), point(100, 3)], 10);
  assert.equal(nearest(runs, 12, 10)?.at, 10);
  assert.equal(nearest(runs, 55, 10), undefined);
});

test("both colour scales grow evenly lighter or darker, so that they need no hue", () => {
  for (const [name, sign] of [["light", -1], ["dark", 1]] as const) {
    let before = sign > 0 ? -1 : 2;
    for (let i = 0; i <= 20; i++) {
      const now = relative_luminance(scale_colour(scale_stops[name], i / 20));
      assert.ok(sign * (now - before) > 0, `${name} at ${i}`);
      before = now;
    }
  }
});

test("text on a tile has at least 4.5 to 1 contrast", () => {
  const rgb = (text: string) => (text.startsWith("#") ? [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16)) : text.match(/\d+/g)!.map(Number)) as [number, number, number];
  for (const palette of Object.values(palettes)) {
    for (let i = 0; i <= 100; i++) {
      const [a, b] = [relative_luminance(rgb(palette.fill(i / 100))), relative_luminance(rgb(palette.text(i / 100)))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      assert.ok(contrast >= 4.5, `${palette.fill(i / 100)} ${contrast.toFixed(2)}`);
    }
  }
});

test("pauses between attempts grow to half a minute", () => {
  assert.equal(retry_pause(0, 0.5), 1000);
  assert.equal(retry_pause(3, 0.5), 8000);
  assert.equal(retry_pause(50, 0.5), 30_000);
});

test("addresses carry only what is asked for, encoded", () => {
  assert.equal(url_of("/devices", { q: "a b&c", cursor: undefined, free: true, node: "" }), "/api/v1/devices?q=a+b%26c&free=true");
});
