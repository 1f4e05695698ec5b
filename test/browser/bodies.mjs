// SPDX-License-Identifier: Apache-2.0
// The cabinet of a body in a real browser, in Kazakh and in Russian: an officer of the police looks at what would become of a
// phone, suspends it, the public page says so; he asks to resume it, another officer confirms, and it is free again; the ministry sees the figures and the reports on operators, an operator
// its own report, checks codes and revokes a key. What is
// typed wrong is said beside its field and stays. All of it by keyboard where people type; every page fits 320 px and is
// quiet for axe-core. Pictures of the pages go to TAMGA_SHOTS, where it is set.
import { readFileSync, writeFileSync } from "node:fs";
import { looks } from "./eyes.mjs";
import { is, ok, test, texts, until, window } from "./house.mjs";
import { People, cookie } from "./people.mjs";

const OPEN = "2026-03-10T07:10:00Z";

const imei = (n) => {
  const body = `35267700${String(n).padStart(6, "0")}`;
  const sum = [...body].reduce((s, c, i) => s + (i % 2 ? (c * 2 > 9 ? c * 2 - 9 : c * 2) : Number(c)), 0);
  return body + ((10 - (sum % 10)) % 10);
};

async function as(browser, who, lang) {
  const opened = await window(browser, who.url, { lang, bypassCSP: true });
  await opened.context.addCookies([cookie(who)]);
  return opened;
}

/** What the public page says of it: the heading of its answer. */
async function said(browser, url, lang, code) {
  const { context, page } = await window(browser, url, { lang });
  await page.goto(`/check?lang=${lang}`);
  await page.fill("[name=imei]", code);
  await Promise.all([page.waitForNavigation(), page.locator("form button").first().click()]);
  const heading = await page.locator(".answer").first().innerText();
  await context.close();
  return heading;
}

async function press(page, name) {
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name }).first().click()]);
}

async function follow(page, name) {
  await Promise.all([page.waitForNavigation(), page.getByRole("link", { name, exact: true }).click()]);
}

/** From the first page: which, why, by which document; looks, then does it. */
async function suspends({ browser, askar, lang, code }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, askar, lang);
  await page.goto(`/cabinet?lang=${lang}`);
  is(await page.locator("h1").innerText(), t["marks.heading"], `${lang}: his tasks`);
  const whose = t["marks.body"].replace("{name}", t["body.police"]);
  is(await page.locator("p.lead").innerText(), whose, `${lang}: for whom he acts, in his language`);
  await follow(page, t["marks.suspend"]);
  await looks(page, `${lang} form`);
  await page.fill("[name=imeis]", `${code}\n${code.slice(0, 14)}${(Number(code[14]) + 1) % 10}`);
  await page.focus("[name=order]");
  await page.keyboard.type("KP-17");
  await press(page, t["marks.look"]);
  is(await page.locator("#imeis-wrong").innerText(), t["err.imei_mistyped"], `${lang}: a slip is told`);
  ok((await page.locator("p.error").innerText()).includes(code.slice(0, 14)), `${lang}: ... of which`);
  is(await page.locator("#mark-wrong").innerText(), t["apply.choose"], `${lang}: ... and what is missing`);
  is(await page.inputValue("[name=order]"), "KP-17", `${lang}: what was typed stays`);
  await looks(page, `${lang} wrong`);
  await page.fill("[name=imeis]", code);
  await page.focus("[name=mark][value=stolen]");
  await page.keyboard.press("Space");
  await press(page, t["marks.look"]);
  is(await page.locator("h1").innerText(), t["marks.look_suspend"], `${lang}: a look first`);
  const states = await page.locator(".sessions .expect").allInnerTexts();
  is(states, [t["list.unknown.title"], t["list.black.title"]], `${lang}: what it is, what it will be`);
  await looks(page, `${lang} look`);
  await press(page, t["marks.change"]);
  is(await page.inputValue("[name=imeis]"), code, `${lang}: back to the form, as it was`);
  await press(page, t["marks.look"]);
  await page.getByRole("button", { name: t["marks.suspend_button"] }).focus();
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  ok((await page.locator(".done").innerText()).includes(t["marks.done.suspended"]), `${lang}: done`);
  ok((await page.locator(".queue").innerText()).includes("KP-17"), `${lang}: it stands in the list`);
  await looks(page, `${lang} list`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function resumes({ browser, askar, bota, lang, code }) {
  const t = texts[lang];
  const first = await as(browser, askar, lang);
  await first.page.goto(`/marks/resume?lang=${lang}`);
  await first.page.fill("[name=imeis]", code);
  await first.page.check("[name=mark][value=stolen]");
  await first.page.fill("[name=order]", "KP-18");
  await press(first.page, t["marks.look"]);
  ok((await first.page.locator("main").innerText()).includes(t["marks.waits"]), `${lang}: it needs another`);
  await press(first.page, t["marks.propose"]);
  ok((await first.page.locator("main").innerText()).includes(t["marks.own_proposal"]), `${lang}: he waits`);
  is(await first.page.getByRole("button", { name: t["marks.confirm"] }).count(), 0, `${lang}: not his to confirm`);
  await first.context.close();
  const { context, page, complaints } = await as(browser, bota, lang);
  await page.goto(`/marks?lang=${lang}`);
  ok((await page.locator("main").innerText()).includes("KP-18"), `${lang}: another sees what waits`);
  await looks(page, `${lang} waiting`);
  await press(page, t["marks.confirm"]);
  ok((await page.locator(".done").innerText()).includes(t["marks.done.confirmed"]), `${lang}: confirmed`);
  await page.fill("[name=imei]", code);
  await press(page, t["marks.find_button"]);
  ok((await page.locator("main").innerText()).includes(t["marks.resumed"]), `${lang}: its history has both`);
  ok(!page.url().includes(code), `${lang}: the IMEI stands in no address`);
  await looks(page, `${lang} one`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

/** The figures and the journal, as the ministry sees them. */
async function counts({ browser, madina, lang, code }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, madina, lang);
  await page.goto(`/cabinet?lang=${lang}`);
  is(await page.locator("h1").innerText(), t["ministry.heading"], `${lang}: the ministry’s figures`);
  const figures = async () => {
    await page.reload();
    return (await page.locator("main").innerText()).includes(t["marks.kind.lost"]);
  };
  ok(await until(figures), `${lang}: marks by body`);
  ok((await page.locator("main").innerText()).includes(t["list.black.title"]), `${lang}: IMEIs by list`);
  const bodies = await page.locator("caption").allInnerTexts();
  ok(bodies.includes(t["body.police"]), `${lang}: a body is called as people call it`, bodies.join());
  await looks(page, `${lang} figures`);
  await follow(page, t["ministry.journal"]);
  const whole = async () => {
    await page.reload();
    return (await page.locator(".expect.white").count()) === 2;
  };
  ok(await until(whole), `${lang}: journal and audit log are whole`);
  await looks(page, `${lang} journal`);
  await page.fill("[name=imei]", code);
  await press(page, t["marks.find_button"]);
  ok((await page.locator("main").innerText()).includes("KP-17"), `${lang}: the entries of an IMEI`);
  ok(!page.url().includes(code), `${lang}: it stands in no address`);
  await looks(page, `${lang} entries`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

/** A mobile operator checks two codes, one of them mistyped at first, and revokes a key of its own. */
async function checks({ browser, kanat, lang, code, key }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, kanat, lang);
  await page.goto(`/cabinet?lang=${lang}`);
  is(await page.locator("h1").innerText(), t["operator.heading"], `${lang}: the operator’s page`);
  await looks(page, `${lang} operator`);
  await follow(page, t["reports.own"]);
  const report = await page.locator("main").innerText();
  ok(report.includes("STOLEN") && report.includes(t["reports.violations"]), `${lang}: what it saw after it had applied the list`);
  ok(report.includes("star"), `${lang}: and what of its data was set aside`);
  await looks(page, `${lang} an operator's report`);
  await page.goto(`/operator?lang=${lang}`);
  await page.fill("[name=imeis]", `${code}\n12`);
  await press(page, t["operator.check_button"]);
  is(await page.locator("#imeis-wrong").innerText(), t["err.imei_form"], `${lang}: a slip is told`);
  await page.fill("[name=imeis]", `${code}\n${imei(990)}`);
  await press(page, t["operator.check_button"]);
  is(await page.locator(".sessions > li").count(), 2, `${lang}: both are answered`);
  ok((await page.locator("main").innerText()).includes("NEVER_ACTIVATED"), `${lang}: with the public code`);
  await looks(page, `${lang} checked`);
  await page.goto(`/operator?lang=${lang}`);
  ok((await page.locator("main").innerText()).includes(key), `${lang}: its key`);
  await press(page, `${t["operator.key_revoke"]} ${key}`);
  ok((await page.locator(".done").innerText()).includes(t["operator.key_done"]), `${lang}: is revoked`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

/** Reports on operators, as the ministry sees them. */
async function reports({ browser, madina, lang }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, madina, lang);
  await page.goto(`/ministry?lang=${lang}`);
  await follow(page, t["reports.heading"]);
  is(await page.locator("main li h2").allInnerTexts(), ["Kcell"], `${lang}: operators`);
  await looks(page, `${lang} operators`);
  await follow(page, t["reports.findings"]);
  ok((await page.locator("main").innerText()).includes("3310"), `${lang}: findings by model`);
  await looks(page, `${lang} findings`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

/** The operator's desk: a slip, another's number, an own subscriber by keyboard alone, his phone's IMEI. */
async function looksUp({ browser, kanat, lang, phone }) {
  const t = texts[lang];
  const { context, page, complaints } = await as(browser, kanat, lang);
  await page.goto(`/operator?lang=${lang}`);
  await follow(page, t["lookup.heading"]);
  is(await page.locator("h1").innerText(), t["lookup.heading"], `${lang}: the operator’s desk`);
  await looks(page, `${lang} desk`);
  await page.fill("[name=value]", "12");
  await press(page, t["lookup.button"]);
  is(await page.locator("#value-wrong").innerText(), t["err.msisdn"], `${lang}: a slip is told`);
  await looks(page, `${lang} desk slip`);
  await page.fill("[name=value]", "87770000003");
  await press(page, t["lookup.button"]);
  const main = () => page.locator("main").innerText();
  ok((await main()).includes(t["lookup.none"].replace("{days}", "30")), `${lang}: nobody of its own`);
  is(await page.locator("section .sessions > li").count(), 0, `${lang}: ... and nothing of him`);
  await page.fill("[name=value]", "");
  await page.focus("[name=value]");
  await page.keyboard.type("+7 701 000 00 09");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  is(await page.locator("section .sessions > li").count(), 1, `${lang}: an own subscriber’s phone`);
  ok((await main()).includes(t["reason.UNVERIFIED.public"]), `${lang}: why`);
  ok((await main()).includes(t["lookup.notices_none"]), `${lang}: what he was told`);
  is(await page.locator('section a[href*="/apply/"]').count(), 5, `${lang}: what he can do`);
  ok(!(await page.locator("section").innerText()).includes("7701"), `${lang}: no number is shown`);
  ok(!page.url().includes("701"), `${lang}: ... or stands in the address`);
  await looks(page, `${lang} desk found`);
  await page.focus("[name=by][value=msisdn]");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.fill("[name=value]", phone);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  ok((await main()).includes(t["lookup.users"]), `${lang}: a phone by its IMEI`);
  await looks(page, `${lang} desk phone`);
  is(complaints, [], `${lang}: nothing to complain of`);
  await context.close();
}

async function one({ browser, url, askar, bota, madina, kanat, keys, phone }, lang, n) {
  const t = texts[lang];
  const code = imei(n);
  const black = async () => (await said(browser, url, lang, code)).includes(t["list.black.title"]);
  await suspends({ browser, askar, lang, code });
  ok(await until(black), `${lang}: the public page says so`);
  await resumes({ browser, askar, bota, lang, code });
  ok(await until(async () => !(await black())), `${lang}: ... and that it is over`);
  await counts({ browser, madina, lang, code });
  await reports({ browser, madina, lang });
  await checks({ browser, kanat, lang, code, key: keys.pop() });
  await looksUp({ browser, kanat, lang, phone });
}

/** Kcell says that it refuses a stolen phone, ... */
function applied(register) {
  const list = "TAC|Brand Name|Marketing Name|Allocation Date|Bands\n35267700|Nokia|3310|10-Mar-2026|GSM 900\n";
  register.now = "2026-03-08T07:00:00Z";
  writeFileSync(`${register.dir}/tac.txt`, list);
  register.run("import", "tac", `${register.dir}/tac.txt`);
  register.run("suspend", "--mark", "stolen", "--by", "police", "--order", "A-1", imei(700));
  register.run("lists", "--operator", "Kcell", "--out", `${register.dir}/out`);
  const [, cursor] = /cursor=(\S+) /.exec(readFileSync(`${register.dir}/out/black.csv`, "utf8"));
  register.run("lists", "receipt", "--operator", "Kcell", "--cursor", cursor);
}

/** ... and sees it the next day. */
function fed(register) {
  const rows = [imei(700), imei(701), "*"].map((of) => `2026-03-09,${of},401010000000001,77010000001,006\n`);
  writeFileSync(`${register.dir}/feed.csv`, `date,imei,imsi,msisdn,rat\n${rows.join("")}`);
  register.run("feed", "load", "--operator", "Kcell", "--accept", "all", "--reason", "test", `${register.dir}/feed.csv`);
}

await test(
  async ({ register, browser, server: plain }) => {
    await plain.stop();
    applied(register);
    register.now = OPEN;
    fed(register);
    const people = new People(register);
    people.staff("madina", "ministry");
    people.staff("askar", "police", "--body", "police");
    people.staff("bota", "police", "--body", "police");
    people.staff("kanat", "operator", "--body", "Kcell");
    const made = () => register.run("--json", "user", "key", "create", "--name", "Kcell", "--scope", "check");
    const keys = [JSON.parse(made()).id, JSON.parse(made()).id];
    const phone = imei(777);
    const feed = `${register.dir}/feed.csv`;
    writeFileSync(feed, `date,imei,imsi,msisdn,rat\n2026-03-09,${phone},401010000000009,77010000009,006\n`);
    register.run("feed", "load", "--operator", "Kcell", "--accept", "all", "--reason", "test", feed);
    const server = await register.serve({ settings: people.settings(), words: [] });
    const { url } = server;
    const [askar, bota] = [await people.enterStaff(url, "askar", OPEN), await people.enterStaff(url, "bota", OPEN)];
    const madina = await people.enterStaff(url, "madina", OPEN);
    const kanat = await people.enterStaff(url, "kanat", OPEN);
    for (const [i, lang] of ["kk", "ru"].entries()) await one({ browser, url, askar, bota, madina, kanat, keys, phone }, lang, i + 300);
  },
  { serve: { words: [] } },
);
