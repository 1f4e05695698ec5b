// SPDX-License-Identifier: Apache-2.0
// What a person has typed, pasted or scanned. The server judges; this only helps before it is asked.

/** Is the last of 15 digits the check digit of the others? TS 23.003 annex B. */
export function checkDigitIsRight(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const digit = digits.charCodeAt(i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits.length === 15 && sum % 10 === 0;
}

/**
 * The IMEIs of a text such as a phone's *#06# screen or the code of a label: whole groups of digits that
 * together are 15 with a right check digit ("35-209900-176148-1 / 01" has a version behind it). A
 * longer number, such as a SIM card's, holds none. Each once, in their order.
 */
export function imeisOf(text: string): string[] {
  const found = new Set<string>();
  const unnumbered = text.replace(/(\p{L} ?)\d(?= )/gu, "$1"); // "IMEI 1 35…"
  for (const run of unnumbered.match(/\d[\d \u00a0\-/]*/g) ?? []) {
    const groups = run.match(/\d+/g) ?? [];
    for (let from = 0; from < groups.length; from++) {
      let digits = "";
      let to = from;
      while (to < groups.length && digits.length < 15) digits += groups[to++];
      if (!checkDigitIsRight(digits)) continue;
      found.add(digits);
      from = to - 1;
    }
  }
  return [...found];
}

export type Hint =
  | { kind: "none" }
  | { kind: "left"; n: number }
  | { kind: "right" | "mistyped" | "long" | "letters" }
  | { kind: "several"; n: number };

/** Help while typing. A number that is still short is no mistake. */
export function hintFor(typed: string): Hint {
  const parts = typed.split(/[\r\n,;]+/).filter((part) => part.trim() !== "");
  if (parts.length > 1) return { kind: "several", n: parts.length };
  const one = parts[0] ?? "";
  if (/[^\d\s\-/]/.test(one)) return { kind: "letters" };
  const digits = one.replace(/\D/g, "");
  if (digits === "") return { kind: "none" };
  if (digits.length < 15) return { kind: "left", n: 15 - digits.length };
  if (digits.length > 16) return imeisOf(one).length > 1 ? { kind: "none" } : { kind: "long" };
  if (digits.length === 16) return { kind: "none" }; // with a software version: no check digit
  return { kind: checkDigitIsRight(digits) ? "right" : "mistyped" };
}
