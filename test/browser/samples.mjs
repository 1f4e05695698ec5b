// SPDX-License-Identifier: Apache-2.0
// Every sample, in every language, as a person meets it: typed on the front page with its script, and on
// /check in a browser without scripts. Both say the words of the catalogue, and the same.
import { LANGS, is, ok, test, texts, window } from "./house.mjs";

/** What is read of an answer, without what is new with each check. */
async function read(page) {
  return page.locator("article.answer").first().evaluate((article) => {
    const copy = article.cloneNode(true);
    for (const part of copy.querySelectorAll(".proof, .actions")) part.remove();
    return { list: copy.classList[1], text: copy.textContent.replace(/\s+/g, " ").trim() };
  });
}

async function ask(page, imei) {
  await page.locator("#imei").fill(imei);
  await page.locator("form.check button.main").click();
  await page.locator("article.answer, .error").first().waitFor();
}

async function answered(page, sample, lang, name) {
  const said = await read(page);
  is(said.list, sample.list, `${name}: ${sample.list}`);
  const wanted = [
    texts[lang][`list.${sample.list}.title`],
    texts[lang][`reason.${publicReason(sample)}.public`],
    texts[lang]["buy.heading"],
    texts[lang]["own.heading"],
  ];
  const missing = wanted.filter((words) => typeof words !== "string" || !said.text.includes(words));
  ok(missing.length === 0, `${name}: in the words of the catalogue`, `${missing}\n${said.text}`);
  return said.text;
}

/** What the public hears of a reason (core/reasons.def). */
function publicReason({ reason }) {
  return ["ORDER", "PENITENTIARY"].includes(reason) ? "AUTHORITY" : reason;
}

async function mistyped(page, lang, name) {
  const said = (await page.locator(".error").first().innerText()).replace(/\s+/g, " ");
  ok(said.includes(texts[lang]["err.imei_mistyped"]), `${name}: told kindly`, said);
}

await test(async ({ register, browser, url }) => {
  // A clone is asked for with a SIM by its sample's button alone: as typed it is one device.
  const typed = new Map(register.samples.filter((s) => s.id !== "clone_pair").map((s) => [s.imei, s]));
  for (const lang of LANGS) {
    const front = await window(browser, url, { lang });
    const plain = await window(browser, url, { lang, javaScriptEnabled: false });
    await front.page.goto("/");
    await front.page.locator("html[data-script=ready]").waitFor();
    for (const sample of typed.values()) {
      const name = `${lang} ${sample.id}`;
      await ask(front.page, sample.imei);
      await plain.page.goto("/check");
      await ask(plain.page, sample.imei);
      if (!sample.list) {
        await mistyped(front.page, lang, name);
        await mistyped(plain.page, lang, `${name}, without a script`);
        continue;
      }
      const here = await answered(front.page, sample, lang, name);
      is((await read(plain.page)).text, here, `${name}: the same without a script`);
    }
    const address = front.page.url() + plain.page.url();
    ok(!/\d{14}/.test(address), `${lang}: no IMEI in an address`, address);
    for (const { context, complaints } of [front, plain]) {
      is(complaints, [], `${lang}: nothing to complain of`);
      await context.close();
    }
  }

  for (const [id, list] of [["clone_pair", "white"], ["clone_other", "black"]]) {
    const { context, page } = await window(browser, url);
    await page.goto("/");
    await page.locator("html[data-script=ready]").waitFor();
    await page.locator(`button[value=${id}]`).click();
    is((await (await page.locator("article.answer").first().waitFor(), read(page))).list, list, `${id}: ${list}`);
    await context.close();
  }
});
