"""A state database of its own, a mail server on the loopback, some findings."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from aiosmtpd.controller import Controller

from pipelines.state.connections import open_store
from tests.journey.small import small
from tests.journey.squid import free_port


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


class Post:
    """Takes mail; `answers` are given to the next ones instead of `250 OK`.

    `refused` shows what is answered about a recipient, `good_bye` what at the end.
    """

    def __init__(self):
        self.mails = []
        self.answers = []
        self.refused = {}
        self.good_bye = "221 Bye"
        self.session = None
        self.before_taking = lambda: None
        self.after_taking = lambda: None

    async def handle_RCPT(self, server, _session, envelope, address, _options):  # noqa: N802
        self.session = server
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, _server, _session, _envelope):  # noqa: N802
        return self.good_bye

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        self.before_taking()
        return responses

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        self.after_taking()
        return "250 OK"


@pytest.fixture
def post():
    post = Post()
    post.port = free_port()
    controller = Controller(post, hostname="127.0.0.1", port=post.port)
    controller.start()
    yield post
    controller.stop()


class Hook:
    """Takes posts; `answers` are status codes for the next ones instead of 204."""

    def __init__(self):
        self.posts = []
        self.answers = []
        self.after_taking = lambda: None


@pytest.fixture
def hook():
    """A web server on the loopback that keeps what is posted to it."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hook.posts.append((self.path, dict(self.headers), body))
            hook.after_taking()
            self.send_response(hook.answers.pop(0) if hook.answers else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return small(tmp_path_factory.getbasetemp())
