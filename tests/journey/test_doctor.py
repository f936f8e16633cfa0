"""`schoolbell doctor`: each check shows the trouble that it is there for."""

import hashlib
import json
import os
import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from pipelines.district import open_district
from pipelines.health.issues import Issue, keep_issues
from pipelines.operations.backup import LAST
from pipelines.operations.check_questions import ACT, LOOK, QUESTIONS, WELL, Installation
from pipelines.operations.checks import (
    UNASKED,
    answered,
    examine,
    logs,
    machine,
    outputs,
    subjects,
    verdict,
)
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import now_text, remember
from pipelines.state.source_records import DRILLED
from tests.journey.commands import schoolbell


@pytest.fixture(scope="module")
def home(district, tmp_path_factory):
    return DistrictHome(district.copy(tmp_path_factory.mktemp("doctor")))


def newest_event(home):
    with sqlite3.connect(home.state_db) as state:
        (text,) = state.execute("select max(last_time) from source_files").fetchone()
    state.close()
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def now(home):
    return newest_event(home) + timedelta(hours=3)


def answers(home, now):
    return {
        f"{one.subject}/{one.check.name}": one.answer for one in examine(Installation(home, now))
    }


def ask(name, home, now):
    subject, check = name.split("/")
    return answered(subjects()[subject].answers[check], Installation(home, now))


def everything(home):
    """Return each path with its content and the times that a write would change."""
    return {
        str(path): (
            path.lstat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(home.path.rglob("*"))
    }


def test_a_home_that_was_run_is_well_and_is_left_as_it_was(home, now):
    before = everything(home)
    found = answers(home, now)
    assert everything(home) == before
    assert len(found) >= 35
    of_machine = ("machine/", "outputs/channels")
    wrong = {
        name: one.message
        for name, one in found.items()
        if one.grade > WELL and not name.startswith(of_machine)
    }
    # no one consented to anything, no one copied anything; two accounts are ownerless
    expected = {"registry/files", "registry/people", "copies/backup", "copies/drill"}
    assert wrong.keys() == expected
    unasked = {name for name, one in found.items() if one.grade == UNASKED}
    assert unasked <= {
        "copies/seal",
        "machine/clock",
        "machine/encrypted",
        "machine/local-disk",
        "logs/fetch",
        "logs/rotation",
        "outputs/telemetry",
        "outputs/loopback",
        "outputs/tested",
        "outputs/tickets",
        "registry/lists",
    }


def test_the_age_of_backup_and_drill_is_told(home, now, tmp_path):
    with open_district(home.path) as district, district.store.writing() as connection:
        for name in (LAST, DRILLED):
            remember(connection, name, now_text(now - timedelta(days=2)))
    for name in ("copies/backup", "copies/drill"):
        assert ask(name, home, now).grade == WELL
        late = ask(name, home, now + timedelta(days=50))
        assert (late.grade, bool(late.command)) == (LOOK, True)


def test_a_broken_audit_chain_is_told(home, now):
    with open_district(home.path) as district:
        chain = open_chain(district.store, home)
        with chain.recording(Act(actor="ada", action="try", subject="x")):
            pass
    assert ask("copies/chain", home, now).grade == WELL
    head = home.path / "audit.head"
    with changed(head, lambda _: b"7:" + b"0" * 64):
        assert ask("copies/chain", home, now).grade == ACT


@contextmanager
def changed(path, data):
    before, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(data(before))
    yield
    path.write_bytes(before)
    path.chmod(mode)


@contextmanager
def moved(path):
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    yield
    aside.rename(path)


@contextmanager
def never_there(home, name):
    """Provide a registry file that no run has seen."""
    with moved(home.registry / name), moved(home.kept_registry):
        yield


@contextmanager
def mode(path, bits):
    before = path.stat().st_mode
    path.chmod(bits)
    yield
    path.chmod(before)


@contextmanager
def made(path, data=b""):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    old = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    os.utime(path, (old, old))
    yield
    path.unlink()


@contextmanager
def linked(path, target):
    path.symlink_to(target)
    yield
    path.unlink()


def stated(home, sql):
    """Return the state database with one statement run in it."""

    def run(data):
        memory = sqlite3.connect(":memory:")
        # as one without a log next to it, which no database in memory has
        memory.deserialize(data[:18] + b"\x01\x01" + data[20:])
        memory.execute(sql)
        memory.commit()
        return memory.serialize()

    return changed(home.state_db, run)


def more_settings(home, text):
    return changed(home.settings_file, lambda data: data + text.encode())


def a_lake_file(home):
    return next(home.lake.glob("http_requests/**/*.parquet"))


MAIL = """
[alerts.channels.mail]
type = "{type}"
host = "mail.school.example"
sender = "schoolbell@school.example"
recipients = ["director@school.example"]
{more}
"""
DAMAGES = {
    "home/folders": (ACT, lambda h: moved(h.reports)),
    "home/modes": (ACT, lambda h: mode(h.lake, 0o755)),
    "home/writable": (ACT, lambda h: mode(h.path, 0o757)),
    "home/key-mode": (ACT, lambda h: mode(h.key_file, 0o640)),
    "home/key-size": (ACT, lambda h: changed(h.key_file, lambda data: data[:8])),
    "home/links": (LOOK, lambda h: linked(h.landing / "proxy" / "l.log", "/etc/hosts")),
    "logs/refused": (LOOK, lambda h: linked(h.landing / "proxy" / "l", "/etc/hosts")),
    "logs/unread": (LOOK, lambda h: made(h.landing / "proxy" / "new.log", b"x\n")),
    "logs/trouble": (
        LOOK,
        lambda h: stated(h, "update source_files set state = 'failed' where file_id=1"),
    ),
    "logs/pending": (
        LOOK,
        lambda h: stated(
            h,
            "update source_files set pending_lines = 1, lines = lines + 1,"
            " last_read_time = '2020-01-01' where file_id = 1",
        ),
    ),
    "registry/settings": (ACT, lambda h: more_settings(h, "\nnonsense = 1\n")),
    "registry/meaning": (
        ACT,
        lambda h: more_settings(h, MAIL.format(type="pigeon", more="")),
    ),
    "registry/rows": (
        LOOK,
        lambda h: changed(h.registry / "subnets.csv", lambda data: data + b"10.0.0.300/8,x,,\n"),
    ),
    "registry/calendar": (LOOK, lambda h: never_there(h, "calendar.csv")),
    "registry/networks": (LOOK, lambda h: never_there(h, "subnets.csv")),
    "registry/approved": (LOOK, lambda h: never_there(h, "approved_sites.csv")),
    "registry/believed": (LOOK, lambda h: moved(h.registry / "devices.csv")),
    "registry/lists": (
        LOOK,
        lambda h: more_settings(h, '\n[lists.games]\norigin = "games.txt"\nformat = "csv"\n'),
    ),
    "state/state": (ACT, lambda h: moved(h.state_db)),
    "state/schema": (LOOK, lambda h: stated(h, "drop table reviews")),
    "state/balance": (
        ACT,
        lambda h: stated(h, "update source_files set events = events + 1"),
    ),
    "state/lake": (ACT, lambda h: changed(a_lake_file(h), lambda data: data[:-1])),
    "state/purge": (LOOK, lambda h: made(h.old_warehouse)),
    "state/days": (
        LOOK,
        lambda h: stated(h, "insert into dirty_days values ('2026-10-26', 't', 'r')"),
    ),
    "state/warehouse": (LOOK, lambda h: moved(h.warehouse)),
    "state/rules": (
        LOOK,
        lambda h: changed(h.registry / "leave.csv", lambda data: data + b"\n#\n"),
    ),
    "outputs/report": (LOOK, lambda h: stated(h, "delete from reports")),
    "outputs/pages": (LOOK, lambda h: moved(h.reports)),
    "outputs/undelivered": (
        LOOK,
        lambda h: stated(h, "update alert_outbox set state = 'given up'"),
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_with_what_to_do(name, home, now):
    grade, damage = DAMAGES[name]
    with damage(home):
        answer = ask(name, home, now)
    assert answer.grade == grade, answer.message
    assert answer.command


def test_a_channel_that_nobody_tried_is_told(home, now):
    """After a test that arrived it is well, for five weeks."""

    def with_channel(data):
        channel = b'[alerts.channels.desk]\ntype = "file"\npath = "desk.jsonl"\n'
        return data + b"\n" + channel

    with changed(home.settings_file, with_channel):
        assert ask("outputs/tested", home, now).grade == LOOK
        tested = "insert into alert_outbox values ('t-1', 'desk', 'sent', 1, 's', 'm',"
        tested += f" 'test', 'low', '{now_text(now)}', '{now_text(now)}', null)"
        with stated(home, tested):
            later = now + timedelta(days=12)
            answer = ask("outputs/tested", home, later)
            assert (answer.grade, answer.message[:7]) == (WELL, "12 days")
            old = ask("outputs/tested", home, now + timedelta(days=40))
            assert (old.grade, bool(old.command)) == (LOOK, True)


def test_silence_and_age_are_told(home, now):
    later = answers(home, now + timedelta(days=400))
    aged = ("logs/arrival", "outputs/report", "registry/calendar", "state/snapshot")
    for name in aged:
        assert later[name].grade == LOOK, name
        assert later[name].command


def test_clocks_that_differ_and_late_lines_are_told(home, now):
    said = ask("logs/lags", home, now)
    assert said.grade == WELL
    assert "proxy: 100% after more than a week" in said.message
    off = Issue(source="proxy", kind="off_clock", what="dns", start=now, detail="6 h")
    late = replace(off, kind="late", what="", detail="80% of the day's lines")
    with open_district(home.path) as district:
        keep_issues(district.store, [off, late], ["off_clock", "late"], now)
    found = {name: ask(f"logs/{name}", home, now) for name in ("clocks", "lags")}
    with open_district(home.path) as district:
        keep_issues(district.store, [], ["off_clock", "late"], now)
    assert [one.grade for one in found.values()] == [LOOK, LOOK]
    assert "proxy (6 h)" in found["clocks"].message
    assert "zone" in found["clocks"].command


def test_a_small_difference_of_clocks_is_named(home, now):
    """It said that none was known, and the warehouse had 38 seconds on every day."""
    with duckdb.connect(home.warehouse) as connection:
        newest = "select coalesce(max(event_date), date '2026-03-03') from "
        newest += "marts.source_clocks"
        (day,) = connection.execute(newest).fetchone()
        connection.execute(
            "insert into marts.source_clocks values "
            f"('dns', 'proxy', 'moment', 24, 1, 400, '{day}'), "
            f"('dhcp', 'proxy', 'moment', -9, 1, 3, '{day}')"
        )
    try:
        said = ask("logs/clocks", home, now)
    finally:
        with duckdb.connect(home.warehouse) as connection:
            connection.execute(
                f"delete from marts.source_clocks where event_date = '{day}' "
                "and pair_count in (400, 3)"
            )
    assert said.grade == WELL
    assert "proxy is 24 s ahead of dns (400 pairs on" in said.message
    assert "dhcp" not in said.message


def test_a_secret_that_others_can_read_is_told(home, now, tmp_path):
    secret = tmp_path / "word"
    secret.write_text("x")
    secret.chmod(0o644)
    more = f'password = {{ file = "{secret}" }}'
    with more_settings(home, MAIL.format(type="smtp", more=more)):
        assert ask("outputs/secrets", home, now).grade == ACT
        secret.chmod(0o600)
        assert ask("outputs/secrets", home, now).grade == WELL


def test_a_log_that_logrotate_cuts_in_place_is_told(home, now, tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "ROTATION", tmp_path)
    rule = tmp_path / "proxy"
    rule.write_text(f"{home.landing}/proxy/*.log {{\n  copytruncate\n}}\n")
    assert ask("logs/rotation", home, now).grade == LOOK
    rule.write_text(f"{home.landing}/proxy/*.log {{\n  dateext\n}}\n")
    assert ask("logs/rotation", home, now).grade == WELL


@pytest.mark.parametrize(
    ("words", "grade"),
    [(["-h", "127.0.0.1"], WELL), ([], WELL), (["--host", "0.0.0.0"], ACT)],
)
def test_web_pages_open_to_the_network_are_told(words, grade, home, now, monkeypatch):
    line = ["dagster-webserver", *words, ""]
    monkeypatch.setattr(outputs, "_command_lines", lambda: [line])
    assert ask("outputs/loopback", home, now).grade == grade


def test_telemetry_is_told_unless_it_is_off(home, now, tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert ask("outputs/telemetry", home, now).grade == ACT
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    assert ask("outputs/telemetry", home, now).grade == WELL


def test_a_network_disk_is_told(home, now, tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nnas:/x {home.path} nfs4 rw 0 0\n")
    real = machine.mount_of
    monkeypatch.setattr(machine, "mount_of", lambda path: real(path, mounts))
    assert ask("machine/local-disk", home, now).grade == ACT


def test_every_check_has_a_name_of_its_own():
    asked = [(one.subject, one.name) for one in QUESTIONS]
    assert len(asked) == len(set(asked)) >= 50
    answers = {(subject.name, name) for subject in subjects().values() for name in subject.answers}
    assert {(one.subject, one.name) for one in QUESTIONS if one.is_of_doctor} == answers
    nobody = [one.name for one in QUESTIONS if not (one.is_of_doctor or one.reasons
              or one.problems or one.notes)]  # fmt: skip
    assert not nobody


def test_a_home_of_which_nothing_can_be_read_is_examined_to_the_end(tmp_path, now):
    findings = list(examine(Installation(DistrictHome(tmp_path), now)))
    assert len(findings) >= 35
    assert verdict(findings) == ACT


def test_the_command_tells_the_same_to_people_and_machines(home):
    told = schoolbell("doctor", "--home", home.path, "--json")
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert all(one["command"] for one in rows if one["grade"] in ("look", "act"))
    assert told.code == (2 if any(one["grade"] == "act" for one in rows) else 1)
    people = schoolbell("doctor", "--home", home.path)
    assert people.out.count("\n") > len(rows)
    assert f"{len(rows)} checks: " in people.out
