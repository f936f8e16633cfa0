"""What Dagster's pages ask for, and a run launched from them, over GraphQL.

The code location is loaded as `make dev` loads it, in a separate process.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from dagster import instance_for_test
from dagster._core.test_utils import wait_for_runs_to_finish
from dagster_graphql.test.utils import (
    define_out_of_process_context,
    execute_dagster_graphql,
    infer_job_selector,
)

from pipelines.defs.reporting import report_events
from pipelines.defs.resources import HOME_VARIABLE
from pipelines.district import open_district
from pipelines.settings.home import DistrictHome
from pipelines.state.source_records import mark_dirty
from pipelines.warehouse.models import models
from tests.conftest import REPO_ROOT
from tests.dagster.conftest import RANGE_END, RANGE_START, Location

NODES = """
query { assetNodes {
  assetKey { path } description groupName jobNames
  owners { ... on TeamAssetOwner { team } }
  metadataEntries { label ... on PathMetadataEntry { path } }
} }
"""
JOBS = """
query { repositoriesOrError { ... on RepositoryConnection { nodes {
  jobs { name description }
  schedules { name scheduleState { status } }
  sensors { name description sensorState { status } }
} } } }
"""
OUTDATED = """
query ($key: AssetKeyInput!, $day: String) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  staleStatus(partition: $day) staleCauses(partition: $day) { reason key { path } }
} } }
"""
LAUNCH = """
mutation ($job: JobOrPipelineSelector!) {
  launchRun(executionParams: {selector: $job, mode: "default"}) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""


@pytest.fixture(scope="module")
def asked(district, tmp_path_factory):
    """Asks the location of a district that `schoolbell run` built."""
    home = district.copy(tmp_path_factory.mktemp("graphql"))
    # `dagster dev` has a daemon that takes runs from the queue; a test has none
    at_once = {
        "module": "dagster._core.run_coordinator",
        "class": "DefaultRunCoordinator",
    }
    overrides = {"run_coordinator": at_once}
    with (
        pytest.MonkeyPatch.context() as patch,
        instance_for_test(overrides) as instance,
    ):
        patch.setenv(HOME_VARIABLE, str(home))
        file = str(REPO_ROOT / "pipelines" / "definitions.py")
        with define_out_of_process_context(file, "defs", instance) as context:
            yield home, context


def _asked(*question):
    """Return the answer; a separate thread has no event loop, as a browser's driver has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(execute_dagster_graphql, *question).result()


def test_each_asset_has_what_its_page_shows(asked):
    home, context = asked
    nodes = _asked(context, NODES).data["assetNodes"]
    assert len(nodes) > 100
    report = str(DistrictHome(home).reports / "latest.html")
    for node in nodes:
        told = {one["label"]: one.get("path") for one in node["metadataEntries"]}
        assert told["report"] == report, node["assetKey"]
        assert node["description"]
        assert node["owners"] == [{"team": "technology"}], node["assetKey"]


def test_what_is_scheduled_runs_and_says_what_it_does(asked):
    _, context = asked
    answer = _asked(context, JOBS).data["repositoriesOrError"]
    (one,) = answer["nodes"]
    states = [each["scheduleState"]["status"] for each in one["schedules"]]
    states += [each["sensorState"]["status"] for each in one["sensors"]]
    assert len(states) == 5
    assert set(states) == {"RUNNING"}
    said = {job["name"]: job["description"] for job in one["jobs"]}
    assert all(said[name] for name in ("run", "watch", "rebuild_days", "weekly_report"))


def outdated(context, day):
    """Return the models that Dagster marks as outdated on a day, with the assets that changed."""
    context = context.process_context.create_request_context()  # a page that is loaded again
    outdated = {}
    for name, model in models().items():
        given = {"key": {"path": name.split(".")}, "day": day if model.is_dated else None}
        node = _asked(context, OUTDATED, given).data["assetNodeOrError"]
        assert node["staleStatus"] != "MISSING", name
        if node["staleStatus"] == "STALE":
            outdated[name] = {"/".join(cause["key"]["path"]) for cause in node["staleCauses"]}
    return outdated


def test_a_day_is_outdated_by_what_changed_and_by_nothing_else(asked):
    home, context = asked
    day, leave = "2026-10-20", DistrictHome(home).registry / "leave.csv"
    location = Location(home, context.instance)
    location.ask("catalog")
    assert outdated(context, day) == {}
    before = leave.read_text()
    leave.write_text(f"{before}p-1000,2026-10-20,full,personal,approved,\n")
    location.ask("catalog")
    readers = {name for name, model in models().items() if "registry.leave_windows" in model.inputs}
    assert outdated(context, day) == {key: {"registry/leave_windows"} for key in readers}
    leave.write_text(before)
    location.ask("catalog")
    assert outdated(context, day) == {}
    with open_district(home) as opened, opened.store.writing() as connection:
        mark_dirty(connection, [date(2026, 10, 20)], reason="new lines")
    location.ask("catalog")
    readers = {
        name for name, model in models().items() if any("raw." in one for one in model.inputs)
    }
    assert outdated(context, day).keys() == readers
    assert outdated(context, "2026-10-19") == {}
    days = {RANGE_START: day, RANGE_END: day}
    assert location.run("rebuild_days", tags=days).success
    location.ask("catalog")  # and not the versions that Dagster gave to what the job made
    assert outdated(context, day) == {}
    assert outdated(context, "2026-10-19") == {}


def test_a_tick_that_a_rebuild_overlaps_leaves_no_day_outdated(asked, monkeypatch):
    home, context = asked
    day, leave = "2026-10-20", DistrictHome(home).registry / "leave.csv"
    location = Location(home, context.instance)
    location.ask("catalog")
    before, calls = leave.read_text(), []
    leave.write_text(f"{before}p-1001,2026-10-20,full,personal,approved,\n")

    def report_then_rebuild(instance, events):
        report_events(instance, events)
        calls.append(len(events))
        if len(calls) == 1:
            days = {RANGE_START: day, RANGE_END: day}
            assert location.run("rebuild_days", tags=days).success

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.defs.catalog.report_events", report_then_rebuild)
        location.ask("catalog")
    assert calls
    location.ask("catalog")
    assert outdated(context, day) == {}
    leave.write_text(before)
    assert location.run("run").success
    location.ask("catalog")
    assert outdated(context, day) == {}


def test_a_run_that_is_launched_from_the_page_ends_well(asked):
    _, context = asked
    job = infer_job_selector(context, "run")
    answer = _asked(context, LAUNCH, {"job": job})
    launched = answer.data["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    wait_for_runs_to_finish(context.instance, timeout=120)
    run = context.instance.get_run_by_id(launched["run"]["runId"])
    assert run.is_success
