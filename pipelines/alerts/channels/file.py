"""Alert channel: one JSON object a line, appended to a file."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipelines.alerts.channels import Channel, ChannelSettings
from pipelines.alerts.messages import Message
from pipelines.errors import DeliveryError


class FileSettings(ChannelSettings):
    """Where to append."""

    path: Path


def deliver(message: Message, settings: FileSettings, _allowed: Sequence[str]) -> None:
    """Append and force to disk; the line is whole or not there."""
    line = json.dumps(asdict(message), ensure_ascii=True) + "\n"
    try:
        settings.path.parent.mkdir(parents=True, exist_ok=True)
        with settings.path.open("a", encoding="ascii") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DeliveryError(
            f"{settings.path}: {error.strerror}", retryable=True
        ) from error


CHANNEL = Channel(name="file", settings=FileSettings, deliver=deliver)
