// SPDX-License-Identifier: Apache-2.0
// Papers by page, in Kazakh with scripts off and in Russian with them on: a photo attached in the wizard, papers asked for at the
// desk, a PDF brought with the answer, the officer's look at it and his approval, white on the public page; files
// that are no papers, told beside the field; messages and how many are new. Then every page for everybody: axe-core, 320 px,
// keyboard.
import { deflateSync } from "node:zlib";

import { Entrance, imei } from "./entrance.mjs";
import { looks, tabTo } from "./eyes.mjs";
import { is, ok, test, texts, until, window } from "./house.mjs";

let register;
let officer;

const lands = (page, act) => Promise.all([page.waitForEvent("domcontentloaded"), act()]);
const press = (page, locator) => lands(page, () => locator.click());
const send = (page) => press(page, page.locator("form.ask button.main"));
const wrong = (page) => page.locator("#files-wrong").innerText();

// --- files ---

const CRC = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function chunk(type, data) {
  const bytes = Buffer.concat([Buffer.from(type, "latin1"), data]);
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  const end = Buffer.alloc(4);
  end.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return Buffer.concat([size, bytes, end]);
}

/** A picture of so many pixels, of which a small one has all. */
function picture(name, width, height) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const rows = width * height < 10000 ? Buffer.alloc((width + 1) * height, 127) : Buffer.alloc(0);
  for (let y = 0; rows.length && y < height; y++) rows[y * (width + 1)] = 0;
  const parts = [chunk("IHDR", head), chunk("tEXt", Buffer.from(`Comment\0${name}`)), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return { name, mimeType: "image/png", buffer: Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...parts]) };
}

const pdf = (name, more = "") => ({
  name,
  mimeType: "application/pdf",
  buffer: Buffer.from(`%PDF-1.7\n${name}${more}\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n`),
});
const renamed = { name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.concat([Buffer.from("MZ\x90\0", "latin1"), Buffer.alloc(500)]) };

// --- the way ---

/** A gift, up to the question of papers. */
async function toPapers(page, code) {
  await page.goto("/apply/gift");
  await send(page);
  await page.fill("#imei1", code);
  await send(page);
  await page.fill("#brand", "Samsung");
  await send(page);
  await page.check("input[name=more][value=no]");
  await send(page);
  await page.check("input[name=consents][value=no]");
  await send(page);
  await page.selectOption("#country", "TR");
  await send(page);
}

async function refusals(page, lang) {
  await page.setInputFiles("#files", renamed);
  await send(page);
  ok((await wrong(page)).includes(`photo.jpg: ${texts[lang]["err.paper_kind"]}`), `${lang}: a renamed program is told by its name`, await wrong(page));
  ok(await page.locator("#files[aria-invalid][aria-describedby~=files-wrong]").count(), `${lang}: beside the field`);
  await page.setInputFiles("#files", picture("huge.png", 60000, 60000));
  await send(page);
  ok((await wrong(page)).includes(texts[lang]["err.paper_pixels"]), `${lang}: so is a huge picture`);
  const cutOff = picture("cut.png", 20, 20);
  await page.setInputFiles("#files", { ...cutOff, buffer: cutOff.buffer.subarray(0, 60) });
  await send(page);
  ok((await wrong(page)).includes(texts[lang]["err.paper_damaged"]), `${lang}: and one that is cut off`);
  await page.setInputFiles("#files", pdf("film.pdf", "x".repeat(20 << 20)));
  await send(page);
  is(await wrong(page), texts[lang]["papers.large_form"], `${lang}: 20 MB: the page says so, and no broken connection`);
  is(await page.locator(".papers li").count(), 0, `${lang}: nothing of it is attached`);
}

async function wizard(page, lang, code) {
  await toPapers(page, code);
  is(await page.locator("h1").innerText(), texts[lang]["papers.heading"], `${lang}: the wizard asks for papers`);
  ok((await page.locator("main").innerText()).includes(texts[lang]["papers.want_gift"]), `${lang}: and names what a gift wants`);
  await refusals(page, lang);
  await page.setInputFiles("#files", [picture("Чек.png", 40, 30), pdf("extra.pdf")]);
  await press(page, page.locator("button[value=attach]"));
  is(await page.locator(".papers li").count(), 2, `${lang}: two are attached`);
  await press(page, page.locator(".papers li button").nth(1));
  is(await page.locator(".papers li").count(), 1, `${lang}: one is taken out`);
  ok((await page.locator(".papers li").innerText()).includes("PNG"), `${lang}: each says what it is`);
  await page.goto("/cabinet");
  await press(page, page.locator(".cases li:has(form) a").first());
  is(await page.locator(".papers li").count(), 1, `${lang}: the draft remembers it`);
  await send(page);
  is(await page.locator("h1").innerText(), texts[lang]["apply.check.heading"], `${lang}: on to the end`);
  ok((await page.locator(".review").last().innerText()).includes("Чек.png"), `${lang}: which shows it`);
  await send(page);
  return /\d{4}-\d{10}/.exec(page.url())[0];
}

/** At the desk, by page. */
async function asked(desk, id) {
  await until(async () => (await register.ask("GET", `/api/v1/desk/${id}`, undefined, officer)).checked);
  await desk.goto(`/desk/${id}`);
  await press(desk, desk.locator(`form[action^="/desk/${id}/claim"] button`));
  await desk.fill(`form[action^="/desk/${id}/ask"] textarea`, "Билет");
  await press(desk, desk.locator(`form[action^="/desk/${id}/ask"] button`));
}

async function answered(page, lang, id) {
  await page.goto("/cabinet");
  await press(page, page.locator(".tasks a.main"));
  await page.setInputFiles("#files", pdf(`ticket ${lang}.pdf`));
  await send(page);
  is(await page.locator("#note-wrong").innerText(), texts[lang]["cabinet.note_none"], `${lang}: an answer without a word is none`);
  is(await page.locator(".papers li").count(), 1, `${lang}: but what was attached stays`);
  await page.fill("#note", "Билет қоса берілді");
  await send(page);
  ok(page.url().includes(`/cabinet/${id}`) && !page.url().includes("answer"), `${lang}: answered`);
  is(await page.locator(".papers li").count(), 2, `${lang}: the page shows both papers`);
}

async function approved(desk, lang, id) {
  await desk.goto(`/desk/${id}`);
  const links = desk.locator("a[href^='/papers/']");
  is(await links.count(), 2, `${lang}: the desk has both papers`);
  const got = await desk.request.get(await links.nth(1).getAttribute("href"));
  ok((await got.body()).toString().includes(`ticket ${lang}.pdf`), `${lang}: the officer reads what was brought`);
  ok(/^attachment/.test(got.headers()["content-disposition"]), `${lang}: a PDF is kept, not shown`);
  await press(desk, links.first());
  ok(await desk.evaluate(() => document.contentType).catch(() => "image/png") === "image/png", `${lang}: a picture is looked at`);
  await desk.goto(`/desk/${id}`);
  await desk.selectOption("select[name=d0]", "approve");
  await press(desk, desk.locator(`form[action^="/desk/${id}/decide"] button, button[form=decide]`).first());
}

async function messages(page, lang, id) {
  await page.goto("/cabinet");
  is(await page.locator(".who .unread").innerText(), texts[lang]["messages.new"].replace("{n}", "3"), `${lang}: three messages are new`);
  await press(page, page.locator(".who .unread"));
  is(await page.locator(".messages li.unread").count(), 3, `${lang}: they are marked`);
  ok((await page.locator(".messages li").first().innerText()).includes(id), `${lang}: the newest first`);
  await press(page, page.locator(".messages li button").first());
  ok(page.url().includes(`/cabinet/${id}`), `${lang}: opening leads to the application`);
  is(await page.locator(".who .unread").innerText(), texts[lang]["messages.new"].replace("{n}", "2"), `${lang}: and it was read`);
  await page.goto("/messages");
  while (await page.locator(".messages li button").count()) {
    await press(page, page.locator(".messages li button").first());
    await page.goto("/messages");
  }
  is(await page.locator(".who .unread").count(), 0, `${lang}: all are read`);
}

async function publicList(page, digits) {
  await page.goto("/check");
  await page.fill("#imei", digits);
  await press(page, page.locator("form.check button.main"));
  await page.locator("article.answer").first().waitFor();
  return (await page.locator("article.answer").first().getAttribute("class")).replace("answer ", "");
}

async function whole(browser, lang, script, n) {
  const options = { lang, javaScriptEnabled: script };
  const { context, page, complaints } = await window(browser, register.url, options);
  const office = await window(browser, register.url, { ...options, javaScriptEnabled: true });
  await register.seat(context, await register.enter("aigul"));
  await register.seat(office.context, officer);
  const code = imei(n);
  const id = await wizard(page, lang, code);
  await asked(office.page, id);
  await answered(page, lang, id);
  await approved(office.page, lang, id);
  ok(await until(async () => (await register.list(code)) === "white"), `${lang}: white`);
  await messages(page, lang, id);
  is(await publicList(page, code), "white", `${lang}: the public page says so`);
  is(complaints, [], `${lang}: no complaints`);
  await context.close();
  await office.context.close();
}

// --- everybody ---

async function everybody(browser, lang) {
  const { context, page } = await window(browser, register.url, { lang });
  await register.seat(context, await register.enter("aigul"));
  await toPapers(page, imei(lang === "kk" ? 91 : 92));
  await looks(page, `${lang}: papers`);
  await page.setInputFiles("#files", [picture("a photo with a name that is as long as phones give them 20260310.png", 9, 9), renamed]);
  await send(page);
  await looks(page, `${lang}: papers, one wrong`);
  ok(await page.evaluate(() => document.activeElement.id === "files"), `${lang}: the field has the focus`);
  await send(page);
  await looks(page, `${lang}: the end`);
  await send(page);
  const id = /\d{4}-\d{10}/.exec(page.url())[0];
  await until(async () => (await register.ask("GET", `/api/v1/desk/${id}`, undefined, officer)).checked);
  await register.ask("POST", `/api/v1/desk/${id}/claim`, {}, officer);
  await register.ask("POST", `/api/v1/desk/${id}/ask`, { note: "Чек" }, officer);
  await page.goto(`/cabinet/${id}/answer`);
  await looks(page, `${lang}: answer`);
  await page.goto("/messages");
  await looks(page, `${lang}: messages`);
  ok((await tabTo(page, ".messages li.unread button")) && (await tabTo(page, ".sections a, footer a, a")), `${lang}: keyboard: messages`);
  await page.goto(`/cabinet/${id}/answer`);
  ok(await tabTo(page, "#files"), `${lang}: keyboard: the field of files`);
  await page.setInputFiles("#files", pdf("k.pdf"));
  ok(await tabTo(page, "button[value=attach]"), `${lang}: keyboard: attach`);
  await lands(page, () => page.keyboard.press("Enter"));
  ok(await tabTo(page, ".papers button"), `${lang}: keyboard: take out`);
  await lands(page, () => page.keyboard.press("Enter"));
  is(await page.locator(".papers li").count(), 0, `${lang}: keyboard: taken out`);
  await context.close();
}

await test(
  async ({ register: opened, browser }) => {
    register = opened;
    register.staff("officer1", "officer");
    officer = await register.enterStaff("officer1");
    await whole(browser, "kk", false, 1);
    await whole(browser, "ru", true, 2);
    await everybody(browser, "kk");
    await everybody(browser, "ru");
  },
  { kind: Entrance },
);
