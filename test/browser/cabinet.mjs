// SPDX-License-Identifier: Apache-2.0
// The applicant's cabinet, in a browser whose scripts are off: each way from "where is it from?" to what the register's own
// checks made of it, in Kazakh and Russian, and what the public page says of the phone afterwards; a gift with its
// traveller's consent; mistyped answers; the same form sent twice; drafts.
import {
  OPTIONS, begin, carried, daysAgo, device, mistyped, more, number, opens, phone, press, publicList,
  register, seated, send, state, typeDate,
} from "./applicant.mjs";
import { is, ok, test, texts, until, window } from "./house.mjs";
import { number as people } from "./keys.mjs";

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
  await page.fill("#document", `RB12345678${lang.length}${phone().slice(8, 14)}CN`); // a parcel counts once
  await send(page);
  await send(page);
  ok(await until(async () => (await register.list(code)) === "white"), `${lang}: a parcel: white`);
  is(await publicList(page, code), "white", `${lang}: a parcel: the public page says so`);
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

await test(async (stage) => {
  const { aigul } = await opens(stage.register);
  for (const lang of ["kk", "ru"]) {
    const { context, page, complaints } = await seated(stage.browser, lang, aigul);
    for (const way of [byRules, parcel, gift, several]) await way(page, lang);
    is(complaints, [], `${lang}: nothing to complain of`);
    await context.close();
  }
  await door(stage.browser);
}, OPTIONS);
