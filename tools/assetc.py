#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""assetc - makes the C table of the page's own files (face/asset.h).

    assetc.py OUT.c FILE...

style.css becomes the row ASSET_STYLE_CSS under the name style.HASH.css, packed as well for those who
take gzip. Comments and line ends of style and signs do not travel. An empty file is one that this
build goes without: its row has no address.
"""
import gzip
import hashlib
import os
import re
import sys

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript; charset=utf-8",
    ".wasm": "application/wasm",
}


def shrink(data, extension):
    """Without comments, indentation and empty lines, where we wrote the file by hand."""
    if extension not in (".css", ".svg"):
        return data
    comment = r"/\*.*?\*/" if extension == ".css" else r"<!--.*?-->"
    text = re.sub(comment, "", data.decode(), flags=re.S)
    return "".join(line.strip() + "\n" for line in text.splitlines() if line.strip()).encode()


def c_array(c, name, data):
    c.write(f"\nstatic const unsigned char {name}[] = {{\n")
    for at in range(0, len(data), 32):
        c.write(",".join(map(str, data[at:at + 32])) + ",\n")
    c.write("};\n")


def c_str(name, data):
    return f"{{(const char *){name}, sizeof {name}}}" if data else "{NULL, 0}"


def main(argv):
    if len(argv) < 3:
        sys.exit(__doc__)
    rows = []
    with open(argv[1], "w", encoding="utf-8") as c:
        c.write("/* Made by tools/assetc.py: do not edit. */\n#include \"face/asset.h\"\n")
        for path in argv[2:]:
            stem, extension = os.path.splitext(os.path.basename(path))
            with open(path, "rb") as f:
                data = shrink(f.read(), extension)
            packed = gzip.compress(data, 9, mtime=0) if data else b""
            if len(packed) * 10 > len(data) * 9:
                packed = b""
            name = f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}{extension}" if data else ""
            variable = re.sub(r"\W", "_", stem + extension)
            for part, end in ((data, ""), (packed, "_gz")):
                if part:
                    c_array(c, variable + end, part)
            rows.append((f"ASSET_{variable}".upper(), name, TYPES[extension], variable, data, packed))
        c.write("\nconst struct asset asset_table[ASSET_COUNT] = {\n")
        for row, name, content_type, variable, data, packed in rows:
            url = f"/static/{name}" if name else ""
            c.write(f'    [{row}] = {{"{name}", "{url}", "{content_type}",\n'
                    f"        {c_str(variable, data)}, {c_str(variable + '_gz', packed)}}},\n")
        c.write("};\n")


if __name__ == "__main__":
    main(sys.argv)
