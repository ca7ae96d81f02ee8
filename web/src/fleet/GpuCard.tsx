// What is said of a GPU while the pointer or the keyboard cursor is on its tile.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Allocation, Device } from "../api/types.ts";
import { useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { trouble, utilization } from "./fleet.ts";

interface Props {
  device: Device;
  x: number;
  top: number;
  bottom: number;
}

const card_width = 300;
const slices_max = 7;

export function holder_text(holder: Allocation): string {
  return [holder.namespace, holder.pod].filter(Boolean).join("/") + (holder.team ? ` · ${holder.team}` : "");
}

export function GpuCard({ device, x, top, bottom }: Props) {
  const { t, f, live } = useApp();
  const card = useRef<HTMLDivElement>(null);
  const [height, set_height] = useState(180);
  useLayoutEffect(() => set_height(card.current?.offsetHeight ?? 180), [device]);
  const left = Math.max(8, Math.min(innerWidth - card_width - 8, x - card_width / 2));
  const below = bottom + 8 + height < innerHeight;
  const fault = trouble(device);
  const holder = live.fleet.holder(device);
  const values = device.values;
  return (
    <div
      class="card"
      role="tooltip"
      ref={card}
      style={{ left: `${left}px`, top: `${below ? bottom + 8 : Math.max(8, top - 8 - height)}px`, width: `${card_width}px` }}
    >
      <div class="card-head">
        <strong>{device.id}</strong>
        {fault && <span class={`badge ${fault === "failed" || fault === "lost" ? "bad" : "warn"}`}>{t(`trouble.${fault}`)}</span>}
      </div>
      <div class="muted">{device.model_name ?? device.product_name ?? device.model ?? unknown}</div>
      <dl class="pairs">
        <dt>{t("colour.utilization")}</dt>
        <dd>{f.percent(utilization(values))}</dd>
        <dt>{t("colour.memory")}</dt>
        <dd>
          {f.memory(values["memory_used_mib"])} / {f.memory(values["memory_total_mib"] ?? device.memory_mib)}
        </dd>
        <dt>{t("colour.temperature")}</dt>
        <dd>{f.celsius(values["gpu_temperature_celsius"])}</dd>
        <dt>{t("colour.power")}</dt>
        <dd>{f.watts(values["power_watts"])}</dd>
      </dl>
      {holder && <div class="card-holder">{holder_text(holder)}</div>}
      {!holder && device.free && <div class="card-holder free">{t("gpu.free")}</div>}
      {device.instances.length > 0 && (
        <ul class="card-slices">
          {device.instances.slice(0, slices_max).map((instance) => {
            const who = live.fleet.holder(instance);
            return (
              <li key={instance.id}>
                <span>{instance.profile}</span>
                <span>{f.percent(utilization(instance.values))}</span>
                <span class={who ? "" : "free"}>{who ? holder_text(who) : instance.free ? t("gpu.free") : unknown}</span>
              </li>
            );
          })}
        </ul>
      )}
      <div class="card-foot">{t("card.open")}</div>
    </div>
  );
}
