// SPDX-License-Identifier: Apache-2.0
// All pages that a person can come to, each with the way there: for tests that look at every one of them and
// for the pictures in doc/.

/** On the front page, or wherever the form is: asks for an IMEI and waits for what is said. */
export async function ask(page, imei) {
  await page.locator("#imei").fill(imei);
  await page.locator("form.check button.main").click();
  await page.locator("article.answer, .error").first().waitFor();
}

/** Waits for the script of a page that has one. */
export async function ready(page) {
  await page.locator("html[data-script=ready]").waitFor();
}

const SAMPLES = {
  white: "verified_import",
  grey: "grey_29",
  black: "expired",
  exempt: "machine",
  unknown: "never_seen",
};

/** [{ name, go }]: go(page, lang) opens it. register gives the samples' IMEIs. */
export function pages(register) {
  const imei = (id) => register.samples.find((sample) => sample.id === id).imei;
  const open = (name, path) => ({
    name,
    go: async (page, lang) => {
      await page.goto(`${path}${path.includes("?") ? "&" : "?"}lang=${lang}`);
    },
  });
  const answer = (name, id) => ({
    name,
    go: async (page, lang) => {
      await page.goto(`/check?lang=${lang}`);
      await ask(page, imei(id));
    },
  });
  const number = async (page, lang) => {
    await page.goto(`/check?lang=${lang}`);
    await ask(page, imei("grey_29"));
    return page.locator(".number").first().innerText();
  };
  return [
    {
      name: "front",
      go: async (page, lang) => {
        await page.goto(`/?lang=${lang}`);
        await ready(page);
      },
    },
    {
      name: "front-answer",
      go: async (page, lang) => {
        await page.goto(`/?lang=${lang}`);
        await ready(page);
        await ask(page, imei("grey_29"));
      },
    },
    open("check", "/check"),
    ...Object.entries(SAMPLES).map(([list, id]) => answer(`answer-${list}`, id)),
    answer("answer-stolen", "stolen"),
    answer("answer-held", "held"),
    answer("answer-duplicate", "duplicate"),
    answer("mistyped", "mistyped"),
    open("guide", "/guide"),
    open("guide-outcome", "/guide?way=person.abroad.later"),
    open("questions", "/questions"),
    open("number", "/number"),
    {
      name: "number-genuine",
      go: async (page, lang) => {
        await page.goto(`/number/${await number(page, lang)}?lang=${lang}`);
      },
    },
    open("number-doubtful", "/number/0000-0000-0000-0000-0000"),
    open("sign-in", "/sign-in?next=/cabinet"),
    open("sign-in-staff", "/sign-in/staff"),
    {
      name: "sign-in-wrong",
      go: async (page, lang) => {
        await page.goto(`/sign-in/staff?lang=${lang}`);
        for (const name of ["name", "password", "code"]) await page.fill(`#${name}`, "123456");
        await page.locator("form.check button.main").click();
        await page.locator(".error").waitFor();
      },
    },
    {
      name: "sessions",
      go: async (page, lang) => {
        await page.goto(`/sign-in?next=/sessions&lang=${lang}`);
        if (await page.locator("button[value=person]").count()) await page.locator("button[value=person]").click();
        await page.locator(".sessions li").first().waitFor();
        await page.goto(`/sessions?lang=${lang}`);
      },
    },
    open("not-found", "/nothing-here"),
    open("style", "/style"),
  ];
}
