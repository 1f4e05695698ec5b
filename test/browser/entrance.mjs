// SPDX-License-Identifier: Apache-2.0
// What tests of the pages behind the sign-in need: an authority of their own made with the openssl program,
// people who sign a nonce with its keys, officers with password and code, a border and a post that answer
// as the test says. Signing in goes by API, and the browser gets the cookie (seat); or by the page, with a stand-in
// for NCALayer that has the same keys (signIn).
import { createHmac } from "node:crypto";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

import { makeSocketKey, startLayer } from "../nca_layer.mjs";
import { Register, until, window } from "./house.mjs";
import { ready } from "./pages.mjs";

/** An IMEI with its check digit: of a list of models, the n-th. */
export function imei(n, tac = 35267700) {
  const body = String(tac) + String(n).padStart(6, "0");
  let sum = 0;
  [...body].forEach((c, i) => {
    const d = Number(c) * (i % 2 ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  });
  return body + ((10 - (sum % 10)) % 10);
}

/** An IIN or BIN that begins so. */
export function number(head) {
  for (let n = 0; n < 100; n++) {
    const d = [...(head + String(n).padStart(4, "0"))].map(Number);
    const weigh = (w) => d.reduce((sum, digit, i) => sum + digit * w[i], 0) % 11;
    let c = weigh([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    if (c === 10) c = weigh([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]);
    if (c < 10) return d.join("") + c;
  }
  throw new Error("no such number");
}

/** The clock is the world's: certificates and codes hold by it. */
export class Entrance extends Register {
  constructor() {
    super();
    const iin = number("8501013");
    this.iin = iin; // of Aigul
    this.answers = { border: "yes", parcel: "yes" };
    this.secrets = {};
    this.openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"],
      ...["-keyout", this.at("ca.key"), "-out", this.at("ca.pem"), "-subj", "/CN=Test"],
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    );
    this.give("aigul", `/CN=АХМЕТОВА АЙГҮЛ/serialNumber=IIN${iin}`, "clientAuth,1.2.398.3.3.4.1.1");
    this.give(
      "firm",
      `/CN=БЕКОВ БОЛАТ/serialNumber=IIN${number("9006154")}/O=ТОО Импорт/OU=BIN${number("0101400")}`,
      "clientAuth,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1",
    );
  }

  words(...words) {
    return ["--register", `sqlite:${this.dir}/t.db`, ...words];
  }

  at(name) {
    return `${this.dir}/${name}`;
  }

  openssl(...words) {
    const done = spawnSync("openssl", words, { encoding: "buffer" });
    if (done.status !== 0) throw new Error(`openssl ${words.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  give(name, subject, usage) {
    writeFileSync(
      this.at("ext"),
      `basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=${usage}\n`,
    );
    this.openssl(
      ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8"],
      ...["-keyout", this.at(`${name}.key`), "-out", this.at(`${name}.csr`), "-subj", subject],
    );
    this.openssl(
      ...["x509", "-req", "-in", this.at(`${name}.csr`), "-CA", this.at("ca.pem"), "-CAkey", this.at("ca.key")],
      ...["-CAcreateserial", "-days", "20", "-out", this.at(`${name}.pem`), "-extfile", this.at("ext")],
    );
  }

  /** The border and the post: what `answers` says. */
  async outside() {
    this.peer = createServer((request, response) => {
      request.resume().on("end", () => {
        const says = this.answers[request.url.slice(1)];
        response.writeHead(says === "down" ? 503 : 200, { Connection: "close" });
        response.end(JSON.stringify({ answer: says }));
      });
    });
    await new Promise((resolve) => this.peer.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${this.peer.address().port}`;
    if (!this.layer) makeSocketKey(this.dir);
    this.layer ??= await startLayer(this.dir);
    const layer = `nca_layer = wss://127.0.0.1:${this.layer.port}`;
    return ["[portal]", "open = yes", layer, `eds_ca = ${this.at("ca.pem")}`, `border = ${url}/border`, `parcel = ${url}/parcel`, `outbox = ${this.at("out")}`];
  }

  /** A server with the portal open; more lines of its section, and what stands before it. */
  async serve({ more = [], before = [], ...options } = {}) {
    const settings = [...before, ...(await this.outside()), ...more];
    const server = await super.serve({ settings, words: [], ...options });
    this.url = server.url;
    return server;
  }

  staff(name, role) {
    this.run("user", "add", name);
    writeFileSync(this.at("password"), `Тұлпар шабысы ${name}\n`);
    const command = process.env.TAMGA ?? new URL("../../build/tamga", import.meta.url).pathname;
    const done = spawnSync(command, this.words("--json", "user", "password", name, "--role", role), {
      encoding: "utf8",
      input: readFileSync(this.at("password")),
    });
    this.secrets[name] = /secret=([A-Z2-7]+)/.exec(done.stdout)[1];
  }

  code(name) {
    const bits = [...this.secrets[name]].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"));
    const secret = Buffer.from(bits.join("").match(/.{8}/g).slice(0, 20).map((b) => parseInt(b, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
    const hash = createHmac("sha1", secret).update(step).digest();
    return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
  }

  async ask(method, path, body, who) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        "Accept-Language": "ru",
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(who ? { Cookie: `tamga=${who.token}`, "X-Tamga-CSRF": who.csrf } : {}),
      },
      body: body ? JSON.stringify(body) : undefined,
    });
    const json = await response.json();
    const token = /tamga=([0-9a-f]{64})/.exec(response.headers.get("set-cookie") ?? "")?.[1];
    return { status: response.status, ...json, ...(token ? { token } : {}) };
  }

  /** A signature of somebody's key under a text. */
  sign(name, content) {
    writeFileSync(this.at("content"), content);
    return this.openssl(
      ...["cms", "-sign", "-binary", "-nodetach", "-md", "sha256", "-in", this.at("content"), "-outform", "DER"],
      ...["-signer", this.at(`${name}.pem`), "-inkey", this.at(`${name}.key`)],
    ).toString("base64");
  }

  async enter(name) {
    const { nonce } = await this.ask("GET", "/api/v1/sign-in/nonce");
    return this.ask("POST", "/api/v1/sign-in/eds", { nonce, cms: this.sign(name, nonce) });
  }

  enterStaff(name) {
    const password = `Тұлпар шабысы ${name}`;
    return this.ask("POST", "/api/v1/sign-in/password", { name, password, code: this.code(name) });
  }

  /** The browser is signed in. */
  async seat(context, who) {
    await context.addCookies([{ name: "tamga", value: who.token, url: this.url, httpOnly: true, sameSite: "Strict" }]);
  }

  /** Signs in by the page /sign-in with the key of that name; the cookies that came of it. */
  async signIn(browser, lang, name) {
    writeFileSync(this.at("key"), name);
    const { context, page } = await window(browser, this.url, { lang, ignoreHTTPSErrors: true });
    await page.goto("/sign-in");
    await ready(page);
    await page.locator("#eds button.main").click();
    await page.waitForURL((at) => at.pathname === "/cabinet", { timeout: 20000 });
    const cookies = await context.cookies();
    await context.close();
    return cookies;
  }

  /** The code of the newest message to a phone; the outbox hands it over within a second. */
  async letter(msisdn, n = 1) {
    const to = () => readdirSync(this.at("out")).filter((name) => name.endsWith(".json")).sort()
      .map((name) => JSON.parse(readFileSync(this.at(`out/${name}`), "utf8"))).filter((letter) => letter.to.msisdn === msisdn);
    await until(() => to().length >= n);
    return /\b\d{6}\b/.exec(to().at(-1).sms)[0];
  }

  async list(digits) {
    return (await this.ask("GET", `/api/v1/check/${digits}`)).list;
  }

  async end() {
    this.peer?.close();
    await this.layer?.stop();
    await super.end();
  }
}
