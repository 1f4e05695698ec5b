// SPDX-License-Identifier: Apache-2.0
// An assistant files for a person who is present, by page and without a script, in Kazakh and Russian: who it is, the code that
// came to that person's phone, the device, the receipt to be printed; what is typed wrongly, a code that counts no more. Then
// every page for everybody: axe-core, 320 px, keyboard; and the demonstration, which shows the code.
import { Entrance, imei } from "./entrance.mjs";
import { looks, tabTo } from "./eyes.mjs";
import { Register, is, ok, test, texts, until, window } from "./house.mjs";
import { number } from "./keys.mjs";

let register;
let phones = 0;
const phone = () => imei((phones += 1));
const lands = (page, act) => Promise.all([page.waitForEvent("domcontentloaded"), act()]);
const press = (page, locator) => lands(page, () => locator.click());
const send = (page) => press(page, page.locator("form.ask button.main"));
const other = (code) => String((Number(code) + 1) % 1e6).padStart(6, "0");

/** The first page, filled in. */
async function present(page, msisdn, what = "carried") {
  await page.goto("/assist");
  await page.check(`input[name=what][value=${what}]`);
  await page.fill("#iin", number("7703023"));
  await page.fill("#name", "САРИН ЕРБОЛ");
  await page.fill("#msisdn", msisdn);
  await send(page);
}

async function files(browser, lang, asel, msisdn) {
  const { context, page, complaints } = await window(browser, register.url, { lang, javaScriptEnabled: false });
  const code = phone();
  register.answers.border = "yes";
  await register.seat(context, asel);
  await page.goto("/cabinet");
  ok(page.url().includes("/assist"), `${lang}: the first page of an assistant`);
  await send(page);
  for (const field of ["iin", "name", "msisdn", "what"])
    ok(await page.locator(`#${field}-wrong`).count(), `${lang}: ${field}: what is missing stands beside it`);
  await present(page, msisdn);
  is(await page.locator("h1").innerText(), texts[lang]["assist.form"], `${lang}: the code and the device`);
  ok(!page.url().includes(number("7703023")) && !page.url().includes(msisdn.slice(1)), `${lang}: nothing of who it is in the address`);
  ok(!(await page.locator("main").innerText()).includes("САРИН"), `${lang}: nor his name on the page`);
  const secret = await register.letter(msisdn);
  is(await page.locator("#demo-code").count(), 0, `${lang}: the page tells no code`);
  const fill = async (typed, digits, entered) => {
    await page.fill("#code", typed);
    await page.fill("#imei1", digits);
    await page.fill("#brand", "Samsung");
    await page.fill("#entered", entered);
    await send(page);
  };
  await fill(secret, `${code.slice(0, 14)}${(Number(code[14]) + 1) % 10}`, "");
  is(await page.locator("#imei1-wrong").innerText(), texts[lang]["err.imei_mistyped"], `${lang}: a mistyped IMEI is told beside it`);
  ok(await page.locator("#entered-wrong").count(), `${lang}: so is a missing day`);
  is(await page.inputValue("#brand"), "Samsung", `${lang}: what was right stays typed`);
  is(await page.inputValue("#code"), "", `${lang}: a code does not`);
  const day = new Date(Date.now() - 5 * 86400e3).toISOString().slice(0, 10);
  await fill(other(secret), code, day);
  is(await page.locator("#code-wrong").innerText(), texts[lang]["err.code_wrong"], `${lang}: a wrong code`);
  await fill(`${secret.slice(0, 3)} ${secret.slice(3)}`, code, day);
  is(await page.locator("h1").innerText(), texts[lang]["cabinet.filed"], `${lang}: filed`);
  ok(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/.test(await page.locator("h2.number").innerText()), `${lang}: with a receipt`);
  ok(!(await page.content()).includes("САРИН"), `${lang}: on which nobody is named`);
  ok(await until(async () => (await register.list(code)) === "white"), `${lang}: white: the border knows him`);
  await press(page, page.locator("main a.main[href^='/assist']"));
  is(await page.inputValue("#iin"), "", `${lang}: the next person begins anew`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function over(browser, asel) {
  const { context, page } = await window(browser, register.url, { lang: "ru", javaScriptEnabled: false });
  await register.seat(context, asel);
  await present(page, "+77051112203", "recheck");
  is(await page.locator("#entered").count(), 0, "a recheck: no day is asked for");
  const secret = await register.letter("+77051112203");
  const type = async (code) => {
    await page.fill("#code", code);
    await page.fill("#imei1", phone());
    await send(page);
    return page.locator("#code-wrong").innerText();
  };
  for (let i = 0; i < 5; i++) await type(other(secret));
  is(await type(secret), texts.ru["err.code_over"], "after five tries not even the right code counts, which is said");
  await context.close();
}

async function everybody(browser, lang, asel, msisdn) {
  const { context, page } = await window(browser, register.url, { lang });
  await register.seat(context, asel);
  await page.goto("/assist");
  await looks(page, `${lang}: who is present`);
  await send(page);
  await looks(page, `${lang}: who is present, wrong`);
  await page.goto("/assist");
  ok(await tabTo(page, "input[name=what]"), `${lang}: keyboard: where it is from`);
  await page.keyboard.press("Space");
  for (const [field, text] of [["iin", number("7703023")], ["name", "Сарин"], ["msisdn", msisdn]]) {
    ok(await tabTo(page, `#${field}`), `${lang}: keyboard: ${field}`);
    await page.keyboard.type(text);
  }
  await lands(page, () => page.keyboard.press("Enter"));
  await looks(page, `${lang}: the code`);
  await send(page);
  await looks(page, `${lang}: the code, wrong`);
  ok(await tabTo(page, "#code"), `${lang}: keyboard: the code`);
  await page.keyboard.type(await register.letter(msisdn));
  await page.fill("#imei1", phone());
  await page.fill("#brand", "Samsung");
  await page.fill("#entered", new Date(Date.now() - 5 * 86400e3).toISOString().slice(0, 10));
  ok(await tabTo(page, "form.ask button.main"), `${lang}: keyboard: the button`);
  await lands(page, () => page.keyboard.press("Enter"));
  is(await page.locator("h1").innerText(), texts[lang]["cabinet.filed"], `${lang}: keyboard: all the way to the receipt`);
  await looks(page, `${lang}: the receipt`);
  await page.emulateMedia({ media: "print" });
  is(await page.locator("header nav, .who").filter({ visible: true }).count(), 0, `${lang}: printed, it is the receipt alone`);
  await context.close();
}

/** The demonstration sends nothing to a phone: its pages say what the message would, of a person present and of a gift. */
async function demonstration(browser) {
  const demo = new Register(null);
  const { url } = await demo.serve();
  const { context, page } = await window(browser, url, { lang: "ru", javaScriptEnabled: false });
  const shown = () => page.locator("#demo-code").innerText();
  await page.goto("/sign-in");
  await press(page, page.locator(".roles button[value=assistant]"));
  if (await page.locator("form.check button.main").count()) await press(page, page.locator("form.check button.main"));
  await present(page, "+77051112206", "recheck");
  ok(/^\d{6}$/.test(await shown()), "the demonstration shows the code of who is present");
  await page.fill("#code", await shown());
  await page.fill("#imei1", phone());
  await send(page);
  is(await page.locator("h1").innerText(), texts.ru["cabinet.filed"], "... and it counts");
  await press(page, page.locator("form.who button"));
  await page.goto("/sign-in");
  await press(page, page.locator(".roles button[value=person]"));
  await page.goto("/apply/gift");
  await send(page);
  await page.fill("#imei1", phone());
  await send(page);
  await page.fill("#brand", "Samsung");
  await send(page);
  await page.check("input[name=more][value=no]");
  await send(page);
  await page.check("input[name=consents][value=yes]");
  await page.fill("#iin", number("7703023"));
  await page.fill("#msisdn", "+77051112207");
  await send(page);
  await page.fill("#code", await shown());
  await send(page);
  is(await page.locator("h1").innerText(), texts.ru["apply.traveller_came_heading"], "... and that of a gift");
  await context.close();
  await demo.end();
}

await test(
  async ({ register: opened, browser }) => {
    register = opened;
    register.staff("asel", "assistant");
    const asel = await register.enterStaff("asel");
    await files(browser, "kk", asel, "+77051112201");
    await files(browser, "ru", asel, "+77051112202");
    await over(browser, asel);
    await everybody(browser, "kk", asel, "+77051112204");
    await everybody(browser, "ru", asel, "+77051112205");
    await demonstration(browser);
  },
  { kind: Entrance },
);
