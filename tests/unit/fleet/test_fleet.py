"""A fleet: one process a home, and a fault of one that touches no other."""

import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import yaml

from pipelines.district import only_writer
from pipelines.errors import SettingsError
from pipelines.fleet import work
from pipelines.fleet.settings import Budget, Member, load_fleet
from pipelines.fleet.work import (
    NOT_STARTED,
    STOPPED,
    Visit,
    counted,
    overview,
    run_in,
    visit,
)
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from tests.conftest import LONG, only_long
from tests.journey.commands import schoolbell

ME = "root" if os.geteuid() == 0 else ""
"""A test may run as root, and then its homes are root's."""
HOMES = 100 if LONG else 1


def written(folder: Path, names, *, layer: str = "", budget: str = "") -> Path:
    text = f'[agency]\nname = "Example Agency"\nlayer = "{layer}"\n{budget}\n'
    for name in names:
        text += f'[homes.{name}]\npath = "{name}"\naccount = "{ME}"\n'
    file = folder / "fleet.toml"
    file.write_text(text, encoding="utf-8")
    return file


def member(home: Path, account: str = ME) -> Member:
    return Member("north", home, account)


def test_each_mistake_is_told_with_its_line(tmp_path):
    file = tmp_path / "fleet.toml"
    file.write_text(
        '[agency]\nname = ""\n[budget]\njobs = 0\n[homes."No Good"]\npath = "a"\n'
        '[homes.b]\naccount = "x"\n'
    )
    with pytest.raises(SettingsError) as told:
        load_fleet(file)
    said = str(told.value)
    for place in (
        "fleet.toml:2: agency.name",
        "fleet.toml:4: budget.jobs",
        "fleet.toml:5: homes.No Good",
        "homes.b.path is missing",
    ):
        assert place in said, said


@pytest.mark.parametrize("other", ["north", "north/inside", "./north/../north"])
def test_no_home_lies_in_another(tmp_path, other):
    file = tmp_path / "fleet.toml"
    file.write_text(
        f'[agency]\nname = "A"\n[homes.a]\npath = "north"\n[homes.b]\npath = "{other}"\n'
    )
    with pytest.raises(SettingsError, match="is inside"):
        load_fleet(file)


def test_a_fault_of_one_home_touches_no_other(tmp_path):
    good = [f"good{number}" for number in range(HOMES)]
    for name in (*good, "broken", "busy"):
        create(tmp_path / name)
    (tmp_path / "broken" / "district.toml").write_text("zone = [")
    file = written(tmp_path, [*good, "broken", "busy", "gone"])
    with only_writer(DistrictHome(tmp_path / "busy")):
        done = schoolbell("fleet", "run", "--fleet", file, "--wait", 1, "--json")
    said = [json.loads(line) for line in done.out.splitlines()]
    codes = {one["home"]: one["exit_code"] for one in said}
    assert codes.pop("broken") == 2
    assert codes.pop("busy") == 75
    assert codes.pop("gone") == NOT_STARTED
    assert set(codes) == {*good}
    # nothing was delivered yet, which is worth a look and no fault
    assert set(codes.values()) <= {0, 1}
    assert done.code == 2

    shown = schoolbell("fleet", "status", "--fleet", file, "--json")
    states = [json.loads(line) for line in shown.out.splitlines()]
    assert [one["home"] for one in states[:2]] == ["broken", "gone"]
    assert all("zone" not in one["state"] for one in states)
    assert shown.code == 2


def test_the_page_shows_counts_and_no_reasons(tmp_path):
    create(tmp_path / "north")
    page = tmp_path / "page.html"
    file = written(tmp_path, ["north"])
    schoolbell("fleet", "status", "--fleet", file, "--page", page)
    text = page.read_text(encoding="utf-8")
    assert "north" in text
    assert "no log file" not in text
    assert (counted(0), counted(4), counted(5)) == ("none", "under 5", "5")


@pytest.mark.parametrize("odd", ["[]", "7", "{}", '{"sources": 3}', "no json", ""])
def test_an_odd_answer_is_the_fault_of_its_home_alone(tmp_path, monkeypatch, odd):
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
    said = f"import sys; print({odd!r}) if 'north' in sys.argv[-1] else sys.exit(1)"
    monkeypatch.setattr(work, "PROGRAM", said)
    rows = overview(load_fleet(written(tmp_path, ["north", "south"])))
    assert [(row.name, row.state) for row in rows] == [
        ("north", "not asked"),
        ("south", "not asked"),
    ]


def test_a_child_knows_one_home_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("SCHOOLBELL_HOME", "/srv/other")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setattr(work, "PROGRAM", "import os, sys; print(*os.environ); print(*sys.argv)")
    done = run_in(member(tmp_path), ("run", "--quiet"), Budget(free_gb=0))
    names, argv = done.out.splitlines()
    assert set(names.split()) <= {*work.KEPT, "HOME", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE"}
    assert argv == f"-c run --quiet --home {tmp_path}"


def test_what_takes_too_much_is_stopped_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "PROGRAM", "import time; time.sleep(60)")
    short = Budget.model_construct(minutes=0.01, memory_mb=500, free_gb=0, disk_gb=1)
    slow = run_in(member(tmp_path), (), short)
    assert (slow.exit_code, "was stopped" in slow.what) == (STOPPED, True)

    monkeypatch.setattr(work, "PROGRAM", "import time; time.sleep(1); bytearray(1_000_000_000)")
    large = run_in(member(tmp_path), (), Budget(memory_mb=500, free_gb=0))
    assert large.exit_code not in (0, NOT_STARTED, STOPPED)
    assert "MemoryError" in large.err

    full = run_in(member(tmp_path), (), Budget(free_gb=10**9))
    assert (full.exit_code, "GB are free" in full.what) == (NOT_STARTED, True)


def test_a_home_that_is_over_its_disk_is_not_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "_size", lambda _: 2 * 10**9)
    done = run_in(member(tmp_path), (), Budget(disk_gb=1, free_gb=0))
    assert (done.exit_code, "over its 1" in done.what) == (NOT_STARTED, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can choose the account")
def test_root_works_as_the_account_of_the_home(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    said = "import os; print(os.getuid(), os.geteuid(), 0 in os.getgroups())"
    monkeypatch.setattr(work, "PROGRAM", said)
    refused = run_in(member(tmp_path, ""), (), Budget(free_gb=0))
    assert "root owns the home" in refused.what
    if not Path("/usr/bin/python3").exists():
        pytest.skip("no program that another account may start")
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    for parent in tmp_path.parents:
        if parent != Path(parent.anchor):
            os.chmod(parent, parent.stat().st_mode | 0o011)  # noqa: PTH101
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    done = run_in(member(home, ""), (), Budget(free_gb=0))
    assert done.out.split() == ["65534", "65534", "False"], done


def test_an_unknown_home_is_told(tmp_path):
    create(tmp_path / "north")
    file = written(tmp_path, ["north"])
    refused = schoolbell("fleet", "run", "--fleet", file, "--only", "west")
    assert refused.code == 2
    assert "Homes: north" in refused.err


def test_dagster_gets_a_code_location_a_home(tmp_path):
    file = written(tmp_path, ["north", "south-east"])
    assert schoolbell("fleet", "workspace", "--fleet", file, "--to", tmp_path).code == 0
    listed = yaml.safe_load((tmp_path / "workspace.yaml").read_text())["load_from"]
    assert [one["python_file"]["location_name"] for one in listed] == [
        "north",
        "south-east",
    ]
    for one in listed:
        text = (tmp_path / one["python_file"]["relative_path"]).read_text()
        place = str(tmp_path / one["python_file"]["location_name"])
        assert f'os.environ["SCHOOLBELL_HOME"] = {place!r}' in text
        compile(text, "location", "exec")


def test_the_example_is_a_fleet():
    from pipelines.fleet.settings import EXAMPLE

    assert tomllib.loads(EXAMPLE)["homes"]["north"]["account"]


@only_long
def test_a_fleet_may_visit_its_homes_by_another_engine(tmp_path):
    create(tmp_path / "north")
    file = written(tmp_path, ["north", "gone"])
    done = schoolbell("fleet", "run", "--fleet", file, "--engine", "pool", "--json")
    said = {one["home"]: one for one in map(json.loads, done.out.splitlines())}
    assert said["north"]["exit_code"] in (0, 1)
    assert said["gone"]["exit_code"] == NOT_STARTED
    assert done.code == 2


def test_what_a_home_prints_far_away_stays_there(tmp_path, monkeypatch):
    program = "import sys; print('line of a log'); sys.exit('line of a log')"
    monkeypatch.setattr(work, "PROGRAM", program)
    task = Visit(member(tmp_path), ("run",), Budget(free_gb=0), is_away=True)
    told = visit(task)
    assert told.exit_code == 1
    assert "line of a log" not in told.out + told.err
    assert f"schoolbell status --home {tmp_path}" in told.err


def test_a_home_that_is_still_held_is_waited_for(tmp_path, monkeypatch):
    """By what an executor that was lost had started, for the moment until it ends."""
    program = (
        "import pathlib, sys; seen = pathlib.Path('seen'); "
        "sys.exit(0) if seen.exists() else (seen.touch(), sys.exit(75))"
    )
    monkeypatch.setattr(work, "PROGRAM", program)
    task = Visit(member(tmp_path), (), Budget(free_gb=0), is_away=True)
    assert visit(task._replace(is_away=False)).exit_code == work.BUSY
    (tmp_path / "seen").unlink()
    assert visit(task).is_well


def test_a_homes_process_ends_with_whoever_started_it(tmp_path):
    """However that ended: a home whose lock is held can be gone on with by no one."""
    program = (
        "from pipelines.fleet import work; from pipelines.fleet.settings import *; "
        "work.PROGRAM = 'from pipelines.fleet.work import die_with_parent; '"
        "'die_with_parent(); import os, time; '"
        '\'open("pid", "w").write(str(os.getpid())); time.sleep(60)\'; '
        f"work.run_in(Member('north', Path({str(tmp_path)!r}), {ME!r}), (), "
        "Budget(free_gb=0))"
    )
    starter = subprocess.Popen([sys.executable, "-c", program])
    note, until = tmp_path / "pid", time.monotonic() + 30
    while not (note.exists() and note.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    child = Path("/proc") / note.read_text()
    assert child.exists()
    starter.kill()
    starter.wait()
    while child.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not child.exists()
