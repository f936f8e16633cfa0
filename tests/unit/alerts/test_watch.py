"""`schoolbell status` and its watch: what is still is reported, anyone who hangs."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from filelock import FileLock

from pipelines.alerts import facts
from pipelines.alerts.dispatch import send_watch
from pipelines.alerts.memory import Observation, active_news, take_news
from pipelines.alerts.message import Message
from pipelines.alerts.message import test_message as marked
from pipelines.alerts.outbox import enqueue, only_sender
from pipelines.district import only_writer, open_district
from pipelines.errors import BusyError
from pipelines.health.issues import Issue, keep_issues
from pipelines.operations.status import ACT, LOOK, WELL, status_of
from pipelines.registry.new_home import create
from pipelines.run import watch as watching
from pipelines.state.ledger import Change, FileRecord, commit
from pipelines.state.source_records import mark_dirty, note_look
from tests.unit.alerts.facts import news
from tests.unit.alerts.test_killed_sender import MAIL, configure

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
FILE = FileRecord(file_id=1, source="proxy", path="a.log", state="finished")


@pytest.fixture
def home(tmp_path):
    """A home that took one file in, an hour ago."""
    made = create(tmp_path / "home")
    with open_district(made.path) as district:
        commit(district.store, Change(files=[FILE]))
        note_look(district.store, NOW - HOUR)
    return made


def code(home):
    with open_district(home.path) as district:
        found = status_of(district, NOW)
    return found.exit_code, list(found.reasons)


def change(home, act):
    with open_district(home.path) as district:
        act(district)


def test_all_is_well(home):
    assert code(home) == (WELL, [])


def test_nobody_looked_for_new_files(home):
    def look(district, ago):
        with district.store.writing() as connection:
            connection.exec_driver_sql("delete from facts where name != 'home'")
        note_look(district.store, NOW - ago)

    change(home, lambda district: look(district, 27 * HOUR))
    worst, reasons = code(home)
    assert worst == ACT
    said = "no run has checked for new log files in more than 26 hours; next: schoolbell doctor"
    assert said in reasons


def test_days_that_wait_for_long(home):
    def wait(district):
        with district.store.writing() as connection:
            mark_dirty(connection, [NOW.date()], reason="events")

    change(home, wait)
    assert code(home) == (LOOK, ["1 day waits to be built: schoolbell run"])
    with open_district(home.path) as district:
        assert status_of(district, NOW + 24 * HOUR).exit_code == LOOK
        assert status_of(district, NOW + 28 * HOUR).exit_code == ACT


def test_a_silent_source_and_a_thin_one(home):
    def sick(kind, building=""):
        one = Issue(source="proxy", kind=kind, building=building, start=NOW - HOUR)
        return lambda district: keep_issues(district.store, [one], [kind], NOW)

    change(home, sick("thin"))
    assert code(home)[0] == LOOK
    change(home, sick("silent", "hs"))
    assert code(home)[0] == LOOK
    change(home, sick("silent"))
    worst, (first, *_) = code(home)
    assert worst == ACT
    assert first.startswith("proxy: ")


def test_a_full_disk(home, monkeypatch):
    monkeypatch.setattr(facts, "MIN_FREE_BYTES", 10**18)
    worst, (reason,) = code(home)
    assert worst == ACT
    assert "GB are free on the disk of the home" in reason


def test_a_message_that_was_given_up(home):
    configure(home, MAIL.format(port=1).replace("director@", "stranger@", 1))
    note = Message("a-1", "1 notice", "One.\n", "notice")

    def send(district):
        enqueue(district.store, note, ["out"])
        send_watch(district)

    change(home, send)
    worst, (reason, *_) = code(home)
    assert (worst, reason) == (ACT, "1 alert could not be sent: schoolbell alerts list")


def watch(home, *more):
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from pipelines.cli import main; main()",
            "status",
            "--alert",
            "--json",
            "--home",
            home.path,
            *more,
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_watch_tells_while_a_run_hangs(home, post):
    """A stopped daemon, or a run that never lets go of the home, cannot silence it."""
    configure(home, MAIL.format(port=post.port))
    with open_district(home.path) as district, district.store.writing() as connection:
        connection.exec_driver_sql(
            "update facts set value = '2026-01-05T00:00:00.000000+00:00'"
            " where name = 'landing_looked'"
        )
    with FileLock(home.path / ".lock"):
        done = watch(home)
        again = watch(home)
    assert done.returncode == again.returncode == 2, done.stderr
    said = json.loads(done.stdout)
    assert said["state"] == "needs action"
    assert said["versions"]["schoolbell"]
    (mail,) = post.mails
    text = message_from_bytes(mail.content, policy=default).get_content()
    assert "no run has checked for new log files" in text


def test_a_slow_receiver_of_a_watch_keeps_no_one_at_the_desk_waiting(home, post):
    configure(home, MAIL.format(port=post.port))
    change(home, lambda district: enqueue(district.store, marked("out", "2026-W45"), ["out"]))
    free = []

    def change_something():
        with only_writer(home, 0):
            free.append(True)

    post.after_taking = change_something
    assert watching.watch(home.path).alerts.by_channel["out"].sent == len(free) > 0


def test_two_senders_take_turns(home):
    with only_sender(home), pytest.raises(BusyError, match="still sending"):  # noqa: SIM117
        with only_sender(home, seconds=0):
            pytest.fail("both send")


def test_a_watch_ends_nothing_that_it_did_not_look_at(home):
    """Health is looked at by runs; a watch in between must not call it over."""
    with open_district(home.path) as district:
        one = news("health:silent:proxy::")
        take_news(district.store, Observation([one], ("health:silent:",)), NOW)
        send_watch(district)
        assert [row["key"] for row in active_news(district.store)] == [one.key]
