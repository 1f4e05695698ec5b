// SPDX-License-Identifier: Apache-2.0
// The module that build.mjs makes of text/LANG.json: ids below "portal.", "sign." or "sending.".
declare module "texts" {
  export const lang: string;
  export const texts: Record<string, string | Record<string, string>>;
}
