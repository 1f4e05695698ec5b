// SPDX-License-Identifier: Apache-2.0
// pictures [DIR] - every page in three languages, light, dark, narrow and on paper, whole, into DIR
// (build/pictures); and into doc/pictures/ each page once, in Kazakh, as far as a tall window shows it, and those that
// the documents show.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { LANGS, Register, launch, root, window } from "../test/browser/house.mjs";
import { pages } from "../test/browser/pages.mjs";

const dir = process.argv[2] ?? join(root, "build/pictures");

/** What the documents show, as a window shows it: page, language, form and the name of its file. */
const SHOWN = {
  "front-kk-light": "check-kk.png",
  "answer-grey-kk-light": "answer-kk.png",
  "answer-black-en-dark": "answer-dark-en.png",
  "mistyped-ru-narrow": "mistyped-ru.png",
  "guide-outcome-ru-light": "guide-ru.png",
};

const FORMS = {
  light: { colorScheme: "light", viewport: { width: 1000, height: 760 } },
  dark: { colorScheme: "dark", viewport: { width: 1000, height: 760 } },
  narrow: { colorScheme: "light", viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 },
  print: { colorScheme: "light", viewport: { width: 794, height: 1123 } },
};

/** doc/pictures/pages/NAME.png */
async function tall(page, name) {
  const was = page.viewportSize();
  await page.setViewportSize({ width: 1000, height: 1400 });
  await page.screenshot({ path: join(root, "doc/pictures/pages", `${name}.png`) });
  await page.setViewportSize(was);
}

const register = new Register();
const browser = await launch();
try {
  const { url } = await register.serve();
  mkdirSync(dir, { recursive: true });
  mkdirSync(join(root, "doc/pictures/pages"), { recursive: true });
  for (const lang of LANGS)
    for (const [form, options] of Object.entries(FORMS)) {
      const { context, page } = await window(browser, url, { lang, ...options });
      for (const { name, go } of pages(register)) {
        await page.emulateMedia({ media: "screen" });
        await go(page, lang);
        if (form === "print") await page.emulateMedia({ media: "print" });
        const picture = `${name}-${lang}-${form}`;
        await page.screenshot({ path: join(dir, `${picture}.png`), fullPage: true });
        if (lang === "kk" && form === "light") await tall(page, name);
        if (SHOWN[picture])
          await page.screenshot({ path: join(root, "doc/pictures", SHOWN[picture]), fullPage: false });
      }
      await context.close();
    }
} finally {
  await browser.close();
  await register.end();
}
