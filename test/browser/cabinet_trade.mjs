// SPDX-License-Identifier: Apache-2.0
// An importer, a maker and a service centre by the pages for a few devices, and a phone looked at anew by two officers, in a browser
// whose scripts are off, in Kazakh and Russian. What is nobody's business, and what is asked wrongly.
import {
  OPTIONS, approve, begin, carried, desk, device, more, number, officers, opens, phone, press,
  publicList, register, seated, send, state,
} from "./applicant.mjs";
import { is, ok, test, texts, until } from "./house.mjs";

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

await test(async (stage) => {
  const { aigul, firm } = await opens(stage.register);
  for (const lang of ["kk", "ru"]) {
    const { context, page, complaints } = await seated(stage.browser, lang, aigul);
    const trader = await seated(stage.browser, lang, firm);
    await importing(trader.page, lang);
    await recheck(page, lang, await repairing(trader.page, lang));
    if (lang === "ru") await closed(page, trader.page);
    is([...complaints, ...trader.complaints], [], `${lang}: nothing to complain of`);
    await trader.context.close();
    await context.close();
  }
}, OPTIONS);
