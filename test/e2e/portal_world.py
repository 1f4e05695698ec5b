# SPDX-License-Identifier: Apache-2.0
#
# portal_world - for openapi.t: a server with what stands behind the sign-in, people with keys of an authority
# of the test, staff with codes, and applications that are driven to the state an example wants. The clock is
# the register's own, so certificates and codes are of that day.
import base64
import glob
import hashlib
import hmac
import json
import re
import struct
import subprocess
import time
import urllib.parse
from datetime import datetime, timezone

PASSWORD = "Тұлпар шабысы "
TABLE = ("imei1,imei2,imei3,imei4,brand,model,declaration_no,declaration_date,goods_item,country,"
         "invoice_no,invoice_date")
CONFIG = """[ca]
default_ca = d
[d]
dir = {dir}
database = {dir}/index
serial = {dir}/serial
new_certs_dir = {dir}
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = optional
serialNumber = optional
organizationName = optional
organizationalUnitName = optional
[req]
distinguished_name = none
[none]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
"""
for name, usage in (("person", "clientAuth,1.2.398.3.3.4.1.1"),
                    ("head", "clientAuth,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1"),
                    ("clerk", "clientAuth,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.5")):
    CONFIG += (f"[{name}]\nbasicConstraints = CA:FALSE\nextendedKeyUsage = {usage}\n"
               "keyUsage = critical,digitalSignature,nonRepudiation\n")


def luhn(body):
    total = 0
    for i, digit in enumerate(reversed(body)):
        v = int(digit) * (2 if i % 2 == 0 else 1)
        total += v - 9 if v > 9 else v
    return body + str(-total % 10)


def number_of(head):
    """The first IIN or BIN with these digits."""
    for n in range(100):
        digits = [int(c) for c in f"{head}{n:04d}"]
        c = sum(d * (i + 1) for i, d in enumerate(digits)) % 11
        if c == 10:
            c = sum(d * w for d, w in zip(digits, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))) % 11
        if c < 10:
            return "".join(map(str, digits)) + str(c)
    raise ValueError(head)


class Authority:
    """Keys and certificates, valid on the register's day whatever today is."""

    def __init__(self, folder, name):
        self.dir = f"{folder}/{name}"
        subprocess.run(["mkdir", "-p", self.dir], check=True)
        self.write("cnf", CONFIG.format(dir=self.dir))
        self.write("index", "")
        self.write("serial", "01\n")
        self.ca = f"{self.dir}/ca.pem"
        self.give("ca", f"/CN={name}", "root", "-selfsign", "-keyfile", f"{self.dir}/ca.key")

    def write(self, name, text):
        with open(f"{self.dir}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def openssl(self, *words):
        return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout

    def give(self, name, subject, kind, *by):
        base = f"{self.dir}/{name}"
        self.openssl("req", "-config", f"{self.dir}/cnf", "-new", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-keyout", base + ".key", "-out",
                     base + ".csr", "-utf8", "-subj", subject)
        by = by or ("-cert", self.ca, "-keyfile", f"{self.dir}/ca.key")
        self.openssl("ca", "-config", f"{self.dir}/cnf", "-batch", "-notext", "-utf8", "-startdate",
                     "20260101000000Z", "-enddate", "20270101000000Z", "-extensions", kind, *by,
                     "-in", base + ".csr", "-out", base + ".pem")

    def sign(self, name, content):
        self.write("content", content)
        der = self.openssl("cms", "-sign", "-binary", "-nodetach", "-md", "sha256", "-in",
                           f"{self.dir}/content", "-signer", f"{self.dir}/{name}.pem", "-inkey",
                           f"{self.dir}/{name}.key", "-outform", "DER")
        return base64.b64encode(der).decode()


class Portal:
    """register: openapi.t's; send: its way to ask; now: the register's clock."""

    def __init__(self, register, send, now, settings):
        self.register, self.send = register, send
        self.now = int(datetime.strptime(now, "%Y-%m-%dT%H:%M:%SZ")
                       .replace(tzinfo=timezone.utc).timestamp())
        self.accounts, self.steps, self.secrets = [], {}, {}
        self.sessions, self.cases, self.states, self.uploads = {}, {}, {}, {}
        self.phones = 0
        self.requests = {}
        self.make_people()
        self.port = register.serve("portal", "[portal]", "open = yes",
                                   f"eds_ca = {self.nca.ca}", f"outbox = {register.dir}/outbox",
                                   *settings)

    def make_people(self):
        person, other, firm = map(number_of, ("8501013", "9006154", "0101400"))
        self.nca = Authority(self.register.dir, "nca")
        self.foreign = Authority(self.register.dir, "foreign")
        office = f"/CN=БЕКОВ БОЛАТ/serialNumber=IIN{other}/O=ТОО Импорт/OU=BIN{firm}"
        self.nca.give("aigul", f"/CN=АХМЕТОВА АЙГҮЛ/serialNumber=IIN{person}", "person")
        self.nca.give("bolat", f"/CN=БЕКОВ БОЛАТ/serialNumber=IIN{other}", "person")
        self.nca.give("samal", f"/CN=ОМАРОВА САМАЛ/serialNumber=IIN{number_of('9208124')}", "person")
        self.nca.give("firm", office, "head")
        self.nca.give("clerk", office, "clerk")
        self.foreign.give("stranger", f"/CN=X/serialNumber=IIN{person}", "person")
        for name, role in (("erlan", "officer"), ("root", "admin"), ("dana", "officer"), ("asel", "assistant")):
            self.make_account(name, role)
        for name in ("askar", "bota"):
            self.make_account(name, "police", "--body", "police")
        self.make_account("madina", "ministry")
        self.make_account("kanat", "operator", "--body", "Kcell")

    def tamga(self, *words, text=None):
        return subprocess.run(self.register.words(*words), input=text, capture_output=True,
                              text=True, check=False)

    def make_account(self, name, role, *more):
        """From the third on, two of them decide."""
        actor = ["--actor", self.accounts[0]] if len(self.accounts) > 1 else []
        done = self.tamga(*actor, "user", "add", name)
        if actor:
            proposal = re.search(r"confirm (\d+)", done.stdout + done.stderr).group(1)
            done = self.tamga("--actor", self.accounts[1], "confirm", proposal)
        done = self.tamga("--json", "user", "password", name, "--role", role, *more,
                          text=PASSWORD + name + "\n")
        self.secrets[name] = re.search(r"secret=([A-Z2-7]+)", done.stdout).group(1)
        self.accounts.append(name)

    def code(self, name):
        """A code that was not used: the clock stands, so there are three."""
        step = self.steps.get(name, self.now // 30 - 2) + 1
        self.steps[name] = step
        mac = hmac.new(base64.b32decode(self.secrets[name]), struct.pack(">Q", step),
                       hashlib.sha1).digest()
        at = mac[-1] & 15
        return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"

    # ---- asking ----

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        status, got, data = self.send(self.port, method, path, headers, body)
        return status, got, json.loads(data)

    def signed(self, name):
        nonce = self.ask("GET", "/api/v1/sign-in/nonce")[2]["nonce"]
        by = self.foreign if name == "stranger" else self.nca
        return {"nonce": nonce, "cms": by.sign(name, nonce)}

    def password(self, name):
        return {"name": name, "password": PASSWORD + name, "code": self.code(name)}

    def enter(self, name):
        """The headers of a new session."""
        staff = name in self.accounts
        status, got, said = self.ask("POST", "/api/v1/sign-in/" + ("password" if staff else "eds"),
                                     self.password(name) if staff else self.signed(name))
        if status != 200:
            raise RuntimeError(f"{name} does not come in: {said}")
        token = re.search(r"tamga=([0-9a-f]+)", got["set-cookie"]).group(1)
        return {"Cookie": "tamga=" + token, "X-Tamga-CSRF": said["csrf"]}

    def headers(self, hint):
        """Of who asks: "aigul", or "new:aigul" for a session of its own."""
        if hint.startswith("new:"):
            return self.enter(hint[4:])
        if hint not in self.sessions:
            self.sessions[hint] = self.enter(hint)
        return dict(self.sessions[hint])

    def other_session(self, name):
        """The name of another session of the same person."""
        self.enter(name)
        said = self.ask("GET", "/api/v1/sessions", None, self.headers(name))[2]
        return next(s["session"] for s in said["sessions"] if not s["this"])

    # ---- applications ----

    def case(self, hint):
        """ "a:checked": the application of this letter, in this state. Its answer to the applicant."""
        letter, want = hint.split(":")
        if letter not in self.cases:
            kind = "recheck" if want in ("proposed", "recheck_claimed") else "personal"
            self.cases[letter] = (self.file_upload if want.startswith("file") else
                                  self.file)(letter, kind)
        case = self.cases[letter]
        at = "/api/v1/desk/" + case["number"]
        steps = {"checked": [], "claimed": ["claim"], "asked": ["claim", "ask"],
                 "refused": ["claim", "decide"], "appealed": ["claim", "decide", "appeal"],
                 "recheck_claimed": ["claim"], "proposed": ["claim", "propose"],
                 "file": [], "file_claimed": ["claim"],
                 "file_approved": ["claim", "approve"]}[want]
        if letter not in self.states:
            for act in steps:
                self.act(act, case["number"])
            if want == "file_approved":
                self.wait("firm", "/api/v1/applications/" + case["number"], "state", "approved")
            self.states[letter] = want
        return case, at

    def act(self, act, number):
        bodies = {"claim": {}, "ask": {"note": "Билет?"}, "appeal": {"note": "Билет бар."},
                  "decide": {"decisions": [{"refusal": "NO_BORDER_CROSSING"}], "note": ""},
                  "propose": {"decisions": [{"approve": True}], "note": "Құжат дұрыс."},
                  "approve": {"approve": True}}
        address = "decide" if act in ("propose", "approve") else act
        room, who = ("applications", "aigul") if act == "appeal" else ("desk", "erlan")
        status, _, said = self.ask("POST", f"/api/v1/{room}/{number}/{address}", bodies[act],
                                   self.headers(who))
        if status != 200:
            raise RuntimeError(f"{act} {number}: {said}")

    def wait(self, who, path, member, *values):
        """Until the member is one of the values; the whole."""
        end = time.time() + 20
        while time.time() < end:
            seen = self.ask("GET", path, None, self.headers(who))[2]
            if seen.get(member) in values:
                return seen
            time.sleep(0.05)
        raise RuntimeError(f"{path} stays so: {seen}")

    def take(self, who, wish):
        """Files it and waits for the checks."""
        status, _, case = self.ask("POST", "/api/v1/applications", wish, self.headers(who))
        if status != 201:
            raise RuntimeError(f"not filed: {case}")
        self.wait("erlan", "/api/v1/desk/" + case["number"], "checked", True)
        return case

    def file(self, letter, kind):
        imei = luhn(f"35267700{1000 + ord(letter):06d}")
        return self.take("aigul", {"kind": kind, "way": "carried", "country": "TR",
                                   "entered": "2026-03-01",
                                   "devices": [{"imeis": [imei], "brand": "Samsung",
                                                "model": "Galaxy S24"}]})

    def file_upload(self, letter, _):
        return self.take("firm", {"kind": "import", "upload": self.upload("firm", letter, "ready"),
                                  "document": "KZ-1", "country": "CN"})

    # ---- files of devices ----

    def table(self, letter, want):
        """Two devices; of a bad one the second is mistyped."""
        if want == "failed":
            return b"no table\n"
        imeis = [luhn(f"35267800{10 * ord(letter) + i:06d}") for i in (0, 1)]
        if want == "bad":
            imeis[1] = imeis[1][:-1] + str((int(imeis[1][-1]) + 1) % 10)
        rows = [f"{imei},,,,Samsung,Galaxy,KZ-1,2025-12-01,1,CN,INV-1,2025-11-20"
                for imei in imeis]
        return "".join(line + "\r\n" for line in [TABLE, *rows]).encode()

    def upload(self, who, letter, want):
        """The id of the upload of this letter, driven to this state by who is named first."""
        if letter in self.uploads:
            return self.uploads[letter]
        table, headers = self.table(letter, want), self.headers(who)
        said = self.ask("POST", "/api/v1/uploads", {"name": "devices.csv", "bytes": len(table)},
                        headers)[2]
        at = "/api/v1/uploads/" + said["id"]
        self.uploads[letter] = said["id"]
        if want == "receiving":
            return said["id"]
        piece = {**headers, "Upload-Offset": "0"}
        self.send(self.port, "PATCH", at, piece, table)
        if want == "whole":
            return said["id"]
        self.ask("POST", at + "/check", {"sha256": hashlib.sha256(table).hexdigest()}, headers)
        self.wait(who, at, "state", "ready", "failed")
        if want == "filed":
            self.take(who, {"kind": "import", "upload": said["id"], "accept_good": True,
                            "document": "KZ-1", "country": "CN"})
        return said["id"]

    def put_accreditation(self):
        row = {"bin": number_of("0101400"), "kinds": ["manufacture"], "certificate_no": "KZ.U.02.1234",
               "valid_from": "2025-07-01", "valid_until": "2028-06-30"}
        status, _, said = self.ask("POST", "/api/v1/accreditations", row, self.headers("root"))
        if status not in (200, 201):
            raise RuntimeError(f"no accreditation: {said}")

    def give_attorney(self):
        """The firm's head lets Aigul file imports."""
        wish = {"iin": number_of("8501013"), "until": "2026-12-31", "kinds": ["import"]}
        status, _, said = self.ask("POST", "/api/v1/attorneys", wish, self.headers("firm"))
        if status != 201:
            raise RuntimeError(f"no power of attorney: {said}")

    # ---- marks ----

    def marked(self, letter):
        """Bota has suspended a phone of this letter and wants to resume it: the proposal."""
        wish = {"imeis": [luhn(f"35267701{1000 + ord(letter):06d}")], "mark": "lost", "order": "KP-1"}
        self.ask("POST", "/api/v1/marks", wish, self.headers("bota"))
        return self.ask("POST", "/api/v1/marks/resume", wish, self.headers("bota"))[2]["proposal"]

    # ---- requests to sellers ----

    def send_request(self, who, n, **more):
        wish = {"imeis": [luhn(f"35267800{9100 + n:06d}")], "seller": {"bin": number_of("0101400")},
                "bought": "2026-03-01", "document": "Чек 77", **more}
        return self.ask("POST", "/api/v1/requests", wish, self.headers(who))

    def request(self, hint):
        """ "samal:b:closed": her request of this letter, in this state. Its number."""
        who, letter, want = (hint.split(":") + [""])[:3]
        if letter not in self.requests:
            seller = {"seller": {"name": "Бутик 5", "address": "Барахолка"}} if want == "named" else {}
            status, _, said = self.send_request(who, ord(letter), **seller)
            if status != 201:
                raise RuntimeError(f"not sent: {said}")
            self.requests[letter] = said["number"]
            if want == "closed":
                self.ask("POST", f"/api/v1/requests/{said['number']}/close", {}, self.headers(who))
        return self.requests[letter]

    def send_complaint(self, who, n):
        wish = {"imeis": [luhn(f"35267800{9500 + n:06d}")], "seller": {"name": "Бутик 5"},
                "text": "Ақшаны қайтармайды."}
        return self.ask("POST", "/api/v1/complaints", wish, self.headers(who))[2]

    def complaint(self, hint):
        """ "samal:a": her complaint of this letter. Its number."""
        if hint not in self.requests:
            who, letter = hint.split(":")
            self.requests[hint] = self.send_complaint(who, ord(letter))["number"]
        return self.requests[hint]

    # ---- codes that go to a phone ----

    def phone(self, want):
        """A code of this purpose, asked for by who may: its id, and the code of the letter or another."""
        purpose, _, wrong = want.partition(":")
        if purpose == "none":
            return "0" * 32, "000000"
        who = {"present": "asel", "gift": "aigul"}[purpose]
        self.phones += 1
        number = f"+7702{self.phones:07d}"
        wish = {"iin": number_of("7703023"), "name": "САРИН ЕРБОЛ", "msisdn": number}
        said = self.ask("POST", "/api/v1/present" if who == "asel" else "/api/v1/consents", wish,
                        self.headers(who))[2]
        for _ in range(100):
            for name in glob.glob(f"{self.register.dir}/outbox/*.json"):
                with open(name, encoding="utf-8") as file:
                    letter = json.load(file)
                if letter["to"].get("msisdn") == number:
                    code = re.search(r"\d{6}", letter["sms"]).group(0)
                    return said["id"], f"{(int(code) + 1) % 1000000:06d}" if wrong else code
            time.sleep(0.05)
        raise RuntimeError(f"no letter: {said}")

    # ---- an example ----

    def prepare(self, replay, path):
        """What x-replay says: who asks, of what. The path of the request."""
        hints, headers = replay.hints, replay.headers
        if "as" in hints:
            headers.update(self.headers(hints["as"]))
        if hints.get("csrf") == "none":
            del headers["X-Tamga-CSRF"]
        if "case" in hints:
            path = path.replace("{number}", self.case(hints["case"])[0]["number"])
        if "request" in hints:
            path = path.replace("{number}", self.request(hints["request"]))
        if "complaint" in hints:
            path = path.replace("{number}", self.complaint(hints["complaint"]))
        for n in range(hints.get("complain_more", 0)):
            self.send_complaint(hints["as"], 200 + n)
        for n in range(hints.get("ask_more", 0)):
            self.send_request(hints["as"], 200 + n)
        if "session_of" in hints:
            path = path.replace("{session}", self.other_session(hints["session_of"]))
        for wish in hints.get("marks", ()):
            self.ask("POST", "/api/v1/marks", wish, headers)
        if "marked" in hints:
            path = path.replace("{proposal}", self.marked(hints["marked"]))
        if "attorney" in hints:
            self.give_attorney()
        body = None
        if "accreditation" in hints:
            self.put_accreditation()
        if "upload" in hints:
            who, letter, want = ([hints["as"]] + hints["upload"].split(":"))[-3:]
            path = path.replace("{upload}", self.upload(who, letter, want))
            if replay.body and b'"upload"' in replay.body:
                body = {**json.loads(replay.body), "upload": self.uploads[letter]}
        if "receipt_of" in hints:
            body = {"receipt": self.case(hints["receipt_of"])[0]["receipt"]}
        if "sign" in hints:
            body = self.signed(hints["sign"])
            body["cms"] = hints.get("cms", body["cms"])
        if "phone" in hints:
            code, typed = self.phone(hints["phone"])
            path = path.replace("{id}", code)
            body = {**json.loads(replay.body), "code": typed}
        if "code" in hints:
            body = self.password(hints["code"])
        if body:
            replay.body = json.dumps(body).encode()
        if "query" in hints:
            path += "?" + urllib.parse.quote(hints["query"], safe="=&")
        return path
