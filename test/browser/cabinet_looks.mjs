// SPDX-License-Identifier: Apache-2.0
// Every page of an application, with scripts on: axe-core, 320 px, in each language; the whole way by keyboard.
// Parts: kk ru en
import {
  OPTIONS, carried, checked, daysAgo, desk, device, lands, mistyped, more, number, opens, phone, press,
  register, send, typeDate,
} from "./applicant.mjs";
import { axe, fits, tabTo } from "./eyes.mjs";
import { LANGS, is, ok, test, texts, until, window } from "./house.mjs";
import { number as people } from "./keys.mjs";

/** The two pages of a gift alone; its draft is thrown away. */
async function consents(page, lang, open, step) {
  await page.goto(`/apply/gift?lang=${lang}`);
  await send(page);
  await device(page, [phone()]);
  await step("traveller", () => more(page, "no"));
  await step("traveller, wrong", () => send(page));
  await page.check("input[name=consents][value=yes]");
  await page.fill("#iin", people("7005051"));
  await page.fill("#msisdn", `+7777222000${lang.charCodeAt(0) % 10}`);
  await step("consent", () => send(page));
  await step("consent, wrong", () => send(page));
  await press(page, page.locator("button[value=without]"));
  await open("consent, taken back", new URL(page.url()).pathname);
  await page.goto(`/cabinet?lang=${lang}`);
  await press(page, page.locator(".cases form button").first());
}

/** The pages, each with the way there. */
async function tour(page, lang, each) {
  const open = async (name, path) => {
    await page.goto(`${path}?lang=${lang}`);
    await each(name);
  };
  const step = async (name, act) => {
    await act();
    await each(name);
  };
  register.answers.border = "no";
  await consents(page, lang, open, step);
  await open("cabinet", "/cabinet");
  await open("from", "/apply");
  await open("bought", "/apply/bought");
  await open("receipt", "/receipt");
  await open("start", "/apply/carried");
  await step("imei", () => send(page));
  await step("imei, wrong", () => send(page));
  await page.fill("#imei1", phone());
  await page.fill("#imei2", phone());
  await step("model", () => send(page));
  await page.fill("#brand", "Samsung");
  await step("more", () => send(page));
  await page.check("input[value=no]");
  await step("entered", () => send(page));
  await step("entered, wrong", () => send(page));
  await step("country", () => typeDate(page, daysAgo(9)));
  await page.selectOption("#country", "KR");
  await step("check", () => send(page));
  await open("cabinet with a draft", "/cabinet");
  await press(page, page.locator(".cases li:has(form) a").first());
  await step("filed", () => send(page));
  const id = number(page);
  await checked(id);
  await desk(id, "claim", {});
  await desk(id, "ask", { note: "Паспорт" });
  await open("application", `/cabinet/${id}`);
  await open("task", "/cabinet");
  await open("answer", `/cabinet/${id}/answer`);
  await open("withdraw", `/cabinet/${id}/withdraw`);
  await page.goto(`/cabinet/${id}/answer?lang=${lang}`);
  await page.fill("#note", "7");
  await send(page);
  await desk(id, "decide", { decisions: [{ refusal: "NO_BORDER_CROSSING" }], note: "" });
  await open("refused", `/cabinet/${id}`);
  await open("appeal", `/cabinet/${id}/appeal`);
}

async function everybody(browser, who, lang) {
  const colorScheme = lang === "ru" ? "dark" : "light";
  const { context, page, complaints } = await window(browser, register.url, { lang, colorScheme, bypassCSP: true });
  await register.seat(context, who);
  await tour(page, lang, async (name) => {
    is(await axe(page), [], `${lang} ${colorScheme} ${name}: axe finds nothing`);
    await fits(page, `${lang} ${name}`, [320, 1280]);
  });
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function byKeyboard(browser, who) {
  const { context, page } = await window(browser, register.url, { lang: "kk" });
  const enter = async (selector) => {
    if (selector) ok(await tabTo(page, selector), `keyboard: comes to ${selector}`);
    await lands(page, () => page.keyboard.press("Enter"));
  };
  await register.seat(context, who);
  register.answers.border = "yes";
  const code = phone();
  await page.goto("/cabinet");
  await enter("main a.main");
  await enter(".options a");
  await enter("form.ask button.main");
  await tabTo(page, "#imei1");
  await page.keyboard.type(mistyped(code));
  await enter();
  await page.locator("#imei1-wrong").waitFor();
  ok(await page.evaluate(() => document.activeElement.id === "imei1"), "keyboard: what is wrong has the focus");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(code);
  await enter();
  await page.locator("#brand").waitFor();
  await tabTo(page, "#brand");
  await page.keyboard.type("Samsung");
  await enter();
  await page.locator("input[name=more]").first().waitFor();
  await tabTo(page, "input[name=more]");
  await page.keyboard.press("ArrowDown");
  await enter();
  await page.locator("#day").waitFor();
  for (const [field, value] of Object.entries(daysAgo(5))) {
    await tabTo(page, `#${field}`);
    await page.keyboard.type(String(value));
  }
  await enter();
  await page.locator("#country").waitFor();
  await tabTo(page, "#country");
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowDown");
  await enter("form.ask button.main");
  await page.locator("#files").waitFor();
  await enter("form.ask button.main");
  await page.locator(".review").first().waitFor();
  const tree = await page.locator("main").ariaSnapshot();
  ok(tree.includes([...code].join(" ")), "screen reader: the code digit by digit", tree);
  ok(tree.includes(`${texts.kk["guide.change"]} (${texts.kk["apply.model"]})`), "screen reader: what is changed is said", tree);
  await enter("form.ask button.main");
  await page.locator("h2.number").waitFor();
  ok(await until(async () => (await register.list(code)) === "white"), "keyboard: all the way to white");
  await context.close();
}

const part = process.argv[2];

await test(async ({ register: opened, browser }) => {
  const { aigul } = await opens(opened);
  for (const lang of LANGS) if (!part || part === lang) await everybody(browser, aigul, lang);
  if (!part || part === "kk") await byKeyboard(browser, aigul);
}, OPTIONS);
