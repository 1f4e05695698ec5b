#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# feed_reader - what a node must do with an answer of the feed, written a second time from doc/formats.md alone: cuts
# the frames, makes Merkle roots (RFC 6962) and hashes, holds the chain together, believes the signature.
#
#   feed_reader.py KEYFILE FRAMES [CURSOR]    prints one line of JSON, or why it does not believe
#   feed_reader.py --tac KEYFILE FILE         the same of a signed list of models
import ctypes
import hashlib
import json
import struct
import sys

sodium = ctypes.CDLL("libsodium.so.23")


def sha(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def signed(public, signature, message):
    return sodium.crypto_sign_verify_detached(signature, message, ctypes.c_ulonglong(len(message)), public) == 0


def root_of(leaves):
    """RFC 6962 2.1: split at the largest power of two below the count."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha(b"\1", root_of(leaves[:half]), root_of(leaves[half:]))


def items_of(body):
    at = 0
    while at < len(body):
        length = shift = 0
        while True:
            byte = body[at]
            at += 1
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        yield body[at:at + length]
        at += length


def read_block(rest):
    header, previous = rest[:88], rest[88:120]
    assert header[:4] == b"TGB1", "magic"
    first, count, size = struct.unpack(">QII", header[4:20])
    body, section = rest[120:120 + size], rest[120 + size:]
    items = list(items_of(body))
    assert len(items) == count, "count of items"
    root = root_of([sha(b"\0", item) for item in items])
    assert header[56:88] == (sha(section) if section else bytes(32)), "section"
    return first, count, previous, sha(header, previous, root), [chr(item[0]) for item in items]


def read_key(path):
    with open(path) as file:
        key = dict(line.strip().split("=", 1) for line in file)
    assert set(key) == {"register", "public", "subscriber", "api_key"}, sorted(key)
    return {name: value if name == "api_key" else bytes.fromhex(value) for name, value in key.items()}


def frames_of(data):
    at = 0
    while at < len(data):
        kind, size = data[at:at + 1], struct.unpack(">I", data[at + 1:at + 5])[0]
        assert at + 5 + size <= len(data), "cut off"
        yield kind, data[at + 5:at + 5 + size]
        at += 5 + size


def read_feed(key, data, cursor):
    seq, before = 1, key["register"] + bytes(16)
    if cursor:
        seq, before = int(cursor.split("-")[0]), bytes.fromhex(cursor.split("-")[1])
    blocks = rows = 0
    head = None
    for kind, rest in frames_of(data):
        assert head is None, "a frame behind the head"
        if kind == b"H":
            head = rest
            continue
        assert kind == b"B", kind
        first, count, previous, now, items = read_block(rest)
        assert first == seq, f"block {first}, wanted {seq}"
        assert previous[:len(before)] == before, f"chain broken at {seq}"
        seq, before, blocks, rows = first + count, now, blocks + 1, rows + items.count("R")
    assert head is not None and len(head) == 136, "no head"
    register, next_seq, now, own, written = head[:16], *struct.unpack(">Q32sQQ", head[16:72])
    assert register == key["register"], "another register"
    assert next_seq == seq and now[:len(before)] == before, "the head is not of these blocks"
    assert signed(key["public"], head[72:], b"tamga feed head" + head[:72]), "signature"
    return {"blocks": blocks, "rows": rows, "next_seq": seq, "hash": now.hex(), "own": own, "time_us": written,
            "cursor": f"{seq}-{now[:8].hex()}"}


def read_tac(key, data):
    assert data[:4] == b"TGTS" and data[4:20] == key["register"], "of another register"
    assert signed(key["public"], data[-64:], b"tamga tac list" + data[:-64]), "signature"
    assert data[24:28] == b"TGT1", "no list"
    return {"number": struct.unpack(">I", data[20:24])[0], "count": struct.unpack(">I", data[28:32])[0]}


def main(words):
    tac = words[0] == "--tac"
    words = words[1:] if tac else words
    key = read_key(words[0])
    with open(words[1], "rb") as file:
        data = file.read()
    print(json.dumps(read_tac(key, data) if tac else read_feed(key, data, words[2] if len(words) > 2 else "")))


try:
    main(sys.argv[1:])
except (AssertionError, IndexError, ValueError, struct.error) as error:
    print(json.dumps({"refused": str(error) or type(error).__name__}))
