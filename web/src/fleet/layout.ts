// Where everything stands: slices on a GPU to scale, GPUs in a node, nodes in the scrolled area. Pure numbers.

import type { Device, Instance } from "../api/types.ts";
import type { Shown } from "./filter.ts";

// A part of a MIG GPU in memory slots. Without an instance: nothing stands there.
export interface Part {
  start: number;
  size: number;
  instance: Instance | undefined;
}

// The GPU's slots from left to right, filled and free. Undefined when it cannot be drawn to scale: the
// source tells no placements (dcgm-exporter) or not how many slots there are.
export function parts_of(device: Device): Part[] | undefined {
  const slots = device.memory_slots;
  if (!slots || device.mig_enabled !== true) return undefined;
  const parts: Part[] = [];
  const placed = new Map<string, Instance>(); // a GPU instance may hold several compute instances: one span
  for (const instance of device.instances) {
    if (!instance.placement) return undefined;
    const span = `${instance.placement.start}`;
    if (!placed.has(span)) placed.set(span, instance);
  }
  const order = [...placed.values()].sort((a, b) => (a.placement?.start ?? 0) - (b.placement?.start ?? 0));
  let at = 0;
  for (const instance of order) {
    const { start, size } = instance.placement as { start: number; size: number };
    if (start < at || start + size > slots) return undefined; // contradicts itself: better not to draw it
    if (start > at) parts.push({ start: at, size: start - at, instance: undefined });
    parts.push({ start, size, instance });
    at = start + size;
  }
  if (at < slots) parts.push({ start: at, size: slots - at, instance: undefined });
  return parts;
}

// The same, or side by side in equal widths when the placement is not known.
export function parts_or_even(device: Device): { parts: Part[]; slots: number; to_scale: boolean } {
  const parts = parts_of(device);
  if (parts) return { parts, slots: device.memory_slots ?? 1, to_scale: true };
  const even = device.instances.map((instance, start) => ({ start, size: 1, instance }));
  return { parts: even, slots: Math.max(1, even.length), to_scale: false };
}

export type Size = "s" | "m" | "l";
export const size_choices: readonly Size[] = ["s", "m", "l"];

export interface Measure {
  tile_width: number;
  tile_height: number;
  gap: number;
  head: number; // height of the node's line of text
  column_gap: number;
  row_gap: number;
  tiles_per_line: number;
}

export function measure(size: Size): Measure {
  switch (size) {
    case "s":
      return { tile_width: 20, tile_height: 16, gap: 2, head: 15, column_gap: 14, row_gap: 8, tiles_per_line: 8 };
    case "m":
      return { tile_width: 42, tile_height: 34, gap: 3, head: 20, column_gap: 22, row_gap: 12, tiles_per_line: 8 };
    case "l":
      return { tile_width: 76, tile_height: 56, gap: 4, head: 24, column_gap: 28, row_gap: 16, tiles_per_line: 8 };
  }
}

export interface Row {
  top: number;
  height: number;
  first: number; // index of its first node
  nodes: Shown[];
}

export interface Layout {
  rows: Row[];
  height: number;
  columns: number;
  block_width: number;
  tile_width: number; // stretched so that the columns fill the width; not whole
  m: Measure;
}

export function lay_out(shown: readonly Shown[], width: number, size: Size): Layout {
  const m = measure(size);
  const block = m.tiles_per_line * m.tile_width + (m.tiles_per_line - 1) * m.gap;
  const columns = Math.max(1, Math.floor((width + m.column_gap) / (block + m.column_gap)));
  const block_width = Math.floor((width - (columns - 1) * m.column_gap) / columns);
  const tile_width = Math.max(8, (block_width - (m.tiles_per_line - 1) * m.gap) / m.tiles_per_line);
  const rows: Row[] = [];
  let top = 0;
  for (let first = 0; first < shown.length; first += columns) {
    const nodes = shown.slice(first, first + columns);
    const most = Math.max(1, ...nodes.map(({ entry }) => entry.devices.length));
    const lines = Math.ceil(most / m.tiles_per_line);
    const height = m.head + lines * m.tile_height + (lines - 1) * m.gap;
    rows.push({ top, height, first, nodes });
    top += height + m.row_gap;
  }
  return { rows, height: Math.max(0, top - m.row_gap), columns, block_width, tile_width, m };
}

// Rows that touch [from, to), with `more` rows on either side. Returns [first, last).
export function visible_rows(rows: readonly Row[], from: number, to: number, more: number): [number, number] {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle] as Row;
    if (row.top + row.height < from) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < rows.length && (rows[last] as Row).top < to) last++;
  return [Math.max(0, low - more), Math.min(rows.length, last + more)];
}

export interface Spot {
  x: number;
  y: number;
  width: number;
  height: number;
}

// The tile of GPU `tile` in column `column`, relative to its row.
export function tile_spot(layout: Layout, column: number, tile: number): Spot {
  const { m, tile_width, block_width } = layout;
  const x = column * (block_width + m.column_gap) + (tile % m.tiles_per_line) * (tile_width + m.gap);
  const left = Math.round(x); // whole pixels: edges stay sharp
  return {
    x: left,
    y: m.head + Math.floor(tile / m.tiles_per_line) * (m.tile_height + m.gap),
    width: Math.round(x + tile_width) - left,
    height: m.tile_height,
  };
}

// Which GPU of the row lies at (x, y), both relative to the row. Gaps hit nothing.
export function hit(layout: Layout, row: Row, x: number, y: number): Device | undefined {
  const { m, tile_width, block_width } = layout;
  const column = Math.floor(x / (block_width + m.column_gap));
  const inner_x = x - column * (block_width + m.column_gap);
  const inner_y = y - m.head;
  if (inner_x < 0 || inner_y < 0) return undefined;
  const along = Math.floor(inner_x / (tile_width + m.gap));
  const line = Math.floor(inner_y / (m.tile_height + m.gap));
  if (along >= m.tiles_per_line || inner_x - along * (tile_width + m.gap) > tile_width) return undefined;
  if (inner_y - line * (m.tile_height + m.gap) > m.tile_height) return undefined;
  return row.nodes[column]?.entry.devices[line * m.tiles_per_line + along];
}

export interface Cursor {
  node: number; // index into the shown nodes
  tile: number; // index into its devices
}

export type Move = "left" | "right" | "up" | "down" | "home" | "end" | "page_up" | "page_down";

// Where an arrow key leads. Left and right run over node borders; up and down go by lines, then rows.
export function move(shown: readonly Shown[], layout: Layout, from: Cursor, to: Move, page_rows: number): Cursor {
  const count = (node: number) => shown[node]?.entry.devices.length ?? 0;
  const per_line = layout.m.tiles_per_line;
  const into = (node: number, tile: number): Cursor => ({ node, tile: Math.max(0, Math.min(tile, count(node) - 1)) });
  const step = (node: number, by: 1 | -1): number => {
    let next = node + by;
    while (next >= 0 && next < shown.length && count(next) === 0) next += by;
    return next >= 0 && next < shown.length ? next : node;
  };
  switch (to) {
    case "left":
      if (from.tile > 0) return { ...from, tile: from.tile - 1 };
      return step(from.node, -1) === from.node ? from : into(step(from.node, -1), Infinity);
    case "right":
      if (from.tile + 1 < count(from.node)) return { ...from, tile: from.tile + 1 };
      return step(from.node, 1) === from.node ? from : into(step(from.node, 1), 0);
    case "home":
      return into(0, 0);
    case "end":
      return into(shown.length - 1, Infinity);
    default: {
      const down = to === "down" || to === "page_down";
      const within = from.tile + (down ? per_line : -per_line);
      if ((to === "down" || to === "up") && within >= 0 && within < count(from.node)) return { ...from, tile: within };
      const rows = to === "page_up" || to === "page_down" ? Math.max(1, page_rows) : 1;
      const node = from.node + (down ? rows : -rows) * layout.columns;
      if (node < 0 || node >= shown.length) return from;
      return into(node, from.tile % per_line);
    }
  }
}
