// Records of the Kubernetes cluster, fetched again when the stream says that they changed.

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get } from "../api/client.ts";
import type { Cluster } from "../api/cluster.ts";
import type { Page } from "../api/types.ts";
import { useNews } from "../app/context.tsx";

const page_size = 100;
const again_after_ms = 2_000; // a busy cluster changes all the time; nobody reads faster
const anyway_ms = 30_000; // ages and usage move without an event where a server is old

// A number that grows when it is time to look again: soon after news of the cluster, seldom without, and not while nobody looks.
function useRound(): number {
  const news = useNews(["cluster"]);
  const [round, set_round] = useState(0);
  const last = useRef({ at: Date.now(), news });
  useEffect(() => {
    const look = () => {
      if (document.hidden) return;
      last.current = { at: Date.now(), news };
      set_round((n) => n + 1);
    };
    const pause = news === last.current.news ? anyway_ms : Math.max(0, last.current.at + again_after_ms - Date.now());
    const timer = setTimeout(look, pause);
    document.addEventListener("visibilitychange", look);
    return () => (clearTimeout(timer), document.removeEventListener("visibilitychange", look));
  }, [news, round]);
  return round;
}

export interface Loaded<T> {
  data: T | undefined;
  error: ApiError | undefined;
}

export function useRecord<T>(path: string): Loaded<T> {
  const [kept, set_kept] = useState<{ path: string; data?: T; error?: ApiError }>({ path });
  const round = useRound();
  useEffect(() => {
    const abort = new AbortController();
    get<T>(path, {}, abort.signal)
      .then((data) => set_kept({ path, data }))
      .catch((error: unknown) => {
        if (error instanceof ApiError) set_kept((old) => ({ ...(old.path === path ? old : { path }), error }));
      });
    return () => abort.abort();
  }, [path, round]);
  return kept.path === path ? { data: kept.data, error: kept.error } : { data: undefined, error: undefined };
}

// GET /cluster, shared by all pages of the cluster through the frame around them.
export function useCluster(): Loaded<Cluster> {
  return useRecord<Cluster>("/cluster");
}

export interface List<T> {
  items: T[];
  total: number | undefined;
  loaded: boolean;
  error: ApiError | undefined;
  more: (() => void) | undefined;
}

export type Asked = Record<string, string | boolean | undefined>;

export function useList<T>(path: string, asked: Asked): List<T> {
  const key = path + JSON.stringify(asked);
  const [kept, set_kept] = useState<{ key: string; items: T[]; total?: number; cursor?: string; error?: ApiError }>({ key, items: [] });
  const [size, set_size] = useState({ key, size: page_size });
  const round = useRound();
  const wanted = size.key === key ? size.size : page_size;
  useEffect(() => {
    const abort = new AbortController();
    void (async () => {
      try {
        const items: T[] = [];
        let cursor: string | undefined;
        let total: number | undefined;
        do {
          const page: Page<T> = await get<Page<T>>(path, { ...asked, limit: Math.min(1000, wanted - items.length), cursor }, abort.signal);
          items.push(...page.items);
          cursor = page.next_cursor ?? undefined;
          total = page.total ?? undefined;
        } while (cursor && items.length < wanted);
        set_kept({ key, items, ...(total === undefined ? {} : { total }), ...(cursor ? { cursor } : {}) });
      } catch (error) {
        if (error instanceof ApiError) set_kept((old) => ({ ...(old.key === key ? old : { key, items: [] }), error }));
      }
    })();
    return () => abort.abort();
  }, [key, wanted, round]);
  const own = kept.key === key;
  return {
    items: kept.items, // of the list before until the new one is here: nothing jumps
    total: own ? kept.total : undefined,
    loaded: own && (kept.total !== undefined || kept.error !== undefined),
    error: own ? kept.error : undefined,
    more: own && kept.cursor ? () => set_size({ key, size: wanted + page_size }) : undefined,
  };
}
