"""The ways in which a district is reported again change no more than they say."""

import gzip
import re
import shutil
from datetime import timedelta

import polars as pl
import pytest

from pipelines.formats import Context, formats
from pipelines.ingest.record_cuts import records
from pipelines.registry.new_home import create
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, FORMATS, generate
from tests.benchmarks import variations
from tests.unit.test_demo import READING

LINE = b"1760880000.123    210 10.14.0.9 TCP_TUNNEL/200 3402 CONNECT a.example:443 "
REST = b" HIER_DIRECT/192.0.2.9 -\n"


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home" / "landing" / "proxy"
    folder.mkdir(parents=True)
    return folder.parents[1]


@pytest.mark.parametrize(
    "user", [b"avega", b"SAMPLETON%5CAVega", b"SAMPLETON\\avega", b"avega@sampleton.x"]
)
def test_each_spelling_becomes_the_same(home, user):
    plain = home / "landing" / "proxy" / "access.log"
    packed = plain.with_name("access.log.gz")
    plain.write_bytes(LINE + user + REST + LINE + b"-" + REST)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    variations.VARIATIONS["accounts are spelled in capitals, with their domain"](home)
    expected = LINE + b"SAMPLETON\\AVEGA" + REST + LINE + b"-" + REST
    assert plain.read_bytes() == expected
    assert gzip.decompress(packed.read_bytes()) == expected


def test_what_comes_late_is_there_in_the_end_and_was_not_before(home, monkeypatch):
    names = [home / "landing" / "proxy" / f"{number}.log" for number in range(7)]
    for path in names:
        path.write_bytes(b"x\n")
    seen = []
    monkeypatch.setattr(
        variations,
        "findings_of",
        lambda _home: seen.append(sum(p.exists() for p in names)),
    )
    variations.VARIATIONS["every third file comes a run later"](home)
    assert seen == [4]
    assert all(path.exists() for path in names)


DAYS = ("2026-10-19", "2026-10-20")
SAME_BYTES = {"every third file comes a run later", "the newest file comes first"}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Two days of a small district, delivered and not run."""
    folder = tmp_path_factory.mktemp("told") / "home"
    create(folder, account_domains=ACCOUNT_DOMAINS)
    generate(folder, 7, weeks=1, people=60)
    for path in (folder / "landing").rglob("*.*"):
        if not any(day in path.name for day in DAYS):
            path.unlink()
    return folder


def content(home, feed=""):
    return [
        lines if path.suffix != ".gz" else gzip.decompress(lines)
        for path in sorted((home / "landing" / feed).rglob("*.*"))
        for lines in (path.read_bytes(),)
    ]


def otherwise(told, folder, variation, monkeypatch):
    home = folder / "home"
    shutil.copytree(told, home)
    monkeypatch.setattr(variations, "findings_of", lambda _home: frozenset())
    variations.VARIATIONS[variation](home)
    return home


@pytest.mark.parametrize("variation", sorted(variations.VARIATIONS))
def test_every_way_of_telling_changes_what_was_delivered(told, tmp_path, monkeypatch, variation):
    home = otherwise(told, tmp_path, variation, monkeypatch)
    names = [path.name for path in sorted((home / "landing").rglob("*.*"))]
    before = [path.name for path in sorted((told / "landing").rglob("*.*"))]
    registry = [path.read_bytes() for path in sorted((home / "registry").iterdir())]
    was = [path.read_bytes() for path in sorted((told / "registry").iterdir())]
    is_other = content(home) != content(told) or registry != was
    assert is_other or names != before or variation.startswith("every third")
    if variation in SAME_BYTES:
        assert sorted(content(home)) == sorted(content(told))


def test_every_clock_goes_by_the_same_minutes(told, tmp_path, monkeypatch):
    variation = "every clock is fast by the same minutes"
    home = otherwise(told, tmp_path, variation, monkeypatch)
    for feed, name in FORMATS.items():
        before, after = (_times(one, feed, name) for one in (told, home))
        assert (after - before).unique().to_list() == [timedelta(minutes=4)]
        assert len(before) > 100


def _times(home, feed, name):
    lines = content(home, feed)[0].split(b"\n")
    batch = records(b"\n".join(lines[:2_000]) + b"\n", "lines")
    events = formats()[name].parse(batch, Context(reading=READING)).events
    return pl.concat([one.select("line_no", "time") for one in events.values()]).sort("line_no")[
        "time"
    ]


def test_one_school_alone_has_its_tunnels_opened(told, tmp_path, monkeypatch):
    home = otherwise(told, tmp_path, "one school's proxy opens TLS", monkeypatch)
    lines = b"\n".join(content(home, "proxy")).split(b"\n")
    opened = [line for line in lines if b"GET https://" in line]
    assert len(opened) > 500
    assert all(b" 10.12." in line for line in opened)
    assert not any(
        b" 10.12." in line and b" CONNECT " in line and b"TUNNEL" in line for line in lines
    )


def test_strangers_have_lines_and_none_of_our_names(told, tmp_path, monkeypatch):
    variation = "another district's logs arrive with ours"
    home = otherwise(told, tmp_path, variation, monkeypatch)
    proxy, directory = (
        b"\n".join(content(home, f"{feed}-of-others")) for feed in ("proxy", "directory")
    )
    assert proxy.count(b"-elsewhere") > 1_000
    assert directory.count(b"-elsewhere") > 100
    assert not re.search(rb" 10\.1[1-4]\.", proxy)
    assert not re.search(rb'"(HS|MS|ES|DO)-[A-Z]+-\d{4}[".]', directory)
