// What every view needs: the live fleet, the language, formats, the theme, the address.

import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useReducer, useState } from "preact/hooks";
import { type Formats, make_formats } from "../format.ts";
import { type Language, locales, type Translate, translator } from "../i18n/index.ts";
import type { LiveFleet, Topic } from "./live_fleet.ts";
import { store, stored } from "./settings.ts";

export type Theme = "auto" | "light" | "dark";

export interface Context {
  live: LiveFleet;
  language: Language;
  set_language(language: Language): void;
  theme: Theme;
  set_theme(theme: Theme): void;
  dark: boolean;
  t: Translate;
  f: Formats;
  toast(text: string): void;
}

const AppContext = createContext<Context | undefined>(undefined);
export const AppProvider = AppContext.Provider;

export function useApp(): Context {
  const context = useContext(AppContext);
  if (!context) throw new Error("outside AppProvider");
  return context;
}

export function make_text(language: Language): { t: Translate; f: Formats } {
  return { t: translator(language), f: make_formats(locales[language]) };
}

// Draws again when one of the topics has news, at most once per frame.
export function useNews(topics: readonly Topic[]): number {
  const { live } = useApp();
  const [count, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    let frame = 0;
    const stop = live.on(topics, () => {
      if (!frame) frame = requestAnimationFrame(() => ((frame = 0), again(undefined)));
    });
    return () => (stop(), cancelAnimationFrame(frame));
  }, [live, topics.join()]);
  return count;
}

// The current time, anew every `every_ms`.
export function useNow(every_ms: number): number {
  const [now, set_now] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set_now(Date.now()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return now;
}

export function useTheme(): { theme: Theme; set_theme(theme: Theme): void; dark: boolean } {
  const [theme, set_theme] = useState<Theme>(() => {
    const kept = stored("theme");
    return kept === "light" || kept === "dark" ? kept : "auto";
  });
  const system = matchMedia("(prefers-color-scheme: dark)");
  const [system_dark, set_system_dark] = useState(system.matches);
  useEffect(() => {
    const changed = () => set_system_dark(system.matches);
    system.addEventListener("change", changed);
    return () => system.removeEventListener("change", changed);
  }, []);
  const dark = theme === "dark" || (theme === "auto" && system_dark);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  return { theme, dark, set_theme: (chosen) => (store("theme", chosen), set_theme(chosen)) };
}

// ---- addresses

const moved = "reeve:moved";

export function navigate(address: string, replace = false): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  dispatchEvent(new Event(moved));
}

export function useAddress(): { path: string; search: string } {
  const read = () => ({ path: location.pathname, search: location.search });
  const [address, set_address] = useState(read);
  useEffect(() => {
    const changed = () => set_address(read());
    addEventListener("popstate", changed);
    addEventListener(moved, changed);
    return () => (removeEventListener("popstate", changed), removeEventListener(moved, changed));
  }, []);
  return address;
}

interface LinkProps {
  to: string;
  class?: string;
  current?: boolean;
  children: ComponentChildren;
}

export function Link({ to, current, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={follow} aria-current={current ? "page" : undefined} {...rest}>
      {children}
    </a>
  );
}

export function gpu_address(id: string): string {
  return `/gpus/${encodeURIComponent(id)}`;
}
