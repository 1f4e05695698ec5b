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
 * The IMEIs of a text such as a phone's *#06# screen or the code of a label: runs of digits, maybe
 * in groups, of which the first 15 have a right check digit ("35-209900-176148-1 / 01" has a version
 * behind it). Each once, in their order.
 */
export function imeisOf(text: string): string[] {
  const found = new Set<string>();
  for (const run of text.match(/\d(?:[ \-/]{0,3}\d){14,17}/g) ?? []) {
    const digits = run.replace(/\D/g, "").slice(0, 15);
    if (checkDigitIsRight(digits)) found.add(digits);
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
