// SPDX-License-Identifier: Apache-2.0
// The scanner's own bundle, loaded when its button is pressed: finds barcodes in a picture. Its wasm
// comes from our server, never from another.
import { BarcodeDetector, prepareZXingModule } from "barcode-detector/ponyfill";

import { Eye } from "./eye";

/** The texts of the barcodes that one look at a video finds. */
export type Detect = (video: HTMLVideoElement) => Promise<string[]>;
export type Load = (wasm: string, progress: (percent: number) => void) => Promise<Detect>;

// What stands on boxes: IMEIs mostly as Code 128, sometimes as one QR or Data Matrix with all. ITF knows
// even numbers of digits only and has no check of its own: it would bring nothing but wrong ones.
const formats = ["code_128", "code_39", "qr_code", "data_matrix", "pdf417"] as const;

async function fetchWasm(url: string, progress: (percent: number) => void): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${response.status}`);
  const reader = response.body.getReader();
  const whole = Number(response.headers.get("X-Content-Bytes")) || 0; // before it was packed
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    bytes += value.length;
    if (whole) progress(Math.min(100, Math.round((100 * bytes) / whole)));
  }
  return new Blob(parts as BlobPart[]).arrayBuffer();
}

let detector: BarcodeDetector | undefined; // whoever closes the scanner and opens it again has it at once

export const load: Load = async (wasm, progress) => {
  if (!detector) {
    const wasmBinary = await fetchWasm(wasm, progress);
    await prepareZXingModule({
      overrides: { wasmBinary, locateFile: () => wasm },
      fireImmediately: true,
    });
    detector = new BarcodeDetector({ formats: [...formats] });
  }
  const reader = detector;
  const eye = new Eye();
  return async (video) => {
    const picture = eye.see(video);
    return picture ? (await reader.detect(picture)).map((code) => code.rawValue) : [];
  };
};
