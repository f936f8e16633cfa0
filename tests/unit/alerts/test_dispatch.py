"""A district's alerts from end to end: sent once, naming no one."""

import json

import polars as pl
import pytest
from sqlalchemy import delete

from pipelines.alerts.dispatch import send_alerts
from pipelines.district import open_district
from pipelines.findings.cases import queue
from pipelines.findings.work_list import in_items, work_items
from pipelines.state.tables import ANNOUNCED, FACTS, NEWS, OUTBOX
from tests.journey.small import findings_of

CHANNELS = """
[alerts.channels.desk]
type = "file"
path = "{home}/desk.jsonl"

[alerts.channels.mail]
type = "smtp"
host = "127.0.0.1"
port = {port}
tls = false
sender = "schoolbell@school.example"
recipients = ["{recipient}"]

[alerts.channels.journal]
type = "stdout"
"""


@pytest.fixture
def home(district, tmp_path):
    """The small district, of which no one was reported yet."""
    home = district.copy(tmp_path)
    with open_district(home) as opened, opened.store.writing() as connection:
        for table in (OUTBOX, ANNOUNCED, NEWS):
            connection.execute(delete(table))
        connection.execute(delete(FACTS).where(FACTS.c.name.like("alerts:%")))
    return home


def configure(home, post, recipient="director@school.example"):
    settings = home / "district.toml"
    text = settings.read_text()
    allowed = 'recipients = ["director@school.example"]\n'
    assert "[alerts]\n" in text
    text = text.replace("[alerts]\n", f"[alerts]\n{allowed}")
    added = CHANNELS.format(home=home, port=post.port, recipient=recipient)
    settings.write_text(text + added)


def send(home):
    with open_district(home) as opened:
        return send_alerts(opened)


def test_sent_once_over_two_runs(home, post, capsys):
    configure(home, post)
    first = send(home)
    counts = {name: one.sent for name, one in first.by_channel.items()}
    (each,) = set(counts.values())
    assert set(counts) == {"desk", "mail", "journal"}
    assert each >= 1
    again = send(home)
    assert again.new == 0
    assert sum(one.sent for one in again.by_channel.values()) == 0
    assert len(post.mails) == each
    assert len((home / "desk.jsonl").read_text().splitlines()) == each
    assert capsys.readouterr().out.count("to decide") == 1


def test_the_count_is_that_of_the_report(home, post):
    configure(home, post)
    send(home)
    with open_district(home) as district:
        waits = queue(district.store, district.home, district.reading)
    assert waits.cases
    said = in_items(len(waits.cases), len(work_items(waits.cases, waits.week)))
    lines = (home / "desk.jsonl").read_text().splitlines()
    (subject,) = [json.loads(line)["subject"] for line in lines if "to decide" in line]
    assert subject == f"Network report: {said} to decide"


def test_no_message_names_anybody(home, post, capsys):
    configure(home, post)
    send(home)
    assert post.mails
    text = "".join(mail.content.decode() for mail in post.mails)
    text += (home / "desk.jsonl").read_text()
    text += capsys.readouterr().out
    registry = home / "registry"
    accounts = pl.read_csv(registry / "accounts.csv", infer_schema=False)["username"]
    devices = pl.read_csv(registry / "devices.csv", infer_schema=False)["hostname"]
    sites = {site for row in findings_of(home) for site in row["record"]["sites"]}
    text = text.replace(str(home), "")
    for name in (*accounts, *devices, *sites):
        assert name not in text


def test_nobody_outside_the_list_gets_a_mail(home, post):
    configure(home, post, recipient="x@other.example")
    summary = send(home)
    assert summary.by_channel["mail"].given_up >= 1
    assert summary.by_channel["desk"].sent >= 1
    assert post.mails == []


def test_without_channels_a_file_in_the_home(home):
    (home / "alerts.jsonl").unlink(missing_ok=True)
    send(home)
    send(home)
    lines = (home / "alerts.jsonl").read_text().splitlines()
    assert sum("to decide" in json.loads(line)["subject"] for line in lines) == 1
