"""A wheel holds all that a command needs, and works where there is no checkout."""

import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.conftest import LONG, REPO_ROOT

OUTSIDE = ("tests", "docs", "notebooks")
KEPT = {"sql": "pipelines/_sql", "deploy": "pipelines/_deploy"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("schoolbell-*.whl")
    return made


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


def below(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_everything_is_in_it(unpacked):
    packed = below(unpacked)
    for folder, place in KEPT.items():
        assert below(REPO_ROOT / folder) <= below(unpacked / place)
    assert {f"pipelines/{one}" for one in below(REPO_ROOT / "pipelines")} <= packed
    assert not [one for one in packed if one.split("/")[0] in OUTSIDE]
    for name in ("dagster.yaml", "workspace.yaml"):
        assert f"pipelines/_deploy/dagster/{name}" in packed


def test_it_says_what_it_needs(unpacked):
    (about,) = unpacked.glob("*.dist-info")
    said = Parser().parsestr((about / "METADATA").read_text())
    needs = said.get_all("Requires-Dist")
    assert said["License-Expression"] == "Apache-2.0"
    assert any(one.startswith("duckdb") for one in needs)
    assert not [one for one in needs if one.startswith(("pytest", "hatchling"))]
    assert "schoolbell = pipelines.cli:main" in (about / "entry_points.txt").read_text()


COMMANDS = """
import sys
import pipelines
from pipelines.cli import main

print(pipelines.__file__)
for words in (
    ["init", "home", "--yes"],
    ["check", "--home", "home"],
    ["units", "--home", "home", "--to", "units"],
):
    sys.argv = ["schoolbell", *words]
    try:
        main()
    except SystemExit as end:
        assert not end.code, words
"""


def test_it_works_without_a_checkout(unpacked, tmp_path):
    done = subprocess.run(
        [sys.executable, "-P", "-c", COMMANDS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(unpacked))
    assert "built-in rows are valid" in done.stdout
    assert (tmp_path / "units" / "dagster" / "workspace.yaml").is_file()


@pytest.mark.skipif(not LONG, reason="installs everything into a fresh environment")
def test_it_installs_into_a_fresh_environment(wheel, tmp_path):
    uv = REPO_ROOT / ".uv" / "bin" / "uv"
    subprocess.run([uv, "venv", "-q", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([uv, "pip", "install", "-q", "--python", python, wheel], check=True)
    program = Path(python).parent / "schoolbell"
    for words in (("init", "home", "--yes"), ("run", "--home", "home", "--quiet")):
        done = subprocess.run([program, *words], cwd=tmp_path, check=False)
        assert done.returncode == 0
