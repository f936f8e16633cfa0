"""Ticket systems on the loopback: each checks requests against `descriptions.yaml`, and answers.

Nothing here is a vendor's code or data. `faults` are used up, one per request.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import yaml

DESCRIPTIONS = yaml.safe_load((Path(__file__).parent / "descriptions.yaml").read_text())
TOKEN = "token-of-the-test-system"
GUID = "00000000-0000-4000-8000-00000000000"
SETTINGS = {
    "jira": {"email": "schoolbell@school.example", "project": "NET"},
    "zammad": {"group": "Network", "customer": "schoolbell@school.example"},
    "incident_iq": {"site": f"{GUID}1", "requester": f"{GUID}2", "location": f"{GUID}3",
                    "issue": f"{GUID}4"},
    "webhook": {},
}  # fmt: skip
LOST = "lost"
"""A fault: the request takes effect, and its answer does not arrive."""


def place(fields, name):
    for key in name.split("/"):
        fields = fields[key]
    return fields


class System:
    """A ticket system of one kind.

    Attributes:
        tickets: Title and whether it is closed, by id.
        bodies: Every body that arrived.
        faults: `(operation, status, headers)` or `(operation, LOST, {})`, in their order.
        hidden: Ids that a search does not show yet.
    """

    def __init__(self, kind):
        self.kind = kind
        self.tickets, self.bodies, self.faults, self.hidden = {}, [], [], set()
        self.asked, self.wrong = [], []
        system = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_words):
                pass

            def _answer(self):
                length = int(self.headers.get("Content-Length", 0))
                data = self.rfile.read(length)
                try:
                    status, value, headers = system.answer(self, data)
                except (AssertionError, KeyError) as error:
                    system.wrong.append(repr(error))
                    status, value, headers = 400, {"error": "wrong"}, {}
                if status == LOST:
                    self.close_connection = True
                    return
                body = json.dumps(value).encode()
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _answer  # noqa: N815 - names of the library

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def table(self, secret, **more):
        """Return the table of the settings."""
        values = {"service": self.kind, "url": self.url, **SETTINGS[self.kind], **more}
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        return "\n".join(["\n[desk.tickets]", *lines, f'token = {{ file = "{secret}" }}', ""])

    def answer(self, request, data):
        parts = urlsplit(request.path)
        given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        operation, ident = self._described(request.command, parts.path)
        described = DESCRIPTIONS[self.kind]
        one = described[operation]
        headers = {name.lower(): value for name, value in request.headers.items()}
        for name, shape in described["header"].items():
            assert re.fullmatch(shape, headers[name]), name
        assert set(given) <= set(one.get("parameters", ())), given
        body = json.loads(data) if data else {}
        if data:
            assert headers["content-type"] == "application/json"
            self.bodies.append(data.decode())
        assert set(body) <= set(one.get("known", ())), body
        for name in one.get("required", ()):
            assert place(body, name), name
        self.asked.append(operation)
        fault = self._fault(operation)
        if fault and fault[1] != LOST:
            return fault[1], {"error": "fault"}, fault[2]
        answered = getattr(self, f"_{operation}")(ident, body, given)
        return (LOST, {}, {}) if fault else answered

    def _described(self, method, path):
        for operation, one in DESCRIPTIONS[self.kind].items():
            if isinstance(one, dict) and "request" in one:
                verb, shape = one["request"].split(" ")
                found = re.fullmatch(re.escape(shape).replace(r"\{ident\}", "([^/]+)"), path)
                if verb == method and found:
                    return operation, "".join(found.groups())
        raise AssertionError(path)

    def _fault(self, operation):
        if self.faults and self.faults[0][0] == operation:
            return self.faults.pop(0)
        return None

    def _create(self, _ident, body, _given):
        title = body.get("title") or body.get("Subject") or body["fields"]["summary"]
        ident = str(1000 + len(self.tickets))
        self.tickets[ident] = [title, False]
        one = DESCRIPTIONS[self.kind]["create"]
        shown = self.shown(ident) if one["shows_title"] else {"id": ident, "key": f"NET-{ident}"}
        return one["status"], self.wrapped(shown), {}

    def _search(self, _ident, body, given):
        word = given.get("query") or given.get("reference") or json.dumps(body)
        reference = re.search(r"sb[0-9a-f]{16}", word)[0]
        rows = [
            self.shown(ident)
            for ident, (title, _) in self.tickets.items()
            # a search of text also shows what only resembles the word
            if ident not in self.hidden and reference[:4] in title
        ]
        many = {"jira": "issues", "incident_iq": "Items", "webhook": "tickets"}.get(self.kind)
        return 200, {many: rows} if many else rows, {}

    def _read(self, ident, _body, _given):
        if ident not in self.tickets:
            return 404, {"error": "not found"}, {}
        return 200, self.wrapped(self.shown(ident)), {}

    def wrapped(self, shown):
        return {"Item": shown} if self.kind == "incident_iq" else shown

    def shown(self, ident):
        title, is_closed = self.tickets[ident]
        if self.kind == "jira":
            category = "done" if is_closed else "indeterminate"
            status = {"name": "Whatever", "statusCategory": {"key": category}}
            return {
                "id": ident,
                "key": f"NET-{ident}",
                "fields": {"summary": title, "status": status},
            }
        if self.kind == "zammad":
            state = "closed" if is_closed else "open"
            return {"id": int(ident), "number": f"22{ident}", "title": title, "state": state}
        if self.kind == "incident_iq":
            return {"TicketId": ident, "TicketNumber": ident, "Subject": title,
                    "IsClosed": is_closed, "IsDeleted": False}  # fmt: skip
        return {"id": ident, "number": f"T-{ident}", "title": title,
                "status": "closed" if is_closed else "open"}  # fmt: skip
