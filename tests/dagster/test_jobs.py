"""The jobs, run in process: the same lines, rows and findings as `schoolbell run`."""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime

import dagster as dg
import duckdb
import polars as pl
import pytest

from pipelines.defs import catalog
from pipelines.defs.catalog import AGAIN, show_changes
from pipelines.defs.reporting import report_events
from pipelines.defs.runs import logged, refuse_empty
from pipelines.district import District, only_writer, open_district
from pipelines.gaps.now import not_built
from pipelines.gaps.relation import Gap
from pipelines.registry.new_home import create
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.run.run import RunResult, run
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.published_reports import report_facts
from pipelines.state.source_records import Quarantined, dirty_days, hold_back
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import models
from pipelines.weeks import monday
from tests.conftest import REPO_ROOT
from tests.dagster.conftest import Location
from tests.faults.home import lines
from tests.journey.small import rows_of, told_of

USERS = """sourcedId,status,enabledUser,orgSourcedIds,role,username
p-1,active,true,,teacher,jdoe
"""
LEAVE = "person_id,date,part,kind,status\np-1,2025-10-09,full,sick,approved\n"

# the jobs


@pytest.mark.parametrize("job", ["run", "rebuild_days", "weekly_report", "watch"])
def test_the_job_succeeds(ran, job):
    assert ran.succeeded[job]


def test_the_same_lines_are_in_the_ledger(ran, district):
    def account(home):
        with open_district(home) as opened:
            return ledger.account(opened.store)

    assert account(ran.home) == account(district.home)


def test_the_same_rows(ran, district):
    mine, theirs = rows_of(ran.home), rows_of(district.home)
    assert mine.keys() == theirs.keys()
    for name, rows in theirs.items():
        assert mine[name].equals(rows), name


def test_the_same_findings(ran, district):
    assert told_of(ran.home) == told_of(district.home)


def test_the_same_report(ran, district):
    page = "2026-W43/index.html"
    assert (DistrictHome(ran.home).reports / page).is_file()
    assert (DistrictHome(district.home).reports / page).is_file()


def test_the_counts_are_shown(ran):
    """A run shows the rows of each day that it built."""
    rows = rows_of(ran.home)
    for name in (
        "core.http_requests",
        "identity.presences",
        "marts.daily_use",
    ):
        by_day = rows[name].group_by(pl.col("event_date").cast(str)).len()
        shown = ran.row_counts["run"][name.replace(".", "/")]
        assert {day: rows for day, rows in shown.items() if rows} == dict(by_day.rows())
        assert set(shown) >= {"2026-10-19", "2026-10-20"}


# the sensors


def test_what_is_delivered_is_asked_for_once(ran):
    assert ran.jobs["delivered"] == "run"
    assert ran.answers["delivered"] == ran.answers["delivered, again"]
    assert ran.answers["built"] is None


def test_a_new_file_asks_for_a_watch_before_anything_else(ran, locate, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(ran.home, home)
    assert isinstance(locate(home).ask("something_due"), dg.SkipReason)
    late = DistrictHome(home).landing / "proxy" / "late.log"
    late.write_bytes(lines(0, 5))
    more = locate(home).ask("something_due")
    assert (more.job_name, more.tags["dagster/priority"]) == ("watch", "10")
    late.write_bytes(lines(0, 6))
    grown = locate(home).ask("something_due")
    assert grown.run_key != more.run_key


def test_a_changed_registry_asks_for_a_run(ran):
    assert ran.jobs["registry, changed"] == "run"
    assert ran.answers["registry, changed"] == ran.answers["registry, again"]
    assert ran.answers["registry, put back"] is None


# the catalog


def test_what_a_run_built_is_shown_once_by_day(district, locate, tmp_path, monkeypatch):
    home = district.copy(tmp_path)
    location = locate(home)
    monkeypatch.setattr(District, "open_warehouse", None)  # which opens it for writing
    reported = location.shown()
    first = [one for one in reported if isinstance(one, dg.AssetMaterialization)]
    rows = rows_of(home)
    shown = {
        (".".join(one.asset_key.path), one.partition): one.metadata["dagster/row_count"].value
        for one in first
        if "dagster/row_count" in one.metadata
    }
    for name in ("core.http_requests", "marts.daily_use", "detections.keyboard_hop"):
        by_day = dict(rows[name].group_by(pl.col("event_date").cast(str)).len().rows())
        for day in ("2026-10-19", "2026-10-20"):
            assert shown[name, day] == by_day.get(day, 0), (name, day)
    told = {".".join(one.asset_key.path) for one in reported} | {"landing.files"}
    assert told >= {"snapshots.current", "reports.weekly", "raw.logons"}
    assert told >= set(models())
    every = {".".join(key.path) for key in location.defs.resolve_asset_graph().get_all_asset_keys()}
    assert every == told
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.defs.catalog.reading", None)  # nothing is opened
        patch.setattr("pipelines.defs.catalog.only_writer", None)
        assert location.shown() == []
    DistrictHome(home).warehouse.touch()
    assert location.shown() == []
    with duckdb.connect(DistrictHome(home).warehouse) as connection:
        connection.execute("delete from core.duty where event_date = date '2026-10-20'")
    (again,) = location.shown()
    assert (again.asset_key.path, again.partition) == (["core", "duty"], "2026-10-20")
    location.cursors["catalog"] = AGAIN
    assert len(location.shown()) > len(first)


def test_the_desk_is_free_while_a_tick_reads_the_tables(district, locate, tmp_path, monkeypatch):
    location = locate(district.copy(tmp_path))
    real, free = catalog.preview, []

    def preview(*given):
        with open_district(location.home) as opened, only_writer(opened.home, 0):
            free.append(True)
        return real(*given)

    monkeypatch.setattr(catalog, "preview", preview)
    assert location.shown()
    assert len(free) > 100


def test_a_run_that_ends_while_a_tick_reads_keeps_its_newest_day(
    district, locate, tmp_path, monkeypatch
):
    location = locate(district.copy(tmp_path))
    real = catalog.states_of

    def states_of(*given):
        states = real(*given)
        noon = 1_792_594_800  # Wed, Oct 21, 2026
        line = f"{noon}.000 12 10.0.0.5 TCP_MISS/200 500 GET http://www.example.com/ jdoe "
        late = DistrictHome(location.home).landing / "proxy" / "late.log"
        late.write_text(f"{line}HIER_DIRECT/192.0.2.1 text/html\n")
        os.utime(late, (noon, noon))
        monkeypatch.setattr(catalog, "states_of", real)
        assert location.run("run").success
        return states

    monkeypatch.setattr(catalog, "states_of", states_of)
    location.ask("catalog")
    assert "2026-10-21" in location.instance.get_dynamic_partitions("days")


def evaluations(location):
    return {
        (".".join(one.asset_key.path), one.check_name): one
        for one in location.shown()
        if isinstance(one, dg.AssetCheckEvaluation)
    }


def test_what_a_run_checked_is_shown(district, locate, tmp_path):
    home = district.copy(tmp_path)
    location = locate(home)
    shown = evaluations(location)
    graph = location.defs.resolve_asset_graph()
    every = {
        (".".join(check.asset_key.path), check.name)
        for key in graph.get_all_asset_keys()
        for check in graph.get(key).check_keys
    }
    assert shown.keys() == every
    assert all(one.passed for one in shown.values())
    reason = "2 rows break its promise: grain"
    held = Quarantined("core.duty", date(2026, 10, 20), "core.duty", reason)
    after = Quarantined("core.use_hours", date(2026, 10, 20), "core.duty", reason)
    with open_district(home) as opened:
        hold_back(opened.store, [held, after])
    DistrictHome(home).warehouse.touch()
    again = {name for name, one in evaluations(location).items() if not one.passed}
    assert again == {
        ("core.duty", "built"), ("core.duty", "grain"), ("core.use_hours", "built"),
    }  # fmt: skip


DUTY = dg.AssetKey(["core", "duty"])
MADE = ("core", "detections", "identity", "marts")


def latest_day(instance):
    return instance.get_latest_materialization_event(DUTY).asset_materialization.partition


def test_a_tick_reports_the_newest_days_first(district, locate, tmp_path, monkeypatch):
    location = locate(district.copy(tmp_path))
    monkeypatch.setattr("pipelines.defs.catalog.EVENTS_PER_TICK", 60)
    ticks = []
    while events := location.shown():
        ticks.append(events)
    assert [len(events) for events in ticks[:-1]] == [60] * (len(ticks) - 1)
    days = [
        [
            one.partition
            for one in events
            if getattr(one, "partition", None) and one.asset_key.path[0] in MADE
        ]
        for events in ticks
    ]
    assert all(part == sorted(part) for part in days)
    *newest, last = [part[-1] for part in days if part]
    assert len({*newest}) > 1
    assert newest == sorted(newest, reverse=True)
    assert last == newest[0]  # or an older day would be shown as the latest
    every = Counter(
        (str(one.asset_key), getattr(one, "partition", None), getattr(one, "check_name", None))
        for events in ticks
        for one in events
    )
    assert {day for (_, day, _), times in every.items() if times > 1} == {last}


def test_what_is_shown_before_the_daemon_starts_is_not_shown_twice(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    assert (
        len(location.shown(lambda: show_changes(location.instance, location.resource, limit=500)))
        == 500
    )
    first = latest_day(location.instance)
    assert location.shown()
    assert latest_day(location.instance) == first
    assert location.shown() == []


def test_a_new_snapshot_is_shown_and_makes_nothing_else_look_new(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    location.shown()
    with open_district(location.home) as opened:
        publish_snapshot(opened, datetime.now(UTC))
    assert [".".join(one.asset_key.path) for one in location.shown()] == ["snapshots.current"]


def test_a_report_by_an_earlier_version_is_made_anew(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    location.cursors["catalog"] = '{"2026-10-20": "0123456789ab"}'
    assert len(location.shown()) > 500


def test_sqlite_shows_the_same_as_any_other_store(district, locate, tmp_path):
    home = district.copy(tmp_path)
    shown = locate(home).shown()
    expected = {str(one) for one in shown}
    newest = max(one.partition for one in shown if one.asset_key == DUTY and one.partition)
    kept = tmp_path / "dagster"
    kept.mkdir()
    (kept / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(kept)) as instance:
        location = Location(home, instance)
        assert {str(one) for one in location.shown()} == expected
        assert latest_day(instance) == newest
        checks = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [dg.AssetCheckKey(DUTY, "built")]
        )
        assert [one.status.value for one in checks.values()] == ["SUCCEEDED"]


def test_an_error_reports_nothing_of_its_commit(tmp_path):
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        good = dg.AssetMaterialization("a")
        with pytest.raises(Exception, match="unexpected asset event"):
            report_events(instance, [good, "b"])
        assert instance.all_asset_keys() == []
        assert list(instance.all_logs("")) == []
        report_events(instance, [good])
        assert instance.all_asset_keys() == [dg.AssetKey("a")]


# the same as a timer's run


def test_a_late_line_of_three_weeks_back_revises_that_week_s_report(locate, tmp_path):
    """Under Dagster's jobs alone, with no `schoolbell run`."""
    home = create(tmp_path / "home")
    (home.landing / "proxy").mkdir()
    first, days = 1_760_000_000, 21 * 86_400  # Thu, Oct 9, 2025

    def deliver(name, began, count, more=""):
        text = "".join(
            f"{began + at * 60}.000 12 10.0.0.5 TCP_MISS/200 500 GET http://www.example.com/{at} "
            "jdoe HIER_DIRECT/192.0.2.1 text/html\n"
            for at in range(count)
        )
        (home.landing / "proxy" / name).write_text(text + more)
        settled = time.time() - 3_600
        os.utime(home.landing / "proxy" / name, (settled, settled))

    deliver("access-1.log", first, 30)
    deliver("access-2.log", first + days, 30)
    old, new = monday(date(2025, 10, 9)), monday(date(2025, 10, 30))
    location, logs = locate(home.path), []

    def run_what_is_due():
        """Do what the daemon does: the job that the sensor asks for, until it asks for none."""
        jobs = []
        while not isinstance(asked := location.ask("something_due"), dg.SkipReason):
            jobs.append(asked.job_name)
            result = location.run(asked.job_name)
            assert result.success
            logs.append([entry.user_message for entry in location.instance.all_logs(result.run_id)])
            assert len(jobs) < 5
        return jobs

    def revisions(week):
        with open_district(home.path) as opened:
            return [row["revision"] for row in report_facts(opened.store, week)]

    assert run_what_is_due() == ["run"]
    assert f"report 1 of 2: week of {old}" in logs[0]
    assert (revisions(old), revisions(new)) == ([1], [1])
    deliver("access-3.log", first + 7_200, 5, "a line that is cut off\n")  # page one counts it
    assert run_what_is_due() == ["watch", "run"]
    assert (revisions(old), revisions(new)) == ([1, 2], [1])
    home.registry.joinpath("users.csv").write_text(USERS)
    home.registry.joinpath("leave.csv").write_text(LEAVE)
    assert run_what_is_due() == ["run"]
    home.registry.joinpath("leave.csv").write_text(f"{LEAVE}p-1,2025-10-30,full,sick,approved\n")
    assert run_what_is_due() == ["run"]

    # then the same home under a timer: nothing is left to do
    done = run(home.path)
    assert not done.built.days
    assert not done.reports
    assert done.snapshot is None
    assert done.alerts.new == 0
    assert isinstance(location.ask("something_due"), dg.SkipReason)
    location.ask("catalog")
    assert location.shown() == []


# what the pages show


def previews(made):
    return {
        (".".join(one.asset_key.path), one.partition or ""): one.metadata["preview"]
        for one in made
        if "preview" in one.metadata
    }


def test_a_table_is_previewed_without_a_name_or_a_text_of_a_log(district, locate, tmp_path):
    home = district.copy(tmp_path)
    made = locate(home).shown()
    shown = previews(made)
    newest = ("core.presence_blocks", "2026-10-20")
    assert shown[newest].records[0].data["attribution_grade"] in "ABCD"
    assert {day for name, day in shown if name == "core.http_requests"} == {newest[1]}
    rows = rows_of(home)
    personal = ("account", "device", "user_name", "src_ip", "ip", "host", "site", "url")
    secret = {
        str(value)
        for frame in rows.values()
        for column in set(personal) & set(frame.columns)
        for value in frame[column].drop_nulls().unique()
        if len(str(value)) > 3
    }
    assert len(secret) > 50
    seen = {
        value
        for table in shown.values()
        for record in table.records
        for value in record.data.values()
    }
    assert not seen & secret


def test_a_column_shows_the_column_that_it_has_its_meaning_from(district, locate, tmp_path):
    made = [one for one in locate(district.copy(tmp_path)).shown() if hasattr(one, "partition")]
    lineage = {
        (".".join(one.asset_key.path), one.partition): one.metadata["dagster/column_lineage"].value
        for one in made
        if "dagster/column_lineage" in one.metadata
    }
    site_use = lineage["core.site_use", "2026-10-20"].deps_by_column
    visits = dg.AssetKey(["core", "site_visits"])
    assert site_use["site"] == [dg.TableColumnDep(asset_key=visits, column_name="site")]
    assert "total_seconds" not in site_use
    every = {".".join(one.asset_key.path) for one in made} | {"landing.files"}
    for of_model in lineage.values():
        for (dep,) in of_model.deps_by_column.values():
            assert ".".join(dep.asset_key.path) in every


# the checks


def test_every_check_is_evaluated_and_holds(ran):
    shown = ran.checks["run"]
    assert {one.asset for one in shown if one.name == "grain"} == {
        name.replace(".", "/") for name in models()
    }
    assert all(one.passed for one in (*shown, *ran.checks["rebuild_days"]))
    assert {one.name for one in ran.checks["rebuild_days"]} == {"current", "own_rules"}
    (balance,) = [one for one in shown if one.name == "lines_add_up"]
    assert balance.metadata["files_that_do_not_add_up"] == []


def materialize(location, *keys, day="2026-10-20"):
    """Materialize assets on a day, as a person does on their pages."""
    location.ask("catalog")  # it makes the days partitions
    return dg.materialize(
        [location.defs.get_assets_def(keys[0])],
        selection=list(keys),
        partition_key=day,
        instance=location.instance,
        resources={"home": location.resource},
        raise_on_error=False,
    )


def test_a_model_with_a_broken_grain_fails_its_checks_and_those_of_its_readers(
    ran, locate, tmp_path, monkeypatch
):
    home, day = tmp_path / "home", "2026-10-20"
    shutil.copytree(ran.home, home)
    real = Database.build

    def build(self, model, values, *days):
        rows = real(self, model, values, *days)
        if model.name == "core.http_requests":
            twice = f"from {model.name} where event_date = $day limit 1"
            self.rows(f"insert into {model.name} {twice}", {"day": day})
        return rows

    requests = dg.AssetKey(["core", "http_requests"])
    candidates = dg.AssetKey(["core", "candidate_requests"])
    with monkeypatch.context() as patch:
        patch.setattr(Database, "build", build)
        result = materialize(locate(home), requests, candidates, day=day)
    assert result.success
    evaluations = {
        (one.asset_key, one.check_name): one for one in result.get_asset_check_evaluations()
    }
    assert {key for key, one in evaluations.items() if not one.passed} == {
        (requests, "grain"), (requests, "built"), (candidates, "built"),
    }  # fmt: skip
    assert evaluations[requests, "grain"].severity is dg.AssetCheckSeverity.ERROR
    assert evaluations[candidates, "built"].metadata["causes"].value == "core.http_requests"
    rows = rows_of(home)["core.candidate_requests"]
    assert day not in {str(day) for day in rows["event_date"]}
    with open_district(home) as opened:
        (gap,) = not_built(opened.store, opened.settings)
    assert gap.what == "core.http_requests"
    # the next run builds the day again
    assert all(
        one.passed
        for one in materialize(locate(home), requests, candidates).get_asset_check_evaluations()
    )


def test_after_a_cancel_the_next_run_builds_what_is_left(ran, locate, tmp_path, monkeypatch):
    home, day = tmp_path / "home", date(2026, 10, 20)
    shutil.copytree(ran.home, home)
    real, location = Database.build, locate(home)

    def build(self, model, values, *days):
        if model.name == "core.engaged_requests":
            raise dg.DagsterExecutionInterruptedError  # what Dagster raises for Terminate
        return real(self, model, values, *days)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "build", build)
        assert not materialize(location, dg.AssetKey(["core", "engaged_requests"])).success
    with open_district(home) as opened:
        assert day in dirty_days(opened.store)
        assert ledger.account(opened.store)  # and its lines are counted as before
    assert location.run("run").success
    with open_district(home) as opened:
        assert dirty_days(opened.store) == []
    mine, theirs = rows_of(home), rows_of(ran.home)
    assert all(mine[name].equals(rows) for name, rows in theirs.items())
    assert told_of(home) == told_of(ran.home)


def test_a_file_that_does_not_add_up_fails_its_check(ran, locate, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(ran.home, home)
    location = locate(home)
    location.shown()
    with open_district(home) as opened, opened.store.writing() as connection:
        connection.exec_driver_sql(
            "update source_files set events = events + 1 where path = ("
            "select max(path) from source_files where source = 'proxy')"
        )
    DistrictHome(home).warehouse.touch()
    (check,) = [one for one in evaluations(location).values() if not one.passed]
    assert check.check_name == "lines_add_up"
    wrong = check.metadata["files_that_do_not_add_up"].value
    assert [name.split("/")[0] for name in wrong] == ["proxy"]


# the command


def test_the_project_is_sound_without_a_network_and_nothing_is_reported_home(tmp_path):
    shutil.copy(REPO_ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", f"{sys.prefix}/bin/dg", "check", "defs"],
        cwd=REPO_ROOT,
        env={"DAGSTER_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": "/nope"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = done.stdout + done.stderr
    assert "All definitions loaded successfully." in told
    assert not (tmp_path / "logs").exists()


def test_what_the_whole_run_logs_holds_no_value_of_a_line():
    """Dagster's pages have no login; a reason may hold a name from a log."""
    gap = Gap(
        reason="model", what="core.duty", detail="'p.person' is not a number", rules=("SA-3",)
    )
    said = "\n".join(logged(RunResult(gaps=[gap])))
    assert "core.duty could not be built; not judged there: SA-3" in said
    assert "p.person" not in said


def test_days_without_a_line_are_refused(district):
    with open_district(district.home) as opened:
        held = ledger.event_days(opened.store)
    refuse_empty(held, held)
    with pytest.raises(dg.Failure, match="No log line of 2030-01-01 to 2030-01-02 was read"):
        refuse_empty([date(2030, 1, 1), date(2030, 1, 2)], held)
    with pytest.raises(dg.Failure, match="none yet"):
        refuse_empty([date(2030, 1, 1)], [])
