#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""embed_sql.py OUT.c BACKEND_NNN.sql...: the migrations, in the order given, as C tables of strings:
sqlite_schema[], postgres_schema[], each with its ..._schema_version.

The files of a backend must be numbered 001, 002, ... without a gap: their count is the schema's
version."""
import os
import re
import sys

out, files = sys.argv[1], sys.argv[2:]
backends = {}
for path in files:
    found = re.fullmatch(r'([a-z]+)_([0-9]{3})\.sql', os.path.basename(path))
    if not found:
        sys.exit(f'{path}: want BACKEND_NNN.sql')
    texts = backends.setdefault(found[1], [])
    if int(found[2]) != len(texts) + 1:
        sys.exit(f'{path}: want number {len(texts) + 1:03d}')
    with open(path, encoding='utf-8') as file:
        texts.append(file.read().splitlines())
lines = ['/* Made by tools/embed_sql.py from src/store/schema/. */']
for name, texts in backends.items():
    lines += [f'extern const char *const {name}_schema[];',
              f'extern const int {name}_schema_version;',
              f'const char *const {name}_schema[] = {{']
    for text in texts:
        for line in text:
            line = line.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?')
            lines.append(f'    "{line}\\n"')
        lines[-1] += ','
    lines += ['};', f'const int {name}_schema_version = {len(texts)};', '']
with open(out, 'w', encoding='utf-8') as file:
    file.write('\n'.join(lines))
