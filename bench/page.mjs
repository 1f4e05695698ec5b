// SPDX-License-Identifier: Apache-2.0
// page - how soon somebody with a cheap phone on a slow network can ask: 1.6 Mbit/s, 150 ms, a processor four
// times slower, nothing cached. By the browser's own timing: the form of the HTML is painted and whole
// (it can be sent without the script), and the script is ready. Prints each start and the medians.
import { LANGS, Register, launch, window } from "../test/browser/house.mjs";

const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const BYTES_A_SECOND = 1.6e6 / 8;
const LATENCY_MS = 150;
const SLOWER = 4;

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** One start with an empty cache: ms from the beginning of the navigation, and bytes on the wire. */
async function start(browser, url, lang) {
  const { context, page } = await window(browser, url, { lang });
  const session = await context.newCDPSession(page);
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: BYTES_A_SECOND,
    uploadThroughput: BYTES_A_SECOND,
  });
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.goto(`/?lang=${lang}`);
  await page.locator("html[data-script=ready]").waitFor();
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  const times = await page.evaluate(() => ({
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    whole: performance.getEntriesByType("navigation")[0].domInteractive,
    ready: performance.getEntriesByName("script-ready")[0].startTime,
  }));
  await context.close();
  return { form: Math.max(times.painted, times.whole), ready: times.ready, bytes };
}

const register = new Register();
const browser = await launch();
try {
  // As in the field: without the list of samples.
  const { url } = await register.serve({ words: [] });
  await start(browser, url, "kk"); // the browser's own first start
  for (const lang of LANGS) {
    const runs = [];
    for (let i = 0; i < RUNS; i++) runs.push(await start(browser, url, lang));
    const of = (what) => runs.map((run) => Math.round(run[what]));
    console.log(
      `page ${lang} form_ms=${median(of("form"))} ready_ms=${median(of("ready"))} kb_gz=${(median(of("bytes")) / 1000).toFixed(1)}` +
        `  (form ${of("form").join(" ")}; ready ${of("ready").join(" ")})`,
    );
  }
} finally {
  await browser.close();
  await register.end();
}
