"""A model that fails is held back alone: the rest is built, judged and published."""

import json
import shutil
from datetime import date

import polars as pl
import pytest

from pipelines.alerts.facts import noticed
from pipelines.district import open_district
from pipelines.errors import ModelError
from pipelines.gaps.days import UNJUDGED
from pipelines.gaps.now import not_built
from pipelines.settings.home import DistrictHome
from pipelines.state.source_records import mark_dirty, quarantined
from pipelines.warehouse.database import Database
from pipelines.warehouse.headers import Audit
from pipelines.warehouse.models import models
from pipelines.warehouse.snapshots import current, reading
from tests.journey.commands import schoolbell
from tests.journey.small import now, rows_of, told_of

FIRST, SECOND = date(2026, 10, 19), date(2026, 10, 20)
BROKEN = "core.tool_use"
BLIND = "detections.way_around_the_filter"
REASON = "Conversion Error: 'p.person' is not a number"


def breaking(monkeypatch, name, *days):
    """Let a model fail, on some days or whole, with no new version of any rule."""
    whole = Database.build

    def build(self, model, values, *wanted):
        if model.name == name and (not days or set(days) & set(wanted)):
            raise ModelError(REASON, where=model.name)
        return whole(self, model, values, *wanted)

    monkeypatch.setattr(Database, "build", build)


def run(home):
    return schoolbell("run", "--home", home, "--quiet")


def pages(home):
    return "".join(one.read_text() for one in sorted(DistrictHome(home).reports.rglob("*.html")))


@pytest.fixture(scope="module")
def broken(two_days, tmp_path_factory):
    """A first run in which one model fails on the second day."""
    home = two_days.copy(tmp_path_factory.mktemp("quarantine"), of="delivered")
    with pytest.MonkeyPatch.context() as patch:
        breaking(patch, BROKEN, SECOND)
        done = run(home)
    return home, done


@pytest.fixture
def copied(broken, tmp_path):
    return shutil.copytree(broken[0], tmp_path / "district")


def test_the_run_ends_and_says_what_was_not_judged(broken):
    home, done = broken
    assert done.code == 1
    assert f"{BROKEN} could not be built for 2026-10-20" in done.err + done.out
    assert REASON in done.err + done.out
    assert (DistrictHome(home).reports / "2026-W43" / "index.html").is_file()


def test_everything_else_is_as_it_would_be(broken, two_days):
    mine, theirs = rows_of(broken[0]), rows_of(two_days.home)
    with open_district(broken[0]) as district:
        held = {one.model for one in quarantined(district.store)}
    assert {BROKEN, BLIND} <= held < {*mine}
    assert mine.keys() == theirs.keys()
    for name in mine.keys() - held:
        assert mine[name].equals(theirs[name]), name
    sound = theirs[BROKEN].filter(pl.col("event_date") != SECOND)
    assert mine[BROKEN].equals(sound)
    assert sound.height < theirs[BROKEN].height, "the test shows nothing"


def test_no_reader_gets_a_row_of_the_day(broken):
    rows = rows_of(broken[0])
    with open_district(broken[0]) as district:
        for one in quarantined(district.store):
            days = rows[one.model]["event_date"].to_list()
            assert one.event_date not in days, one.model


def test_what_reads_it_through_a_window_is_held_back_too(broken):
    with open_district(broken[0]) as district:
        held = quarantined(district.store)
        readers = {name for name, model in district.models.items() if BROKEN in model.inputs}
        assert readers <= {one.model for one in held}
        assert {one.cause for one in held} == {BROKEN}


def test_status_doctor_and_alerts_say_it(broken):
    home, _ = broken
    status = schoolbell("status", "--home", home, "--json")
    assert status.code == 2
    (told,) = json.loads(status.out)["not_built"]
    assert told["cause"] == BROKEN
    assert told["days"] == ["2026-10-20"]
    assert told["rules"]
    doctor = schoolbell("doctor", "--home", home)
    assert f"{BROKEN} could not be built" in doctor.out + doctor.err
    with open_district(home) as district:
        (news,) = [one for one in noticed(district, now()).news if one.group == "models"]
    assert told["rules"][0] in news.line


def test_a_reason_that_may_hold_a_name_is_for_the_operator_alone(broken):
    home, _ = broken
    with open_district(home) as district:
        assert all("p.person" not in one.line for one in noticed(district, now()).news)
    assert "p.person" not in pages(home)
    with reading(current(DistrictHome(home).snapshots)) as snapshot:
        assert "p.person" not in snapshot.table(UNJUDGED).write_json()


def test_the_report_says_so_before_any_number(broken):
    said = pages(broken[0])
    assert f"could not judge 1 day: {BROKEN} could not be built" in said
    assert "could not judge 1 day." in said


def test_the_day_is_due_again_and_whole_with_the_next_run(copied, two_days):
    done = run(copied)
    assert done.code == 0, done.err
    with open_district(copied) as district:
        assert quarantined(district.store) == []
        assert not_built(district.store, district.settings) == []
    mine, theirs = rows_of(copied), rows_of(two_days.home)
    for name, rows in theirs.items():
        assert mine[name].equals(rows), name
    assert told_of(copied) == told_of(two_days.home)
    assert "could not be built" not in pages(copied)


def test_a_day_that_fails_again_publishes_nothing_anew(copied, monkeypatch):
    breaking(monkeypatch, BROKEN, SECOND)
    snapshot = current(DistrictHome(copied).snapshots)
    done = run(copied)
    assert done.code == 1
    assert current(DistrictHome(copied).snapshots) == snapshot


def test_a_finding_of_a_day_that_can_not_be_judged_again_stays(two_days, tmp_path, monkeypatch):
    home = two_days.copy(tmp_path)
    before = told_of(home)
    assert any(status == "open" for status, _, _ in before.values())
    with open_district(home) as district, district.store.writing() as connection:
        mark_dirty(connection, [FIRST, SECOND], reason="test")
    breaking(monkeypatch, "core.http_requests")
    breaking(monkeypatch, "identity.presences")
    assert run(home).code == 1
    assert told_of(home) == before


def test_a_broken_promise_holds_back_its_days_alone(two_days, tmp_path, monkeypatch):
    model = models()[BROKEN]
    wrong = Audit(holds=f"event_date <> date '{SECOND}'", why="for this test")
    checks = (*model.header.audits, wrong)
    header = model.header.model_copy(update={"audits": checks})
    monkeypatch.setitem(models(), BROKEN, model.model_copy(update={"header": header}))
    home = two_days.copy(tmp_path, of="delivered")
    done = run(home)
    assert done.code == 1
    assert "break its promise: event_date" in done.out
    sound = rows_of(two_days.home)[BROKEN].filter(pl.col("event_date") != SECOND)
    assert rows_of(home)[BROKEN].equals(sound)


def test_an_undated_model_that_fails_is_tried_again(two_days, tmp_path, monkeypatch):
    home = two_days.copy(tmp_path, of="delivered")
    with monkeypatch.context() as patch:
        breaking(patch, "marts.school_days")
        assert run(home).code == 1
    assert rows_of(home)["marts.school_days"].is_empty()
    assert run(home).code == 0
    mine, theirs = rows_of(home), rows_of(two_days.home)
    assert mine["marts.school_days"].equals(theirs["marts.school_days"])
    assert "Nothing to do." in run(home).out


def test_a_table_of_the_report_that_was_built_again_is_due_no_more(two_days, tmp_path, monkeypatch):
    home = two_days.copy(tmp_path, of="delivered")
    with monkeypatch.context() as patch:
        breaking(patch, "marts.daily_use", SECOND)
        assert run(home).code == 1
    assert run(home).code == 0
    assert "Nothing to do." in run(home).out
