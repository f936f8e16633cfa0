"""The command that stores the statement of the person a case is about."""

from pipelines.actions.referrals import answer as action
from pipelines.cli.commands import command

answer = command(action)
