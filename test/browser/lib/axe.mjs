// What axe-core objects to in a page: everything that WCAG 2.2 A and AA ask for, and what it calls best practice.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails unless axe finds nothing. It runs beside the page, so that the page's policy stays as it is. */
export async function isAccessible(page) {
  await page.evaluate(source);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  assert.ok(passes.length > 10, "axe has looked at nothing");
  const found = violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`));
  assert.deepEqual(found, [], `axe objects to ${page.url()}`);
}

/** Fails if the page is wider than its window. */
export async function fits(page) {
  const { wide, window } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, window: innerWidth }));
  assert.ok(wide <= window, `${page.url()} is ${wide} px wide in a window of ${window}`);
}

const maxWeight = 100_000; // bytes

/** Fails if the page, with all that it loads, weighs more than 100 kB on the wire. What the browser had already counts, too. */
export async function isLight(page) {
  const parts = await page.evaluate(() => ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type)).map(({ name, encodedBodySize }) => ({ name, encodedBodySize })));
  const headers = 1_000; // of each answer, at most
  const weight = parts.reduce((sum, part) => sum + part.encodedBodySize + headers, 0);
  assert.ok(parts.length >= 3 && parts.every(({ encodedBodySize }) => encodedBodySize > 0), `${page.url()}: cannot weigh ${JSON.stringify(parts)}`);
  assert.ok(weight <= maxWeight, `${page.url()} weighs ${weight} bytes: ${JSON.stringify(parts)}`);
}
