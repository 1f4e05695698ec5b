// SPDX-License-Identifier: Apache-2.0
// qr.mjs FILE.svg - what a camera reads from a code that face/qr.c drew: its lines become a picture of black
// and white, which the reader of the scanner's library reads.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const fromWeb = createRequire(new URL("../../web/package.json", import.meta.url));
const reader = fromWeb("zxing-wasm/reader");
reader.prepareZXingModule({ overrides: { wasmBinary: readFileSync(fromWeb.resolve("zxing-wasm/reader/zxing_reader.wasm")) } });

const SCALE = 4;
const svg = readFileSync(process.argv[2], "utf8");
const side = Number(/viewBox="0 0 (\d+)/.exec(svg)[1]) * SCALE;
const data = new Uint8ClampedArray(side * side * 4).fill(255);
for (const [, x, y, run] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
  for (let row = y * SCALE; row < (Number(y) + 1) * SCALE; row++) {
    for (let column = x * SCALE; column < (Number(x) + Number(run)) * SCALE; column++) {
      data.fill(0, 4 * (row * side + column), 4 * (row * side + column) + 3);
    }
  }
}
const found = await reader.readBarcodes({ data, width: side, height: side, colorSpace: "srgb" }, { formats: ["QRCode"] });
console.log(found[0]?.text ?? "");
