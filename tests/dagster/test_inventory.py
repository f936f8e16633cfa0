"""What is in the code location, and that every way in loads the same one."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines.defs.location import build_defs
from pipelines.warehouse.models import models
from tests.conftest import REPO_ROOT


@pytest.fixture(scope="module")
def defs():
    return build_defs()


def inventory(defs):
    """Assets with what they read and the checks on them; jobs; what starts them."""
    graph = defs.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys(), key=str):
        node = graph.get(key)
        by = f" by {_days(node.partitions_def)}" if node.partitions_def else ""
        lines.append(f"asset {key.to_user_string()}{by}")
        lines += [f"  reads {one.to_user_string()}" for one in sorted(node.parent_keys)]
        lines += [f"  check {one.name}" for one in sorted(node.check_keys)]
    lines += [f"job {job.name}" for job in sorted(defs.jobs, key=lambda one: one.name)]
    lines += [
        f"schedule {one.name}: {one.cron_schedule} {one.execution_timezone}, {one.job_name}"
        for one in sorted(defs.schedules, key=lambda one: one.name)
    ]
    lines += [
        f"sensor {one.name}: {_jobs(one)}" for one in sorted(defs.sensors, key=lambda one: one.name)
    ]
    return "\n".join(lines) + "\n"


def _jobs(sensor):
    return ", ".join(one.job_name for one in sensor.targets) or "no job of its own"


def _days(partitions):
    return type(partitions).__name__.removesuffix("PartitionsDefinition").lower()


def test_the_golden_inventory(defs, golden):
    golden.check(inventory(defs), Path(__file__).with_name("inventory.txt"))


def test_the_location_is_sound(defs):
    dg.Definitions.validate_loadable(defs)


def test_every_model_is_an_asset_that_reads_its_inputs(defs):
    graph = defs.resolve_asset_graph()
    for name, model in models().items():
        node = graph.get(dg.AssetKey(name.split(".")))
        read = {".".join(key.path) for key in node.parent_keys}
        assert read == set(model.inputs), name
        assert node.is_materializable
        assert bool(node.partitions_def) == model.is_dated


def test_every_input_is_an_asset(defs):
    graph = defs.resolve_asset_graph()
    known = graph.get_all_asset_keys()
    for key in known:
        assert graph.get(key).parent_keys <= known


def test_every_way_in_names_the_same_location():
    pyproject = tomllib.loads((REPO_ROOT / "pyproject.toml").read_text())
    project = pyproject["tool"]["dg"]["project"]
    workspace = yaml.safe_load((REPO_ROOT / "workspace.yaml").read_text())
    (entry,) = workspace["load_from"]
    module = entry["python_module"]
    assert module["module_name"] == project["code_location_target_module"]
    assert module["location_name"] == project["code_location_name"]
    assert "dagster" not in pyproject["tool"]
    assert not (REPO_ROOT / "dg.toml").exists()


def test_telemetry_is_off_in_the_file_that_is_copied():
    instance = yaml.safe_load((REPO_ROOT / "dagster.yaml").read_text())
    assert instance["telemetry"] == {"enabled": False}
    assert instance["nux"] == {"enabled": False}


def test_monday_reports_the_week_that_ended(defs):
    (schedule,) = [one for one in defs.schedules if one.name == "monday_report"]
    monday = datetime(2026, 10, 26, 11, tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=monday) as context:
        request = schedule(context)
    assert request.partition_key == "2026-10-19"


def test_days_follow_the_zone_of_the_home(tmp_path, monkeypatch):
    from pipelines.registry.new_home import create

    create(tmp_path, zone="Pacific/Auckland")
    monkeypatch.setenv("SCHOOLBELL_HOME", str(tmp_path))
    graph = build_defs().resolve_asset_graph()
    days = graph.get(dg.AssetKey(["core", "duty"])).partitions_def
    assert days.timezone == "Pacific/Auckland"
