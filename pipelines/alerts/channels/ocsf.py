"""Alert channel: OCSF Detection Findings (class 2004), one per line of a file.

The `uid` is the message's key. After a crash, the file is read first, and lines that it
already contains are skipped.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from pydantic import Field

from pipelines.alerts.channels import Channel, ChannelSettings, HomePath, append_line
from pipelines.alerts.message import Message
from pipelines.findings.interchange import OCSF_VERSION, SEVERITY_IDS


class OcsfSettings(ChannelSettings):
    """The file to append to."""

    path: HomePath = Field(examples=["alerts.jsonl"])


def deliver(message: Message, settings: OcsfSettings, _allowed: Sequence[str]) -> None:
    """Append and force to disk."""
    append_line(
        settings.path,
        json.dumps(event(message, datetime.now(UTC)), ensure_ascii=True),
        may_repeat=message.may_repeat,
        is_same=lambda one: _uid(one) == message.key,
    )


def _uid(row: Mapping[str, object]) -> object:
    metadata = row.get("metadata")
    return metadata.get("uid") if isinstance(metadata, dict) else None


def event(message: Message, now: datetime) -> dict[str, object]:
    """Return the message as an OCSF event."""
    stamp = int(now.timestamp() * 1_000)
    return {
        "activity_id": 1,
        "category_uid": 2,
        "class_uid": 2004,
        "type_uid": 200401,
        "time": stamp,
        "severity_id": SEVERITY_IDS[message.severity],
        "severity": message.severity.capitalize(),
        "status_id": 1,
        "message": message.text,
        "metadata": {
            "version": OCSF_VERSION,
            "uid": message.key,
            "product": {
                "name": "Schoolbell",
                "vendor_name": "Schoolbell",
                "version": version("schoolbell"),
            },
        },
        "finding_info": {
            "uid": message.key,
            "title": message.subject,
            "created_time": stamp,
            "types": [message.class_name],
        },
    }


CHANNEL = Channel(name="ocsf", settings=OcsfSettings, deliver=deliver)
