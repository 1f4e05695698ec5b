// SPDX-License-Identifier: Apache-2.0
// Clone cases at the officer's desk in a real browser, in three languages: the list, one case, its forms by keyboard. Every page
// fits 320 px and is quiet for axe-core.
import { writeFileSync } from "node:fs";
import { looks, tabTo } from "./eyes.mjs";
import { LANGS, NOW, is, ok, test, texts, window } from "./house.mjs";
import { People, cookie } from "./people.mjs";

await test(async ({ register, browser, server: plain }) => {
  await plain.stop();
  const people = new People(register);
  people.staff("erlan", "officer");
  const imei = register.samples.find((s) => s.id === "grey_29").imei;
  const rows = ["date,imei,imsi,msisdn,rat"];
  for (let day = 20; day <= 28; day++)
    for (let user = 1; user <= 12; user++) rows.push(`2026-02-${day},${imei},4010100000000${10 + user},,006`);
  writeFileSync(`${register.dir}/feed.csv`, rows.join("\n") + "\n");
  register.run("feed", "load", "--operator", "alpha", "--accept", "all", "--reason", "test", `${register.dir}/feed.csv`);
  register.run("clones");
  const server = await register.serve({ settings: people.settings(), words: [] });
  const erlan = await people.enterStaff(server.url, "erlan", NOW);
  for (const lang of LANGS) {
    const t = texts[lang];
    const { context, page, complaints } = await window(browser, erlan.url, { lang, bypassCSP: true });
    await context.addCookies([cookie(erlan)]);
    await page.goto(`/desk/clones?lang=${lang}`);
    is(await page.locator("h1").innerText(), t["clones.heading"], `${lang}: the list`);
    await looks(page, `${lang} clones`);
    ok(await tabTo(page, ".cases a"), `${lang}: Tab comes to the case`);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    ok((await page.locator("h1").innerText()).includes(imei), `${lang}: it opens`);
    is(await page.locator("input[type=checkbox]").count(), 13, `${lang}: its users, and nobody`);
    await looks(page, `${lang} clone`);
    ok(await tabTo(page, "input[name=u1]"), `${lang}: Tab comes to the first user`);
    is(complaints, [], `${lang}: no complaint`);
    await Promise.all([page.waitForNavigation(), page.locator("form[action*=confirm] button").click()]);
    ok(await page.locator("#users-wrong").count() > 0, `${lang}: an empty form confirms nothing`);
    await looks(page, `${lang} clone, nothing chosen`);
    await context.close();
  }
}, { serve: { words: [] } });
