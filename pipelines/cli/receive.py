"""The command that a collector starts to write received lines."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.landing.receiving import Receiver, receive


def receive_lines(
    to: Annotated[Path, typer.Option("--to", help="Landing folder of the source.")],
) -> None:
    """Write lines from rsyslog to a landing folder; its configuration starts this.

    `schoolbell units` writes that configuration. Lines are confirmed after they are on the
    disk; until then, rsyslog holds them in its queue.
    """
    receive(Receiver(to), sys.stdin.buffer, sys.stdout.buffer)
