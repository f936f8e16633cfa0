"""Source health, alerts and failures in Dagster: checks, schedules and ticks."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from pipelines.alerts.memory import active_news
from pipelines.defs.automation import CHECKS, OUTBOX, SOURCES
from pipelines.district import open_district
from pipelines.health import overview as health
from pipelines.health.issues import Issue
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.state.source_records import last_look
from tests.faults.home import lines

KINDS = sorted(CHECKS)


@pytest.fixture
def location(locate, tmp_path):
    """A home to which one file was delivered."""
    home = create(tmp_path / "home").path
    folder = home / "landing" / "proxy"
    folder.mkdir(parents=True)
    (folder / "access.log").write_bytes(lines(0, 50))
    return locate(home)


def keys(home):
    """Return what is true, other than findings."""
    with open_district(home) as district:
        rows = active_news(district.store)
    return [row["key"] for row in rows if not row["key"].startswith("finding:")]


def tick(location, name, cursor=None):
    """Return a sensor evaluated as the daemon evaluates it: its answer and its cursor."""
    (sensor,) = [one for one in location.defs.sensors if one.name == name]
    repository = location.defs.get_repository_def()
    with dg.build_sensor_context(
        instance=location.instance,
        cursor=cursor,
        repository_def=repository,
        resources={"home": location.resource},
    ) as context:
        return sensor.evaluate_tick(context)


def test_before_anything_is_built_the_hours_are_not_looked_at(location):
    result = location.run("alerts")
    dark = [one.check_name for one in result.get_asset_check_evaluations() if not one.passed]
    assert sorted(dark) == [
        "blind",
        "let_through",
        "not_come",
        "off_clock",
        "silent",
        "thin",
    ]


def test_every_kind_of_trouble_is_a_check_that_shows(ran):
    shown = {one.name: one for one in ran.checks["alerts"]}
    assert sorted(shown) == KINDS
    assert all(one.passed for one in shown.values())
    assert {one.asset for one in shown.values()} == {"health/sources"}


def test_a_silent_source_is_a_check_that_warns_and_a_notice(location, monkeypatch):
    since = datetime.now(UTC) - timedelta(hours=5)
    silent = Issue(source="proxy", kind="silent", start=since, detail="5 hours")
    run(location.home, settle_seconds=0)
    monkeypatch.setattr(health, "_volumes", lambda *_given: [silent])
    result = location.run("alerts")
    assert result.success  # what warns stops nothing
    failed = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert [(one.check_name, one.severity) for one in failed] == [
        ("silent", dg.AssetCheckSeverity.WARN)
    ]
    assert "health:silent:proxy::" in keys(location.home)
    made = {
        one.asset_key: one.materialization.metadata
        for one in result.get_asset_materialization_events()
    }
    assert set(made) == {SOURCES, OUTBOX}
    sources = made[SOURCES]["sources"].value.records
    by_name = {one.data["source"]: one.data for one in sources}
    assert by_name["proxy"]["state"] == "silent"
    assert by_name["proxy"]["newest_event"].startswith("2026-02-2")


def break_a_file(home):
    with open_district(home) as opened, opened.store.writing() as connection:
        connection.exec_driver_sql(
            "update source_files set events = events + 1 where path = 'access.log'"
        )


def mend_the_file(home):
    with open_district(home) as opened, opened.store.writing() as connection:
        connection.exec_driver_sql(
            "update source_files set events = events - 1 where path = 'access.log'"
        )


def test_a_job_that_failed_is_told_until_it_ends_well(location):
    location.run("ingest")
    start = {name: tick(location, name).cursor for name in ("run_failures", "run_recoveries")}
    break_a_file(location.home)
    assert not location.run("ingest", raise_on_error=False).success
    told = tick(location, "run_failures", start["run_failures"])
    assert keys(location.home) == ["run:ingest:"]
    again = tick(location, "run_failures", told.cursor)
    assert again.cursor == told.cursor
    lines = (location.home / "alerts.jsonl").read_text()
    assert lines.count("the job ingest failed") == 1
    assert "access.log" not in lines.splitlines()[-1]
    mend_the_file(location.home)
    assert location.run("ingest").success
    tick(location, "run_recoveries", start["run_recoveries"])
    assert keys(location.home) == []


def warned(location, *, passed):
    """An evaluation of a check that warns, as a run records it."""

    @dg.asset_check(asset="thing", name="is_whole")
    def is_whole():
        return dg.AssetCheckResult(passed=passed, severity=dg.AssetCheckSeverity.WARN)

    @dg.asset
    def thing():
        return dg.MaterializeResult()

    defs = dg.Definitions(
        assets=[thing],
        asset_checks=[is_whole],
        jobs=[dg.define_asset_job("some", executor_def=dg.in_process_executor)],
    )
    job = defs.resolve_job_def("some")
    assert job.execute_in_process(instance=location.instance).success


def test_a_check_that_warns_is_told_until_it_holds(location):
    start = tick(location, "run_recoveries").cursor
    warned(location, passed=False)
    cursor = tick(location, "run_recoveries", start).cursor
    assert keys(location.home) == ["check:thing:is_whole:"]
    assert tick(location, "run_recoveries", cursor).cursor == cursor
    warned(location, passed=True)
    tick(location, "run_recoveries", cursor)
    assert keys(location.home) == []


def test_a_tick_that_finds_nothing_new_has_looked(location):
    location.run("ingest")
    with open_district(location.home) as district:
        before = last_look(district.store)
    tick(location, "landing_watch")
    with open_district(location.home) as district:
        assert last_look(district.store) > before


def test_alerts_are_due_every_quarter_of_an_hour(location):
    (schedule,) = [one for one in location.defs.schedules if one.job_name == "alerts"]
    assert schedule.cron_schedule == "*/15 * * * *"
    at = datetime(2026, 11, 3, 14, 15, tzinfo=UTC)
    with dg.build_schedule_context(
        instance=location.instance, scheduled_execution_time=at
    ) as context:
        (request,) = schedule.evaluate_tick(context).run_requests
    assert request.asset_selection is None


def test_failures_are_watched_without_being_switched_on(locate, tmp_path):
    running = {
        one.name
        for one in locate(tmp_path / "no-home").defs.sensors
        if one.default_status is dg.DefaultSensorStatus.RUNNING
    }
    assert running == {"run_failures", "run_recoveries", "built_elsewhere"}
