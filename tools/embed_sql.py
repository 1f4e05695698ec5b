#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""embed_sql.py OUT.c FILE...: the migrations, in the order given, as one C table of strings.

The files must be numbered 001, 002, ... without a gap: their count is the schema's version."""
import re
import sys

out, files = sys.argv[1], sys.argv[2:]
lines = ['/* Made by tools/embed_sql.py from src/store/schema/. */',
         '#include "store/store_sqlite.h"', '',
         'const char *const sqlite_schema[] = {']
for number, path in enumerate(files, 1):
    if not re.search(r'_%03d\.sql$' % number, path):
        sys.exit(f'{path}: want number {number:03d}')
    with open(path, encoding='utf-8') as file:
        for line in file.read().splitlines():
            text = line.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?')
            lines.append(f'    "{text}\\n"')
    lines[-1] += ','
lines += ['};', f'const int sqlite_schema_version = {len(files)};', '']
with open(out, 'w', encoding='utf-8') as file:
    file.write('\n'.join(lines))
