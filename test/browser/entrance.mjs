// SPDX-License-Identifier: Apache-2.0
// What tests of the pages behind the sign-in need: an authority of their own made with the openssl program,
// people who sign a nonce with its keys, officers with password and code, a border and a post that answer
// as the test says. Signing in goes by API, and the browser gets the cookie (seat); or by the page, with a stand-in
// for NCALayer that has the same keys (signIn).
import { createServer } from "node:http";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

import { makeSocketKey, startLayer } from "../nca_layer.mjs";
import { Register, until, window } from "./house.mjs";
import * as keys from "./keys.mjs";
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

/** The clock is the world's: certificates and codes hold by it. */
export class Entrance extends Register {
  constructor() {
    super();
    const iin = keys.number("8501013");
    this.iin = iin; // of Aigul
    this.answers = { border: "yes", parcel: "yes" };
    this.secrets = {};
    keys.openssl(
      this.dir,
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"],
      ...["-keyout", this.at("ca.key"), "-out", this.at("ca.pem"), "-subj", "/CN=Test"],
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    );
    this.give("aigul", `/CN=АХМЕТОВА АЙГҮЛ/serialNumber=IIN${iin}`, "clientAuth,1.2.398.3.3.4.1.1");
    this.give(
      "firm",
      `/CN=БЕКОВ БОЛАТ/serialNumber=IIN${keys.number("9006154")}/O=ТОО Импорт/OU=BIN${keys.number("0101400")}`,
      "clientAuth,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1",
    );
  }

  words(...words) {
    return ["--register", `sqlite:${this.dir}/t.db`, ...words];
  }

  at(name) {
    return `${this.dir}/${name}`;
  }

  give(name, subject, usage) {
    writeFileSync(
      this.at("ext"),
      `basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=${usage}\n`,
    );
    keys.request(this.dir, name, subject);
    keys.openssl(
      this.dir,
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
    const done = this.type(keys.password(name), "--json", "user", "password", name, "--role", role);
    this.secrets[name] = /secret=([A-Z2-7]+)/.exec(done)[1];
  }

  code(name) {
    return keys.code(this.secrets[name], Date.now());
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
    const token = keys.token(response);
    return { status: response.status, ...json, ...(token ? { token } : {}) };
  }

  /** A signature of somebody's key under a text. */
  sign(name, content) {
    return keys.sign(this.dir, name, content);
  }

  async enter(name) {
    const { nonce } = await this.ask("GET", "/api/v1/sign-in/nonce");
    return this.ask("POST", "/api/v1/sign-in/eds", { nonce, cms: this.sign(name, nonce) });
  }

  enterStaff(name) {
    return this.ask("POST", "/api/v1/sign-in/password", { name, password: keys.password(name), code: this.code(name) });
  }

  /** The browser is signed in. */
  async seat(context, who) {
    await context.addCookies([keys.cookie(this.url, who.token)]);
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
