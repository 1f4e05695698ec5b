// SPDX-License-Identifier: Apache-2.0
// People for the browser tests of what stands behind the sign-in: an authority of the test's own whose certificates are
// valid at the moment that the pages show, persons who sign with them, officers with passwords and one-time codes. They
// sign in by API; a window gets their cookie.
import { createHmac } from "node:crypto";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

import { tamga } from "./house.mjs";

const PASSWORD = (name) => `Тұлпар шабысы ${name}`;

/** A number of 12 digits with its check digit, from its first eight. */
export function number(head) {
  for (let n = 0; n < 100; n++) {
    const d = [...`${head}${String(n).padStart(11 - head.length, "0")}`].map(Number);
    const sum = (weights) => d.reduce((s, x, i) => s + x * weights[i], 0) % 11;
    let check = sum([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    if (check === 10) check = sum([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]);
    if (check < 10) return `${d.join("")}${check}`;
  }
  throw new Error("no number");
}

export class People {
  constructor(register) {
    this.register = register;
    this.dir = register.dir;
    this.secrets = {};
    writeFileSync(
      `${this.dir}/ca.cnf`,
      `[ca]\ndefault_ca=one\n[one]\ndatabase=${this.dir}/index\nnew_certs_dir=${this.dir}\nserial=${this.dir}/serial\n` +
        "default_md=sha256\npolicy=any\nunique_subject=no\nemail_in_dn=no\n[any]\ncommonName=supplied\nserialNumber=optional\n" +
        "organizationName=optional\norganizationalUnitName=optional\n[root]\nbasicConstraints=critical,CA:TRUE\n" +
        "keyUsage=critical,keyCertSign,cRLSign\n[person]\nbasicConstraints=CA:FALSE\n" +
        "keyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=clientAuth,1.2.398.3.3.4.1.1\n",
    );
    writeFileSync(`${this.dir}/index`, "");
    writeFileSync(`${this.dir}/serial`, "01\n");
    this.#request("nca", "/CN=nca");
    this.#certify("nca", "root", "-selfsign");
  }

  #openssl(...words) {
    const done = spawnSync("openssl", words, { cwd: this.dir, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`openssl ${words.join(" ")}: ${done.stderr}`);
  }

  #request(name, subject) {
    this.#openssl(
      ..."req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -utf8".split(" "),
      ...["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject],
    );
  }

  #certify(name, extensions, ...how) {
    this.#openssl(
      ...["ca", "-batch", "-config", "ca.cnf", "-notext", "-utf8", "-preserveDN", "-keyfile", "nca.key"],
      ...["-in", `${name}.csr`, "-out", `${name}.pem`, "-extensions", extensions],
      ...["-startdate", "20250101000000Z", "-enddate", "20300101000000Z"],
      ...(how.length ? how : ["-cert", "nca.pem"]),
    );
  }

  /** A person with a key of his own; his IIN. */
  person(name, said, head) {
    const iin = number(head);
    this.#request(name, `/CN=${said}/serialNumber=IIN${iin}`);
    this.#certify(name, "person");
    return iin;
  }

  /** Lines of settings that open the portal to them. */
  settings(...more) {
    return ["[portal]", "open = yes", `eds_ca = ${this.dir}/nca.pem`, ...more];
  }

  /** From the third on, two of them decide. */
  #account(name) {
    const [first, second] = Object.keys(this.secrets);
    if (!second) {
      this.register.run("user", "add", name);
      return;
    }
    const added = spawnSync(tamga, this.register.words("--actor", first, "user", "add", name), { encoding: "utf8" });
    this.register.run("--actor", second, "confirm", /confirm (\d+)/.exec(added.stdout + added.stderr)[1]);
  }

  /** A staff account; more: words of `user password`. */
  staff(name, role, ...more) {
    this.#account(name);
    const done = this.register.type(PASSWORD(name), "--json", "user", "password", name, "--role", role, ...more);
    this.secrets[name] = /secret=([A-Z2-7]+)/.exec(done)[1];
  }

  #code(name, now) {
    const bits = [...this.secrets[name]]
      .map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"))
      .join("");
    const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.parse(now) / 30000)));
    const mac = createHmac("sha1", secret).update(step).digest();
    return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
  }

  async #signedIn(url, path, body) {
    const got = await fetch(url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const json = await got.json();
    if (!got.ok) throw new Error(`${path}: ${got.status} ${JSON.stringify(json)}`);
    return { url, csrf: json.csrf, token: /tamga=([0-9a-f]{64})/.exec(got.headers.get("set-cookie"))[1] };
  }

  async enter(url, name) {
    const { nonce } = await (await fetch(`${url}/api/v1/sign-in/nonce`)).json();
    writeFileSync(`${this.dir}/content`, nonce);
    this.#openssl(
      ..."cms -sign -binary -nodetach -md sha256 -in content -outform DER -out cms".split(" "),
      ...["-signer", `${name}.pem`, "-inkey", `${name}.key`],
    );
    return this.#signedIn(url, "/api/v1/sign-in/eds", {
      nonce,
      cms: readFileSync(`${this.dir}/cms`).toString("base64"),
    });
  }

  async enterStaff(url, name, now) {
    return this.#signedIn(url, "/api/v1/sign-in/password", {
      name,
      password: PASSWORD(name),
      code: this.#code(name, now),
    });
  }
}

/** One request by API as somebody; what it answered. */
export async function ask(who, method, path, body) {
  const got = await fetch(who.url + path, {
    method,
    headers: {
      Cookie: `tamga=${who.token}`,
      "X-Tamga-CSRF": who.csrf,
      ...(body ? { "Content-Type": "application/json" } : {}),
    },
    body: body && JSON.stringify(body),
  });
  return { status: got.status, ...(await got.json()) };
}

/** The cookie of somebody who is signed in, for a window. */
export function cookie(who) {
  return { name: "tamga", value: who.token, url: who.url, httpOnly: true, sameSite: "Strict" };
}
