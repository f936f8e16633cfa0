"""The command that stores the statement of the person a case is about."""

from pipelines.actions.referrals import ANSWER
from pipelines.cli.commands import command

answer = command(ANSWER)
