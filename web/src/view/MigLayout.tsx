// A MIG GPU drawn to scale: memory slots from left to right, each slice where it stands.

import type { Allocation, Device } from "../api/types.ts";
import { useApp } from "../app/context.tsx";
import { holder_text } from "../fleet/GpuCard.tsx";
import { level, utilization } from "../fleet/fleet.ts";
import { parts_or_even } from "../fleet/layout.ts";
import { palettes } from "../fleet/palette.ts";
import { unknown } from "../format.ts";

const slots_text = ({ start, size }: { start: number; size: number }) => (size === 1 ? `${start}` : `${start} – ${start + size - 1}`);

export function MigLayout({ device, release }: { device: Device; release(allocation: Allocation): void }) {
  const { t, f, live, dark } = useApp();
  const { parts, slots, to_scale } = parts_or_even(device);
  const palette = palettes[dark ? "dark" : "light"];
  return (
    <>
      {!to_scale && device.instances.length > 0 && <p class="muted">{t("gpu.mig.unplaced")}</p>}
      {device.instances.length === 0 && <p class="muted">{t("gpu.mig.none")}</p>}
      <div class="mig" style={{ gridTemplateColumns: `repeat(${slots}, 1fr)` }}>
        {parts.map(({ start, size, instance }) => {
          const value = instance && level(instance, "utilization");
          const style = {
            gridColumn: `${start + 1} / span ${size}`,
            background: !instance ? "" : value === undefined ? palette.unknown : palette.fill(value),
            color: !instance ? "" : value === undefined ? palette.unknown_text : palette.text(value),
          };
          const who = instance && live.fleet.holder(instance);
          return (
            <div key={start} class={`mig-part ${!instance ? "void" : instance.free ? "free" : "held"}`} style={style} title={instance?.id ?? t("gpu.free")}>
              {instance && (
                <>
                  <strong>{instance.profile}</strong>
                  <span>{f.percent(utilization(instance.values))}</span>
                  <span class="mig-who">{who ? (who.team || who.namespace) : instance.free ? t("gpu.free") : ""}</span>
                </>
              )}
            </div>
          );
        })}
      </div>
      {to_scale && (
        <div class="mig-slots" style={{ gridTemplateColumns: `repeat(${slots}, 1fr)` }} aria-label={t("gpu.slots", { n: slots })}>
          {Array.from({ length: slots }, (_, slot) => (
            <span key={slot}>{slot}</span>
          ))}
        </div>
      )}
      {device.instances.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{t("gpu.slice")}</th>
              <th>{t("gpu.profile")}</th>
              <th>{t("gpu.placement")}</th>
              <th class="number">{t("colour.utilization")}</th>
              <th class="number">{t("colour.memory")}</th>
              <th>{t("gpu.holder")}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {device.instances.map((one) => {
              const who = live.fleet.holder(one);
              return (
                <tr key={one.id}>
                  <td title={one.uuid ?? ""}>{one.id.slice(device.id.length + 1) || one.id}</td>
                  <td>{one.profile}</td>
                  <td>{one.placement ? slots_text(one.placement) : unknown}</td>
                  <td class="number">{f.percent(utilization(one.values))}</td>
                  <td class="number">
                    {f.memory(one.values["memory_used_mib"])} / {f.memory(one.memory_mib)}
                  </td>
                  <td>{who ? holder_text(who) : one.free ? <span class="free">{t("gpu.free")}</span> : unknown}</td>
                  <td>
                    {who && who.origin !== "observed" && (
                      <button type="button" class="small" onClick={() => release(who)} aria-label={`${t("alloc.release")} ${one.id}`}>
                        {t("alloc.release")}
                      </button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </>
  );
}
