// The pages of the Kubernetes cluster: what they show, how one gets from a node to a pod, and what they say when little is known.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open_browser, open_page } from "./browser.mjs";
import { make_cluster } from "./fixture_cluster.mjs";
import { make_fleet, serve_fixture } from "./fixture_server.mjs";

let browser;
let server;
let fleet;
let cluster;

before(async () => {
  browser = await open_browser();
  fleet = make_fleet(12);
  cluster = make_cluster(fleet, { extra_pods: 250 });
  const held = cluster.holdings[0];
  const device = fleet.devices.find(({ id }) => id === held.device);
  const part = device.instances.find(({ id }) => id === held.resource) ?? device;
  part.holders = [{ namespace: held.namespace, pod: held.pod, container: "main", replica: 2, sources: ["pod-resources"], allocation: held.allocation, since: held.since }];
  server = await serve_fixture(0, fleet, { cluster });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

async function on_page(path, story, options = {}, url = server.url) {
  const { page, faults, close } = await open_page(browser, url + path, options);
  page.setDefaultTimeout(20_000);
  try {
    await story(page);
    assert.deepEqual(faults, [], "errors in the browser");
  } finally {
    await close();
  }
}

const rows = (page, table) => page.getByRole("region", { name: table }).locator("tbody tr");
const figure = (page, name) => page.locator(`[data-figure="${name}"] .figure-value`).innerText();

test("the cluster shows its totals and every kind with its state", () =>
  on_page("/", async (page) => {
    await page.getByRole("link", { name: "Kubernetes" }).click();
    await page.getByText("What is watched").waitFor();
    assert.equal(await figure(page, "pods"), cluster.pods.length.toLocaleString("en-GB"));
    assert.equal(await figure(page, "kube-gpus"), "96");
    assert.equal(await figure(page, "conflicts"), "1");
    assert.equal(await rows(page, "What is watched").count(), 7);
    assert.match(await page.title(), /Kubernetes/);
  }));

test("from a node one gets to its GPU, to its slice, to the pod that holds it, and back", () =>
  on_page("/cluster/nodes", async (page) => {
    const held = cluster.holdings[0];
    await page.getByRole("region", { name: "Nodes" }).getByRole("link", { name: held.node, exact: true }).click();
    const gpus = page.getByRole("region", { name: "GPUs, slices and who holds them" });
    const row = gpus.locator(`tr[data-row="${held.resource}"]`);
    await row.getByRole("link", { name: held.pod }).click();
    await page.getByRole("heading", { name: held.pod }).waitFor();
    await page.getByRole("region", { name: "Devices held" }).getByRole("link", { name: held.resource }).click();
    await page.locator(`[data-holder="${held.namespace}/${held.pod}"]`).waitFor();
    await page.getByText("share 2").waitFor();
    await page.locator(`[data-holder] a`).first().click();
    await page.getByRole("heading", { name: held.pod }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("[data-holder]").first().waitFor();
  }));

test("pods are filtered by what is chosen, the address keeps it, and more pages come on demand", () =>
  on_page("/cluster/pods", async (page) => {
    const table = rows(page, "Pods");
    await page.locator(".toolbar-count", { hasText: `100 of ${cluster.pods.length}` }).waitFor();
    await page.getByRole("button", { name: "Show more" }).click();
    await page.locator(".toolbar-count", { hasText: `200 of ${cluster.pods.length}` }).waitFor();
    assert.equal(await table.count(), 200);
    await page.getByLabel("Phase").selectOption("Pending");
    await page.getByText("1 of 1").waitFor();
    assert.match(page.url(), /phase=Pending/);
    await page.reload();
    await page.getByText("1 of 1").waitFor();
    await page.getByRole("link", { name: "waits-0" }).click();
    await page.getByText("No node takes it: 0/3 nodes are available").waitFor();
    await page.getByText("nobody has told yet which it holds").waitFor();
    await page.goto(`${server.url}/cluster/pods`);
    await page.locator("[data-search]").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("nothing-is-called-so");
    await page.getByText("Nothing matches the filter.").waitFor();
  }));

test("models are shown with tokens a second, first-token time and the last hour as a line", () =>
  on_page("/cluster/models", async (page) => {
    const models = rows(page, "Models being served");
    await models.first().waitFor();
    assert.equal(await models.count(), 2);
    await models.locator("svg.sparkline").nth(1).waitFor();
    assert.match(await models.first().innerText(), /85\u202fms/);
    const servers = rows(page, "Model servers");
    await servers.first().waitFor();
    assert.equal(await servers.count(), cluster.servers.length);
    const serving = cluster.servers.find(({ at }) => at);
    await servers.getByRole("link", { name: serving.pod }).click();
    await page.locator('[data-figure="tokens"]').waitFor();
    await page.locator(".charts figure").nth(3).waitFor();
  }));

test("holdings name their sources, and conflicts what is the matter", () =>
  on_page("/cluster/holdings", async (page) => {
    await page.getByText("sources disagree").waitFor();
    await page.getByText(cluster.conflicts[0].detail).waitFor();
    await page.getByText("kubelet, exporter's labels").first().waitFor();
    await page.getByText("no GPU of the node has this UUID").waitFor();
    await page.getByLabel("Team").fill("vision");
    await page.waitForURL(/team=vision/);
    const wanted = cluster.holdings.filter(({ team }) => team === "vision").length;
    await page.locator(".toolbar-count", { hasText: `of ${wanted}` }).waitFor();
  }));

test("namespaces lead to their pods", () =>
  on_page("/cluster/namespaces", async (page) => {
    await page.getByRole("link", { name: "batch-07" }).click();
    await page.waitForURL(/pods\?namespace=batch-07/);
    await page.getByText("job-00007").waitFor();
  }));

test("a change of the cluster shows by itself", () =>
  on_page("/cluster/pods?namespace=fresh", async (page) => {
    await page.getByText("Nothing matches the filter.").waitFor();
    cluster.pods.push({ ...cluster.pods[0], namespace: "fresh", name: "new-0" });
    server.send("cluster", { version: 8, changed: { pods: 1, nodes: 0, namespaces: 0, claims: 0 }, usage: false, kinds: false, holdings: false, servers: false });
    await page.getByRole("link", { name: "new-0" }).waitFor({ timeout: 8_000 });
    cluster.pods.pop();
  }));

test("what is forbidden or cut off is said on every page, with the reason on the first", async () => {
  const part = make_cluster(fleet);
  Object.assign(part.kinds[1], { state: "forbidden", error: "cannot list pods: 403 Forbidden (grant the verb 'list' on 'pods')" });
  const own = await serve_fixture(0, fleet, { cluster: part });
  try {
    await on_page("/cluster/nodes", async (page) => {
      await page.getByText("Less is known than there is: pods (forbidden)").waitFor();
      await page.getByRole("link", { name: "Why" }).click();
      await page.getByText("grant the verb 'list' on 'pods'").waitFor();
    }, {}, own.url);
  } finally {
    await own.close();
  }
});

test("without a cluster the page says how to configure one, in English and in Korean", async () => {
  const own = await serve_fixture(0, fleet);
  try {
    await on_page("/cluster", async (page) => {
      await page.getByText("No Kubernetes cluster is configured").waitFor();
      await page.locator("pre", { hasText: "kubernetes:" }).waitFor();
    }, {}, own.url);
    await on_page("/cluster/pods", (page) => page.getByText("쿠버네티스 클러스터가 설정되지 않았습니다").waitFor(), { locale: "ko-KR" }, own.url);
  } finally {
    await own.close();
  }
});

test("every page of the cluster is there in Korean, fits a narrow window and the dark theme, and is reached by keys", async () => {
  for (const path of ["/cluster", "/cluster/nodes", "/cluster/pods", "/cluster/namespaces", "/cluster/models", "/cluster/holdings", `/cluster/nodes/${fleet.nodes[0].name}`]) {
    await on_page(path, async (page) => {
      await page.locator("tbody tr").first().waitFor();
      const wide = await page.evaluate(() => document.querySelector(".page").scrollWidth - document.querySelector(".page").clientWidth);
      assert.ok(wide <= 0, `${path}: ${wide} px too wide`);
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(15, 20, 23)");
      assert.match(await page.locator(".tabs").innerText(), /클러스터.*노드.*파드.*네임스페이스/s);
    }, { width: 420, height: 800, dark: true, locale: "ko-KR" });
  }
  await on_page("/", async (page) => {
    await page.locator(".grid canvas").first().waitFor();
    await page.keyboard.press("3");
    await page.getByText("What is watched").waitFor();
    await page.keyboard.press("1");
    await page.locator(".grid canvas").first().waitFor();
  });
});

test("a pod that is not there, and text that is no markup", async () => {
  await on_page("/cluster/pods/ml/none", (page) => page.getByText("There is no such thing in the cluster").first().waitFor(), { allow: [/404/] });
  const evil = '<img src=x onerror="document.title=\'owned\'">';
  cluster.conflicts[0].detail = evil;
  await on_page("/cluster/holdings", async (page) => {
    await page.getByText(evil).waitFor();
    assert.equal(await page.locator("td img").count(), 0);
  });
});
