"""A log format is one file: laid into the folder, it is found, checked and read."""

import importlib
import sys

import polars as pl
import pytest

from pipelines import formats as folder
from pipelines import plugins
from pipelines.formats import formats
from pipelines.registry.new_home import create
from tests.journey.commands import schoolbell

KIOSK = '''"""A library kiosk: `KIOSK|epoch|address|account|host`."""

import polars as pl

from pipelines import clock
from pipelines.formats import Format
from pipelines.formats.reading.table import value, with_groups

SHAPE = r"^KIOSK[|](?<time>.*)[|](?<ip>.*)[|](?<user>.*)[|](?<host>.*)$"

FORMAT = Format(
    name="kiosk",
    product="Library kiosk",
    event_classes=("http_requests",),
    looks_like=lambda line: line.str.starts_with("KIOSK|"),
    split=lambda batch, context, names: with_groups(batch, pl.col("line"), SHAPE),
    stamp=lambda context: clock.epoch(value("time")),
    fields={"src_ip": "ip", "user_name": "user", "url_hostname": "host"},
)
'''
LINES = (
    "KIOSK|1770000000|192.0.2.7|Ada|library.example\n"
    "KIOSK|later|192.0.2.7|Ada|library.example\n"
    "KIOSK|1770000060|192.0.2.8|Ben|catalog.example\n"
)


@pytest.fixture
def one_more(tmp_path, monkeypatch):
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "kiosk.py").write_text(KIOSK)
    place = str(tmp_path / "plugins")
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, place])
    importlib.invalidate_caches()
    plugins.discover.cache_clear()
    yield
    sys.modules.pop(f"{folder.__name__}.kiosk", None)
    plugins.discover.cache_clear()


def test_a_format_is_one_file(one_more, tmp_path):
    assert "kiosk" in formats()
    home = create(tmp_path / "home").path
    landing = home / "landing" / "library"
    landing.mkdir()
    (landing / "day.log").write_text(LINES, encoding="utf-8")
    told = schoolbell("identify", landing / "day.log")
    assert "kiosk" in told.out
    settings = home / "district.toml"
    named = '\n[sources.library]\nformat = "kiosk"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + named, encoding="utf-8")
    assert "format does not exist" not in schoolbell("check", "--home", home).err

    done = schoolbell("ingest", "--home", home, "--settle-seconds", 0, "--json")
    assert done.code == 0, done.err
    kept = [pl.read_parquet(file) for file in (home / "lake").rglob("*.parquet")]
    events = pl.concat([one for one in kept if "url_hostname" in one.columns])
    assert events.sort("line_no")["user_name"].to_list() == ["Ada", "Ben"]
    assert set(events["format"]) == {"kiosk"}
    rejects = pl.concat([one for one in kept if "reason" in one.columns])
    assert rejects["reason"].to_list() == ["no time that can be read"]


def test_two_formats_of_one_name_are_refused(one_more, tmp_path):
    again = tmp_path / "plugins" / "kiosk_again.py"
    again.write_text(KIOSK)
    importlib.invalidate_caches()
    with pytest.raises(ValueError, match="two plug-ins"):
        formats()
    sys.modules.pop(f"{folder.__name__}.kiosk_again", None)
