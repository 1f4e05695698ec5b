#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The settings file of a process: what it may say, what comes before it, what it is refused for.
set -u
tamga=$PWD/build/tamga
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset TAMGA_REGISTER TAMGA_KEY TAMGA_ACTOR
n=0
is() { # got want what
    n=$((n + 1))
    if [ "$1" = "$2" ]; then echo "ok $n - $3"; else
        echo "not ok $n - $3"
        printf '# got:  %s\n# want: %s\n' "$1" "$2"
    fi
}
printf '; one process\nregister = sqlite:%s/a.db\nactor = anna\n[serve]\nlisten = 127.0.0.1:0\n' "$dir" >"$dir/s.ini"
"$tamga" --register "sqlite:$dir/b.db" user add b >/dev/null
"$tamga" --settings "$dir/s.ini" user add anna >/dev/null
is "$("$tamga" --settings "$dir/s.ini" user list)" anna 'the register of the file'
is "$(TAMGA_REGISTER=sqlite:$dir/b.db "$tamga" --settings "$dir/s.ini" user list)" b 'the environment comes before it'
is "$("$tamga" --settings "$dir/s.ini" --register "sqlite:$dir/b.db" user list)" b 'the command line too'
printf 'grace_days = 5\n' >>"$dir/s.ini"
got=$("$tamga" --settings "$dir/s.ini" user list 2>&1)
is "$?" 2 'a rule of the country is no setting: exit 2'
is "${got#"tamga: $dir/"}" 's.ini:6: SETTING_UNKNOWN `grace_days`: known are register, key, actor, regions, test_tacs, and what doc/operations.md lists for [serve], [limits], [operator NAME] and [face.…]; rules of the country are set with `rules set`' 'and says where'
"$tamga" --settings "$dir/none.ini" user list >"$dir/out" 2>&1
is "$?" 2 'no such file'
long=$(printf 'x%.0s' $(seq 1 190))
printf '# %s grace_days = 5\n; a comment\nregister = sqlite:%s/a.db\n' "$long" "$dir" >"$dir/s.ini"
is "$("$tamga" --settings "$dir/s.ini" user list)" anna 'the end of a long comment is no setting'
printf 'register = sqlite:%s/%s\nactor = anna\n' "$dir" "$long" >"$dir/s.ini"
got=$("$tamga" --settings "$dir/s.ini" user list 2>&1)
is "$? ${got#"tamga: $dir/"}" '2 s.ini:1: SETTING_VALUE: a line has at most 198 bytes, and no NUL: what does not fit goes into the next, indented' 'a line that is too long is told'
echo "1..$n"
