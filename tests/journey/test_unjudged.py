"""A field that went missing: its rules state nothing of the day, and the report so."""

import html
from datetime import date

import polars as pl
import pytest

from pipelines.district import open_district
from pipelines.gaps.days import NOTED, UNJUDGED, missing, unjudged
from pipelines.gaps.now import gaps
from pipelines.refresh.steps import build_and_judge
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.warehouse.snapshots import current, reading
from tests.faults.home import line
from tests.journey.commands import schoolbell

DAY = 86_400
LAST = date(2026, 3, 3)
"""A Tuesday, the first day after the update."""


def logs(day: int, *, named: bool) -> bytes:
    written = b"".join(line(day * DAY + 350 * number) for number in range(240))
    return written.replace(b" - HIER", b" ada HIER") if named else written


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Four working days with account names, a weekend without, a day without."""
    home = create(tmp_path_factory.mktemp("unjudged") / "home")
    folder = home.landing / "proxy"
    folder.mkdir()
    for day in range(7):
        weekday = (2 + day) % 7  # BEGIN is a Wednesday
        named = day < 6 and weekday < 5
        (folder / f"{day}.log").write_bytes(logs(day, named=named))
    run(home.path, settle_seconds=0)
    return home.path


def noted(home) -> pl.DataFrame:
    with reading(current(DistrictHome(home).snapshots)) as snapshot:
        return snapshot.table(UNJUDGED)


def pages(home) -> str:
    files = sorted(DistrictHome(home).reports.rglob("index.html"))
    return "".join(one.read_text() for one in files)


def test_rules_that_stand_on_the_field_say_nothing_of_the_day(home):
    with open_district(home) as district:
        found = unjudged(district.store, district.settings, district.outline)
        (drift,) = missing(district.outline, district.store, district.settings)
    assert drift.field == "user_name"
    assert {one.event_date for one in found} == {LAST}
    rules = {one.rule for one in found}
    assert {"NA-1", "OH-1", "SA-1"} <= rules
    assert not rules & {"SA-5", "AN-1"}  # these read logons alone
    assert set(noted(home)["rule"]) == rules


def test_the_report_does_not_call_it_nothing(home):
    said = html.unescape(pages(home))
    assert "could not judge 1 day: proxy no longer gives user_name" in said
    assert "We don't know what happened there." in said


def test_doctor_and_report_give_one_reason_for_the_same_rules_and_days(home):
    """`doctor` counted rules that were off, and each page had words of its own."""
    with open_district(home) as district:
        (gap,) = gaps(district.store, district.settings, district.outline, "field")
    assert gap.days == (LAST,)
    done = schoolbell("doctor", "--home", home)
    assert str(gap) in done.out
    count = len(gap.rules)
    assert f"{count} rules could not judge 1 day: {gap.why}." in html.unescape(pages(home))
    assert set(noted(home)["rule"]) == set(gap.rules)


def test_what_was_given_up_on_purpose_is_judged(home):
    settings = DistrictHome(home).settings_file
    before = settings.read_text()
    with settings.open("a") as file:
        file.write('\n[sources.proxy]\ngiven_up = ["user_name"]\n')
    try:
        with open_district(home) as district:
            assert unjudged(district.store, district.settings, district.outline) == []
            done = build_and_judge(district)
        assert LAST in done.built.days["detections.site_not_approved"]
        with reading(DistrictHome(home).warehouse) as warehouse:
            assert warehouse.table(NOTED).is_empty()
    finally:
        settings.write_text(before)


def test_a_sound_district_is_judged_every_day(district):
    with open_district(district.home) as opened:
        assert unjudged(opened.store, opened.settings, opened.outline) == []
