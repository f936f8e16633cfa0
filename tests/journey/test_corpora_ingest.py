"""`schoolbell ingest` over log files that no one on the project wrote.

The sample corpora stand next to the repository; where they are absent there is
nothing to test. Copies are delivered to a home in `tmp_path`, plain and packed.
"""

import bz2
import gzip
import json
import lzma
from pathlib import Path

import pytest
import zstandard

from pipelines.registry.new_home import create
from tests.conftest import CORPORA, corpus
from tests.journey.commands import schoolbell

SQUID = "squid/kujiraitakahiro_ServerKittingForLinuC2/squid_access.log"
PACKED = {
    "log": lambda data: data,
    "log.gz": gzip.compress,
    "log.zst": lambda data: zstandard.ZstdCompressor().compress(data),
    "log.xz": lzma.compress,
    "log.bz2": bz2.compress,
}
PLACES = ("events", "rejects", "blanks", "duplicates", "pending")

DELIVERED = {
    "proxy": ("squid", ("squid_access.log",)),
    "firewall": ("fortigate", (".log",)),
    "directory": ("windows_security", (".evtx",)),
    "dhcp": ("dhcp", ("test-log.log", "kea-leases4.csv")),
}
"""Source: family in the manifest, and how the names of its files end."""


def rows(source):
    family, ends = DELIVERED[source]
    return [row for row in corpus(family) if row["file"].endswith(ends)]


if not all(map(rows, DELIVERED)):
    pytest.skip("no sample corpora here", allow_module_level=True)


def ingest(home):
    """Return the output of the command, one mapping per file."""
    done = schoolbell("ingest", "--home", home, "--json", "--settle-seconds", 0)
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def put(home, source, name, data):
    path = home / "landing" / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Every delivered file by source and name, as the command reported it."""
    home = tmp_path_factory.mktemp("corpora") / "home"
    create(home)
    for source in DELIVERED:
        for number, row in enumerate(rows(source)):
            path = CORPORA / row["file"]
            name = f"{number:02d}-{path.name}"
            put(home, source, name, path.read_bytes())
    squid = (CORPORA / SQUID).read_bytes()
    for ending, pack in PACKED.items():
        put(home, f"alone_{ending}".replace(".", "_"), f"access.{ending}", pack(squid))
        put(home, "together", f"access.{ending}", pack(squid))
    return {(one["source"], one["path"]): one for one in ingest(home)}


def test_every_line_is_accounted_for(told):
    assert len(told) == sum(len(rows(source)) for source in DELIVERED) + 10
    for place, one in told.items():
        assert one["lines"] == sum(one[name] for name in PLACES), place
        assert one["pending"] == 0, place
        assert one["state"] in ("finished", "duplicate"), one


@pytest.mark.parametrize("source", DELIVERED)
def test_no_record_is_missing(told, source):
    for number, row in enumerate(rows(source)):
        one = told[source, f"{number:02d}-{Path(row['file']).name}"]
        assert one["lines"] - one["blanks"] == int(row["lines_or_records"]), one


def test_most_records_are_events(told):
    for source in DELIVERED:
        mine = [one for (name, _), one in told.items() if name == source]
        events = sum(one["events"] for one in mine)
        rejects = sum(one["rejects"] for one in mine)
        assert events > 20 * rejects, source


def test_a_packed_file_is_its_content(told):
    alone = [one for (name, _), one in told.items() if name.startswith("alone_")]
    assert len(alone) == len(PACKED)
    counts = [{name: one[name] for name in ("lines", *PLACES)} for one in alone]
    assert all(one == counts[0] for one in counts)
    # the sample holds one line twice, one after the other
    assert counts[0]["duplicates"] == 1
    assert counts[0]["events"] + counts[0]["rejects"] == 121


def test_the_same_content_counts_once_however_it_is_packed(told):
    together = [one for (name, _), one in told.items() if name == "together"]
    assert [one["lines"] for one in together] == [122] * len(PACKED)
    once = [one for one in together if one["state"] == "finished"]
    assert len(once) == 1
    assert once[0]["duplicates"] == 1
    for one in together:
        if one is not once[0]:
            assert one["duplicates"] == one["lines"]


def test_again_there_is_nothing_new(tmp_path):
    create(tmp_path / "home")
    put(tmp_path / "home", "proxy", "access.log", (CORPORA / SQUID).read_bytes())
    first, again = ingest(tmp_path / "home"), ingest(tmp_path / "home")
    assert [one["kind"] for one in again] == ["unchanged"]
    assert [one | {"kind": ""} for one in again] == [one | {"kind": ""} for one in first]
