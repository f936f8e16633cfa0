"""What is reported to a place outside, so that silence there means something."""

import json

import pytest

from pipelines.alerts.dispatch import announce, beat, send_alerts, send_test
from pipelines.alerts.news import Alert
from pipelines.district import open_district
from pipelines.errors import DeliveryError, SettingsError
from pipelines.registry.new_home import create
from pipelines.state.alert_records import GIVEN_UP, outbox
from tests.unit.alerts.facts import NOW, news


def test_a_url_is_asked(hook, tmp_path):
    beat(hook.url, tmp_path, NOW)
    ((path, _, _),) = hook.posts
    assert path == "/hook"


@pytest.mark.parametrize("answer", [404, 500, 302])
def test_a_place_that_does_not_take_it_is_an_error(hook, tmp_path, answer):
    hook.answers = [answer]
    if answer == 302:  # not followed, and no mistake of the project
        beat(hook.url, tmp_path, NOW)
        assert len(hook.posts) == 1
        return
    with pytest.raises(DeliveryError, match="heartbeat failed"):
        beat(hook.url, tmp_path, NOW)


def test_a_file_holds_the_time(tmp_path):
    beat("beat", tmp_path, NOW)
    assert (tmp_path / "beat").read_text() == "2026-11-03T16:05:00.000000+00:00\n"
    with pytest.raises(DeliveryError, match="heartbeat"):
        beat("no/such/folder", tmp_path, NOW)


@pytest.fixture
def home(tmp_path):
    made = create(tmp_path / "home")
    text = made.settings_file.read_text()
    said = text.replace("[alerts]\n", '[alerts]\nheartbeat = "beat"\n', 1)
    made.settings_file.write_text(said)
    return made


def test_each_round_beats_and_a_test_does_not(home):
    with open_district(home.path) as district:
        send_test(district.store, district.home, district.settings)
        assert not (home.path / "beat").exists()
        assert send_alerts(district, NOW).warning == ""
    assert (home.path / "beat").is_file()


MAILS = """
[alerts.channels.{name}]
type = "smtp"
host = "127.0.0.1"
port = {port}
tls = false
sender = "schoolbell@school.example"
recipients = {to}
"""
ADA, BEN = "ada@school.example", "ben@school.example"


@pytest.fixture
def mailing(home, post):
    """Two channels of mail: one to both of the list, one to the first alone."""
    text = home.settings_file.read_text()
    text = text.replace("[alerts]\n", f'[alerts]\nrecipients = ["{ADA}", "{BEN}"]\n', 1)
    for name, to in (("both", [ADA, BEN]), ("one", [ADA])):
        text += MAILS.format(name=name, port=post.port, to=json.dumps(to))
    home.settings_file.write_text(text)
    return home


def test_a_test_to_one_address_goes_there_alone(mailing, post):
    with open_district(mailing.path) as district:
        assert set(
            send_test(district.store, district.home, district.settings, to=BEN).by_channel
        ) == {"both"}
        assert set(
            send_test(district.store, district.home, district.settings, "one", to=BEN).by_channel
        ) == {"one"}
        for to, only in (("x@other.example", ""), (ADA, "pigeon")):
            with pytest.raises(SettingsError, match=r"not in|does not exist"):
                send_test(district.store, district.home, district.settings, only, to=to)
    assert [one.rcpt_tos for one in post.mails] == [[BEN], [BEN]]


def test_a_test_that_did_not_arrive_goes_to_nobody_else_later(mailing, post):
    post.refused = {BEN: "550 no"}
    with open_district(mailing.path) as district:
        assert (
            send_test(district.store, district.home, district.settings, to=BEN, now=NOW)
            .by_channel["both"]
            .given_up
            == 1
        )
        post.refused = {}
        waiting = [one for one in outbox(district.store) if one["state"] != GIVEN_UP]
    assert waiting == []
    assert post.mails == []


def test_a_heartbeat_that_fails_is_a_warning_and_stops_nothing(home):
    (home.path / "beat").mkdir()
    with open_district(home.path) as district:
        summary = send_alerts(district, NOW)
    assert "the heartbeat failed" in summary.warning


def test_what_only_the_caller_knows_is_told_and_ended_by_the_caller(home):
    failed: Alert = news("run:daily:", line="the job daily failed")
    with open_district(home.path) as district:
        assert announce(district, [failed], (), NOW).new == 1
        assert announce(district, [failed], (), NOW).new == 0
        send_alerts(district, NOW)
        announce(district, [], ("run:daily:",), NOW)
    assert (home.path / "alerts.jsonl").read_text().count("the job daily failed") == 1
