#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""oidc.py DIR CLIENT [SECRET] - a provider of sign-ins (OpenID Connect, code flow with PKCE) for tests, on a free
port of this machine, which it prints. Keys and signatures are of the openssl program. It looks at the files of
DIR at each request:

  oidc.who   {"iin": …, "name": …}: what it says of whoever comes
  oidc.mode  what it does wrong; "" or missing: nothing. MODES lists what there is

/authorize asks its visitor (or, with oidc.mode "auto" or any fault, nobody) and sends him back with a code."""
import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODES = """auto es256 wrong_nonce wrong_aud wrong_iss expired from_tomorrow old none hs256 forged other_key rotated
 no_kid two_aud azp no_iin bad_iin no_name slow garbage long down no_token html other_issuer refused""".split()
DIR, CLIENT, SECRET = sys.argv[1], sys.argv[2], (sys.argv[3:] or [""])[0]
codes, keys, asked = {}, {}, []


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


class Key:
    def __init__(self, kid, kind):
        self.kid, self.kind, self.file = kid, kind, f"{DIR}/oidc-{kid}.key"
        if kind == "RSA":
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.file)
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.file)

    def public(self):
        jwk = {"kid": self.kid, "kty": self.kind, "use": "sig", "alg": "RS256" if self.kind == "RSA" else "ES256"}
        if self.kind == "RSA":
            text = openssl("rsa", "-in", self.file, "-noout", "-modulus").decode()
            return jwk | {"n": b64(bytes.fromhex(text.strip().split("=")[1])), "e": "AQAB"}
        point = openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")[-64:]
        return jwk | {"crv": "P-256", "x": b64(point[:32]), "y": b64(point[32:])}

    def sign(self, said):
        der = openssl("dgst", "-sha256", "-sign", self.file, data=said)
        if self.kind == "RSA":
            return der
        n = der[3]  # SEQUENCE of two INTEGERs
        r, s = der[4:4 + n], der[6 + n:]
        return int.from_bytes(r, "big").to_bytes(32, "big") + int.from_bytes(s, "big").to_bytes(32, "big")


def mode():
    try:
        with open(f"{DIR}/oidc.mode", encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def key_of(kid, kind="RSA"):
    if kid not in keys:
        keys[kid] = Key(kid, kind)
    return keys[kid]


def token(issuer, grant, how):
    now = int(time.time())
    with open(f"{DIR}/oidc.who", encoding="utf-8") as file:
        who = json.load(file)
    claims = {"iss": issuer, "sub": "u1", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": grant["nonce"], **who}
    change = {"wrong_nonce": {"nonce": "0" * 64}, "wrong_aud": {"aud": "other"}, "wrong_iss": {"iss": issuer + "/x"},
              "expired": {"exp": now - 120, "iat": now - 400}, "from_tomorrow": {"iat": now + 86400, "exp": now + 90000},
              "old": {"iat": now - 3600}, "two_aud": {"aud": [CLIENT, "other"]}, "azp": {"azp": "other"},
              "bad_iin": {"iin": "123456789012"}}
    claims |= change.get(how, {})
    for name in {"no_iin": ["iin"], "no_name": ["name"]}.get(how, []):
        claims.pop(name, None)
    key = key_of("new" if how == "rotated" else "hidden" if how == "other_key" else "first")
    head = {"alg": "RS256", "kid": key.kid, "typ": "JWT"}
    if how == "es256":
        key = key_of("curve", "EC")
        head |= {"alg": "ES256", "kid": "curve"}
    if how in ("none", "hs256"):
        head["alg"] = how.upper() if how == "hs256" else "none"
    if how == "no_kid":
        del head["kid"]
    said = (b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())).encode()
    sig = {"none": lambda: b"", "hs256": lambda: hmac.new(SECRET.encode(), said, "sha256").digest()}.get(
        how, lambda: key.sign(said))()
    if how == "forged":
        sig = bytes([sig[0] ^ 1]) + sig[1:]
    return said.decode() + "." + b64(sig)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(data)
        except BrokenPipeError:  # whoever asked does not wait so long
            pass

    def issuer(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def sabotage(self):
        how = mode()
        if how == "slow":
            time.sleep(7)
        odd = {"garbage": b"\x00\xff{{{", "long": b"{" + b" " * (1 << 19), "html": b"<html>no</html>"}
        if how in odd:
            self.answer(200, odd[how])
        elif how == "down":
            self.answer(500, {})
        return how in odd or how == "down"

    def do_GET(self):
        at = urllib.parse.urlparse(self.path)
        asked.append(at.path)
        if at.path == "/asked":
            return self.answer(200, asked)
        if at.path == "/authorize":
            return self.authorize(dict(urllib.parse.parse_qsl(at.query)))
        if self.sabotage():
            return None
        if at.path == "/.well-known/openid-configuration":
            me = self.issuer()
            said = me + "/other" if mode() == "other_issuer" else me
            return self.answer(200, {"issuer": said, "authorization_endpoint": me + "/authorize",
                                     "token_endpoint": me + "/token", "jwks_uri": me + "/jwks"})
        if at.path == "/jwks":
            shown = ["first", "curve"] + (["new"] if mode() == "rotated" else [])
            return self.answer(200, {"keys": [key_of(k, "EC" if k == "curve" else "RSA").public() for k in shown]})
        return self.answer(404, {})

    def authorize(self, q):
        if q.get("response_type") != "code" or q.get("client_id") != CLIENT or q.get("code_challenge_method") != "S256":
            return self.answer(400, "what is asked is wrong", "text/plain")
        if not mode() and "said" not in q:
            fields = "".join(f'<input type=hidden name="{k}" value="{v}">' for k, v in q.items())
            return self.answer(200, f'<!doctype html><html lang=en><title>A provider</title><h1>A provider</h1><form>{fields}'
                                    '<button name=said value=yes>Yes</button><button name=said value=no>No</button></form>',
                               "text/html; charset=utf-8")
        code = secrets.token_urlsafe(24)
        codes[code] = q
        back = {"state": q["state"], "iss": self.issuer()}
        back |= {"error": "access_denied"} if mode() == "refused" or q.get("said") == "no" else {"code": code}
        return self.answer(303, "", Location=q["redirect_uri"] + "?" + urllib.parse.urlencode(back))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        q = dict(urllib.parse.parse_qsl(body))
        asked.append(self.path)
        if self.sabotage():
            return None
        grant = codes.pop(q.get("code"), None)
        want = "Basic " + base64.b64encode(f"{CLIENT}:{urllib.parse.quote(SECRET, safe='')}".encode()).decode()
        known = self.headers.get("Authorization") == want if SECRET else q.get("client_id") == CLIENT
        if not known:
            return self.answer(401, {"error": "invalid_client"})
        challenge = b64(hashlib.sha256(q.get("code_verifier", "").encode()).digest())
        if not grant or grant["redirect_uri"] != q.get("redirect_uri") or grant["code_challenge"] != challenge:
            return self.answer(400, {"error": "invalid_grant"})
        if mode() == "no_token":
            return self.answer(200, {"access_token": "x"})
        return self.answer(200, {"access_token": "x", "token_type": "Bearer",
                                 "id_token": token(self.issuer(), grant, mode())})


os.makedirs(DIR, exist_ok=True)
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
