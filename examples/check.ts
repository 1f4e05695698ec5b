// SPDX-License-Identifier: Apache-2.0
//
// check - asks a Tamga register about IMEIs from the back end of an application, with signed requests: the key
// itself never travels. A sample to read and to start from; needs nothing but Node 18 or later.
//
//   TAMGA_URL=https://imei.example TAMGA_KEY=tamga_… node check.mjs IMEI...     up to 1,000
//   TAMGA_URL=https://imei.example node check.mjs --number NUMBER               did the register say so?
//
// A line for each IMEI: IMEI, list, reason, last day with service or "-". Ends with 0: all are served; 1: some
// are not, or the number is none of the register's; 2: no answer.
// Build: esbuild check.ts --platform=node --format=esm --outfile=check.mjs
import { createHash, createHmac, randomBytes } from "node:crypto";

const TRIES = 4;
const WAIT_MAX_S = 60;

interface Checked {
  imei: string;
  list: string;
  reason: string;
  deadline: string | null;
  served: boolean;
}
interface Unusable {
  input: string;
  error: string;
}
interface Problem {
  reason?: string;
  title?: string;
}

class NoAnswer extends Error {}

/** The header Authorization: six lines are signed, each with a line feed behind it. */
function sign(key: string, method: string, target: string, body: string): string {
  const [, id, secret] = /^tamga_([0-9a-f]{8})_([0-9a-f]{64})$/.exec(key) ?? [];
  if (!id || !secret) throw new NoAnswer("TAMGA_KEY: want tamga_ID_SECRET as `tamga user key create --signed` prints it");
  const time = Math.floor(Date.now() / 1000);
  const nonce = randomBytes(12).toString("hex");
  const digest = createHash("sha256").update(body).digest("hex");
  const lines = ["TAMGA1", method, target, time, nonce, digest].map((line) => `${line}\n`).join("");
  const signature = createHmac("sha256", Buffer.from(secret, "hex")).update(lines).digest("hex");
  return `Tamga-HMAC-SHA256 key=${id}, time=${time}, nonce=${nonce}, signature=${signature}`;
}

/** Asks again, with a new signature, after 429 and 503, as the register says when. */
async function request(url: string, target: string, key?: string, body?: string): Promise<unknown> {
  for (let i = 1; ; i++) {
    const method = body === undefined ? "GET" : "POST";
    const headers: Record<string, string> = { "Accept-Language": "en" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key !== undefined) headers.Authorization = sign(key, method, target, body ?? "");
    const response = await fetch(url + target, { method, headers, body, signal: AbortSignal.timeout(20_000) });
    const answer = (await response.json().catch(() => ({}))) as Problem;
    if (response.ok) return answer;
    const wait = Number(response.headers.get("Retry-After")) || 1;
    if (![429, 503].includes(response.status) || i === TRIES || wait > WAIT_MAX_S)
      throw new NoAnswer(`${response.status} ${answer.reason ?? "-"}: ${answer.title ?? "-"}`);
    console.error(`check: the register is busy, again in ${wait} s`);
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}

async function checkNumber(url: string, number: string): Promise<number> {
  const said = (await request(url, `/api/v1/check-number/${encodeURIComponent(number)}`)) as {
    genuine: boolean;
    checked_at: string;
    list: string;
    reason: string;
  };
  console.log(said.genuine ? `genuine\t${said.checked_at}\t${said.list}\t${said.reason}` : "not genuine");
  return said.genuine ? 0 : 1;
}

async function checkImeis(url: string, key: string, imei: string[]): Promise<number> {
  const body = JSON.stringify({ imei });
  const { answers } = (await request(url, "/api/v1/check", key, body)) as { answers: (Checked | Unusable)[] };
  let served = 0;
  for (const answer of answers) {
    if ("error" in answer) {
      console.log(`${answer.input}\t${answer.error}`);
      continue;
    }
    console.log(`${answer.imei}\t${answer.list}\t${answer.reason}\t${answer.deadline ?? "-"}`);
    if (answer.served) served++;
  }
  return served === imei.length ? 0 : 1;
}

async function main(words: string[]): Promise<number> {
  const url = process.env.TAMGA_URL;
  if (!url || words.length < 1 || words.length > 1000) {
    console.error("usage: TAMGA_URL=... TAMGA_KEY=... check IMEI... | --number NUMBER");
    return 2;
  }
  if (words[0] === "--number" && words[1]) return checkNumber(url, words[1]);
  return checkImeis(url, process.env.TAMGA_KEY ?? "", words);
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: Error) => {
    console.error(`check: ${error.message}`);
    process.exitCode = 2;
  },
);
