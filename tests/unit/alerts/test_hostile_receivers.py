"""A receiver that drips, or answers without end, holds no run and fills no memory."""

import contextlib
import resource
import socket
import time
from threading import Thread

import pytest

from pipelines.alerts import outbox
from pipelines.alerts.dispatch import beat
from pipelines.cli import lists
from pipelines.desk import signin
from pipelines.district import open_district
from pipelines.errors import DeliveryError, SourceError
from pipelines.registry.new_home import create
from pipelines.web import NearAddressError, TooLargeError, asked, bounded, require_elsewhere, within
from tests.unit.alerts.facts import NOW
from tests.unit.alerts.test_channels import SECRET
from tests.unit.alerts.test_channels import deliver as delivered

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def dripping_head(connection):
    for byte in HEAD * 1_000:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def dripping_body(connection):
    connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    for _ in range(1_000_000):
        connection.sendall(b"x")
        time.sleep(0.02)


def endless(connection):
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def endless_greeting(connection):
    """As a mail server: a first line that never ends."""
    while True:
        connection.sendall(b"220-hello\r\n" * 10)
        time.sleep(0.02)


@pytest.fixture
def served():
    """Start a server that answers each connection with one of these; its port."""
    opened = []

    def start(answer):
        listener = socket.create_server(("127.0.0.1", 0))
        opened.append(listener)

        def one(connection):
            with connection, contextlib.suppress(OSError):
                if answer is not endless_greeting:
                    connection.recv(65_536)
                answer(connection)

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    Thread(target=one, args=(connection,), daemon=True).start()

        Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for one in opened:
        one.close()


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextlib.contextmanager
def soon():
    """Ends within a few seconds, with little memory."""
    began, before = time.monotonic(), memory()
    yield
    assert time.monotonic() - began < 8
    assert memory() - before < 100_000  # KiB


def test_a_name_that_leads_to_this_machine_gets_nothing(monkeypatch):
    """Whoever answers for a name chooses its address; the URL itself may name this machine."""
    received = []
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    received.append(connection.recv(65_536))

    Thread(target=serve, daemon=True).start()
    real = socket.getaddrinfo

    def resolved(host, *more, **values):
        return real("127.0.0.1" if host == "hook.school.example" else host, *more, **values)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    given = {"secret": {"env": "HOOK_SECRET"}, "timeout_seconds": 5}
    with pytest.raises(DeliveryError, match=r"hook.school.example: .* 127.0.0.1") as error:
        delivered("webhook", given | {"url": f"http://hook.school.example:{port}/"})
    assert not error.value.retryable
    with pytest.raises(DeliveryError, match="this machine"):
        beat(f"http://hook.school.example:{port}/", None, NOW)
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(DeliveryError, match="cannot be reached"):  # it closes at once
            delivered("webhook", given | {"url": f"http://{host}:{port}/"})
    listener.close()
    assert [len(data) > 0 for data in received] == [False, False, True, True]


@pytest.mark.parametrize(
    ("address", "is_refused"),
    [
        ("169.254.169.254", True), ("fe80::1%eth0", True), ("::ffff:169.254.1.1", True),
        ("64:ff9b::a9fe:a9fe", True), ("64:ff9b:1::6464:64c8", True), ("fd00:ec2::254", True),
        ("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("64:ff9b::7f00:1", True),
        ("10.1.2.3", False), ("192.0.2.7", False), ("2001:db8::1", False),
        ("64:ff9b::c000:207", False),
    ],
)  # fmt: skip
def test_what_a_connection_reached_decides(address, is_refused):
    class Opened:
        is_closed = False

        def getpeername(self):
            return address, 443

        def close(self):
            self.is_closed = True

    opened = Opened()
    refusal = pytest.raises(NearAddressError, match="the name leads to")
    with refusal if is_refused else contextlib.nullcontext():
        require_elsewhere(opened, "hook.school.example", is_own=False)
    assert opened.is_closed == is_refused


@pytest.mark.parametrize("answer", [dripping_head, dripping_body, endless])
def test_a_webhook_has_one_deadline(served, monkeypatch, answer):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    given = {
        "url": f"http://127.0.0.1:{served(answer)}/",
        "secret": {"env": "HOOK_SECRET"},
        "timeout_seconds": 1,
    }
    with soon():
        if answer is not dripping_head:  # the status is all that is read
            delivered("webhook", given)
            return
        with pytest.raises(DeliveryError) as error:
            delivered("webhook", given)
    assert error.value.retryable
    assert error.value.may_have_arrived


@pytest.mark.parametrize("answer", [dripping_head, dripping_body, endless])
def test_a_heartbeat_has_one_deadline(served, monkeypatch, tmp_path, answer):
    from pipelines.alerts import dispatch

    monkeypatch.setattr(dispatch, "TIMEOUT_SECONDS", 1.0)
    where = f"http://127.0.0.1:{served(answer)}/"
    with soon():
        if answer is not dripping_head:
            beat(where, tmp_path, NOW)
            return
        with pytest.raises(DeliveryError, match="heartbeat failed"):
            beat(where, tmp_path, NOW)


@pytest.mark.parametrize("answer", [dripping_head, dripping_body, endless])
def test_a_list_has_one_deadline_and_a_largest_size(served, monkeypatch, answer):
    monkeypatch.setattr(lists, "MAX_SECONDS", 1.0)
    monkeypatch.setattr(lists, "LARGEST", 10_000_000)
    what = "is larger" if answer is endless else "cannot be downloaded"
    with soon(), pytest.raises(SourceError, match=what):
        lists._fetched(f"http://127.0.0.1:{served(answer)}/")


@pytest.mark.parametrize("answer", [dripping_head, dripping_body, endless])
def test_a_provider_has_one_deadline_and_a_largest_size(served, monkeypatch, answer):
    monkeypatch.setattr(signin, "TIMEOUT_SECONDS", 1)
    with soon(), pytest.raises((TimeoutError, TooLargeError, OSError)):
        signin._fetched(f"http://127.0.0.1:{served(answer)}/")


def test_a_token_of_any_size_is_not_read(served):
    import requests

    url = f"http://127.0.0.1:{served(endless)}/"
    with soon(), pytest.raises(TooLargeError):
        bounded(requests.Session(), 1_000_000).get(url, timeout=5)


def test_an_answer_in_bounds_is_read_as_it_is(hook):
    import requests

    answer = bounded(requests.Session(), 1_000).post(hook.url, data=b"x", timeout=5)
    assert answer.status_code == 204
    assert answer.content == b""
    assert asked("POST", hook.url, seconds=5, most=1_000).status == 204


def test_a_message_through_any_channel_has_a_deadline(served, monkeypatch, tmp_path):
    monkeypatch.setattr(outbox, "MAX_DELIVERY_SECONDS", 1.0)
    home = create(tmp_path / "home")
    text = home.settings_file.read_text()
    home.settings_file.write_text(
        text.replace("[alerts]\n", '[alerts]\nrecipients = ["it@school.example"]\n', 1)
        + '[alerts.channels.mail]\ntype = "smtp"\nhost = "127.0.0.1"\n'
        + f"port = {served(endless_greeting)}\ntls = false\n"
        + 'sender = "s@school.example"\nrecipients = ["it@school.example"]\n'
    )
    from pipelines.alerts.dispatch import send_test

    with open_district(home.path) as district, soon():
        sent = send_test(district.store, district.home, district.settings).by_channel["mail"]
    assert (sent.sent, sent.failed) == (0, 1)


def test_what_a_call_raises_is_raised():
    def broken():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        within(1, broken)
    assert within(1, lambda: None) is None
