"""The ways in which a district is told again change no more than they say."""

import gzip

import pytest

from pipelines.synthetic import variations
from pipelines.synthetic.variations import Stability

LINE = b"1760880000.123    210 10.14.0.9 TCP_TUNNEL/200 3402 CONNECT a.example:443 "
REST = b" HIER_DIRECT/192.0.2.9 -\n"
KEY = ("SA-1", "avega", "2026-10-19")


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
    variations.VARIATIONS["accounts are spelt in capitals, with their domain"](home)
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


def test_the_share_that_both_have():
    assert Stability("v", 0, frozenset(), frozenset()).jaccard == 1.0
    assert Stability("v", 3, frozenset([KEY]), frozenset()).jaccard == 0.75
