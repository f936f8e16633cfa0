"""Makes exports whose records are not lines, to measure with: seeded, of any size."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tests.formats.evtx_writer import CHUNK, HEAD, event, evtx_file

BEGIN = datetime(2026, 2, 25, 6, tzinfo=UTC)
EVENTS_PER_CHUNK = 40
FIRST_ID = 10_000_000


def write_okta(path: Path, count: int, *, seed: int = 1) -> None:
    """Write one JSON array of `count` records, pretty-printed, 0.5 seconds apart."""
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, record in enumerate(_okta(count, seed)):
            file.write(f"{',' if number else ''}\n{record}")
        file.write("\n]\n")


def _okta(count: int, seed: int) -> Iterator[str]:
    random = np.random.default_rng(seed)
    users = random.integers(0, 2_000, count).tolist()
    for number, user in enumerate(users):
        stamp = BEGIN + timedelta(seconds=number / 2)
        yield (
            '  {\n    "actor": {\n      "alternateId": "user'
            f'{user}@example.org",\n      "id": "00u{user}",\n      "type": "User"\n'
            '    },\n    "client": {\n      "device": "Computer",\n      "ipAddress": '
            f'"203.0.113.{user % 250}",\n      "userAgent": {{\n        "browser": '
            '"CHROME",\n        "os": "Chrome OS",\n        "rawUserAgent": '
            '"Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537.36"\n      },\n      '
            '"zone": "null"\n    },\n    "displayMessage": "User login to the portal"'
            ',\n    "eventType": "user.session.start",\n    "outcome": {\n      '
            '"reason": null,\n      "result": "SUCCESS"\n    },\n    "published": "'
            f'{stamp:%Y-%m-%dT%H:%M:%S}.{number % 2 * 5}00Z",\n    "severity": "INFO"'
            f',\n    "target": null,\n    "uuid": "u-{number:09d}"\n  }}'
        )


def write_evtx(path: Path, count: int) -> None:
    """Write an event log of at least `count` logons; each chunk has its own numbers."""
    rows = [
        event(
            f"2026-03-02T14:00:{number:02d}+00:00",
            4624,
            "lab",
            {"TargetUserName": "ada", "LogonType": "2"},
        )
        for number in range(EVENTS_PER_CHUNK)
    ]
    whole = evtx_file(rows, first_id=FIRST_ID)
    with path.open("wb") as file:
        file.write(whole[:HEAD])
        for number in range(-(-count // EVENTS_PER_CHUNK)):
            file.write(_renumbered(whole[HEAD:], number * EVENTS_PER_CHUNK))


def _renumbered(chunk: bytes, more: int) -> bytes:
    """Return the same records under higher numbers, which are in two places of each."""
    copy = bytearray(chunk)
    for number in range(FIRST_ID, FIRST_ID + EVENTS_PER_CHUNK):
        place = copy.index(struct.pack("<Q", number), 512)
        struct.pack_into("<Q", copy, place, number + more)
        old, new = (str(one).encode("utf-16-le") for one in (number, number + more))
        place = copy.index(old, place)
        copy[place : place + len(old)] = new
    assert len(copy) == CHUNK
    return bytes(copy)
