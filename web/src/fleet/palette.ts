// Colours of the tiles. Both scales grow evenly in lightness and run blue to yellow, so that they read the
// same with any kind of colour blindness and in print.

type Rgb = [number, number, number];

const light_stops = ["#e9efe4", "#c5dfc2", "#8cc9ba", "#4aa3b5", "#2d6ea4", "#243a73"];
const dark_stops = ["#1c2833", "#1f4257", "#21687c", "#379183", "#86bb70", "#f0e07a"];
const steps = 256;
// Above this luminance near-black stands out more than white; both keep 4.5 to 1 there.
const ink_border = 0.18;

export interface Palette {
  fill(level: number): string;
  text(level: number): string; // readable on fill(level)
  unknown: string;
  unknown_text: string;
  empty: string; // no slice stands here
  outline: string;
  free: string;
  notch: string; // the cut corner of what is held: the page shows through
  held: string;
  danger: string;
  danger_fill: string;
  aside: string;
  hatch: string;
  focus: string;
}

function parse(hex: string): Rgb {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function luminance([r, g, b]: Rgb): number {
  const linear = (channel: number) => {
    const c = channel / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

export function scale_colour(stops: readonly string[], level: number): Rgb {
  const place = Math.min(1, Math.max(0, level)) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(place));
  const from = parse(stops[below] as string);
  const to = parse(stops[below + 1] as string);
  return [0, 1, 2].map((i) => Math.round((from[i] as number) + ((to[i] as number) - (from[i] as number)) * (place - below))) as Rgb;
}

function make(stops: readonly string[], rest: Omit<Palette, "fill" | "text">): Palette {
  const fills: string[] = [];
  const texts: string[] = [];
  for (let i = 0; i < steps; i++) {
    const colour = scale_colour(stops, i / (steps - 1));
    fills.push(`rgb(${colour.join()})`);
    texts.push(luminance(colour) > ink_border ? "#020405" : "#ffffff");
  }
  const at = (level: number) => Math.round(Math.min(1, Math.max(0, level)) * (steps - 1));
  return { ...rest, fill: (level) => fills[at(level)] as string, text: (level) => texts[at(level)] as string };
}

export const palettes: Record<"light" | "dark", Palette> = {
  light: make(light_stops, {
    unknown: "#e3e6e8", unknown_text: "#5c676d", empty: "#f4f6f7", outline: "#c3cacd", notch: "#f6f8f8", free: "#0c7c72", held: "#1d2b31",
    danger: "#b3261e", danger_fill: "#fbe3df", aside: "#dfe3e5", hatch: "#7b878d", focus: "#0b57d0",
  }),
  dark: make(dark_stops, {
    unknown: "#2a3237", unknown_text: "#9aa7ad", empty: "#141a1e", outline: "#3a464d", notch: "#0f1417", free: "#4fd1c1", held: "#ffffff",
    danger: "#ff8a7a", danger_fill: "#48201c", aside: "#242c31", hatch: "#8a979d", focus: "#8ab4f8",
  }),
};

export const scale_stops = { light: light_stops, dark: dark_stops };
export const relative_luminance = luminance;
