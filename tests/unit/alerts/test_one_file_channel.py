"""A channel is one file: laid into the folder, it is found, checked, tried and used."""

import importlib
import json
import sys

import pytest

from pipelines import plugins
from pipelines.alerts import channels as folder
from pipelines.alerts.channels import channels, prepared
from pipelines.alerts.message import Message
from pipelines.alerts.outbox import channels_of, deliver_all, enqueue
from pipelines.district import open_district
from pipelines.errors import SettingsError
from pipelines.operations.settings_check import wrong_in
from pipelines.registry.new_home import create
from pipelines.reports.mail import mail_channel
from tests.journey.commands import schoolbell
from tests.unit.cli.mistakes import HEAD

BELL = '''"""Alert channel: a bell that is rung over HTTP."""

import requests
from pydantic import Field, field_validator

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.settings.plugin_settings import wrong_setting
from pipelines.errors import DeliveryError


class BellSettings(ChannelSettings):
    """The bell, and who hears it."""

    url: str = Field(examples=["http://bell.school.example/ring"])
    volume: int = Field(default=3, ge=1, le=11)
    hears: tuple[str, ...] = ()

    @field_validator("url")
    @classmethod
    def _is_a_bell(cls, value):
        if value.startswith("http"):
            return value
        raise wrong_setting("is no bell", "an address", 'url = "http://bell.example"')


def deliver(message, settings, allowed):
    answer = requests.post(settings.url, json=message.fields, timeout=5)
    if answer.status_code >= 300:
        raise DeliveryError("the bell is silent", retryable=True)


CHANNEL = Channel(
    name="bell",
    settings=BellSettings,
    deliver=deliver,
    sends_reports=True,
    recipients=lambda settings: settings.hears,
)
'''
NEWS = Message("notice-1", "Two items", "Two wait.", "notice")


@pytest.fixture
def bell(tmp_path, monkeypatch):
    """One more file next to those of the product, and nothing else."""
    extra = tmp_path / "channels"
    extra.mkdir()
    (extra / "bell.py").write_text(BELL)
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(extra)])
    importlib.invalidate_caches()
    plugins.discover.cache_clear()
    yield
    sys.modules.pop(f"{folder.__name__}.bell", None)
    plugins.discover.cache_clear()


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "home")


def settings(home, rest, recipients=("hall@school.example",)):
    alerts = f"[alerts]\nrecipients = {json.dumps(recipients)}\n"
    kind = '[alerts.channels.hall]\ntype = "bell"\n'
    home.settings_file.write_text(f"{HEAD}{alerts}{kind}{rest}\n")


def problems(home):
    with open_district(home.path) as district:
        return [(one.column, one.what, one.paste) for one in wrong_in(district)]


def test_it_is_found_with_its_settings(bell):
    assert "bell" in channels()
    with pytest.raises(SettingsError, match="volume"):
        prepared("hall", "bell", {"url": "http://127.0.0.1/", "volume": 12})


def test_without_the_file_there_is_none(home):
    settings(home, 'url = "http://127.0.0.1/"')
    ((_, what, _),) = problems(home)
    assert what == "this type of channel does not exist"


@pytest.mark.parametrize(
    ("rest", "key", "said", "paste"),
    [
        ("volume = 3", "url", "is missing", 'url = "http://bell.school.example/ring"'),
        ('url = "gong"', "url", "is no bell", 'url = "http://bell.example"'),
        ('url = "http://a/"\nvolume = 12', "volume", "is not allowed", "volume = 3"),
        ('url = "http://a/"\nvolum = 3', "volum", "unknown key (did you mean volume?)",
         "volume = 3"),
    ],
)  # fmt: skip
def test_check_knows_its_keys(bell, home, rest, key, said, paste):
    settings(home, rest)
    at = f"alerts.channels.hall.{key}"
    assert (at, said, paste) in problems(home)


def test_check_knows_whom_it_reaches(bell, home):
    settings(home, 'url = "http://a/"\nhears = ["yard@school.example"]')
    ((at, what, paste),) = problems(home)
    assert at == "alerts.recipients"
    assert "nothing is sent to them" in what
    assert paste == 'recipients = ["hall@school.example", "yard@school.example"]'


def test_a_message_arrives_once(bell, home, hook):
    settings(home, f'url = "{hook.url}"\nhears = ["hall@school.example"]')
    assert problems(home) == []
    with open_district(home.path) as district:
        given = channels_of(district.settings)
        assert list(given) == ["hall"]
        enqueue(district.store, NEWS, given)
        for _ in range(2):
            _, wrong = deliver_all(district.store, district.home, district.settings, given)
            assert wrong == []
    ((_, _, body),) = hook.posts
    assert json.loads(body)["subject"] == "Two items"


def test_a_receiver_that_is_away_keeps_it_waiting(bell, home, hook):
    settings(home, f'url = "{hook.url}"')
    hook.answers = [503] * 3
    with open_district(home.path) as district:
        enqueue(district.store, NEWS, ["hall"])
        given = channels_of(district.settings)
        assert (
            deliver_all(district.store, district.home, district.settings, given)[0]["hall"].failed
            == 1
        )
        assert (
            deliver_all(district.store, district.home, district.settings, given)[0]["hall"].sent
            == 1
        )


def test_the_report_may_go_through_it(bell, home):
    settings(home, 'url = "http://a/"\n[report]\nmail = "hall"')
    assert problems(home) == []
    with open_district(home.path) as district:
        assert mail_channel(district.settings) == "hall"


def test_its_own_command_tries_it(bell, home, hook):
    settings(home, f'url = "{hook.url}"')
    schoolbell("alerts", "test", "--home", home.path)
    ((_, _, body),) = hook.posts
    assert "test" in json.loads(body)["subject"].lower()
