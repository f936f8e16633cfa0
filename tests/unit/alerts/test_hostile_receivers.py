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
from pipelines.web import TooLargeError, asked, bounded, within
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
