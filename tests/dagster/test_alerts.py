"""Source health, alerts and failures in Dagster: checks, schedules and ticks."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from pipelines.alerts.dispatch import AlertSummary
from pipelines.alerts.memory import active_news
from pipelines.defs.assets import SOURCES
from pipelines.district import only_writer, open_district
from pipelines.health import overview as health
from pipelines.health.issues import Issue
from pipelines.registry.new_home import create
from pipelines.run import run as running
from pipelines.run.run import run
from pipelines.state.source_records import last_look
from tests.conftest import REPO_ROOT
from tests.faults.home import lines
from tests.unit.alerts.conftest import hook as hook


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


def test_a_silent_source_is_a_check_that_warns_and_a_notice(location, monkeypatch):
    since = datetime.now(UTC) - timedelta(hours=5)
    silent = Issue(source="proxy", kind="silent", start=since, detail="5 hours")
    run(location.home, settle_seconds=0)
    monkeypatch.setattr(health, "_volumes", lambda *_given: [silent])
    assert location.run("watch").success  # what warns stops nothing
    assert "health:silent:proxy::" in keys(location.home)
    shown = location.shown()
    failed = [one for one in shown if isinstance(one, dg.AssetCheckEvaluation) and not one.passed]
    assert [(one.check_name, one.severity) for one in failed] == [
        ("silent", dg.AssetCheckSeverity.WARN)
    ]
    (sources,) = [
        one.metadata["sources"].value.records
        for one in shown
        if isinstance(one, dg.AssetMaterialization) and one.asset_key == SOURCES
    ]
    by_name = {one.data["source"]: one.data for one in sources}
    assert by_name["proxy"]["state"] == "silent"
    assert by_name["proxy"]["newest_event"].startswith("2026-02-2")


def test_a_job_that_failed_is_told_until_it_ends_well(location):
    location.run("run")
    start = {name: tick(location, name).cursor for name in ("run_failures", "run_recoveries")}
    settings = location.home / "district.toml"
    text = settings.read_text()
    settings.write_text(text + "\n[nonsense")
    assert not location.run("run", raise_on_error=False).success
    settings.write_text(text)
    told = tick(location, "run_failures", start["run_failures"])
    assert keys(location.home) == ["run:run:"]
    again = tick(location, "run_failures", told.cursor)
    assert again.cursor == told.cursor
    lines = (location.home / "alerts.jsonl").read_text()
    assert lines.count("the job run failed") == 1
    assert "InvalidSettingsError" in lines
    assert "nonsense" not in lines
    assert location.run("run").success
    tick(location, "run_recoveries", start["run_recoveries"])
    assert keys(location.home) == []


def test_a_tick_without_new_files_looks_and_alerts_every_quarter_of_an_hour(location):
    location.run("run")
    with open_district(location.home) as district:
        before = last_look(district.store)
    first = tick(location, "something_due")
    assert "alerts: " in first.skip_message
    with open_district(location.home) as district:
        looked = last_look(district.store)
    assert looked > before
    tick(location, "something_due", first.cursor)  # a minute later
    with open_district(location.home) as district:
        assert last_look(district.store) == looked
    earlier = datetime.fromisoformat(first.cursor) - timedelta(minutes=16)
    tick(location, "something_due", earlier.isoformat())
    with open_district(location.home) as district:
        assert last_look(district.store) > looked


def test_while_another_program_holds_the_home_the_look_waits(location):
    location.run("run")
    with open_district(location.home) as district, only_writer(district.home):
        skipped = tick(location, "something_due").skip_message
    assert skipped == "another run is in progress in this home"


WEBHOOK = """
[sources.front-doors]
format = "okta"
[alerts.channels.out]
type = "webhook"
url = "{url}"
secret = {{ env = "HOOK_SECRET" }}
"""
TICK = """
import sys
from pathlib import Path
import dagster as dg
from tests.dagster.conftest import Location
with dg.DagsterInstance.ephemeral() as instance:
    print(Location(Path(sys.argv[1]), instance).ask("something_due"))
"""


@pytest.fixture
def untold(location, hook, monkeypatch):
    """A home with a source without lines, about which the run sent nothing to `hook` yet."""
    monkeypatch.setenv("HOOK_SECRET", "0123456789abcdef")
    settings = location.home / "district.toml"
    settings.write_text(settings.read_text() + WEBHOOK.format(url=hook.url))
    with monkeypatch.context() as patch:
        patch.setattr(running, "send_alerts", lambda *_given: AlertSummary(0, {}))
        run(location.home, settle_seconds=0)
    return location


def test_a_slow_receiver_keeps_no_one_at_the_desk_waiting(untold, hook):
    free = []

    def change_something():
        with open_district(untold.home) as district, only_writer(district.home, 0):
            free.append(True)

    hook.after_taking = change_something
    assert "out: 1 sent" in tick(untold, "something_due").skip_message
    assert free == [True]
    assert len(hook.posts) == 1


def test_a_tick_that_is_killed_while_it_sends_loses_no_alert_and_marks_the_repeat(untold, hook):
    ticking = subprocess.Popen([sys.executable, "-c", TICK, untold.home], cwd=REPO_ROOT)
    hook.after_taking = ticking.kill
    assert ticking.wait(60) == -signal.SIGKILL
    hook.after_taking = lambda: None
    again = tick(untold, "something_due")
    assert "0 new; out: 1 sent" in again.skip_message
    later = datetime.fromisoformat(again.cursor) - timedelta(minutes=16)
    assert "out: 0 sent" in tick(untold, "something_due", later.isoformat()).skip_message
    first, second = [headers for _, headers, _ in hook.posts]
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert "X-Schoolbell-May-Repeat" not in first
    assert "X-Schoolbell-May-Repeat" in second


def test_failures_are_watched_without_being_switched_on(locate, tmp_path):
    running = {
        one.name
        for one in locate(tmp_path / "no-home").defs.sensors
        if one.default_status is dg.DefaultSensorStatus.RUNNING
    }
    assert running == {"run_failures", "run_recoveries", "catalog"}
