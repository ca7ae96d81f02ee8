// The nodes with their GPUs as tiles. Only the rows in view exist; each row is one canvas under its nodes' names.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Device } from "../api/types.ts";
import { gpu_address, Link, navigate, useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { draw_row, type Look } from "./draw.ts";
import type { Shown } from "./filter.ts";
import { type ColourBy, device_utilization, trouble } from "./fleet.ts";
import { GpuCard } from "./GpuCard.tsx";
import { type Cursor, hit, lay_out, type Layout, move, type Move, type Row, type Size, tile_spot, visible_rows } from "./layout.ts";
import { palettes } from "./palette.ts";

interface Props {
  shown: Shown[];
  size: Size;
  colour: ColourBy;
  structure: number; // grows when nodes or GPUs came or went
}

const rows_beyond = 3;
const keys: Record<string, Move> = {
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "home", End: "end", PageUp: "page_up", PageDown: "page_down",
};

interface Pointed {
  device: Device;
  x: number; // centre of the tile, in the window
  top: number;
  bottom: number;
}

export function TileGrid({ shown, size, colour, structure }: Props) {
  const { t, f, live } = useApp();
  const scroller = useRef<HTMLDivElement>(null);
  const [area, set_area] = useState({ width: 0, height: 0 });
  const [range, set_range] = useState<[number, number]>([0, 0]);
  const [cursor, set_cursor] = useState<Cursor>();
  const [hovered, set_hovered] = useState<Pointed>();
  const layout = useMemo(() => lay_out(shown, area.width, size), [shown, area.width, size]);
  const cursor_device = cursor && shown[cursor.node]?.entry.devices[cursor.tile];
  const look = useLook(size, colour, cursor_device?.id, hovered?.device.id);

  const update_range = () => {
    const box = scroller.current;
    if (!box) return;
    const next = visible_rows(layout.rows, box.scrollTop, box.scrollTop + box.clientHeight, rows_beyond);
    set_range((old) => (old[0] === next[0] && old[1] === next[1] ? old : next));
  };
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return undefined;
    const measure = () => set_area({ width: box.clientWidth - 2 * side_padding, height: box.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    measure();
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(update_range, [layout, area]);

  const spot_on_screen = (row: Row, column: number, tile: number, device: Device): Pointed => {
    const box = (scroller.current as HTMLDivElement).getBoundingClientRect();
    const spot = tile_spot(layout, column, tile);
    const top = box.top + row.top + spot.y - (scroller.current?.scrollTop ?? 0) + top_padding;
    return { device, x: box.left + side_padding + spot.x + spot.width / 2, top, bottom: top + spot.height };
  };
  const point = (row: Row, event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const device = hit(layout, row, event.clientX - box.left, event.clientY - box.top);
    if (device?.id === hovered?.device.id) return;
    if (!device) return set_hovered(undefined);
    const column = row.nodes.findIndex(({ entry }) => entry.node.name === device.node);
    const tile = row.nodes[column]?.entry.devices.indexOf(device) ?? 0;
    set_hovered(spot_on_screen(row, column, tile, device));
  };

  const on_key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && cursor_device) return navigate(gpu_address(cursor_device.id));
    if (event.key === "Escape") {
      set_cursor(undefined);
      set_hovered(undefined);
      return scroller.current?.blur();
    }
    const direction = keys[event.key];
    if (!direction || event.metaKey || event.ctrlKey || event.altKey || shown.length === 0) return;
    event.preventDefault();
    const page = Math.max(1, Math.floor(area.height / ((layout.rows[0]?.height ?? 50) + layout.m.row_gap)) - 1);
    const next = cursor ? move(shown, layout, cursor, direction, page) : move(shown, layout, { node: 0, tile: 0 }, "home", 1);
    set_cursor(next);
    const row = layout.rows[Math.floor(next.node / layout.columns)];
    const box = scroller.current;
    if (!row || !box) return;
    if (row.top < box.scrollTop) box.scrollTop = row.top;
    else if (row.top + row.height + 2 * top_padding > box.scrollTop + box.clientHeight) {
      box.scrollTop = row.top + row.height + 2 * top_padding - box.clientHeight;
    }
    const device = shown[next.node]?.entry.devices[next.tile];
    if (device) set_hovered(spot_on_screen(row, next.node % layout.columns, next.tile, device));
  };

  const gpus = useMemo(() => shown.reduce((n, one) => n + one.gpus, 0), [shown]);
  const pointed = hovered && live.fleet.devices.get(hovered.device.id);
  return (
    <>
      <div
        class="grid"
        ref={scroller}
        tabIndex={0}
        role="application"
        aria-label={t("grid.label")}
        data-nodes={shown.length}
        data-gpus={gpus}
        onScroll={() => (update_range(), hovered && set_hovered(undefined))}
        onKeyDown={on_key}
        onMouseLeave={() => set_hovered(undefined)}
        onBlur={() => set_hovered(undefined)}
      >
        <div class="grid-space" style={{ height: `${layout.height}px` }}>
          {area.width > 0 &&
            layout.rows.slice(range[0], range[1]).map((row) => (
              <GridRow
                key={row.first}
                row={row}
                layout={layout}
                width={area.width}
                look={look}
                structure={structure}
                on_point={point}
              />
            ))}
        </div>
        <p class="unseen" aria-live="polite">
          {cursor_device &&
            `${cursor_device.id}, ${cursor_device.model_name ?? unknown}, ${f.percent(device_utilization(cursor_device))}, ` +
              (trouble(cursor_device) ? t(`trouble.${trouble(cursor_device)!}`) : cursor_device.free ? t("gpu.free") : t("gpu.held"))}
        </p>
      </div>
      {pointed && <GpuCard device={pointed} x={hovered.x} top={hovered.top} bottom={hovered.bottom} />}
    </>
  );
}

const side_padding = 20;
const top_padding = 6;

function useLook(size: Size, colour: ColourBy, cursor: string | undefined, hover: string | undefined): Look {
  const { f, live, dark } = useApp();
  return useMemo(() => {
    const main = (device: Device): string => {
      switch (colour) {
        case "utilization": {
          const percent = device_utilization(device);
          return percent === undefined ? unknown : f.integer(percent);
        }
        case "memory":
          return device.values["memory_used_mib"] === undefined ? unknown : f.integer(device.values["memory_used_mib"] / 1024);
        case "temperature":
          return f.integer(device.values["gpu_temperature_celsius"]);
        case "power":
          return f.integer(device.values["power_watts"]);
      }
    };
    const units: Record<ColourBy, string> = { utilization: "%", memory: " GiB", temperature: "°", power: " W" };
    return {
      palette: palettes[dark ? "dark" : "light"],
      colour,
      size,
      cursor,
      hover,
      label: (device) => {
        const text = main(device);
        const holder = live.fleet.holder(device);
        const parts = [
          colour === "temperature" ? "" : f.celsius(device.values["gpu_temperature_celsius"]),
          colour === "power" ? "" : f.watts(device.values["power_watts"]),
        ];
        return {
          main: size === "l" && text !== unknown ? text + units[colour] : text,
          second: parts.filter((part) => part && part !== unknown).join("  "),
          third: holder ? (holder.team || holder.namespace) : "",
        };
      },
    };
  }, [size, colour, cursor, hover, dark, f, live]);
}

interface RowProps {
  row: Row;
  layout: Layout;
  width: number;
  look: Look;
  structure: number;
  on_point(row: Row, event: MouseEvent): void;
}

function GridRow({ row, layout, width, look, structure, on_point }: RowProps) {
  const { live } = useApp();
  const canvas = useRef<HTMLCanvasElement>(null);
  const draw = () => canvas.current && draw_row(canvas.current, layout, row, width, look);
  useLayoutEffect(() => void draw(), [row, layout, width, look, structure]);
  const latest = useRef(draw);
  latest.current = draw;
  const [, again] = useState(0);
  useEffect(() => {
    const names = row.nodes.map(({ entry }) => entry.node.name);
    let frame = 0;
    const stop = live.on(["readings"], () => {
      if (frame || !names.some((name) => live.last_touched.has(name))) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        latest.current();
        again((n) => n + 1); // the names' line may say stale now
      });
    });
    return () => (stop(), cancelAnimationFrame(frame));
  }, [live, row]);
  const open = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const device = hit(layout, row, event.clientX - box.left, event.clientY - box.top);
    if (device) navigate(gpu_address(device.id));
  };
  return (
    <div class="grid-row" style={{ transform: `translateY(${row.top}px)`, height: `${row.height}px`, width: `${width}px` }}>
      <canvas
        ref={canvas}
        style={{ width: `${width}px`, height: `${row.height}px` }}
        onMouseMove={(event) => on_point(row, event)}
        onClick={open}
      />
      {row.nodes.map((one, column) => (
        <NodeHead key={one.entry.node.name} one={one} layout={layout} column={column} size={look.size} />
      ))}
    </div>
  );
}

function NodeHead({ one, layout, column, size }: { one: Shown; layout: Layout; column: number; size: Size }) {
  const { t, f } = useApp();
  const { node, devices } = one.entry;
  const models = [...new Set(devices.map((device) => device.model_name ?? device.model ?? unknown))].join(", ");
  const free = devices.filter((device) => device.free).length;
  const about = [
    node.name,
    models,
    `${t("field.driver")} ${node.driver_version || unknown}`,
    `${t("field.observed")} ${f.time(node.observed_at)}`,
    node.last_error ?? "",
  ];
  const left = column * (layout.block_width + layout.m.column_gap);
  return (
    <div
      class={`node-head size-${size}`}
      style={{ transform: `translateX(${left}px)`, width: `${layout.block_width}px`, height: `${layout.m.head}px` }}
      title={about.filter(Boolean).join("\n")}
    >
      <Link to={`/?q=${encodeURIComponent(`node:${node.name}`)}`} class="node-name">
        {node.name}
      </Link>
      {devices.length === 0 && <span class="node-model">{t("grid.no_gpus")}</span>}
      {size !== "s" && devices.length > 0 && <span class="node-model">{models}</span>}
      {node.stale && <span class="badge warn">{t("state.STALE")}</span>}
      {size !== "s" && devices.length > 0 && !node.stale && (
        <span class="node-free">
          {size === "l" && node.driver_version ? `${node.driver_version} · ` : ""}
          {t("grid.node.free", { free, all: devices.length })}
        </span>
      )}
    </div>
  );
}
