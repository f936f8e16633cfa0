"""A threshold that changes makes its own model stale, and nothing else."""

import shutil
from datetime import date

from pipelines.district import open_district
from pipelines.refresh import spans, steps
from pipelines.refresh.due import stale
from pipelines.refresh.steps import build_and_judge
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.state.source_records import mark_dirty
from pipelines.warehouse import database, inputs, snapshots
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.models import arguments, model_version, models
from pipelines.warehouse.snapshots import current
from tests.journey.small import held, judged, now, rows_of, told_of

# a rule whose ends are counted makes `marts.rule_ends` stale as well
RULE, MODEL = "SA-9", "detections.account_joined_elsewhere"
DAYS = [date(2026, 10, 19), date(2026, 10, 20)]


def due(home):
    with open_district(home) as district, writing(district.home.warehouse) as database:
        held = inputs.lake_files(district.store, district.home.lake).days()
        found = stale(database, district, held)
        return spans.stale_days(district.models, found.days, held, found.models)


def set_to(home, text):
    with DistrictHome(home).settings_file.open("a") as file:
        file.write(text)


def changed(name, **more):
    one = models()[name]
    return one.model_copy(update=more)


def test_one_threshold_makes_one_model_stale(two_days, tmp_path):
    home = two_days.copy(tmp_path)
    assert not any(due(home).values())
    set_to(home, f"\n[detections.{RULE}]\nrequests = 9\n")
    assert {name: days for name, days in due(home).items() if days} == {MODEL: DAYS}
    with open_district(home) as district:
        built = build_and_judge(district).built
    assert {name for name, days in built.days.items() if days} == {MODEL}
    assert not any(due(home).values())


def test_a_query_is_described_again_when_it_or_a_promise_changed(two_days, tmp_path, monkeypatch):
    def described(home):
        asked = []
        rows = Database.rows

        def spied(self, query, *more):
            asked.append(query)
            return rows(self, query, *more)

        database._PROVEN.clear()  # as in a separate process
        with monkeypatch.context() as during, open_district(home) as district:
            during.setattr(Database, "rows", spied)
            with district.store.writing() as transaction:
                mark_dirty(transaction, DAYS[-1:], reason="events")
            built = build_and_judge(district).built.days
        told = sum(query.startswith("describe") for query in asked)
        return told, sum(bool(days) for days in built.values())

    home = two_days.copy(tmp_path)
    described(home)
    assert described(home)[0] == 0
    set_to(home, f"\n[detections.{RULE}]\nrequests = 9\n")
    assert described(home)[0] == 1
    monkeypatch.setattr(steps, "code_mark", lambda: "another version")
    told, built = described(home)
    # of those that are not built nothing need be known
    undated = sum(not model.is_dated for model in models().values())
    parts = len({part.name for model in models().values() for part in model.parts})
    assert told == built + undated + parts
    assert built > 20


def test_what_is_built_so_is_what_is_built_from_nothing(two_days, tmp_path):
    said = f"\n[detections.{RULE}]\nrequests = 3\n[detections.NA-1]\nrequests = 9\n"
    home = two_days.copy(tmp_path / "changed")
    set_to(home, said)
    judged(home)
    anew = two_days.copy(tmp_path / "anew", of="delivered")
    set_to(anew, said)
    judged(anew)
    mine, theirs = rows_of(home), rows_of(anew)
    assert mine.keys() == theirs.keys()
    for name, rows in theirs.items():
        assert mine[name].equals(rows), name
    now = {key: one[:2] for key, one in told_of(home).items() if one[0] != "withdrawn"}
    assert now == {key: one[:2] for key, one in told_of(anew).items()}


def test_a_snapshot_follows_another_as_it_would_be_whole(two_days, district, tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_CHANGED", 1)
    home = two_days.copy(tmp_path)
    for change in (
        lambda: set_to(home, f"\n[detections.{RULE}]\nrequests = 3\n"),
        lambda: deliver(district, home, "2026-10-21"),
        lambda: close_school(DistrictHome(home).registry),
    ):
        before = current(DistrictHome(home).snapshots)
        change()
        found = run(home, settle_seconds=0).snapshot
        assert found.stem[-6:] == before.stem[-6:]
        with open_district(home) as opened:
            whole = publish_snapshot(opened, now(), is_whole=True)
        assert whole.stem[-6:] != before.stem[-6:]
        (columns, rows), (wanted, all_rows) = held(found), held(whole)
        assert columns == wanted
        for name in all_rows.keys() - {"marts.about"}:  # which shows when
            assert rows[name] == all_rows[name], name


def deliver(district, home, day):
    for path in (district.delivered / "landing").rglob(f"*{day}*"):
        name = path.relative_to(district.delivered)
        shutil.copyfile(path, home / name)


def close_school(registry):
    path = registry / "calendar.csv"
    path.write_text(path.read_text().replace("2026-10-20,school", "2026-10-20,closed"))


def test_a_changed_query_reaches_what_reads_it(two_days, tmp_path, monkeypatch):
    home = two_days.copy(tmp_path)
    name = "core.tool_use"
    other = changed(name, query=models()[name].query + "\n-- another")
    monkeypatch.setitem(models(), name, other)
    found = {name for name, days in due(home).items() if days}
    readers = {one.name for one in models().values() if name in one.inputs}
    assert {name, *readers} <= found
    assert "core.http_requests" not in found


def test_an_undated_model_opens_what_reads_it(two_days, tmp_path, monkeypatch):
    home = two_days.copy(tmp_path)
    name = "identity.places"
    other = changed(name, query=models()[name].query + "\n-- another")
    monkeypatch.setitem(models(), name, other)
    found = {name for name, days in due(home).items() if days}
    readers = {one.name for one in models().values() if name in one.inputs and one.is_dated}
    assert readers
    assert readers <= found


def test_words_about_a_model_make_nothing_stale():
    one = models()[MODEL]
    values = arguments(one)
    header = one.header.model_copy(update={"summary": "other words", "triage": "x"})
    same = one.model_copy(update={"header": header})
    assert model_version(same, values) == model_version(one, values)
    assert model_version(one, values | {"requests": 99}) != model_version(one, values)
