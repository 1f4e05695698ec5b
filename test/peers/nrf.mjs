// SPDX-License-Identifier: Apache-2.0
// nrf DIR PORT [CERTIFICATE KEY CLIENTS] - a stand-in for an NRF: NF management and access tokens over HTTP/2 on
// 127.0.0.1:PORT, without TLS by prior knowledge, or with certificates asked of clients. A profile that TS 29.510 would not
// have is refused, so what registers here is of its form. DIR/rs256.pem and DIR/es256.pem are the halves of its keys that
// nodes get; they are made when they are not there, so that a second start is the same NRF.
//
// A line on stdin is a JSON command and is answered by a line:
//   {"do": "state"}                          what it knows: {registered, beats, puts, deletes, wrong, profile, patch, ...}
//   {"do": "forget"}                         registrations are gone
//   {"do": "answer", "status": 503, "delay": 100, "count": 3, "location": ..., "method": ...}   so many questions hear that
//                                            with "late" it is done and answered as ever, so much later
//   {"do": "beat", "seconds": 2}             heartBeatTimer of answers to PUT from now on
//   {"do": "sign", "alg": "ES256", "claims": {...}, "key": "own", "other" or "public"}         a token, as {"token": ...}
import { createHmac, createPrivateKey, createPublicKey, createSign, generateKeyPairSync, sign } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import { createInterface } from "node:readline";

const [dir, port, certificate, key, clients] = process.argv.slice(2);
const ME = "11111111-2222-4333-8444-555555555555";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const state = { registered: 0, beats: 0, puts: 0, deletes: 0, tokens: 0, others: 0, wrong: [], profile: null, patch: null, from: null };
const profiles = new Map();
let heartBeat = 2;
let instead = null;

// ---- keys ----

function pair(name, type, options) {
  if (!existsSync(`${dir}/${name}.key`)) {
    const made = generateKeyPairSync(type, options);
    writeFileSync(`${dir}/${name}.key`, made.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    writeFileSync(`${dir}/${name}.pem`, made.publicKey.export({ type: "spki", format: "pem" }));
  }
  return createPrivateKey(readFileSync(`${dir}/${name}.key`));
}

const keys = {
  own: { RS256: pair("rs256", "rsa", { modulusLength: 2048 }), ES256: pair("es256", "ec", { namedCurve: "P-256" }) },
  other: { RS256: pair("other_rs256", "rsa", { modulusLength: 2048 }), ES256: pair("other_es256", "ec", { namedCurve: "P-256" }) },
};

function token(claims, alg = "ES256", whose = "own") {
  const part = (o) => Buffer.from(JSON.stringify(o)).toString("base64url");
  const said = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
  let signature = "";
  if (alg === "HS256") {
    const secret = createPublicKey(keys.own.RS256).export({ type: "spki", format: "pem" });
    signature = createHmac("sha256", secret).update(said).digest("base64url");
  } else if (alg !== "none") {
    const own = keys[whose][alg];
    signature = alg === "ES256"
      ? sign("sha256", Buffer.from(said), { key: own, dsaEncoding: "ieee-p1363" }).toString("base64url")
      : createSign("sha256").update(said).sign(own).toString("base64url");
  }
  return `${said}.${signature}`;
}

// ---- the profile: TS 29.510 6.1.6.2.2, .3, .4, .5 ----

const is = {
  text: (v) => typeof v === "string" && v.length > 0,
  uuid: (v) => is.text(v) && UUID.test(v),
  whole: (least, most) => (v) => Number.isInteger(v) && v >= least && v <= most,
  yes_no: (v) => typeof v === "boolean",
  one_of: (...words) => (v) => words.includes(v),
  list: (one) => (v) => Array.isArray(v) && v.length > 0 && v.every((x) => one(x) === true || (Array.isArray(one(x)) && one(x).length === 0)),
  object: (shape, must) => (v) => faults(v, shape, must).length === 0,
  ipv4: (v) => is.text(v) && /^(\d{1,3}\.){3}\d{1,3}$/.test(v) && v.split(".").every((n) => +n < 256),
  ipv6: (v) => is.text(v) && /^[0-9a-f:]+$/.test(v) && v.includes(":"),
  fqdn: (v) => is.text(v) && v.length <= 253 && /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,}$/.test(v),
};
const STATUS = is.one_of("REGISTERED", "SUSPENDED", "UNDISCOVERABLE");
const plmn = is.object({ mcc: (v) => /^\d{3}$/.test(v), mnc: (v) => /^\d{2,3}$/.test(v) }, ["mcc", "mnc"]);
const version = is.object({ apiVersionInUri: (v) => /^v\d+$/.test(v), apiFullVersion: (v) => /^\d+\.\d+\.\d+$/.test(v), expiry: is.text }, ["apiVersionInUri", "apiFullVersion"]);
const endPoint = is.object({ ipv4Address: is.ipv4, ipv6Address: is.ipv6, transport: is.one_of("TCP"), port: is.whole(0, 65535) }, []);
const service = is.object(
  {
    serviceInstanceId: is.text, serviceName: is.one_of("n5g-eir-eic"), versions: is.list(version), scheme: is.one_of("http", "https"),
    nfServiceStatus: STATUS, fqdn: is.fqdn, ipEndPoints: is.list(endPoint), apiPrefix: is.text, oauth2Required: is.yes_no,
    allowedNfTypes: is.list(is.text), priority: is.whole(0, 65535), capacity: is.whole(0, 65535), load: is.whole(0, 100),
  },
  ["serviceInstanceId", "serviceName", "versions", "scheme", "nfServiceStatus"],
);
const PROFILE = {
  nfInstanceId: is.uuid, nfType: is.one_of("5G_EIR"), nfStatus: STATUS, nfInstanceName: is.text, heartBeatTimer: is.whole(1, 1e6), plmnList: is.list(plmn),
  fqdn: is.fqdn, ipv4Addresses: is.list(is.ipv4), ipv6Addresses: is.list(is.ipv6), priority: is.whole(0, 65535), capacity: is.whole(0, 65535),
  load: is.whole(0, 100), nfServices: is.list(service), allowedNfTypes: is.list(is.text),
};

function faults(v, shape, must) {
  if (typeof v !== "object" || v === null || Array.isArray(v)) return ["no object"];
  const wrong = must.filter((name) => !(name in v)).map((name) => `${name} is missing`);
  for (const [name, value] of Object.entries(v)) {
    if (!(name in shape)) wrong.push(`${name} is not known`);
    else if (shape[name](value) !== true) wrong.push(`${name} is wrong: ${JSON.stringify(value)}`);
  }
  return wrong;
}

function profile_faults(id, text, type) {
  let p;
  if (type !== "application/json") return [`content-type ${type}`];
  try {
    p = JSON.parse(text);
  } catch {
    return ["no JSON"];
  }
  const wrong = faults(p, PROFILE, ["nfInstanceId", "nfType", "nfStatus"]);
  if (p.nfInstanceId !== id) wrong.push("another nfInstanceId than in the path");
  if (!p.fqdn && !p.ipv4Addresses && !p.ipv6Addresses) wrong.push("no address");
  return wrong;
}

function patch_faults(text, type) {
  let p;
  if (type !== "application/json-patch+json") return [`content-type ${type}`];
  try {
    p = JSON.parse(text);
  } catch {
    return ["no JSON"];
  }
  if (!Array.isArray(p) || !p.length) return ["no list"];
  const value = { "/nfStatus": STATUS, "/load": is.whole(0, 100) };
  return p.flatMap((o) => {
    const known = o.op === "replace" && value[o.path] && Object.keys(o).length === 3;
    return known && value[o.path](o.value) ? [] : [`operation ${JSON.stringify(o)}`];
  });
}

// ---- answers ----

function answer(stream, status, body, more = {}) {
  if (stream.destroyed) return;
  const type = body && status >= 400 ? "application/problem+json" : "application/json";
  stream.respond({ ":status": status, ...(body ? { "content-type": type } : {}), ...more }, { endStream: !body });
  if (body) stream.end(JSON.stringify(body));
}

const problem = (status, cause, detail) => ({ status, cause, detail });

function refuse(stream, wrong) {
  state.wrong.push(...wrong);
  answer(stream, 400, problem(400, "MANDATORY_IE_INCORRECT", wrong.join("; ")));
}

function put(stream, id, text, headers) {
  const wrong = profile_faults(id, text, headers["content-type"]);
  if (wrong.length) return refuse(stream, wrong);
  const known = profiles.has(id), p = JSON.parse(text);
  profiles.set(id, p);
  state.puts++;
  state.profile = p;
  answer(stream, known ? 200 : 201, { ...p, heartBeatTimer: heartBeat }, known ? {} : { location: `/nnrf-nfm/v1/nf-instances/${id}` });
}

function patch(stream, id, text, headers) {
  const wrong = patch_faults(text, headers["content-type"]);
  if (wrong.length) return refuse(stream, wrong);
  if (!profiles.has(id)) return answer(stream, 404, problem(404, "CONTEXT_NOT_FOUND"));
  state.beats++;
  state.patch = Object.fromEntries(JSON.parse(text).map((o) => [o.path.slice(1), o.value]));
  answer(stream, 204);
}

function remove(stream, id) {
  if (!profiles.delete(id)) return answer(stream, 404, problem(404, "CONTEXT_NOT_FOUND"));
  state.deletes++;
  answer(stream, 204);
}

// TS 29.510 6.3.5.2.2, .3: client credentials.
function give(stream, text) {
  const asked = new URLSearchParams(text);
  const aud = asked.get("targetNfInstanceId") ? [asked.get("targetNfInstanceId")] : asked.get("targetNfType");
  if (asked.get("grant_type") !== "client_credentials" || !is.uuid(asked.get("nfInstanceId")) || !asked.get("scope") || !aud)
    return answer(stream, 400, { error: "invalid_request" });
  const claims = { iss: ME, sub: asked.get("nfInstanceId"), aud, scope: asked.get("scope"), exp: Math.floor(Date.now() / 1000) + 600 };
  state.tokens++;
  answer(stream, 200, { access_token: token(claims), token_type: "Bearer", expires_in: 600, scope: claims.scope }, { "cache-control": "no-store" });
}

function route(stream, headers, text) {
  const [, id] = headers[":path"].match(/^\/nnrf-nfm\/v1\/nf-instances\/([^/?]+)$/) ?? [];
  const method = headers[":method"];
  state.from = headers["user-agent"] ?? null;
  if (instead && (!instead.method || instead.method === method)) {
    const now = instead;
    if (--now.count <= 0) instead = null;
    state.others++;
    if (now.late) return handle(delayed(stream, now.delay), headers, text, id);
    const more = now.location ? { location: now.location } : {};
    setTimeout(() => answer(stream, now.status, now.body ?? problem(now.status, "SYSTEM_FAILURE"), more), now.delay ?? 0);
  } else handle(stream, headers, text, id);
}

// A stream whose answer waits.
function delayed(stream, ms) {
  return {
    get destroyed() { return stream.destroyed },
    respond: (...words) => setTimeout(() => stream.destroyed || stream.respond(...words), ms),
    end: (...words) => setTimeout(() => stream.destroyed || stream.end(...words), ms),
  };
}

function handle(stream, headers, text, id) {
  const method = headers[":method"];
  if (id && method === "PUT") put(stream, id, text, headers);
  else if (id && method === "PATCH") patch(stream, id, text, headers);
  else if (id && method === "DELETE") remove(stream, id);
  else if (headers[":path"] === "/oauth2/token" && method === "POST") give(stream, text);
  else answer(stream, 404, problem(404, "RESOURCE_URI_STRUCTURE_NOT_FOUND"));
}

const server = certificate
  ? http2.createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key), ca: readFileSync(clients), requestCert: true, rejectUnauthorized: true })
  : http2.createServer();
server.on("stream", (stream, headers) => {
  let text = "";
  stream.on("error", () => {});
  stream.on("data", (bytes) => (text += bytes));
  stream.on("end", () => route(stream, headers, text));
});
server.on("sessionError", () => {});
server.listen(+port, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));

// ---- commands ----

const commands = {
  state: () => ({ ...state, registered: profiles.size }),
  forget: () => (profiles.clear(), {}),
  answer: (c) => ((instead = c.status ? { count: 1, ...c } : null), {}),
  beat: (c) => ((heartBeat = c.seconds), {}),
  sign: (c) => ({ token: token(c.claims, c.alg, c.key) }),
};
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    console.log(JSON.stringify(commands[command.do](command)));
  })
  .on("close", () => process.exit(0)); // who started it is gone
