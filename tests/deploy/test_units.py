"""The units can be loaded, let little through, and call commands that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from pipelines.cli.app import app
from pipelines.operations.units import UnitsError, write_units
from tests.conftest import REPO_ROOT
from tests.in_memory import folder_on_disk
from tests.journey.commands import schoolbell

UNITS = REPO_ROOT / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
MAX_EXPOSED = 3.0
systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")


def analysed(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def written():
    """The files for this machine, as root, whose account is here for certain."""
    with folder_on_disk() as name:
        folder = Path(name)
        home = folder / "home"
        done = schoolbell("units", "--home", home, "--to", folder / "to", "--user", "root")
        assert done.code == 0, done.err
        for part in ("home", "home-dagster"):
            (folder / part).mkdir()
        yield folder / "to"


@systemd
def test_systemd_takes_them(written):
    units = sorted((written / "systemd").iterdir())
    done = analysed("verify", "--man=no", *units)
    ours = [line for line in done.stderr.splitlines() if "schoolbell" in line]
    assert (ours, done.returncode) == ([], 0)


@systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_can_do_little_besides(unit):
    done = analysed("security", "--offline=yes", "--no-pager", unit)
    (level,) = re.findall(r"exposure level for \S+: ([\d.]+)", done.stdout)
    print(f"\n{unit.stem}: exposure {level}")
    assert float(level) < MAX_EXPOSED


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_calls_a_command_that_exists(unit, written):
    text = (written / "systemd" / unit.name).read_text()
    program, words = re.findall(r"^ExecStart=(\S+) (.+)$", text, re.MULTILINE)[0]
    assert Path(program).is_file()
    if Path(program).name != "schoolbell":
        assert "-w workspace.yaml" in words or "-f /etc/schoolbell/collector/rsyslog.conf" in words
        return
    command, *options = words.split()
    known = typer.main.get_command(app).commands[command]
    names = {name for one in known.params for name in one.opts}
    assert {one for one in options if one.startswith("--")} <= names


def test_the_desk_s_secrets_are_given_to_the_desk_alone():
    loading = {unit.stem for unit in SERVICES if "\nLoadCredential=" in unit.read_text()}
    assert loading == {"schoolbell-desk"}
    text = (UNITS / "schoolbell-desk.service").read_text()
    assert "\nLoadCredential=desk:/etc/schoolbell/desk\n" in text
    guide = (REPO_ROOT / "deploy" / "README.md").read_text()
    assert "# install -d -m 0700 /etc/schoolbell/desk\n" in guide


def test_every_timer_has_its_service():
    assert {one.stem for one in UNITS.glob("*.timer")} <= {one.stem for one in SERVICES}


def test_pages_listen_on_this_machine_alone(written):
    text = (written / "systemd" / "schoolbell-webserver.service").read_text()
    assert " -h 127.0.0.1 " in text
    assert "IPAddressDeny=any\nIPAddressAllow=localhost\n" in text


def test_folders_and_account_are_those_of_the_machine(written):
    home = written.parent / "home"
    for path in written.rglob("*"):
        text = path.read_text() if path.is_file() else ""
        assert "/srv/schoolbell" not in text, path
        assert "/opt/schoolbell" not in text, path
    service = (written / "systemd" / "schoolbell-daemon.service").read_text()
    assert f"SCHOOLBELL_HOME={home} DAGSTER_HOME={home}-dagster\n" in service
    assert "User=root\nGroup=root\n" in service
    assert {path.name for path in (written / "dagster").iterdir()} == {
        "dagster.yaml",
        "workspace.yaml",
        "postgresql.yaml",
    }


def test_written_again_they_are_the_same_or_nothing_is_written(tmp_path):
    first = write_units(tmp_path / "to", Path("/srv/x"), "x")
    assert write_units(tmp_path / "to", Path("/srv/x"), "x") == first
    with pytest.raises(UnitsError, match="already exists with different contents"):
        write_units(tmp_path / "to", Path("/srv/y"), "x")


@pytest.mark.parametrize(
    ("home", "account"), [("/srv/a b", "x"), ("/srv/%h", "x"), ("/srv/x", "x\nUser=y")]
)
def test_a_name_that_a_unit_reads_otherwise_is_refused(home, account, tmp_path):
    with pytest.raises(
        UnitsError, match="contains characters with a special meaning in these files"
    ):
        write_units(tmp_path / "to", Path(home), account)
    assert not (tmp_path / "to").exists()


@pytest.mark.skipif(not shutil.which("visudo"), reason="no sudo here")
def test_sudo_takes_the_rights(written):
    file = written / "sudoers.d" / "schoolbell"
    done = subprocess.run(["visudo", "-c", "-f", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
