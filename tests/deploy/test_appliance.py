"""The recipe of a virtual machine: what it installs is what a release and `units` write."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell

RECIPE = REPO_ROOT / "deploy/appliance/user-data.yaml"
SCRIPT = "/usr/local/sbin/schoolbell-appliance"
COLLECTOR = '\n[collector.receive.firewall]\nport = 5514\nsenders = ["192.0.2.1"]\n'


@pytest.fixture(scope="module")
def files():
    """Path -> text of each file that the recipe writes."""
    recipe = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    return {one["path"]: one["content"] for one in recipe["write_files"]}


def test_the_recipe_is_valid_for_cloud_init():
    program = shutil.which("cloud-init")
    if program is None:
        pytest.skip("no cloud-init on this machine")
    words = (program, "schema", "--config-file", str(RECIPE))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_script_is_one_that_the_shell_reads(files):
    done = subprocess.run(["sh", "-n"], input=files[SCRIPT], text=True, check=False)
    assert done.returncode == 0


def test_it_copies_what_units_writes(files, tmp_path):
    home, units = tmp_path / "home", tmp_path / "units"
    words = (
        "--yes",
        "--name",
        "Sample",
        "--zone",
        "America/Chicago",
        "--account-domain",
        "EXAMPLE",
    )
    assert not schoolbell("init", home, *words).code
    with (home / "district.toml").open("a", encoding="utf-8") as settings:
        settings.write(COLLECTOR)
    assert not schoolbell("units", "--home", home, "--to", units, "--user", "schoolbell").code
    loop = re.search(r"for unit in (.*?); do", files[SCRIPT], flags=re.DOTALL)[1]
    names = [f"systemd/schoolbell-{one}" for one in loop.replace("\\", " ").split()]
    names += re.findall(r"collector/[a-z.]+(?= |\n)", files[SCRIPT].partition("-t /etc")[2])
    assert len(names) >= 10
    assert [one for one in names if not (units / one).is_file()] == []


def test_a_release_has_the_files_that_it_fetches(files):
    made = (REPO_ROOT / "Makefile").read_text(encoding="utf-8")
    for name in re.findall(r"^ *fetch ([A-Za-z.0-9]+)$", files[SCRIPT], flags=re.MULTILINE):
        assert f"$(DIST)/{name}" in made or f"> {name}" in made, name
