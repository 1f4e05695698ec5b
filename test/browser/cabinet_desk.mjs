// SPDX-License-Identifier: Apache-2.0
// An applicant and an officer, each at his end, in a browser whose scripts are off, in Kazakh and Russian: papers asked
// for and answered, a refusal and its appeal, a withdrawal, a phone from before the duty, a second code. What the public page
// says of the phone afterwards.
import {
  OPTIONS, approve, begin, carried, checked, desk, device, more, number, officers, opens, phone, press,
  publicList, register, seated, send, state,
} from "./applicant.mjs";
import { is, ok, test, texts, until, window } from "./house.mjs";

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

await test(async (stage) => {
  const { aigul } = await opens(stage.register);
  for (const lang of ["kk", "ru"]) {
    const { context, page, complaints } = await seated(stage.browser, lang, aigul);
    for (const way of [papersRefusalAppeal, withdrawal, beforeDuty, secondImei]) await way(page, lang);
    is(complaints, [], `${lang}: nothing to complain of`);
    await context.close();
  }
  await staff(stage.browser);
}, OPTIONS);
