"""Alert channel: one JSON object a line, appended to a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from pipelines.alerts.appending import append_line
from pipelines.alerts.channels import Channel, ChannelSettings, HomePath
from pipelines.alerts.messages import Message


class FileSettings(ChannelSettings):
    """Where to append."""

    path: HomePath


def deliver(message: Message, settings: FileSettings, _allowed: Sequence[str]) -> None:
    """Append and force to disk; the line is whole or not there."""
    append_line(settings.path, json.dumps(asdict(message), ensure_ascii=True))


CHANNEL = Channel(name="file", settings=FileSettings, deliver=deliver)
