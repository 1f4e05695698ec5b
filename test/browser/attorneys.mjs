// SPDX-License-Identifier: Apache-2.0
// Powers of attorney by page, in Kazakh with scripts off and in Russian with them on: the head of an organisation gives
// one, his employee acts for the organisation and files, and for himself again; the head revokes it, and the employee's
// next click is answered kindly. What is mistyped is told beside its field. Then axe-core, 320 px, keyboard.
import { Entrance, imei } from "./entrance.mjs";
import { looks, tabTo } from "./eyes.mjs";
import { is, ok, test, texts, window } from "./house.mjs";

let register;

const lands = (page, act) => Promise.all([page.waitForEvent("domcontentloaded"), act()]);
const press = (page, locator) => lands(page, () => locator.click());
const send = (page) => press(page, page.locator("form.ask button.main"));
const say = (lang, id, name) => texts[lang][id].replace("{name}", name ?? "");

/** A day so many days from today, by the country's clock. */
function inDays(days) {
  const day = new Date(Date.now() + 5 * 3600e3 + days * 24 * 3600e3);
  return { day: day.getUTCDate(), month: day.getUTCMonth() + 1, year: day.getUTCFullYear() };
}

async function type(page, iin, date, kinds) {
  await page.fill("#iin", iin);
  for (const [field, value] of Object.entries(date)) await page.fill(`#${field}`, String(value));
  for (const kind of kinds) await page.check(`input[name=${kind}]`);
  await send(page);
}

async function mistyped(head, lang) {
  await type(head, "123", inDays(30), ["import"]);
  is(await head.locator("#iin-wrong").innerText(), texts[lang]["attorneys.iin_wrong"], `${lang}: a number that is no IIN is told`);
  is(await head.inputValue("#day"), String(inDays(30).day), `${lang}: and the day stays typed`);
  ok(await head.isChecked("input[name=import]"), `${lang}: and what was chosen`);
  await type(head, register.iin, inDays(-1), []);
  is(await head.locator("#date-wrong").innerText(), texts[lang]["attorneys.day_wrong"], `${lang}: a day that is over`);
  await type(head, register.iin, { day: 31, month: 2, year: 2027 }, []);
  is(await head.locator("#date-wrong").innerText(), texts[lang]["attorneys.day_wrong"], `${lang}: a day that does not exist`);
  await head.uncheck("input[name=import]");
  await type(head, register.iin, inDays(30), []);
  is(await head.locator("#kinds-wrong").innerText(), texts[lang]["attorneys.kinds_none"], `${lang}: no kind chosen`);
  is(await head.locator("ul.sessions li").count(), 0, `${lang}: nothing was given so far`);
}

async function files(page, lang, n) {
  await page.goto("/apply/import");
  await send(page);
  await page.fill("#imei1", imei(n));
  await send(page);
  await page.fill("#brand", "Samsung");
  await send(page);
  await page.check("input[value=no]");
  await send(page);
  await page.selectOption("#country", "CN");
  await send(page);
  await page.fill("#document", `55302/2703${n}`);
  await send(page);
  await send(page);
  await send(page);
  ok(/\/filed/.test(page.url()), `${lang}: he files for the organisation`);
  return /\d{4}-\d{10}/.exec(page.url())[0];
}

async function whole(browser, lang, script, n) {
  const options = { lang, javaScriptEnabled: script };
  const { context, page: head, complaints } = await window(browser, register.url, options);
  const his = await window(browser, register.url, options);
  const page = his.page;
  await register.seat(context, await register.enter("firm"));
  await register.seat(his.context, await register.enter("aigul"));
  await page.goto("/attorneys");
  is(await page.locator("form.ask").count(), 0, `${lang}: a person gives none`);
  ok((await page.locator("main").innerText()).includes(texts[lang]["attorneys.held_none"]), `${lang}: and holds none`);
  await head.goto("/cabinet");
  await press(head, head.locator("main a[href^='/attorneys']"));
  await mistyped(head, lang);
  await type(head, register.iin, inDays(30), ["import", "recheck"]);
  is(await head.locator(".done").innerText(), texts[lang]["attorneys.done.given"], `${lang}: given`);
  const given = await head.locator("ul.sessions li").innerText();
  ok(given.includes(register.iin) && given.includes(texts[lang]["cabinet.kind.import"]), `${lang}: listed with IIN and kinds`, given);

  await page.goto("/attorneys");
  await press(page, page.locator("ul.sessions li button"));
  is(await page.locator(".who strong").innerText(), say(lang, "attorneys.acts", "ТОО Импорт"), `${lang}: the head of the page says for whom he acts`);
  const id = await files(page, lang, n);
  await head.goto("/cabinet");
  ok((await head.locator("main").innerText()).includes(id), `${lang}: the head sees it`);
  await page.goto("/attorneys");
  is(await page.locator("form.ask").count(), 0, `${lang}: whoever acts for it gives none himself`);
  ok((await page.locator("ul.sessions li").innerText()).includes(texts[lang]["attorneys.now"]), `${lang}: his page says so, too`);
  await press(page, page.locator("main form button").last());
  is(await page.locator(".who strong").count(), 0, `${lang}: he acts for himself again`);
  is((await page.request.get(`/cabinet/${id}`)).status(), 404, `${lang}: and sees nothing of it`);
  await page.goto("/attorneys");
  await press(page, page.locator("ul.sessions li button"));

  await press(head, head.locator("main a[href^='/attorneys']"));
  await press(head, head.locator("ul.sessions li button"));
  is(await head.locator(".done").innerText(), texts[lang]["attorneys.done.revoked"], `${lang}: revoked`);
  is(await head.locator("ul.sessions li").count(), 0, `${lang}: none is left`);
  await press(page, page.locator("a.main[href^='/apply']"));
  is(await page.locator("h1").innerText(), texts[lang]["attorneys.over"], `${lang}: his next click says that it is over`);
  await press(page, page.locator("main a.main"));
  ok(page.url().includes("/sign-in") && (await page.locator("h1").innerText()).length > 0, `${lang}: and leads to the sign-in`);
  is([...complaints, ...his.complaints], [], `${lang}: no complaints`);
  await context.close();
  await his.context.close();
}

async function everybody(browser, lang) {
  const { context, page } = await window(browser, register.url, { lang });
  const his = await window(browser, register.url, { lang });
  await register.seat(context, await register.enter("firm"));
  await register.seat(his.context, await register.enter("aigul"));
  await page.goto("/attorneys");
  ok(await tabTo(page, "#iin"), `${lang}: keyboard: the IIN`);
  await page.keyboard.type(register.iin);
  for (const [field, value] of Object.entries(inDays(9))) {
    await tabTo(page, `#${field}`);
    await page.keyboard.type(String(value));
  }
  await lands(page, () => page.keyboard.press("Enter"));
  await looks(page, `${lang}: attorneys, no kind`);
  ok(await tabTo(page, "input[name=import]"), `${lang}: keyboard: a kind`);
  await page.keyboard.press("Space");
  await tabTo(page, "form.ask button.main");
  await lands(page, () => page.keyboard.press("Enter"));
  await looks(page, `${lang}: attorneys, given`);
  await his.page.goto("/attorneys");
  await press(his.page, his.page.locator("ul.sessions li button"));
  await looks(his.page, `${lang}: acting for another`);
  await his.page.goto("/attorneys");
  await looks(his.page, `${lang}: attorneys, held`);
  await press(page, page.locator("ul.sessions li button"));
  await his.page.goto("/cabinet");
  await looks(his.page, `${lang}: it is over`);
  await context.close();
  await his.context.close();
}

await test(
  async ({ register: opened, browser }) => {
    register = opened;
    await whole(browser, "kk", false, 1);
    await whole(browser, "ru", true, 2);
    await everybody(browser, "kk");
    await everybody(browser, "ru");
  },
  { kind: Entrance },
);
