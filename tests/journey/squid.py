"""A real Squid on the loopback, with logins, and clients that note what they did."""

import base64
import hashlib
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

PROGRAM = Path("/usr/sbin/squid")
LOGIN_HELPER = Path("/usr/lib/squid/basic_ncsa_auth")
RUNS_AS = "proxy"
PASSWORDS = {
    "ada": "correct horse",
    "ben": "battery",
    "example\\cyd": "staple",  # squid asks and writes in lower case
    "dee@school.example": "s3cret",
}
NAMES = ("www.school.example", "files.school.example", "quiet.example")
BANNED = "banned.example"
NOTHING = "error:transaction-end-before-headers"

CONFIG = """
http_port 127.0.0.1:{port}
pid_filename {folder}/squid.pid
cache_log {folder}/cache.log
access_log stdio:{log} squid
coredump_dir {folder}
hosts_file {folder}/hosts
dns_nameservers 127.0.0.1
pinger_enable off
cache deny all
cache_mem 8 MB
max_filedescriptors 256
shutdown_lifetime 0 seconds
visible_hostname proxy.school.example
logfile_rotate 0
connect_timeout 3 seconds
auth_param basic program {helper} {folder}/passwords
auth_param basic children 2 startup=1 idle=1
auth_param basic realm proxy
acl known proxy_auth REQUIRED
acl banned dstdomain {banned}
http_access deny !known
http_access deny banned
http_access allow known
http_access deny all
"""


@dataclass
class Act:
    """What a client did, as it saw it itself.

    Attributes:
        user: Null where no login was sent.
        size: Bytes that came back, headers included.
    """

    user: str | None
    method: str
    url: str
    host: str
    began: datetime
    status: int = 0
    size: int = 0
    ended: datetime | None = None


class Pages(BaseHTTPRequestHandler):
    """A web server: `/bytes/N` has N bytes, `/slow` takes its time."""

    def do_GET(self):
        if self.path == "/missing":
            self._answer(404, b"no")
        elif self.path == "/slow":
            time.sleep(0.4)
            self._answer(200, b"at last")
        else:
            size = self.path.split("?")[0].rsplit("/", 1)[1]
            self._answer(200, b"x" * int(size))

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(201, b"kept")

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class Echo(BaseRequestHandler):
    """The far end of a tunnel."""

    def handle(self):
        while data := self.request.recv(65_536):
            self.request.sendall(data)


class EchoServer(ThreadingTCPServer):
    daemon_threads = True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(server) -> Iterator[int]:
    """Provide the port of a server that runs until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class Squid:
    """A proxy in use; every request through it is noted in `acts`."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder, self.log = folder, log
        self.port = free_port()
        self.acts: list[Act] = []
        self._write(
            "squid.conf",
            CONFIG.format(
                port=self.port, folder=folder, log=log, helper=LOGIN_HELPER, banned=BANNED
            ),
        )
        self._write("hosts", "".join(f"127.0.0.1 {name}\n" for name in NAMES))
        self._write(
            "passwords",
            "".join(
                f"{user}:{hashlib.md5(word.encode()).hexdigest()}\n"
                for user, word in PASSWORDS.items()
            ),
        )
        if os.geteuid() == 0:
            # it gives up its rights at the start and then must write here
            for path in (folder, log.parent):
                shutil.chown(path, RUNS_AS)
        self.process = subprocess.Popen(
            [PROGRAM, "-N", "-f", folder / "squid.conf"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def wait(self) -> None:
        """Until it answers; it makes its log when it does."""
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                is_open = not probe.connect_ex(("127.0.0.1", self.port))
            if is_open:
                self._end(self._begin(None, "", NOTHING, ""), b"")
                return
            time.sleep(0.05)
        cache_log = self.folder / "cache.log"
        said = cache_log.read_text() if cache_log.exists() else "nothing"
        message = f"squid does not answer; it said: {said[-2000:]}"
        raise RuntimeError(message)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def ask(self, method, url, user=None, password=None, body=b""):
        """One request, read to the end of the answer."""
        act = self._begin(user, method, url, url.split("/")[2].split(":")[0])
        with self._connected() as link:
            lines = [f"{method} {url} HTTP/1.1", f"Host: {url.split('/')[2]}"]
            lines += ["Connection: close", *self._login(user, password)]
            lines += [f"Content-Length: {len(body)}"] if body else []
            link.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            answer = b"".join(iter(lambda: link.recv(65_536), b""))
        self._end(act, answer)

    @contextmanager
    def tunnel(self, target, user=None, password=None):
        """Provide a tunnel; give it bytes to be echoed."""
        act = self._begin(user, "CONNECT", target, target.split(":")[0])
        link = self._connected()
        head = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        head += self._login(user, password)
        link.sendall("\r\n".join([*head, "", ""]).encode())
        answer = opening(link)

        def echoed(data: bytes) -> None:
            link.sendall(data)
            end = len(answer) + len(data)
            while len(answer) < end:
                answer.extend(link.recv(65_536))

        yield echoed
        link.close()
        self._end(act, bytes(answer))

    def hang_up(self):
        """Connect and ask for nothing."""
        act = self._begin(None, "", NOTHING, "")
        self._connected().close()
        self._end(act, b"")

    def _begin(self, user, method, url, host):
        return Act(user, method, url, host, datetime.now(UTC))

    def _end(self, act, answer):
        """Note the act once its line is written, so that the order is certain."""
        act.status = int(answer.split(b" ", 2)[1]) if answer else 0
        act.size = len(answer)
        self.acts.append(act)
        end = time.monotonic() + 5
        while time.monotonic() < end and len(self.lines()) < len(self.acts):
            time.sleep(0.01)
        act.ended = datetime.now(UTC)

    def lines(self):
        return self.log.read_bytes().splitlines() if self.log.exists() else []

    def _connected(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def _login(self, user, password):
        if user is None:
            return []
        word = PASSWORDS[user] if password is None else password
        token = base64.b64encode(f"{user}:{word}".encode()).decode()
        return [f"Proxy-Authorization: Basic {token}"]


def opening(link: socket.socket) -> bytearray:
    """Return the answer to a CONNECT: its head and, of a refusal, the whole page, which
    may come in pieces."""
    answer = bytearray()
    while b"\r\n\r\n" not in answer or len(answer) < announced(answer):
        piece = link.recv(65_536)
        if not piece:
            break
        answer.extend(piece)
    return answer


def announced(answer: bytearray) -> int:
    """Return the size of an answer by its own head; a tunnel's head announces none."""
    head, _, _ = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    return len(head) + 4 + int(length[1]) if length else 0


@contextmanager
def running(folder: Path, log: Path) -> Iterator[Squid]:
    squid = Squid(folder, log)
    try:
        squid.wait()
        yield squid
    finally:
        squid.stop()


def web_server():
    return ThreadingHTTPServer(("127.0.0.1", 0), Pages)


def echo_server():
    return EchoServer(("127.0.0.1", 0), Echo)
