"""Days that are built in one statement say what they say one by one."""

from dataclasses import replace
from datetime import date
from threading import Event

import pytest

from pipelines.district import open_district
from pipelines.errors import ModelError
from pipelines.refresh import spans
from pipelines.refresh.steps import build_and_judge, builder_of
from pipelines.settings.home import DistrictHome
from pipelines.state.source_records import quarantined
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.repair import fingerprints
from tests.benchmarks.judge import JUDGE
from tests.conftest import LONG, only_long
from tests.journey.small import MODELS, judged, rows_of, told_of
from tests.journey.strangers import stranger

GAPS = {
    "every third": lambda days: days[::3],
    "ends": lambda days: days[:1] + days[-1:],
}


STRANGERS = (5, 11) if LONG and JUDGE.is_dir() else ()
"""Seeds of districts that somebody else made."""


@pytest.fixture(scope="module", params=["ours", *STRANGERS])
def home(district, two_days, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("spans")
    if request.param == "ours":
        made = district if LONG else two_days
        return made.copy(folder)
    one = stranger(folder, seed=request.param, people=60, weeks=2)
    judged(one.home, settle_seconds=0)
    return one.home


def built(home, days_of=lambda days: days, **bounds):
    """The fingerprint of each table once some days of every model were rebuilt."""
    with open_district(home) as district, writing(district.home.warehouse) as database:
        files = inputs.lake_files(district.store, district.home.lake)
        builder = replace(builder_of(database, district, files), **bounds)
        held = files.days()
        due = spans.stale_days(district.models, held, held)
        due = {name: days_of(days) for name, days in due.items()}
        spans.build(builder, district.models, due)
        return fingerprints(database, MODELS)


@pytest.fixture(scope="module")
def by_day(home):
    return built(home, most_days=1, at_once=1)


@pytest.mark.parametrize("most_days", (2, 7, 31) if LONG else (31,))
def test_whatever_the_length(home, by_day, most_days):
    assert built(home, most_days=most_days) == by_day


@pytest.mark.parametrize("at_once", (1, 2, 4) if LONG else (4,))
def test_however_many_models_side_by_side(home, by_day, at_once):
    assert built(home, at_once=at_once) == by_day


def test_whoever_ends_a_build_ends_the_statements_of_its_other_threads(home, monkeypatch):
    long, ended = Event(), []

    def build_days(database, *_):
        if long.is_set():
            raise KeyboardInterrupt
        long.set()
        try:
            database.rows("select sum(range) from range(1_000_000_000_000)")
        except BaseException as error:
            ended.append(error)
            raise

    monkeypatch.setattr(spans, "build_days", build_days)
    with pytest.raises(KeyboardInterrupt):
        built(home)
    assert len(ended) == 1
    with open_district(home) as district:
        assert not quarantined(district.store)


@pytest.mark.parametrize("gaps", GAPS if LONG else ["ends"])
def test_with_gaps(home, by_day, gaps):
    assert built(home, GAPS[gaps]) == by_day


def test_few_rows_a_statement(home, by_day, monkeypatch):
    lengths = []
    real = spans.build_days

    def build_days(database, model, values, files, days, *made):
        lengths.append(len(days))
        return real(database, model, values, files, days, *made)

    monkeypatch.setattr(spans, "build_days", build_days)
    assert built(home, most_rows=2_000) == by_day
    assert min(lengths) == 1 < max(lengths)


def test_a_day_that_fails_is_named_and_the_others_are_built(home, by_day, monkeypatch):
    """As a cast that fails does: the statement fails, whatever day it is of."""
    whole = Database.build
    bad = date(2026, 10, 20)

    def build(self, model, values, *days):
        if model.name == "core.site_visits" and bad in days:
            raise ModelError("Conversion Error", where=model.name)
        return whole(self, model, values, *days)

    monkeypatch.setattr(Database, "build", build)
    with open_district(home) as district, writing(district.home.warehouse) as database:
        files = inputs.lake_files(district.store, district.home.lake)
        builder = builder_of(database, district, files)
        model = district.models["core.site_visits"]
        days = spans.stale_days({model.name: model}, files.days(), files.days())
        made = builder.attempt(model, days[model.name])
        assert [one.event_date for one in made.held_back] == [bad]
        assert set(made.days) == set(days[model.name]) - {bad}
        assert made.rows == database.row_count(model, made.days) > 0
        assert database.row_count(model, [bad]) == 0
    monkeypatch.undo()
    assert built(home) == by_day


@only_long
def test_killed_within_a_span_and_run_again(district, two_days, tmp_path, monkeypatch):
    class KilledError(BaseException):
        """Stands for the process being gone."""

    made = district if LONG else two_days
    whole = made.home
    home = made.copy(tmp_path, of="delivered")
    real = Database._fill

    def fill(self, model, days, *query):
        if model.name == "core.engaged_requests":
            self._connection.execute("begin transaction")
            self._delete(model, days)
            raise KilledError
        return real(self, model, days, *query)

    monkeypatch.setattr(Database, "_fill", fill)
    with pytest.raises(KilledError):
        judged(home)
    monkeypatch.undo()
    with open_district(home) as again:
        build_and_judge(again)
    assert told_of(home) == told_of(whole)
    one, other = rows_of(home), rows_of(whole)
    assert set(one) == set(other)
    assert all(one[name].equals(other[name]) for name in one)
    assert DistrictHome(home).warehouse.is_file()
