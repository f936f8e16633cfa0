"""Backfills with Dagster's pages and daemon: what waits, what goes first, what a cancel leaves."""

import json
import os
import signal
import time
import urllib.request
from datetime import date

import dagster as dg
import pytest

from pipelines.defs.runs import WATCH_PRIORITY
from pipelines.district import open_district
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from pipelines.state import ledger
from pipelines.state.source_records import dirty_days, quarantined
from tests.conftest import REPO_ROOT
from tests.dagster.conftest import Location, served
from tests.journey.small import DAYS, rows_of, told_of

BACKFILL = """
mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
} }
"""
LAUNCH = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
} }
"""
AGAIN = """
mutation ($params: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
} }
"""
CANCEL = """
mutation ($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }
"""
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "schoolbell"}


class Pages:
    """A browser's requests, and Dagster's records of what they started."""

    def __init__(self, address, instance):
        self._address, self.instance = address, instance

    def ask(self, question, **given):
        body = json.dumps({"query": question, "variables": given}).encode()
        request = urllib.request.Request(
            f"{self._address}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            said = json.load(answer)
        assert "errors" not in said, said
        (result,) = said["data"].values()
        assert result["__typename"].endswith("Success"), result
        return result

    def backfill(self, *days):
        """Start a backfill of some days, and return its run when it is in the queue."""
        selector = {
            "partitionSetName": "rebuild_days_partition_set",
            "repositorySelector": LOCATION,
        }
        params = {"selector": selector, "partitionNames": list(days)}
        backfill = self.ask(BACKFILL, params=params)["backfillId"]
        of_it = dg.RunsFilter(tags={"dagster/backfill": backfill})
        return backfill, until(lambda: self.instance.get_runs(of_it))[0].run_id

    def launch(self, job):
        params = {"selector": {**LOCATION, "jobName": job}, "mode": "default"}
        return self.ask(LAUNCH, params=params)["run"]["runId"]

    def execute_again(self, run_id, strategy):
        return self.ask(AGAIN, params={"parentRunId": run_id, "strategy": strategy})["run"]["runId"]

    def ended(self, run_id):
        """Return how a run ended."""
        until(lambda: self.instance.get_run_by_id(run_id).is_finished)
        return self.status(run_id)

    def status(self, run_id):
        return self.instance.get_run_by_id(run_id).status

    def log(self, run_id):
        return [entry.user_message or "" for entry in self.instance.all_logs(run_id)]

    def page(self, browser, run_id, text):
        """Return what the page of a run shows when it shows a text."""
        page = browser.new_page(viewport={"width": 1366, "height": 900})
        page.goto(f"{self._address}/runs/{run_id}")
        page.get_by_text(text).first.wait_for(timeout=60_000)
        if folder := os.environ.get("SCHOOLBELL_PICTURES"):
            page.wait_for_timeout(3_000)
            page.screenshot(path=f"{folder}/run-{self.status(run_id).value.lower()}.png")
        shown = page.inner_text("body")
        page.close()
        return shown

    def process(self, run_id):
        """Return the process of a run that began, as its log shows it."""
        return until(
            lambda: [
                int(event.engine_event_data.metadata["pid"].value)
                for event in (entry.dagster_event for entry in self.instance.all_logs(run_id))
                if event is not None
                and event.event_type is dg.DagsterEventType.ENGINE_EVENT
                and "pid" in event.engine_event_data.metadata
            ]
        )[-1]


def until(answer, seconds=240):
    """Return the first answer that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := answer():
            return result
        time.sleep(0.2)
    raise TimeoutError


@pytest.fixture
def untouched(district):
    return district.home


@pytest.fixture
def pages(district, tmp_path):
    """A built home under a timer, with Dagster's pages and daemon beside it."""
    home, folder = district.copy(tmp_path), tmp_path / "dagster"
    folder.mkdir()
    (folder / "dagster.yaml").write_text((REPO_ROOT / "dagster.yaml").read_text())
    settings = home / "district.toml"
    text = settings.read_text()
    settings.write_text(text.replace("# automation = false", "automation = false"))
    assert not load_settings(DistrictHome(home)).dagster.automation
    with (
        dg.DagsterInstance.from_config(str(folder)) as instance,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SCHOOLBELL_HOME", str(home))
        Location(home, instance).ask("catalog")  # the days are partitions now
        with served(home, folder, daemon=True) as address:
            yield home, Pages(address, instance)


@pytest.mark.slow
def test_a_watch_starts_before_days_that_wait_and_a_cancel_leaves_the_days_to_the_next_run(
    pages, untouched
):
    home, dagster = pages
    backfill, first = dagster.backfill(*DAYS)
    process = dagster.process(first)
    until(lambda: any("built: " in line for line in dagster.log(first)))
    os.kill(process, signal.SIGSTOP)  # a slow machine, or a quick test: the build is half done
    try:
        other, second = dagster.backfill(DAYS[0])
        watch = dagster.launch("watch")
        assert dagster.instance.get_run_by_id(watch).tags["dagster/priority"] == WATCH_PRIORITY
        until(lambda: dagster.status(watch) is dg.DagsterRunStatus.SUCCESS)
        assert dagster.status(second) is dg.DagsterRunStatus.QUEUED
        for one in (other, backfill):
            dagster.ask(CANCEL, id=one)
        until(lambda: dagster.status(second) is dg.DagsterRunStatus.CANCELED)
        until(lambda: dagster.status(first) is dg.DagsterRunStatus.CANCELING)
    finally:
        os.kill(process, signal.SIGCONT)
    until(lambda: dagster.status(first) is dg.DagsterRunStatus.CANCELED)
    days = [date.fromisoformat(day) for day in DAYS]
    with open_district(home) as opened:
        assert dirty_days(opened.store) == days
        assert not quarantined(opened.store)
    done = run(home, wait_seconds=240)  # the sensor `catalog` may read it
    assert {day for built in done.built.days.values() for day in built} == {*days}
    with open_district(home) as opened, open_district(untouched) as other_home:
        assert not dirty_days(opened.store)
        assert not quarantined(opened.store)
        assert ledger.account(opened.store) == ledger.account(other_home.store)
    assert told_of(home) == told_of(untouched)
    mine, theirs = rows_of(home), rows_of(untouched)
    assert mine.keys() == theirs.keys()
    assert all(mine[name].equals(rows) for name, rows in theirs.items())
    assert not run(home, wait_seconds=240).built.days


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["FROM_FAILURE", "ALL_STEPS"])
def test_a_failed_run_succeeds_when_it_is_executed_again_after_the_mistake_is_corrected(
    pages, browser, strategy
):
    home, dagster = pages
    leave = home / "registry/leave.csv"
    leave.write_text(leave.read_text() + f"p-1000,{DAYS[0]},full,personal,approved,\n")
    settings = home / "district.toml"
    text = settings.read_text()
    settings.write_text(text + "\n[detections.x_gone]\nparameters = {least = 1}\n")
    failed = dagster.launch("run")
    assert dagster.ended(failed) is dg.DagsterRunStatus.FAILURE
    shown = dagster.page(browser, failed, "There is no rule 'x_gone'")
    assert "district.toml: [detections.x_gone]" in shown
    settings.write_text(text)
    again = dagster.execute_again(failed, strategy)
    assert dagster.ended(again) is dg.DagsterRunStatus.SUCCESS
    dagster.page(browser, again, "RUN_SUCCESS")
    log = "\n".join(dagster.log(again))
    assert "Registry files that changed: leave.csv." in log
    assert " days built" in log
    with open_district(home) as opened:
        assert not dirty_days(opened.store)
        assert not quarantined(opened.store)
    assert not run(home, wait_seconds=240).built.days
