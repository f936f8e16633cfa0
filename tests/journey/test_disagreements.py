"""Where sources disagree: kept, and shown to anyone who can put it right."""

import json
from datetime import timedelta

import duckdb
import pytest

from pipelines.settings.home import DistrictHome
from pipelines.warehouse.snapshots import current
from tests.journey.changed import phone
from tests.journey.commands import WHY, schoolbell

CLAIMS = """
select ip, other_device, start_time, end_time from identity.device_conflicts
where binding = 'lease' and other_binding = 'static' order by start_time limit 1
"""


@pytest.fixture(scope="module")
def home(changed):
    return changed[0]


@pytest.fixture(scope="module")
def claim(home):
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        (row,) = connection.execute(CLAIMS).fetchall()
    return row


def test_a_fixed_address_that_a_lease_gave_away_is_in_the_warehouse(home, claim):
    assert claim[0] == phone(home)


def test_who_names_both_claims_and_neither_device(home, claim):
    ip, _, start, end = claim
    moment = min(start + timedelta(minutes=1), end)
    done = schoolbell("who", "--home", home, *WHY, "--json", ip, moment.isoformat())
    answer = json.loads(done.out)
    assert answer["device"] is None
    (gap,) = [one for one in answer["gaps"] if "two devices have a claim" in one]
    assert "(a lease)" in gap
    assert "(fixed in the registry)" in gap
    assert ip not in gap


def test_the_doctor_counts_them_and_suggest_proposes_the_row(home, claim):
    told = schoolbell("doctor", "--home", home, "--json").out.splitlines()
    (row,) = [one for one in map(json.loads, told) if one["check"] == "claims"]
    assert row["grade"] == "look"
    assert "schoolbell propose" in row["command"]
    ip, sign, *_ = claim
    shown = schoolbell("propose", "--home", home).out
    assert f"{ip} is fixed for {sign} in the registry, but leases assigned it" in shown


def test_lists_that_do_not_agree_are_told_with_their_names(home):
    rows = schoolbell("lists", "doubts", "--home", home, "--json").out.splitlines()
    said = {row["site"]: row for row in map(json.loads, rows)}
    assert said["mapquarry.example"]["is_work_disputed"]
    assert "games: filter-vendor" in said["mapquarry.example"]["said"]
    text = schoolbell("lists", "doubts", "--home", home).out
    assert "education: district" in text
    with duckdb.connect(current(DistrictHome(home).snapshots)) as connection:
        (kept,) = connection.execute(
            "select count(distinct site) from marts.category_disagreements"
        ).fetchone()
    assert kept == len(said)
