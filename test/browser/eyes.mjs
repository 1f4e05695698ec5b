// SPDX-License-Identifier: Apache-2.0
// How a page is looked at for everybody's sake: axe-core (WCAG 2.2 AA), what sticks out or is cut, the way
// by Tab.
import { readFileSync } from "node:fs";

import { fromWeb, is } from "./house.mjs";

const AXE = readFileSync(fromWeb.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe-core finds. Only that leaves the page: all that it looked at is as much again to carry as to find. */
export async function axe(page) {
  await page.evaluate(AXE);
  return page.evaluate(async (tags) => {
    const { violations } = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 120)} ${node.failureSummary.slice(0, 200)}`),
    );
  }, TAGS);
}

/** Runs in the page: what sticks out of the window, or is cut by what holds it. */
export function cut() {
  const found = [];
  const wide = document.documentElement;
  if (wide.scrollWidth > wide.clientWidth) found.push(`sideways: ${wide.scrollWidth} in ${wide.clientWidth}`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = walker.nextNode()); ) {
    if (!node.data.trim()) continue;
    const holder = node.parentElement;
    if (holder.closest("svg, textarea, .skip, .heard, script") || !holder.checkVisibility()) continue;
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.left < -1 || box.right > wide.clientWidth + 1) found.push(`out of the window: ${node.data.trim()}`);
      for (let e = holder; e && e !== document.body; e = e.parentElement) {
        if (getComputedStyle(e).overflow === "visible") continue;
        const around = e.getBoundingClientRect();
        if (box.right > around.right + 1 || box.bottom > around.bottom + 1) found.push(`cut: ${node.data.trim()}`);
      }
    }
  }
  return [...new Set(found)];
}

/** A picture into TAMGA_SHOTS, where that is set. */
async function shot(page, name) {
  const dir = process.env.TAMGA_SHOTS;
  if (dir) await page.screenshot({ path: `${dir}/${name.replaceAll(" ", "-")}.png`, fullPage: true });
}

/** Is a page cut at one of these widths? It is 1280 px wide afterwards. */
export async function fits(page, name, widths) {
  const bad = [];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    bad.push(...(await page.evaluate(cut)).map((what) => `${width}: ${what}`));
  }
  is(bad, [], `${name}: fits ${widths.join(", ")} px`);
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** A page is asked of axe; it fits a desk, a tablet and the smallest phone. */
export async function looks(page, name) {
  is(await axe(page), [], `${name}: axe`);
  await shot(page, `${name} desk`);
  await fits(page, name, [320, 768, 1280]);
  if (!process.env.TAMGA_SHOTS) return;
  await page.setViewportSize({ width: 320, height: 640 });
  await shot(page, `${name} 320`);
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** Presses Tab until something that fits has the focus; false when it never does. */
export async function tabTo(page, selector) {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((s) => document.activeElement.matches(s), selector)) return true;
  }
  return false;
}
