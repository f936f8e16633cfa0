"""A desk that really serves, and people who visit it, each by a separate way."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

from pipelines.desk.app import app
from pipelines.desk.open_homes import OpenHome
from pipelines.desk.server import listening, server

SECRET = "the word of the proxy"
USERS = {"director": "nobody", "analyst": "daemon", "custodian": "games",
         "operator": "bin", "superintendent": "mail"}  # fmt: skip
"""Users that every Debian has, and the role that their group gets."""
GROUPS = {"director": "nogroup", "analyst": "daemon", "custodian": "games",
          "operator": "bin", "superintendent": "mail"}  # fmt: skip
PEOPLE = {role: f"{role}@school.example" for role in USERS}


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def hidden(self, name):
        return unescape(re.search(rf'name="{name}" value="([^"]*)"', self.text)[1])

    def links(self):
        return [unescape(one) for one in re.findall(r'href="(/[^"#]*)', self.text)]

    def form(self, action):
        """Return the hidden fields of the first form that goes to an address."""
        for form in re.findall(r"<form.*?</form>", self.text, re.DOTALL):
            if f'action="{action}"' in form:
                pairs = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
                return {name: unescape(value) for name, value in pairs}
        raise AssertionError(f"no form for {action} in {self.text[:2000]}")


@dataclass
class Visitor:
    """One browser: its cookies, and the headers that it always sends."""

    port: int = 0
    path: str = ""
    headers: dict = field(default_factory=dict)
    cookies: dict = field(default_factory=dict)
    host: str = "127.0.0.1"

    def ask(self, method, where, fields=None, **headers):
        connection = self._connection()
        sent = {"Host": f"{self.host}:{self.port or 80}", **self.headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        body = None
        if fields is not None:
            body = urlencode(fields)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            sent["Origin"] = f"http://{sent['Host']}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, where, body, sent)
        answer = connection.getresponse()
        data = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        connection.close()
        held = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, held, data)

    def get(self, where, **headers):
        return self.ask("GET", where, **headers)

    def post(self, where, fields, **headers):
        return self.ask("POST", where, fields, **headers)

    def act(self, page, name, **fields):
        """Open a page, fill in a form of it and send it."""
        hidden = self.get(page).form(f"/act/{name}")
        return self.post(f"/act/{name}", hidden | fields)

    def _connection(self):
        if not self.path:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        made = http.client.HTTPConnection("localhost", timeout=60)
        made.sock = socket.socket(socket.AF_UNIX)
        made.sock.connect(self.path)
        return made


AS_USER = """
import http.client, json, socket, sys
for line in sys.stdin:
    path, method, where, body, headers = json.loads(line)
    made = http.client.HTTPConnection("localhost", timeout=60)
    made.sock = socket.socket(socket.AF_UNIX)
    made.sock.connect(path)
    made.request(method, where, body, headers)
    answer = made.getresponse()
    data = answer.read().decode("latin-1")
    print(json.dumps([answer.status, answer.getheaders(), data]), flush=True)
"""


@dataclass
class SystemUser(Visitor):
    """A browser that runs as another user of the system, at the desk's socket."""

    user: str = "nobody"
    process: subprocess.Popen = None

    def ask(self, method, where, fields=None, **headers):
        sent = {"Host": "localhost"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        body = None
        if fields is not None:
            body = urlencode(fields)
            sent |= {"Content-Type": "application/x-www-form-urlencoded"}
            sent |= {"Origin": "http://localhost"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.process.stdin.write(json.dumps([self.path, method, where, body, sent]))
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        status, pairs, data = json.loads(self.process.stdout.readline())
        for name, value in pairs:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        held = {name.lower(): value for name, value in pairs}
        return Answer(status, held, data.encode("latin-1"))


@contextmanager
def as_system_user(path, user):
    program = shutil.which("python3", path="/usr/bin")
    with subprocess.Popen(
        [program, "-c", AS_USER],
        user=user,
        group=GROUP_OF[user],
        extra_groups=[],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    ) as process:
        yield SystemUser(path=str(path), user=user, process=process)
        process.stdin.close()


GROUP_OF = {USERS[role]: GROUPS[role] for role in USERS}


@dataclass
class Desk:
    home: OpenHome
    port: int
    path: str
    app: object

    def visitor(self, **values):
        return Visitor(port=self.port, **values)

    def by_proxy(self, role, login=""):
        """Someone whom the proxy names."""
        headers = {
            "X-Remote-User": login or PEOPLE[role],
            "X-Remote-Groups": f"{role}s",
            "X-Schoolbell-Proxy": SECRET,
            "X-Forwarded-For": "10.0.0.7",
        }
        return self.visitor(headers=headers)


@contextmanager
def open_desk(home, path):
    """Provide the desk of a home, on a port and a socket, until the block ends."""
    opened = OpenHome(home)
    opened.warm()
    tcp, unix = listening("127.0.0.1", 0, None), listening("", 0, path)
    made = server(opened)
    made.install_signal_handlers = lambda: None
    thread = threading.Thread(target=made.run, kwargs={"sockets": [tcp, unix]})
    thread.start()
    try:
        while not made.started:
            time.sleep(0.01)
        yield Desk(opened, tcp.getsockname()[1], str(path), app)
    finally:
        made.should_exit = True
        thread.join(20)
        opened.close()
