// Who holds what, and who did.

import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api/client.ts";
import { type Allocation, allocation_statuses, type Maybe, type Page } from "../api/types.ts";
import { gpu_address, Link, navigate, useAddress, useApp, useNews } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { Choice } from "../fleet/FleetPage.tsx";
import { SearchField } from "../cluster/parts.tsx";
import { Allocate } from "./Allocate.tsx";
import { Release } from "./Release.tsx";

const page_size = 100;

export function AllocationsPage() {
  const { t, f } = useApp();
  const { search } = useAddress();
  const query = new URLSearchParams(search);
  const status = query.get("status") ?? "ALLOCATED";
  const asked = {
    status: status === "all" ? "ALL" : status,
    q: query.get("q") ?? undefined,
    namespace: query.get("namespace") ?? undefined,
    team: query.get("team") ?? undefined,
    node: query.get("node") ?? undefined,
  };
  const list = useList(asked);
  const [asking, set_asking] = useState(query.has("new"));
  const [releasing, set_releasing] = useState<Allocation>();
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value) next.set(name, value);
    else next.delete(name);
    navigate(`/allocations?${next}`, true);
  };
  const filtering = Boolean(asked.q || asked.namespace || asked.team || asked.node);
  return (
    <div class="page">
      <header class="page-head">
        <h1>{t("alloc.title")}</h1>
        <button type="button" class="primary" onClick={() => set_asking(true)}>
          {t("alloc.new")}
        </button>
      </header>
      <form class="toolbar" role="search" onSubmit={(event) => event.preventDefault()}>
        <SearchField name={t("alloc.search")} value={asked.q ?? ""} change={(value) => set("q", value)} main />
        <Choice label={t("alloc.status")} value={status === "ALLOCATED" ? "" : status} change={(value) => set("status", value)}
          options={[["", t("status.ALLOCATED")], ...allocation_statuses.filter((one) => one !== "ALLOCATED").map(
            (one): [string, string] => [one, t(`status.${one}`)]), ["all", t("alloc.status.any")]]} />
        <SearchField name={t("alloc.namespace")} value={asked.namespace ?? ""} change={(value) => set("namespace", value)} />
        <SearchField name={t("alloc.team")} value={asked.team ?? ""} change={(value) => set("team", value)} />
        <SearchField name={t("field.node")} value={asked.node ?? ""} change={(value) => set("node", value)} />
        {list.total !== null && list.total !== undefined && (
          <span class="toolbar-count" aria-live="polite">
            {t("alloc.count", { shown: f.integer(list.items.length), total: f.integer(list.total) })}
          </span>
        )}
      </form>
      {list.error && (
        <p class="problem" role="alert">
          {t("error.title")}: {list.error}
        </p>
      )}
      {list.items.length > 0 ? (
        <AllocationTable items={list.items} release={set_releasing} />
      ) : (
        list.loaded && !list.error && <p class="nothing">{filtering ? t("alloc.none.filter") : t("alloc.none")}</p>
      )}
      {!list.loaded && !list.error && <p class="nothing" role="status">{t("load.any")}</p>}
      {list.more && (
        <button type="button" class="more" onClick={list.more}>
          {t("alloc.more")}
        </button>
      )}
      {asking && <Allocate close={() => set_asking(false)} done={() => (set_asking(false), list.again())} />}
      {releasing && <Release allocation={releasing} close={() => (set_releasing(undefined), list.again())} />}
    </div>
  );
}

interface List {
  items: Allocation[];
  total: Maybe<number>; // unknown for the past: counting it would cost the server more than the page
  loaded: boolean;
  error: string;
  more: (() => void) | undefined;
  again(): void;
}

function useList(asked: Record<string, string | undefined>): List {
  const [items, set_items] = useState<Allocation[]>([]);
  const [total, set_total] = useState<Maybe<number>>();
  const [loaded, set_loaded] = useState(false);
  const [cursor, set_cursor] = useState<string>();
  const [error, set_error] = useState("");
  const [round, set_round] = useState(0);
  const news = useNews(["allocations"]); // somebody else's change shows here too
  const key = JSON.stringify(asked);
  const shown = useRef("");
  const fetch_page = async (from: string | undefined, size: number, signal?: AbortSignal) => {
    try {
      const page = await get<Page<Allocation>>("/allocations", { ...asked, limit: size, cursor: from, sort: "-allocated_at" }, signal);
      set_items((old) => (from ? [...old, ...page.items] : page.items));
      set_total(page.total);
      set_loaded(true);
      set_cursor(page.next_cursor ?? undefined);
      set_error("");
    } catch (failure) {
      if ((failure as Error).name !== "AbortError") set_error((failure as Error).message);
    }
  };
  useEffect(() => {
    const abort = new AbortController();
    const same_list = shown.current === key;
    shown.current = key;
    const timer = setTimeout(() => void fetch_page(undefined, same_list ? Math.max(page_size, items.length) : page_size, abort.signal), 150);
    return () => (clearTimeout(timer), abort.abort());
  }, [key, round, news]);
  return {
    items, total, loaded, error,
    more: cursor ? () => void fetch_page(cursor, page_size) : undefined,
    again: () => set_round((n) => n + 1),
  };
}

function AllocationTable({ items, release }: { items: Allocation[]; release(allocation: Allocation): void }) {
  const { t, f } = useApp();
  return (
    <div class="table-box">
      <table class="allocations">
        <thead>
          <tr>
            <th>{t("alloc.pod")}</th>
            <th>{t("alloc.team")}</th>
            <th>{t("alloc.resource")}</th>
            <th>{t("alloc.workload")}</th>
            <th class="number">{t("alloc.memory")}</th>
            <th>{t("alloc.since")}</th>
            <th>{t("alloc.until")}</th>
            <th class="number">{t("alloc.cost")}</th>
            <th class="number">{t("alloc.total")}</th>
            <th>{t("alloc.status")}</th>
            <th>
              <span class="unseen">{t("alloc.release")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id} data-allocation={one.id}>
              <td title={one.id}>
                <span class="muted">{one.namespace}/</span>
                {one.pod}
              </td>
              <td title={[one.user, one.project].filter(Boolean).join(" · ")}>{one.team || unknown}</td>
              <td>
                <Link to={gpu_address(one.device ?? one.resource)}>{one.resource}</Link>
              </td>
              <td>{one.workload_type || unknown}</td>
              <td class="number">{one.allocated_memory_gb ? `${f.integer(one.allocated_memory_gb)}\u202fGB` : unknown}</td>
              <td title={f.time(one.allocated_at)}>{f.ago(one.allocated_at, Date.now())}</td>
              <td>{one.released_at ? f.time(one.released_at) : one.planned_release_at ? f.time(one.planned_release_at) : t("alloc.until.open")}</td>
              <td class="number">{f.usd(one.cost_per_hour_usd)}</td>
              <td class="number">{f.usd(one.total_cost_usd)}</td>
              <td>
                <span class={`badge status-${one.status}`}>{t(`status.${one.status}`)}</span>
              </td>
              <td>
                {one.origin === "observed" && (
                  <span class="muted" title={t("alloc.observed.hint")}>
                    {t("alloc.observed")}
                  </span>
                )}
                {one.origin !== "observed" && (one.status === "ALLOCATED" || one.status === "PENDING") && (
                  <button type="button" class="small" onClick={() => release(one)} aria-label={`${t("alloc.release")} ${one.resource}`}>
                    {t("alloc.release")}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
