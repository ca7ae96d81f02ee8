import assert from "node:assert/strict";
import { test } from "node:test";
import { make_formats, unknown } from "../src/format.ts";
import { en } from "../src/i18n/en.ts";
import { choose_language, fill } from "../src/i18n/index.ts";
import { ko } from "../src/i18n/ko.ts";
import { blocked_reasons, metric_names, xid_meanings } from "../src/i18n/names.ts";

const f = make_formats("en-GB", "UTC");
const plain = (text: string) => text.replaceAll("\u202f", " ");

test("unknown is a dash everywhere, never 0", () => {
  for (const text of [f.integer(null), f.percent(undefined), f.memory(null), f.watts(Number.NaN), f.celsius(undefined), f.usd(null),
    f.time(null), f.time("no time"), f.ago(null, 0), f.quantity(undefined, "MiB")]) {
    assert.equal(text, unknown);
  }
  assert.equal(f.percent(0), "0%");
});

test("quantities take the unit that reads best", () => {
  assert.equal(plain(f.memory(512)), "512 MiB");
  assert.equal(plain(f.memory(81_559)), "79.6 GiB");
  assert.equal(plain(f.memory(143_771)), "140 GiB");
  assert.equal(plain(f.memory(36_864_000)), "35.2 TiB");
  assert.equal(plain(f.watts(431.6)), "432 W");
  assert.equal(plain(f.watts(157_000)), "157.0 kW");
  assert.equal(plain(f.quantity(7.2e9, "mJ")), "2.00 kWh");
  assert.equal(plain(f.quantity(2048, "B/s")), "2.0 KiB/s");
  assert.equal(f.quantity(0.123, "ratio"), "12.3%");
  assert.equal(plain(f.tick(81_920, "MiB")), "80 GiB");
});

test("times are said in the reader's language", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  assert.equal(f.ago("2026-11-24T11:58:00Z", now), "2 min ago");
  assert.equal(make_formats("ko-KR").ago("2026-11-24T11:58:00Z", now), "2분 전");
  assert.equal(f.ago("2026-11-24T12:00:05Z", now), "0 sec ago"); // clocks differ; nothing is in the future
});

test("both languages have a text for everything, with the same values in it", () => {
  const values = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const [key, text] of Object.entries(en)) {
    const other = ko[key as keyof typeof en];
    assert.ok(other.trim(), key);
    assert.deepEqual(values(other), values(text), key);
  }
  for (const [name, { en: english, ko: korean }] of [...Object.entries(metric_names), ...Object.entries(xid_meanings), ...Object.entries(blocked_reasons)]) {
    assert.ok(english && /[가-힣A-Z]/.test(korean), name);
  }
});

test("the language is chosen by the address, then the earlier choice, then the browser", () => {
  assert.equal(choose_language("ko", "en", ["en"]), "ko");
  assert.equal(choose_language(null, "en", ["ko-KR"]), "en");
  assert.equal(choose_language(null, null, ["fr-FR", "ko-KR", "en"]), "ko");
  assert.equal(choose_language("xx", null, ["de"]), "en");
});

test("values are filled in as text", () => {
  assert.equal(fill("{a} of {b}, {c}", { a: 1, b: "<b>" }), "1 of <b>, {c}");
});
