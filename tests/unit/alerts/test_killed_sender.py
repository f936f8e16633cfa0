"""A sender that is killed while a receiver holds its message: nothing is lost.

The receiver kills the sending process itself, so the moment is exact: before it
took the message, or after it took it and before the sender could note that.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from email import message_from_bytes

import pytest

from pipelines.alerts.dispatch import send_alerts
from pipelines.alerts.message import test_message as marked
from pipelines.alerts.outbox import enqueue
from pipelines.district import open_district
from pipelines.registry.new_home import create
from pipelines.state.alert_records import SENDING, SENT, outbox
from pipelines.state.connections import open_store
from tests.conftest import LONG, REPO_ROOT

SECRET = "0123456789abcdef"

MAIL = """
[alerts.channels.out]
type = "smtp"
host = "127.0.0.1"
port = {port}
tls = false
sender = "schoolbell@school.example"
recipients = ["director@school.example"]
"""
HOOK = """
[alerts.channels.out]
type = "webhook"
url = "{url}"
secret = {{ env = "HOOK_SECRET" }}
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home in whose outbox one message waits."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    made = create(tmp_path / "home")
    store = open_store(made.state_db)
    enqueue(store, marked("out", "2026-W45"), ["out"])
    store.close()
    return made


def configure(home, channel):
    text = home.settings_file.read_text()
    allowed = '[alerts]\nrecipients = ["director@school.example"]\n'
    home.settings_file.write_text(text.replace("[alerts]\n", allowed) + channel)


def state(home):
    store = open_store(home.state_db)
    (row,) = outbox(store)
    store.close()
    return row["state"]


class Senders:
    """Processes that send, one after the other."""

    def __init__(self):
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.alerts.senders"],
            cwd=REPO_ROOT,
            env={**os.environ, "HOOK_SECRET": SECRET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, home):
        """Return the number of a process that sends what is due."""
        self.parent.stdin.write(f"{home.path}\n")
        self.parent.stdin.flush()
        return int(self.parent.stdout.readline())

    def wait(self):
        """Return the exit code of that process; negative for a signal."""
        return int(self.parent.stdout.readline())

    def close(self):
        self.parent.stdin.close()
        self.parent.wait(timeout=10)


@pytest.fixture(scope="module")
def senders():
    senders = Senders()
    yield senders
    senders.close()


class Killer:
    """Kills the sender that is in use, when a receiver has been asked so often."""

    def __init__(self, at=1):
        self.left = at
        self.sender = None

    def __call__(self):
        self.left -= 1
        if self.sender is not None and self.left == 0:
            os.kill(self.sender, signal.SIGKILL)


def run(senders, home, killer):
    """Return a run in a separate process, which the receiver kills."""
    killer.sender = senders.start(home)
    return senders.wait()


def run_again(home):
    """Further runs, which no one kills; how many messages they sent."""
    sent = []
    for _ in range(2):
        with open_district(home.path) as district:
            sent.append(send_alerts(district).by_channel["out"].sent)
    return sent


def test_killed_before_the_mail_was_taken(senders, home, post):
    configure(home, MAIL.format(port=post.port))
    post.before_taking = killer = Killer()
    assert run(senders, home, killer) == -signal.SIGKILL
    assert (len(post.mails), state(home)) == (0, SENDING)
    assert run_again(home) == [1, 0]
    assert (len(post.mails), state(home)) == (1, SENT)


def test_killed_after_the_mail_was_taken(senders, home, post):
    configure(home, MAIL.format(port=post.port))
    post.after_taking = killer = Killer()
    assert run(senders, home, killer) == -signal.SIGKILL
    assert (len(post.mails), state(home)) == (1, SENDING)
    assert run_again(home) == [1, 0]
    ids = [message_from_bytes(one.content)["Message-ID"] for one in post.mails]
    assert len(ids) == 2  # at least once, and the repeat has the same id
    assert len(set(ids)) == 1
    subjects = [message_from_bytes(one.content)["Subject"] for one in post.mails]
    assert [one.endswith("(may be a repeat)") for one in subjects] == [False, True]
    assert state(home) == SENT


def test_killed_after_the_webhook_took_it(senders, home, hook):
    configure(home, HOOK.format(url=hook.url))
    hook.after_taking = killer = Killer()
    assert run(senders, home, killer) == -signal.SIGKILL
    assert (len(hook.posts), state(home)) == (1, SENDING)
    assert run_again(home) == [1, 0]
    keys = [headers["Idempotency-Key"] for _, headers, _ in hook.posts]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert "X-Schoolbell-May-Repeat" in hook.posts[1][1]
    assert state(home) == SENT


MANY = 16


def fill(home):
    """Return messages that wait; their keys."""
    store = open_store(home.state_db)
    made = [marked("out", f"number {number}") for number in range(MANY)]
    for one in made:
        enqueue(store, one, ["out"])
    store.close()
    return {one.key for one in made}


def killed_often(senders, home, receiver):
    """Runs that are killed at their third message, then one that is let be.

    Returns:
        How often one was killed.
    """
    for kills in range(MANY):
        killer = Killer(at=3)
        receiver.after_taking = killer
        if run(senders, home, killer) == 0:
            return kills
    return pytest.fail("it never came to an end")


@pytest.mark.parametrize("kind", ["mail", "hook"] if LONG else ["mail"])
def test_killed_again_and_again_nothing_is_lost_and_repeats_are_known(senders, home, kind, request):
    receiver = request.getfixturevalue("post" if kind == "mail" else "hook")
    configure(
        home,
        MAIL.format(port=receiver.port) if kind == "mail" else HOOK.format(url=receiver.url),
    )
    keys = fill(home)
    kills = killed_often(senders, home, receiver)
    if kind == "mail":
        headers = [message_from_bytes(one.content) for one in receiver.mails]
        keyed = [one["Message-ID"][1:].partition("@")[0] for one in headers]
        marked = ["may be a repeat" in one["Subject"] for one in headers]
    else:
        keyed = [headers["Idempotency-Key"] for _, headers, _ in receiver.posts]
        marked = ["X-Schoolbell-May-Repeat" in one for _, one, _ in receiver.posts]
    came = Counter(keyed)
    assert kills > MANY // 4
    assert came.keys() >= keys  # nothing is lost
    assert came.total() - len(came) == kills  # one repeat a kill, and no other
    assert max(came.values()) == 2
    repeats = [key in keyed[:number] for number, key in enumerate(keyed)]
    assert marked == repeats  # each repeat shows that it may be one, and no other does
    store = open_store(home.state_db)
    assert {row["state"] for row in outbox(store)} == {SENT}
    store.close()
