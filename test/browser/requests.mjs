// SPDX-License-Identifier: Apache-2.0
// A phone that was bought in the country, in Kazakh and in Russian: from the guide through the sign-in to the request, to the
// seller's cabinet and his answer, back to the buyer, to his complaint, to the desk and back. What is typed wrong is said beside
// its field and stays. By keyboard alone where a form is sent. Every page fits 320 px and is quiet for axe-core.
import { looks } from "./eyes.mjs";
import { is, ok, test, texts, window } from "./house.mjs";
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

/** Sends the form of the page by its main button, with the keyboard. */
async function send(page) {
  await page.locator("form.ask button.main").focus();
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

async function follow(page, name) {
  await Promise.all([page.waitForNavigation(), page.getByRole("link", { name, exact: true }).first().click()]);
}

const main = (page) => page.locator("main").innerText();

/** Signed out: the guide leads to the sign-in and back, and no address names an IMEI. */
async function led(browser, url, lang) {
  const t = texts[lang];
  const { context, page } = await window(browser, url, { lang, bypassCSP: true });
  await page.goto(`/guide?lang=${lang}&way=person.here.later`);
  await looks(page, `${lang}-guide`);
  await follow(page, t["apply.bought_ask"]);
  ok(page.url().includes("/sign-in?next=/requests/new"), `${lang}: through the sign-in and back`);
  await page.goto(`/apply/bought?lang=${lang}`);
  for (const key of ["apply.bought_check", "apply.bought_ask", "complaints.new"])
    ok((await main(page)).includes(t[key]), `${lang}: three ways: ${key}`);
  await looks(page, `${lang}-bought`);
  await context.close();
}

async function asks({ browser, aigul, lang, code, seller }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, aigul, lang);
  await page.goto(`/requests/new?lang=${lang}`);
  ok((await main(page)).includes(t["requests.no_hold"]), `${lang}: it holds nothing, it says`);
  await page.fill("[name=imei]", "1234");
  await page.fill("[name=bin]", "123456789012");
  await page.fill("[name=bought]", "2026-03-01");
  await page.fill("[name=note]", "Көмектесіңіз");
  await send(page);
  is(await page.locator("#imei-wrong").innerText(), t["err.imei_form"], `${lang}: no IMEI is told`);
  is(await page.inputValue("[name=note]"), "Көмектесіңіз", `${lang}: what was typed stays`);
  await looks(page, `${lang}-form`);
  await page.fill("[name=imei]", code);
  await send(page);
  is(await page.locator("#bin-wrong").innerText(), t["err.iin_bin"], `${lang}: a wrong number is told`);
  await page.fill("[name=bin]", seller);
  await page.fill("[name=document]", "Чек 77");
  await send(page);
  ok(page.url().includes("/requests/R2026-"), `${lang}: sent`);
  ok(!page.url().includes(code), `${lang}: no address names it`);
  ok((await main(page)).includes(t["requests.state.sent"]), `${lang}: it waits`);
  await looks(page, `${lang}-sent`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
  return (await ask(aigul, "GET", "/api/v1/requests")).requests[0].number;
}

async function answers({ browser, bolat, lang, number, code, iin }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, bolat, lang);
  await page.goto(`/cabinet?lang=${lang}`);
  ok((await page.locator(".tasks").innerText()).includes(number), `${lang}: it waits in the seller's cabinet`);
  await looks(page, `${lang}-cabinet`);
  await page.goto(`/requests/${number}?lang=${lang}`);
  const said = await main(page);
  ok(!said.includes(iin) && !said.includes("АХМЕТОВА"), `${lang}: nobody is named`);
  await looks(page, `${lang}-seller`);
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: t["cabinet.kind.before_duty"] }).click()]);
  ok(page.url().includes("/apply/") && !page.url().includes(code), `${lang}: an application begins`);
  await page.goto(`/requests/${number}?lang=${lang}`);
  await page.check("[name=answer][value=refused]");
  await send(page);
  is(await page.locator("#note-wrong").innerText(), t["requests.note_why"], `${lang}: a refusal says why`);
  await page.fill("[name=note]", "Біздікі емес");
  await send(page);
  ok((await main(page)).includes(t["requests.answer.refused"]), `${lang}: answered`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function complains({ browser, aigul, lang, number, seller }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, aigul, lang);
  await page.goto(`/messages?lang=${lang}`);
  ok((await main(page)).includes("Біздікі емес"), `${lang}: the buyer reads why`);
  await page.goto(`/requests/${number}?lang=${lang}`);
  await looks(page, `${lang}-refused`);
  await follow(page, t["complaints.new"]);
  is(await page.inputValue("[name=bin]"), seller, `${lang}: the complaint knows the seller`);
  await page.fill("[name=note]", "Ақшаны қайтармайды");
  await looks(page, `${lang}-complaint`);
  await send(page);
  ok(page.url().includes("/complaints/C2026-"), `${lang}: filed`);
  ok((await main(page)).includes(number), `${lang}: out of the request`);
  await looks(page, `${lang}-filed`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
  return (await ask(aigul, "GET", "/api/v1/complaints")).complaints[0].number;
}

async function decides({ browser, erlan, lang, number }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, erlan, lang);
  await page.goto(`/desk?lang=${lang}`);
  await follow(page, t["complaints.open_n"].replace("{n}", "1"));
  await looks(page, `${lang}-desk`);
  await page.goto(`/desk/complaints/${number}?lang=${lang}`);
  await send(page);
  await looks(page, `${lang}-decide`);
  await page.check("[name=outcome][value=passed_on]");
  await page.fill("[name=note]", "Органға берілді");
  await send(page);
  ok((await main(page)).includes(t["complaints.outcome.passed_on"]), `${lang}: decided`);
  await page.goto(`/desk/requests?lang=${lang}`);
  await looks(page, `${lang}-unknown`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function hears({ browser, aigul, lang, number }) {
  const t = texts[lang];
  const { context, page } = await as(browser, aigul, lang);
  await page.goto(`/complaints?lang=${lang}`);
  ok((await main(page)).includes(t["complaints.outcome.passed_on"]), `${lang}: in the list`);
  await looks(page, `${lang}-complaints`);
  await page.goto(`/complaints/${number}?lang=${lang}`);
  ok((await main(page)).includes("Органға берілді"), `${lang}: who complained reads the note`);
  await page.goto(`/requests?lang=${lang}`);
  await looks(page, `${lang}-requests`);
  await context.close();
}

await test(
  async ({ register, browser, server: plain }) => {
    await plain.stop();
    register.now = OPEN;
    const people = new People(register);
    const iin = people.person("aigul", "АХМЕТОВА АЙГҮЛ", "8501013");
    const seller = people.person("bolat", "БЕКОВ БОЛАТ", "9006154");
    people.staff("erlan", "officer");
    const server = await register.serve({ settings: people.settings(), words: [] });
    const { url } = server;
    const [aigul, bolat] = [await people.enter(url, "aigul"), await people.enter(url, "bolat")];
    const erlan = await people.enterStaff(url, "erlan", OPEN);
    for (const [lang, n] of [
      ["kk", 100],
      ["ru", 200],
    ]) {
      const world = { browser, aigul, bolat, erlan, lang, seller, iin, code: imei(n) };
      await led(browser, url, lang);
      const number = await asks(world);
      await answers({ ...world, number });
      const complaint = await complains({ ...world, number });
      await decides({ ...world, number: complaint });
      await hears({ ...world, number: complaint });
    }
  },
  { serve: { words: [] } },
);
