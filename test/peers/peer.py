#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer - somebody whom the register asks, as a program of its own on loopback: border, parcel, customs, gsma.

    peer.py border|parcel|customs|gsma [--log FILE] [--parent PID]

It prints its port and answers POST / until it is stopped, or until its parent is gone. Each question goes to the
log as one line of JSON, with the purpose that the register named; who waited in vain goes to FILE.left,
with the seconds in which he asked and left. Rules:

  border   everybody crossed it, except on 1 January
  parcel   numbers that end in 0 are unknown
  customs  declarations that end in 0 are unknown, in 9 another's; others declare 100 devices in each
           goods item, in 3 only 3
  gsma     IMEIs whose serial number is 990000 or more are listed

POST /fault {"as": WORD} makes it fail as a service does, until the next word: "slow" (longer than anybody waits), "late" (right, after 4 s), "500",
"half" (the answer breaks off), "garbage" (200, and no JSON), "gone" (the connection is closed), "" (well again)."""
import argparse
import json
import os
import select
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_SECONDS = 6  # the register waits for 5
LATE_SECONDS = 4


def border(q):
    return {"answer": "no" if str(q.get("day")).endswith("-01-01") else "yes"}


def parcel(q):
    return {"answer": "no" if str(q.get("document")).endswith("0") else "yes"}


def customs(q):
    last = str(q.get("declaration_no"))[-1:]
    if last == "0":
        return {"found": False}
    return {"found": True, "own": last != "9", "quantity": 3 if last == "3" else 100}


def gsma(q):
    return {"listed": [imei for imei in q.get("imeis", []) if imei[8:14] >= "990000"]}


ROLES = {"border": border, "parcel": parcel, "customs": customs, "gsma": gsma}


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, how, body):
        if how == "slow":
            self.keep_waiting()
        if how == "late":
            time.sleep(LATE_SECONDS)
            self.send(200, body)
        elif how == "500":
            self.send(500, b'{"error":"out of order"}')
        elif how == "garbage":
            self.send(200, b"<html>Welcome</html>")
        elif how == "half":
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif how in ("gone", "slow"):
            self.close_connection = True

    def keep_waiting(self):
        asked = time.time()
        select.select([self.connection], [], [], SLOW_SECONDS)  # readable: whoever asked has gone
        with self.server.lock:
            if self.server.log:
                with open(self.server.log + ".left", "a", encoding="utf-8") as log:
                    log.write(json.dumps({"asked": asked, "left": time.time()}) + "\n")

    def do_POST(self):
        server = self.server
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), 1 << 20))
        try:
            question = json.loads(body)
        except ValueError:
            return self.send(400, b'{"error":"no JSON"}')
        if self.path == "/fault":
            server.fault = str(question.get("as", ""))
            return self.send(200, b"{}")
        with server.lock:
            if server.log:
                with open(server.log, "a", encoding="utf-8") as log:
                    log.write(json.dumps(question, ensure_ascii=False) + "\n")
        answer = json.dumps(server.rule(question)).encode()
        if server.fault:
            return self.fail(server.fault, answer)
        return self.send(200, answer)


def watch(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=sorted(ROLES))
    parser.add_argument("--log", default="")
    parser.add_argument("--parent", type=int, default=0)
    args = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    server.daemon_threads = True
    server.rule, server.fault, server.log, server.lock = ROLES[args.role], "", args.log, threading.Lock()
    print(server.server_address[1], flush=True)
    if args.parent:
        threading.Thread(target=watch, args=(args.parent,), daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
