// REST calls. A failure is an ApiError that says what the server said, or that it could not be reached.

import type { Page, Problem } from "./types.ts";

export class ApiError extends Error {
  readonly problem: Problem | undefined; // absent: no answer from the server
  constructor(message: string, problem?: Problem) {
    super(message);
    this.problem = problem;
  }
}

type Query = Record<string, string | number | boolean | undefined>;

export function url_of(path: string, query: Query = {}): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") pairs.set(name, String(value));
  }
  const text = pairs.toString();
  return text ? `/api/v1${path}?${text}` : `/api/v1${path}`;
}

async function problem_of(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Problem;
    return { ...body, status: response.status };
  } catch {
    return { status: response.status, title: response.statusText };
  }
}

async function call<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    if ((cause as Error).name === "AbortError") throw cause;
    throw new ApiError("no answer");
  }
  if (!response.ok) {
    const problem = await problem_of(response);
    throw new ApiError(problem.detail ?? problem.title ?? `HTTP ${response.status}`, problem);
  }
  return (await response.json()) as T;
}

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return call<T>(url_of(path, query), { headers: { Accept: "application/json" }, ...(signal ? { signal } : {}) });
}

// Every page of a list, in order; `each` hears of the pages as they come.
export async function get_all<T>(path: string, query: Query, each?: (items: T[], total: number) => void): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await get<Page<T>>(path, { ...query, limit: 1000, cursor });
    items.push(...page.items);
    each?.(page.items, page.total ?? items.length);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return items;
}

export function post<T>(path: string, body: unknown, idempotency_key: string): Promise<T> {
  return call<T>(url_of(path), {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": idempotency_key },
    body: JSON.stringify(body),
  });
}

export function remove<T>(path: string): Promise<T> {
  return call<T>(url_of(path), { method: "DELETE", headers: { Accept: "application/json" } });
}

// A name of its own for one attempt to create something, so that a repeated click makes it once.
// crypto.randomUUID exists on https and localhost only; the dashboard is often opened over plain http.
export function new_key(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
