"""A command is in the module of its name, or in the folder of its group."""

import subprocess
import sys

import pytest
import typer.main

from pipelines.cli.app import AGENCY, COMMANDS, GROUPS, WEEKLY, app

WITH_THEIR_GROUP = {"run-week": "run"}
"""A command that is another one with a step more stands beside it."""


def app_commands():
    return typer.main.get_command(app)


def _commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command.callback


def test_each_command_is_where_its_name_says():
    for path, callback in _commands(app_commands()):
        first = WITH_THEIR_GROUP.get(path[0], path[0]).replace("-", "_")
        place = callback.__module__.removeprefix("pipelines.cli.")
        if place == "commands":  # made from a declaration, in the module of its group
            place = COMMANDS[path[0]][0].partition(":")[0]
        assert place.split(".")[0] == first, path


def test_the_list_of_commands_says_what_each_says_of_itself():
    for name, (_, text) in COMMANDS.items():
        command = app_commands().commands[name]
        assert (command.help or "").replace("\n", " ").startswith(text), name


HEAVY = ("polars", "duckdb", "sqlalchemy", "pyarrow", "numpy", "dagster", "requests",
         "xlsxwriter", "plotly")  # fmt: skip


def imported(*arguments):
    """Return what a command says, and which heavy packages it imports."""
    code = (
        "import sys\n"
        "from pipelines.cli import main\n"
        f"sys.argv = ['schoolbell', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *shown, heavy = done.stdout.splitlines()
    return "\n".join(shown) + done.stderr, set(heavy.split())


def test_alone_it_shows_the_commands_of_a_week():
    said, heavy = imported()
    assert not heavy
    lines = said.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("  schoolbell ")] == list(WEEKLY)
    assert "All commands: schoolbell --help" in lines
    assert len(lines) <= 12


def test_help_imports_no_command():
    said, heavy = imported("--help")
    assert not heavy
    assert all(name in said for name in COMMANDS.keys() - GROUPS[AGENCY].keys())


def test_the_name_of_a_command_is_completed_without_importing_it(monkeypatch):
    monkeypatch.setenv("_SCHOOLBELL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "schoolbell st")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("SCHOOLBELL_HOME", "no such home")
    assert imported() == ("start\nstatus", set())


@pytest.mark.parametrize("command", ["status", "run"])
def test_wrong_settings_are_told_before_anything_is_imported(command, tmp_path):
    said, heavy = imported(command, "--home", str(tmp_path))
    assert "the settings cannot be read" in said
    assert not heavy
    (tmp_path / "district.toml").write_text('[district]\nnam = "Sample Schools"\n')
    said, heavy = imported(command, f"--home={tmp_path}")
    assert "nam" in said
    assert not heavy


def test_status_imports_what_it_reads_with_and_no_more(home):
    said, heavy = imported("status", "--home", str(home))
    assert "no log file has been read" in said
    assert heavy == {"polars", "sqlalchemy"}
    imported("run", "--home", str(home))
    # what the run noted of the registry needs no frames
    assert imported("status", "--home", str(home))[1] == {"sqlalchemy"}


def test_a_run_with_nothing_due_imports_nothing_that_publishes(home):
    imported("run", "--home", str(home))
    said, heavy = imported("run", "--home", str(home))
    assert "Nothing to do" in said
    assert heavy == {"polars", "duckdb", "sqlalchemy"}
