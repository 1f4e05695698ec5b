// SPDX-License-Identifier: Apache-2.0
// The other ways in, by page, in Kazakh and Russian: a provider of sign-ins (a real program, test/peers/oidc.py) that asks its visitor,
// and who says no there; a code on the page that a phone's camera reads and an app signs, while the page waits, without a
// script. Whoever came in sees the cabinet under his name; what is refused is said on the page of that door. Then the pages
// for everybody: axe-core, 320 px, keyboard.
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";

import { Entrance } from "./entrance.mjs";
import { looks, tabTo } from "./eyes.mjs";
import { is, ok, root, test, texts, window } from "./house.mjs";

/** A port that is free now: the provider and the phone must know the register's address before it is served. */
async function free() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

class Doors extends Entrance {
  async serve() {
    const port = await free();
    this.provider = spawn("python3", [`${root}test/peers/oidc.py`, this.dir, "tamga"], { stdio: ["ignore", "pipe", "inherit"] });
    const { provider } = this;
    process.once("exit", () => provider.kill("SIGKILL"));
    const [said] = await once(provider.stdout, "data");
    this.issuer = `http://127.0.0.1:${String(said).trim()}`;
    writeFileSync(this.at("oidc.who"), JSON.stringify({ iin: this.iin, name: "АХМЕТОВА АЙГҮЛ" }));
    return super.serve({
      port,
      before: ["[serve]", `public_url = http://127.0.0.1:${port}`],
      more: [`oidc_issuer = ${this.issuer}`, "oidc_client = tamga", "oidc_name = Қызмет", "app_sign_in = yes"],
    });
  }

  mode(what) {
    writeFileSync(this.at("oidc.mode"), what);
  }

  async end() {
    this.provider?.kill("SIGTERM");
    await super.end();
  }
}

const lands = (page, act) => Promise.all([page.waitForEvent("domcontentloaded"), act()]);
const press = (page, locator) => lands(page, () => locator.click());
const name = (page) => page.locator(".who a[href^='/sessions']").innerText();
const inCabinet = (page) => page.waitForURL((at) => at.pathname === "/cabinet", { timeout: 20000 });

async function open(browser, register, lang, script = false) {
  const window_ = await window(browser, register.url, { lang, javaScriptEnabled: script });
  window_.own = () => window_.complaints.filter((c) => !c.startsWith(`asked elsewhere: ${register.issuer}/`));
  return window_;
}

async function provider(browser, register, lang) {
  const { context, page, own } = await open(browser, register, lang);
  await page.goto("/cabinet");
  ok(page.url().endsWith("/sign-in?next=/cabinet"), `${lang}: provider: led to the sign-in`);
  is(await page.locator("a[href^='/sign-in/oidc']").innerText(), texts[lang]["sign_in.oidc_way"].replace("{name}", "Қызмет"), `${lang}: provider: by its name`);
  await press(page, page.locator("a[href^='/sign-in/oidc']"));
  ok(page.url().startsWith(`${register.issuer}/authorize?`), `${lang}: provider: he is asked there`);
  ok(!page.url().includes(register.iin), `${lang}: provider: nobody is named on the way`);
  await press(page, page.locator("button[value=no]"));
  ok((await page.locator("main .error").innerText()).includes(texts[lang]["err.door_refused"]), `${lang}: provider: who says no there hears it here`);
  is(await page.locator("html").getAttribute("lang"), lang, `${lang}: provider: in his language`);
  is(await page.locator(".who").count(), 0, `${lang}: provider: and is not in`);
  await press(page, page.locator("a[href^='/sign-in/oidc']"));
  await page.locator("button[value=yes]").click();
  await inCabinet(page);
  is(await name(page), "АХМЕТОВА АЙГҮЛ", `${lang}: provider: who says yes is in the cabinet, by that name`);
  is(await page.locator("h1").innerText(), texts[lang]["cabinet.heading"], `${lang}: provider: in his language`);
  is(own(), [], `${lang}: provider: nothing to complain of`);
  await context.close();
}

async function liar(browser, register) {
  const { context, page } = await open(browser, register, "ru");
  for (const [mode, id] of [["no_iin", "err.door_identity"], ["down", "err.door_away"]]) {
    register.mode("auto");
    await page.goto("/sign-in");
    const out = (await page.request.get("/sign-in/oidc", { maxRedirects: 0 })).headers().location;
    const back = (await page.request.get(out, { maxRedirects: 0 })).headers().location;
    register.mode(mode);
    await page.goto(back);
    ok((await page.locator("main .error").innerText()).includes(texts.ru[id]), `provider: ${mode}: said`);
    await context.clearCookies();
  }
  register.mode("");
  await context.close();
}

/** What the phone's camera reads from the page. */
async function read(page, register) {
  writeFileSync(register.at("code.svg"), await page.locator("svg.qr").evaluate((svg) => svg.outerHTML));
  const done = spawnSync("node", [`${root}test/peers/qr.mjs`, register.at("code.svg")], { encoding: "utf8" });
  return /\/A\/(\w+)/.exec(done.stdout)?.[1] ?? "";
}

async function phone(browser, register, lang) {
  const { context, page, own } = await open(browser, register, lang);
  await page.goto("/sign-in");
  await press(page, page.locator("a[href^='/sign-in/app']"));
  is(await page.locator("h1").innerText(), texts[lang]["sign_in.app_heading"], `${lang}: phone: a page with a code`);
  const code = await read(page, register);
  ok(/^[0-9A-F]{80}$/.test(code), `${lang}: phone: the camera reads it`, code);
  const asked = await register.ask("GET", `/api/v1/sign-in/app/${code}`);
  is(asked.check, await page.locator("strong.number").innerText(), `${lang}: phone: shows the number that the page shows`);
  const wrong = await register.ask("POST", `/api/v1/sign-in/app/${code}`, { cms: register.sign("aigul", `${asked.content}x`) });
  is(wrong.reason, "EDS_CONTENT", `${lang}: phone: a signature under something else is refused`);
  await page.waitForEvent("domcontentloaded", { timeout: 15000 });
  is(await page.locator(".who").count(), 0, `${lang}: phone: and the page, loaded anew by itself, waits on`);
  const signed = await register.ask("POST", `/api/v1/sign-in/app/${code}`, { cms: register.sign("aigul", asked.content) });
  is(signed.status, 200, `${lang}: phone: the app signs`);
  await inCabinet(page);
  is(await name(page), "АХМЕТОВА АЙГҮЛ", `${lang}: phone: the page leads to the cabinet by itself`);
  await context.clearCookies({ name: "tamga" });
  await page.goto("/sign-in/app");
  ok((await page.locator("main .error").innerText()).includes(texts[lang]["sign_in.app_over"]), `${lang}: phone: the code counts once`);
  await press(page, page.locator("form.check button.main"));
  ok((await read(page, register)) !== code, `${lang}: phone: another one is asked for by a button`);
  is(own(), [], `${lang}: phone: nothing to complain of`);
  await context.close();
}

async function everybody(browser, register, lang) {
  const { context, page } = await open(browser, register, lang, true);
  await page.goto(`/sign-in?lang=${lang}`);
  await looks(page, `${lang}: ways in`);
  await page.goto(`/sign-in/oidc/back?lang=${lang}`);
  await looks(page, `${lang}: provider: nobody went out`);
  await page.goto(`/sign-in/app?still=1&lang=${lang}`);
  await looks(page, `${lang}: phone`);
  const code = await read(page, register);
  ok(await tabTo(page, "form button.main"), `${lang}: keyboard: look now`);
  await lands(page, () => page.keyboard.press("Enter"));
  ok(page.url().includes("still=1"), `${lang}: keyboard: and it stays still`);
  await page.goto(`/A/${code}?lang=${lang}`);
  await looks(page, `${lang}: what a camera opens`);
  await page.goto(`/sign-in?lang=${lang}`);
  ok(await tabTo(page, "a[href^='/sign-in/oidc']"), `${lang}: keyboard: the provider`);
  await lands(page, () => page.keyboard.press("Enter"));
  ok(await tabTo(page, "button[value=yes]"), `${lang}: keyboard: its yes`);
  await page.keyboard.press("Enter");
  await inCabinet(page);
  ok(true, `${lang}: keyboard: all the way in`);
  await context.close();
}

await test(
  async ({ register, browser }) => {
    for (const lang of ["kk", "ru"]) {
      await provider(browser, register, lang);
      await phone(browser, register, lang);
      await everybody(browser, register, lang);
    }
    await liar(browser, register);
  },
  { kind: Doors },
);
