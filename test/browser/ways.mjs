// SPDX-License-Identifier: Apache-2.0
// The other ways through a check: without a script, with one that does not come, without the tab's storage, in
// another language half-way; and out of it: onto paper, to somebody else.
import { is, ok, test, texts, until, window } from "./house.mjs";
import { ready } from "./pages.mjs";

const LANGUAGE = { kk: "Қазақша", ru: "Русский", en: "English" };

const answer = (page) => page.locator("article.answer");
const field = (page) => page.locator("#imei");
const check = (page) => page.locator("form.check button.main").click();
const scanButton = (page, lang) => page.getByRole("button", { name: texts[lang]["portal.scan"] });

/** Another language, by whatever the page offers for it. */
const speak = (page, lang) => page.locator(".languages").getByText(LANGUAGE[lang]).click();

const title = (lang, list) => texts[lang][`list.${list}.title`];

/** Waits until the answer is said in a language. */
async function said(page, lang, list, name) {
  const heading = answer(page).first().locator("h2");
  await until(async () => (await heading.count()) && (await heading.innerText()) === title(lang, list));
  is(await heading.innerText(), title(lang, list), name);
}

function unseen(page, imei, name) {
  ok(!page.url().includes(imei.slice(0, 8)), `${name}: no IMEI in the address`, page.url());
}

// --- without ---

/** The whole way by forms alone: typed, mistyped, answered, in another language, asked again. */
async function byForms(page, lang, other, imei, name) {
  await field(page).fill(imei.slice(0, 14) + ((Number(imei[14]) + 1) % 10));
  await check(page);
  const wrong = page.locator(".error");
  await wrong.waitFor();
  ok((await wrong.innerText()).includes(texts[lang]["err.imei_mistyped"]), `${name}: a mistyped digit is told`);
  await field(page).fill(imei);
  await check(page);
  await said(page, lang, "grey", `${name}: answered`);
  unseen(page, imei, name);
  await speak(page, other);
  await said(page, other, "grey", `${name}: in another language, answered still`);
  is(await page.locator("html").getAttribute("lang"), other, `${name}: and the page is in it`);
  unseen(page, imei, name);
  await field(page).fill(imei);
  await check(page);
  await said(page, other, "grey", `${name}: asked once more, in that language`);
}

async function withoutScript({ browser, url }, imei) {
  for (const [lang, other] of [["kk", "ru"], ["en", "kk"]]) {
    const { context, page, complaints } = await window(browser, url, { lang, javaScriptEnabled: false });
    await page.goto("/");
    is(await scanButton(page, lang).count(), 0, `${lang}, no script: no button that would do nothing`);
    await byForms(page, lang, other, imei, `${lang}, no script`);
    is(complaints, [], `${lang}, no script: nothing to complain of`);
    await context.close();
  }
}

/** The script is allowed, but does not arrive. */
async function scriptLost({ browser, url }, imei) {
  for (const [lang, other] of [["kk", "en"], ["ru", "kk"]]) {
    const { context, page } = await window(browser, url, { lang });
    await page.route("**/portal-*.js", (route) => route.abort());
    await page.goto("/");
    is(await page.locator("html[data-script]").count(), 0, `${lang}, script lost: it is not there`);
    await byForms(page, lang, other, imei, `${lang}, script lost`);
    await context.close();
  }
}

// --- another language, half-way ---

async function changesLanguage({ browser, url }, imei) {
  const { context, page, complaints } = await window(browser, url, { lang: "kk" });
  await page.goto("/");
  await ready(page);
  const half = imei.slice(0, 9);
  await field(page).fill(half);
  await speak(page, "ru");
  await page.waitForURL(/lang=ru/);
  await ready(page);
  is(await field(page).inputValue(), half, "another language: what was typed is there");
  const helped = await until(async () => (await page.locator(".typing").innerText()).includes("6"));
  ok(helped, "another language: and the help with it");
  is(await answer(page).count(), 0, "another language: nothing was asked by itself");

  await field(page).fill(imei);
  await check(page);
  await said(page, "ru", "grey", "another language: answered");
  await speak(page, "en");
  await page.waitForURL(/lang=en/);
  await said(page, "en", "grey", "another language: the answer is there again");
  is(await field(page).inputValue(), imei, "another language: with its code");
  unseen(page, imei, "another language");
  is(await page.evaluate(() => sessionStorage.length), 0, "another language: nothing stays in the tab's storage");
  await page.locator(".samples button[value=expired]").click();
  await said(page, "en", "black", "another language: a sample is answered");
  await speak(page, "kk");
  await page.waitForURL(/lang=kk/);
  await said(page, "kk", "black", "another language: and is again");
  await page.reload();
  await ready(page);
  is(await answer(page).count(), 0, "another language: a reload begins anew");
  is(complaints, [], "another language: nothing to complain of");
  await context.close();
}

/** Deeper in the site the place is kept by the address. */
async function keepsPlace({ browser, url }) {
  const { context, page } = await window(browser, url, { lang: "kk", javaScriptEnabled: false });
  await page.goto("/guide?way=person.abroad.later");
  const marks = await page.locator(".outcome, .taken a").count();
  await speak(page, "ru");
  await page.waitForURL(/lang=ru/);
  ok(/way=person\.abroad\.later/.test(page.url()), "the guide: its place stands in the address", page.url());
  is(await page.locator(".outcome, .taken a").count(), marks, "the guide: and is kept");
  await context.close();
}

/** A browser that forbids storage: the language changes, only what was typed is not there. */
async function withoutStorage({ browser, url }, imei) {
  const { context, page, complaints } = await window(browser, url, { lang: "kk" });
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, "sessionStorage", {
      get: () => {
        throw new DOMException("The operation is insecure.", "SecurityError");
      },
    });
  });
  await page.goto("/");
  await ready(page);
  await field(page).fill(imei);
  await check(page);
  await said(page, "kk", "grey", "storage blocked: answered");
  await speak(page, "ru");
  await page.waitForURL(/lang=ru/);
  await ready(page);
  await field(page).fill(imei);
  await check(page);
  await said(page, "ru", "grey", "storage blocked: another language, answered");
  is(complaints, [], "storage blocked: nothing to complain of");
  await context.close();
}

// --- out of it ---

const GONE = [".languages", ".sections", ".actions", "form.check", ".samples", "button", "footer a"];
const STAYS = [".samples-banner", ".masthead strong", ".answer h2", ".imei", ".number", ".proof svg"];

async function onPaper(page, name) {
  await page.emulateMedia({ media: "print" });
  const shown = (selector) =>
    page.locator(selector).evaluateAll((all) => all.some((e) => e.checkVisibility()));
  const left = [];
  for (const selector of GONE) if (await shown(selector)) left.push(selector);
  is(left, [], `${name}: buttons and ways on are not printed`);
  const missing = [];
  for (const selector of STAYS) if (!(await shown(selector))) missing.push(selector);
  is(missing, [], `${name}: answer, check number, its code and the banner are`);
  const ink = await page.locator("article.answer").evaluate((e) => getComputedStyle(e).color);
  is(ink, "rgb(0, 0, 0)", `${name}: in black, on a dark screen as well`);
  ok((await page.pdf()).length > 10000, `${name}: a document comes of it`);
  await page.emulateMedia({ media: "screen" });
}

async function prints({ browser, url }, imei) {
  for (const [path, lang] of [["/", "kk"], ["/check", "ru"]]) {
    const { context, page, complaints } = await window(browser, url, { lang, colorScheme: "dark" });
    await page.addInitScript(() => {
      globalThis.printed = 0;
      globalThis.print = () => globalThis.printed++;
    });
    await page.goto(path);
    if (path === "/") await ready(page);
    await field(page).fill(imei);
    await check(page);
    await answer(page).waitFor();
    await onPaper(page, `${lang} ${path}, print`);
    if (path === "/") {
      await page.getByRole("button", { name: texts[lang]["portal.print"] }).click();
      is(await page.evaluate(() => globalThis.printed), 1, `${lang}: the button prints`);
    }
    is(complaints, [], `${lang} ${path}, print: nothing to complain of`);
    await context.close();
  }
}

/** The front page's answer, with navigator.share as given: a function's text, or none. */
async function answered(browser, url, lang, imei, share, permissions) {
  const shown = await window(browser, url, { lang, permissions });
  await shown.page.addInitScript(share);
  await shown.page.goto("/");
  await ready(shown.page);
  await field(shown.page).fill(imei);
  await check(shown.page);
  await answer(shown.page).waitFor();
  return { ...shown, number: await shown.page.locator(".number").innerText() };
}

const pressShare = (page, lang) => page.getByRole("button", { name: texts[lang]["portal.share"] }).click();

/** What was shared leads somebody else to the page that confirms the number, and holds no IMEI. */
async function leads(browser, url, shared, number, imei, name) {
  is(shared, `${url}/number/${number}`, `${name}: the check number's page`);
  ok(!shared.replace(/\D/g, "").includes(imei.slice(0, 8)), `${name}: without the IMEI`, shared);
  const { context, page } = await window(browser, url, { lang: "en" });
  await page.goto(shared);
  ok((await page.locator("main").innerText()).includes(number), `${name}: which confirms it`);
  ok(!(await page.content()).replace(/\s/g, "").includes(imei), `${name}: without the IMEI as well`);
  await context.close();
}

async function shares({ browser, url }, imei) {
  const present = "navigator.share = (what) => { globalThis.shared = what; return Promise.resolve(); }";
  const absent = "Object.defineProperty(Navigator.prototype, 'share', { value: undefined })";
  const unwilling = "navigator.share = () => Promise.reject(new DOMException('', 'AbortError'))";
  const refusing = "() => Promise.reject(new DOMException('', 'NotAllowedError'))";
  const noClipboard = `${absent}; navigator.clipboard.writeText = ${refusing}`;
  const status = (page) => page.locator(".actions [role=status]");

  const by = await answered(browser, url, "kk", imei, present);
  await pressShare(by.page, "kk");
  const what = await by.page.evaluate(() => globalThis.shared);
  is(Object.keys(what).sort(), ["title", "url"], "share: a title and an address");
  ok(!what.title.includes(imei), "share: no IMEI in the title", what.title);
  await leads(browser, url, what.url, by.number, imei, "share");
  await by.context.close();

  const copied = await answered(browser, url, "ru", imei, absent, ["clipboard-read", "clipboard-write"]);
  await pressShare(copied.page, "ru");
  await until(async () => (await status(copied.page).innerText()) !== "");
  is(await status(copied.page).innerText(), texts.ru["portal.copied"], "copied: said so");
  const link = await copied.page.evaluate(() => navigator.clipboard.readText());
  await leads(browser, url, link, copied.number, imei, "copied");
  await copied.context.close();

  const failed = await answered(browser, url, "kk", imei, noClipboard);
  await pressShare(failed.page, "kk");
  await until(async () => (await status(failed.page).innerText()) !== "");
  is(await status(failed.page).innerText(), texts.kk["portal.share_failed"], "not copied: told kindly");
  await failed.context.close();

  const changed = await answered(browser, url, "en", imei, unwilling);
  await pressShare(changed.page, "en");
  is(await status(changed.page).innerText(), "", "who thinks better of it is told nothing");
  for (const { complaints } of [by, copied, failed, changed]) is(complaints, [], "share: nothing to complain of");
  await changed.context.close();
}

await test(async (stage) => {
  const imei = stage.register.samples.find(({ id }) => id === "grey_29").imei;
  await withoutScript(stage, imei);
  await scriptLost(stage, imei);
  await changesLanguage(stage, imei);
  await keepsPlace(stage);
  await withoutStorage(stage, imei);
  await prints(stage, imei);
  await shares(stage, imei);
});
