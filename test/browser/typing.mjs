// SPDX-License-Identifier: Apache-2.0
// Help before anything is asked: what is said while an IMEI is typed, and what becomes of a text that is
// pasted, such as a phone's *#06# screen.
import { LANGS, is, ok, test, texts, until, window } from "./house.mjs";
import { ready } from "./pages.mjs";

/** A text of the page's script in its plural form. */
function say(lang, id, n) {
  const text = texts[lang][`portal.${id}`];
  const form = typeof text === "string" ? text : (text[new Intl.PluralRules(lang).select(n)] ?? text.other);
  return form.replace("{n}", n);
}

const EID = "89033023426200000000007654321098"; // of an eSIM: 32 digits

const wrong = (imei) => imei.slice(0, 14) + ((Number(imei[14]) + 1) % 10);

/** [typed, what is said of it]. */
const helps = (a, b) => [
  ["", () => ""],
  ["3", (lang) => say(lang, "left", 14)],
  [a.slice(0, 12), (lang) => say(lang, "left", 3)],
  [a.slice(0, 14), (lang) => say(lang, "left", 1)],
  [a, (lang) => say(lang, "right")],
  [`${a.slice(0, 2)}-${a.slice(2, 8)}-${a.slice(8, 14)}-${a[14]}`, (lang) => say(lang, "right")],
  [wrong(a), (lang) => say(lang, "mistyped")],
  [`${a.slice(0, 5)}O${a.slice(6)}`, (lang) => say(lang, "letters")],
  [`${a}12`, (lang) => say(lang, "long")],
  [`${a.slice(0, 14)}01`, () => ""], // with a software version: no check digit to look at
  [`${a}\n${b}`, (lang) => say(lang, "several", 2)],
  [`${a}, ${b}; ${a}`, (lang) => say(lang, "several", 3)],
];

/** [what it is, pasted, what stands in the field]. */
const pastes = (a, b) => {
  const grouped = (imei) => [imei.slice(0, 2), imei.slice(2, 8), imei.slice(8, 14), imei[14]];
  const both = `${a}\n${b}`;
  return [
    ["an IMEI alone", a, a],
    ["with spaces around", `  ${a} `, a],
    ["in groups", grouped(a).join("-"), a],
    ["in groups with spaces", `IMEI: ${grouped(a).join(" ")}`, a],
    ["with a version behind it", `${grouped(a).join("-")} / 01`, a],
    ["numbered", `IMEI 1 ${a}\nIMEI 2 ${b}`, both],
    ["numbered, in groups", `IMEI 1 ${grouped(a).join(" ")}\nIMEI 2 ${grouped(b).join(" ")}`, both],
    ["a screen of *#06#", `IMEI1\n${a} / 01\nIMEI2\n${b} / 01\nEID\n${EID}\nSN R5CW30ABCDE`, both],
    ["on one line", `${a} ${b}`, both],
    ["both in one run of text", `IMEI1:${a},IMEI2:${b};`, both],
    ["the same twice", `${a}\n${b}\n${a}`, both],
    ["a SIM card's number first", `ICCID ${a}0217\nIMEI ${b}`, b],
    ["no IMEI at all", "call me", "call me"],
    ["a mistyped one alone", wrong(a), wrong(a)],
  ];
};

async function helpsWhileTyping(browser, url, lang, cases) {
  const { context, page, complaints } = await window(browser, url, { lang });
  await page.goto("/");
  await ready(page);
  const said = page.locator(".typing");
  for (const [typed, wanted] of cases) {
    await page.locator("#imei").fill(typed);
    const words = wanted(lang);
    const right = await until(async () => (await said.innerText()) === words);
    ok(right, `${lang}: ${JSON.stringify(typed)}: ${words}`, await said.innerText());
  }
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function takesPastes(browser, url, cases) {
  const permissions = ["clipboard-read", "clipboard-write"];
  const { context, page, complaints } = await window(browser, url, { permissions });
  await page.goto("/");
  await ready(page);
  const field = page.locator("#imei");
  const paste = async (text) => {
    await page.evaluate((what) => navigator.clipboard.writeText(what), text);
    await field.focus();
    await page.keyboard.press("Control+V");
  };
  for (const [name, text, wanted] of cases) {
    await field.fill("");
    await paste(text);
    await until(async () => (await field.inputValue()) === wanted, 2000);
    is((await field.inputValue()).trim(), wanted, `pasted: ${name}`);
  }
  const [, , both] = cases.find(([name]) => name === "numbered");
  await field.fill("");
  await paste(cases.find(([name]) => name === "numbered")[1]);
  is(await page.locator(".typing").innerText(), say("kk", "several", 2), "pasted: told how many");
  await page.locator("form.check button.main").click();
  await page.locator("article.answer").nth(1).waitFor();
  is(await page.locator("article.answer").count(), both.split("\n").length, "pasted: each is answered");
  is(complaints, [], "pasted: nothing to complain of");
  await context.close();
}

await test(async ({ register, browser, url }) => {
  const imei = (id) => register.samples.find((sample) => sample.id === id).imei;
  const [a, b] = [imei("verified_import"), imei("grey_29")];
  for (const lang of LANGS) await helpsWhileTyping(browser, url, lang, helps(a, b));
  await takesPastes(browser, url, pastes(a, b));
});
