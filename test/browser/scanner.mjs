// SPDX-License-Identifier: Apache-2.0
// The barcode scanner, through Chromium's fake camera: labels clean, blurred, askew, small, in low light, with
// other codes beside the IMEIs. All IMEIs of a label are found and nothing else; the camera ends with
// the scanner; what it needs comes from our server, on the press and not before.
// Parts: reads refuses
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LANGS, is, ok, test, texts, until, window } from "./house.mjs";
import { film, photograph } from "./labels.mjs";
import { ready } from "./pages.mjs";

const dir = mkdtempSync(join(tmpdir(), "tamga-film."));
process.once("exit", () => rmSync(dir, { recursive: true }));
const FILM = join(dir, "film.mjpeg");
const CAMERA = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream", // says yes when asked for the camera
  `--use-file-for-fake-video-capture=${FILM}`,
];
const FOUND_MS = 20000;
const BEFORE_PRESS_BYTES = 80000;

const EAN = { title: "EAN", text: "8806095497853", format: "EAN13", shape: "small" };
const SERIAL = { title: "S/N", text: "R5CW30ABCDE" };

/** The same with another last digit. */
const wrong = (imei) => imei.slice(0, 14) + ((Number(imei[14]) + 1) % 10);

async function front(browser, url, lang) {
  const shown = await window(browser, url, { lang });
  await shown.page.goto("/");
  await ready(shown.page);
  return shown;
}

const press = (page, lang) => page.getByRole("button", { name: texts[lang]["portal.scan"] }).click();
const found = (page) => page.locator(".scanner .found li").allInnerTexts();
const said = (page) => page.locator(".scanner [role=status]").innerText();

/** The IMEIs of the answers, as the eye sees them. */
const answered = (page) =>
  page
    .locator("article.answer .imei [aria-hidden]")
    .evaluateAll((all) => all.map((e) => e.textContent.replace(/\s/g, "")));

/** The camera's track, once its picture is to be seen. */
async function camera(page) {
  await until(() => page.evaluate(() => !!document.querySelector(".scanner video")?.srcObject), FOUND_MS);
  return page.evaluateHandle(() => document.querySelector(".scanner video").srcObject.getTracks()[0]);
}

async function closed(page, track, name) {
  ok(await until(async () => (await page.locator("dialog").count()) === 0), `${name}: the scanner is closed`);
  ok(await until(() => track.evaluate((t) => t.readyState === "ended"), 2000), `${name}: the camera is off`);
}

/** Every IMEI of the label and nothing else is found, taken and answered. */
async function reads({ browser, url }, lang, { name, codes, wanted, ...look }) {
  film(FILM, await photograph(browser, codes, look));
  const { context, page, complaints } = await front(browser, url, lang);
  await press(page, lang);
  const track = await camera(page);
  const began = Date.now();
  await until(async () => (await found(page)).length >= wanted.length, FOUND_MS);
  const taken = await found(page);
  is([...taken].sort(), [...wanted].sort(), `${name}: all its IMEIs and nothing else (${Date.now() - began} ms)`);
  if (taken.length) {
    await page.getByRole("button", { name: texts[lang]["portal.scan_use"] }).click();
    await page.locator("article.answer").nth(taken.length - 1).waitFor();
    is(await answered(page), taken, `${name}: answered`);
    is((await page.locator("#imei").inputValue()).split("\n"), taken, `${name}: they stand in the field`);
    await closed(page, track, name);
  }
  is(complaints, [], `${name}: nothing to complain of`);
  await context.close();
}

/** Nothing is taken of a label without a right IMEI, and the person is told what to look for. */
async function refuses({ browser, url }, lang, { name, codes, hint, ...look }) {
  film(FILM, await photograph(browser, codes, look));
  const { context, page, complaints } = await front(browser, url, lang);
  await press(page, lang);
  const track = await camera(page);
  await until(async () => (await said(page)) === texts[lang][hint], FOUND_MS);
  is(await said(page), texts[lang][hint], `${name}: told what to look for`);
  is(await found(page), [], `${name}: nothing is taken`);
  is(await page.getByRole("button", { name: texts[lang]["portal.scan_use"] }).count(), 0, `${name}: nor can be`);
  await page.keyboard.press("Escape");
  await closed(page, track, `${name}, Escape`);
  is(complaints, [], `${name}: nothing to complain of`);
  await context.close();
}

function labels(one, two) {
  const codes = [{ title: "IMEI1", text: one }, EAN, { title: "IMEI2", text: two }, SERIAL];
  const square = (format, text) => [{ title: "IMEI", text, format, shape: "square" }, EAN, SERIAL];
  const all = `IMEI1:${one} IMEI2:${two} SN:${SERIAL.text}`;
  const wanted = [one, two];
  return [
    { name: "clean", codes, wanted },
    { name: "blurred", codes, wanted, look: "filter: blur(1.6px)" },
    { name: "8° askew", codes, wanted, look: "transform: rotate(8deg)" },
    { name: "-12° askew", codes, wanted, look: "transform: rotate(-12deg)" },
    { name: "17° askew", codes, wanted, look: "transform: rotate(17deg)" },
    { name: "askew, blurred", codes, wanted, look: "transform: rotate(-9deg); filter: blur(1.3px)" },
    { name: "upright", codes, wanted, look: "transform: rotate(90deg) scale(.65)" },
    { name: "from the side", codes, wanted, look: "transform: perspective(900px) rotateY(30deg)" },
    { name: "far away", codes, wanted, look: "transform: scale(.5)" },
    { name: "low light", codes, wanted, light: "filter: brightness(.25) contrast(.6)" },
    { name: "low contrast", codes, wanted, light: "filter: contrast(.25)" },
    { name: "Data Matrix", codes: square("DataMatrix", all), wanted },
    { name: "QR code", codes: square("QRCode", all), wanted, look: "transform: rotate(30deg)" },
    {
      name: "Code 39",
      codes: [{ title: "IMEI", text: one, format: "Code39", shape: "wide" }, EAN],
      wanted: [one],
    },
    {
      name: "one of two misprinted",
      codes: [{ title: "IMEI1", text: one }, { title: "IMEI2", text: wrong(two) }],
      wanted: [one],
    },
  ];
}

function strangers(imei) {
  const other = "portal.scan_other";
  const none = "portal.scan_hint";
  const line = (title, text) => [{ title, text }, EAN];
  return [
    { name: "check digit wrong", codes: [...line("IMEI", wrong(imei)), SERIAL], hint: other },
    { name: "serial number of 15 digits", codes: line("S/N", "123456789012345"), hint: other },
    // Its first 15 digits would do: a longer number is none the less no IMEI.
    { name: "SIM card's number", codes: line("ICCID", `${imei}0217`), hint: other },
    { name: "EAN alone", codes: [EAN], hint: none },
    { name: "in the dark", codes: [EAN], hint: none, light: "filter: brightness(0)" },
  ];
}

/** Before the press the scanner's files are not asked for, and all that is weighs little. */
async function weighs({ browser, url }, lang) {
  const { context, page, complaints } = await window(browser, url, { lang });
  const asked = [];
  let bytes = 0;
  page.on("request", (request) => asked.push(request.url()));
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  devtools.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto("/");
  await ready(page);
  await page.waitForLoadState("networkidle");
  const icon = await page.locator("link[rel=icon]").evaluate((link) => link.href);
  if (!asked.includes(icon)) // Chromium without a window does not show it
    await page.evaluate((address) => fetch(address).then((got) => got.text()), icon);
  await page.waitForLoadState("networkidle");
  const kinds = [...new Set(asked.map((address) => /\.(css|js|svg)$/.exec(address)?.[1] ?? "html"))].sort();
  is(kinds, ["css", "html", "js", "svg"], `${lang}: page, style, script and icon are asked for`);
  const told = `${lang}: ${bytes} bytes before the press, at most ${BEFORE_PRESS_BYTES}`;
  ok(bytes > 1000 && bytes <= BEFORE_PRESS_BYTES, told);
  const { scan, wasm } = await page.locator("form.check").evaluate((form) => ({ ...form.dataset }));
  ok(!asked.some((address) => address.endsWith(scan) || address.endsWith(wasm)), `${lang}: the scanner is not`);
  const before = asked.length;
  await press(page, lang);
  await camera(page);
  is(asked.slice(before).sort(), [url + scan, url + wasm].sort(), `${lang}: on the press it is, from here`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

/** Over a slow line the person sees how far it is; who closes meanwhile is not filmed afterwards. */
async function loads({ browser, url }, lang, one, two) {
  film(FILM, await photograph(browser, [{ title: "IMEI1", text: one }, { title: "IMEI2", text: two }]));
  const { context, page, complaints } = await front(browser, url, lang);
  const devtools = await context.newCDPSession(page);
  const slow = (bytesASecond) =>
    devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 100,
      downloadThroughput: bytesASecond,
      uploadThroughput: bytesASecond,
    });
  await page.evaluate(() => {
    globalThis.opened = 0;
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (...what) => {
      globalThis.opened++;
      return open(...what);
    };
    globalThis.told = [];
    new MutationObserver(() => {
      const text = document.querySelector(".scanner [role=status]")?.textContent;
      if (text && globalThis.told.at(-1) !== text) globalThis.told.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await devtools.send("Network.enable");
  await slow(200000);
  const whole = page.waitForEvent("requestfinished", (request) => request.url().endsWith(".wasm"));
  await press(page, lang);
  const [head, tail] = texts[lang]["portal.scan_loading"].split("{percent}");
  const percents = async () =>
    (await page.evaluate(() => globalThis.told))
      .filter((text) => text.startsWith(head) && text.endsWith(tail))
      .map((text) => parseInt(text.slice(head.length), 10));
  await until(async () => (await percents()).length > 3, FOUND_MS);
  await page.getByRole("button", { name: texts[lang]["portal.scan_close"] }).click();
  const seen = await percents();
  const grows = seen.every((n, i) => (i ? n > seen[i - 1] : n === 0));
  ok(seen.length > 3 && grows, "loading: progress is shown", seen.join());
  ok(seen.at(-1) < 100, "loading: closed in the middle", seen.join());
  await whole;
  await slow(-1);
  await press(page, lang);
  const track = await camera(page);
  is(await page.evaluate(() => globalThis.opened), 1, "loading: closed meanwhile, the camera was not opened");
  await until(async () => (await found(page)).length === 2, FOUND_MS);
  await page.getByRole("button", { name: texts[lang]["portal.scan_close"] }).click();
  await closed(page, track, "its button");
  is(await page.locator("article.answer").count(), 0, "its button: nothing was asked");
  is(complaints, [], "loading: nothing to complain of");
  await context.close();
}

/** On a slow phone, while it looks and finds nothing, the page hears its owner. */
async function keepsUp({ browser, url }, lang) {
  film(FILM, await photograph(browser, [EAN, SERIAL], { look: "transform: rotate(30deg)" }));
  const { context, page, complaints } = await front(browser, url, lang);
  const devtools = await context.newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await press(page, lang);
  await until(async () => (await said(page)) === texts[lang]["portal.scan_looking"], FOUND_MS);
  await page.evaluate(() => {
    globalThis.deaf = []; // for how long the page heard nothing, each time
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      globalThis.deaf.push(Math.round(now - last));
      last = now;
    }, 10);
  });
  await until(async () => (await said(page)) === texts[lang]["portal.scan_hint"], FOUND_MS);
  const deaf = (await page.evaluate(() => globalThis.deaf)).sort((a, b) => b - a);
  const share = deaf.filter((ms) => ms > 100).reduce((a, b) => a + b, 0) / deaf.reduce((a, b) => a + b, 0);
  const told = `deaf for at most ${deaf[0]} ms, ${Math.round(100 * share)} % of the time for more than 100 ms`;
  ok(deaf[9] < 700 && share < 0.75, `4 times slower processor: ${told}`, deaf.slice(0, 20).join());
  is(complaints, [], "4 times slower processor: nothing to complain of");
  await context.close();
}

const part = process.argv[2];

await test(
  async (stage) => {
    const imei = (id) => stage.register.samples.find((sample) => sample.id === id).imei;
    const [one, two] = [imei("verified_import"), imei("grey_29")];
    film(FILM, await photograph(stage.browser, [EAN]));
    let turn = 0;
    if (part !== "refuses") {
      for (const lang of LANGS) await weighs(stage, lang);
      for (const label of labels(one, two)) await reads(stage, LANGS[turn++ % LANGS.length], label);
    }
    if (part !== "reads") {
      await loads(stage, "en", one, two);
      for (const label of strangers(one)) await refuses(stage, LANGS[turn++ % LANGS.length], label);
      await keepsUp(stage, "ru");
    }
  },
  { args: CAMERA },
);
