// What the tiles' colours and marks mean, drawn by the code that draws the tiles.

import { useEffect, useRef } from "preact/hooks";
import type { Device } from "../api/types.ts";
import { useApp } from "../app/context.tsx";
import { draw_gpu, type Look } from "./draw.ts";
import type { ColourBy } from "./fleet.ts";
import { palettes } from "./palette.ts";

const blank: Device = {
  id: "", node: "", index: 0, uuid: null, model: null, model_name: null, state: "ACTIVE", mig_enabled: false, lost: false, stale: false,
  free: false, memory_mib: null, allocation: null, values: {}, instances: [], memory_slots: null,
};
const sample = { gpu_utilization_percent: 55 };

export function Legend({ colour }: { colour: ColourBy }) {
  const { t, dark } = useApp();
  const entries: [string, Device][] = [
    [t("legend.held"), { ...blank, values: sample, allocation: "x" }],
    [t("legend.free"), { ...blank, values: { gpu_utilization_percent: 0 }, free: true }],
    [t("legend.unknown"), blank],
    [t("legend.trouble"), { ...blank, state: "FAILED" }],
    [t("legend.stale"), { ...blank, values: sample, stale: true }],
    [t("legend.aside"), { ...blank, state: "MAINTENANCE" }],
  ];
  return (
    <footer class="legend">
      <span class="legend-scale">
        <span>{t(`colour.${colour}`)}</span>
        <span aria-hidden="true">0</span>
        <Scale dark={dark} />
        <span aria-hidden="true">100%</span>
      </span>
      {entries.map(([name, device]) => (
        <span key={name} class="legend-entry">
          <Sample device={device} dark={dark} />
          {name}
        </span>
      ))}
    </footer>
  );
}

function Scale({ dark }: { dark: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const ctx = canvas.current?.getContext("2d");
    if (!ctx) return;
    const palette = palettes[dark ? "dark" : "light"];
    for (let x = 0; x < 100; x++) {
      ctx.fillStyle = palette.fill(x / 99);
      ctx.fillRect(x, 0, 1, 10);
    }
  }, [dark]);
  return <canvas ref={canvas} width={100} height={10} class="scale" />;
}

function Sample({ device, dark }: { device: Device; dark: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const ctx = canvas.current?.getContext("2d");
    if (!ctx) return;
    const look: Look = {
      palette: palettes[dark ? "dark" : "light"], colour: "utilization", size: "s", cursor: undefined, hover: undefined,
      label: () => ({ main: "", second: "", third: "" }),
    };
    ctx.setTransform(2, 0, 0, 2, 0, 0);
    ctx.clearRect(0, 0, 20, 14);
    draw_gpu(ctx, { x: 0, y: 0, width: 20, height: 14 }, device, look);
  });
  return <canvas ref={canvas} width={40} height={28} class="sample" aria-hidden="true" />;
}
