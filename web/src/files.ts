// SPDX-License-Identifier: Apache-2.0
// Sends a file of devices by pieces, and goes on after a broken connection or from another page: the server says
// how much it has (HEAD, 409), so nothing is kept here but the file that its reader has chosen. When all has come
// the server checks it, and a page shows what was found. That page waits here, too, where a script runs.
import { Sha256 } from "./sha256";
import { lang, say } from "./text";

const HASHED = 8 << 20;
const WAIT_MS = [1000, 2000, 4000, 8000];
const LOOK_MS = 700;

/** Sending ends here, with words for its reader. */
class Stopped extends Error {}
/** Nobody answered, or is too busy: the same again a little later. */
class Later extends Error {}

interface Upload {
  id: string;
  state: string;
  progress: number | null;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function element<T extends HTMLElement>(id: string, kind: new () => T): T | null {
  const found = document.getElementById(id);
  return found instanceof kind ? found : null;
}

/** One request to the API. What it may be asked for anew is Later; what its reader must hear is Stopped. */
async function ask(method: string, path: string, csrf: string, more: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/uploads${path}`, {
      method,
      cache: "no-store",
      ...more,
      headers: { "Accept-Language": lang, "X-Tamga-CSRF": csrf, ...more.headers },
    });
  } catch {
    throw new Later();
  }
  if (answer.ok || answer.status === 409) return answer;
  if (answer.status === 401) throw new Stopped(say("signed_out"));
  if (answer.status === 429 || answer.status >= 500) throw new Later();
  if ((await reason(answer)) === "FILE_KIND") throw new Unfit();
  throw new Stopped(await told(answer));
}

/** What a problem (RFC 9457) says of itself. */
async function told(answer: Response): Promise<string> {
  try {
    const problem = (await answer.json()) as { title?: string; detail?: string };
    return [problem.title, problem.detail].filter(Boolean).join(". ") || say("failed");
  } catch {
    return say("failed");
  }
}

/** Its first bytes are those of a workbook, an archive, a picture: its page says so. */
class Unfit extends Error {}

async function reason(answer: Response): Promise<string> {
  try {
    return ((await answer.clone().json()) as { reason?: string }).reason ?? "";
  } catch {
    return "";
  }
}

async function bytes(file: File, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.slice(from, to).arrayBuffer());
  } catch {
    throw new Stopped(say("changed"));
  }
}

const json = (value: unknown): RequestInit => ({
  body: JSON.stringify(value),
  headers: { "Content-Type": "application/json" },
});

class Sender {
  readonly #form: HTMLFormElement;
  readonly #button: HTMLButtonElement;
  readonly #input: HTMLInputElement;
  readonly #said: HTMLElement;
  readonly #progress: HTMLProgressElement;
  readonly #csrf: string;
  readonly #bytes: number; // of a piece
  #id: string;
  #file = new File([], "");
  #hash = new Sha256();
  #hashed = 0;
  #sha256 = "";
  #waits = 0;

  constructor(form: HTMLFormElement, input: HTMLInputElement, said: HTMLElement, progress: HTMLProgressElement) {
    this.#form = form;
    this.#button = form.querySelector("button")!;
    this.#input = input;
    this.#said = said;
    this.#progress = progress;
    this.#csrf = form.dataset.csrf ?? "";
    this.#bytes = Number(form.dataset.piece); // read once: the server says how much it takes
    this.#id = form.dataset.upload ?? "";
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#button.getAttribute("aria-disabled") === "true") return;
      this.#button.setAttribute("aria-disabled", "true"); // and keeps the focus
      this.#go()
        .catch((error: unknown) => this.#trouble(error instanceof Stopped ? error.message : say("failed")))
        .finally(() => this.#button.removeAttribute("aria-disabled"));
    });
    document.getElementById("still")?.remove();
    form.hidden = false;
  }

  #status(words: string): void {
    if (this.#said.textContent === words) return; // a screen reader hears it once
    const line = document.createElement("p");
    line.className = "typing";
    line.textContent = words;
    this.#said.replaceChildren(line);
  }

  #trouble(words: string): void {
    const box = document.createElement("div");
    const line = document.createElement("p");
    box.className = "error";
    line.textContent = words;
    const sign = document.querySelector("template#hint-sign");
    if (sign instanceof HTMLTemplateElement) box.append(sign.content.cloneNode(true));
    box.append(line);
    this.#said.replaceChildren(box);
    this.#progress.hidden = true;
  }

  #choose(): void {
    const file = this.#input.files?.[0];
    const most = Number(this.#form.dataset.most);
    const begun = Number(this.#form.dataset.bytes);
    if (!file) throw new Stopped(say("none"));
    if (!file.size) throw new Stopped(say("empty"));
    if (file.size > most) throw new Stopped(say("large", { n: most >> 20 }));
    if (this.#id && begun && file.size !== begun) throw new Stopped(say("other"));
    if (file === this.#file) return;
    this.#file = file;
    this.#hash = new Sha256();
    this.#hashed = 0;
    this.#sha256 = "";
  }

  /** Where the pages of this file stand. */
  #path(): string {
    const kind = this.#form.dataset.kind;
    return `/files/${this.#id}${kind ? `.${kind}` : ""}${location.search}`;
  }

  async #begin(): Promise<void> {
    const answer = await ask("POST", "", this.#csrf, json({ name: this.#file.name, bytes: this.#file.size }));
    if (!answer.ok) throw new Stopped(await told(answer));
    this.#id = ((await answer.json()) as Upload).id;
    this.#form.dataset.bytes = String(this.#file.size);
    history.replaceState(null, "", this.#path()); // loaded anew, the page goes on with this one
  }

  /** Bytes that the server has. */
  async #offset(): Promise<number> {
    const answer = await ask("HEAD", `/${this.#id}`, this.#csrf);
    return Number(answer.headers.get("Upload-Offset") ?? 0);
  }

  /** The sum of the first bytes, as far as `to`. */
  async #sum(to: number): Promise<void> {
    while (this.#hashed < to) {
      const next = Math.min(to, this.#hashed + HASHED);
      this.#hash.add(await bytes(this.#file, this.#hashed, next));
      this.#hashed = next;
      await pause(0); // the page stays alive
    }
  }

  async #piece(offset: number): Promise<number> {
    const body = await bytes(this.#file, offset, offset + this.#bytes);
    const answer = await ask("PATCH", `/${this.#id}`, this.#csrf, {
      body,
      headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) },
    });
    const stands = answer.headers.get("Upload-Offset");
    if (stands === null) throw new Stopped(await told(answer));
    return Number(stands); // of a 409, too: from there it goes on
  }

  #shown(offset: number): void {
    const percent = Math.floor((100 * offset) / this.#file.size);
    this.#progress.value = percent;
    this.#status(say("sending", { n: percent - (percent % 10) }));
  }

  async #send(): Promise<void> {
    if (!this.#id) await this.#begin();
    let offset = await this.#offset();
    while (offset < this.#file.size) {
      this.#shown(offset);
      const stood = offset;
      offset = await this.#piece(offset);
      if (offset > stood) this.#waits = 0;
    }
    this.#shown(offset);
    await this.#sum(this.#file.size);
    this.#sha256 ||= this.#hash.end();
    const answer = await ask("POST", `/${this.#id}/check`, this.#csrf, json({ sha256: this.#sha256 }));
    if (answer.ok) return;
    const state = (await (await ask("GET", `/${this.#id}`, this.#csrf)).json()) as Upload;
    if (state.state === "receiving") throw new Stopped(await told(answer));
    // else it was told before, and the answer did not arrive
  }

  async #go(): Promise<void> {
    this.#choose();
    this.#progress.hidden = false;
    this.#status(say("reading"));
    await this.#sum(Math.min(HASHED, this.#file.size)); // whether it can be read at all
    for (;;)
      try {
        await this.#send();
        break;
      } catch (error) {
        if (error instanceof Unfit) break;
        if (!(error instanceof Later)) throw error;
        this.#status(say("waiting"));
        await pause(WAIT_MS[Math.min(this.#waits++, WAIT_MS.length - 1)]!);
      }
    location.assign(this.#path());
  }
}

/** A file that is being checked: when that is over, the page says what was found. */
async function wait(progress: HTMLProgressElement): Promise<void> {
  for (;;) {
    await pause(LOOK_MS);
    try {
      const answer = await ask("GET", `/${progress.dataset.upload}`, "");
      const upload = (await answer.json()) as Upload;
      if (upload.progress !== null) progress.value = 1000 * upload.progress;
      if (upload.state !== "checking") break;
    } catch (error) {
      if (!(error instanceof Later)) break; // the page itself says why
    }
  }
  location.reload();
}

const form = element("send", HTMLFormElement);
const input = element("file", HTMLInputElement);
const said = element("said", HTMLElement);
const progress = element("progress", HTMLProgressElement);
const checking = element("checking", HTMLProgressElement);
if (form && input && said && progress) new Sender(form, input, said, progress);
if (checking) void wait(checking);
document.documentElement.dataset.script = "ready";
