"""A command is in the module of its name, or in the folder of its group."""

import subprocess
import sys

import typer.main

from pipelines.cli.app import COMMANDS, app

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
        assert place.split(".")[0] == first, path


def test_the_list_of_commands_says_what_each_says_of_itself():
    for name, (_, text) in COMMANDS.items():
        command = app_commands().commands[name]
        assert (command.help or "").replace("\n", " ").startswith(text), name


def test_help_imports_no_command():
    """Polars, DuckDB and pydantic take most of a second to import."""
    code = (
        "import sys\n"
        "from pipelines.cli import main\n"
        "sys.argv = ['schoolbell', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('polars', 'duckdb', 'pydantic', 'sqlalchemy')"
        " if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
    assert all(name in done.stdout for name in COMMANDS)
