// SPDX-License-Identifier: Apache-2.0
// Accreditation in the demonstration, without a script: the sample maker and service centre begin as before; who has none, or
// one that was revoked, reads so on the first page and files all the same; the officer sees it with its days. Each page
// for everybody: axe-core, 320 px.
import { imei } from "./entrance.mjs";
import { looks } from "./eyes.mjs";
import { LANGS, is, ok, test, texts, window } from "./house.mjs";

let phones = 900;
const press = (page, locator) => Promise.all([page.waitForEvent("domcontentloaded"), locator.click()]);
const send = (page) => press(page, page.locator("form.ask button.main"));
const notice = (page) => page.locator("#accreditation");

async function signedIn(browser, url, lang, role) {
  // axe-core comes as a script of its own
  const { context, page } = await window(browser, url, { lang, bypassCSP: true });
  await page.goto("/sign-in");
  await press(page, page.locator(`.roles button[value=${role}]`));
  if (await page.locator("form.check button.main").count()) await press(page, page.locator("form.check button.main"));
  return { context, page };
}

async function nothing(browser, url, lang, role, origin) {
  const { context, page } = await signedIn(browser, url, lang, role);
  await page.goto(`/apply/${origin}`);
  is(await notice(page).count(), 0, `${lang}: ${role}: accredited, nothing is said`);
  await context.close();
}

/** From the first page to the number of what was filed. */
async function filed(page) {
  await send(page);
  await page.fill("#imei1", imei((phones += 1)));
  await send(page);
  await page.fill("#brand", "Samsung");
  await page.fill("#model", "Galaxy");
  await send(page);
  await page.check("input[name=more][value=no]");
  await send(page);
  await send(page); // no papers
  await send(page);
  return /\d{4}-\d{10}/.exec(page.url())?.[0];
}

async function withoutOne(browser, url, lang) {
  const { context, page } = await signedIn(browser, url, lang, "importer");
  await page.goto("/files/manufacture");
  is(await notice(page).locator("h2").innerText(), texts[lang]["apply.accreditation_none"], `${lang}: before a file`);
  await looks(page, `${lang}: before a file`);
  await page.goto("/apply/manufacture");
  is(await notice(page).locator("h2").innerText(), texts[lang]["apply.accreditation_none"], `${lang}: before the first question`);
  await looks(page, `${lang}: the first page`);
  const number = await filed(page);
  ok(number, `${lang}: filed all the same`);
  await context.close();
  return number;
}

async function revoked(browser, url, lang) {
  const { context, page } = await signedIn(browser, url, lang, "centre");
  await page.goto("/apply/repair");
  is(await notice(page).locator("h2").innerText(), texts[lang]["apply.accreditation_over"], `${lang}: revoked, and told`);
  ok((await notice(page).innerText()).includes(texts[lang]["accreditation.state.revoked"]), `${lang}: with its days`);
  await looks(page, `${lang}: revoked`);
  await context.close();
}

async function officer(browser, url, lang, number) {
  const { context, page } = await signedIn(browser, url, lang, "officer1");
  await page.goto(`/desk/${number}`);
  const said = await page.locator("main").innerText();
  ok(said.includes(texts[lang]["desk.found.not_accredited"]), `${lang}: the officer: what was found`);
  is(await notice(page).innerText(), texts[lang]["desk.part.accreditation"], `${lang}: the officer: and what stands in the table`);
  await looks(page, `${lang}: the officer's page`);
  await context.close();
}

await test(
  async ({ register, browser, url }) => {
    await nothing(browser, url, "ru", "maker", "manufacture");
    await nothing(browser, url, "kk", "centre", "repair");
    const numbers = [];
    for (const lang of LANGS) numbers.push(await withoutOne(browser, url, lang));
    register.run("accreditation", "revoke", "190640000008", "KZ.DEMO.1906");
    for (const lang of LANGS) await revoked(browser, url, lang);
    await officer(browser, url, "kk", numbers[0]);
  },
  { now: null },
);
