#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""assetc - makes the C table of the page's own files (face/asset.h).

    assetc.py OUT.c FILE...

style.css becomes the row ASSET_STYLE_CSS under the name style.HASH.css. Comments and line ends of
the sources do not travel.
"""
import hashlib
import os
import re
import sys

TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


def shrink(text, extension):
    """Without comments, indentation and empty lines."""
    comment = r"/\*.*?\*/" if extension == ".css" else r"<!--.*?-->"
    text = re.sub(comment, "", text, flags=re.S)
    return "".join(line.strip() + "\n" for line in text.splitlines() if line.strip())


def c_lines(data):
    for at in range(0, len(data), 24):
        yield "    " + ", ".join(str(byte) for byte in data[at:at + 24]) + ",\n"


def main(argv):
    if len(argv) < 3:
        sys.exit(__doc__)
    rows = []
    with open(argv[1], "w", encoding="utf-8") as c:
        c.write("/* Made by tools/assetc.py: do not edit. */\n#include \"face/asset.h\"\n")
        for path in argv[2:]:
            stem, extension = os.path.splitext(os.path.basename(path))
            with open(path, encoding="utf-8") as f:
                data = shrink(f.read(), extension).encode()
            name = f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}{extension}"
            c.write(f"\nstatic const unsigned char {stem}[] = {{\n")
            c.writelines(c_lines(data))
            c.write("};\n")
            rows.append((f"ASSET_{stem}_{extension[1:]}".upper(), name, TYPES[extension], stem))
        c.write("\nconst struct asset asset_table[ASSET_COUNT] = {\n")
        for row, name, content_type, stem in rows:
            c.write(f'    [{row}] = {{"{name}", "/static/{name}", "{content_type}",\n'
                    f"        {{(const char *){stem}, sizeof {stem}}}}},\n")
        c.write("};\n")


if __name__ == "__main__":
    main(sys.argv)
