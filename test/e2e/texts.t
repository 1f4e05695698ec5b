#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# texts - does the catalogue keep to doc/glossary.md and to how each language is written? Terms go
# together in all three languages, avoided forms occur nowhere, letters, quotes and spaces are
# right. The words stand in the glossary alone. At the end each check is shown faults, to be found.
import json
import re
import sys
import unicodedata

LANGS = ("kk", "ru", "en")
GLOSSARY = "doc/glossary.md"
NBSP = "\u00a0"
CYRILLIC = "А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі"
WORD = f"[A-Za-z{CYRILLIC}]+"
VARIABLE = re.compile(r"\{\w+\}")
SENTENCES = re.compile(r"\.(help|lead|public|internal|a)$|^(buy|own)\.[A-Z]")

count = failures = 0


def ok(passed, name, why=()):
    global count, failures
    count += 1
    print(("ok" if passed else "not ok"), count, "-", name, flush=True)
    if not passed:
        failures += 1
        print("\n".join("# " + line for line in why), flush=True)


# The glossary.

def section(heading):
    with open(GLOSSARY, encoding="utf-8") as file:
        found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", file.read(), re.M | re.S)
    return found.group(1)


def rows(heading, width):
    """The rows of the one table under a heading, without its head."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    for row in cells:
        if len(row) != width:
            sys.exit(f"Bail out! {GLOSSARY}: {heading}: {row} has not {width} cells")
    return cells


def phrase(text):
    """сервистік орталы·қ → these two words, the second in any form."""
    words = []
    for word in text.split():
        stem, dot, _ = word.partition("·")
        words.append(re.escape(stem) + (r"\w*" if dot else ""))
    return r"(?<![\w-])" + r"\s+".join(words) + r"(?!\w)"


def phrases(cell):
    parts = [part.strip() for part in cell.split(";") if part.strip()]
    return re.compile("|".join(map(phrase, parts)), re.I) if parts else None


# The catalogue: every text of every language, plural forms apart.

def read():
    texts = {}
    for lang in LANGS:
        with open(f"text/{lang}.json", encoding="utf-8") as file:
            texts[lang] = json.load(file)
    return texts


def forms(value):
    return list(value.values()) if isinstance(value, dict) else [value]


def whole(value):
    return "\n".join(forms(value))


def each(texts, *langs):
    for lang in langs or LANGS:
        for key, value in texts[lang].items():
            for text in forms(value):
                yield lang, key, text


def found_in(texts, pattern, *langs):
    """Where a pattern stands, as lines to be printed."""
    found = []
    for lang, key, text in each(texts, *langs):
        found += [f"{lang} {key}: {m.group()!r} in {text!r}" for m in re.finditer(pattern, text)]
    return found


# The checks: each gives the lines of what is wrong.

def terms(texts):
    for row in rows("Terms", 5):
        words = dict(zip(LANGS, map(phrases, row)))
        for key, value in texts["ru"].items():
            if not words["ru"].search(whole(value)):
                continue
            for lang in ("kk", "en"):
                if not words[lang].search(whole(texts[lang][key])):
                    yield f"{lang} {key}: no {row[LANGS.index(lang)]!r}: {texts[lang][key]!r}"


def avoided(texts):
    for lang, avoid, say, beside, _ in rows("Forms to avoid", 5):
        words = phrases(avoid)
        allowed = [part.strip() for part in beside.split(";") if part.strip()]
        for _, key, text in each(texts, lang):
            for part in allowed:
                text = re.sub(re.escape(part), "", text, flags=re.I)
            if words.search(text):
                yield f"{lang} {key}: {words.search(text).group()!r}, say {say!r}"


def plain_or_plural(words):
    return words | {word[:-1] for word in words if word.endswith("s")}


def letters(texts):
    """Latin letters that look like Cyrillic ones, and the other way round."""
    for lang, key, text in each(texts):
        for word in re.findall(WORD, VARIABLE.sub("", text)):
            if re.search("[A-Za-z]", word) and re.search(f"[{CYRILLIC}]", word):
                yield f"{lang} {key}: two alphabets in {word!r}"
    for key in texts["kk"]:
        latin = {lang: set(re.findall("[A-Za-z]+", VARIABLE.sub("", whole(texts[lang][key]))))
                 for lang in LANGS}
        if latin["kk"] != latin["ru"] or not latin["kk"] <= plain_or_plural(latin["en"]):
            yield f"{key}: Latin words differ: {latin['kk']} {latin['ru']}"


def kazakh(texts):
    yield from found_in(texts, "[ЁёЩщЪъ]", "kk")
    yield from found_in(texts, "[ӘәҒғҚқҢңӨөҰұҮүҺһІі]", "ru")
    yield from (f"en {key}: Cyrillic: {text!r}" for _, key, text in each(texts, "en")
                if re.search(f"[{CYRILLIC}]", text.replace("БМҚ АЖ", "")))
    used = "".join(text for _, _, text in each(texts, "kk")).lower()
    yield from (f"kk: no {letter!r} anywhere" for letter in "әғқңөұүһі" if letter not in used)
    shared = set(re.findall(WORD, section("Words that Kazakh and Russian share").split(":", 1)[1]))
    words = {lang: {} for lang in LANGS}
    for lang, key, text in each(texts):
        words[lang].update((w.lower(), key) for w in re.findall(f"[{CYRILLIC}]{{2,}}", text))
    both = (words["kk"].keys() & words["ru"].keys()) - shared
    yield from (f"kk {words['kk'][word]}: a Russian word: {word!r}" for word in sorted(both))


def composed(texts):
    yield from (f"{lang} {key}: not NFC" for lang, key, text in each(texts)
                if unicodedata.normalize("NFC", text) != text)


def variables(texts):
    for key in texts["kk"]:
        sets = [sorted(set(VARIABLE.findall(whole(texts[lang][key])))) for lang in LANGS]
        if sets[0] != sets[1] or sets[0] != sets[2]:
            yield f"{key}: variables differ: {sets}"
    yield from found_in(texts, rf"\}}[-‑’'\w{{]|\w\{{")


def marks(texts):
    yield from found_in(texts, "['\"`„“”‘’]", "kk", "ru")
    yield from found_in(texts, "['\"`„«»‘]", "en")
    for lang, key, text in each(texts):
        quotes = re.sub("[^«»“”]", "", text)
        if quotes.replace("“”" if lang == "en" else "«»", ""):
            yield f"{lang} {key}: quotes do not match: {text!r}"
    yield from found_in(texts, r"—|\s-\s|\w–\w|\.\.|…\.")


def spaces(texts):
    yield from found_in(texts, r"\s\s|^\s|\s$|\s[,.;:!?»”)]|[«“(]\s")
    yield from found_in(texts, rf"[,;!?](?=[^\s»”)])|\.(?=[{CYRILLIC}]{{2}})")
    yield from found_in(texts, rf"№(?!{NBSP}[\d{{])|\bNo\.(?!{NBSP}\d)|\d \d{{3}}(?!\d)")
    yield from found_in(texts, r"(?<!\d)(?!(?:19|20)\d\d\b)\d{4,}")


def ends(texts):
    """Sentences end as sentences do, and a text ends alike in all three languages."""
    for key in texts["kk"]:
        got = {lang: {last_mark(text) for text in forms(texts[lang][key])} for lang in LANGS}
        if got["kk"] != got["ru"] or got["kk"] != got["en"] or len(got["kk"]) > 1:
            yield f"{key}: ends differently: {got}"
        every = [text for lang in LANGS for text in forms(texts[lang][key])]
        many = any(re.search(r"[.?!] \w", text) for text in every)
        if (many or SENTENCES.search(key)) and not got["kk"] <= {".", "?", ":"}:
            yield f"{key}: no end: {texts['en'][key]!r}"


def last_mark(text):
    return text[-1] if text[-1] in ".?!…:;" else ""


CHECKS = (
    ("terms go together in all three languages", terms),
    ("avoided forms occur nowhere", avoided),
    ("no letter of the other alphabet in a word", letters),
    ("Kazakh has all its letters and no Russian", kazakh),
    ("letters are composed (NFC)", composed),
    ("variables are the same, nothing hangs on them", variables),
    ("quotes, apostrophes and dashes", marks),
    ("spaces, and those where no line may break", spaces),
    ("sentences end", ends),
)


# What each check must find: language, id, a faulty text.
FAULTS = (
    (terms, "kk", "reason.VERIFIED.public", "Құрылғы тексерілген."),
    (terms, "en", "list.grey.title", "Watch list"),
    (avoided, "kk", "guide.used.yes", "Иә не жоқ"),
    (avoided, "kk", "guide.used.yes", "1 шілдеге дейін"),
    (avoided, "kk", "guide.used.yes", "Құрылғыны таңбалаңыз"),
    (avoided, "ru", "guide.used.yes", "Это нелегальный телефон"),
    (avoided, "en", "service.through", "Service is provided until {through}"),
    (letters, "ru", "check.button", "Пpоверить"),
    (letters, "kk", "check.button", "Teксеру"),
    (letters, "ru", "check.button", "Проверить c кодом"),
    (kazakh, "kk", "check.button", "Проверить"),
    (kazakh, "kk", "check.button", "Ещё"),
    (kazakh, "ru", "check.button", "Тексеріп көру"),
    (kazakh, "en", "check.button", "Тексеру"),
    (kazakh, "kk", "check.button", "Код или атау"),
    (composed, "ru", "check.button", "Проверьте и\u0306"),
    (variables, "en", "service.through", "Service is provided"),
    (variables, "kk", "service.through", "Қызмет {through}-де көрсетіледі"),
    (variables, "ru", "service.through", "Услуги предоставляются {through}го"),
    (marks, "en", "check.button", "Don't"),
    (marks, "ru", "check.button", "Проверить “код”"),
    (marks, "kk", "check.button", "»Тексеру«"),
    (marks, "ru", "check.button", "Проверить — код"),
    (spaces, "ru", "check.button", "Проверить  код"),
    (spaces, "ru", "check.button", "Приказ № 226"),
    (spaces, "kk", "check.button", "50 000 код"),
    (spaces, "kk", "check.button", "50000 код"),
    (spaces, "en", "check.button", "Check ,please"),
    (ends, "kk", "check.button", "Тексеру."),
    (ends, "en", "own.VERIFIED", "There is nothing you need to do"),
)


def finds_faults(texts):
    for check, lang, key, text in FAULTS:
        faulty = {**texts, lang: {**texts[lang], key: text}}
        found = [line for line in check(faulty) if key in line]
        ok(found, f"{check.__name__}: {text!r} is found", [f"{lang} {key} passed"])
    poor = {**texts, "kk": {key: "Тексеру" for key in texts["kk"]}}
    ok(any("'ұ'" in line for line in kazakh(poor)), "kazakh: a letter that is never used is missed")


def main():
    texts = read()
    ok(len(rows("Terms", 5)) > 40 and len(rows("Forms to avoid", 5)) > 20, "the glossary was read")
    bare = [row for row in rows("Terms", 5) if not all(row)]
    ok(not bare, "every term has three languages and a source", map(str, bare))
    for name, check in CHECKS:
        wrong = list(check(texts))
        ok(not wrong, name, wrong)
    finds_faults(texts)
    print(f"1..{count}")
    return 1 if failures else 0


sys.exit(main())
