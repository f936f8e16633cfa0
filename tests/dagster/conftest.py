"""The small district, and the same one taken through Dagster's jobs."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.location import build_defs
from pipelines.defs.resources import HOME_VARIABLE, HomeResource
from pipelines.settings.home import DistrictHome
from tests.conftest import REPO_ROOT
from tests.journey.small import DAYS, shared, two_days

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return two_days(tmp_path_factory.getbasetemp())


@dataclass
class Location:
    """The code location over one home, with an instance that ends with the test."""

    home: Path
    instance: dg.DagsterInstance

    def __post_init__(self):
        self.cursors = {}
        os.environ[HOME_VARIABLE] = str(self.home)
        self.resource = HomeResource()
        self.defs = build_defs()

    def run(self, job, **more):
        found = self.defs.resolve_job_def(job)
        return found.execute_in_process(instance=self.instance, **more)

    def ask(self, name):
        """Return what a sensor answers now."""
        (sensor,) = [one for one in self.defs.sensors if one.name == name]
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(name),
            definitions=self.defs,
            resources={"home": self.resource},
        ) as context:
            answer = sensor(context)
            self.cursors[name] = getattr(answer, "cursor", None) or context.cursor
            return answer

    def shown(self, show=None):
        """Return the events that `catalog`, or another function, writes to Dagster's log now."""
        before = len(self.instance.all_logs(""))
        show() if show else self.ask("catalog")
        events = [one.dagster_event for one in self.instance.all_logs("")[before:]]
        return [
            one.asset_check_evaluation_data
            if one.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
            else one.asset_observation_data.asset_observation
            if one.event_type is dg.DagsterEventType.ASSET_OBSERVATION
            else one.materialization
            for one in events
        ]


@pytest.fixture
def locate(monkeypatch, tmp_path):
    """Makes a location over a home; the demo's home in the checkout has no say."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "no-home"))
    with dg.DagsterInstance.ephemeral() as instance:
        yield lambda home: Location(home, instance)


@dataclass(frozen=True)
class Check:
    asset: str
    name: str
    passed: bool
    metadata: dict


@dataclass(frozen=True)
class Ran:
    """What the jobs did on a home that was only delivered to.

    Attributes:
        answers: The sensor's run key at some moment; None where it skipped.
        succeeded: By job.
        checks: By job, every evaluation.
        row_counts: By job, then by asset and day, as its materializations show.
        jobs: The job that a sensor asked for at some moment.
    """

    home: Path
    answers: dict[str, str | None]
    jobs: dict[str, str | None]
    succeeded: dict[str, bool]
    checks: dict[str, list[Check]]
    row_counts: dict[str, dict[str, dict[str, int]]]


@pytest.fixture(scope="session")
def ran(district, tmp_path_factory):
    folder, said = shared(
        tmp_path_factory.getbasetemp(),
        "dagster",
        lambda folder: _ran(district.copy(folder, of="delivered")),
    )
    checks = {
        job: [Check(**one) for one in evaluations]
        for job, evaluations in said.pop("checks").items()
    }
    return Ran(home=folder / "district", checks=checks, **said)


def _ran(home):
    answers, results, jobs = {}, {}, {}
    with dg.DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(home))
        location = Location(home, instance)

        def ask(moment, sensor):
            said = location.ask(sensor)
            is_skip = isinstance(said, dg.SkipReason)
            answers[moment] = None if is_skip else said.run_key
            jobs[moment] = None if is_skip else said.job_name

        ask("delivered", "something_due")
        ask("delivered, again", "something_due")
        results["run"] = location.run("run")
        ask("built", "something_due")
        with _another_leave(home):
            ask("registry, changed", "something_due")
            ask("registry, again", "something_due")
        ask("registry, put back", "something_due")
        location = Location(home, instance)  # the days have partitions now
        days = {RANGE_START: DAYS[0], RANGE_END: DAYS[1]}
        results["rebuild_days"] = location.run("rebuild_days", tags=days)
        results["weekly_report"] = location.run("weekly_report", partition_key="2026-10-19")
        results["watch"] = location.run("watch")
    return {
        "answers": answers,
        "jobs": jobs,
        "succeeded": {job: result.success for job, result in results.items()},
        "checks": {job: checks_of(result) for job, result in results.items()},
        "row_counts": {job: _row_counts(result) for job, result in results.items()},
    }


def _row_counts(result):
    """By asset, then by day; by an empty text where there are no days."""
    counts = {}
    for one in result.get_asset_materialization_events():
        made = one.materialization
        if "dagster/row_count" in made.metadata:
            days = counts.setdefault(one.asset_key.to_user_string(), {})
            days[made.partition or ""] = made.metadata["dagster/row_count"].value
    return counts


@contextmanager
def _another_leave(home):
    path = DistrictHome(home).registry / "leave.csv"
    before = path.read_text()
    path.write_text(before + "p-1000,2026-10-20,full,personal,approved,\n")
    yield
    path.write_text(before)


def checks_of(result):
    return [
        {
            "asset": one.asset_key.to_user_string(),
            "name": one.check_name,
            "passed": one.passed,
            "metadata": {name: value.value for name, value in one.metadata.items()},
        }
        for one in result.get_asset_check_evaluations()
    ]


@contextmanager
def served(home, folder, *, daemon=False):
    """Yield the address of Dagster's pages over a home, with its daemon if asked for."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = [["dagster-webserver", "-p", str(port)], *([["dagster-daemon", "run"]] * daemon)]
    env = os.environ | {"DAGSTER_HOME": str(folder), HOME_VARIABLE: str(home)}
    with ExitStack() as stack:
        for name, *words in programs:
            program = stack.enter_context(
                subprocess.Popen(
                    [f"{sys.prefix}/bin/{name}", *words, "-w", "workspace.yaml"],
                    cwd=REPO_ROOT,
                    env=env,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            stack.callback(program.terminate)
        yield _ready(f"http://127.0.0.1:{port}", program)


def _ready(address, program):
    for _ in range(240):
        assert program.poll() is None
        try:
            urllib.request.urlopen(f"{address}/server_info", timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return address
    raise TimeoutError
