// SPDX-License-Identifier: Apache-2.0
// Signing in by electronic digital signature: asks NCALayer, a program on the reader's own machine, for a
// signature over the server's nonce and sends it as a plain form, so that the way ends in a page like any other.
// Whatever fails is said in words, with what to do; the button stays where it was.
import { NCALayerClient } from "ncalayer-js-client";
import { lang, say } from "./text";

const CONNECT_MS = 6000;
/** While the browser asks its reader for permission, the connection waits for the answer. */
const ASKED_MS = 60000;
/** A nonce that is nearly over is not worth signing: choosing a key takes its time. */
const SPARE_S = 60;

type Trouble = "refused" | "away" | "cancelled" | "failed" | "offline";

class Stopped extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
  }
}

/**
 * Does the browser let this page reach programs on this machine (Local Network Access)? Chromium has had two
 * names for it; other browsers do not ask.
 */
async function permission(): Promise<PermissionState | "unknown"> {
  for (const name of ["loopback-network", "local-network-access"])
    try {
      return (await navigator.permissions.query({ name: name as PermissionName })).state;
    } catch {
      // this browser does not know the name
    }
  return "unknown";
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Stopped("away")), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function connect(url: string): Promise<NCALayerClient> {
  const asked = await permission();
  if (asked === "denied") throw new Stopped("refused");
  const layer = new NCALayerClient(url);
  try {
    await within(asked === "prompt" ? ASKED_MS : CONNECT_MS, layer.connect());
  } catch {
    layer.wsConnection?.close();
    throw new Stopped((await permission()) === "denied" ? "refused" : "away");
  }
  return layer;
}

async function sign(layer: NCALayerClient, nonce: string): Promise<string> {
  try {
    // The signature holds what it signs, byte for byte; base64 is only how it travels.
    const wish = { decode: true, encapsulate: true, digested: false };
    return await layer.basicsSignCMS(null, btoa(nonce), wish, NCALayerClient.basicsSignerAuthAny, lang);
  } catch (error) {
    throw new Stopped((error as { canceledByUser?: boolean }).canceledByUser ? "cancelled" : "failed");
  } finally {
    layer.wsConnection?.close();
  }
}

async function newNonce(): Promise<string> {
  try {
    const answer = await fetch("/api/v1/sign-in/nonce", { cache: "no-store" });
    if (answer.ok) return ((await answer.json()) as { nonce: string }).nonce;
  } catch {
    // said below
  }
  throw new Stopped("offline");
}

function start(form: HTMLFormElement, button: HTMLButtonElement, said: HTMLElement): void {
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  let fresh = performance.now();

  const status = (id: string) => {
    const line = document.createElement("p");
    line.className = "typing";
    line.textContent = say(id);
    said.replaceChildren(line);
  };

  const trouble = (what: Trouble) => {
    const box = document.createElement("div");
    const words = document.createElement("div");
    const head = document.createElement("p");
    const help = document.createElement("p");
    const strong = document.createElement("strong");
    box.className = "error";
    strong.textContent = say(what);
    help.textContent = say(`${what}_help`);
    head.append(strong);
    words.append(head, help);
    const sign = document.querySelector("template#hint-sign");
    if (sign instanceof HTMLTemplateElement) box.append(sign.content.cloneNode(true));
    box.append(words);
    said.replaceChildren(box);
    button.textContent = say("again");
  };

  async function go(): Promise<void> {
    status("looking");
    const layer = await connect(button.dataset.layer ?? "");
    const age = (performance.now() - fresh) / 1000;
    if (age > Number(button.dataset.seconds) - SPARE_S) {
      field("nonce").value = await newNonce();
      fresh = performance.now();
    }
    status("choose");
    field("cms").value = await sign(layer, field("nonce").value);
    status("sending");
    form.submit();
  }

  button.addEventListener("click", (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true"); // and keeps the focus
    document.querySelector("main [role=alert]")?.remove();
    go()
      .catch((error: unknown) => trouble(error instanceof Stopped ? error.trouble : "failed"))
      .finally(() => button.removeAttribute("aria-disabled"));
  });
  button.hidden = false;
  document.getElementById("still")?.remove();
  document.documentElement.dataset.script = "ready";
}

const form = document.querySelector("form#eds");
const button = form?.querySelector("button");
const said = document.getElementById("said");
if (form instanceof HTMLFormElement && button && said) start(form, button, said);
