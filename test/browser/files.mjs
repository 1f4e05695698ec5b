// SPDX-License-Identifier: Apache-2.0
// Files of devices by page, in Kazakh and Russian: an importer sends one whose sending is cut, torn from the page and
// gone on with; sees what was found; leaves the rows with faults behind; two officers decide it at the desk; the public
// page says white. A maker is refused and a trader approved by one officer. Files that are none. Then every page
// for axe-core and at 320 px, and without a script.
import { createHash } from "node:crypto";

import { Entrance, imei } from "./entrance.mjs";
import { cut, looks } from "./eyes.mjs";
import { is, ok, test, texts, until, window } from "./house.mjs";

const HEADER =
  "imei1,imei2,imei3,imei4,brand,model,declaration_no,declaration_date,goods_item,country,invoice_no,invoice_date";
const row = (first, second = "", model = "Galaxy") =>
  `${first},${second},,,Samsung,${model},KZ-1,2025-12-01,1,CN,INV-1,2025-11-20`;
const table = (...rows) => [HEADER, ...rows, ""].join("\r\n");
const file = (name, text) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
const mistyped = (digits) => digits.slice(0, 14) + ((Number(digits[14]) + 1) % 10);

let register;
let desks = []; // a window of each officer

const lands = (page, act) => Promise.all([page.waitForEvent("domcontentloaded"), act()]);
const press = (page, locator) => lands(page, () => locator.click());
const number = (page) => /\d{4}-\d{10}/.exec(page.url())?.[0];
const state = (page) => page.locator("article.answer header h2").innerText();
const said = (page) => page.locator("#said").innerText();

async function publicList(page, digits) {
  await page.goto("/check");
  await page.fill("#imei", digits);
  await press(page, page.locator("form.check button.main"));
  return (await page.locator("article.answer").getAttribute("class")).replace("answer ", "");
}

/** Sends what is chosen; done when its check is over and the page says so. */
async function sendAndWait(page, chosen) {
  await page.setInputFiles("#file", chosen);
  await page.locator("#send button").click();
  await page.waitForURL(/\/files\/[0-9a-f]{16}/);
  await page.locator("article.answer:not(.exempt)").waitFor();
}

const drop = (page) => press(page, page.locator("main form.inline button.link").last());

// --- an importer ---

/** 2,000 rows, three of them with faults. */
function shipment(tac) {
  const rows = Array.from({ length: 2000 }, (_, i) => row(imei(i + 1, tac), imei(i + 5001, tac)));
  rows[99] = row(mistyped(imei(100, tac)));
  rows[499] = row(imei(500, tac), "", "=cmd|calc");
  rows[999] = row(imei(1, tac));
  return table(...rows);
}

/** Sending that is cut after some pieces, loaded anew, met by another piece (409), and goes on to the end. */
async function cutAndGoOn(page, lang, whole, importer) {
  let pieces = 0;
  let lost = 0;
  let met = false;
  await page.route("**/api/v1/uploads/*", async (route) => {
    const request = route.request();
    if (request.method() !== "PATCH") return route.continue();
    pieces += 1;
    if (pieces === 2 || pieces === 3) {
      lost += 1;
      return route.abort("connectionreset");
    }
    if (!met && pieces > 4) {
      met = true; // somebody else's window was faster with this piece
      await fetch(request.url(), {
        method: "PATCH",
        body: request.postDataBuffer(),
        headers: {
          Cookie: `tamga=${importer.token}`,
          "X-Tamga-CSRF": importer.csrf,
          "Upload-Offset": request.headers()["upload-offset"],
          "Content-Type": "application/offset+octet-stream",
        },
      });
    }
    return route.continue();
  });
  await page.route("**/files/**", async (route) => { // small pieces: a test's file is small
    const answer = await route.fetch();
    const body = (await answer.text()).replace(/data-piece="\d+"/, 'data-piece="40000"');
    return route.fulfill({ response: answer, body });
  });
  await page.reload();
  await page.setInputFiles("#file", file("shipment.csv", whole));
  await page.locator("#send button").click();
  ok(await until(async () => (await said(page)).includes(texts[lang]["sending.waiting"])), `${lang}: a lost connection is told`);
  await page.reload();
  ok(/\/files\/[0-9a-f]{16}\.import/.test(page.url()), `${lang}: loaded anew it stands at this file`);
  is(await state(page), texts[lang]["files.state.receiving"], `${lang}: which has not come whole`);
  ok(/[1-9]\d?/.test(/(\d+)[\u00a0 ]?%/.exec(await page.locator("article.answer .body").innerText())?.[1] ?? ""), `${lang}: and how much has`);
  await page.setInputFiles("#file", file("other.csv", table(row(imei(1)))));
  await page.locator("#send button").click();
  is(await said(page), texts[lang]["sending.other"], `${lang}: another file is none of it`);
  await sendAndWait(page, file("shipment.csv", whole));
  ok(lost >= 1 && met, `${lang}: cut ${lost} times, met once, and whole`);
  await page.unrouteAll({ behavior: "wait" });
}

async function preview(page, lang, whole) {
  const id = /[0-9a-f]{16}/.exec(page.url())[0];
  is(await state(page), texts[lang]["files.state.ready"], `${lang}: checked`);
  const shown = await page.locator("table.rows tbody tr").evaluateAll((rows) =>
    rows.map((r) => [...r.children].slice(0, 2).map((cell) => cell.textContent)),
  );
  is(shown, [["101", "1"], ["501", "6"], ["1001", "1"]], `${lang}: its rows with faults, line and column`);
  const words = await page.locator("main").innerText();
  for (const found of ["IMEI_MISTYPED", "FORMULA", "DUPLICATE_IN_FILE"])
    ok(words.includes(texts[lang][`bulk.found.${found}`]), `${lang}: ${found} in words`);
  const digits = (n) => new RegExp(String(n).replace(/(\d)(\d{3})$/, "$1\\D?$2"));
  ok(digits(2000).test(words) && digits(1997).test(words) && digits(3994).test(words), `${lang}: counts`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a[href*='errors.csv']").click()]);
  const errors = await (await download.createReadStream()).toArray();
  ok(Buffer.concat(errors).toString().includes(texts[lang]["bulk.found.IMEI_MISTYPED"]), `${lang}: errors.csv in this language`);
  const { sha256, reason } = await register.ask("GET", `/api/v1/uploads/${id}`, undefined, register.importer);
  is([sha256, reason], [createHash("sha256").update(whole).digest("hex"), null], `${lang}: the sum of the whole`);
  await press(page, page.locator("form.ask button.main"));
  ok(await page.locator("#accept-wrong").isVisible(), `${lang}: nothing is left behind unless he says so`);
  await page.check("input[name=accept]");
  await page.fill("#document", "55301/010725/0001234");
  await page.selectOption("#country", "CN");
  await press(page, page.locator("form.ask button.main"));
  ok(/\/filed/.test(page.url()), `${lang}: filed`);
  return number(page);
}

const checked = (id) => until(async () => (await register.ask("GET", `/api/v1/desk/${id}`, undefined, register.officer)).checked);

async function claim(desk, id) {
  await desk.goto(`/desk/${id}`);
  await press(desk, desk.locator("#claim button"));
}

async function decide(desk, choice, note) {
  await desk.selectOption("#d0", choice);
  await desk.fill("#note-decide", note);
  await press(desk, desk.locator("#decide button.main"));
}

async function twoOfficers(page, lang, id, tac) {
  const [erlan, dana] = desks;
  const t = texts[lang];
  await checked(id);
  await claim(erlan, id);
  ok((await erlan.locator("main").innerText()).includes(texts.ru["bulk.found.TAC_UNKNOWN"]), `${lang}: the desk tells what was found`);
  await decide(erlan, "approve", "Накладная сверена");
  ok(erlan.url().includes("done=proposed"), `${lang}: one officer proposes`);
  await page.goto(`/cabinet/${id}`);
  ok(!(await page.locator("main").innerText()).includes("Накладная"), `${lang}: his words wait with it`);
  await dana.goto(`/desk/${id}`);
  ok((await dana.locator("main").innerText()).includes("Накладная сверена"), `${lang}: the second one reads them`);
  if (lang === "kk") {
    await dana.fill("#note-return", "Инвойс?");
    await press(dana, dana.locator("#return button"));
    await erlan.goto(`/desk/${id}`);
    await decide(erlan, "approve", "Накладная и инвойс сверены");
    await dana.goto(`/desk/${id}`);
  }
  await press(dana, dana.locator("#confirm button"));
  ok(dana.url().includes("done=confirmed"), `${lang}: and confirms`);
  ok(
    await until(async () => {
      await page.goto(`/cabinet/${id}`);
      return (await state(page)) === t["cabinet.state.approved"];
    }),
    `${lang}: approved`,
  );
  const words = await page.locator("main").innerText();
  ok(words.includes(t["files.list.approved"]) && /1\D?997/.test(words), `${lang}: so many`);
  ok(words.includes("Накладная"), `${lang}: with the officer's words`);
  ok(await page.locator("a[href*='devices.csv']").isVisible(), `${lang}: and a table of all`);
  ok(await until(async () => (await register.list(imei(2000, tac))) === "white"), `${lang}: white`);
  is(await publicList(page, imei(5002, tac)), "white", `${lang}: the public page says so`);
  is(await publicList(page, imei(500, tac)), "unknown", `${lang}: not of a row that stayed behind`);
}

async function importing(page, lang, tac) {
  await page.goto("/apply");
  await press(page, page.locator(".options a[href^='/apply/import']"));
  await press(page, page.locator("a.second[href^='/files/import']"));
  const whole = shipment(tac);
  await cutAndGoOn(page, lang, whole, register.importer);
  const id = await preview(page, lang, whole);
  await twoOfficers(page, lang, id, tac);
}

// --- a maker, a trader: shortly ---

async function short(page, lang, kind, tac) {
  await page.goto(`/files/${kind}`);
  await sendAndWait(page, file(`${kind}.csv`, table(...Array.from({ length: 5 }, (_, i) => row(imei(i + 1, tac))))));
  if (kind === "before_duty") await page.fill("#document", "Чек 17");
  await press(page, page.locator("form.ask button.main"));
  const id = number(page);
  await checked(id);
  return id;
}

async function makerRefused(page, lang, tac) {
  const [erlan] = desks;
  const id = await short(page, lang, "manufacture", tac);
  await claim(erlan, id);
  await decide(erlan, "DOC_UNREADABLE", "Скан");
  await page.goto(`/cabinet/${id}`);
  is(await state(page), texts[lang]["cabinet.state.refused"], `${lang}: a maker is refused`);
  ok((await page.locator("main").innerText()).includes(texts[lang]["refusal.DOC_UNREADABLE.bring"]), `${lang}: and hears what to bring`);
  await page.goto(`/cabinet/${id}/appeal`);
  ok((await page.locator("main").innerText()).includes(texts[lang]["refusal.DOC_UNREADABLE"]), `${lang}: and may appeal`);
}

async function traderApproved(page, lang, tac) {
  const [erlan] = desks;
  const id = await short(page, lang, "before_duty", tac);
  await claim(erlan, id);
  await decide(erlan, "approve", "");
  ok(await until(async () => (await register.list(imei(5, tac))) === "white"), `${lang}: a trader's five: one officer, white`);
}

// --- files that are none ---

async function faults(page, lang) {
  const t = texts[lang];
  await page.goto("/files/import");
  await page.locator("#send button").click();
  is(await said(page), t["sending.none"], `${lang}: no file chosen`);
  await page.setInputFiles("#file", file("empty.csv", ""));
  await page.locator("#send button").click();
  is(await said(page), t["sending.empty"], `${lang}: an empty file`);
  const zip = Buffer.concat([Buffer.from("PK\u0003\u0004\u0014\0", "latin1"), Buffer.alloc(400, 7)]);
  for (const [name, bytes, help] of [
    ["sheet.csv", zip, "kind.PACKED"],
    ["cyrillic.csv", Buffer.from(`${HEADER}\r\n${imei(1)},,,,\xd1\xe0\xec\xf1\xf3\xed\xe3,x\r\n`, "latin1"), null],
    ["head.csv", Buffer.from(`a,b,c\r\n${imei(1)},x,y\r\n`), "FILE_HEADER"],
    ["none.csv", Buffer.from(`${HEADER}\r\n`), "FILE_EMPTY"],
  ]) {
    await page.goto("/files/import");
    await sendAndWait(page, { name, mimeType: "text/csv", buffer: bytes });
    const words = await page.locator("article.answer").innerText();
    if (help) ok(words.includes(t[`files.help.${help}`] ?? t[`files.${help}`]), `${lang}: ${name}: what to do`, words);
    else ok((await page.locator("main").innerText()).includes(t["bulk.found.ENCODING"]), `${lang}: ${name}: what is wrong`);
    await drop(page);
    is(await page.locator(".cases").count(), 0, `${lang}: ${name}: deleted`);
  }
  await page.goto("/files/import");
  await sendAndWait(page, file("bad.csv", table(row("123"), row("=1+1"))));
  ok((await page.locator("article.answer").innerText()).includes(t["files.now.none"]), `${lang}: only rows with faults`);
  is(await page.locator("form.ask").count(), 0, `${lang}: nothing to apply with`);
  await drop(page);
}

// --- for everybody's sake ---

/** A file that has not come whole, by API. */
async function begun(bytes) {
  return (await register.ask("POST", "/api/v1/uploads", { name: "жүктелмеген файл.csv", bytes }, register.importer)).id;
}

async function everybody(browser, lang, colorScheme, applied) {
  const { context, page, complaints } = await window(browser, register.url, { lang, colorScheme, bypassCSP: true });
  await register.seat(context, register.importer);
  const open = async (path) => {
    await page.goto(path);
    await looks(page, `${lang} ${path.replace(/[0-9a-f]{16}/, "ID")}`);
  };
  const id = await begun(1000);
  for (const path of ["/files", "/files/import", `/files/${id}.import`, "/apply/import", "/cabinet", `/cabinet/${applied}`]) await open(path);
  await page.goto("/files/import");
  await sendAndWait(page, file("қателер.csv", shipment(35267719)));
  await looks(page, `${lang} with faults`);
  await page.goto(page.url().replace(".import", ""));
  await press(page, page.locator("form.ask button.main"));
  await looks(page, `${lang} no kind chosen`);
  ok(await page.locator("#kind-wrong").isVisible(), `${lang}: no kind chosen is told`);
  await drop(page);
  await register.ask("DELETE", `/api/v1/uploads/${id}`, undefined, register.importer);
  const desk = await window(browser, register.url, { lang, colorScheme, bypassCSP: true });
  await register.seat(desk.context, register.officer);
  await desk.page.goto(`/desk/${applied}`);
  await looks(desk.page, `${lang} desk`);
  is([...complaints, ...desk.complaints], [], `${lang}: nothing to complain of`);
  await desk.context.close();
  await context.close();
}

async function withoutScript(browser) {
  const { context, page } = await window(browser, register.url, { lang: "ru", javaScriptEnabled: false });
  await register.seat(context, register.importer);
  await page.goto("/files/import");
  ok(await page.locator("#still").isVisible(), "without a script: what is needed is said");
  ok(!(await page.locator("#send").isVisible()), "without a script: no form that cannot send");
  await page.locator("#files").evaluate((input) => input.removeAttribute("required"));
  await press(page, page.locator("#still button"));
  is(await page.locator("#files-wrong").innerText(), texts.ru["files.plain_none"], "without a script: nothing chosen is told beside the field");
  const [first, second] = [imei(1, 35267741), imei(2, 35267741)];
  await page.setInputFiles("#files", file("без скрипта.csv", table(row(first, second), row(mistyped(first)))));
  await press(page, page.locator("#still button"));
  ok(/\/files\/[0-9a-f]{16}\.import/.test(page.url()), "without a script: the file is sent whole, and has its page");
  await until(async () => {
    await page.reload();
    return (await state(page)) === texts.ru["files.state.ready"];
  });
  is(await page.locator("h1").innerText(), "без скрипта.csv", "without a script: by its name");
  is(await page.locator("table.rows tbody tr").count(), 1, "without a script: what was found");
  await page.check("input[name=accept]");
  await press(page, page.locator("form.ask button.main"));
  ok(number(page), "without a script: filed");
  is((await page.request.get("/files/sample.csv")).status(), 200, "a sample");
  const many = await (await page.request.get("/files/sample-faults.csv")).text();
  is(many.split("\r\n").length, 100_002, "a sample of 100,000 rows");
  await context.close();
  const lost = await window(browser, register.url, { lang: "kk" }); // axe is a script itself: here the page's own is lost
  await lost.page.route("**/*.js", (route) => route.abort());
  await register.seat(lost.context, register.importer);
  await lost.page.goto("/files/import");
  await lost.page.locator("#files").evaluate((input) => input.removeAttribute("required"));
  await press(lost.page, lost.page.locator("#still button"));
  await looks(lost.page, "without a script: nothing chosen");
  await lost.context.close();
  const stranger = await window(browser, register.url, { lang: "ru" });
  await stranger.page.goto("/files/import");
  ok(stranger.page.url().includes("/sign-in?next=/files/import"), "whoever is not signed in is led there and back");
  await stranger.context.close();
}

await test(
  async ({ register: opened, browser }) => {
    register = opened;
    for (const name of ["erlan", "dana"]) register.staff(name, "officer");
    const trader = await register.enter("aigul");
    register.importer = await register.enter("firm");
    const officers = [await register.enterStaff("erlan"), await register.enterStaff("dana")];
    register.officer = officers[0];
    const seated = async (who, options) => {
      const seat = await window(browser, register.url, options);
      await register.seat(seat.context, who);
      return seat;
    };
    const opens = [];
    for (const who of officers) opens.push(await seated(who, { lang: "ru", javaScriptEnabled: false }));
    desks = opens.map((seat) => seat.page);
    let applied;
    for (const [n, lang] of ["kk", "ru"].entries()) {
      const { context, page, complaints } = await seated(register.importer, { lang });
      await importing(page, lang, 35267711 + 10 * n);
      await makerRefused(page, lang, 35267712 + 10 * n);
      await faults(page, lang);
      await page.goto("/cabinet");
      applied = /\d{4}-\d{10}/.exec(await page.locator(".cases").last().innerText())[0];
      const lost = /net::ERR_CONNECTION_RESET|net::ERR_FAILED/;
      is(complaints.filter((what) => !lost.test(what)), [], `${lang}: nothing to complain of`);
      await context.close();
      const small = await seated(trader, { lang });
      await traderApproved(small.page, lang, 35267713 + 10 * n);
      await small.context.close();
      await everybody(browser, lang, lang === "ru" ? "dark" : "light", applied);
    }
    await withoutScript(browser);
    is(opens.flatMap((seat) => seat.complaints), [], "the desk: nothing to complain of");
  },
  { kind: Entrance },
);
