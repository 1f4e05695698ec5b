// SPDX-License-Identifier: Apache-2.0
// Can everybody use it? Each page in each language, light and dark, is asked of axe-core (WCAG 2.2 AA); it
// fits from 320 px to 4K without sideways scrolling; texts half as long again, as another language's
// may be, are not cut; the whole way goes by keyboard alone; screen readers hear an IMEI digit by digit.
// Parts: kk ru en
import { axe, fits, tabTo } from "./eyes.mjs";
import { LANGS, is, ok, test, window } from "./house.mjs";
import { pages, ready } from "./pages.mjs";

const WIDTHS = [320, 375, 768, 1280, 3840];
const LONG_WIDTHS = [320, 768, 1280]; // of texts half as long again

/** Runs in the page: every text becomes half as long again, with marks above and below its letters. */
function lengthen() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const nodes = [];
  for (let node; (node = walker.nextNode()); )
    if (/\p{L}/u.test(node.data) && !node.parentElement.closest("textarea, script, .imei, .number, code"))
      nodes.push(node);
  for (const node of nodes) {
    const words = node.data.trim().split(/\s+/);
    const more = words.slice(0, Math.ceil(words.length / 2));
    node.data = `⟦${[...words, ...more].join(" ").replace(/[oоеeаa]/g, "$&\u0302\u0323")}⟧`;
  }
}

/** Every page, opened once: axe, its widths, then its widths with longer texts. Those are the same in the dark. */
async function everybody(browser, url, register, lang, colorScheme) {
  const { context, page } = await window(browser, url, { lang, colorScheme, bypassCSP: true });
  for (const { name, go } of pages(register)) {
    await go(page, lang);
    is(await axe(page), [], `${lang} ${colorScheme} ${name}: axe finds nothing`);
    if (colorScheme === "dark") continue;
    await fits(page, `${lang} ${name}`, WIDTHS);
    await page.evaluate(lengthen);
    await fits(page, `${lang} ${name}, texts half as long again`, LONG_WIDTHS);
  }
  await context.close();
}

/** Is the focus to be seen: an outline around whatever has it? */
function focusSeen(page) {
  return page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
}

async function byKeyboard(browser, url, register) {
  const { context, page, complaints } = await window(browser, url, { lang: "ru" });
  await page.goto("/?lang=ru");
  await ready(page);
  await page.keyboard.press("Tab");
  ok(await page.evaluate(() => document.activeElement.matches(".skip")), "keyboard: first a way past the head");
  ok(await page.evaluate(() => document.activeElement.getBoundingClientRect().left >= 0), "keyboard: that is seen");
  await page.keyboard.press("Enter");
  ok(await tabTo(page, "#imei"), "keyboard: comes to the field");
  ok(await focusSeen(page), "keyboard: which shows it");
  await page.keyboard.type(register.samples.find((s) => s.id === "grey_29").imei);
  ok(await tabTo(page, "form.check button.main"), "keyboard: comes to the button");
  ok(await focusSeen(page), "keyboard: which shows it too");
  await page.keyboard.press("Enter");
  await page.locator("article.answer").waitFor();
  ok(await page.evaluate(() => document.activeElement.matches("article.answer h2")), "keyboard: the answer has the focus");
  ok(await tabTo(page, ".origins summary"), "keyboard: comes to where it is from");
  await page.keyboard.press("Enter");
  ok(await page.locator(".origins details[open]").count(), "keyboard: opens an origin");
  ok(await tabTo(page, ".origins details[open] a"), "keyboard: and its door");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/sign-in\?next=\/apply\/carried/);
  ok(await page.locator("h1").count(), "keyboard: into an application, by way of the sign-in");
  await page.goto("/guide?lang=ru");
  for (let steps = 0; steps < 4 && !(await page.locator(".outcome").count()); steps++) {
    const here = page.url();
    await tabTo(page, ".options a");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.href !== here);
  }
  ok(await page.locator(".outcome").count(), "keyboard: through the guide to its answer");
  ok(await tabTo(page, ".taken a"), "keyboard: back to an answer given");
  await page.keyboard.press("Enter");
  await page.locator(".options").waitFor();
  ok(await tabTo(page, ".options a"), "keyboard: and to another one");
  is(complaints, [], "keyboard: nothing to complain of");
  await context.close();
}

/** What a screen reader hears, by Chromium's own tree of accessible things. */
async function heard(browser, url, register) {
  const { context, page } = await window(browser, url, { lang: "kk" });
  const sample = register.samples.find((s) => s.id === "grey_29");
  await page.goto("/?lang=kk");
  await ready(page);
  await page.locator("#imei").fill(sample.imei);
  await page.keyboard.press("Tab");
  await page.locator("form.check button.main").click();
  await page.locator("article.answer").waitFor();
  const tree = await page.locator("article.answer").ariaSnapshot();
  ok(tree.includes([...sample.imei].join(" ")), "screen reader: the IMEI digit by digit", tree);
  ok(!tree.includes(sample.imei), "screen reader: and not as one great number", tree);
  ok(/29 күн қалды/.test(tree) && /8 сәуірді қоса алғанда/.test(tree), "screen reader: the clock as text", tree);
  const copied = await page.evaluate(() => {
    getSelection().selectAllChildren(document.querySelector("article.answer .imei"));
    return getSelection().toString();
  });
  is(copied.replace(/\s/g, ""), sample.imei, "an IMEI that is copied is its digits, once");
  await context.close();
}

const part = process.argv[2];

await test(async ({ register, browser, url }) => {
  for (const lang of LANGS) if (!part || part === lang) await everybody(browser, url, register, lang, "light");
  if (!part || part === "kk") {
    await everybody(browser, url, register, "kk", "dark"); // colours are the same in every language
    await heard(browser, url, register);
  }
  if (!part || part === "ru") await byKeyboard(browser, url, register);
});
