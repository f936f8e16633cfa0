"""Alert channel: plain lines on standard output, for a journal to pick up."""

import sys
from collections.abc import Sequence

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.alerts.message import Message


class StdoutSettings(ChannelSettings):
    """Nothing to set."""


def deliver(message: Message, _settings: StdoutSettings, _allowed: Sequence[str]) -> None:
    """Print a message in a few lines, with control characters made visible."""
    marked = message.on_its_face
    lines = [marked.subject, *marked.text.splitlines()]
    shown = (line.encode("unicode_escape").decode("ascii") for line in lines)
    sys.stdout.write("\n".join(shown) + "\n")
    sys.stdout.flush()


CHANNEL = Channel(name="stdout", settings=StdoutSettings, deliver=deliver)
