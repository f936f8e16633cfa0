"""A small district that someone else made goes the whole way."""

import json
from pathlib import Path

import pytest

from pipelines.district import open_district
from pipelines.state import ledger
from pipelines.state.source_records import quarantined
from tests.benchmarks.judge import JUDGE, Stranger
from tests.journey.commands import Done, schoolbell
from tests.journey.small import findings_of, shared
from tests.journey.strangers import stranger

pytestmark = [
    pytest.mark.skipif(not JUDGE.is_dir(), reason="no generator beside the checkout"),
]
SEED, PEOPLE, WEEKS = 7, 60, 1
FORMATS = {
    "proxy": "squid_access",
    "firewall": "fortigate",
    "logins": "windows_security_json",
    "dhcp": "lease_csv",
}
LINES = {"proxy": "squid", "firewall": "forti", "logins": "win", "dhcp": "dhcp"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The district, made once for all workers, and how its run ended."""

    def make(folder):
        one = stranger(folder, seed=SEED, people=PEOPLE, weeks=WEEKS)
        done = schoolbell("run", "--home", one.home, "--settle-seconds", 0, "--quiet")
        return {
            "stranger": [str(one.made), str(one.home)],
            "done": [done.code, done.out, done.err],
        }

    _, told = shared(tmp_path_factory.getbasetemp(), "stranger", make)
    return Stranger(*map(Path, told["stranger"])), Done(*told["done"])


def test_the_run_ends_well(ran):
    one, done = ran
    assert done.code == 0, done.err + done.out
    assert list((one.home / "reports").glob("*/index.html"))


def test_every_file_is_read_by_a_format_of_its_own(ran):
    with open_district(ran[0].home) as district:
        files = ledger.source_files(district.store)
    assert {file.source: file.format for file in files} == FORMATS


def test_no_line_is_lost(ran):
    one, _ = ran
    told = json.loads((one.made / "manifest.json").read_text())["lines"]
    with open_district(one.home) as district:
        rows = {row["source"]: row for row in ledger.account(district.store)}
    for source, name in LINES.items():
        row = rows[source]
        heads = source == "dhcp"  # its first line names the columns
        assert row["lines"] == told[name] + heads, source
        kinds = ("events", "rejects", "blanks", "duplicates", "pending_lines")
        assert sum(row[kind] for kind in kinds) == row["lines"], source
        assert row["pending_lines"] == 0, source


def test_no_model_fails(ran):
    with open_district(ran[0].home) as district:
        assert quarantined(district.store) == []


def test_something_is_found(ran):
    assert findings_of(ran[0].home)
