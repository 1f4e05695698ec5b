#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tls_door - an https door before a plain port of this machine, on a free port, which it prints.

    tls_door.py CERTIFICATE KEY PORT LOG

LOG gets a line of JSON a caller, when he has gone: whether hands were shaken, how many bytes of a request he then sent. Who sends
none is not heard behind the door. Ends when its standard input does."""
import json
import os
import socket
import ssl
import sys
import threading

CERTIFICATE, KEY, PORT, LOG = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
PATIENCE_S = 60


def carry(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def talk(line, context, told):
    with context.wrap_socket(line, server_side=True) as inner:
        told["shaken"] = True
        data = inner.recv(65536)
        if not data:
            return
        with socket.create_connection(("127.0.0.1", PORT)) as behind:
            threading.Thread(target=carry, args=(behind, inner), daemon=True).start()
            while data:
                told["bytes"] += len(data)
                behind.sendall(data)
                data = inner.recv(65536)


def serve(line, context):
    told = {"shaken": False, "bytes": 0}
    line.settimeout(PATIENCE_S)
    try:
        talk(line, context, told)
    except OSError as why:  # ssl.SSLError is one
        told["why"] = str(why)
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(json.dumps(told) + "\n")


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    door = socket.create_server(("127.0.0.1", 0))
    print(door.getsockname()[1], flush=True)

    def listen():
        while True:
            line, _ = door.accept()
            threading.Thread(target=serve, args=(line, context), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


main()
