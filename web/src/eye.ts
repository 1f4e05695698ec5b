// SPDX-License-Identifier: Apache-2.0
// What the scanner is shown of the video. A reader of barcodes looks along straight lines: across the long,
// low codes of a box these leave a code that is held a few degrees askew, and of a small one too few dots
// are left. So each look sees the video a little otherwise: as it is, turned, nearer, in turns. The
// picture never has more dots than a slow phone can go through without keeping its owner waiting.

/** How much nearer than whole, and turned by how many degrees. */
interface Look {
  near: number;
  turn: number;
}

// A code ten times as wide as it is high bears 5 degrees either way; upright ones the reader finds itself.
const LOOKS: Look[] = [
  { near: 1, turn: 0 },
  { near: 1, turn: 8 },
  { near: 2, turn: 0 },
  { near: 1, turn: -8 },
  { near: 1, turn: 16 },
  { near: 2, turn: 8 },
  { near: 1, turn: -16 },
  { near: 2, turn: -8 },
];
const SIDE_MAX = 1280;

// In low light dark and bright lie close together. Nearer than this they are pulled apart.
const RANGE_ENOUGH = 128;
const RANGE_NOTHING = 8; // a covered lens: nothing to pull
const STRAYS = 1 / 100; // this share of the dots may lie outside of the range
const SAMPLE_EVERY = 7;

/** The brightness that all dots but the strays have at least; from the other end: at most. */
function edge(count: Uint32Array, from: number, step: number, strays: number): number {
  let at = from;
  for (let n = count[at] ?? 0; n < strays && at + step in count; n += count[at] ?? 0) at += step;
  return at;
}

/** Pulls dark and bright apart where they lie close. Green stands for brightness. */
function stretch({ data }: ImageData): void {
  const count = new Uint32Array(256);
  let sampled = 0;
  for (let i = 1; i < data.length; i += 4 * SAMPLE_EVERY, sampled++) count[data[i] as number]!++;
  const low = edge(count, 0, 1, sampled * STRAYS);
  const range = edge(count, 255, -1, sampled * STRAYS) - low;
  if (range > RANGE_ENOUGH || range < RANGE_NOTHING) return;
  for (let i = 0; i < data.length; i += 4)
    data[i] = data[i + 1] = data[i + 2] = (((data[i + 1] as number) - low) * 255) / range; // clamps
}

/** See() answers how the next look sees the video. */
export class Eye {
  #looks = 0;
  #canvas = document.createElement("canvas");

  see(video: HTMLVideoElement): ImageData | undefined {
    const { videoWidth: w, videoHeight: h } = video;
    const canvas = this.#canvas;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!w || !h || !context) return undefined;
    const { near, turn } = LOOKS[this.#looks++ % LOOKS.length] as Look;
    const scale = Math.min(1, SIDE_MAX / Math.max(w, h));
    canvas.width = Math.round(w * scale); // makes it blank, too
    canvas.height = Math.round(h * scale);
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate((turn * Math.PI) / 180);
    context.scale(near * scale, near * scale);
    context.drawImage(video, -w / 2, -h / 2);
    const image = context.getImageData(0, 0, canvas.width, canvas.height);
    stretch(image);
    return image;
  }
}
