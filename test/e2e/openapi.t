#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# openapi - is /api/v1/openapi.json true? Every route of src/face/route.c and of src/portal/routes.c stands in
# it, every example is replayed against a real server and compared, every answer has a status, a media type and fields that it
# names. TAMGA_RECORD=1 writes the examples' values into src/face/openapi.json anew: look at the diff.
import copy
import hashlib
import hmac
import http.client
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import jsonschema

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from portal_world import Portal  # noqa: E402

TAMGA = os.environ.get("TAMGA", "build/tamga")
SOURCE = "src/face/openapi.json"
NOW = "2026-03-10T07:00:00Z"
RECORD = bool(os.environ.get("TAMGA_RECORD"))
FREE = ("address", "person", "key", "public")
CERTIFICATE = "5f:2c:" + "ab" * 30
LOOSE = {"check_number", "stale_ms", "nonce", "csrf", "receipt", "session", "id", "upload", "entry", "proposal", "counted_at"}  # differ from run to run
MOVING = {"progress"}  # differ from moment to moment, and may be null
BEHIND = re.compile("/api/v1/(sign|me$|sessions|accounts|accreditations|applications|papers|messages|desk|attorneys|act-for|receipt|uploads|present|consents|marks|figures|journal|operator|requests|complaints|clones|violations|findings)")

count = failures = 0


def ok(passed, name, why=""):
    global count, failures
    count += 1
    print(("ok" if passed else "not ok"), count, "-", name, flush=True)
    if not passed:
        failures += 1
        print("\n".join("# " + line for line in str(why).splitlines()), flush=True)
    return passed


class Register:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="tamga-openapi.")
        self.servers = []
        self.run("demo", "create")

    def words(self, *words, now=NOW, settings=None):
        more = ["--settings", settings] if settings else []
        return [TAMGA, "--register", f"sqlite:{self.dir}/t.db", "--now", now, *more, *words]

    def run(self, *words, now=NOW):
        return subprocess.run(self.words(*words, now=now), check=True, capture_output=True,
                              text=True).stdout

    def key(self, name, *words, now=NOW):
        return json.loads(self.run("--json", "user", "key", "create", "--name", name, *words,
                                   now=now))

    def serve(self, name, *lines):
        """The port of a server with these settings."""
        settings, out = f"{self.dir}/{name}.ini", f"{self.dir}/{name}.out"
        with open(settings, "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(out, "w") as file:
            process = subprocess.Popen(
                self.words("serve", "--listen", "127.0.0.1:0", settings=settings), stdout=file,
                stderr=subprocess.STDOUT)
        self.servers.append(process)
        end = time.time() + 60
        while time.time() < end and process.poll() is None:
            with open(out) as file:
                found = re.search(r"http://127\.0\.0\.1:(\d+)/", file.read())
            if found:
                return int(found.group(1))
            time.sleep(0.01)
        sys.exit("Bail out! serve did not start")

    def end(self):
        for process in self.servers:
            process.terminate()
        for process in self.servers:
            process.wait(20)
        shutil.rmtree(self.dir)


def send(port, method, target, headers, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target, body=body, headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), data


def sign(key, method, target, body, when=None):
    _, key_id, secret = key["key"].split("_")
    when, nonce = str(when or int(time.time())), secrets.token_urlsafe(18)
    lines = ["TAMGA1", method, target, when, nonce, hashlib.sha256(body or b"").hexdigest()]
    mac = hmac.new(bytes.fromhex(secret), "".join(f"{l}\n" for l in lines).encode(), "sha256")
    return (f"Tamga-HMAC-SHA256 key={key_id}, time={when}, nonce={nonce}, "
            f"signature={mac.hexdigest()}")


class Replay:
    """One example: the request that its name and x-replay make."""

    def __init__(self, world, path, method, operation, name, example):
        self.world, self.method, self.name = world, method.upper(), name
        self.hints = example.get("x-replay", {})
        self.behind = BEHIND.match(path)
        self.server = self.hints.get("server", "portal" if self.behind else "main")
        self.headers = dict(self.hints.get("headers", {}))
        self.body = self.make_body(operation)
        self.target = self.make_target(path, operation)
        self.method = self.hints.get("method", self.method)

    def make_target(self, path, operation):
        if "raw" in self.hints:
            return self.hints["raw"]
        if self.behind:
            path = self.world.portal.prepare(self, path)
        for parameter in operation.get("parameters", []):
            if parameter.get("in") != "path" or "{%s}" % parameter["name"] not in path:
                continue
            examples = parameter["examples"]
            value = examples.get(self.name, next(iter(examples.values())))["value"]
            if "number_of" in self.hints:
                _, _, data = send(self.world.ports["main"], "GET",
                                  "/api/v1/check/" + self.hints["number_of"], {}, None)
                value = json.loads(data)["check_number"]
            path = path.replace("{%s}" % parameter["name"], self.hints.get("imei", value))
        if "query_bytes" in self.hints:
            path += "?" + "a" * self.hints["query_bytes"]
        return path

    def make_body(self, operation):
        content = operation.get("requestBody", {}).get("content", {})
        for media_type, row in content.items():
            self.headers.setdefault("Content-Type", self.hints.get("content_type", media_type))
            value = row["examples"].get(self.name, next(iter(row["examples"].values())))["value"]
            if "imeis" in self.hints:
                value = {"imei": ["357350079900013"] * self.hints["imeis"]}
            if "body_bytes" in self.hints:
                return b"x" * self.hints["body_bytes"]
            return value.encode() if isinstance(value, str) else json.dumps(value).encode()
        return None

    def authorize(self):
        kind, keys = self.hints.get("key"), self.world.keys
        if kind == "certificate":
            self.server, self.headers["X-Client-Certificate"] = "proxied", CERTIFICATE.upper()
        elif kind in ("signed", "signed_twice", "badly_signed", "signed_late"):
            when = int(time.time()) - (1000 if kind == "signed_late" else 0)
            self.headers["Authorization"] = sign(keys["signed"], self.method, self.target,
                                                 self.body, when)
            if kind == "badly_signed":
                self.headers["Authorization"] = self.headers["Authorization"][:-8] + "00000000"
        elif kind:
            self.headers["Authorization"] = "Bearer " + keys[kind]["key"]

    def send(self):
        self.authorize()
        again = 8 if self.hints.get("again") else 2 if self.hints.get("key") == "signed_twice" else 1
        for _ in range(again):
            result = send(self.world.ports[self.server], self.method, self.target, self.headers,
                          self.body)
        return result


class World:
    def __init__(self):
        self.register = r = Register()
        wide = ["[limits]"] + [f"{name}_rate = 0" for name in FREE]
        self.keys = {
            "check": r.key("app", "--scope", "check"),
            "check.batch": r.key("market", "--scope", "check.batch"),
            "signed": r.key("back end", "--scope", "check.batch", "--signed"),
            "certificate": r.key("proxy", "--scope", "check", "--certificate", CERTIFICATE),
            "expired": r.key("old", "--scope", "check", "--expires", "2026-03-05",
                             now="2026-03-01T07:00:00Z"),
            "revoked": r.key("lost", "--scope", "check"),
            "feed": r.key("node", "--scope", "feed"),
            "sightings": r.key("Altel/almaty", "--scope", "sightings"),
            "lists": r.key("Altel/core", "--scope", "lists"),
            "notices": r.key("Altel/sms", "--scope", "notices"),
            "wrong": {"key": "tamga_00000000_" + "0" * 64},
        }
        r.run("user", "key", "revoke", self.keys["revoked"]["id"])
        self.ports = {
            "main": r.serve("main", "[operator Altel]", "plmn = 40107", *wide),
            "proxied": r.serve("proxied", "[serve]", "trusted_proxies = 127.0.0.1",
                               "certificate_header = X-Client-Certificate", *wide),
            "tight": r.serve("tight", "[limits]", "person_rate = 1", "person_burst = 2"),
            "crowded": r.serve("crowded", "[limits]", "public_rate = 1", "public_burst = 2"),
        }
        self.portal = Portal(r, send, NOW, wide)
        self.ports["portal"] = self.portal.port


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def routes_of(file, table):
    with open(file, encoding="utf-8") as source:
        text = source.read().split(f"const struct route {table}[]", 1)[1].split("};\n", 1)[0]
    return re.findall(r'^    \{AT\("(/[^"]*)"\),\s+"([A-Z, ]+)"', text, re.M)


def routes_are_named(document):
    found = routes_of("src/face/route.c", "routes")
    behind = routes_of("src/portal/routes.c", "portal_routes")
    known = {re.sub(r"\{\w*\}", "{}", path): item for path, item in document["paths"].items()}
    pages = {re.sub(r"\{\w*\}", "{}", path) for path in document["x-pages"]}
    ok(len(found) >= 8, "the routes were found", found)
    ok(len(behind) >= 20, "those behind the sign-in, too", behind)
    for pattern, allow in found + behind:
        if pattern in pages:
            ok(not pattern.startswith("/api/"), f"{pattern} is a page")
            continue
        named = {method.upper() for method in known.get(pattern, {})}
        wanted = set(allow.split(", ")) - {"HEAD"}
        ok(named == wanted, f"{pattern} is described with its methods", f"{named} {wanted}")
    ok(len(found + behind) == len(known) + len(pages), "nothing is described that is not there")
    ok(all(bool(BEHIND.match(re.sub(r"\{\w*\}", "{}", p))) == (p in dict(behind))
           for p, _ in found + behind if p not in pages), "what is asked of which server is told apart")
    for path, method, operation in operations(document):
        signed = {"session": []} in operation.get("security", [])
        marked = {"$ref": "#/components/parameters/csrf"} in operation.get("parameters", [])
        if BEHIND.match(path):
            ok(marked == (signed and method in ("post", "patch", "delete")), f"{method} {path}: the mark, where it acts")


def validator(document, schema):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema",
             "components": document["components"], **copy.deepcopy(schema)}
    return jsonschema.Draft202012Validator(whole)


def loose(value):
    if isinstance(value, list):
        return [loose(item) for item in value]
    if isinstance(value, dict):
        return {k: type(v).__name__ if k in LOOSE else loose(v) for k, v in value.items()
                if k not in MOVING}
    return value


def response_of(document, operation, status):
    response = operation["responses"].get(str(status))
    if response and "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return response


def shared_examples_fit(served):
    for name, response in served["components"]["responses"].items():
        content = response["content"]["application/problem+json"]
        for title, example in content.get("examples", {}).items():
            errors = list(validator(served, content["schema"]).iter_errors(example["value"]))
            ok(not errors, f"{name}: {title} is of its form", errors)


def bodies_fit(served):
    """Of each request the first example is what the schema wants."""
    for path, method, operation in operations(served):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name, example = next(iter(content["examples"].items()))
            errors = list(validator(served, content["schema"]).iter_errors(example["value"]))
            ok(not errors, f"{method} {path}: the body {name} is of its form", errors)


def answer_is_named(document, operation, status, headers, data):
    """What of the answer the document does not name; empty: all is well."""
    response = response_of(document, operation, status)
    if response is None:
        return f"status {status} is not named: {data[:300]}"
    media = headers.get("content-type", "").split(";")[0]
    content = response.get("content", {}).get(media)
    if content is None:
        return f"media type {media!r} of {status} is not named"
    missing = [name for name in response.get("headers", {}) if name.lower() not in headers]
    if missing:
        return f"headers {missing} are promised"
    if not media.endswith("json"):
        return ""
    errors = validator(document, content["schema"]).iter_errors(json.loads(data))
    return "\n".join(f"{error.json_path}: {error.message[:200]}" for error in errors)


def replay_all(world, served, source):
    for path, method, operation in operations(source):
        described = served["paths"][path][method]
        for status, response in operation["responses"].items():
            for media, content in response.get("content", {}).items():
                if not content.get("examples"):
                    ok(path in ("/metrics", "/api/v1/openapi.json") or "schema" not in content,
                       f"{method} {path} {status}: has an example")
                for name, example in content.get("examples", {}).items():
                    title = f"{method} {path} {status}: {name}"
                    if example.get("x-not-replayed"):
                        errors = validator(served, content["schema"]).iter_errors(example["value"])
                        ok(not list(errors), f"{title}: of its form, not replayed")
                        continue
                    got, headers, data = Replay(world, path, method, operation, name,
                                                example).send()
                    why = answer_is_named(served, described, got, headers, data)
                    if got != int(status):
                        why += f"\nwanted {status}, got {got}: {data[:300]}"
                    value = None
                    if not why and media.endswith("json"):
                        value = json.loads(data)
                    elif not why:
                        value = data.decode("utf-8-sig") if media == "text/csv" else None
                    if RECORD and value is not None:
                        if loose(value) != loose(example["value"]):
                            example["value"] = value
                    elif not why and loose(value) != loose(example["value"]):
                        why = f"got  {json.dumps(value, ensure_ascii=False)}\nwant " + \
                            json.dumps(example["value"], ensure_ascii=False)
                    ok(not why, title, why)


PIECES = ("357350079900013", "x", "%00", "%ff", "1" * 500, "%d2%9a")
BODIES = ((None, None), (b"{}", "application/json"), (b"\xff", "x/y"), (b"[]", "application/json"),
          (b'{"imei":["\xd2\x9a"]}', "application/json"))


def not_named(served, operation, verb, answer, gets):
    """What is not named of an answer to a verb; empty: all is. gets: what the address answers to GET."""
    status, got, data = answer
    if verb != "HEAD":
        return answer_is_named(served, operation, status, got, data)
    named = str(status) in gets["responses"] if gets else status in (400, 405)
    return "" if named else f"status {status} of HEAD"


def anything_is_named(world, served):
    """Requests that no example makes, by nobody and by people: whatever is answered must be named."""
    for path, method, operation in operations(served):
        bad = []
        target = re.sub(r"\{\w+\}", "{}", path)
        behind = BEHIND.match(path) and path != "/api/v1/sign-out"
        people = ["", "aigul", "firm", "erlan", "root", "askar", "madina", "kanat"] if behind else [""]
        port = world.ports["portal" if BEHIND.match(path) else "main"]
        for who in people:
            headers = world.portal.headers(who) if who else {}
            pieces = PIECES if not who and "{}" in target else PIECES[:2]
            for piece in pieces:
                for verb in (method.upper(), "HEAD", "PUT", "OPTIONS", "BREW"):
                    for body, media in BODIES:
                        more = {"Content-Type": media} if media else {}
                        answer = send(port, verb, target.replace("{}", piece), {**headers, **more},
                                      body)
                        why = not_named(served, operation, verb, answer,
                                        served["paths"][path].get("get"))
                        if who and answer[0] == 200 and path == "/api/v1/act-for":
                            del world.portal.sessions[who]  # another session stands in its place
                            headers = world.portal.headers(who)
                        if why:
                            bad.append(f"{who} {verb} {piece} {body}: {why}")
        ok(not bad, f"{method} {path}: whatever comes, the answer is named", "\n".join(bad[:5]))


def main():
    with open(SOURCE, encoding="utf-8") as file:
        source = json.load(file)
    routes_are_named(source)
    world = World()
    try:
        status, headers, data = send(world.ports["main"], "GET", "/api/v1/openapi.json", {}, None)
        ok(status == 200 and headers["content-type"] == "application/json", "it is served")
        served = json.loads(data)
        ok(served["openapi"].startswith("3.1."), "OpenAPI 3.1")
        ok("x-replay" not in data.decode(), "without what the test alone needs")
        with open("src/base/errors.def", encoding="utf-8") as file:
            names = re.findall(r"^X\(ERR_(\w+), [45]", file.read(), re.M)
        ok(served["components"]["schemas"]["Reason"]["enum"] == names, "all reasons are listed")
        shared_examples_fit(served)
        bodies_fit(served)
        replay_all(world, served, source)
        anything_is_named(world, served)
    finally:
        world.register.end()
    if RECORD:
        with open(SOURCE, "w", encoding="utf-8") as file:
            file.write(json.dumps(source, ensure_ascii=False, indent=1) + "\n")
    print(f"1..{count}")
    return 1 if failures else 0


sys.exit(main())
