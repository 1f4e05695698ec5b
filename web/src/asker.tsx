// SPDX-License-Identifier: Apache-2.0
// Below the field: help while typing, how the question goes, the scanner.
import { useEffect, useRef, useState } from "preact/hooks";

import { ask, type Answer } from "./ask";
import { Scanner } from "./scanner";
import { hintFor, imeisOf, type Hint } from "./imei";
import { say } from "./text";

type State = "idle" | "asking" | "slow" | "wrong" | Exclude<Answer, { kind: "answered" }>;

interface Props {
  form: HTMLFormElement;
  field: HTMLTextAreaElement;
  show: (page: Document | null, asked: URLSearchParams) => void; // null: no answer stands any more
  askNow: string | null; // a form that is sent at once
}

function hintText(hint: Hint): string {
  if (hint.kind === "none") return "";
  return say(hint.kind, "n" in hint ? { n: hint.n } : {});
}

/** A pasted screen text becomes the codes that are in it, a line each. */
function onPaste(field: HTMLTextAreaElement, event: ClipboardEvent): void {
  const text = event.clipboardData?.getData("text") ?? "";
  const found = imeisOf(text);
  if (!found.length || text.trim() === found[0]) return;
  event.preventDefault();
  field.setRangeText(found.join("\n"), field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input"));
}

function stateText(state: State): string {
  if (typeof state !== "string") {
    if (state.kind === "limited") return say("limited", { n: state.seconds });
    return (state.kind === "unavailable" && state.said) || say(state.kind);
  }
  return state === "asking" || state === "slow" ? say(state) : "";
}

export function Asker({ form, field, show, askNow }: Props) {
  const [hint, setHint] = useState<Hint>(hintFor(field.value));
  const [state, setState] = useState<State>("idle");
  const [scanning, setScanning] = useState(false);
  const errors = useRef<HTMLDivElement>(null);
  const last = useRef<URLSearchParams | null>(null); // what "again" asks again

  async function send(data: URLSearchParams) {
    last.current = data;
    setState("asking");
    const answer = await ask(form.action, data, () => setState("slow"));
    if (last.current !== data) return; // something else was asked meanwhile
    if (answer.kind !== "answered") {
      show(null, data); // an answer to another code must not be taken for this one's
      return setState(answer);
    }
    const wrong = answer.page.querySelector(".error");
    errors.current?.replaceChildren(...(wrong ? [document.importNode(wrong, true)] : []));
    field.toggleAttribute("aria-invalid", wrong !== null);
    show(answer.page, data);
    setState(wrong ? "wrong" : "idle");
  }

  function sendForm(source = form, submitter: HTMLElement | null = null) {
    const data = new URLSearchParams(new FormData(source) as unknown as Record<string, string>);
    if (submitter instanceof HTMLButtonElement && submitter.name) data.set(submitter.name, submitter.value);
    void send(data);
  }

  useEffect(() => {
    const typed = () => {
      setHint(hintFor(field.value));
      setState((was) => (was === "asking" || was === "slow" ? was : "idle"));
      field.removeAttribute("aria-invalid");
      errors.current?.replaceChildren();
    };
    const paste = (event: ClipboardEvent) => onPaste(field, event);
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      sendForm(event.currentTarget as HTMLFormElement, event.submitter);
    };
    const forms = [form, ...document.querySelectorAll<HTMLFormElement>(".samples form")];
    field.addEventListener("input", typed);
    field.addEventListener("paste", paste);
    for (const one of forms) one.addEventListener("submit", submit);
    if (askNow) void send(new URLSearchParams(askNow));
    return () => {
      field.removeEventListener("input", typed);
      field.removeEventListener("paste", paste);
      for (const one of forms) one.removeEventListener("submit", submit);
    };
  }, []);

  function use(codes: string[]) {
    setScanning(false);
    field.value = codes.join("\n");
    setHint(hintFor(field.value));
    sendForm();
  }

  const failed = typeof state !== "string";
  return (
    <>
      <p class={`typing ${hint.kind}`} role="status">
        {state === "asking" || state === "slow" ? stateText(state) : hintText(hint)}
      </p>
      <div ref={errors} role="alert" />
      {failed && (
        <div class="error" role="alert">
          <p>{stateText(state)}</p>
          <button type="button" class="second" onClick={() => last.current && void send(last.current)}>
            {say("again")}
          </button>
        </div>
      )}
      <div class="buttons">
        <button class="main" disabled={state === "asking" || state === "slow"}>
          {form.dataset.button}
        </button>
        <button type="button" class="second" onClick={() => setScanning(true)}>
          {say("scan")}
        </button>
      </div>
      {scanning && <Scanner files={form.dataset} use={use} close={() => setScanning(false)} />}
    </>
  );
}
