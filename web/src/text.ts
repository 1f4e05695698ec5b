// SPDX-License-Identifier: Apache-2.0
// What the script says, by id, in the language of its bundle.
import { lang, texts } from "texts";

// Plural rules are all that is asked of Intl: browsers know almost nothing else of Kazakh.
const plural = new Intl.PluralRules(lang);

/** A text with its {variables} filled; n also chooses the plural form. */
export function say(id: string, values: Record<string, string | number> = {}): string {
  const text = texts[id];
  if (text === undefined) throw new Error(`no text ${id}`);
  const form =
    typeof text === "string" ? text : (text[plural.select(Number(values.n))] ?? text.other ?? "");
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export { lang };
