"""What is in the code location, and that every way in loads the same one."""

import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines.defs.assets import LANDING, REPORT, SNAPSHOT
from pipelines.defs.location import build_defs
from pipelines.registry.frames import FRAMES
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
        by = f" by {node.partitions_def.name}" if node.partitions_def else ""
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


def test_no_sensor_waits_for_another(defs):
    instance = yaml.safe_load((REPO_ROOT / "dagster.yaml").read_text())
    assert instance["sensors"]["use_threads"] is True
    assert instance["sensors"]["num_workers"] >= len(defs.sensors)


def test_the_night_begins_when_the_timer_of_a_home_without_dagster_does(defs):
    (schedule,) = defs.schedules
    assert (schedule.job_name, schedule.cron_schedule) == ("run", "15 4 * * *")


def test_the_night_follows_the_zone_of_the_home(tmp_path, monkeypatch):
    from pipelines.registry.new_home import create

    create(tmp_path, zone="Pacific/Auckland")
    monkeypatch.setenv("SCHOOLBELL_HOME", str(tmp_path))
    (schedule,) = build_defs().schedules
    assert schedule.execution_timezone == "Pacific/Auckland"


def test_what_people_and_other_programs_write_is_external(defs):
    graph = defs.resolve_asset_graph()
    external = {key for key in graph.get_all_asset_keys() if graph.get(key).is_external}
    assert external == {LANDING, *(dg.AssetKey(["registry", name]) for name in FRAMES)}
    leave = graph.get(dg.AssetKey(["registry", "leave_windows"]))
    assert "registry/leave.csv" in leave.description


SOURCES_OF_TEXT = ("StringSourceType", "IntSourceType", "BoolSourceType")


def config_types(kind, path=""):
    """Yield every type of a job's run config, with its path."""
    yield path, kind.key
    for name, field in getattr(kind, "fields", {}).items():
        yield from config_types(field.config_type, f"{path}.{name}")
    if inner := getattr(kind, "inner_type", None):
        yield from config_types(inner, f"{path}[]")


def test_a_launch_sets_no_home_and_prints_no_variable(defs):
    """A job that is started from the pages cannot choose a folder or show the environment."""
    elsewhere = {"path": {"env": "SMTP_PASSWORD"}}
    jobs = defs.resolve_all_job_defs()
    assert {job.name for job in jobs} >= {"run", "watch", "rebuild_days", "__ASSET_JOB"}
    for job in jobs:
        for resource in ("home", "io_manager"):
            with pytest.raises(dg.DagsterInvalidConfigError, match="unexpected config entry"):
                dg.validate_run_config(job, {"resources": {resource: {"config": elsewhere}}})
        kinds = [*config_types(job.run_config_schema.config_type)]
        assert len(kinds) > 5
        assert [at for at, kind in kinds if any(one in str(kind) for one in SOURCES_OF_TEXT)] == []


def test_every_asset_has_a_code_link_kinds_and_tags(defs):
    graph = defs.resolve_asset_graph()
    codes = {model.header.code.lower() for model in models().values() if model.header.code}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        (*files,) = node.metadata["dagster/code_references"].code_references
        assert files, key
        for one in files:
            lines = Path(one.file_path).read_text().splitlines()
            assert 1 <= one.line_number <= len(lines), (key, one)
        assert node.kinds
        assert not node.kinds & codes
        assert node.tags["layer"]
        assert node.tags["personal_data"] in ("none", "indirect", "direct")
    rule = graph.get(dg.AssetKey(["detections", "keyboard_hop"])).tags
    assert (rule["rule"], rule["about"]) == ("SA-2", "shared_account")
    assert rule["status"] in ("stable", "experimental")


def test_a_freshness_policy_is_on_what_has_no_days_or_weeks_of_its_own_age(defs):
    """Dagster measures the newest event of any day: a month built again would look fresh."""
    graph = defs.resolve_asset_graph()
    policies = {key: graph.get(key).freshness_policy for key in graph.get_all_asset_keys()}
    windows = {
        key: (policy.warn_window.to_timedelta(), policy.fail_window.to_timedelta())
        for key, policy in policies.items()
        if policy
    }
    assert windows == {
        SNAPSHOT: (timedelta(hours=26), timedelta(hours=52)),
        REPORT: (timedelta(days=8), timedelta(days=16)),
    }


def test_the_guide_is_read_in_five_minutes():
    guide = (REPO_ROOT / "docs" / "how-to" / "dagster.md").read_text()
    assert len(guide.split()) <= 900


OPENED = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event in EVENTS else None)
import pipelines.definitions
late = {"duckdb", "pyarrow", "babel", "plotly", "pipelines.run.run", "pipelines.alerts.dispatch"}
assert not late & {*sys.modules}, late & {*sys.modules}
print("\\n".join(sorted({path for path in opened if path.startswith(sys.argv[1])})))
"""
EVENTS = ("open", "sqlite3.connect", "socket.connect", "os.listdir", "os.scandir")


def test_loading_the_location_opens_settings_and_own_rules_and_no_data(district):
    """The daemon loads it each minute, and the state may be on another machine."""
    home = district.home.resolve()
    script = f"EVENTS = {EVENTS!r}\n{OPENED}"
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)],
        cwd=REPO_ROOT,
        env={"SCHOOLBELL_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": "/nope"},
        capture_output=True,
        text=True,
        check=True,
    )
    opened = {str(Path(one).relative_to(home)) for one in done.stdout.split()}
    assert "district.toml" in opened
    assert opened <= {"district.toml", "home.mark", "registry/agency/rules.toml", "detections"}
