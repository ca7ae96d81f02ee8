// Paints one row of nodes' GPUs on a canvas. Reads the fleet, changes nothing.

import type { Device, Instance } from "../api/types.ts";
import { type ColourBy, level, trouble, utilization } from "./fleet.ts";
import { type Layout, parts_or_even, type Row, type Size, type Spot, tile_spot } from "./layout.ts";
import type { Palette } from "./palette.ts";

export interface Look {
  palette: Palette;
  colour: ColourBy;
  size: Size;
  cursor: string | undefined; // id of the GPU with the keyboard cursor
  hover: string | undefined;
  label(device: Device): { main: string; second: string; third: string };
}

const faint = 0.16;
const narrow = 12;
const hatches = new Map<string, CanvasPattern>();

function hatch(ctx: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const known = hatches.get(colour);
  if (known) return known;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const brush = tile.getContext("2d") as CanvasRenderingContext2D;
  brush.strokeStyle = colour;
  brush.lineWidth = 1.6;
  brush.beginPath();
  for (const shift of [-8, 0, 8]) {
    brush.moveTo(shift, 8);
    brush.lineTo(shift + 8, 0);
  }
  brush.stroke();
  const pattern = ctx.createPattern(tile, "repeat");
  if (!pattern) return colour;
  hatches.set(colour, pattern);
  return pattern;
}

export function draw_row(canvas: HTMLCanvasElement, layout: Layout, row: Row, width: number, look: Look): void {
  const scale = devicePixelRatio || 1;
  const pixels_x = Math.round(width * scale);
  const pixels_y = Math.round(row.height * scale);
  if (canvas.width !== pixels_x || canvas.height !== pixels_y) {
    canvas.width = pixels_x;
    canvas.height = pixels_y;
  }
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.clearRect(0, 0, width, row.height);
  row.nodes.forEach(({ entry, matches }, column) => {
    entry.devices.forEach((device, tile) => {
      const spot = tile_spot(layout, column, tile);
      ctx.globalAlpha = matches.has(device.id) ? 1 : faint;
      draw_gpu(ctx, spot, device, look, matches);
      ctx.globalAlpha = 1;
      if (device.id === look.cursor || device.id === look.hover) ring(ctx, spot, look, device.id === look.cursor);
    });
  });
}

function ring(ctx: CanvasRenderingContext2D, spot: Spot, look: Look, strong: boolean): void {
  ctx.strokeStyle = strong ? look.palette.focus : look.palette.held;
  ctx.lineWidth = strong ? 2 : 1;
  ctx.strokeRect(spot.x + 0.5, spot.y + 0.5, spot.width - 1, spot.height - 1);
}

// `matches`: ids of what passes the filter; slices that are not in it are drawn faint.
export function draw_gpu(ctx: CanvasRenderingContext2D, spot: Spot, device: Device, look: Look, matches?: ReadonlySet<string>): void {
  const fault = trouble(device);
  if (fault === "failed" || fault === "lost") return draw_broken(ctx, spot, look, fault === "failed" ? "!" : "×");
  if (fault === "maintenance" || fault === "inactive") return draw_aside(ctx, spot, device, look);
  if (device.mig_enabled === true) draw_parts(ctx, spot, device, look, matches);
  else draw_whole(ctx, spot, device, look);
  if (fault === "stale") {
    ctx.fillStyle = hatch(ctx, look.palette.hatch);
    ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
  }
}

function draw_broken(ctx: CanvasRenderingContext2D, spot: Spot, look: Look, sign: string): void {
  const { palette } = look;
  ctx.fillStyle = palette.danger_fill;
  ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
  ctx.save();
  ctx.globalAlpha *= 0.4;
  ctx.fillStyle = hatch(ctx, palette.danger);
  ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
  ctx.restore();
  ctx.strokeStyle = palette.danger;
  ctx.lineWidth = 1;
  ctx.strokeRect(spot.x + 0.5, spot.y + 0.5, spot.width - 1, spot.height - 1);
  centred(ctx, spot, sign, palette.danger, spot.height > 20 ? 17 : 12, 700);
}

function draw_aside(ctx: CanvasRenderingContext2D, spot: Spot, device: Device, look: Look): void {
  ctx.fillStyle = look.palette.aside;
  ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
  ctx.save();
  ctx.globalAlpha *= 0.3;
  ctx.fillStyle = hatch(ctx, look.palette.hatch);
  ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
  ctx.restore();
  if (spot.height > 20) centred(ctx, spot, device.state === "MAINTENANCE" ? "M" : "off", look.palette.unknown_text, 12, 600);
}

function centred(ctx: CanvasRenderingContext2D, spot: Spot, text: string, colour: string, size: number, weight: number): void {
  ctx.fillStyle = colour;
  ctx.font = `${weight} ${size}px ${font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, spot.x + spot.width / 2, spot.y + spot.height / 2 + 0.5);
}

export const font = 'Inter, "Noto Sans KR", "Noto Sans CJK KR", system-ui, sans-serif';

function held_mark(ctx: CanvasRenderingContext2D, spot: Spot, colour: string): void {
  const side = Math.min(9, Math.max(5, spot.height / 3.6), spot.width);
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(spot.x + spot.width, spot.y);
  ctx.lineTo(spot.x + spot.width - side, spot.y);
  ctx.lineTo(spot.x + spot.width, spot.y + side);
  ctx.fill();
}

function free_border(ctx: CanvasRenderingContext2D, spot: Spot, look: Look): void {
  if (spot.width < narrow) {
    // A full border would hide a narrow slice's colour: two bars say the same.
    ctx.fillStyle = look.palette.free;
    ctx.fillRect(spot.x, spot.y, spot.width, 2);
    ctx.fillRect(spot.x, spot.y + spot.height - 2, spot.width, 2);
    return;
  }
  ctx.strokeStyle = look.palette.free;
  ctx.lineWidth = 1.5;
  ctx.strokeRect(spot.x + 0.75, spot.y + 0.75, spot.width - 1.5, spot.height - 1.5);
}

function memory_bar(ctx: CanvasRenderingContext2D, spot: Spot, resource: Device | Instance, colour: string): void {
  const part = level(resource, "memory");
  if (part === undefined) return;
  const height = spot.height > 40 ? 4 : 3;
  ctx.save();
  ctx.fillStyle = colour;
  ctx.globalAlpha *= 0.22;
  ctx.fillRect(spot.x + 3, spot.y + spot.height - height - 3, spot.width - 6, height);
  ctx.globalAlpha *= 3.6;
  ctx.fillRect(spot.x + 3, spot.y + spot.height - height - 3, (spot.width - 6) * part, height);
  ctx.restore();
}

function draw_whole(ctx: CanvasRenderingContext2D, spot: Spot, device: Device, look: Look): void {
  const { palette } = look;
  const value = level(device, look.colour);
  ctx.fillStyle = value === undefined ? palette.unknown : palette.fill(value);
  ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
  const ink = value === undefined ? palette.unknown_text : palette.text(value);
  if (look.size !== "s") {
    write_label(ctx, spot, look, device, ink);
    if (look.colour !== "memory") memory_bar(ctx, spot, device, ink);
  }
  if (device.allocation) held_mark(ctx, spot, palette.notch);
  else if (device.free) free_border(ctx, spot, look);
}

function write_label(ctx: CanvasRenderingContext2D, spot: Spot, look: Look, device: Device, ink: string): void {
  const { main, second, third } = look.label(device);
  if (look.size === "m") {
    centred(ctx, { ...spot, height: spot.height - 5 }, main, ink, 12.5, 600);
    return;
  }
  const room = spot.width - 10;
  ctx.fillStyle = ink;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.font = `650 15px ${font}`;
  ctx.fillText(main, spot.x + 5, spot.y + 17, room);
  ctx.font = `500 10.5px ${font}`;
  ctx.fillText(clipped(ctx, second, room), spot.x + 5, spot.y + 31);
  ctx.fillText(clipped(ctx, third, room), spot.x + 5, spot.y + 44);
}

function clipped(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  if (ctx.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && ctx.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length)}…`;
}

function draw_parts(ctx: CanvasRenderingContext2D, spot: Spot, device: Device, look: Look, matches?: ReadonlySet<string>): void {
  const { palette } = look;
  const { parts, slots } = parts_or_even(device);
  ctx.fillStyle = palette.empty;
  ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
  const slot = spot.width / slots;
  const shown = ctx.globalAlpha;
  for (const part of parts) {
    const x = Math.round(spot.x + part.start * slot);
    const end = Math.round(spot.x + (part.start + part.size) * slot);
    const last = part.start + part.size === slots;
    const passes = !part.instance || !matches?.has(device.id) || matches.has(part.instance.id);
    ctx.globalAlpha = passes ? shown : shown * faint;
    draw_part(ctx, { x, y: spot.y, width: Math.max(1, end - x - (last ? 0 : 1)), height: spot.height }, part.instance, look);
  }
  ctx.globalAlpha = shown;
  ctx.strokeStyle = palette.outline;
  ctx.lineWidth = 1;
  ctx.strokeRect(spot.x + 0.5, spot.y + 0.5, spot.width - 1, spot.height - 1);
}

function draw_part(ctx: CanvasRenderingContext2D, spot: Spot, instance: Instance | undefined, look: Look): void {
  const { palette } = look;
  if (!instance) {
    ctx.save();
    ctx.globalAlpha *= 0.16;
    ctx.fillStyle = hatch(ctx, palette.hatch);
    ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
    ctx.restore();
    return;
  }
  const value = level(instance, look.colour);
  ctx.fillStyle = value === undefined ? palette.unknown : palette.fill(value);
  ctx.fillRect(spot.x, spot.y, spot.width, spot.height);
  const ink = value === undefined ? palette.unknown_text : palette.text(value);
  const percent = utilization(instance.values);
  if (look.size !== "s" && spot.width >= 19 && percent !== undefined && look.colour === "utilization") {
    const named = look.size === "l" && spot.width >= 46;
    centred(ctx, { ...spot, height: spot.height - (named ? 18 : 5) }, String(Math.round(percent)), ink, named ? 13 : 11, 600);
    if (named) centred(ctx, { ...spot, y: spot.y + 8 }, clipped(ctx, instance.profile, spot.width - 6), ink, 10, 500);
  }
  if (look.size !== "s" && look.colour !== "memory" && spot.width > 8) memory_bar(ctx, spot, instance, ink);
  if (instance.allocation) held_mark(ctx, spot, palette.notch);
  else if (instance.free) free_border(ctx, spot, look);
}
