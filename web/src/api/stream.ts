// The live stream /api/v1/stream. Reconnects by itself with growing pauses; says when live is lost and when
// it is back, so that the page can load again what it missed.

import type { ClusterNews } from "./cluster.ts";
import type { Allocation, Job, Readings } from "./types.ts";

export interface StreamListener {
  live(): void; // after each (re)connection
  lost(retry_ms: number): void;
  readings(readings: Readings): void;
  inventory(nodes: string[]): void;
  allocation(allocation: Allocation): void;
  jobs(items: Job[]): void;
  cluster(news: ClusterNews): void;
}

const retry_first_ms = 1_000;
const retry_max_ms = 30_000;
// The server writes at least a comment every 15 s, which no script can see, and readings with each round: a
// connection without any event for so long is opened anew.
const silence_max_ms = 120_000;

export function retry_pause(attempt: number, jitter: number): number {
  return Math.min(retry_max_ms, retry_first_ms * 2 ** attempt) * (0.75 + 0.5 * jitter);
}

export function open_stream(listener: StreamListener): () => void {
  let source: EventSource | undefined;
  let attempt = 0;
  let timer = 0;
  let watch = 0;

  const close = () => {
    source?.close();
    source = undefined;
    clearTimeout(timer);
    clearTimeout(watch);
  };
  const retry = () => {
    close();
    const pause = retry_pause(attempt++, Math.random());
    listener.lost(pause);
    timer = window.setTimeout(connect, pause);
  };
  const heard = () => {
    clearTimeout(watch);
    watch = window.setTimeout(retry, silence_max_ms);
  };
  const connect = () => {
    source = new EventSource("/api/v1/stream");
    const on = <T>(name: string, handle: (data: T) => void) =>
      source?.addEventListener(name, (event) => {
        heard();
        handle(JSON.parse((event as MessageEvent<string>).data) as T);
      });
    source.onopen = () => {
      attempt = 0;
      heard();
      listener.live();
    };
    source.onerror = retry;
    on<unknown>("hello", () => undefined);
    on<Readings>("readings", (data) => listener.readings(data));
    on<{ nodes: string[] }>("inventory", (data) => listener.inventory(data.nodes));
    on<Allocation>("allocation", (data) => listener.allocation(data));
    on<{ items: Job[] }>("jobs", (data) => listener.jobs(data.items));
    on<ClusterNews>("cluster", (data) => listener.cluster(data));
  };
  connect();
  return close;
}
