#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# textc - the catalogue's compiler takes the real texts and refuses each kind of gap, naming it.
set -uo pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d "${TMPDIR:-/tmp}/tamga-textc.XXXXXX")
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

result() { # STATUS NAME
    n=$((n + 1))
    [ "$1" -eq 0 ] && echo "ok $n - $2" || { failed=1; echo "not ok $n - $2"; }
}

compile() { # DIRECTORY
    python3 tools/textc.py "$dir/t.c" "$dir/t.h" "$1/kk.json" "$1/ru.json" "$1/en.json" 2>"$dir/err"
}

# NAME, MESSAGE, FILE, then Python that changes the texts t of that file
refuses() {
    rm -rf "$dir/text" "$dir/t.c"
    cp -r text "$dir/text"
    python3 - "$dir/text/$3" "$4" <<'PY'
import json, sys
path, change = sys.argv[1:]
t = json.load(open(path))
exec(change)
json.dump(t, open(path, "w"))
PY
    ! compile "$dir/text" && grep -qF "$2" "$dir/err" && [ ! -e "$dir/t.c" ]
    result $? "$1"
}

compile text
result $? "takes the texts of the house"
refuses "a text that one language lacks" "kk.json: check.button: missing" kk.json \
    't.pop("check.button")'
refuses "a text that one language has alone" "ru.json: a.b: missing" en.json 't["a.b"] = "x"'
refuses "an empty text" "ru.json: check.button: empty" ru.json 't["check.button"] = " "'
refuses "a variable that one language lacks" "service.through: variables differ" en.json \
    't["service.through"] = "through"'
refuses "a plural category too few" "ru.json: days.left: plural categories must be one, few" \
    ru.json 't["days.left"].pop("few")'
refuses "a plural category too many" "kk.json: days.left: plural categories must be one, other" \
    kk.json 't["days.left"]["few"] = "{n}"'
refuses "a plural form without its number" "days.left: plural forms differ" en.json \
    't["days.left"]["one"] = "one day left"'
refuses "plural here, plain there" "days.left: plural in one language" en.json \
    't["days.left"] = "{n} days left"'
refuses "a stray brace" "a brace that belongs to no variable" en.json \
    't["check.button"] = "Check {"'
cp -r text "$dir/twice"
sed -i '2p' "$dir/twice/en.json"
! compile "$dir/twice" && grep -qF "stands twice" "$dir/err"
result $? "an id that stands twice"
echo "1..$n"
exit $failed
