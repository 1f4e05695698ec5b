// SPDX-License-Identifier: Apache-2.0
// How an applicant goes through the pages of an application, question by question, and how an officer answers by API:
// for the tests of the cabinet. Scripts are off unless a test opens a window of its own.
import { Entrance, imei } from "./entrance.mjs";
import { until, window } from "./house.mjs";

/** Of the test that runs: its register, and its two officers as they came in. */
export let register;
export let officers = [];
let phones = 0;

/** What tests of the cabinet are opened with. */
export const OPTIONS = { kind: Entrance };

/** Officers are made; a person and a firm come in. */
export async function opens(opened) {
  register = opened;
  for (const name of ["erlan", "dana"]) register.staff(name, "officer");
  const [aigul, firm] = [await comes("aigul"), await comes("firm")];
  officers = [await register.enterStaff("erlan"), await register.enterStaff("dana")];
  return { aigul, firm };
}

/** By API; `key` is what he signs with at the page as well. */
const comes = async (key) => ({ ...(await register.enter(key)), key });

/** A window of somebody who signed in by the page /sign-in, from then on without scripts. */
export async function seated(browser, lang, who) {
  const cookies = await register.signIn(browser, lang, who.key);
  const seat = await window(browser, register.url, { lang, javaScriptEnabled: false });
  await seat.context.addCookies(cookies);
  return seat;
}

export const phone = () => imei((phones += 1));
export const mistyped = (digits) => digits.slice(0, 14) + ((Number(digits[14]) + 1) % 10);
/** Whatever leads to another page: done when that page is there. */
export const lands = (page, act) => Promise.all([page.waitForEvent("domcontentloaded"), act()]);
export const press = (page, locator) => lands(page, () => locator.click());
/** Papers may be attached; here nobody does (papers.mjs). */
export const send = async (page) => {
  await press(page, page.locator("form.ask button.main"));
  if (/\/apply\/\d+\.papers/.test(page.url())) await press(page, page.locator("form.ask button.main"));
};
export const number = (page) => /\d{4}-\d{10}/.exec(page.url())?.[0];
export const state = (page) => page.locator("article.answer header h2").innerText();

/** A day before today, by the country's clock, as the three fields of a date. */
export function daysAgo(days) {
  const day = new Date(Date.now() + 5 * 3600e3 - days * 24 * 3600e3);
  return { day: day.getUTCDate(), month: day.getUTCMonth() + 1, year: day.getUTCFullYear() };
}

export async function typeDate(page, date) {
  for (const [field, value] of Object.entries(date)) await page.fill(`#${field}`, String(value));
  await send(page);
}

/** From the cabinet to the first question. */
export async function begin(page, origin) {
  await page.goto("/cabinet");
  await press(page, page.locator("main a.main[href^='/apply']"));
  await press(page, page.locator(`.options a[href^='/apply/${origin}']`));
  await send(page);
}

/** The questions of one device. */
export async function device(page, codes) {
  for (let i = 0; i < codes.length; i++) await page.fill(`#imei${i + 1}`, codes[i]);
  await send(page);
  await page.fill("#brand", "Samsung");
  await page.fill("#model", "Galaxy S24");
  await send(page);
}

export async function more(page, answer) {
  await page.check(`input[name=more][value=${answer}]`);
  await send(page);
}

/** What the public page says of a code, by its list's name. */
export async function publicList(page, digits) {
  await page.goto("/check");
  await page.fill("#imei", digits);
  await press(page, page.locator("form.check button.main"));
  return (await page.locator("article.answer").getAttribute("class")).replace("answer ", "");
}

/** The whole of a personal application that was carried; the page is the receipt's. */
export async function carried(page, codes) {
  await begin(page, "carried");
  await device(page, codes);
  await more(page, "no");
  await typeDate(page, daysAgo(20));
  await page.selectOption("#country", "TR");
  await send(page);
  await send(page);
  return number(page);
}

export const atDesk = (id, officer = 0) => register.ask("GET", `/api/v1/desk/${id}`, undefined, officers[officer]);
export const checked = (id) => until(async () => (await atDesk(id)).checked);
export const desk = (id, act, body, officer = 0) =>
  register.ask("POST", `/api/v1/desk/${id}/${act}`, body, officers[officer]);

/** An officer's yes to all devices of an application. */
export async function approve(id, devices) {
  await checked(id);
  await desk(id, "claim", {});
  const decisions = Array(devices).fill({ approve: true });
  return (await desk(id, "decide", { decisions })).state;
}
