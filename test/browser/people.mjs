// SPDX-License-Identifier: Apache-2.0
// People for the browser tests of what stands behind the sign-in: an authority of the test's own whose certificates are
// valid at the moment that the pages show, persons who sign with them, officers with passwords and one-time codes. They
// sign in by API; a window gets their cookie.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

import { tamga } from "./house.mjs";
import { code, cookie as keyed, number, openssl, password, request, sign, token } from "./keys.mjs";

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
    request(this.dir, "nca", "/CN=nca");
    this.#certify("nca", "root", "-selfsign");
  }

  #certify(name, extensions, ...how) {
    openssl(
      this.dir,
      ...["ca", "-batch", "-config", "ca.cnf", "-notext", "-utf8", "-preserveDN", "-keyfile", "nca.key"],
      ...["-in", `${name}.csr`, "-out", `${name}.pem`, "-extensions", extensions],
      ...["-startdate", "20250101000000Z", "-enddate", "20300101000000Z"],
      ...(how.length ? how : ["-cert", "nca.pem"]),
    );
  }

  /** A person with a key of his own; his IIN. */
  person(name, said, head) {
    const iin = number(head);
    request(this.dir, name, `/CN=${said}/serialNumber=IIN${iin}`);
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
    const done = this.register.type(password(name), "--json", "user", "password", name, "--role", role, ...more);
    this.secrets[name] = /secret=([A-Z2-7]+)/.exec(done)[1];
  }

  async #signedIn(url, path, body) {
    const got = await fetch(url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const json = await got.json();
    if (!got.ok) throw new Error(`${path}: ${got.status} ${JSON.stringify(json)}`);
    return { url, csrf: json.csrf, token: token(got) };
  }

  async enter(url, name) {
    const { nonce } = await (await fetch(`${url}/api/v1/sign-in/nonce`)).json();
    return this.#signedIn(url, "/api/v1/sign-in/eds", { nonce, cms: sign(this.dir, name, nonce) });
  }

  async enterStaff(url, name, now) {
    return this.#signedIn(url, "/api/v1/sign-in/password", {
      name,
      password: password(name),
      code: code(this.secrets[name], Date.parse(now)),
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
  return keyed(who.url, who.token);
}
