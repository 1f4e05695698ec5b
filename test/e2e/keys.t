#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A key is made with a register and never for one that stands; a held clock writes only to a
# register that was made under it; a row of a day before the duty is white-listing.
set -u
tamga=$PWD/build/tamga
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset TAMGA_ACTOR TAMGA_NOW
export TAMGA_REGISTER=sqlite:$dir/a.db
n=0
is() { # got want what
    n=$((n + 1))
    if [ "$1" = "$2" ]; then echo "ok $n - $3"; else
        echo "not ok $n - $3"
        printf '# got:  %s\n# want: %s\n' "$1" "$2"
    fi
}
suspend() { "$tamga" "$@" suspend --mark stolen --by police --order 1 357350079900013 2>&1; }

suspend >/dev/null
is "$(stat -c %a "$dir/a.db.key")" 600 'the key is its owner'"'"'s alone'
mv "$dir/a.db.key" "$dir/kept"
suspend >"$dir/out"
is "$?" 4 'no key: a writing command is refused'
is "$(grep -c STORE_KEY "$dir/out")" 1 'and says why'
is "$(ls "$dir/a.db.key" 2>/dev/null)" '' 'and makes no other'
mv "$dir/kept" "$dir/a.db.key"
chmod 644 "$dir/a.db.key"
suspend >/dev/null
is "$?" 4 'a key that others can read is refused'
chmod 600 "$dir/a.db.key"
suspend >/dev/null
is "$?" 0 'the right key'

suspend --now 2031-01-01T00:00:00Z >"$dir/out"
is "$?" 2 'a held clock does not write to a register of the real one'
"$tamga" --now 2031-01-01T00:00:00Z check 357350079900013 >/dev/null
is "$?" 1 'it may read'
TAMGA_REGISTER=sqlite:$dir/drill.db TAMGA_NOW=2031-01-01T00:00:00Z suspend >/dev/null
is "$?" 0 'and write to a register that was made under it'

"$tamga" user add anna >/dev/null
"$tamga" user add bolat >/dev/null
printf 'date,imei,imsi,msisdn,rat\n2025-03-01,35735007990002,401010000000001,,\n' >"$dir/old.csv"
TAMGA_ACTOR=anna "$tamga" feed load --operator alpha "$dir/old.csv" >/dev/null 2>&1
is "$?" 3 'a sighting before the duty waits for a second person'
"$tamga" check 35735007990002 | grep -q unknown
is "$?" 0 'and changed nothing'
TAMGA_ACTOR=bolat "$tamga" confirm "$("$tamga" proposals | cut -d' ' -f1)" >/dev/null
"$tamga" check 35735007990002 | grep -q 'white  AMNESTY'
is "$?" 0 'confirmed, it is white'
"$tamga" db check >/dev/null 2>&1
is "$?" 0 'the register is whole'
sqlite3 "$dir/a.db" "UPDATE party SET flags = 0 WHERE name = 'bolat'"
"$tamga" db check >/dev/null 2>&1
is "$?" 4 'an account that was taken away behind the journal is found'
echo "1..$n"
