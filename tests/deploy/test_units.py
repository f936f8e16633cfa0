"""The units can be loaded, and call commands that exist."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from pipelines.cli.app import app
from tests.conftest import REPO_ROOT

UNITS = REPO_ROOT / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_them(tmp_path):
    program = Path(sys.executable).parent / "schoolbell"
    for unit in UNITS.iterdir():
        text = unit.read_text().replace(
            "/opt/schoolbell/.venv/bin/schoolbell", str(program)
        )
        (tmp_path / unit.name).write_text(text.replace("User=schoolbell", "User=root"))
    units = [tmp_path / unit.name for unit in UNITS.iterdir()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "schoolbell" in line]
    assert (ours, done.returncode) == ([], 0)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_calls_a_command_that_exists(unit):
    pattern = r"^ExecStart=\S+/schoolbell (.+)$"
    (line,) = re.findall(pattern, unit.read_text(), re.MULTILINE)
    command, *options = line.split()
    known = typer.main.get_command(app).commands[command]
    names = {name for one in known.params for name in one.opts}
    assert {one for one in options if one.startswith("--")} <= names


def test_every_timer_has_its_service():
    assert {one.stem for one in UNITS.glob("*.timer")} <= {one.stem for one in SERVICES}
