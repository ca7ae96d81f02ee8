// Numbers and times as text in the reader's language. Unknown is "–", never 0.

import type { Maybe } from "./api/types.ts";

export const unknown = "–";

export interface Formats {
  integer(value: Maybe<number>): string;
  decimal(value: Maybe<number>, digits: number): string;
  percent(value: Maybe<number>): string; // of 100
  memory(mib: Maybe<number>): string;
  watts(value: Maybe<number>): string;
  celsius(value: Maybe<number>): string;
  usd(value: Maybe<number>): string;
  time(value: Maybe<string | number>): string;
  clock(value: number, span_ms: number): string; // an axis label
  ago(value: Maybe<string | number>, now: number): string;
  quantity(value: Maybe<number>, unit: Maybe<string>): string; // a metric's value with its unit
  tick(value: number, unit: string): string; // the same on an axis: round values without needless digits
}

const none = (value: unknown): value is null | undefined =>
  value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value));

const second = 1_000;
const day = 86_400 * second;
const relative_steps: [number, Intl.RelativeTimeFormatUnit][] = [
  [60 * second, "second"],
  [3_600 * second, "minute"],
  [day, "hour"],
  [Infinity, "day"],
];
const unit_ms: Record<string, number> = { second, minute: 60 * second, hour: 3_600 * second, day };

export function make_formats(locale: string, time_zone?: string): Formats {
  const zone = time_zone ? { timeZone: time_zone } : {};
  const numbers = [0, 1, 2, 3].map(
    (digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  const money = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", maximumFractionDigits: 2 });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium", hour12: false, ...zone });
  const minute = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false, ...zone });
  const date = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", ...zone });
  const both = new Intl.DateTimeFormat(locale, {
    month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false, ...zone,
  });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });

  const decimal = (value: Maybe<number>, digits: number) =>
    none(value) ? unknown : (numbers[Math.min(3, digits)] as Intl.NumberFormat).format(value);
  const with_unit = (text: string, unit: string) => (text === unknown ? unknown : `${text}\u202f${unit}`);
  const memory = (mib: Maybe<number>) => {
    if (none(mib)) return unknown;
    if (mib < 1024) return with_unit(decimal(mib, 0), "MiB");
    const gib = mib / 1024;
    return gib < 10_240 ? with_unit(decimal(gib, gib < 100 ? 1 : 0), "GiB") : with_unit(decimal(gib / 1024, 1), "TiB");
  };
  const watts = (value: Maybe<number>) => {
    if (none(value)) return unknown;
    if (value < 10_000) return with_unit(decimal(value, 0), "W");
    return value < 10_000_000 ? with_unit(decimal(value / 1_000, 1), "kW") : with_unit(decimal(value / 1e6, 2), "MW");
  };
  const bytes = (value: number, unit: string) => {
    const steps = ["B", "KiB", "MiB", "GiB", "TiB"];
    let step = unit.startsWith("KiB") ? 1 : 0;
    while (value >= 1024 && step + 1 < steps.length) {
      value /= 1024;
      step++;
    }
    return with_unit(decimal(value, value < 100 && step > 0 ? 1 : 0), `${steps[step]}${unit.endsWith("/s") ? "/s" : ""}`);
  };
  const as_date = (value: Maybe<string | number>) => {
    if (none(value)) return undefined;
    const time = new Date(value);
    return Number.isNaN(time.getTime()) ? undefined : time;
  };

  return {
    integer: (value) => decimal(value, 0),
    decimal,
    percent: (value) => (none(value) ? unknown : `${decimal(value, 0)}%`),
    memory,
    watts,
    celsius: (value) => with_unit(decimal(value, 0), "°C"),
    usd: (value) => (none(value) ? unknown : money.format(value)),
    time: (value) => {
      const time = as_date(value);
      return time ? full.format(time) : unknown;
    },
    clock: (value, span_ms) => {
      const time = new Date(value);
      if (span_ms <= 36 * 3_600 * second) return minute.format(time);
      return span_ms <= 4 * day ? both.format(time) : date.format(time);
    },
    ago: (value, now) => {
      const time = as_date(value);
      if (!time) return unknown;
      const past = Math.max(0, now - time.getTime());
      const [, unit] = relative_steps.find(([limit]) => past < limit) as [number, Intl.RelativeTimeFormatUnit];
      return relative.format(-Math.floor(past / (unit_ms[unit] as number)), unit);
    },
    tick: (value, unit) => {
      const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
      if (unit === "MiB") return value >= 1024 ? with_unit(plain.format(value / 1024), "GiB") : with_unit(plain.format(value), "MiB");
      if (unit === "ratio") return `${plain.format(value * 100)}%`;
      if (unit === "%") return `${plain.format(value)}%`;
      if (unit === "1/s") return plain.format(value); // the name says "per second"
      return with_unit(plain.format(value), unit === "C" ? "°C" : unit);
    },
    quantity: (value, unit) => {
      if (none(value)) return unknown;
      switch (unit) {
        case "%":
          return `${decimal(value, 0)}%`;
        case "MiB":
          return memory(value);
        case "W":
          return with_unit(decimal(value, value < 100 ? 1 : 0), "W");
        case "C":
          return with_unit(decimal(value, 0), "°C");
        case "ratio":
          return `${decimal(value * 100, 1)}%`;
        case "mJ":
          return with_unit(decimal(value / 3.6e9, 2), "kWh");
        case "ns":
          return with_unit(decimal(value / 1e9, 1), "s");
        case "1/s":
          return decimal(value, value < 100 ? 1 : 0);
        case "KiB":
        case "B/s":
          return bytes(value, unit);
        default:
          return unit ? with_unit(decimal(value, Number.isInteger(value) ? 0 : 2), unit) : decimal(value, Number.isInteger(value) ? 0 : 2);
      }
    },
  };
}
