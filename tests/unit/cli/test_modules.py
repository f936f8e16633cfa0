"""A command is in the module of its name, or in the folder of its group."""

import typer.main

from pipelines.cli.app import app

WITH_THEIR_GROUP = {"run-week": "run"}
"""A command that is another one with a step more stands beside it."""


def _commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command.callback


def test_each_command_is_where_its_name_says():
    for path, callback in _commands(typer.main.get_command(app)):
        first = WITH_THEIR_GROUP.get(path[0], path[0]).replace("-", "_")
        place = callback.__module__.removeprefix("pipelines.cli.")
        assert place.split(".")[0] == first, path
