"""Every message of the command line ends with a command, and names only real ones."""

import ast
import re
from pathlib import Path

import pytest
import typer

from pipelines.cli import errors
from pipelines.cli.app import COMMANDS, app
from pipelines.errors import SchoolbellError
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell

NAMED = re.compile(r"(?<![\w./'-])schoolbell ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?")


def walked(group, path=()):
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from walked(one, (*path, name))
        else:
            yield (*path, name), one


EVERY = dict(walked(typer.main.get_command(app)))


def errors_with_a_command(kind=SchoolbellError):
    for one in kind.__subclasses__():
        yield one
        yield from errors_with_a_command(one)


def test_each_kind_of_error_names_a_command_that_exists():
    kinds = [one for one in errors_with_a_command() if one.command]
    assert len(kinds) > 10
    for kind in kinds:
        words = tuple(kind.command.removeprefix("schoolbell ").split())
        assert words in EVERY, kind


@pytest.mark.parametrize(
    ("error", "args", "ends"),
    [
        (SchoolbellError("x"), ["refer", "c-1"], "Next: schoolbell refer --help"),
        (
            SchoolbellError("x"),
            ["sites", "approve", "a.example"],
            "schoolbell sites approve --help",
        ),
        (SchoolbellError("x"), ["at", "/h", "hold", "add"], "Next: schoolbell hold add --help"),
        (SchoolbellError("x"), [], "Next: schoolbell --help"),
        (errors.SchoolbellError("x", remedy="schoolbell run"), ["status"], "schoolbell run"),
    ],
)
def test_a_message_without_a_command_gets_one(error, args, ends):
    text = errors._with_command(error, args)
    assert text.endswith(ends)
    assert text.count("Next:") == ("Next:" in ends or "--help" in ends)


def test_the_home_of_the_command_is_kept():
    class HomeError(SchoolbellError):
        command = "schoolbell doctor"

    text = errors._with_command(HomeError("x"), ["run", "--home", "/srv/my home"])
    assert text.endswith("Next: schoolbell doctor --home '/srv/my home'")


def strings(tree):
    """Texts of a module without its docstrings; the parts of an f-string are one text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_text_names_a_command_that_does_not_exist():
    known, seen = {path[0] for path in EVERY} | {"at"}, 0
    for file in sorted((REPO_ROOT / "pipelines").rglob("*.py")):
        for text in strings(ast.parse(file.read_text())):
            for first, second in NAMED.findall(text.replace("reinstall schoolbell in ", "")):
                seen += 1
                assert first in known, (file, text)
                group = [path for path in EVERY if path[0] == first and len(path) > 1]
                if second and group and first not in ("report", "desk"):
                    assert any(path[1] == second for path in group), (file, text)
    assert seen > 100


NO_HOME = {path for path in EVERY if path[0] in {"fleet", "receive", "rerun"}}
"""Commands for many homes, which `--fleet` names; a receiver; a rerun, which reads a backup."""


@pytest.mark.parametrize("path", sorted(EVERY.keys() - NO_HOME), ids=" ".join)
def test_every_command_takes_the_home(path):
    assert any("--home" in one.opts for one in EVERY[path].params)


def listed_commands():
    said = schoolbell("--help").out
    return {line.split()[0] for line in said.splitlines() if re.match(r"  [a-z][a-z-]*  ", line)}


def test_commands_of_agencies_are_listed_where_an_agency_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCHOOLBELL_HOME", raising=False)
    monkeypatch.delenv("SCHOOLBELL_FLEET", raising=False)
    everyone = set(COMMANDS) - {"layer", "fleet"}
    assert listed_commands() == everyone
    assert schoolbell("fleet", "--help").code == 0
    (tmp_path / "fleet.toml").touch()
    assert listed_commands() == set(COMMANDS)
    (tmp_path / "fleet.toml").unlink()
    monkeypatch.setenv("SCHOOLBELL_FLEET", "/srv/fleet.toml")
    assert listed_commands() == set(COMMANDS)
    monkeypatch.delenv("SCHOOLBELL_FLEET")
    home = DistrictHome(tmp_path / "home")
    home.agency.mkdir(parents=True)
    monkeypatch.setenv("SCHOOLBELL_HOME", str(home.path))
    assert listed_commands() == set(COMMANDS)


def test_a_home_is_created_by_the_option_too(tmp_path):
    assert schoolbell("init", "--home", tmp_path / "a", "--yes").code == 0
    assert (tmp_path / "a" / "district.toml").is_file()
    nothing = schoolbell("init", "--yes")
    assert nothing.code == 2
    assert "no home is set" in nothing.err


LINE = (
    "1793900000.123     50 10.1.2.3 TCP_MISS/200 1234 GET http://a.example/ - DIRECT/- text/html\n"
)


def test_a_file_is_identified_as_its_source_in_the_home(tmp_path):
    home = create(tmp_path / "home")
    log = home.landing / "proxy" / "a.log"
    log.parent.mkdir()
    log.write_text(LINE * 40)
    alone = schoolbell("identify", log)
    assert "squid_access" in alone.out
    text = home.settings_file.read_text() + '\n[sources.proxy]\nformat = "zeek_conn"\n'
    home.settings_file.write_text(text)
    in_home = schoolbell("identify", log, "--home", home.path)
    assert "read as zeek_conn, which its source specifies" in in_home.out
    assert "which its source specifies" not in alone.out


CHANNEL = (
    '\n[alerts]\nrecipients = ["b@school.example"]\n[alerts.channels.m]\ntype = "smtp"\n'
    'host = "m.school.example"\nsender = "a@school.example"\nrecipients = ["b@school.example"]\n'
)


def test_a_run_reports_a_channel_that_cannot_deliver(tmp_path):
    home = create(tmp_path / "home")
    head = '[district]\nname = "Sample"\nzone = "UTC"\n'
    home.settings_file.write_text(head + CHANNEL + 'tls = "none"\n')
    done = schoolbell("run", "--home", home.path, "--quiet")
    assert done.code == 1
    assert "[alerts.channels.m] tls must be true or false; schoolbell check" in done.err
    home.settings_file.write_text(head + CHANNEL)
    assert schoolbell("run", "--home", home.path, "--quiet").code == 0


def test_a_reason_of_status_names_a_command(tmp_path):
    home = create(tmp_path / "home")
    said = schoolbell("status", "--home", home.path)
    assert said.code == 2
    (reason,) = [line for line in said.err.splitlines() if "no log file" in line]
    assert reason.endswith("then: schoolbell run")


def test_describe_takes_a_home_without_a_snapshot(tmp_path):
    home = create(tmp_path / "home")
    done = schoolbell("describe", "core.site_use", "--home", home.path)
    assert done.code == 0
    assert "No example: there is no snapshot yet." in done.err
    assert Path(home.path).is_dir()
