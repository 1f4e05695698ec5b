// SPDX-License-Identifier: Apache-2.0
// What people of the tests sign in with, whoever made their certificates: numbers with check digits, passwords and codes
// of officers, signatures by the openssl program, the cookie that comes of it.
import { createHmac } from "node:crypto";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** An IIN or BIN that begins so, with its check digit. */
export function number(head) {
  for (let n = 0; n < 100; n++) {
    const d = [...`${head}${String(n).padStart(11 - head.length, "0")}`].map(Number);
    const sum = (weights) => d.reduce((s, x, i) => s + x * weights[i], 0) % 11;
    let check = sum([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    if (check === 10) check = sum([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]);
    if (check < 10) return `${d.join("")}${check}`;
  }
  throw new Error("no such number");
}

/** The openssl program, in a directory; what it printed. */
export function openssl(dir, ...words) {
  const done = spawnSync("openssl", words, { cwd: dir, encoding: "buffer" });
  if (done.status !== 0) throw new Error(`openssl ${words.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

/** NAME.key and NAME.csr in the directory. */
export function request(dir, name, subject) {
  openssl(
    dir,
    ..."req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -utf8".split(" "),
    ...["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject],
  );
}

/** A signature under a text with NAME.key, base64 of CMS. */
export function sign(dir, name, text) {
  writeFileSync(join(dir, "content"), text);
  return openssl(
    dir,
    ..."cms -sign -binary -nodetach -md sha256 -in content -outform DER".split(" "),
    ...["-signer", `${name}.pem`, "-inkey", `${name}.key`],
  ).toString("base64");
}

export function password(name) {
  return `Тұлпар шабысы ${name}`;
}

/** The code of a secret (base32) at a moment in milliseconds. */
export function code(secret, at) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(step).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
}

/** The token in an answer of a sign-in. */
export function token(response) {
  return /tamga=([0-9a-f]{64})/.exec(response.headers.get("set-cookie") ?? "")?.[1];
}

/** The cookie of somebody who is signed in, for a window. */
export function cookie(url, value) {
  return { name: "tamga", value, url, httpOnly: true, sameSite: "Strict" };
}
