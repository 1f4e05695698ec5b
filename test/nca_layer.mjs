// SPDX-License-Identifier: Apache-2.0
// nca_layer DIR [PORT] - a stand-in for NCALayer: a TLS WebSocket on loopback that greets with its version and
// signs what kz.gov.pki.knca.basics/sign is asked, for real, with a key of an authority of its own (openssl).
// DIR gets what it makes; DIR/ca.pem is for [portal] eds_ca. Prints its address. With a name of a key in
// DIR/key it signs with that one: person (as without), organisation, employee, stranger; cancel and fail
// answer as NCALayer does when its window is closed, or when it cannot.
//
// To be used by hand: node test/nca_layer.mjs /tmp/layer 13579, open https://127.0.0.1:13579/ in the browser once and
// accept its certificate, then sign in as with the real one.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { pathToFileURL } from "node:url";

export const IIN = "850314450006";
export const BIN = "150440000003";
const NAME = "АХМЕТОВА АЙГҮЛ";
const FIRM = `/CN=БЕКОВ БОЛАТ/serialNumber=IIN790622300004/O=ТОО Дала Импорт/OU=BIN${BIN}`;
const ORGANISATION = "clientAuth,1.2.398.3.3.4.1.2";

function openssl(dir, words) {
  const done = spawnSync("openssl", words, { cwd: dir, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`openssl ${words.join(" ")}: ${done.stderr}`);
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function authority(dir, name) {
  openssl(dir, [
    ...["req", "-x509", ...NEW_KEY, "-days", "30", "-keyout", `${name}.key`, "-out", `${name}.pem`, "-subj", `/CN=${name}`],
    ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
  ]);
}

function give(dir, ca, name, subject, usage) {
  writeFileSync(
    `${dir}/${name}.ext`,
    `basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=${usage}\n`,
  );
  openssl(dir, ["req", "-new", ...NEW_KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-utf8", "-subj", subject]);
  openssl(dir, [
    ...["x509", "-req", "-in", `${name}.csr`, "-CA", `${ca}.pem`, "-CAkey", `${ca}.key`, "-CAcreateserial"],
    ...["-days", "20", "-out", `${name}.pem`, "-extfile", `${name}.ext`],
  ]);
}

/** The authority, its people, the certificate of the socket. Once a directory. */
export function makeKeys(dir) {
  if (existsSync(`${dir}/tls.pem`)) return;
  mkdirSync(dir, { recursive: true });
  authority(dir, "ca");
  authority(dir, "foreign");
  const person = "clientAuth,1.2.398.3.3.4.1.1";
  give(dir, "ca", "person", `/CN=${NAME}/serialNumber=IIN${IIN}`, person);
  give(dir, "ca", "organisation", FIRM, `${ORGANISATION},1.2.398.3.3.4.1.2.1`);
  give(dir, "ca", "employee", FIRM, `${ORGANISATION},1.2.398.3.3.4.1.2.5`);
  give(dir, "foreign", "stranger", `/CN=${NAME}/serialNumber=IIN${IIN}`, person);
  makeSocketKey(dir);
}

/** The certificate of the socket alone: of a directory that has an authority and people of its own. */
export function makeSocketKey(dir) {
  openssl(dir, [
    ...["req", "-x509", ...NEW_KEY, "-days", "30", "-keyout", "tls.key", "-out", "tls.pem", "-subj", "/CN=127.0.0.1"],
    ...["-addext", "subjectAltName=IP:127.0.0.1"],
  ]);
}

// --- what NCALayer says ---

/** CMS over the bytes, in PEM without its head and foot, as NCALayer gives it. */
function signed(dir, name, args) {
  const { decode, encapsulate } = args.signingParams;
  writeFileSync(`${dir}/content`, decode ? Buffer.from(args.data, "base64") : args.data);
  openssl(dir, [
    ...["cms", "-sign", "-binary", encapsulate ? "-nodetach" : "-noattr", "-md", "sha256", "-in", "content"],
    ...["-signer", `${name}.pem`, "-inkey", `${name}.key`, "-outform", "DER", "-out", "cms"],
  ]);
  const lines = readFileSync(`${dir}/cms`).toString("base64").match(/.{1,64}/g);
  return `-----BEGIN CMS-----\n${lines.join("\n")}\n-----END CMS-----\n`;
}

function answer(dir, request) {
  const { module, method, args } = request;
  if (module !== "kz.gov.pki.knca.basics" || method !== "sign")
    return { status: false, code: "400", message: "MODULE_NOT_FOUND", details: module };
  const how = existsSync(`${dir}/key`) ? readFileSync(`${dir}/key`, "utf8").trim() : "person";
  writeFileSync(`${dir}/asked`, JSON.stringify(request));
  if (how === "cancel") return { status: true, body: {} };
  if (how === "fail") return { status: false, code: "500", message: "SIGN_ERROR", details: "wrong password" };
  return { status: true, body: { result: [signed(dir, how, args)] } };
}

// --- a WebSocket, as far as one peer needs it (RFC 6455): texts of any length, close ---

function send(socket, text, opcode = 1) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(body.length < 126 ? 2 : 4);
  head[0] = 0x80 | opcode;
  head[1] = body.length < 126 ? body.length : 126;
  if (body.length >= 126) head.writeUInt16BE(body.length, 2);
  socket.write(Buffer.concat([head, body]));
}

/** The first whole frame of the bytes, and what follows it; null while it is not whole. */
function frame(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 127;
  const at = short === 126 ? 4 : 2;
  if (short === 127 || bytes.length < at + 4) return null;
  const n = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < at + 4 + n) return null;
  const mask = bytes.subarray(at, at + 4);
  const body = Buffer.from(bytes.subarray(at + 4, at + 4 + n)).map((b, i) => b ^ mask[i % 4]);
  return { opcode: bytes[0] & 15, text: body.toString(), rest: bytes.subarray(at + 4 + n) };
}

function speak(dir, socket) {
  let bytes = Buffer.alloc(0);
  send(socket, JSON.stringify({ result: { version: "1.4" } }));
  socket.on("data", (more) => {
    bytes = Buffer.concat([bytes, more]);
    for (let one; (one = frame(bytes)); bytes = one.rest)
      if (one.opcode === 8) socket.end();
      else if (one.opcode === 1) send(socket, JSON.stringify(answer(dir, JSON.parse(one.text))));
  });
  socket.on("error", () => socket.destroy());
}

/** Starts one; its port, and stop(). */
export async function startLayer(dir, port = 0) {
  makeKeys(dir);
  const server = createServer({ key: readFileSync(`${dir}/tls.key`), cert: readFileSync(`${dir}/tls.pem`) }, (_, out) =>
    out.end("The stand-in for NCALayer is here.\n"),
  );
  const sockets = new Set();
  server.on("upgrade", (request, socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    sockets.add(socket);
    speak(dir, socket);
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [dir, port] = process.argv.slice(2);
  if (!dir) throw new Error("nca_layer DIR [PORT]");
  console.log(`wss://127.0.0.1:${(await startLayer(dir, Number(port ?? 0))).port}`);
}
