"""Alert channel: one JSON object per line, appended to a file.

After a crash, the file is read first, and lines that it already contains are skipped.
"""

import json
from collections.abc import Sequence

from pydantic import Field

from pipelines.alerts.channels import Channel, ChannelSettings, HomePath, append_line
from pipelines.alerts.message import Message


class FileSettings(ChannelSettings):
    """The file to append to."""

    path: HomePath = Field(examples=["alerts.jsonl"])


def deliver(message: Message, settings: FileSettings, _allowed: Sequence[str]) -> None:
    """Append and force to disk; the line is whole or not there."""
    append_line(
        settings.path,
        json.dumps(message.fields, ensure_ascii=True),
        may_repeat=message.may_repeat,
        is_same=lambda one: one.get("key") == message.key,
    )


CHANNEL = Channel(name="file", settings=FileSettings, deliver=deliver)
