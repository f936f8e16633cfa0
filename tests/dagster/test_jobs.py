"""The jobs, run in process: the same lines, rows and findings as `schoolbell run`."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
import polars as pl
import pytest

from pipelines.defs.assets import REPORT, SNAPSHOT, _refuse_empty, logged
from pipelines.defs.automation import RANGE_END, RANGE_START, SOURCES
from pipelines.defs.reporting import report_events
from pipelines.defs.resources import HomeResource
from pipelines.district import District, open_district
from pipelines.gaps.now import not_built
from pipelines.gaps.relation import Gap
from pipelines.health.issues import KINDS
from pipelines.privacy.pseudonyms import is_published
from pipelines.registry.new_home import create
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.run.run import RunResult
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.published_reports import is_snapshot_due, pending_reports, report_facts
from pipelines.state.source_records import Quarantined, hold_back, last_look
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import models
from pipelines.weeks import monday
from tests.conftest import REPO_ROOT
from tests.dagster.conftest import Location
from tests.faults.home import lines
from tests.journey.small import DAYS, ZONE, rows_of, told_of

# the jobs


@pytest.mark.parametrize("job", ["ingest", "daily", "weekly_report", "alerts", "housekeeping"])
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
    """A build of a range of days shows the rows of each of them."""
    rows = rows_of(ran.home)
    for name in (
        "core.http_requests",
        "identity.presences",
        "marts.daily_use",
    ):
        by_day = rows[name].group_by(pl.col("event_date").cast(str)).len()
        shown = ran.row_counts[name.replace(".", "/")]
        assert {day: rows for day, rows in shown.items() if rows} == dict(by_day.rows())
        assert set(shown) == {"2026-10-19", "2026-10-20"}


# the sensors


def test_the_landing_sensor_asks_once_for_what_lies_there(ran):
    assert ran.answers["landing, delivered"] is not None
    assert ran.answers["landing, delivered"] == ran.answers["landing, again"]
    assert ran.answers["landing, taken in"] is None


def test_another_file_is_asked_for_anew(ran, district, locate, tmp_path):
    home = district.copy(tmp_path, of="delivered")
    asked = locate(home).ask("landing_watch").run_key
    late = DistrictHome(home).landing / "proxy" / "late.log"
    late.write_bytes(lines(0, 5))
    more = locate(home).ask("landing_watch").run_key
    late.write_bytes(lines(0, 6))
    grown = locate(home).ask("landing_watch").run_key
    assert len({asked, more, grown}) == 3


def test_the_dirty_days_are_asked_for_as_one_range(ran):
    assert ran.answers["dirty, before"] is None
    assert ran.jobs["dirty, before a reload"] == "everything"
    assert ran.jobs["dirty, taken in"] == "daily"
    _, tags = ran.answers["dirty, taken in"]
    assert (tags[RANGE_START], tags[RANGE_END]) == DAYS
    assert ran.answers["dirty, built"] is None


def test_a_changed_registry_asks_for_the_days_that_it_touches(ran):
    assert ran.answers["registry, built"] is None
    _, tags = ran.answers["registry, changed"]
    assert tags[RANGE_START] <= "2026-10-20" <= tags[RANGE_END]
    assert ran.answers["registry, again"] is None
    assert ran.answers["registry, put back"] is None


# what was built elsewhere


def test_what_a_run_built_is_shown_once_by_day(district, locate, tmp_path, monkeypatch):
    home = district.copy(tmp_path)
    location = locate(home)
    monkeypatch.setattr(District, "open_warehouse", None)  # which opens it for writing
    first = [one for one in location.shown() if isinstance(one, dg.AssetMaterialization)]
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
    told = {".".join(one.asset_key.path) for one in first}
    assert told >= {"snapshots.current", "reports.weekly", "raw.logons"}
    assert told >= set(models())
    every = {".".join(key.path) for key in location.defs.resolve_asset_graph().get_all_asset_keys()}
    assert every - told == {"health.sources", "alerts.outbox"}
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.defs.elsewhere.reading", None)  # nothing is opened
        patch.setattr(HomeResource, "idle", None)
        assert location.shown() == []
    DistrictHome(home).warehouse.touch()
    assert location.shown() == []
    with duckdb.connect(DistrictHome(home).warehouse) as connection:
        connection.execute("delete from core.duty where event_date = date '2026-10-20'")
    (again,) = location.shown()
    assert (again.asset_key.path, again.partition) == (["core", "duty"], "2026-10-20")
    location.cursors.clear()
    assert len(location.shown()) > len(first)


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
    elsewhere = {("reports.weekly", "published"), ("reports.weekly", "hours_arrived")}
    every = {
        (".".join(check.asset_key.path), check.name)
        for key in graph.get_all_asset_keys()
        for check in graph.get(key).check_keys
        if key != SOURCES  # looked at by the job `alerts`
    }
    assert shown.keys() == every - elsewhere
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


def test_without_automation_a_run_shows_the_sources(district, locate, tmp_path):
    home = district.copy(tmp_path)
    settings = DistrictHome(home).settings_file
    text = settings.read_text()
    settings.write_text(text.replace("[dagster]\n", "[dagster]\nautomation = false\n", 1))
    shown = evaluations(locate(home))
    kinds = {name for asset, name in shown if asset == "health.sources"}
    assert kinds == set(KINDS)


def test_a_tick_reports_the_newest_days_first(district, locate, tmp_path, monkeypatch):
    location = locate(district.copy(tmp_path))
    monkeypatch.setattr("pipelines.defs.elsewhere.EVENTS_PER_TICK", 500)
    ticks = []
    while events := location.shown():
        ticks.append(events)
    assert [len(events) for events in ticks[:-1]] == [500] * (len(ticks) - 1)
    days = [
        [one.partition for one in events if one.partition and one.asset_key != REPORT]
        for events in ticks
    ]
    assert all(part == sorted(part) for part in days)
    newest = [part[-1] for part in days if part]
    assert len({*newest}) > 1
    assert newest == sorted(newest, reverse=True)
    every = [(one.asset_key, str(one)) for events in ticks for one in events]
    assert len(every) == len(set(every))


def test_a_new_snapshot_renews_what_dagster_checks_the_age_of(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    location.shown()
    with open_district(location.home) as opened:
        publish_snapshot(opened, datetime.now(UTC))
    renewed = {".".join(one.asset_key.path) for one in location.shown()}
    published = {name for name, model in models().items() if is_published(model)}
    assert renewed == published | {"snapshots.current", "findings.findings"}


def test_a_report_by_an_earlier_version_is_made_anew(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    location.cursors["built_elsewhere"] = '{"2026-10-20": "0123456789ab"}'
    assert len(location.shown()) > 500


def test_sqlite_shows_the_same_as_any_other_store(district, locate, tmp_path):
    home = district.copy(tmp_path)
    shown = locate(home).shown()
    expected = {str(one) for one in shown}
    duty = dg.AssetKey(["core", "duty"])
    newest = max(one.partition for one in shown if one.asset_key == duty and one.partition)
    kept = tmp_path / "dagster"
    kept.mkdir()
    (kept / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(kept)) as instance:
        location = Location(home, instance)
        assert {str(one) for one in location.shown()} == expected
        day = instance.get_latest_materialization_event(duty)
        assert day.asset_materialization.partition == newest
        checks = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [dg.AssetCheckKey(duty, "built")]
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


# the runs of one source, one rule


def test_one_rule_is_judged_again(district, locate, tmp_path):
    home = district.copy(tmp_path)
    before = told_of(home)
    location = locate(home)

    def run(rule, first):
        config = {"ops": {"judge_one_rule": {"config": {"rule": rule, "first": first}}}}
        result = location.run("one_rule", run_config=config, raise_on_error=False)
        logs = location.instance.all_logs(result.run_id)
        return result.success, "\n".join(f"{one.user_message} {one.dagster_event}" for one in logs)

    success, said = run("SA-1", "2026-10-20")
    assert success
    assert "SA-1, 2026-10-20 to 2026-10-20: 0 new findings" in said
    assert told_of(home) == before
    success, said = run("SA-99", "2026-10-20")
    assert not success
    assert "There is no rule SA-99." in said
    success, said = run("SA-1", "2030-01-01")
    assert not success
    assert "No log line of 2030-01-01" in said


def test_one_source_is_read_alone(district, locate, tmp_path):
    home = district.copy(tmp_path, of="delivered")
    location = locate(home)

    def run(*sources):
        config = {"ops": {"take_in_deliveries": {"config": {"sources": list(sources)}}}}
        return location.run("ingest", run_config=config, raise_on_error=False)

    assert run("dhcp").success
    with open_district(home) as opened:
        assert {file.source for file in ledger.source_files(opened.store)} == {"dhcp"}
        # the others were not looked for, so their silence is unknown
        assert last_look(opened.store) is None
    assert not run("proxi").success
    assert run().success
    with open_district(home) as opened:
        assert "proxy" in {file.source for file in ledger.source_files(opened.store)}
        assert last_look(opened.store) is not None


# what follows a snapshot


def test_a_new_snapshot_asks_for_the_report_of_the_current_week(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    assert "automation" in [one.name for one in location.defs.sensors]
    defs, instance = location.defs, location.instance

    def asked(cursor=None):
        """Evaluate in a thread: the driver of a browser leaves an event loop in this one."""
        report = dg.AssetSelection.assets(REPORT)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(
                dg.evaluate_automation_conditions, defs, instance, report, cursor=cursor
            ).result()

    instance.report_runless_asset_event(dg.AssetMaterialization(SNAPSHOT))
    first = asked()
    instance.report_runless_asset_event(dg.AssetMaterialization(SNAPSHOT))
    second = asked(first.cursor)
    assert second.get_num_requested(REPORT) == 1
    this_week = str(monday(datetime.now(ZoneInfo(ZONE)).date()))
    assert second.get_requested_partitions(REPORT) == {this_week}
    assert asked(second.cursor).total_requested == 0


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
    location = locate(home.path)
    assert location.run("ingest").success
    assert location.run("everything").success
    location = locate(home.path)

    def revisions(week):
        with open_district(home.path) as opened:
            return [row["revision"] for row in report_facts(opened.store, week)]

    assert (revisions(old), revisions(new)) == ([1], [1])
    deliver("access-3.log", first + 7_200, 5, "a line that is cut off\n")  # page one counts it
    assert location.run("ingest").success
    request = location.ask("dirty_days")
    assert location.run("daily", tags=request.tags).success
    with open_district(home.path) as opened:
        assert old in pending_reports(opened.store)
        assert not is_snapshot_due(opened.store)
    assert location.run("weekly_report", partition_key=str(new)).success
    assert (revisions(old), revisions(new)) == ([1, 2], [1])
    with open_district(home.path) as opened:
        assert pending_reports(opened.store) == []

    day = {"ops": {"judge_one_rule": {"config": {"rule": "NA-1", "first": "2025-10-09"}}}}
    assert location.run("one_rule", run_config=day).success
    with open_district(home.path) as opened:  # the next report makes a snapshot first
        assert is_snapshot_due(opened.store)
    assert location.run("weekly_report", partition_key=str(new)).success
    with open_district(home.path) as opened:
        assert not is_snapshot_due(opened.store)


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


def test_a_build_says_beforehand_what_it_replaces(ran, locate, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(ran.home, home)
    location = locate(home)
    name = dg.AssetKey(["core", "http_requests"])
    result = materialize(location, name)
    rows = rows_of(home)["core.http_requests"]["event_date"].cast(str)
    kept = (rows == "2026-10-20").sum()
    said = f"core.http_requests: builds 1 days, 2026-10-20 to 2026-10-20; replaces {kept:,} rows"
    logs = location.instance.all_logs(result.run_id)
    assert said in [one.user_message for one in logs]
    assert ran.answers["dirty, taken in"][1]["schoolbell/rebuilds"].startswith("2 days")


# the checks


def test_every_check_is_evaluated_and_holds(ran):
    shown = ran.checks["daily"]
    assert {one.asset for one in shown if one.name == "grain"} == {
        name.replace(".", "/") for name in models()
    }
    assert all(one.passed for one in shown)
    (balance,) = ran.checks["ingest"]
    assert balance.passed
    assert balance.metadata["files_that_do_not_add_up"] == []


def materialize(location, *keys, day="2026-10-20"):
    names = [location.defs.get_assets_def(key) for key in keys]
    return dg.materialize(
        names,
        partition_key=day,
        instance=location.instance,
        resources={"home": location.resource},
        raise_on_error=False,
    )


def failed_checks(result):
    shown = result.get_asset_check_evaluations()
    return {(*one.asset_key.path, one.check_name) for one in shown if not one.passed}


def test_a_broken_grain_is_held_back_with_what_reads_it(ran, locate, tmp_path, monkeypatch):
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
    assert failed_checks(result) == {
        ("core", "http_requests", "grain"),
        ("core", "http_requests", "built"),
        ("core", "candidate_requests", "built"),
    }
    told = {
        one.check_name: one
        for one in result.get_asset_check_evaluations()
        if one.asset_key == requests
    }
    assert told["grain"].severity is dg.AssetCheckSeverity.ERROR
    location = locate(home)  # with the day that is held back
    (asked,) = materialize(location, candidates, day=day).get_asset_check_evaluations()[:1]
    assert asked.check_name == "built"
    assert not asked.passed
    assert asked.metadata["causes"].value == "core.http_requests"
    rows = rows_of(home)["core.candidate_requests"]
    assert day not in {str(day) for day in rows["event_date"]}
    with open_district(home) as opened:
        (gap,) = not_built(opened.store, opened.settings)
    assert gap.what == "core.http_requests"


def test_a_file_that_does_not_add_up_fails_the_ingest(ran, locate, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(ran.home, home)
    location = locate(home)
    location.run("ingest")  # a copy's files have other change times
    with open_district(home) as opened, opened.store.writing() as connection:
        connection.exec_driver_sql(
            "update source_files set events = events + 1 where path = ("
            "select max(path) from source_files where source = 'proxy')"
        )
    result = location.run("ingest", raise_on_error=False)
    assert not result.success
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
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
    _refuse_empty(held, held)
    with pytest.raises(dg.Failure, match="No log line of 2030-01-01 to 2030-01-02 was read"):
        _refuse_empty([date(2030, 1, 1), date(2030, 1, 2)], held)
    with pytest.raises(dg.Failure, match="none yet"):
        _refuse_empty([date(2030, 1, 1)], [])
