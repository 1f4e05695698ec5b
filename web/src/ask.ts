// SPDX-License-Identifier: Apache-2.0
// One question to the server. It answers with the page that a browser without a script gets, and the
// parts of that page are shown here: one renderer, so the two cannot say different things. The
// IMEI travels in the body alone.

export type Answer =
  | { kind: "answered"; page: Document }
  | { kind: "limited"; seconds: number }
  | { kind: "unavailable"; said: string }
  | { kind: "offline" | "unreachable" };

const SLOW_MS = 3000;
const GIVE_UP_MS = 20000;

/** What a page without an answer says: a crowd, a text too long. Empty when it is not a page of ours. */
function saidBy(page: Document | null): string {
  const texts = ["main h1", "main .lead"].map((part) => page?.querySelector(part)?.textContent?.trim());
  return texts.filter(Boolean).join(". ");
}

function outcome(request: XMLHttpRequest): Answer {
  const page = request.responseXML;
  if (request.status === 429)
    return { kind: "limited", seconds: Number(request.getResponseHeader("Retry-After")) || 60 };
  if (request.status >= 500 || !page?.querySelector("article.answer, .error"))
    return { kind: "unavailable", said: saidBy(page) };
  return { kind: "answered", page };
}

/** Never rejects. onSlow is called when the answer keeps us waiting. */
export function ask(url: string, form: URLSearchParams, onSlow: () => void): Promise<Answer> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const slow = setTimeout(onSlow, SLOW_MS);
    const end = (answer: Answer) => {
      clearTimeout(slow);
      resolve(answer);
    };
    const lost = () => end({ kind: navigator.onLine ? "unreachable" : "offline" });
    request.open("POST", url);
    request.responseType = "document"; // parsed, no script of it runs
    request.timeout = GIVE_UP_MS;
    request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    request.onload = () => end(outcome(request));
    request.onerror = lost;
    request.ontimeout = lost;
    request.send(form.toString());
  });
}
