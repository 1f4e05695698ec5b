// SPDX-License-Identifier: Apache-2.0
// The front page with a script: the form that the server made stays, and gets help while typing, the
// camera, an answer in place. Whatever fails here, the form itself still works.
import { render } from "preact";

import { Actions } from "./actions";
import { Asker } from "./asker";
import { takeKept, keepForLanguage } from "./keep";

const form = document.querySelector<HTMLFormElement>("form.check");
const field = form?.querySelector("textarea");
const helper = document.getElementById("helper");
const answers = document.getElementById("answers");
let asked: string | null = null; // the form that the answers on the page came of

/** The articles of an answer's page, each with its buttons. */
function show(page: Document | null, form: URLSearchParams) {
  if (!answers) return;
  const found = [...(page?.querySelectorAll("article.answer") ?? [])];
  const articles = found.map((article) => document.importNode(article, true));
  asked = articles.length ? form.toString() : null;
  answers.replaceChildren(...articles);
  for (const article of articles) {
    const number = article.querySelector(".number")?.textContent;
    if (!number) continue;
    const place = document.createElement("div");
    place.className = "actions";
    article.append(place);
    render(<Actions number={number} />, place);
  }
  const heading = articles[0]?.querySelector("h2");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
}

if (form && field && helper && answers) {
  const kept = takeKept();
  if (kept) field.value = kept.typed;
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".languages a"))
    link.addEventListener("click", () => keepForLanguage(field.value, asked));
  helper.replaceChildren();
  render(<Asker form={form} field={field} show={show} askNow={kept?.asked ?? null} />, helper);
  document.documentElement.dataset.script = "ready";
  performance.mark("script-ready");
}
