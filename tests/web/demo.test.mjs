// The dashboard over the real `reeve demo`: a small fleet of real agents over simulated drivers.
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { open_browser, open_page } from "./browser.mjs";
import { children_of, eventually, running_reeve, start_reeve } from "./reeve.mjs";

const node_count = process.env.UPDATE_SCREENSHOT ? 40 : 8; // a picture wants a full page
const patience = { timeout: 20_000 };
let reeve;
let browser;
let nodes;
let devices;

before(async () => {
  reeve = process.env.REEVE_URL ? running_reeve(process.env.REEVE_URL) : await start_reeve("demo", ["--nodes", String(node_count), "--history", "2h", "--interval", "5s"]);
  if (reeve.pid) {
    await eventually("all nodes are seen", async () => {
      const { items, total } = await reeve.get("/api/v1/nodes?limit=1000");
      return total === node_count && items.every((node) => node.device_count > 0 && !node.stale);
    }, 90_000);
    await eventually("somebody holds a GPU", async () => (await reeve.get("/api/v1/allocations?status=ALLOCATED&limit=1")).total > 0);
  }
  nodes = (await reeve.get("/api/v1/nodes?limit=1000")).items;
  devices = (await reeve.get("/api/v1/devices?limit=1000")).items;
  browser = await open_browser();
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  await reeve?.stop();
});

// Runs `story` on a fresh page and demands that nothing went wrong in the browser meanwhile.
async function on_page(path, story, options) {
  const { page, faults, close } = await open_page(browser, reeve.url + path, options);
  page.setDefaultTimeout(patience.timeout);
  try {
    await story(page);
    assert.deepEqual(faults, [], "errors in the browser");
  } finally {
    await close();
  }
}

const grid = (page, attribute) => page.locator(".grid").getAttribute(attribute);
const figure = (page, name) => page.locator(`[data-figure="${name}"] .figure-value`).innerText();

test("the fleet shows every node and every GPU", () =>
  on_page("/", async (page) => {
    await page.locator(".grid canvas").first().waitFor();
    assert.equal(await grid(page, "data-nodes"), String(nodes.length));
    assert.equal(await grid(page, "data-gpus"), String(devices.length));
    assert.equal(await figure(page, "gpus"), devices.length.toLocaleString("en-GB"));
    await page.getByRole("link", { name: nodes[0].name, exact: true }).waitFor();
    assert.match(await figure(page, "memory"), /[GT]iB$/);
  }));

test("every part of the page can be had in Korean and in English, and the choice stays", () =>
  on_page("/", async (page) => {
    await page.getByText("평균 사용률").waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "ko");
    await page.getByRole("button", { name: "English" }).click();
    await page.getByText("Mean utilisation").waitFor();
    await page.reload();
    await page.getByText("Mean utilisation").waitFor();
    await page.getByRole("button", { name: "한국어" }).click();
    await page.getByText("평균 사용률").waitFor();
  }, { locale: "ko-KR" }));

test("a search narrows the fleet to what it names, and Escape brings all back", () =>
  on_page("/", async (page) => {
    await page.locator(".grid canvas").first().waitFor();
    await page.keyboard.press("/");
    const wanted = devices.at(-1);
    await page.keyboard.type(wanted.uuid);
    await page.locator('.grid[data-gpus="1"]').waitFor();
    assert.equal(await figure(page, "gpus"), "1");
    assert.match(page.url(), /\?q=/); // the view can be sent to somebody
    await page.keyboard.press("Escape");
    await page.locator(`.grid[data-gpus="${devices.length}"]`).waitFor();
    await page.keyboard.type("no-such-thing");
    await page.getByText("No GPU matches the filter.").waitFor();
  }));

test("a filter shows the GPUs of one model", () =>
  on_page("/", async (page) => {
    await page.locator(".grid canvas").first().waitFor();
    const model = devices.find((device) => device.model).model;
    await page.getByRole("combobox", { name: "Model", exact: true }).selectOption(model);
    const count = devices.filter((device) => device.model === model).length;
    await page.locator(`.grid[data-gpus="${count}"]`).waitFor();
    await page.getByRole("button", { name: "Clear filter" }).click();
    await page.locator(`.grid[data-gpus="${devices.length}"]`).waitFor();
  }));

test("the keyboard reaches a GPU and opens its page", () =>
  on_page("/", async (page) => {
    await page.locator(".grid canvas").first().waitFor();
    await page.locator(".grid").focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tooltip").waitFor();
    const first = await page.locator(".card-head strong").innerText();
    await page.keyboard.press("ArrowRight");
    await page.locator(".card-head strong", { hasNotText: first }).waitFor();
    const second = await page.locator(".card-head strong").innerText();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: second }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".grid canvas").first().waitFor();
  }));

test("a click on a tile opens the GPU that lies there", () =>
  on_page("/", async (page) => {
    const row = page.locator(".grid canvas").first();
    await row.waitFor();
    await row.hover({ position: { x: 12, y: 34 } });
    const id = await page.locator(".card-head strong").innerText();
    const [card, tiles] = [await page.locator(".card").boundingBox(), await row.boundingBox()];
    assert.ok(card.y > tiles.y && card.y - tiles.y < 120, "the card is beside its tile");
    await row.click({ position: { x: 12, y: 34 } });
    await page.getByRole("heading", { name: id }).waitFor();
    assert.equal(new URL(page.url()).pathname, `/gpus/${id}`);
  }));

test("a GPU's page shows what it is, its newest values and its history", async () => {
  const device = devices.find((one) => !one.mig_enabled && one.allocation && one.values.gpu_utilization_percent !== undefined);
  assert.ok(device, "the demo has a held GPU");
  await on_page(`/gpus/${device.id}`, async (page) => {
    await page.getByRole("heading", { name: device.id }).waitFor();
    await page.getByText(device.uuid).waitFor();
    await page.locator(".chart-line").first().waitFor({ state: "attached" });
    for (const range of ["1 h", "24 h", "7 d"]) {
      await page.getByRole("button", { name: range, exact: true }).click();
      await page.locator(`button[aria-pressed="true"]`, { hasText: range }).waitFor();
    }
    await page.getByRole("button", { name: "1 h", exact: true }).click();
    await page.locator(".chart-line").first().waitFor({ state: "attached" });
    await page.locator(".chart svg").first().hover();
    await page.getByRole("button", { name: "Release" }).waitFor();
  });
});

test("a MIG GPU is drawn to scale with its slices and what is free", async () => {
  const device = devices.find((one) => one.mig_enabled && one.instances.length > 1 && one.instances.every((part) => part.placement));
  assert.ok(device, "the demo has a GPU with slices");
  await on_page(`/gpus/${device.id}`, async (page) => {
    await page.locator(".mig-part").first().waitFor();
    const whole = await page.locator(".mig").boundingBox();
    const [part] = [...device.instances].sort((a, b) => a.placement.start - b.placement.start);
    const drawn = await page.locator(".mig-part strong", { hasText: part.profile }).first().locator("..").boundingBox();
    const share = drawn.width / whole.width;
    const expected = part.placement.size / device.memory_slots;
    assert.ok(Math.abs(share - expected) < 0.02, `${share} of the width for ${expected} of the slots`);
  });
});

test("an allocation is made, seen and released through the page", () =>
  on_page("/allocations", async (page) => {
    const pod = `browser-${Date.now()}`;
    await page.getByRole("button", { name: "Allocate", exact: true }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("Namespace *").fill("web-test");
    await form.getByLabel("Pod *").fill(pod);
    await form.getByLabel("Team").fill("dashboard");
    await form.getByRole("button", { name: "Allocate", exact: true }).click();
    await page.getByRole("status").getByText(/is allocated to web-test/).waitFor();
    const row = page.locator("tr", { hasText: pod });
    await row.waitFor();
    const { items } = await reeve.get(`/api/v1/allocations?q=${pod}`);
    assert.equal(items.length, 1);
    assert.equal(items[0].team, "dashboard");
    await row.getByRole("button", { name: /Release/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Release" }).click();
    await row.waitFor({ state: "detached" });
    const after_release = (await reeve.get(`/api/v1/allocations/${items[0].id}`)).status;
    assert.equal(after_release, "RELEASED");
  }));

test("what cannot be had is refused with the reasons and their counts", () =>
  on_page("/allocations", async (page) => {
    await page.getByRole("button", { name: "Allocate", exact: true }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("Namespace *").fill("web-test");
    await form.getByLabel("Pod *").fill("too-large");
    await form.getByLabel("Memory at least (GB)").fill("100000");
    await form.getByRole("button", { name: "Allocate", exact: true }).click();
    await form.getByText("Nothing fits").waitFor();
    assert.ok((await form.locator(".reasons tr").count()) > 0);
    await page.keyboard.press("Escape");
    await form.waitFor({ state: "detached" });
  }, { allow: [/409/] }));

test("somebody else's allocation arrives by the stream, without a click", () =>
  on_page("/allocations", async (page) => {
    await page.locator('[data-live="live"]').waitFor();
    const pod = `elsewhere-${Date.now()}`;
    const made = await fetch(`${reeve.url}/api/v1/allocations`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ namespace: "web-test", pod }),
    });
    assert.equal(made.status, 201);
    await page.locator("tr", { hasText: pod }).waitFor();
    const { id } = await made.json();
    await fetch(`${reeve.url}/api/v1/allocations/${id}`, { method: "DELETE" });
    await page.locator("tr", { hasText: pod }).waitFor({ state: "detached" });
  }));

test("newest readings arrive by the stream", () =>
  on_page("/", async (page) => {
    await page.locator('[data-live="live"]').waitFor();
    await page.getByText(/Readings \d+ sec ago/).waitFor({ timeout: 60_000 });
  }));

test("the picture in the README is of this page", { skip: Boolean(process.env.REEVE_URL) || (!process.env.UPDATE_SCREENSHOT && existsSync(fileURLToPath(picture()))) }, () =>
  on_page("/?size=m", async (page) => {
    await page.locator(".grid canvas").first().waitFor();
    await page.locator('[data-live="live"]').waitFor();
    await page.getByText(/Readings/).waitFor({ timeout: 60_000 });
    mkdirSync(fileURLToPath(new URL(".", picture())), { recursive: true });
    await page.screenshot({ path: fileURLToPath(picture()), animations: "disabled", caret: "hide" });
  }));

function picture() {
  return new URL("../../docs/images/fleet.png", import.meta.url);
}

test("a node whose agent stops answering is shown as stale, and comes back", { skip: !process.env.REEVE_URL ? false : "needs its own demo" }, async () => {
  const agent = children_of(reeve.pid)[0];
  assert.ok(agent, "the demo runs agents");
  await on_page("/?sort=trouble", async (page) => {
    await page.locator(".grid canvas").first().waitFor();
    process.kill(agent, "SIGSTOP"); // it listens still and says nothing: the worst kind of dead
    try {
      await page.locator(".node-head .badge.warn").first().waitFor({ timeout: 150_000 });
      assert.match(await figure(page, "trouble"), /^[1-9]/);
    } finally {
      process.kill(agent, "SIGCONT");
    }
    await page.locator(".node-head .badge.warn").first().waitFor({ state: "detached", timeout: 90_000 });
  });
});
