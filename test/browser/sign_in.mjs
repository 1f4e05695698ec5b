// SPDX-License-Identifier: Apache-2.0
// Coming in by page: a real signature through a stand-in for NCALayer, in Kazakh and Russian; what is said when
// it is not there, refuses or is not allowed; staff with password and code, without any script; sessions and their
// end; the demonstration's roles; the policy that only this page has; the whole way by keyboard.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startLayer } from "../nca_layer.mjs";
import { is, launchWhole, ok, root, test, texts, until, window } from "./house.mjs";
import * as keys from "./keys.mjs";
import { ready } from "./pages.mjs";

const dir = mkdtempSync(join(tmpdir(), "tamga-layer."));
process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
let layer = await startLayer(dir);
const key = (name) => writeFileSync(`${dir}/key`, name);

const tamga = process.env.TAMGA ?? join(root, "build/tamga");
const STAFF = ["erlan", "Тұлпар шабысы 1"];

/** What the page complains of beside what the browser says of sockets that nobody answers. */
const real = (complaints) => complaints.filter((c) => !/127\.0\.0\.1:(24680|\d+\/' failed)|ERR_CONNECTION_REFUSED/.test(c));

const cabinet = (at) => at.pathname === "/cabinet";

/** Presses the button and waits for what comes of it: /cabinet or words. */
async function press(page) {
  await page.locator("#eds button.main").click();
  await page.locator("main .error, .who").first().waitFor({ timeout: 20000 });
}

const words = (page) => page.locator("main .error").first().innerText();

async function bySignature(browser, url) {
  for (const lang of ["kk", "ru"]) {
    const { context, page, complaints } = await window(browser, url, { lang, ignoreHTTPSErrors: true });
    key("person");
    await page.goto("/cabinet");
    is(new URL(page.url()).pathname + new URL(page.url()).search, "/sign-in?next=/cabinet", `${lang}: led to the sign-in`);
    await ready(page);
    await page.locator("#eds button.main").click();
    await page.waitForURL(cabinet, { timeout: 20000 });
    is(await page.locator("h1").innerText(), texts[lang]["cabinet.heading"], `${lang}: signed, and in the cabinet`);
    is(await page.locator(".who a[href^='/sessions']").innerText(), "АХМЕТОВА АЙГҮЛ", `${lang}: by the name in the certificate`);
    const asked = JSON.parse(readFileSync(`${dir}/asked`, "utf8"));
    ok(/^tamga:sign-in:[0-9a-f]{80}$/.test(Buffer.from(asked.args.data, "base64")), `${lang}: the nonce was signed`);
    is(asked.args.locale, lang, `${lang}: NCALayer's window speaks it`);
    is(asked.args.signerParams, { extKeyUsageOids: ["1.3.6.1.5.5.7.3.2"] }, `${lang}: and offers keys to sign in`);
    await page.goto("/sign-in");
    ok(page.url().endsWith("/cabinet"), `${lang}: who is signed in goes on to the cabinet`);
    is(real(complaints), [], `${lang}: nothing to complain of`);
    await context.close();
  }
  const { context, page } = await window(browser, url, { lang: "ru", ignoreHTTPSErrors: true });
  await page.goto("/sign-in");
  await ready(page);
  const cases = [
    ["employee", "sign_in.employee"],
    ["stranger", "err.eds_chain"],
    ["cancel", "sign.cancelled"],
    ["fail", "sign.failed"],
  ];
  for (const [name, id] of cases) {
    key(name);
    await press(page);
    const said = await words(page);
    ok(said.includes(texts.ru[id]), `${name}: ${id}`, said);
    ok(said.includes(texts.ru[`${id}_help`] ?? texts.ru[`${id}.help`]), `${name}: and what to do`, said);
    await ready(page);
  }
  key("organisation");
  await page.locator("#eds button.main").click();
  await page.waitForURL(cabinet, { timeout: 20000 });
  is(await page.locator(".who a[href^='/sessions']").innerText(), "ТОО Дала Импорт", "its head comes in for the organisation");
  await context.close();
}

async function away(browser, url) {
  const { context, page } = await window(browser, url, { lang: "kk", ignoreHTTPSErrors: true });
  key("person");
  await page.goto("/sign-in");
  await ready(page);
  const { port } = layer;
  layer.stop();
  await press(page);
  ok((await words(page)).includes(texts.kk["sign.away"]), "NCALayer is away: said, in Kazakh");
  is(await page.locator("#eds button.main").innerText(), texts.kk["sign.again"], "... with a way to try again");
  layer = await startLayer(dir, port);
  await page.locator("#eds button.main").click();
  await page.waitForURL(cabinet, { timeout: 20000 });
  ok(true, "... which works once it is there");
  await context.close();
}

/** A window for which the browser's question about local programs is answered: denied, granted, or prompt, where nobody answers. */
async function answered(browser, url, lang, setting) {
  const opened = await window(browser, url, { lang, ignoreHTTPSErrors: true });
  const { targetInfo } = await (await opened.context.newCDPSession(opened.page)).send("Target.getTargetInfo");
  const whole = await browser.newBrowserCDPSession(); // without the window's id the answer is for another window
  const { browserContextId } = targetInfo;
  for (const name of ["loopback-network", "local-network-access"])
    await whole.send("Browser.setPermission", { permission: { name }, setting, origin: url, browserContextId });
  return opened;
}

const blocked = (complaints) => complaints.filter((c) => c.includes("ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS")).length;

/** The page as if it came from the internet: then Chromium asks whether it may reach this machine. */
async function asPublic(url) {
  const browser = await launchWhole("--ignore-certificate-errors", `--ip-address-space-overrides=${new URL(url).host}=public`);
  const opens = async (page) => {
    await page.goto("/sign-in");
    await ready(page);
  };
  const tells = async (page, lang, id, name) => {
    const said = await words(page);
    ok(said.includes(texts[lang][id]), `a public page, ${name}: said`, said);
    ok(said.includes(texts[lang][`${id}_help`]), `a public page, ${name}: and what to do`, said);
  };
  key("person");
  for (const lang of ["kk", "ru"]) {
    const denied = await answered(browser, url, lang, "denied");
    await opens(denied.page);
    await press(denied.page);
    await tells(denied.page, lang, "sign.refused", `${lang}, refused`);
    is(blocked(denied.complaints), 0, `a public page, ${lang}, refused: it does not knock where it may not`);
    const came = await denied.page.evaluate(
      (address) =>
        new Promise((resolve) => {
          const socket = new WebSocket(address);
          socket.onopen = () => resolve("open");
          socket.onerror = () => resolve("error");
        }),
      `wss://127.0.0.1:${layer.port}`,
    );
    is([came, blocked(denied.complaints)], ["error", 1], `a public page, ${lang}, refused: and the browser would stop it`);
    await denied.context.close();

    const granted = await answered(browser, url, lang, "granted");
    await opens(granted.page);
    await granted.page.locator("#eds button.main").click();
    await granted.page.waitForURL(cabinet, { timeout: 20000 });
    is(real(granted.complaints), [], `a public page, ${lang}, granted: signed, and in the cabinet`);
    await granted.context.close();
  }
  const asked = await window(browser, url, { lang: "ru", ignoreHTTPSErrors: true }); // who asks here is told no
  await opens(asked.page);
  await press(asked.page);
  await tells(asked.page, "ru", "sign.refused", "asked and refused");
  is(blocked(asked.complaints), 1, "a public page, asked and refused: by the browser");
  await asked.context.close();

  const unanswered = await answered(browser, url, "ru", "prompt");
  await opens(unanswered.page);
  await press(unanswered.page);
  await tells(unanswered.page, "ru", "sign.away", "the question closed without an answer");
  await unanswered.context.close();
  await browser.close();
}

async function staff(browser, url, secret) {
  const { context, page, complaints } = await window(browser, url, { lang: "ru", javaScriptEnabled: false });
  await page.goto("/sign-in?next=/sessions");
  ok(await page.locator("#still").isVisible(), "without a script: what the signature needs");
  ok(!(await page.locator("#eds button.main").isVisible()), "... and no button that does nothing");
  await page.locator("a.second").click();
  is(await page.locator("h1").innerText(), texts.ru["sign_in.staff"], "without a script: staff have their page");
  const fill = async (name, password, one) => {
    await page.fill("#name", name);
    await page.fill("#password", password);
    await page.fill("#code", one);
    const [answer] = await Promise.all([
      page.waitForResponse((r) => r.request().method() === "POST"),
      page.locator("form.check button.main").click(),
    ]);
    return answer.status();
  };
  const said = [];
  for (const [name, password, one] of [
    [STAFF[0], STAFF[1], "000000"],
    [STAFF[0], "Тұлпар шабысы 2", keys.code(secret, Date.now())],
    ["nobody", STAFF[1], keys.code(secret, Date.now())],
  ]) {
    is(await fill(name, password, one), 401, `${name}, wrong: 401`);
    said.push(await words(page));
    is(await page.inputValue("#name"), name, "... the name stays");
    is(await page.inputValue("#password"), "", "... the password does not");
  }
  is(new Set(said).size, 1, "what was wrong is never said");
  ok(said[0].includes(texts.ru["sign_in.password_help"]), "what to do is", said[0]);
  const right = keys.code(secret, Date.now());
  is(await fill(STAFF[0], STAFF[1], `${right.slice(0, 3)} ${right.slice(3)}`), 303, "right, as the app shows it: 303");
  ok(page.url().endsWith("/sessions"), "and on to where they wanted");
  is(await page.locator(".who a[href^='/sessions']").innerText(), STAFF[0], "by the account's name");
  is(complaints, [], "staff: nothing to complain of");
  await context.close();
}

async function sessions(browser, url) {
  const enter = async (lang) => {
    const one = await window(browser, url, { lang });
    await one.page.goto("/sign-in?next=/sessions");
    await one.page.locator("button[value=maker]").click();
    await one.page.locator(".sessions li").first().waitFor();
    return one;
  };
  const first = await enter("ru");
  const second = await enter("ru");
  const third = await enter("ru");
  is(await third.page.locator(".sessions li").count(), 3, "three browsers, three sessions");
  is(await third.page.locator(".sessions h2").first().innerText(), texts.ru["sessions.this"], "this one at the head");
  await third.page.locator(".sessions li button").nth(1).click();
  await third.page.waitForFunction(() => document.querySelectorAll(".sessions li").length === 2);
  ok(true, "one is ended");
  await third.page.locator("main > form button.main").click();
  await third.page.waitForFunction(() => document.querySelectorAll(".sessions li").length === 1);
  ok(true, "then all others");
  for (const [i, { page }] of [first, second].entries()) {
    await page.goto("/sessions");
    ok(page.url().includes("/sign-in?next=/sessions"), `browser ${i + 1} has to sign in again`);
  }
  await third.page.locator(".sessions li button").click();
  await third.page.waitForURL(/\/$/);
  await third.page.goto("/cabinet");
  ok(third.page.url().includes("/sign-in"), "and this one, when it was ended");
  for (const { context } of [first, second, third]) await context.close();
}

async function roles(browser, url) {
  const { context, page, complaints } = await window(browser, url, { lang: "kk" });
  await page.goto("/sign-in");
  const all = await page.locator(".roles button").evaluateAll((list) => list.map((button) => button.value));
  is(
    all,
    ["person", "importer", "maker", "centre", "officer1", "officer2", "assistant", "operator", "police", "police2", "ministry"],
    "the demonstration has a role for everybody",
  );
  for (const role of all) {
    await page.goto("/sign-in");
    await page.locator(`button[value=${role}]`).click();
    await page.locator(".who button").waitFor();
    ok(await page.locator(".who button").isVisible(), `${role} comes in`);
    await page.locator(".who button").click();
    await page.waitForURL(/\/$/);
  }
  await page.goto("/sign-in/staff");
  const secrets = await page.locator(".secrets dd").first().locator("code").allInnerTexts();
  await page.fill("#name", secrets[0]);
  await page.fill("#password", secrets[1]);
  await page.fill("#code", secrets[2]);
  await page.locator("form.check button.main").click();
  await page.locator(".who button").waitFor();
  ok(true, "name, password and code that the page shows are right");
  is(real(complaints), [], "roles: nothing to complain of");
  await context.close();
}

async function policy(url) {
  const get = (path, options) => fetch(url + path, { redirect: "manual", ...options });
  const csp = async (path) => (await get(path)).headers.get("content-security-policy");
  const socket = `wss://127.0.0.1:${layer.port}`;
  ok((await csp("/sign-in")).includes(`connect-src 'self' ${socket} https://127.0.0.1:24680;`), "the sign-in may connect to NCALayer");
  for (const path of ["/", "/check", "/sign-in/staff", "/nothing-here"])
    ok(!(await csp(path)).includes("wss:"), `${path} may not`);
  for (const next of ["//evil.example/", "/\\evil.example", "https://evil.example/", "/sign-in", "/a?b=c", "/a%0d%0ab"]) {
    const page = await (await get(`/sign-in?next=${encodeURIComponent(next)}`)).text();
    ok(!page.includes('name="next"'), `next=${next} is not taken`);
  }
  const crossed = await get("/sign-in/demo", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site" },
    body: "who=person",
  });
  is(crossed.status, 403, "another site signs nobody in");
  ok(!crossed.headers.get("set-cookie"), "... and no cookie is set");
}

async function byKeyboard(browser, url) {
  const { context, page } = await window(browser, url, { lang: "kk", ignoreHTTPSErrors: true, viewport: { width: 320, height: 740 } });
  key("person");
  await page.goto("/sign-in");
  await ready(page);
  const tabTo = async (selector) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((s) => document.activeElement.matches(s), selector)) return true;
    }
    return false;
  };
  const tree = await page.locator("main").ariaSnapshot();
  for (const id of ["sign_in.eds_button", "sign_in.staff_way"])
    ok(tree.includes(texts.kk[id]), `screen reader: ${id} has its name`, tree);
  ok(await tabTo("#eds button.main"), "keyboard: comes to the button");
  layer.stop();
  await page.keyboard.press("Enter");
  await page.locator("#said .error").waitFor({ timeout: 20000 });
  ok(await page.evaluate(() => document.activeElement.matches("#eds button.main")), "keyboard: the button keeps the focus");
  ok((await page.locator("[role=status]").ariaSnapshot()).includes(texts.kk["sign.away"]), "screen reader: hears what went wrong");
  ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, "320 px: with the words nothing sticks out");
  layer = await startLayer(dir, layer.port);
  await page.keyboard.press("Enter");
  ok(await until(() => cabinet(new URL(page.url())), 20000), "keyboard: and into the cabinet");
  await context.close();
}

await test(
  async ({ register, browser, server, url }) => {
    const password = `${register.dir}/password`;
    writeFileSync(password, `${STAFF[1]}\n`);
    const added = spawnSync(tamga, register.words("--actor", "officer1", "user", "add", STAFF[0]), { encoding: "utf8" });
    const proposal = /confirm (\d+)/.exec(added.stderr + added.stdout)?.[1];
    register.run("--actor", "officer2", "confirm", proposal);
    const set = spawnSync(tamga, register.words("user", "password", STAFF[0], "--role", "officer"), {
      encoding: "utf8",
      input: `${STAFF[1]}\n`,
    });
    const secret = /secret=([A-Z2-7]+)/.exec(set.stdout)?.[1];
    await bySignature(browser, url);
    await away(browser, url);
    await asPublic(url);
    await staff(browser, url, secret);
    await sessions(browser, url);
    await roles(browser, url);
    await policy(url);
    await byKeyboard(browser, url);
    await server.stop();
    layer.stop();
  },
  {
    now: null,
    args: ["--ignore-certificate-errors"],
    whole: true,
    serve: { settings: ["[portal]", `eds_ca = ${dir}/ca.pem`, `nca_layer = wss://127.0.0.1:${layer.port}`] },
  },
);
