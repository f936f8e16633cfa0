"""The command that sends a case to another office, under two keys."""

from pipelines.actions.referrals import REFER
from pipelines.cli.commands import command

refer = command(REFER)
