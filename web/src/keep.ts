// SPDX-License-Identifier: Apache-2.0
// Keeps the place while the language changes: what was typed waits in this tab's own storage and is taken
// out at once on the next page. It never stands in an address.
const KEY = "tamga.typed";

interface Kept {
  typed: string;
  asked: boolean;
}

export function keepForLanguage(typed: string, asked: boolean): void {
  try {
    if (typed.trim()) sessionStorage.setItem(KEY, JSON.stringify({ typed, asked }));
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
