"""The command that sends a case to another office, under two keys."""

from pipelines.actions.referrals import refer as action
from pipelines.cli.commands import command

refer = command(action)
