// SPDX-License-Identifier: Apache-2.0
// Keeps the place while the language changes: what was typed, and what the answer on the page was asked
// with, wait in this tab's own storage and are taken out at once on the next page. They never
// stand in an address.
const KEY = "tamga.typed";

interface Kept {
  typed: string;
  asked: string | null; // a form as it was sent
}

export function keepForLanguage(typed: string, asked: string | null): void {
  try {
    if (typed.trim() || asked) sessionStorage.setItem(KEY, JSON.stringify({ typed, asked }));
  } catch {
    // no storage allowed: the language changes all the same
  }
}

export function takeKept(): Kept | null {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return text ? (JSON.parse(text) as Kept) : null;
  } catch {
    return null;
  }
}
