// SPDX-License-Identifier: Apache-2.0
// What the browser tests share: TAP, a register with its samples in a directory of its own, the real
// `tamga serve` on a free port, Debian's Chromium. Whatever a page complains of (an error, a
// refusal by its own policy, a request elsewhere) fails the test that opened it.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const fromWeb = createRequire(join(root, "web/package.json"));
export const tamga = process.env.TAMGA ?? join(root, "build/tamga");
const CHROMIUM = "/usr/bin/chromium";
const SHELL = "/usr/bin/chromium-headless-shell";

// --- TAP ---

let count = 0;
let failures = 0;

export function ok(good, name, why = "") {
  count += 1;
  console.log(`${good ? "ok" : "not ok"} ${count} - ${name}`);
  if (good) return true;
  failures += 1;
  for (const line of String(why).split("\n")) console.log(`# ${line}`);
  return false;
}

export function is(got, want, name) {
  return ok(isDeepStrictEqual(got, want), name, `got  ${JSON.stringify(got)}\nwant ${JSON.stringify(want)}`);
}

/** Looks until the function answers truly, for at most so long. Returns what it answered last. */
export async function until(look, ms = 10000) {
  for (const end = Date.now() + ms; ; ) {
    const seen = await look();
    if (seen || Date.now() > end) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// --- texts ---

export const LANGS = ["kk", "ru", "en"];
export const texts = Object.fromEntries(
  LANGS.map((lang) => [lang, JSON.parse(readFileSync(join(root, `text/${lang}.json`), "utf8"))]),
);

// --- the register ---

/** The moment that the pages show; at it, samples answer as they are listed. */
export const NOW = "2026-03-10T07:00:00Z";

export class Register {
  /** now: null is the machine's own clock, for what compares with certificates made just now. */
  constructor(now = NOW) {
    this.now = now;
    this.dir = mkdtempSync(join(tmpdir(), "tamga-browser."));
    this.servers = [];
    this.run("demo", "create");
    this.samples = this.run("demo", "list")
      .trim()
      .split("\n")
      .map((line) => /^\s*(\d+)\s+(\w+)\s+(.*)$/.exec(line))
      .map(([, imei, id, rest]) => ({
        imei,
        id,
        list: /^\w+(?= [A-Z])/.exec(rest)?.[0] ?? null,
        reason: /[A-Z_]{4,}/.exec(rest)?.[0] ?? null,
      }));
  }

  words(...words) {
    return ["--register", `sqlite:${this.dir}/t.db`, ...(this.now ? ["--now", this.now] : []), ...words];
  }

  run(...words) {
    return this.type("", ...words);
  }

  /** The same with a line on its standard input. */
  type(line, ...words) {
    const done = spawnSync(tamga, this.words(...words), { encoding: "utf8", input: `${line}\n` });
    if (done.status !== 0) throw new Error(`tamga ${words.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  /** Starts a server with these lines of settings; its address, and stop(). */
  async serve({ settings = [], words = ["--demo"], port = 0 } = {}) {
    const name = `${this.dir}/${this.servers.length}`;
    writeFileSync(`${name}.ini`, settings.map((line) => `${line}\n`).join(""));
    const out = openSync(`${name}.out`, "w");
    const child = spawn(
      tamga,
      this.words("--settings", `${name}.ini`, "serve", "--listen", `127.0.0.1:${port}`, ...words),
      { stdio: ["ignore", out, out] },
    );
    process.once("exit", () => child.kill("SIGKILL")); // however this test ends
    const ended = new Promise((resolve) => child.once("exit", resolve));
    this.servers.push({ child, ended });
    const url = await until(
      () => child.exitCode ?? /http:\/\/127\.0\.0\.1:\d+/.exec(readFileSync(`${name}.out`, "utf8"))?.[0],
      60000,
    );
    if (typeof url !== "string") throw new Error(`serve did not start: ${readFileSync(`${name}.out`)}`);
    return {
      url,
      stop: () => {
        child.kill("SIGTERM");
        return ended;
      },
    };
  }

  async end() {
    for (const { child, ended } of this.servers) {
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.dir, { recursive: true });
  }
}

// --- the browser ---

async function start(executablePath, args) {
  const { chromium } = fromWeb("playwright-core");
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none", ...args],
  });
}

/** The engine without a browser around it (Debian builds both of one source): a third less to compute. It asks nobody
 * anything. */
export async function launch(...args) {
  return start(existsSync(SHELL) ? SHELL : CHROMIUM, args);
}

/** The whole browser, where a test is about what it asks people: for the camera, for another network. */
export async function launchWhole(...args) {
  return start(CHROMIUM, args);
}

/** A window of its own. complaints: what its pages complained of so far. */
export async function window(browser, url, options = {}) {
  const context = await browser.newContext({
    baseURL: url,
    locale: options.lang ?? "kk",
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A refusal by the server is an answer like another: the browser's note of it is no complaint.
    if (/^Failed to load resource: the server responded with a status of 4/.test(message.text())) return;
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url()))
      complaints.push(`asked elsewhere: ${request.url()}`);
  });
  return { context, page, complaints };
}

/** Runs a test with a register and a browser (whole: launchWhole), ends both, prints the plan. */
export async function test(body, { args = [], whole = false, serve = {}, kind = Register, now } = {}) {
  const register = new kind(now);
  let browser;
  try {
    browser = await (whole ? launchWhole : launch)(...args);
    const server = await register.serve(serve);
    await body({ register, browser, server, url: server.url });
  } catch (error) {
    ok(false, "the test runs to its end", error.stack);
  } finally {
    await browser?.close();
    await register.end();
  }
  console.log(`1..${count}`);
  process.exit(failures ? 1 : 0); // whatever a test that broke off has left open
}
