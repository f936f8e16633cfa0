"""The commands that send a case to an office, store a statement and look up a code name."""

from pipelines.actions.names import REVEAL
from pipelines.actions.referrals import ANSWER, REFER
from pipelines.cli.commands import command

refer = command(REFER)
answer = command(ANSWER)
reveal = command(REVEAL)
