#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# layers - holds the house to ARCHITECTURE.md, "The rooms": who may include whom, where SQL
# stands, how long files and functions are, that every source names its licence. TAP.
set -uo pipefail
shopt -s lastpipe # result counts
cd "$(dirname "$0")/.."

# room: the rooms it may include. An arrow includes what stands behind it.
declare -A may=(
    [base]="base"
    [core]="base core"
    [journal]="base core journal"
    [index]="base core journal index"
    [answer]="base core journal index answer"
    [wire]="base wire"
    [s13]="base core journal index answer wire s13"
    [n5geir]="base core journal index answer wire n5geir"
    [node]="base core journal index answer wire node"
    [store]="base core journal store"
    [app]="base core journal index answer store app"
    [bulk]="base core journal index answer store app bulk"
    [people]="base core journal index answer store app people"
    [cases]="base core journal index answer store app bulk people cases"
    [seen]="base core journal index answer store app bulk people seen"
    [clones]="base core journal index answer store app bulk people seen clones"
    [held]="base core journal index answer store app bulk people cases seen clones held"
    [face]="base core journal index answer store app face"
    [portal]="base core journal index answer store app bulk people cases seen clones face portal"
    [cmd]="base core journal index answer store app bulk people seen clones cases held face portal wire s13 n5geir node cmd"
)
n=0
failures=0

result() { # NAME, problems on stdin
    local problems
    problems=$(cat)
    n=$((n + 1))
    if [ -n "$problems" ]; then
        failures=$((failures + 1))
        sed 's/^/# /' <<<"$problems"
        echo "not ok $n - $1"
    else
        echo "ok $n - $1"
    fi
}

sources() {
    find src test bench -name '*.[ch]' -o -name '*.def' 2>/dev/null | sort
}

for room in base core journal index answer wire s13 n5geir node store app bulk people seen clones cases held face portal cmd; do
    grep -Hno '^ *# *include *"[a-z]*/' -r "src/$room" --include='*.[ch]' 2>/dev/null |
        while IFS=: read -r file line include; do
            other=${include#*\"}
            other=${other%/}
            [[ " ${may[$room]} " == *" $other "* ]] ||
                echo "$file:$line: $room may not include $other/"
        done | result "src/$room includes only what it may"
done

grep -rnE '# *include *"(\.\./|/)' src --include='*.[ch]' | result "no include goes round by ../"

for dir in src/*/; do
    room=$(basename "$dir")
    [ -n "${may[$room]:-}" ] || echo "src/$room is no room of ARCHITECTURE.md"
done | result "every folder of src is a room"

grep -rln 'include *<sqlite3\|include *<libpq' src | grep -v '^src/store/' |
    sed 's/$/: SQL outside src\/store/' | result "only src/store includes a database"

grep -rnE '\b(time|gettimeofday|clock_gettime) *\(' src/core src/journal src/index src/answer \
    --include='*.c' | result "the pure rooms have no clock"

sources | while read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 800 ] || echo "$file: $lines lines (800)"
done | result "no file above 800 lines"

# A function is from a line that begins with "{" to the next that begins with "}".
sources | grep '\.c$' | xargs -r awk '
    FNR == 1 { open = 0 }
    /^\{/ { open = FNR }
    /^\}/ { if (open && FNR - open - 1 > 70)
                printf "%s:%d: function of %d lines (70)\n", FILENAME, open, FNR - open - 1
            open = 0 }' | result "no function above 70 lines"

grep -oE "^ +RECORD_[A-Z_]+ = '.'" src/people/record.h | sed 's/.*= //' | sort | uniq -d |
    sed 's/$/: two kinds of record with this letter/' | result "each kind of record has a letter of its own"

git ls-files -co --exclude-standard -- '*.c' '*.h' '*.def' '*.sh' '*.t' '*.sql' '*.css' \
    '*.js' '*.mjs' '*.ts' '*.tsx' '*.build' '.ci/run' Makefile meson_options.txt | sort -u |
    while read -r file; do
        [ -e "$file" ] || continue
        head -3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file: no SPDX line"
    done | result "every source names its licence"

echo "1..$n"
[ $failures -eq 0 ]
