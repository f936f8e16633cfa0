"""The command that looks up a code name, for one case and a limited time."""

from pipelines.actions.names import reveal as action
from pipelines.cli.commands import command

reveal = command(action)
