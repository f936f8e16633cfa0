"""A log source and a rule of a district, made with `dg` in a copy of the checkout."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from tests.conftest import REPO_ROOT

TYPES = "pipelines.defs.components"
SOURCE = (f"{TYPES}.LogSource", "front-doors", "--log-format", "okta")
RULES = (f"{TYPES}.SqlRules", "devices", "--rule", "x_many_devices")


@pytest.fixture(scope="module")
def dg_of(tmp_path_factory):
    """Calls `dg` in a copy of the checkout, over a home that is new."""
    project, home = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("home")
    for name in ("pipelines", "sql", "docs/how-to"):
        shutil.copytree(REPO_ROOT / name, project / name)
    shutil.copy(REPO_ROOT / "pyproject.toml", project)
    create(home, zone="America/Chicago")
    dagster = tmp_path_factory.mktemp("dagster")
    shutil.copy(REPO_ROOT / "dagster.yaml", dagster)
    env = os.environ | {
        "DAGSTER_HOME": str(dagster),
        "PYTHONPATH": str(project),
        "SCHOOLBELL_HOME": str(home),
    }

    def dg(*words):
        program = [f"{sys.prefix}/bin/dg", *words]
        return subprocess.run(
            program, check=False, cwd=project, env=env, capture_output=True, text=True
        )

    for made in (SOURCE, RULES):
        done = dg("scaffold", "defs", *made)
        assert done.returncode == 0, done.stderr
    return dg, project, home


def test_dg_lists_both_components(dg_of):
    dg, *_ = dg_of
    listed = {one["key"] for one in json.loads(dg("list", "components", "--json").stdout)["items"]}
    assert {f"{TYPES}.LogSource", f"{TYPES}.SqlRules"} <= listed


def test_a_scaffold_writes_a_source_and_a_rule_that_the_home_can_use(dg_of):
    _, _, home = dg_of
    settings = load_settings(DistrictHome(home))
    assert settings.sources["front-doors"].format == "okta"
    ((file, _),) = settings.own_rules
    assert file == "x_many_devices.sql"


def test_what_is_declared_is_an_asset_beside_the_rule(dg_of):
    dg, *_ = dg_of
    assert dg("check", "yaml").returncode == 0
    listed = json.loads(dg("list", "defs", "--json").stdout)
    keys = {one["asset_key"] for one in listed["assets"]}
    assert keys >= {"landing/front-doors", "rules/x_many_devices", "detections/x_many_devices"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((SOURCE[0], "gates", "--log-format", "okto"), "there is no format 'okto'"),
        ((SOURCE[0], "Gates!"), "String should match pattern"),
        ((RULES[0], "more", "--rule", "x_many_devices"), "this rule exists"),
        ((RULES[0], "more", "--rule", "Many"), "String should match pattern"),
    ],
)
def test_a_scaffold_that_is_refused_leaves_nothing(dg_of, words, reason):
    dg, project, home = dg_of
    before = DistrictHome(home).settings_file.read_bytes()
    done = dg("scaffold", "defs", *words)
    assert done.returncode
    assert reason in done.stderr
    assert not (project / "pipelines/defs/district" / words[1]).exists()
    assert DistrictHome(home).settings_file.read_bytes() == before


def test_a_key_that_no_component_has_is_refused_with_its_line(dg_of):
    dg, project, _ = dg_of
    file = project / "pipelines/defs/district/devices/defs.yaml"
    text = file.read_text()
    file.write_text(text.replace("rules:", "ruels:"))
    done = dg("check", "yaml")
    file.write_text(text)
    assert done.returncode
    assert "devices/defs.yaml:4" in done.stdout + done.stderr
