// SPDX-License-Identifier: Apache-2.0
// What goes wrong, shown kindly: no camera, no network, no server, too many at once. What was typed stays
// where it is, and another try is one press away. The server, its refusals and its absence are
// real; a slow line is a proxy of this test's own.
import { connect, createServer } from "node:net";
import { renameSync } from "node:fs";

import { is, launchWhole, ok, test, texts, until, window } from "./house.mjs";
import { ready } from "./pages.mjs";

/** A camera there is, and whoever asks for it is refused. */
const REFUSED = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny"];
const NO_CAMERA = ["--use-fake-device-for-media-stream=device-count=0", "--use-fake-ui-for-media-stream"];

const answer = (page) => page.locator("article.answer");
const trouble = (page) => page.locator(".error[role=alert]");
const check = (page) => page.locator("form.check button.main").click();
const again = (page, lang) => page.getByRole("button", { name: texts[lang]["portal.again"] }).click();
const scanSaid = (page) => page.locator(".scanner [role=status]").innerText();

async function front(browser, url, lang, before = () => {}) {
  const shown = await window(browser, url, { lang });
  await before(shown.page);
  await shown.page.goto("/");
  await ready(shown.page);
  return shown;
}

/** Types and presses; what is said of it is the text wanted, and the code stays in the field. */
async function told(page, imei, wanted, name) {
  await page.locator("#imei").fill(imei);
  await check(page);
  await saysSo(page, wanted, name);
  is(await page.locator("#imei").inputValue(), imei, `${name}: what was typed stays`);
}

async function saysSo(page, wanted, name) {
  const shown = trouble(page).locator("p");
  await until(async () => (await shown.count()) && (await shown.innerText()) === wanted, 30000);
  is((await shown.count()) ? await shown.innerText() : "", wanted, `${name}: told kindly`);
}

/** A network's complaints are the browser's own words on it: only what the page does wrong counts. */
function noErrors(complaints, name) {
  const errors = complaints.filter((text) => !/^console: Failed to load resource: /.test(text));
  is(errors, [], `${name}: nothing goes wrong beside`);
}

// --- the camera ---

async function scanSays(browser, url, lang, id, name, before) {
  const { context, page, complaints } = await front(browser, url, lang, before);
  await page.getByRole("button", { name: texts[lang]["portal.scan"] }).click();
  const wanted = texts[lang][`portal.${id}`];
  await until(async () => (await scanSaid(page)) === wanted, 20000);
  is(await scanSaid(page), wanted, `${name}: told kindly`);
  is(await page.locator(".scanner video").count(), 0, `${name}: no empty picture`);
  await page.getByRole("button", { name: texts[lang]["portal.scan_close"] }).click();
  ok(await until(async () => !(await page.locator("dialog").count())), `${name}: it closes`);
  noErrors(complaints, name);
  return { context, page };
}

async function cameras({ browser, url }) {
  for (const lang of ["kk", "ru"])
    await (await scanSays(browser, url, lang, "scan_refused", `${lang}: camera refused`)).context.close();

  const without = await launchWhole(...NO_CAMERA);
  for (const lang of ["kk", "en"])
    await (await scanSays(without, url, lang, "scan_none", `${lang}: no camera`)).context.close();
  await without.close();

  // A fake camera is never busy: here the browser's answer is a stub, as the standard words it.
  const busy = (page) =>
    page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException("Could not start video source", "NotReadableError"));
    });
  for (const lang of ["kk", "ru"])
    await (await scanSays(browser, url, lang, "scan_busy", `${lang}: camera busy`, busy)).context.close();
}

/** The scanner's files do not come: told, and the next press tries anew. */
async function scannerFiles({ browser, url }) {
  for (const [lang, file] of [["kk", "**/*.wasm"], ["en", "**/scan.*.js"]]) {
    const name = `${lang}: no ${file}`;
    const abort = (page) => page.route(file, (route) => route.abort());
    const { context, page } = await scanSays(browser, url, lang, "scan_failed", name, abort);
    await page.unroute(file);
    await page.getByRole("button", { name: texts[lang]["portal.scan"] }).click();
    const loaded = texts[lang]["portal.scan_refused"]; // as far as the camera, which is refused here
    const brought = await until(async () => (await scanSaid(page)) === loaded);
    ok(brought, `${name}: the next press brings it`, await scanSaid(page));
    await context.close();
  }
}

// --- the line and the server ---

async function offline({ browser, url, register }, imei) {
  const other = register.samples.find(({ id }) => id === "expired");
  for (const lang of ["kk", "ru"]) {
    const name = `${lang}: offline`;
    const { context, page, complaints } = await front(browser, url, lang);
    await page.locator("#imei").fill(other.imei);
    await check(page);
    await answer(page).waitFor();
    await context.setOffline(true);
    await told(page, imei, texts[lang]["portal.offline"], name);
    is(await answer(page).count(), 0, `${name}: no other code's answer stands there`);
    await context.setOffline(false);
    await again(page, lang);
    await answer(page).waitFor();
    is(await trouble(page).count(), 0, `${name}: once it is back, answered`);

    await context.setOffline(true);
    await page.locator(`.samples button[value=${other.id}]`).click();
    await saysSo(page, texts[lang]["portal.offline"], `${name}, a sample`);
    await context.setOffline(false);
    await again(page, lang);
    const title = page.locator("article.answer h2", { hasText: texts[lang]["list.black.title"] });
    await title.waitFor();
    is(await title.count(), 1, `${name}, a sample: again asks for the sample`);
    noErrors(complaints, name);
    await context.close();
  }
}

async function serverGone({ register, browser }, imei) {
  let server = await register.serve();
  const { url } = server;
  const shown = [];
  for (const lang of ["kk", "en"]) shown.push({ lang, ...(await front(browser, url, lang)) });
  await server.stop();
  for (const { lang, page } of shown)
    await told(page, imei, texts[lang]["portal.unreachable"], `${lang}: server gone`);
  server = await register.serve({ port: new URL(url).port });
  for (const { lang, context, page, complaints } of shown) {
    await again(page, lang);
    await answer(page).waitFor();
    is(await trouble(page).count(), 0, `${lang}: server gone: once it is back, answered`);
    noErrors(complaints, `${lang}: server gone`);
    await context.close();
  }
  await server.stop();
}

/** A line to the server that can be held: what it answers meanwhile waits. */
async function slowLine(url) {
  const sockets = new Set();
  let held = false;
  const proxy = createServer((near) => {
    const far = connect(new URL(url).port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => {
        near.destroy();
        far.destroy();
        sockets.delete(socket);
      });
    }
    near.pipe(far);
    far.on("data", (bytes) => {
      if (held) held.push(() => near.write(bytes));
      else near.write(bytes);
    });
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    hold: () => (held = []),
    release: () => {
      for (const write of held) write();
      held = false;
    },
    end: () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function slow({ browser, url }, imei) {
  const line = await slowLine(url);
  for (const lang of ["kk", "ru"]) {
    const { context, page, complaints } = await front(browser, line.url, lang);
    line.hold();
    await page.locator("#imei").fill(imei);
    await check(page);
    const says = (id) =>
      until(async () => (await page.locator(".typing").innerText()) === texts[lang][`portal.${id}`]);
    ok(await says("asking"), `${lang}: slow: it is being asked`);
    ok(await page.locator("form.check button.main").isDisabled(), `${lang}: slow: once is enough`);
    ok(await says("slow"), `${lang}: slow: told kindly`);
    line.release();
    await answer(page).waitFor();
    ok(await page.locator("form.check button.main").isEnabled(), `${lang}: slow: answered in the end`);

    if (lang === "kk") {
      line.hold(); // and for good: the page gives up by itself
      await told(page, imei, texts[lang]["portal.unreachable"], `${lang}: never an answer`);
      line.release();
      await again(page, lang);
      await until(async () => !(await trouble(page).count()));
      is(await trouble(page).count(), 0, `${lang}: never an answer: the next try is answered`);
    }
    noErrors(complaints, `${lang}: slow`);
    await context.close();
  }
  line.end();
}

// --- too many ---

async function limited({ register, browser }, imei) {
  const settings = ["[limits]", "person_rate = 1", "person_burst = 4"];
  const server = await register.serve({ settings });
  for (const lang of ["kk", "ru"]) {
    const { context, page, complaints } = await front(browser, server.url, lang);
    const field = page.locator("#imei");
    await field.fill(Array(3).fill(imei).join("\n"));
    await check(page);
    await answer(page).nth(2).waitFor();
    const refused = page.waitForResponse((response) => response.status() === 429);
    await field.fill(Array(4).fill(imei).join("\n"));
    await check(page);
    const seconds = (await refused).headers()["retry-after"];
    ok(seconds >= 2 && seconds <= 4, `${lang}: over the limit: for ${seconds} s`);
    const forms = texts[lang]["portal.limited"];
    const words = forms[new Intl.PluralRules(lang).select(seconds)] ?? forms.other;
    await saysSo(page, words.replace("{n}", seconds), `${lang}: over the limit`);
    await field.fill(imei);
    const answered = await until(async () => {
      await check(page);
      await until(async () => page.locator("form.check button.main").isEnabled());
      return !(await trouble(page).count());
    }, 20000);
    ok(answered, `${lang}: over the limit: after a while answered again`);
    noErrors(complaints, `${lang}: over the limit`);
    await context.close();
  }
  await server.stop();
}

/** So many others ask that nothing is left for this person, with a script and without. */
async function crowded({ register, browser }, imei) {
  const settings = ["[limits]", "public_rate = 1", "public_burst = 10"];
  const server = await register.serve({ settings });
  const six = Array(6).fill(imei).join("\n"); // would be there after six seconds of quiet
  const others = () =>
    until(async () => (await fetch(`${server.url}/api/v1/check/${imei}`)).status === 503);
  for (const lang of ["kk", "en"]) {
    const words = [texts[lang]["err.crowded"], texts[lang]["err.crowded.help"]];
    const { context, page, complaints } = await front(browser, server.url, lang);
    await others();
    await told(page, six, words.join(". "), `${lang}: crowded`);
    noErrors(complaints, `${lang}: crowded`);
    await context.close();

    const plain = await window(browser, server.url, { lang, javaScriptEnabled: false });
    await plain.page.goto("/");
    await plain.page.locator("#imei").fill(six);
    await others();
    await check(plain.page);
    await plain.page.locator("main h1", { hasText: words[0] }).waitFor();
    is(await plain.page.locator("main .lead").innerText(), words[1], `${lang}: crowded, no script`);
    await plain.context.close();
  }
  await server.stop();
}

// --- the database ---

/** It goes away under the server: what was read goes on being answered, and /healthz tells. */
async function databaseGone({ register, browser, url }, imei) {
  const { context, page, complaints } = await front(browser, url, "kk");
  const health = async () => (await (await fetch(`${url}/healthz`)).json()).status;
  const becomes = async (status) => {
    await until(async () => (await health()) === status, 20000);
    return health();
  };
  is(await health(), "ok", "database: there");
  const files = ["t.db", "t.db-wal", "t.db-shm"].map((name) => `${register.dir}/${name}`);
  for (const file of files) renameSync(file, `${file}.away`);
  await page.locator("#imei").fill(imei);
  await check(page);
  await answer(page).waitFor();
  is(await answer(page).locator("h2").innerText(), texts.kk["list.white.title"], "database away: answered");
  is(await becomes("stale"), "stale", "database away: /healthz says so");
  await page.locator("#imei").fill(imei);
  await check(page);
  await until(() => page.locator("form.check button.main").isEnabled());
  is(await trouble(page).count(), 0, "database away for long: answered all the same");
  for (const file of files) renameSync(`${file}.away`, file);
  is(await becomes("ok"), "ok", "database back: /healthz says so");
  noErrors(complaints, "database");
  await context.close();
}

await test(
  async (stage) => {
    const imei = stage.register.samples.find(({ id }) => id === "verified_import").imei;
    await cameras(stage);
    await scannerFiles(stage);
    await offline(stage, imei);
    await serverGone(stage, imei);
    await slow(stage, imei);
    await limited(stage, imei);
    await crowded(stage, imei);
    await databaseGone(stage, imei);
  },
  { args: REFUSED, whole: true },
);
