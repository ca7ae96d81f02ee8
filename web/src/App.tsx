// The frame around every page: navigation, live state, language, theme, jobs, help.

import { useEffect, useRef, useState } from "preact/hooks";
import { AppProvider, type Context, Link, make_text, navigate, type Theme, useAddress, useApp, useNews, useNow, useTheme } from "./app/context.tsx";
import type { LiveFleet } from "./app/live_fleet.ts";
import { store, stored } from "./app/settings.ts";
import { ClaimsPage } from "./cluster/ClaimsPage.tsx";
import { ClusterPage } from "./cluster/ClusterPage.tsx";
import { HoldingsPage } from "./cluster/HoldingsPage.tsx";
import { ModelsPage } from "./cluster/ModelsPage.tsx";
import { NamespacesPage } from "./cluster/NamespacesPage.tsx";
import { NodePage } from "./cluster/NodePage.tsx";
import { NodesPage } from "./cluster/NodesPage.tsx";
import { PodPage } from "./cluster/PodPage.tsx";
import { PodsPage } from "./cluster/PodsPage.tsx";
import { FleetPage } from "./fleet/FleetPage.tsx";
import { choose_language, type Key, type Language, languages } from "./i18n/index.ts";
import { AllocationsPage } from "./view/AllocationsPage.tsx";
import { Dialog } from "./view/Dialog.tsx";
import { GpuPage } from "./view/GpuPage.tsx";

const toast_ms = 6_000;

export function App({ live }: { live: LiveFleet }) {
  const [language, set_language] = useState<Language>(() =>
    choose_language(new URLSearchParams(location.search).get("lang"), stored("language"), navigator.languages),
  );
  const [toast, set_toast] = useState("");
  const [text, set_text] = useState(() => make_text(language));
  const theme = useTheme();
  document.documentElement.lang = language;
  useEffect(() => {
    if (!toast) return undefined;
    const timer = setTimeout(() => set_toast(""), toast_ms);
    return () => clearTimeout(timer);
  }, [toast]);
  const context: Context = {
    live, language, ...theme, ...text,
    set_language: (chosen) => {
      store("language", chosen);
      set_text(make_text(chosen));
      set_language(chosen);
    },
    toast: set_toast,
  };
  return (
    <AppProvider value={context}>
      <Frame />
      <div class="toast" role="status" aria-live="polite">
        {toast && <span>{toast}</span>}
      </div>
    </AppProvider>
  );
}

function Frame() {
  const { t } = useApp();
  const { path } = useAddress();
  const [help, set_help] = useState(false);
  useKeys(() => set_help(true));
  const page = page_of(path);
  const first = useRef(true);
  useEffect(() => {
    // A new page is read from its beginning; the first one keeps the browser's own focus.
    if (!first.current) document.getElementById("main")?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  useEffect(() => {
    document.title = page.title === "" ? `Reeve – ${t(page.name)}` : `${page.title} – Reeve`;
  });
  return (
    <>
      <a class="skip" href="#main">
        {t("app.skip")}
      </a>
      <header class="top">
        <Link to="/" class="logo">
          <img src="/favicon.svg" width="22" height="22" alt="" />
          Reeve
        </Link>
        <nav aria-label={t("nav.main")}>
          <Link to="/" current={page.name === "nav.fleet"}>
            {t("nav.fleet")}
          </Link>
          <Link to="/allocations" current={page.name === "nav.allocations"}>
            {t("nav.allocations")}
          </Link>
          <Link to="/cluster" current={page.name === "nav.kube"}>
            {t("nav.kube")}
          </Link>
        </nav>
        <Jobs />
        <Live />
        <Preferences help={() => set_help(true)} />
      </header>
      <main id="main" tabIndex={-1}>
        {page.view()}
      </main>
      {help && <Help close={() => set_help(false)} />}
    </>
  );
}

interface Page {
  name: Key;
  title: string;
  view(): preact.JSX.Element;
}

function page_of(path: string): Page {
  if (path === "/" || path === "/index.html") return { name: "nav.fleet", title: "", view: () => <FleetPage /> };
  if (path === "/allocations") return { name: "nav.allocations", title: "", view: () => <AllocationsPage /> };
  const cluster = cluster_page(path);
  if (cluster) return cluster;
  const gpu = /^\/gpus\/([^/]+)$/.exec(path)?.[1];
  if (gpu) {
    const id = decoded(gpu);
    return { name: "nav.fleet", title: id, view: () => <GpuPage key={id} id={id} /> };
  }
  return { name: "page.not_found", title: "", view: () => <NotFound /> };
}

const cluster_lists: Record<string, () => preact.JSX.Element> = {
  "/cluster": () => <ClusterPage />,
  "/cluster/nodes": () => <NodesPage />,
  "/cluster/pods": () => <PodsPage />,
  "/cluster/namespaces": () => <NamespacesPage />,
  "/cluster/models": () => <ModelsPage />,
  "/cluster/holdings": () => <HoldingsPage />,
  "/cluster/claims": () => <ClaimsPage />,
};

function cluster_page(path: string): Page | undefined {
  const list = cluster_lists[path];
  if (list) return { name: "nav.kube", title: "", view: list };
  const node = /^\/cluster\/nodes\/([^/]+)$/.exec(path)?.[1];
  if (node) return { name: "nav.kube", title: decoded(node), view: () => <NodePage key={path} name={decoded(node)} /> };
  const [, namespace, pod] = /^\/cluster\/pods\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (!namespace || !pod) return undefined;
  return { name: "nav.kube", title: decoded(pod), view: () => <PodPage key={path} namespace={decoded(namespace)} name={decoded(pod)} /> };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function NotFound() {
  const { t } = useApp();
  return (
    <div class="state">
      <h1>{t("page.not_found")}</h1>
      <Link to="/">{t("page.to_fleet")}</Link>
    </div>
  );
}

function Live() {
  const { live, t, f } = useApp();
  useNews(["status", "readings"]);
  const now = useNow(1_000);
  const state = live.live;
  const seconds = state.is === "lost" ? Math.max(0, Math.ceil((state.retry_at - now) / 1000)) : 0;
  const text = { live: t("live.on"), connecting: t("live.connecting"), lost: t("live.lost.short") }[state.is];
  const more = state.is === "lost" ? t("live.lost", { seconds }) : live.last_reading_at ? t("live.updated", { ago: f.ago(live.last_reading_at, now) }) : "";
  return (
    <span class={`live live-${state.is}`} role="status" title={more} data-live={state.is}>
      <span class="live-dot" aria-hidden="true" />
      {text}
      <span class="live-more">{more}</span>
    </span>
  );
}

function Jobs() {
  const { live, t, f } = useApp();
  useNews(["jobs"]);
  const running = live.jobs.filter((job) => job.state === "running" || job.state === "failed");
  return (
    <div class="jobs">
      {running.map((job) => {
        const part = job.total ? Math.min(1, job.done / job.total) : undefined;
        const name = job.id.startsWith("history") ? t("job.history") : job.name;
        return (
          <span key={job.id} class={`job ${job.state}`} title={job.detail ?? ""}>
            <span>{name}</span>
            {job.state === "failed" ? (
              <span>{t("job.failed")}</span>
            ) : (
              <>
                <progress {...(part === undefined ? {} : { value: part, max: 1 })} aria-label={name} />
                {part !== undefined && <span>{f.percent(part * 100)}</span>}
              </>
            )}
          </span>
        );
      })}
    </div>
  );
}

const themes: readonly { id: Theme; sign: string; key: Key }[] = [
  { id: "auto", sign: "◐", key: "theme.auto" },
  { id: "light", sign: "○", key: "theme.light" },
  { id: "dark", sign: "●", key: "theme.dark" },
];

function Preferences({ help }: { help(): void }) {
  const { t, language, set_language, theme, set_theme } = useApp();
  const now = themes.findIndex(({ id }) => id === theme);
  const current = themes[now] ?? themes[0]!;
  const next = themes[(now + 1) % themes.length]!;
  return (
    <div class="preferences">
      <div class="segments" role="group" aria-label={t("lang.label")}>
        {languages.map(({ id, name }) => (
          <button type="button" key={id} lang={id} aria-pressed={id === language} onClick={() => set_language(id)}>
            {name}
          </button>
        ))}
      </div>
      <button type="button" class="icon" onClick={() => set_theme(next.id)} aria-label={`${t("theme.label")}: ${t(current.key)}`}
        title={`${t("theme.label")}: ${t(current.key)}`}>
        {current.sign}
      </button>
      <button type="button" class="icon" onClick={help} aria-label={t("help.button")} title={t("help.button")}>
        ?
      </button>
    </div>
  );
}

function useKeys(show_help: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      if (event.key === "/") {
        event.preventDefault();
        const field = document.querySelector<HTMLInputElement>("[data-search]");
        if (field) field.select();
        else navigate("/");
      } else if (event.key === "?") show_help();
      else if (event.key === "1") navigate("/");
      else if (event.key === "2") navigate("/allocations");
      else if (event.key === "3") navigate("/cluster");
      else if (event.key === "Escape" && /^\/(gpus|cluster\/nodes|cluster\/pods)\/./.test(location.pathname)) history.length > 1 ? history.back() : navigate("/");
      else if (event.key.startsWith("Arrow") && (target === document.body || target.id === "main")) {
        const grid = document.querySelector<HTMLElement>(".grid");
        if (!grid) return;
        event.preventDefault();
        grid.focus();
        grid.dispatchEvent(new KeyboardEvent("keydown", { key: event.key }));
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

function Help({ close }: { close(): void }) {
  const { t } = useApp();
  const rows: [string[], Key][] = [
    [["/"], "help.search"],
    [["←", "→", "↑", "↓"], "help.move"],
    [["Enter"], "help.open"],
    [["Esc"], "help.leave"],
    [["1", "2", "3"], "help.pages"],
    [["?"], "help.this"],
  ];
  return (
    <Dialog title={t("help.title")} close={close}>
      <table class="help">
        <tbody>
          {rows.map(([keys, text]) => (
            <tr key={text}>
              <td>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </td>
              <td>{t(text)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="dialog-buttons">
        <button type="button" onClick={close}>
          {t("help.close")}
        </button>
      </div>
    </Dialog>
  );
}
