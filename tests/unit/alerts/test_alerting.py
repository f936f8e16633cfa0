"""A district's alerts from end to end: sent once, naming nobody."""

import json
from email import message_from_bytes

import polars as pl
import pytest
from sqlalchemy import delete

from pipelines.journey.alerting import send_alerts
from pipelines.journey.district import open_district
from pipelines.state.schema import ALERTS, ANNOUNCED
from tests.journey.small import findings_of

pytestmark = pytest.mark.slow

CHANNELS = """
[alerts.channels.desk]
type = "file"
path = "{home}/desk.jsonl"

[alerts.channels.mail]
type = "smtp"
host = "127.0.0.1"
port = {port}
sender = "schoolbell@school.example"
recipients = ["{recipient}"]

[alerts.channels.journal]
type = "stdout"
"""


@pytest.fixture
def home(district, tmp_path):
    """The small district, of which nobody was told yet."""
    home = district.copy(tmp_path)
    with open_district(home) as opened, opened.store.writing() as connection:
        connection.execute(delete(ALERTS))
        connection.execute(delete(ANNOUNCED))
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
    assert {name: one.sent for name, one in first.by_channel.items()} == {
        "desk": 1,
        "mail": 1,
        "journal": 1,
    }
    again = send(home)
    assert again.new == 0
    assert sum(one.sent for one in again.by_channel.values()) == 0
    assert len(post.mails) == 1
    assert len((home / "desk.jsonl").read_text().splitlines()) == 1
    assert capsys.readouterr().out.count("to review") == 1


def test_the_count_is_that_of_what_waits(home, post):
    configure(home, post)
    send(home)
    waiting = [
        row
        for row in findings_of(home)
        if row["status"] == "open"
        and row["confidence"] != "C1"
        and row["record"].get("stage") != "trial"
    ]
    message = json.loads((home / "desk.jsonl").read_text())
    assert message["subject"] == f"Network report: {len(waiting)} items to review"


def test_no_message_names_anybody(home, post, capsys):
    configure(home, post)
    send(home)
    (mail,) = post.mails
    text = mail.content.decode() + (home / "desk.jsonl").read_text()
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
    assert summary.by_channel["mail"].given_up == 1
    assert summary.by_channel["desk"].sent == 1
    assert post.mails == []


class KilledError(BaseException):
    """Stands for the process being gone."""


def test_killed_between_sending_and_noting_it(home, post, monkeypatch):
    configure(home, post)
    from pipelines.alerts import outbox

    mark = outbox._mark

    def killed(store, key, channel, state, **values):
        if channel == "mail" and state == outbox.SENT:
            raise KilledError
        mark(store, key, channel, state, **values)

    monkeypatch.setattr(outbox, "_mark", killed)
    with pytest.raises(KilledError):
        send(home)
    monkeypatch.undo()
    send(home)
    send(home)
    ids = [message_from_bytes(one.content)["Message-ID"] for one in post.mails]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert len((home / "desk.jsonl").read_text().splitlines()) == 1


def test_without_channels_a_file_in_the_home(home):
    (home / "alerts.jsonl").unlink(missing_ok=True)
    send(home)
    send(home)
    (line,) = (home / "alerts.jsonl").read_text().splitlines()
    assert "to review" in json.loads(line)["subject"]
