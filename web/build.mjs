// SPDX-License-Identifier: Apache-2.0
// build OUT - bundles: one script a language for the front page, one for the sign-in, one for files of devices, each
// with just the texts of the catalogue that it says ("portal.…", "sign.…", "sending.…"), so that no second request is needed before it is
// ready; and the scanner, which loads when its button is pressed.
import { copyFileSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "out");

const common = {
  bundle: true,
  format: "esm",
  target: "es2020",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};

/** The module "texts": a script's share of one language. */
function texts(lang, prefix) {
  const all = JSON.parse(readFileSync(join(here, "..", "text", `${lang}.json`), "utf8"));
  const ours = Object.fromEntries(
    Object.entries(all)
      .filter(([id]) => id.startsWith(prefix))
      .map(([id, text]) => [id.slice(prefix.length), text]),
  );
  return {
    name: "texts",
    setup(run) {
      run.onResolve({ filter: /^texts$/ }, () => ({ path: lang, namespace: "texts" }));
      run.onLoad({ filter: /.*/, namespace: "texts" }, () => ({
        contents: `export const lang = ${JSON.stringify(lang)};\nexport const texts = ${JSON.stringify(ours)};`,
      }));
    },
  };
}

for (const lang of ["kk", "ru", "en"]) {
  await build({
    ...common,
    entryPoints: [join(here, "src", "portal.tsx")],
    outfile: join(out, `portal-${lang}.js`),
    jsx: "automatic",
    jsxImportSource: "preact",
    plugins: [texts(lang, "portal.")],
  });
  await build({
    ...common,
    entryPoints: [join(here, "src", "sign.ts")],
    outfile: join(out, `sign-${lang}.js`),
    plugins: [texts(lang, "sign.")],
  });
  await build({
    ...common,
    entryPoints: [join(here, "src", "files.ts")],
    outfile: join(out, `files-${lang}.js`),
    plugins: [texts(lang, "sending.")],
  });
}
await build({ ...common, entryPoints: [join(here, "src", "scan.ts")], outfile: join(out, "scan.js") });
copyFileSync(join(here, "node_modules", "zxing-wasm", "dist", "reader", "zxing_reader.wasm"), join(out, "zxing_reader.wasm"));
