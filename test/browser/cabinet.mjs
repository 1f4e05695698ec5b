// SPDX-License-Identifier: Apache-2.0
// The applicant's cabinet, in a browser whose scripts are off: each way from "where is it from?" to what came
// of it, in Kazakh and Russian, and what the public page says of the phone afterwards; all seven kinds, a gift with its traveller's consent, papers asked
// for and answered, a refusal and its appeal, a withdrawal; mistyped answers; the same form sent twice; drafts. Then
// every page again with scripts on: axe-core, 320 px, keyboard.
import { Entrance, imei, number as people } from "./entrance.mjs";
import { axe, cut, tabTo } from "./eyes.mjs";
import { is, ok, test, texts, until, window } from "./house.mjs";

let register;
let officers = [];
let phones = 0;

const phone = () => imei((phones += 1));
const mistyped = (digits) => digits.slice(0, 14) + ((Number(digits[14]) + 1) % 10);
/** Whatever leads to another page: done when that page is there. */
const lands = (page, act) => Promise.all([page.waitForEvent("domcontentloaded"), act()]);
const press = (page, locator) => lands(page, () => locator.click());
/** Papers may be attached; here nobody does (papers.mjs). */
const send = async (page) => {
  await press(page, page.locator("form.ask button.main"));
  if (/\/apply\/\d+\.papers/.test(page.url())) await press(page, page.locator("form.ask button.main"));
};
const number = (page) => /\d{4}-\d{10}/.exec(page.url())?.[0];
const state = (page) => page.locator("article.answer header h2").innerText();

/** A day before today, by the country's clock, as the three fields of a date. */
function daysAgo(days) {
  const day = new Date(Date.now() + 5 * 3600e3 - days * 24 * 3600e3);
  return { day: day.getUTCDate(), month: day.getUTCMonth() + 1, year: day.getUTCFullYear() };
}

async function typeDate(page, date) {
  for (const [field, value] of Object.entries(date)) await page.fill(`#${field}`, String(value));
  await send(page);
}

/** From the cabinet to the first question. */
async function begin(page, origin) {
  await page.goto("/cabinet");
  await press(page, page.locator("main a.main[href^='/apply']"));
  await press(page, page.locator(`.options a[href^='/apply/${origin}']`));
  await send(page);
}

/** The questions of one device. */
async function device(page, codes) {
  for (let i = 0; i < codes.length; i++) await page.fill(`#imei${i + 1}`, codes[i]);
  await send(page);
  await page.fill("#brand", "Samsung");
  await page.fill("#model", "Galaxy S24");
  await send(page);
}

async function more(page, answer) {
  await page.check(`input[name=more][value=${answer}]`);
  await send(page);
}

/** What the public page says of a code, by its list's name. */
async function publicList(page, digits) {
  await page.goto("/check");
  await page.fill("#imei", digits);
  await press(page, page.locator("form.check button.main"));
  return (await page.locator("article.answer").getAttribute("class")).replace("answer ", "");
}

/** The whole of a personal application that was carried; the page is the receipt's. */
async function carried(page, codes) {
  await begin(page, "carried");
  await device(page, codes);
  await more(page, "no");
  await typeDate(page, daysAgo(20));
  await page.selectOption("#country", "TR");
  await send(page);
  await send(page);
  return number(page);
}

const atDesk = (id, officer = 0) => register.ask("GET", `/api/v1/desk/${id}`, undefined, officers[officer]);
const checked = (id) => until(async () => (await atDesk(id)).checked);
const desk = (id, act, body, officer = 0) =>
  register.ask("POST", `/api/v1/desk/${id}/${act}`, body, officers[officer]);

// --- the ways ---

async function byRules(page, lang) {
  const [first, second] = [phone(), phone()];
  register.answers.border = "yes";
  await begin(page, "carried");
  await page.fill("#imei1", mistyped(first));
  await page.fill("#imei2", second);
  await send(page);
  is(await page.locator("#imei1-wrong").innerText(), texts[lang]["err.imei_mistyped"], `${lang}: a mistyped code is told beside it`);
  is(await page.inputValue("#imei2"), second, `${lang}: and the other one stays typed`);
  await page.fill("#imei2", first);
  await page.fill("#imei1", first);
  await send(page);
  is(await page.locator("#imei2-wrong").innerText(), texts[lang]["apply.imei.twice"], `${lang}: a code twice is told beside the second`);
  await page.fill("#imei2", second);
  await send(page);
  await send(page);
  is(await page.locator("#brand-wrong").innerText(), texts[lang]["apply.model_none"], `${lang}: a device without a name`);
  await page.fill("#brand", "Samsung");
  await page.fill("#model", "Galaxy S24");
  await send(page);
  await send(page);
  is(await page.locator("#more-wrong").innerText(), texts[lang]["apply.choose"], `${lang}: no choice made`);
  await more(page, "no");
  await typeDate(page, { day: 31, month: 2, year: 2026 });
  is(await page.locator("#date-wrong").innerText(), texts[lang]["apply.entered_wrong"], `${lang}: a day that does not exist`);
  await typeDate(page, daysAgo(-2));
  is(await page.locator("#date-wrong").innerText(), texts[lang]["apply.entered_later"], `${lang}: a day to come`);
  await typeDate(page, daysAgo(20));
  await page.selectOption("#country", "TR");
  await send(page);
  is(await page.locator("h1").innerText(), texts[lang]["apply.check.heading"], `${lang}: check your answers`);
  await press(page, page.locator(".review a[href*='.model.1']"));
  await page.fill("#model", "Galaxy S25");
  await send(page);
  is(await page.locator("h1").innerText(), texts[lang]["apply.check.heading"], `${lang}: a change leads back to them`);
  ok((await page.locator(".review").first().innerText()).includes("Galaxy S25"), `${lang}: and holds`);
  ok(!/\d{14}/.test(page.url()), `${lang}: no code stands in the address`);
  await send(page);
  ok(/\/filed/.test(page.url()), `${lang}: filed`);
  ok(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/.test(await page.locator("h2.number").innerText()), `${lang}: with a receipt`);
  const receipt = await page.locator("h2.number").innerText();
  const id = number(page);
  ok(await until(async () => (await register.list(first)) === "white"), `${lang}: white by rules alone`);
  await page.goto(`/cabinet/${id}`);
  is(await state(page), texts[lang]["cabinet.state.approved"], `${lang}: approved`);
  await press(page, page.locator(".codes button").nth(1));
  is((await page.locator("article.answer").getAttribute("class")), "answer white", `${lang}: its button checks a code on the public page`);
  is(await publicList(page, second), "white", `${lang}: the second code is white, too`);
  await page.goto("/receipt");
  await page.fill("#receipt", receipt.toLowerCase());
  await send(page);
  is(await state(page), texts[lang]["cabinet.state.approved"], `${lang}: by receipt: how it stands`);
  ok(!(await page.locator("main").innerText()).includes("Galaxy"), `${lang}: by receipt: nothing of the device`);
  await page.fill("#receipt", "AAAAA-AAAAA-AAAAA-AAAAA");
  await send(page);
  is(await page.locator("#receipt-wrong").innerText(), texts[lang]["cabinet.receipt_none"], `${lang}: no receipt of ours`);
}

async function parcel(page, lang) {
  const code = phone();
  register.answers.parcel = "yes";
  await begin(page, "parcel");
  await device(page, [code]);
  await more(page, "no");
  is(await page.locator("h1").innerText(), texts[lang]["apply.came_heading"], `${lang}: a parcel came on some day`);
  await typeDate(page, daysAgo(4));
  await page.selectOption("#country", "CN");
  await send(page);
  await send(page);
  is(await page.locator("#document-wrong").innerText(), texts[lang]["apply.document_none"], `${lang}: a parcel has a number`);
  await page.fill("#document", `RB12345678${lang.length + phones}CN`); // a parcel counts once
  await send(page);
  await send(page);
  ok(await until(async () => (await register.list(code)) === "white"), `${lang}: a parcel: white`);
  is(await publicList(page, code), "white", `${lang}: a parcel: the public page says so`);
}

async function papersRefusalAppeal(page, lang) {
  const code = phone();
  register.answers.border = "no";
  const id = await carried(page, [code]);
  await checked(id);
  await desk(id, "claim", {});
  is((await desk(id, "ask", { note: "Билет <b>туда</b>" })).state, "papers_asked", `${lang}: an officer asks for papers`);
  await page.goto("/cabinet");
  is(await page.locator(".tasks li").count(), 1, `${lang}: it is a task`);
  await press(page, page.locator(".tasks a.main"));
  is(await page.locator("blockquote").innerText(), "Билет <b>туда</b>", `${lang}: his words, as he wrote them`);
  await send(page);
  is(await page.locator("#note-wrong").innerText(), texts[lang]["cabinet.note_none"], `${lang}: an empty answer is none`);
  await page.fill("#note", "KC 123,\nорын 7A");
  await send(page);
  is(await state(page), texts[lang]["cabinet.state.checking"], `${lang}: answered: the clock goes on`);
  is((await desk(id, "decide", { decisions: [{ refusal: "NO_BORDER_CROSSING" }], note: "Не видно" })).state, "refused", `${lang}: refused`);
  await page.reload();
  is(await state(page), texts[lang]["cabinet.state.refused"], `${lang}: she sees it`);
  const said = await page.locator("main").innerText();
  ok(said.includes(texts[lang]["refusal.NO_BORDER_CROSSING"]), `${lang}: and why`);
  ok(said.includes(texts[lang]["refusal.NO_BORDER_CROSSING.bring"]), `${lang}: and what to bring`);
  await page.goto("/cabinet");
  await press(page, page.locator(".tasks a.main"));
  await press(page, page.locator("article.answer a.main"));
  await page.fill("#note", "Шекара белгісі бар");
  await send(page);
  is(await state(page), texts[lang]["cabinet.state.checking"], `${lang}: appealed`);
  await page.goBack();
  is(await state(page), texts[lang]["cabinet.state.checking"], `${lang}: once: the way back only shows how it stands`);
  is((await desk(id, "claim", {})).reason, "SAME_PERSON", `${lang}: not to the same officer`);
  await desk(id, "claim", {}, 1);
  is((await desk(id, "decide", { decisions: [{ approve: true }] }, 1)).state, "approved", `${lang}: another officer approves`);
  ok(await until(async () => (await register.list(code)) === "white"), `${lang}: white`);
  is(await publicList(page, code), "white", `${lang}: the public page says so`);
}

/** A phone that somebody brought in for her: he consents by the code on his phone, and the border is asked for him. */
async function gift(page, lang) {
  const code = phone();
  const traveller = { iin: people(lang === "kk" ? "7105051" : "7206061"), number: lang === "kk" ? "+77771110001" : "+77771110002" };
  register.answers.border = "yes";
  await begin(page, "gift");
  await device(page, [code]);
  await more(page, "no");
  is(await page.locator("h1").innerText(), texts[lang]["apply.traveller_heading"], `${lang}: a gift: does who brought it consent?`);
  await send(page);
  is(await page.locator("#consents-wrong").innerText(), texts[lang]["apply.choose"], `${lang}: a gift: no choice is made for her`);
  await page.check("input[name=consents][value=yes]");
  await page.fill("#iin", "123");
  await page.fill("#msisdn", traveller.number);
  await send(page);
  is(await page.locator("#iin-wrong").innerText(), texts[lang]["err.iin_bin"], `${lang}: a gift: a wrong IIN is told beside it`);
  is(await page.inputValue("#msisdn"), traveller.number, `${lang}: a gift: the number stays typed`);
  await page.fill("#iin", traveller.iin);
  await send(page);
  is(await page.locator("h1").innerText(), texts[lang]["apply.consent_heading"], `${lang}: a gift: the code`);
  ok(!page.url().includes(traveller.iin), `${lang}: a gift: nothing of who it is in the address`);
  const secret = await register.letter(traveller.number);
  await page.fill("#code", String((Number(secret) + 1) % 1e6).padStart(6, "0"));
  await send(page);
  is(await page.locator("#code-wrong").innerText(), texts[lang]["err.code_wrong"], `${lang}: a gift: a wrong code`);
  await page.fill("#code", `${secret.slice(0, 3)} ${secret.slice(3)}`);
  await send(page);
  is(await page.locator("h1").innerText(), texts[lang]["apply.traveller_came_heading"], `${lang}: a gift: the day on which he came`);
  await typeDate(page, daysAgo(8));
  await page.selectOption("#country", "AE");
  await send(page);
  ok((await page.locator("main").innerText()).includes(texts[lang]["apply.consent_given"]), `${lang}: a gift: the end says that he consented`);
  await send(page);
  const id = number(page);
  ok(await until(async () => (await register.list(code)) === "white"), `${lang}: a gift: white by rules alone`);
  is(await publicList(page, code), "white", `${lang}: a gift: the public page says so`);
  await page.goto(`/cabinet/${id}`);
  ok((await page.locator("main").innerText()).includes(texts[lang]["apply.consent_given"]), `${lang}: a gift: her page says so, too`);
}

async function withdrawal(page, lang) {
  const code = phone();
  register.answers.border = "down";
  const id = await carried(page, [code]);
  await page.goto(`/cabinet/${id}`);
  is(await state(page), texts[lang]["cabinet.state.checking"], `${lang}: could not ask: it waits`);
  await press(page, page.locator("article.answer a[href*='/withdraw']"));
  await send(page);
  is(await state(page), texts[lang]["cabinet.state.withdrawn"], `${lang}: withdrawn`);
  is(await page.locator("article.answer a[href*='/withdraw']").count(), 0, `${lang}: and not again`);
  is(await publicList(page, code), "unknown", `${lang}: nothing came of it`);
}

async function beforeDuty(page, lang) {
  const code = phone();
  await begin(page, "before");
  await device(page, [code]);
  await more(page, "no");
  await page.fill("#document", "Чек 77");
  await send(page);
  await send(page);
  const id = number(page);
  await checked(id);
  await desk(id, "claim", {});
  is((await desk(id, "decide", { decisions: [{ approve: true }] })).state, "approved", `${lang}: here before the duty: approved`);
  ok(await until(async () => (await register.list(code)) === "white"), `${lang}: here before the duty: white`);
  is(await publicList(page, code), "white", `${lang}: here before the duty: the public page says so`);
}

async function several(page, lang) {
  register.answers.border = "yes";
  const codes = [phone(), phone(), phone()];
  await begin(page, "carried");
  await device(page, [codes[0]]);
  await more(page, "yes");
  await page.fill("#imei1", codes[0]);
  await send(page);
  is(await page.locator("#imei1-wrong").innerText(), texts[lang]["apply.imei.twice"], `${lang}: no code in two devices`);
  await device(page, [codes[1]]);
  await more(page, "yes");
  await device(page, [codes[2]]);
  is(await page.locator(".devices li").count(), 3, `${lang}: three devices`);
  await press(page, page.locator(".devices li").nth(1).locator("form button"));
  is(await page.locator(".devices li").count(), 2, `${lang}: one is taken out`);
  await more(page, "no");
  await typeDate(page, daysAgo(3));
  await page.goto("/cabinet");
  ok(await page.locator(".cases form button").count(), `${lang}: the draft stands in the cabinet`);
  await press(page, page.locator(".cases li:has(form) a").first());
  is(await page.locator("h1").innerText(), texts[lang]["apply.country_heading"], `${lang}: and goes on where it stood`);
  await send(page);
  is(await page.locator("#country-wrong").innerText(), texts[lang]["apply.choose"], `${lang}: a country is chosen by nobody else`);
  await page.selectOption("#country", "");
  await send(page);
  const form = await page.content();
  await send(page);
  const id = number(page);
  await page.goto("/cabinet");
  is(await page.locator(".cases form button").count(), 0, `${lang}: filed, the draft is gone`);
  const [, action] = /action="(\/apply\/\d+\.check)/.exec(form);
  const value = (name) => new RegExp(`name="${name}" value="(\\w+)"`).exec(form.slice(form.indexOf(action)))[1];
  const again = await page.request.post(action, { form: { csrf: value("csrf"), key: value("key") }, maxRedirects: 0 });
  ok(again.headers().location?.includes(`/cabinet/${id}/filed`), `${lang}: the form sent again leads to what it made`);
  ok(await until(async () => (await register.list(codes[2])) === "white"), `${lang}: white`);
  is(await register.list(codes[1]), "unknown", `${lang}: what was taken out is not`);
}

/** An officer's yes to all devices of an application. */
async function approve(id, devices) {
  await checked(id);
  await desk(id, "claim", {});
  const decisions = Array(devices).fill({ approve: true });
  return (await desk(id, "decide", { decisions })).state;
}

async function importing(page, lang) {
  const codes = [phone(), phone()];
  await begin(page, "import");
  await device(page, [codes[0]]);
  await more(page, "yes");
  await device(page, [codes[1]]);
  await more(page, "no");
  await page.selectOption("#country", "CN");
  await send(page);
  await page.fill("#document", "55302/270326/0012345");
  await send(page);
  await send(page);
  is(await approve(number(page), 2), "approved", `${lang}: an import: approved`);
  for (const code of codes) {
    ok(await until(async () => (await register.list(code)) === "white"), `${lang}: an import: white`);
    is(await publicList(page, code), "white", `${lang}: an import: the public page says so`);
  }
}

async function repairing(page, lang) {
  const [old, fresh] = [phone(), phone()];
  await begin(page, "manufacture");
  await device(page, [old]);
  await more(page, "no");
  await send(page);
  is(await approve(number(page), 1), "approved", `${lang}: made here: approved`);
  ok(await until(async () => (await register.list(old)) === "white"), `${lang}: made here: white`);
  is(await publicList(page, old), "white", `${lang}: made here: the public page says so`);
  await begin(page, "repair");
  await page.fill("#imei1", fresh);
  await send(page);
  is(await page.locator("h1").innerText(), texts[lang]["apply.imei.heading_old"], `${lang}: a repair: what was there before`);
  await page.fill("#imei1", fresh);
  await send(page);
  is(await page.locator("#imei1-wrong").innerText(), texts[lang]["apply.imei.twice"], `${lang}: a repair: the same code is none`);
  await page.fill("#imei1", old);
  await send(page);
  await page.fill("#brand", "Samsung");
  await send(page);
  await more(page, "no");
  await send(page);
  await send(page);
  is(await approve(number(page), 1), "approved", `${lang}: a repair: approved`);
  ok(await until(async () => (await register.list(fresh)) === "white"), `${lang}: a repair: white`);
  is(await publicList(page, fresh), "white", `${lang}: a repair: the public page says so`);
  is(await publicList(page, old), "black", `${lang}: a repair: and of the old code, that it is replaced`);
  return old;
}

/** The second slot of a phone whose first one is verified: one device, decided as one. */
async function secondImei(page, lang) {
  const [first, second] = [phone(), phone()];
  register.answers.border = "yes";
  await carried(page, [first]);
  ok(await until(async () => (await register.list(first)) === "white"), `${lang}: a second code: the first one is white`);
  await begin(page, "second");
  await page.fill("#imei1", second);
  await send(page);
  is(await page.locator("#imei2-wrong").innerText(), texts[lang]["apply.imei.both"], `${lang}: a second code: with the first one`);
  await device(page, [first, second]);
  await more(page, "no");
  await send(page);
  is(await approve(number(page), 1), "approved", `${lang}: a second code: approved`);
  for (const code of [first, second]) {
    ok(await until(async () => (await register.list(code)) === "white"), `${lang}: a second code: white`);
    is(await publicList(page, code), "white", `${lang}: a second code: the public page says so`);
  }
}

/** A phone that is black, looked at anew: two officers. */
async function recheck(page, lang, black) {
  is(await publicList(page, black), "black", `${lang}: a recheck: of a phone that is black`);
  await begin(page, "recheck");
  await device(page, [black]);
  await more(page, "no");
  await send(page);
  const id = number(page);
  is(await approve(id, 1), "checking", `${lang}: a recheck: one officer alone lifts nothing`);
  is(await publicList(page, black), "black", `${lang}: a recheck: still black`);
  is((await desk(id, "confirm", {})).reason, "SAME_PERSON", `${lang}: a recheck: nor twice himself`);
  is((await desk(id, "confirm", {}, 1)).state, "approved", `${lang}: a recheck: the second officer confirms`);
  ok(await until(async () => (await register.list(black)) === "white"), `${lang}: a recheck: white`);
  is(await publicList(page, black), "white", `${lang}: a recheck: the public page says so`);
}

/** Who works here is led to his desk, and files nothing. */
async function staff(browser) {
  const { context, page } = await window(browser, register.url, { lang: "ru", javaScriptEnabled: false });
  await register.seat(context, officers[0]);
  await page.goto("/cabinet");
  ok(page.url().endsWith("/desk"), "an officer's cabinet is the desk");
  for (const path of ["/apply", "/apply/carried", "/apply/1.check", "/cabinet/2026-0000000001", "/cabinet/2026-0000000001/filed"])
    is((await page.request.get(path, { maxRedirects: 0 })).status(), 403, `an officer: ${path} is an applicant's`);
  await context.close();
}

/** What is nobody's business, and what is asked wrongly. */
async function closed(page, stranger) {
  const mine = /\/apply\/\d+\.\w+\.?\d*/;
  await begin(page, "gift");
  const [draft] = mine.exec(page.url());
  await stranger.goto(draft);
  ok(/\/cabinet/.test(stranger.url()), "another's draft leads to one's own cabinet");
  for (const path of ["/apply/1", "/apply/x", "/apply/1.nothing", "/apply/1.imei", "/apply/1.imei.21", "/apply/1.check.1", "/cabinet/nothing", "/cabinet/2026-0000000001/nothing", "/cabinet/2026-9999999999"])
    is((await page.request.get(path, { maxRedirects: 0 })).status(), 404, `${path}: there is no such page`);
  const id = draft.replace(/\.imei.*/, "");
  for (const path of [`${id}.check`, `${id}.more`, `${id}.model.1`, `${id}.imei.2`, `${id}.old.1`, `${id}.entered`, `${id}.document`])
    ok((await page.request.get(path, { maxRedirects: 0 })).headers().location?.endsWith(".imei.1"), `${path}: leads to the question that is open`);
  const post = (path, form) => page.request.post(path, { form, maxRedirects: 0 });
  is((await post(draft, { imei1: phone() })).status(), 403, "an answer without the session's mark is refused");
  is((await post("/apply/carried", {})).status(), 403, "so is a beginning");
  const csrf = await page.locator("form.ask input[name=csrf]").getAttribute("value");
  is((await post(draft, { csrf, imei1: "9".repeat(500) })).status(), 400, "a code of 500 digits is told");
  is((await post("/apply/import", { csrf })).status(), 403, "a person files no import");
  for (let i = 0; i < 19; i++) await post("/apply/gift", { csrf });
  ok((await post("/apply/gift", { csrf })).headers().location?.includes("full"), "so many drafts, and no more");
  await page.goto("/cabinet?full=1");
  ok(await page.locator("[role=alert]").count(), "which is said");
  while (await page.locator(".cases form button").count()) await press(page, page.locator(".cases form button").first());
  is(await page.locator(".cases form button").count(), 0, "drafts are thrown away");
  await page.goto("/apply/bought");
  is(await page.locator(".outcome li").count(), 4, "bought in the country: what to do");
  await page.goto("/apply/repair");
  ok((await page.locator(".outcome h2").innerText()).length > 0, "repaired: whose duty it is");
}

/** From a black answer to the wizard, by the origin. */
async function door(browser) {
  const { context, page } = await window(browser, register.url, { lang: "ru", javaScriptEnabled: false });
  const expired = register.samples.find((sample) => sample.id === "expired").imei;
  await page.goto("/check");
  await page.fill("#imei", expired);
  await press(page, page.locator("form.check button.main"));
  const hrefs = await page.locator(".origins a[href^='/apply/']").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  is(hrefs, ["carried", "parcel", "gift", "bought", "before"].map((o) => `/apply/${o}`), "where is it from? leads into the wizard");
  const answer = await page.request.get("/apply/carried", { maxRedirects: 0 });
  ok(/^\/sign-in\?next=\/apply\/carried$/.test(answer.headers().location), "by way of the sign-in");
  await page.goto("/apply/bought");
  is(await page.locator(".outcome li").count(), 4, "what to say to the seller is said to everybody");
  await context.close();
}

// --- everybody ---

/** The two pages of a gift alone; its draft is thrown away. */
async function consents(page, lang, open, step) {
  await page.goto(`/apply/gift?lang=${lang}`);
  await send(page);
  await device(page, [phone()]);
  await step("traveller", () => more(page, "no"));
  await step("traveller, wrong", () => send(page));
  await page.check("input[name=consents][value=yes]");
  await page.fill("#iin", people("7005051"));
  await page.fill("#msisdn", `+7777222000${lang.charCodeAt(0) % 10}`);
  await step("consent", () => send(page));
  await step("consent, wrong", () => send(page));
  await press(page, page.locator("button[value=without]"));
  await open("consent, taken back", new URL(page.url()).pathname);
  await page.goto(`/cabinet?lang=${lang}`);
  await press(page, page.locator(".cases form button").first());
}

/** The pages, each with the way there. */
async function tour(page, lang, each) {
  const open = async (name, path) => {
    await page.goto(`${path}?lang=${lang}`);
    await each(name);
  };
  const step = async (name, act) => {
    await act();
    await each(name);
  };
  register.answers.border = "no";
  await consents(page, lang, open, step);
  await open("cabinet", "/cabinet");
  await open("from", "/apply");
  await open("bought", "/apply/bought");
  await open("receipt", "/receipt");
  await open("start", "/apply/carried");
  await step("imei", () => send(page));
  await step("imei, wrong", () => send(page));
  await page.fill("#imei1", phone());
  await page.fill("#imei2", phone());
  await step("model", () => send(page));
  await page.fill("#brand", "Samsung");
  await step("more", () => send(page));
  await page.check("input[value=no]");
  await step("entered", () => send(page));
  await step("entered, wrong", () => send(page));
  await step("country", () => typeDate(page, daysAgo(9)));
  await page.selectOption("#country", "KR");
  await step("check", () => send(page));
  await open("cabinet with a draft", "/cabinet");
  await press(page, page.locator(".cases li:has(form) a").first());
  await step("filed", () => send(page));
  const id = number(page);
  await checked(id);
  await desk(id, "claim", {});
  await desk(id, "ask", { note: "Паспорт" });
  await open("application", `/cabinet/${id}`);
  await open("task", "/cabinet");
  await open("answer", `/cabinet/${id}/answer`);
  await open("withdraw", `/cabinet/${id}/withdraw`);
  await page.goto(`/cabinet/${id}/answer?lang=${lang}`);
  await page.fill("#note", "7");
  await send(page);
  await desk(id, "decide", { decisions: [{ refusal: "NO_BORDER_CROSSING" }], note: "" });
  await open("refused", `/cabinet/${id}`);
  await open("appeal", `/cabinet/${id}/appeal`);
}

async function everybody(browser, who) {
  for (const lang of ["kk", "ru", "en"]) {
    const colorScheme = lang === "ru" ? "dark" : "light";
    const { context, page, complaints } = await window(browser, register.url, { lang, colorScheme, bypassCSP: true });
    await register.seat(context, who);
    await tour(page, lang, async (name) => {
      is(await axe(page), [], `${lang} ${colorScheme} ${name}: axe finds nothing`);
      const bad = [];
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        bad.push(...(await page.evaluate(cut)).map((what) => `${width}: ${what}`));
      }
      is(bad, [], `${lang} ${name}: fits from 320 px`);
    });
    is(complaints, [], `${lang}: nothing to complain of`);
    await context.close();
  }
}

async function byKeyboard(browser, who) {
  const { context, page } = await window(browser, register.url, { lang: "kk" });
  const enter = async (selector) => {
    if (selector) ok(await tabTo(page, selector), `keyboard: comes to ${selector}`);
    await lands(page, () => page.keyboard.press("Enter"));
  };
  await register.seat(context, who);
  register.answers.border = "yes";
  const code = phone();
  await page.goto("/cabinet");
  await enter("main a.main");
  await enter(".options a");
  await enter("form.ask button.main");
  await tabTo(page, "#imei1");
  await page.keyboard.type(mistyped(code));
  await enter();
  await page.locator("#imei1-wrong").waitFor();
  ok(await page.evaluate(() => document.activeElement.id === "imei1"), "keyboard: what is wrong has the focus");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(code);
  await enter();
  await page.locator("#brand").waitFor();
  await tabTo(page, "#brand");
  await page.keyboard.type("Samsung");
  await enter();
  await page.locator("input[name=more]").first().waitFor();
  await tabTo(page, "input[name=more]");
  await page.keyboard.press("ArrowDown");
  await enter();
  await page.locator("#day").waitFor();
  for (const [field, value] of Object.entries(daysAgo(5))) {
    await tabTo(page, `#${field}`);
    await page.keyboard.type(String(value));
  }
  await enter();
  await page.locator("#country").waitFor();
  await tabTo(page, "#country");
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowDown");
  await enter("form.ask button.main");
  await page.locator("#files").waitFor();
  await enter("form.ask button.main");
  await page.locator(".review").first().waitFor();
  const tree = await page.locator("main").ariaSnapshot();
  ok(tree.includes([...code].join(" ")), "screen reader: the code digit by digit", tree);
  ok(tree.includes(`${texts.kk["guide.change"]} (${texts.kk["apply.model"]})`), "screen reader: what is changed is said", tree);
  await enter("form.ask button.main");
  await page.locator("h2.number").waitFor();
  ok(await until(async () => (await register.list(code)) === "white"), "keyboard: all the way to white");
  await context.close();
}

await test(
  async ({ register: opened, browser }) => {
    register = opened;
    for (const name of ["erlan", "dana"]) register.staff(name, "officer");
    const [aigul, firm] = [await register.enter("aigul"), await register.enter("firm")];
    officers = [await register.enterStaff("erlan"), await register.enterStaff("dana")];
    const seated = async (lang, who) => {
      const seat = await window(browser, register.url, { lang, javaScriptEnabled: false });
      await register.seat(seat.context, who);
      return seat;
    };
    for (const lang of ["kk", "ru"]) {
      const { context, page, complaints } = await seated(lang, aigul);
      for (const way of [byRules, parcel, gift, papersRefusalAppeal, withdrawal, beforeDuty, several, secondImei]) await way(page, lang);
      const trader = await seated(lang, firm);
      await importing(trader.page, lang);
      await recheck(page, lang, await repairing(trader.page, lang));
      if (lang === "ru") await closed(page, trader.page);
      is([...complaints, ...trader.complaints], [], `${lang}: nothing to complain of`);
      await trader.context.close();
      await context.close();
    }
    await staff(browser);
    await door(browser);
    await everybody(browser, aigul);
    await byKeyboard(browser, aigul);
  },
  { kind: Entrance },
);
