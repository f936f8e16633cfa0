"""Logs that come night by night: what is at the end is what one build makes."""

import shutil

import pytest

from pipelines.district import open_district
from pipelines.refresh import spans, steps
from pipelines.settings.home import DistrictHome
from pipelines.state.findings import stored_findings
from pipelines.warehouse.database import CHANGED, writing
from pipelines.warehouse.repair import fingerprints
from tests.conftest import LONG
from tests.journey.small import DAYS, MODELS, judged

FIRST, *_, LAST = DAYS
AT = ("core.http_requests", "core.presences", "detections.site_not_approved")


@pytest.fixture(scope="module")
def nights(district, two_days, tmp_path_factory):
    """A home before its last night, and all logs."""
    every = (district if LONG else two_days).delivered
    home = tmp_path_factory.mktemp("nights") / "district"
    shutil.copytree(every, home)
    for path in DistrictHome(home).landing.rglob("*.*"):
        if FIRST not in path.name:
            path.unlink()
    judged(home, settle_seconds=0)
    return home, every


def delivered(nights, target):
    before, every = nights
    home = shutil.copytree(before, target)
    shutil.copytree(every / "landing", home / "landing", dirs_exist_ok=True)
    return home


@pytest.fixture
def last_night(nights, tmp_path):
    return delivered(nights, tmp_path / "district")


@pytest.fixture(scope="module")
def built_at_once(nights, tmp_path_factory):
    """What one build makes of the lines of all nights."""
    home = delivered(nights, tmp_path_factory.mktemp("at-once") / "district")
    DistrictHome(home).warehouse.unlink()
    judged(home, settle_seconds=0)
    return told(home)


def told(home):
    """Return the fingerprint of each table, and the findings by id."""
    with open_district(home) as district, writing(district.home.warehouse) as database:
        tables = fingerprints(database, MODELS)
        found = {row["finding_id"] for row in stored_findings(district.store)}
    return tables, found


def test_a_night_builds_of_the_days_before_what_its_lines_change(last_night, built_at_once):
    built = judged(last_night, settle_seconds=0).built.days
    first = {name for name, days in built.items() if FIRST in map(str, days)}
    last = {name for name, days in built.items() if LAST in map(str, days)}
    assert first < last
    assert "core.http_requests" in first
    assert "marts.daily_use" in last - first
    assert told(last_night) == built_at_once


@pytest.mark.parametrize("at", AT)
def test_a_night_that_is_killed_while_it_builds(last_night, built_at_once, monkeypatch, at):
    real = spans.build_days

    def build_days(database, model, *given):
        if model.name == at:
            raise KeyboardInterrupt
        return real(database, model, *given)

    with monkeypatch.context() as patched:
        patched.setattr(spans, "build_days", build_days)
        with pytest.raises(KeyboardInterrupt):
            judged(last_night, settle_seconds=0)
    judged(last_night, settle_seconds=0)
    assert told(last_night) == built_at_once


def test_a_night_that_is_killed_before_it_judges(last_night, built_at_once, monkeypatch):
    with monkeypatch.context() as patched:

        def judge_days(*_, **__):
            raise KeyboardInterrupt

        patched.setattr(steps, "judge_days", judge_days)
        with pytest.raises(KeyboardInterrupt):
            judged(last_night, settle_seconds=0)
    judged(last_night, settle_seconds=0)
    assert told(last_night) == built_at_once


def test_what_an_earlier_version_left_without_notes_is_built_whole(last_night):
    with writing(DistrictHome(last_night).warehouse) as database:
        database.drop(CHANGED)
    built = judged(last_night, settle_seconds=0).built.days
    assert FIRST in map(str, built["marts.daily_use"])
