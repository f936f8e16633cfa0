"""A sender that is killed while a receiver holds its message: nothing is lost.

The receiver kills the sending process itself, so the moment is exact: before it
took the message, or after it took it and before the sender could note that.
"""

import signal
import subprocess
import sys
from email import message_from_bytes

import pytest

from pipelines.alerts.messages import test_message as marked
from pipelines.alerts.outbox import SENDING, SENT, enqueue, outbox
from pipelines.district.home import create
from pipelines.journey.alerting import send_alerts
from pipelines.journey.district import open_district
from pipelines.state.store import open_store

pytestmark = pytest.mark.slow

SCHOOLBELL = "from pipelines.cli import main; main()"
MAIL = """
[alerts.channels.out]
type = "smtp"
host = "127.0.0.1"
port = {port}
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
    monkeypatch.setenv("HOOK_SECRET", "0123456789abcdef")
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


def start(home):
    return subprocess.Popen(
        [sys.executable, "-c", SCHOOLBELL, "alerts", "send", "--home", home.path],
        stdout=subprocess.DEVNULL,
    )


class Killer:
    """Kills the sender that is at work, once."""

    def __init__(self):
        self.sender = None

    def __call__(self):
        if self.sender is not None:
            self.sender.send_signal(signal.SIGKILL)
            self.sender.wait()
            self.sender = None


def run(home, killer):
    """A run in a process of its own, which the receiver kills."""
    killer.sender = sender = start(home)
    return sender.wait()


def run_again(home):
    """Further runs, which nobody kills; how many messages they sent."""
    sent = []
    for _ in range(2):
        with open_district(home.path) as district:
            sent.append(send_alerts(district).by_channel["out"].sent)
    return sent


def test_killed_before_the_mail_was_taken(home, post):
    configure(home, MAIL.format(port=post.port))
    post.before_taking = killer = Killer()
    assert run(home, killer) == -signal.SIGKILL
    assert (len(post.mails), state(home)) == (0, SENDING)
    assert run_again(home) == [1, 0]
    assert (len(post.mails), state(home)) == (1, SENT)


def test_killed_after_the_mail_was_taken(home, post):
    configure(home, MAIL.format(port=post.port))
    post.after_taking = killer = Killer()
    assert run(home, killer) == -signal.SIGKILL
    assert (len(post.mails), state(home)) == (1, SENDING)
    assert run_again(home) == [1, 0]
    ids = [message_from_bytes(one.content)["Message-ID"] for one in post.mails]
    assert len(ids) == 2  # at least once, and the repeat has the same id
    assert len(set(ids)) == 1
    assert state(home) == SENT


def test_killed_after_the_webhook_took_it(home, hook):
    configure(home, HOOK.format(url=hook.url))
    hook.after_taking = killer = Killer()
    assert run(home, killer) == -signal.SIGKILL
    assert (len(hook.posts), state(home)) == (1, SENDING)
    assert run_again(home) == [1, 0]
    keys = [headers["Idempotency-Key"] for _, headers, _ in hook.posts]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert state(home) == SENT
