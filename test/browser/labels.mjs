// SPDX-License-Identifier: Apache-2.0
// Labels such as stand on boxes of phones, held before Chromium's fake camera. The barcodes are made by the
// writer of the library whose reader the scanner uses; the pictures are Chromium's own.
import { readFileSync, writeFileSync } from "node:fs";

import { fromWeb } from "./house.mjs";

const writer = fromWeb("zxing-wasm/writer");
const wasmBinary = readFileSync(fromWeb.resolve("zxing-wasm/writer/zxing_writer.wasm"));
writer.prepareZXingModule({ overrides: { wasmBinary } });

export const VIEW = { width: 1280, height: 720 };

const STYLE = `
  body { margin: 0; background: #8a7f72; overflow: hidden; }
  .view { width: ${VIEW.width}px; height: ${VIEW.height}px; display: grid; place-items: center; }
  .label { background: #fff; padding: 24px 32px; font: 15px/1.2 sans-serif; display: grid;
    grid-template-columns: auto auto; gap: 12px 56px; align-items: end; }
  .label h1 { font-size: 22px; margin: 0; grid-column: 1 / -1; }
  svg { display: block; }
  .line svg { width: 440px; height: 44px; }
  .square svg { width: 190px; height: 190px; }
  .wide svg { width: 700px; height: 70px; }
  .small svg { width: 260px; height: 60px; }
`;

/** A barcode's markup: its words above it, as on a box. shape: line, wide, square or small. */
async function barcode({ title, text, format = "Code128", shape = "line" }) {
  const made = await writer.writeBarcode(text, { format });
  if (made.error) throw new Error(`${format} ${text}: ${made.error}`);
  const [, width, height] = /<svg width="(\d+)" height="(\d+)"/.exec(made.svg);
  const drawn = made.svg
    .slice(made.svg.indexOf("<svg"))
    .replace("<svg ", `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" `);
  return `<div class="${shape}">${title}${shape === "line" ? ` ${text}` : ""}${drawn}</div>`;
}

/** Takes a picture of a label with these barcodes; look: CSS of the label, light: of all that is seen. */
export async function photograph(browser, codes, { look = "", light = "" } = {}) {
  const page = await browser.newPage({ viewport: VIEW });
  const drawn = await Promise.all(codes.map(barcode));
  await page.setContent(
    `<style>${STYLE}</style><div class="view" style="${light}"><div class="label" style="${look}">` +
      `<h1>Smartphone SM-A546E/DS 256 GB</h1>${drawn.join("")}</div></div>`,
  );
  const picture = await page.screenshot({ type: "jpeg", quality: 85 });
  await page.close();
  return picture;
}

/** What the fake camera shows from its next start on: these pictures, again and again. */
export function film(path, ...pictures) {
  writeFileSync(path, Buffer.concat(pictures));
}
