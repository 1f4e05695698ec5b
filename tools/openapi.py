#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openapi.py OUT.c openapi.json errors.def: the document as it is served, as a C string.

The list of reasons is made from the table of errors, so that it cannot be forgotten there; what the
test alone needs (x-replay, x-not-replayed, x-pages) is left out."""
import json
import re
import sys

ROW = re.compile(r"^X\(ERR_(\w+), (\d+),", re.M)


def without_replays(value):
    if isinstance(value, list):
        return [without_replays(item) for item in value]
    if isinstance(value, dict):
        own = ("x-replay", "x-not-replayed", "x-pages")
        return {key: without_replays(item) for key, item in value.items() if key not in own}
    return value


def main(argv):
    if len(argv) != 4:
        sys.exit(__doc__)
    with open(argv[2], encoding="utf-8") as file:
        document = json.load(file)
    with open(argv[3], encoding="utf-8") as file:
        rows = ROW.findall(file.read())
    document["components"]["schemas"]["Reason"]["enum"] = [
        name for name, status in rows if int(status) >= 400]
    text = json.dumps(without_replays(document), ensure_ascii=False, separators=(",", ":"))
    data = (text + "\n").encode()
    with open(argv[1], "w", encoding="utf-8") as c:
        c.write("/* Made by tools/openapi.py: do not edit. */\n#include \"face/openapi.h\"\n\n"
                "static const unsigned char bytes[] = {\n")
        for at in range(0, len(data), 24):
            c.write("    " + ", ".join(str(byte) for byte in data[at:at + 24]) + ",\n")
        c.write("};\n\nconst struct str openapi_document = {(const char *)bytes, sizeof bytes};\n")


if __name__ == "__main__":
    main(sys.argv)
