import assert from "node:assert/strict";
import { test } from "node:test";
import { hit, lay_out, move, parts_of, parts_or_even, tile_spot, visible_rows } from "../src/fleet/layout.ts";
import { device, instance, node } from "./samples.ts";

const mig = (slots: number | null, spans: [number, number][]) =>
  device("n", 0, { mig_enabled: true, memory_slots: slots, instances: spans.map(([start, size], i) => instance("n-GPU-00", i, start, size)) });
const spans = (gpu: ReturnType<typeof mig>) => parts_of(gpu)?.map(({ start, size, instance: one }) => [start, size, one ? 1 : 0]);

test("slices stand to scale at their placement, with what is free between them", () => {
  assert.deepEqual(spans(mig(8, [[4, 4], [1, 1]])), [[0, 1, 0], [1, 1, 1], [2, 2, 0], [4, 4, 1]]);
  assert.deepEqual(spans(mig(8, [[0, 8]])), [[0, 8, 1]]);
  assert.deepEqual(spans(mig(4, [])), [[0, 4, 0]]);
  assert.deepEqual(spans(mig(12, [[0, 2], [2, 2]])), [[0, 2, 1], [2, 2, 1], [4, 8, 0]]);
});

test("compute instances that share one GPU instance are one span", () => {
  assert.deepEqual(spans(mig(8, [[0, 4], [0, 4]])), [[0, 4, 1], [4, 4, 0]]);
});

test("nothing is drawn to scale that is not known or contradicts itself", () => {
  assert.equal(parts_of(mig(null, [[0, 1]])), undefined);
  assert.equal(parts_of(mig(8, [[0, 4], [2, 4]])), undefined);
  assert.equal(parts_of(mig(8, [[6, 4]])), undefined);
  assert.equal(parts_of(device("n", 0, { mig_enabled: false, memory_slots: 8 })), undefined);
  const gpu = device("n", 0, { mig_enabled: true, memory_slots: 8, instances: [instance("n-GPU-00", 1, 0, 1, { placement: null })] });
  assert.equal(parts_of(gpu), undefined);
  assert.deepEqual(parts_or_even(gpu).to_scale, false);
  assert.equal(parts_or_even(gpu).parts.length, 1);
});

const shown_of = (counts: number[]) =>
  counts.map((count, n) => ({
    entry: { node: node(`n${n}`), devices: Array.from({ length: count }, (_, i) => device(`n${n}`, i)) },
    matches: new Set<string>(),
    gpus: count,
  }));

test("nodes fill as many columns as fit, and a row is as high as its fullest node", () => {
  const layout = lay_out(shown_of([8, 8, 8, 16, 8]), 1400, "m");
  assert.equal(layout.columns, 3);
  assert.deepEqual(layout.rows.map((row) => row.nodes.length), [3, 2]);
  assert.ok(layout.rows[1]!.height > layout.rows[0]!.height);
  assert.ok(layout.columns * layout.block_width + (layout.columns - 1) * layout.m.column_gap <= 1400);
  assert.equal(lay_out(shown_of([8]), 100, "l").columns, 1); // a narrow window still shows one
});

test("every tile is hit in its middle, and gaps hit nothing", () => {
  const layout = lay_out(shown_of([8, 12]), 900, "m");
  const row = layout.rows[0]!;
  row.nodes.forEach(({ entry }, column) =>
    entry.devices.forEach((gpu, tile) => {
      const spot = tile_spot(layout, column, tile);
      assert.equal(hit(layout, row, spot.x + spot.width / 2, spot.y + spot.height / 2), gpu);
    }));
  const first = tile_spot(layout, 0, 0);
  assert.equal(hit(layout, row, first.x + first.width + 1.5, first.y + 5), undefined);
  assert.equal(hit(layout, row, 5, 3), undefined); // the node's name
  assert.equal(hit(layout, row, 5, first.y + layout.m.tile_height + layout.m.gap + 4), undefined); // n0 has one line only
});

test("only rows in view exist, with some beyond", () => {
  const { rows } = lay_out(shown_of(Array<number>(1250).fill(8)), 1400, "m");
  const [first, last] = visible_rows(rows, 10_000, 10_800, 3);
  assert.ok(rows[first + 3]!.top <= 10_000 && rows[last - 4]!.top < 10_800);
  assert.ok(last - first < 25);
  assert.deepEqual(visible_rows([], 0, 800, 3), [0, 0]);
  assert.equal(visible_rows(rows, 0, 10, 3)[0], 0);
});

test("arrow keys run over node borders and stop at the ends", () => {
  const shown = shown_of([2, 0, 3]);
  const layout = lay_out(shown, 1400, "m");
  const go = (node_index: number, tile: number, to: Parameters<typeof move>[3]) => {
    const next = move(shown, layout, { node: node_index, tile }, to, 1);
    return [next.node, next.tile];
  };
  assert.deepEqual(go(0, 1, "right"), [2, 0]); // past the node without GPUs
  assert.deepEqual(go(2, 0, "left"), [0, 1]);
  assert.deepEqual(go(0, 0, "left"), [0, 0]);
  assert.deepEqual(go(2, 2, "right"), [2, 2]);
  assert.deepEqual(go(0, 0, "end"), [2, 2]);
  assert.deepEqual(go(0, 0, "down"), [0, 0]); // one row only
});

test("down goes to the next line of a node, then to the node below", () => {
  const shown = shown_of([16, 8]);
  const layout = lay_out(shown, 400, "m");
  assert.equal(layout.columns, 1);
  assert.deepEqual(move(shown, layout, { node: 0, tile: 2 }, "down", 1), { node: 0, tile: 10 });
  assert.deepEqual(move(shown, layout, { node: 0, tile: 10 }, "down", 1), { node: 1, tile: 2 });
  assert.deepEqual(move(shown, layout, { node: 1, tile: 2 }, "up", 1), { node: 0, tile: 2 });
});
