"""`findings`: under pseudonyms, each with what it stands on."""

import json

import polars as pl
import pytest

from tests.journey.commands import schoolbell
from tests.journey.small import findings_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(district, tmp_path_factory):
    return district.copy(tmp_path_factory.mktemp("findings"))


def listed(home, *more):
    done = schoolbell("findings", "--home", home, "--json", *more)
    assert done.code == 0
    return [json.loads(line) for line in done.out.splitlines()]


def test_every_finding_is_listed(home):
    stored = findings_of(home)
    wanted = [row["finding_id"] for row in stored if row["confidence"] != "C1"]
    assert [one["finding_id"] for one in listed(home)] == wanted
    assert len(listed(home, "--leads")) == len(stored)


def test_no_account_is_named(home):
    accounts = pl.read_csv(home / "registry" / "accounts.csv", infer_schema=False)
    text = json.dumps(listed(home, "--leads"))
    table = schoolbell("findings", "--home", home).err
    assert not [name for name in accounts["username"] if name in text + table]


def test_one_finding_shows_its_evidence(home):
    one = listed(home)[0]
    done = schoolbell("findings", one["finding_id"], "--home", home)
    assert done.code == 0
    assert one["account"] in done.out
    assert "ruled out: " in done.out
    assert done.out.count(" sha256 ") == one["evidence_lines"]


def test_a_finding_that_is_not_there(home):
    done = schoolbell("findings", "f-0", "--home", home)
    assert done.code == 2
    assert "f-0" in done.err
    assert "schoolbell findings" in done.err
