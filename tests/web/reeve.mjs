// Starts the real program for a test and ends it again.
import { spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const binary = process.env.REEVE_BIN ?? fileURLToPath(new URL("../../build/release/reeve", import.meta.url));

function free_port() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export async function eventually(what, check, limit_ms = 60_000) {
  const end = Date.now() + limit_ms;
  let last;
  for (;;) {
    try {
      last = await check();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${limit_ms / 1000} s; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
    await pause(200);
  }
}

// `reeve <command> --listen ... --data-dir ... <more>` in a folder of its own.
export async function start_reeve(command, more = []) {
  const directory = mkdtempSync(join(tmpdir(), "reeve-web-"));
  const url = `http://127.0.0.1:${await free_port()}`;
  const log = join(directory, "log");
  const out = openSync(log, "w");
  const child = spawn(binary, [command, "--listen", url.slice(7), "--data-dir", join(directory, "data"), ...more], { stdio: ["ignore", out, out] });
  let ended;
  child.on("error", (error) => (ended = error.message));
  child.on("exit", (code, signal) => (ended ??= `exit ${code ?? signal}`));
  const stop = async () => {
    child.kill("SIGTERM");
    for (let i = 0; i < 50 && ended === undefined; i++) await pause(100);
    if (ended === undefined) child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  const get = async (path) => {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return response.json();
  };
  try {
    await eventually(`${binary} ${command} answers`, async () => {
      if (ended !== undefined) return ended;
      return (await fetch(`${url}/api/v1/overview`)).ok;
    });
    if (ended !== undefined) throw new Error(`${binary} ${command}: ${ended}\n${readFileSync(log, "utf8").slice(-4000)}`);
  } catch (error) {
    const text = readFileSync(log, "utf8").slice(-4000);
    await stop();
    throw new Error(`${error.message}\n${text}`);
  }
  return { url, pid: child.pid, get, stop };
}

// A server that somebody else has started (REEVE_URL), for work on the page itself.
export function running_reeve(url) {
  const get = async (path) => (await fetch(url + path)).json();
  return { url, pid: undefined, get, stop: async () => undefined };
}

export function children_of(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number));
}
