// SPDX-License-Identifier: Apache-2.0
// A mistyped IMEI in a real browser, in Kazakh and in Russian: from the approved application in the cabinet to the form, to the
// desk where old and new stand side by side, to the public page, where the old one is white no longer and the new one is. What
// is typed wrong is said beside its field and stays. Every page fits 320 px and is quiet for axe-core.
import { looks } from "./eyes.mjs";
import { is, ok, test, texts, until, window } from "./house.mjs";
import { People, ask, cookie } from "./people.mjs";

const OPEN = "2026-03-10T07:10:00Z";

const imei = (n) => {
  const body = `35267700${String(n).padStart(6, "0")}`;
  const sum = [...body].reduce((s, c, i) => s + (i % 2 ? (c * 2 > 9 ? c * 2 - 9 : c * 2) : Number(c)), 0);
  return body + ((10 - (sum % 10)) % 10);
};

async function as(browser, who, lang) {
  const opened = await window(browser, who.url, { lang, bypassCSP: true });
  await opened.context.addCookies([cookie(who)]);
  return opened;
}

/** What the public page says of it: the heading of its answer. */
async function said(browser, url, lang, code) {
  const { context, page } = await window(browser, url, { lang });
  await page.goto(`/check?lang=${lang}`);
  await page.fill("[name=imei]", code);
  await Promise.all([page.waitForNavigation(), page.locator("form button").first().click()]);
  const heading = await page.locator(".answer").first().innerText();
  await context.close();
  return heading;
}

async function send(page) {
  await Promise.all([page.waitForNavigation(), page.locator("form.ask button.main").click()]);
}

async function follow(page, name) {
  await Promise.all([page.waitForNavigation(), page.getByRole("link", { name, exact: true }).click()]);
}

/** From the cabinet: what is wrong, which IMEI, what it becomes. Its number. */
async function asks({ browser, aigul, lang, number, wrong, right }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, aigul, lang);
  await page.goto(`/cabinet/${number}?lang=${lang}`);
  await follow(page, t["correction.link"]);
  is(await page.locator("h1").innerText(), t["correction.heading"], `${lang}: what is wrong?`);
  await looks(page, `${lang} grounds`);
  await follow(page, t["correction.ground.mistyped"]);
  is(await page.locator("[name=imei]").count(), 2, `${lang}: its IMEIs to choose from`);
  await looks(page, `${lang} form`);
  await page.check(`[name=imei][value="${wrong}"]`);
  await page.fill("[name=right]", `${right.slice(0, 14)}${(Number(right[14]) + 1) % 10}`);
  await page.fill("[name=note]", "Терілімде қате");
  await page.setInputFiles("#files", {
    name: "чек.pdf",
    mimeType: "application/pdf",
    buffer: Buffer.from("%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n"),
  });
  await Promise.all([page.waitForNavigation(), page.locator("button[value=attach]").click()]);
  is(await page.locator(".papers li").count(), 1, `${lang}: a paper is attached`);
  is(await page.inputValue("[name=note]"), "Терілімде қате", `${lang}: what was typed stays`);
  await looks(page, `${lang} form with a paper`);
  await send(page);
  is(await page.locator("#right-wrong").innerText(), t["err.imei_mistyped"], `${lang}: a slip is told`);
  ok(await page.isChecked(`[name=imei][value="${wrong}"]`), `${lang}: what was chosen stays`);
  await page.fill("[name=right]", right);
  await send(page);
  ok(page.url().includes("/filed"), `${lang}: filed`);
  const text = await page.locator("main").innerText();
  ok(text.includes(t["correction.ground.mistyped"]) && text.includes(number), `${lang}: of which, and what`);
  await looks(page, `${lang} receipt`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
  return (await ask(aigul, "GET", `/api/v1/applications/${number}/corrections`)).applications.at(-1).number;
}

async function decides({ browser, erlan, lang, number, first }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, erlan, lang);
  await page.goto(`/desk?lang=${lang}`);
  ok((await page.locator("main").innerText()).includes(t["desk.mark.correction"]), `${lang}: the queue tells it`);
  await page.goto(`/desk/${number}?lang=${lang}`);
  const columns = page.locator(".pair > dl");
  ok((await columns.nth(0).innerText()).includes(t["correction.row_leaves"]), `${lang}: what leaves`);
  ok((await columns.nth(1).innerText()).includes(t["correction.row_after"]), `${lang}: what it becomes`);
  const [a, b] = await Promise.all([columns.nth(0).boundingBox(), columns.nth(1).boundingBox()]);
  ok(Math.abs(a.y - b.y) < 1 && a.x < b.x, `${lang}: side by side`, JSON.stringify([a, b]));
  ok(await page.locator(`.side a[href^="/desk/${first}"]`).count(), `${lang}: a link to the first`);
  await looks(page, `${lang} desk`);
  await Promise.all([page.waitForNavigation(), page.locator("form#claim button").click()]);
  await page.selectOption("#d0", "approve");
  await Promise.all([page.waitForNavigation(), page.locator("form#decide button").click()]);
  ok((await page.locator("[role=status]").innerText()).includes(t["desk.done.decided"]), `${lang}: decided`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function gives({ browser, aigul, lang, number, code }) {
  const t = texts[lang];
  const { context, page } = await as(browser, aigul, lang);
  await page.goto(`/cabinet/${number}/correct?ground=returned&lang=${lang}`);
  await page.fill("[name=imei]", "1234");
  await send(page);
  is(await page.locator("#imei-wrong").innerText(), t["err.imei_form"], `${lang}: no IMEI is told`);
  await page.fill("[name=imei]", `\n${code}\n`);
  await send(page);
  ok(page.url().includes("/filed"), `${lang}: given back`);
  await page.goto(`/cabinet/${number}?lang=${lang}`);
  ok((await page.locator("main").innerText()).includes(t["correction.list"]), `${lang}: the first lists it`);
  await looks(page, `${lang} first`);
  await context.close();
}

/** The same form at the desk: another officer's to decide. Gives the number of what was filed. */
async function atDesk({ browser, erlan, lang, number, code }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, erlan, lang);
  await page.goto(`/desk/${number}?lang=${lang}`);
  await follow(page, t["correction.link"]);
  await looks(page, `${lang} grounds, at the desk`);
  await follow(page, t["correction.ground.exported"]);
  await looks(page, `${lang} form, at the desk`);
  await page.fill("[name=imei]", code);
  await send(page);
  ok(/\/desk\/\d{4}-\d{10}/.test(page.url()) && !page.url().includes(number), `${lang}: an officer's is at the desk`);
  ok((await page.locator("main").innerText()).includes(t["correction.ground.exported"]), `${lang}: and says what was wrong`);
  is(complaints, [], `${lang}: nothing to complain of`);
  const [made] = page.url().match(/\d{4}-\d{10}/);
  await context.close();
  return made;
}

async function approves(who, number) {
  const at = `/api/v1/desk/${number}`;
  await until(async () => (await ask(who, "GET", at)).checked);
  await ask(who, "POST", `${at}/claim`, {});
  return (await ask(who, "POST", `${at}/decide`, { decisions: [{ approve: true }] })).state;
}

async function one(world, lang, n) {
  const { browser, url, aigul, erlan, dana } = world;
  const [wrong, second, right] = [imei(n), imei(n + 1), imei(n + 2)];
  const t = texts[lang];
  const filed = await ask(aigul, "POST", "/api/v1/applications", {
    kind: "before_duty",
    devices: [{ imeis: [wrong, second], brand: "Samsung", model: "Galaxy A54" }],
  });
  is(await approves(erlan, filed.number), "approved", "approved");
  const white = async (code) => (await said(browser, url, lang, code)).includes(t["list.white.title"]);
  ok(await until(() => white(wrong)), `${lang}: the wrong one is white`);
  const number = await asks({ browser, aigul, lang, number: filed.number, wrong, right });
  await until(async () => (await ask(erlan, "GET", `/api/v1/desk/${number}`)).checked);
  await decides({ browser, erlan, lang, number, first: filed.number });
  ok(await until(() => white(right)), `${lang}: the right one is white on the public page`);
  ok(!(await white(wrong)), `${lang}: the wrong one is not`);
  ok(await white(second), `${lang}: its other IMEI is`);
  if (lang === "kk") await gives({ browser, aigul, lang, number: filed.number, code: second });
  else {
    const made = await atDesk({ browser, erlan, lang, number: filed.number, code: second });
    ok(await white(second), `${lang}: white until another officer decides`);
    is(await approves(dana, made), "approved", `${lang}: which he does`);
  }
  ok(await until(async () => !(await white(second)) && !(await white(right))), `${lang}: the device is white no more`);
}

await test(
  async ({ register, browser, server: plain }) => {
    await plain.stop();
    register.now = OPEN;
    const people = new People(register);
    people.person("aigul", "АХМЕТОВА АЙГҮЛ", "8501013");
    people.staff("erlan", "officer");
    people.staff("dana", "officer");
    const server = await register.serve({ settings: people.settings(), words: [] });
    const { url } = server;
    const aigul = await people.enter(url, "aigul");
    const erlan = await people.enterStaff(url, "erlan", OPEN);
    const dana = await people.enterStaff(url, "dana", OPEN);
    await one({ browser, url, aigul, erlan, dana }, "kk", 100);
    await one({ browser, url, aigul, erlan, dana }, "ru", 200);
  },
  { serve: { words: [] } },
);
