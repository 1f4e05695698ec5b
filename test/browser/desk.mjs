// SPDX-License-Identifier: Apache-2.0
// The officer's desk in a real browser, by keyboard alone, in Kazakh and in Russian: the queue, taking one, asking for papers,
// deciding, an appeal that another officer decides, what two officers decide. What is refused keeps what was typed. Every page
// fits 320 px, is quiet for axe-core, and says to a screen reader what it shows.
import { looks, tabTo } from "./eyes.mjs";
import { is, ok, test, texts, until, window } from "./house.mjs";
import { People, ask, cookie } from "./people.mjs";

const OPEN = "2026-03-10T07:10:00Z"; // after the samples were made: an approval is later than what it lifts
const LATER = "2026-03-11T07:00:00Z"; // the next day: what was filed is overdue

/** Presses Enter on what has the focus, and waits for the page that follows. */
async function enter(page) {
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

/** Chooses in the select that has the focus, going down with the arrow. */
async function choose(page, value) {
  // eslint-disable-next-line no-undef
  for (let i = 0; i < 30 && (await page.evaluate(() => document.activeElement.value)) !== value; i++)
    await page.keyboard.press("ArrowDown");
}

async function as(browser, who, lang, options = {}) {
  const opened = await window(browser, who.url, { lang, ...options });
  await opened.context.addCookies([cookie(who)]);
  return opened;
}

async function decidesAlone({ browser, erlan, aigul, first, lang }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, erlan, lang, { bypassCSP: true });
  await page.goto(`/cabinet?lang=${lang}`);
  ok(new URL(page.url()).pathname === "/desk", `${lang}: an officer's first page is the queue`);
  await looks(page, `${lang} queue`);
  ok(await tabTo(page, `a[href^="/desk/${first}"]`), `${lang}: Tab comes to the application`);
  await enter(page);
  is(await page.locator("h1").innerText(), `${t["desk.one"]} ${first}`, `${lang}: it opens`);
  const side = await page.locator(".side").innerText();
  ok(side.includes("АХМЕТОВА АЙГҮЛ"), `${lang}: says who asks`);
  ok(side.includes(t["apply.country.TR"]), `${lang}: names the country`);
  is(await page.locator("form#decide").count(), 0, `${lang}: nothing to decide before it is taken`);
  ok(await tabTo(page, "form#claim button"), `${lang}: Tab comes to taking it`);
  await enter(page);
  ok((await page.locator("[role=status]").innerText()).includes(t["desk.done.claimed"]), `${lang}: taken`);
  await looks(page, `${lang} one that is his`);

  ok(await tabTo(page, "#note-ask"), `${lang}: Tab comes to asking for papers`);
  await page.keyboard.type("Паспорт");
  ok(await tabTo(page, "form#ask button"), `${lang}: and to its button`);
  await enter(page);
  ok((await page.locator("[role=status]").innerText()).includes(t["desk.done.asked"]), `${lang}: papers asked`);
  is((await ask(aigul, "GET", `/api/v1/applications/${first}`)).state, "papers_asked", `${lang}: she is told`);
  await ask(aigul, "POST", `/api/v1/applications/${first}/answer`, { note: "Міне" });

  await page.goto(`/desk/${first}?lang=${lang}`);
  ok(await tabTo(page, "#d0"), `${lang}: Tab comes to the decision`);
  await choose(page, "NO_BORDER_CROSSING");
  is(await page.locator("#d0").inputValue(), "NO_BORDER_CROSSING", `${lang}: a reason is chosen by the arrows`);
  ok(await tabTo(page, "#note-decide"), `${lang}: Tab comes to the note`);
  await page.keyboard.type("Билет?");
  ok(await tabTo(page, "form#decide button"), `${lang}: and to deciding`);
  await enter(page);
  const said = await page.locator("[role=status]").innerText();
  ok(said.includes(t["desk.done.decided"]), `${lang}: decided`);
  ok(await page.locator(".done a.main").count(), `${lang}: the next one is offered`);
  is((await ask(aigul, "GET", `/api/v1/applications/${first}`)).state, "refused", `${lang}: refused`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function appeals({ browser, erlan, dana, aigul, first, lang }) {
  const t = texts[lang];
  await ask(aigul, "POST", `/api/v1/applications/${first}/appeal`, { note: "Билет бар" });
  const one = await as(browser, erlan, lang);
  await one.page.goto(`/desk/${first}?lang=${lang}`);
  is(await one.page.locator("form.act").count(), 0, `${lang}: an appeal is not his who refused`);
  await one.context.close();
  const { context, page } = await as(browser, dana, lang, { bypassCSP: true });
  await page.goto(`/desk?lang=${lang}`);
  const row = page.locator(".queue li", { hasText: first });
  ok((await row.innerText()).includes(t["desk.mark.appeal"]), `${lang}: the queue marks the appeal`);
  await page.goto(`/desk/${first}?lang=${lang}`);
  ok(await tabTo(page, "form#claim button"), `${lang}: another officer may take it`);
  await enter(page);
  ok(await tabTo(page, "#d0"), `${lang}: and decide it`);
  await choose(page, "approve");
  ok(await tabTo(page, "form#decide button"), `${lang}: Tab comes to deciding`);
  await enter(page);
  is((await ask(aigul, "GET", `/api/v1/applications/${first}`)).state, "approved", `${lang}: approved on appeal`);
  await context.close();
}

async function two({ browser, erlan, dana, aigul, blocked, lang }) {
  const t = texts[lang];
  const one = await as(browser, erlan, lang, { bypassCSP: true });
  await one.page.goto(`/desk/${blocked}?lang=${lang}`);
  ok(await tabTo(one.page, "form#claim button"), `${lang}: a recheck is taken`);
  await enter(one.page);
  ok(await tabTo(one.page, "#d0"), `${lang}: Tab comes to its decision`);
  await choose(one.page, "approve");
  ok(await tabTo(one.page, "form#decide button"), `${lang}: and to deciding`);
  await enter(one.page);
  ok((await one.page.locator("[role=status]").innerText()).includes(t["desk.done.proposed"]), `${lang}: it is a proposal`);
  is(await one.page.locator("form.act").count(), 0, `${lang}: which he does not confirm`);
  is((await ask(aigul, "GET", `/api/v1/applications/${blocked}`)).state, "checking", `${lang}: she sees nothing of it`);
  await one.context.close();

  const { context, page, complaints } = await as(browser, dana, lang, { bypassCSP: true });
  await page.goto(`/desk?whose=second&lang=${lang}`);
  is(await page.locator(".queue li").count(), 1, `${lang}: what waits for a second officer is found`);
  await page.locator(".queue a").focus();
  await enter(page);
  const shown = await page.locator(".work").innerText();
  ok(shown.includes(t["desk.lift.revoked"]), `${lang}: it says what would be lifted`, shown);
  await looks(page, `${lang} a proposal`);
  const tree = await page.locator("main").ariaSnapshot();
  ok(tree.includes(t["desk.confirm"]) && tree.includes(t["desk.return.label"]), `${lang}: a screen reader hears both ways`, tree);
  ok(await tabTo(page, "form#confirm button"), `${lang}: Tab comes to confirming`);
  await enter(page);
  ok((await page.locator("[role=status]").innerText()).includes(t["desk.done.confirmed"]), `${lang}: confirmed`);
  is((await ask(aigul, "GET", `/api/v1/applications/${blocked}`)).state, "approved", `${lang}: approved by two`);
  is(complaints, [], `${lang}: nothing to complain of in the proposal`);
  await context.close();
}

/** What is refused: the reason, what was typed, and nothing changed. */
async function refuses({ browser, erlan, dana, third }) {
  const t = texts.ru;
  const { context, page } = await as(browser, erlan, "ru");
  await page.goto(`/desk/${third}?lang=ru`);
  is(await page.locator("form#claim button").getAttribute("accesskey"), "1", "the access key 1 takes it");
  ok((await page.locator("main").innerText()).includes(t["desk.keys"]), "as the legend says");
  await page.locator("form#claim button").focus();
  await enter(page);
  await page.locator("form#ask textarea").evaluate((e) => e.removeAttribute("required"));
  await page.locator("form#ask button").focus();
  const [answer] = await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  is(answer.status(), 400, "a request without words is refused");
  ok((await page.locator("[role=alert]").innerText()).includes(t["desk.missing"]), "and the page says why");
  await page.locator("#d0").selectOption("DOC_UNREADABLE");
  await page.locator("#note-decide").fill("Нечётко");
  await context.addCookies([cookie(dana)]); // another officer's session, with this one's form
  const [foreign] = await Promise.all([page.waitForNavigation(), page.locator("form#decide button").click()]);
  is(foreign.status(), 403, "a form of another session is refused");
  await context.addCookies([cookie(erlan)]);
  await page.goto(`/desk/${third}?lang=ru`);
  is(await page.locator("form#decide").count(), 1, "nothing was decided");
  is((await page.goto("/desk/2026-0000009999?lang=ru")).status(), 404, "no such application");
  await context.close();
  const other = await as(browser, dana, "ru");
  await other.page.goto(`/desk/${third}?lang=ru`);
  is(await other.page.locator("form.act").count(), 0, "another's is not hers to act on");
  await other.context.close();
}

async function overdue({ browser, erlan, third, lang }) {
  const t = texts[lang];
  const { context, page } = await as(browser, erlan, lang, { bypassCSP: true });
  await page.goto(`/desk?lang=${lang}`);
  const count = await page.locator(".count").innerText();
  ok(count.includes(t["desk.overdue_n"].replace("{n}", "1")), `${lang}: overdue ones are counted`, count);
  ok(await page.locator(".queue li.late").count(), `${lang}: and red`);
  await looks(page, `${lang} overdue`);
  await page.goto(`/desk/${third}?lang=${lang}`);
  ok((await page.locator("form#claim").count()) === 1, `${lang}: an overdue one may be taken over`);
  await looks(page, `${lang} overdue one`);
  await page.goto(`/desk?kind=import&lang=${lang}`);
  is(await page.locator(".queue").count(), 0, `${lang}: no import in the queue, and no empty list`);
  await context.close();
}

await test(async ({ register, browser, server: plain }) => {
  await plain.stop();
  register.now = OPEN;
  const people = new People(register);
  people.person("aigul", "АХМЕТОВА АЙГҮЛ", "8501013");
  people.staff("erlan", "officer");
  people.staff("dana", "officer");
  const server = await register.serve({ settings: people.settings(), words: [] });
  const aigul = await people.enter(server.url, "aigul");
  const [erlan, dana] = [
    await people.enterStaff(server.url, "erlan", OPEN),
    await people.enterStaff(server.url, "dana", OPEN),
  ];
  const sample = (id) => register.samples.find((s) => s.id === id).imei;
  const file = async (kind, imei) => {
    const filed = await ask(aigul, "POST", "/api/v1/applications", {
      kind,
      ...(kind === "personal" ? { way: "carried", country: "TR", entered: "2026-03-01" } : {}),
      devices: [{ imeis: [imei], brand: "Samsung", model: "Galaxy A54" }],
    });
    if (filed.status !== 201) throw new Error(JSON.stringify(filed));
    const look = async () => (await ask(erlan, "GET", `/api/v1/desk/${filed.number}`)).checked;
    await until(look);
    return filed.number;
  };
  const first = { kk: await file("personal", sample("grey_29")), ru: await file("personal", sample("never_seen")) };
  const third = await file("before_duty", sample("expired"));
  const blocked = { kk: await file("recheck", sample("revoked")) };
  for (const lang of ["kk", "ru"]) {
    const all = { browser, erlan, dana, aigul, lang, first: first[lang] };
    await decidesAlone(all);
    await appeals(all);
    if (blocked[lang]) await two({ ...all, blocked: blocked[lang] });
  }
  await refuses({ browser, erlan, dana, third });
  await server.stop();

  register.now = LATER;
  const next = await register.serve({ settings: people.settings(), words: [] });
  const danaNext = await people.enterStaff(next.url, "dana", LATER);
  for (const lang of ["kk", "ru"]) await overdue({ browser, erlan: danaNext, third, lang });
}, { serve: { words: [] } });
