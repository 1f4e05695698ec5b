#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# texts - is the catalogue written as doc/glossary.md says? Terms go together in three languages, avoided words
# stand nowhere, letters belong to their alphabet, quotes and spaces are the language's own, and no
# variable has a case ending glued to it.
import json
import re
import sys
import unicodedata

LANGS = ("kk", "ru", "en")
count = failures = 0


def ok(passed, name, why=""):
    global count, failures
    count += 1
    print("ok" if passed else "not ok", count, "-", name)
    if not passed:
        failures += 1
        print("\n".join("# " + line for line in str(why).splitlines()[:20]))


def flat(lang):
    """id -> text; of a plural text all forms together."""
    with open(f"text/{lang}.json", encoding="utf-8") as file:
        return {key: " / ".join(value.values()) if isinstance(value, dict) else value
                for key, value in json.load(file).items()}


def table(heading):
    with open("doc/glossary.md", encoding="utf-8") as file:
        part = file.read().split(f"\n## {heading}\n", 1)[1].split("\n## ")[0]
    rows = [line.strip("| \n").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


TEXT = {lang: flat(lang) for lang in LANGS}
terms, avoided = table("Terms"), table("Not")
ok(len(terms) >= 15 and len(avoided) >= 8, "the glossary is read", (len(terms), len(avoided)))

for row in terms:
    stems = [[stem.lower() for stem in re.findall(r"\*\*(.+?)\*\*", cell)] for cell in row[:3]]
    ok(all(stems) and row[4], f"{row[3]}: three languages and a source", row)
    kk, ru, en = stems
    bad = [f"{lang}: {key}: {TEXT[lang][key]}"
           for key, text in TEXT["ru"].items() if any(re.search(rf"\b{stem}", text.lower()) for stem in ru)
           for lang, wanted in (("kk", kk), ("en", en))
           if not any(stem in TEXT[lang][key].lower() for stem in wanted)]
    ok(not bad, f"{row[3]}: goes together", "\n".join(bad))

for lang, words, *_ in avoided:
    bad = [f"{key}: {text}" for key, text in TEXT[lang].items() if words.lower() in text.lower()]
    ok(not bad, f"{lang}: not «{words}»", "\n".join(bad))

CYRILLIC, LATIN = "А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі", "A-Za-z"
KAZAKH = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"


def each(name, langs, wrong):
    bad = [f"{lang}: {key}: {text}" for lang in langs for key, text in TEXT[lang].items() if wrong(lang, text)]
    ok(not bad, name, "\n".join(bad))


each("no Latin letter in a Cyrillic word, nor the other way", LANGS,
     lambda lang, text: re.search(f"[{CYRILLIC}][{LATIN}]|[{LATIN}][{CYRILLIC}]", text))
each("no Kazakh letter in Russian", ["ru"], lambda lang, text: re.search(f"[{KAZAKH}]", text))
each("no Cyrillic in English", ["en"], lambda lang, text: re.search(f"[{CYRILLIC}]", text.replace("БМҚ АЖ", "")))
whole = "".join(TEXT["kk"].values())
ok(all(letter in whole for letter in "әғқңөұүіӘҚӨҰҮІ"), "the letters of Kazakh are used")
RUSSIAN = {"или", "это", "если", "для", "устройство", "можно", "нужно", "что", "чтобы", "вы", "ваш"}
each("no Russian word in Kazakh", ["kk"], lambda lang, text: RUSSIAN & set(re.findall(r"\w+", text.lower())))
each("quotes are «…» in Kazakh and Russian", ["kk", "ru"], lambda lang, text: re.search(r'["“”„]', text))
each("quotes are closed", LANGS, lambda lang, text: text.count("«") != text.count("»"))
each("spaces stand once, and not before a comma", LANGS, lambda lang, text: re.search(r"  | [,.;:!?]", text))
each("no case ending on a variable", LANGS,
     lambda lang, text: re.search(rf"\}}-?[{CYRILLIC}{LATIN}]", text) or re.search(rf"\}}-[^\s]", text))
each("a number sign keeps its number on its line", LANGS, lambda lang, text: re.search("№[^\u00a0]", text))
each("composed as NFC", LANGS, lambda lang, text: unicodedata.normalize("NFC", text) != text)
each("nobody is promised emergency calls", LANGS,
     lambda lang, text: re.search(r"\b112\b|экстренн|шұғыл қоңырау|emergency", text.lower()))
each("no clause of a law is cited", LANGS, lambda lang, text: re.search(r"\b(пункт|статья|тармақ|clause|article) ?\d", text.lower()))

print(f"1..{count}")
sys.exit(1 if failures else 0)
