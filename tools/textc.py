#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""textc - makes the C table of texts from text/kk.json, ru.json and en.json.

    textc.py OUT.c OUT.h kk.json ru.json en.json

The three files hold the same ids. A text is a string with variables as {name}, or an object of
CLDR plural categories. Anything missing, empty or uneven is an error with its file and id, and
no table is made.
"""
import json
import re
import sys

LANGS = ("kk", "ru", "en")
FORMS = ("one", "few", "many", "other")
PLURALS = {  # CLDR 42, cardinal categories
    "kk": {"one", "other"},
    "ru": {"one", "few", "many", "other"},
    "en": {"one", "other"},
}
ID = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)+\Z")
VARIABLE = re.compile(r"\{([a-z_]+)\}")


def no_double_keys(pairs):
    seen = {}
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"{key}: stands twice")
        seen[key] = value
    return seen


def variables(text):
    return set(VARIABLE.findall(text))


def check_text(lang, key, text, errors):
    """The variables of a text; its mistakes go to errors."""
    if not isinstance(text, str) or not text.strip():
        errors.append(f"{lang}.json: {key}: empty")
        return set()
    if text != text.strip() or "  " in text:
        errors.append(f"{lang}.json: {key}: stray spaces")
    if re.search(r"[{}]", VARIABLE.sub("", text)):
        errors.append(f"{lang}.json: {key}: a brace that belongs to no variable")
    return variables(text)


def check_entry(lang, key, value, errors):
    if not isinstance(value, dict):
        return check_text(lang, key, value, errors)
    if set(value) != PLURALS[lang]:
        want = ", ".join(form for form in FORMS if form in PLURALS[lang])
        errors.append(f"{lang}.json: {key}: plural categories must be {want}")
    found = [check_text(lang, f"{key}/{form}", text, errors) for form, text in value.items()]
    if found and any(names != found[0] for names in found):
        errors.append(f"{lang}.json: {key}: plural forms differ in their variables")
    return found[0] if found else set()


def check(catalogue):
    errors = []
    keys = set().union(*(catalogue[lang] for lang in LANGS))
    names = {}
    for key in sorted(keys):
        if not ID.match(key):
            errors.append(f"{key}: not an id (area.name)")
        if names.setdefault(enum_name(key), key) != key:
            errors.append(f"{key}: same C name as {names[enum_name(key)]}")
        missing = [lang for lang in LANGS if key not in catalogue[lang]]
        for lang in missing:
            errors.append(f"{lang}.json: {key}: missing")
        if missing:
            continue
        if len({isinstance(catalogue[lang][key], dict) for lang in LANGS}) > 1:
            errors.append(f"{key}: plural in one language, plain in another")
        used = {lang: check_entry(lang, key, catalogue[lang][key], errors) for lang in LANGS}
        if any(used[lang] != used[LANGS[0]] for lang in LANGS):
            said = "; ".join(f"{lang} {sorted(used[lang])}" for lang in LANGS)
            errors.append(f"{key}: variables differ: {said}")
    return errors


def enum_name(key):
    return "TEXT_" + re.sub(r"[^A-Za-z0-9]", "_", key).upper()


def c_string(text):
    out = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{{"{out}", {len(text.encode())}}}'


def c_forms(value):
    if not isinstance(value, dict):
        value = {"other": value}
    none = "{NULL, 0}"
    return "{" + ", ".join(c_string(value[f]) if f in value else none for f in FORMS) + "}"


def write(catalogue, c_path, h_path):
    keys = sorted(catalogue[LANGS[0]], key=lambda key: key.encode())
    with open(h_path, "w", encoding="utf-8") as h:
        h.write("/* Made by tools/textc.py from text/kk.json, ru.json, en.json: do not edit. */\n")
        h.write("#ifndef TEXT_TABLE_H\n#define TEXT_TABLE_H\n\n#include \"base/str.h\"\n\n")
        h.write("enum text {\n")
        h.writelines(f"    {enum_name(key)},\n" for key in keys)
        h.write("    TEXT_COUNT\n};\n\nenum { TEXT_LANGS = %d, TEXT_FORMS = %d };\n\n"
                % (len(LANGS), len(FORMS)))
        h.write("/* A text in each language; forms one, few, many, other. */\n"
                "struct text_row {\n    const char *key;\n    bool plural;\n"
                "    struct str form[TEXT_LANGS][TEXT_FORMS];\n};\n"
                "extern const struct text_row text_table[TEXT_COUNT];\n\n#endif\n")
    with open(c_path, "w", encoding="utf-8") as c:
        c.write("/* Made by tools/textc.py from text/kk.json, ru.json, en.json: do not edit. */\n")
        c.write('#include "text_table.h"\n\n')
        c.write("const struct text_row text_table[TEXT_COUNT] = {\n")
        for key in keys:
            plural = "true" if isinstance(catalogue[LANGS[0]][key], dict) else "false"
            c.write(f'    [{enum_name(key)}] = {{"{key}", {plural}, {{\n')
            c.writelines(f"        {c_forms(catalogue[lang][key])},\n" for lang in LANGS)
            c.write("    }},\n")
        c.write("};\n")


def main(argv):
    if len(argv) != 6:
        sys.exit(__doc__)
    catalogue = {}
    for lang, path in zip(LANGS, argv[3:]):
        try:
            with open(path, encoding="utf-8") as f:
                catalogue[lang] = json.load(f, object_pairs_hook=no_double_keys)
        except (OSError, ValueError) as error:
            sys.exit(f"textc: {path}: {error}")
    errors = check(catalogue)
    if errors:
        sys.exit("textc: " + "\ntextc: ".join(errors))
    write(catalogue, argv[1], argv[2])


if __name__ == "__main__":
    main(sys.argv)
