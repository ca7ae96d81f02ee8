// Chromium as the tests start it, with what must never happen on a page collected as it happens.
import { createRequire } from "node:module";

// playwright-core is installed with the dashboard's own packages.
const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");

export async function open_browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
}

// A page whose console errors, exceptions and policy violations fail the test that asks for `faults`.
export async function open_page(browser, url, { width = 1440, height = 900, locale = "en-GB", dark = false, allow = [] } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, locale, timezoneId: "Asia/Seoul", colorScheme: dark ? "dark" : "light", reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !allow.some((pattern) => pattern.test(message.text()))) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(`${error.message}\n${error.stack}`));
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}
