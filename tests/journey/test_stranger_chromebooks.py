"""A small Chromebook district of another author goes the whole way."""

import json
from pathlib import Path

import pytest

from pipelines.district import open_district
from pipelines.state import ledger
from pipelines.state.source_records import quarantined
from tests.benchmarks.judge import JUNIPER, Stranger, complete, made, score
from tests.journey.commands import Done, schoolbell
from tests.journey.small import shared

pytestmark = [
    pytest.mark.first,
    pytest.mark.slow,  # whichever of its tests is run makes the district: a tenth of `make test`
    pytest.mark.skipif(not JUNIPER.folder.is_dir(), reason="no generator next to the checkout"),
]
SEED, SIZE = 7, ("--people", "240", "--weeks", "2", "--cases", "1")
FORMATS = {
    "paloalto": "paloalto",
    "google": "google_workspace",
    "radius": "freeradius",
    "dhcp": "isc_dhcpd",
    "windows": "windows_security_json",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The district, made once for all workers, how its run ended, and its score."""

    def make(folder):
        one = complete(JUNIPER, folder, made(JUNIPER, folder, SEED, SIZE))
        done = schoolbell("run", "--home", one.home, "--settle-seconds", 0, "--quiet")
        return {
            "stranger": [str(one.made), str(one.home)],
            "done": [done.code, done.out, done.err],
            "score": score(JUNIPER, one, None),
        }

    _, kept = shared(tmp_path_factory.getbasetemp(), "chromebooks", make)
    return Stranger(*map(Path, kept["stranger"])), Done(*kept["done"]), kept["score"]


def test_the_run_ends_well(ran):
    one, done, _ = ran
    # sites of devices at which no log shows anybody are not judged, which the run says
    is_short = "staff requests with a name can be judged" in done.out
    assert done.code == int(is_short), done.err + done.out
    assert "failed" not in done.out.replace("0 failed", "")
    with open_district(one.home) as district:
        assert quarantined(district.store) == []
        files = ledger.source_files(district.store)
    assert {file.source: file.format for file in files} == FORMATS


def test_no_line_is_lost(ran):
    one, *_ = ran
    written = json.loads((one.made / "manifest.json").read_text())["lines"]
    with open_district(one.home) as district:
        rows = {row["source"]: row for row in ledger.account(district.store)}
    for source, count in written.items():
        row = rows[source]
        assert row["rejects"] == row["pending_lines"] == 0, source
        # one day of the firewall and some of Google's answers come twice
        assert row["events"] + row["blanks"] == count, source


def test_the_logs_are_understood(ran):
    """Half of what happened, by half of the families, and no one at high severity."""
    *_, score = ran
    rows = score["by_family"].values()
    found = sum(row["cases_found"] for row in rows)
    assert 2 * found >= sum(row["cases"] for row in rows)
    assert score["overall"]["people_falsely_named"] == 0
