"""The login in front of Dagster's pages, tried with a real nginx."""

import base64
import http.client
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

from tests.conftest import REPO_ROOT

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONF = REPO_ROOT / "deploy" / "nginx" / "schoolbell.conf"
PAGE = b"pages"
pytestmark = pytest.mark.skipif(not (NGINX and shutil.which("openssl")), reason="no nginx here")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def behind():
    """What stands behind the login; keeps the headers of each request."""
    seen = []

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, seen
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def port(behind, tmp_path_factory):
    """A real nginx with the kept file, its ports and paths changed."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    folder.chmod(0o755)
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-keyout",
            folder / "schoolbell.key",
            "-out",
            folder / "schoolbell.crt",
        ],
        check=True,
        capture_output=True,
    )
    made = subprocess.run(
        ["openssl", "passwd", "-apr1", "word"],
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / "schoolbell.users").write_text(f"ada:{made.stdout}")
    (folder / "schoolbell.users").chmod(0o644)
    site = CONF.read_text()
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/nginx/", f"{folder}/"),
        ("127.0.0.1:3000", f"127.0.0.1:{behind[0]}"),
    ):
        assert old in site
        site = site.replace(old, new)
    conf = folder / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # root's workers would give up its rights, and could not read the files of a test
    account = "user root;" if os.geteuid() == 0 else ""
    conf.write_text(
        f"{account} daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{temporary}{site} }}\n"
    )
    with subprocess.Popen([NGINX, "-c", conf, "-e", folder / "error.log"]) as nginx:
        for _ in range(100):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert nginx.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield port
        nginx.terminate()


def get(port, **headers):
    trusting = ssl._create_unverified_context()
    asked = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=10)
    asked.request("GET", "/", headers=headers)
    answer = asked.getresponse()
    body = answer.read()
    asked.close()
    return answer, body


def login(word):
    return "Basic " + base64.b64encode(f"ada:{word}".encode()).decode()


@pytest.mark.parametrize("headers", [{}, {"Authorization": login("wrong")}])
def test_nobody_gets_in_without_a_login(headers, port, behind):
    before = len(behind[1])
    answer, body = get(port, **headers)
    assert (answer.status, len(behind[1])) == (401, before)
    assert PAGE not in body


def test_whoever_has_a_login_gets_the_pages(port, behind):
    answer, body = get(port, Authorization=login("word"))
    assert (answer.status, body) == (200, PAGE)
    assert answer.headers["X-Frame-Options"] == "DENY"
    seen = behind[1][-1]
    assert "Authorization" not in seen  # the password goes no further
    assert seen["X-Forwarded-Proto"] == "https"


def test_the_pages_can_keep_a_connection_open(port, behind):
    get(port, Authorization=login("word"), Upgrade="websocket", Connection="Upgrade")
    seen = behind[1][-1]
    assert (seen["Upgrade"], seen["Connection"]) == ("websocket", "upgrade")
