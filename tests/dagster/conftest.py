"""The small district, and the same one taken through Dagster's jobs."""

from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.location import build_defs
from pipelines.defs.resources import HomeResource
from tests.journey.small import small


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return small(tmp_path_factory.getbasetemp())


@dataclass
class Location:
    """The code location over one home, with an instance that ends with the test."""

    home: Path
    instance: dg.DagsterInstance

    def __post_init__(self):
        self.resource = HomeResource(path=str(self.home))
        self.defs = build_defs(self.resource)

    def run(self, job, **more):
        found = self.defs.resolve_job_def(job)
        return found.execute_in_process(instance=self.instance, **more)

    def ask(self, name):
        """What a sensor answers now."""
        (sensor,) = [one for one in self.defs.sensors if one.name == name]
        with dg.build_sensor_context(
            instance=self.instance,
            definitions=self.defs,
            resources={"home": self.resource},
        ) as context:
            return sensor(context)


@pytest.fixture
def locate():
    """Makes a location over a home."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield lambda home: Location(home, instance)


@dataclass
class Ran:
    """What the jobs did on a home that was only delivered to."""

    home: Path
    answers: dict
    results: dict


@pytest.fixture(scope="session")
def ran(district, tmp_path_factory):
    home = district.copy(tmp_path_factory.mktemp("dagster"), of="delivered")
    answers, results = {}, {}
    with dg.DagsterInstance.ephemeral() as instance:
        location = Location(home, instance)
        answers["landing, delivered"] = location.ask("landing_watch")
        answers["landing, again"] = location.ask("landing_watch")
        answers["dirty, before"] = location.ask("dirty_days")
        results["ingest"] = location.run("ingest")
        answers["landing, taken in"] = location.ask("landing_watch")
        answers["dirty, taken in"] = location.ask("dirty_days")
        tags = answers["dirty, taken in"].tags
        results["daily"] = location.run("daily", tags=tags)
        answers["dirty, built"] = location.ask("dirty_days")
        week = {"partition_key": "2026-10-19"}
        results["weekly_report"] = location.run("weekly_report", **week)
        results["alerts"] = location.run("alerts")
        results["housekeeping"] = location.run("housekeeping")
    return Ran(home, answers, results)
