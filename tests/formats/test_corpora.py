"""Every format reads logs that nobody on the project wrote, and loses no line.

The sample corpora stand beside the repository and are read in place; where they
are absent there is nothing to test. For each file of a family: each line becomes
exactly one event, reject or blank, in each format of the family. For the family as
a whole: the share of lines that *none* of its formats can read stays under a
ceiling, whose reason stands beside it.
"""

import gzip
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.clock import Reading
from pipelines.events import EVENT_CLASSES
from pipelines.formats import PLACE, Context, formats
from pipelines.sources.framing import records
from tests.conftest import CORPORA, corpus

FORMATS = formats()
READING = Reading(zone="UTC", anchor=datetime(2022, 6, 30, tzinfo=UTC))
WAYS_TO_WRAP = {".json", ".jsonl", ".rst"}


@dataclass(frozen=True)
class Family:
    """The formats that read one family of the corpora.

    Attributes:
        formats: Their names; those that do not exist are passed over.
        ceiling: Share of lines that none of them may leave unread.
        because: What those lines are.
        leaving_out: Parts of paths whose files belong to none of the formats.
        options: How a source of such files would be set.
        header: What a collector cut off in front of each line.
    """

    formats: tuple[str, ...]
    ceiling: float = 0.0
    because: str = ""
    leaving_out: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    header: bytes = b""


FAMILIES = {
    "fortigate": Family(("fortigate",)),
    "iptables_ufw": Family(
        ("iptables",), 0.07, "lines whose first half a syslog relay cut off"
    ),
    "sonicwall": Family(
        ("sonicwall", "cef"),
        0.07,
        "a CEF line without its keys, a blank in an address",
        header=b"<134>Jun 23 09:51:24 fw01 ",
    ),
    "sophos_xg": Family(
        ("sophos_xg",),
        0.08,
        "quotes that do not pair, keys that touch, lines cut by a newline",
        options={"zones": "IST=+0530 CEST=+0200 CET=+0100 BST=+0100"},
    ),
    "checkpoint": Family(("checkpoint",)),
    "watchguard": Family(("watchguard",), header=b"<140>Jun 23 09:51:24 fw01 "),
    "meraki": Family(("meraki",)),
    "mikrotik": Family(("mikrotik",)),
    "cef": Family(("cef",), header=b"<134>Jun 23 09:51:24 fw01 "),
    "leef": Family(("leef",), header=b"<134>Jun 23 09:51:24 fw01 "),
    "squid": Family(
        ("squid_access",), 0.7, "daemon lines, lines without a stamp, other layouts"
    ),
}


def present(family: str) -> list[str]:
    """The formats of a family that exist."""
    return [name for name in FAMILIES[family].formats if name in FORMATS]


def files(family: str) -> list[Path]:
    """Where the logs of a family stand; none where there are no corpora."""
    left_out = FAMILIES[family].leaving_out
    paths = (CORPORA / row["file"] for row in corpus(family))
    return [
        path
        for path in paths
        if path.is_file() and not any(part in path.as_posix() for part in left_out)
    ]


def log_of(path: Path) -> bytes:
    """The log inside a file, as its product wrote it."""
    data = (
        gzip.decompress(path.read_bytes())
        if path.suffix == ".gz"
        else path.read_bytes()
    )
    if path.suffix not in WAYS_TO_WRAP:
        return data
    text = data.decode("utf-8", "replace")
    if path.suffix == ".json":
        return json.loads(text)["input"]["message"].encode()
    if path.suffix == ".jsonl":
        texts = [json.loads(line)["text"] for line in text.splitlines() if line.strip()]
        return "\n".join(texts).encode()
    blocks = re.findall(r"^(?:  |\t)(.*\S.*)$", text, re.MULTILINE)
    return "\n".join(blocks).encode()


def unread(family: str, name: str, data: bytes) -> tuple[set[int], int]:
    """Numbers of the rejected lines and how many lines are no blanks."""
    fmt = FORMATS[name]
    header = FAMILIES[family].header
    if header:
        data = re.sub(rb"^(?=.*\S)", lambda _: header, data, flags=re.MULTILINE)
    batch = records(data, fmt.framing)
    parsed = fmt.parse(batch, Context(READING, FAMILIES[family].options))
    for cls, frame in parsed.events.items():
        assert frame.drop(PLACE).schema == EVENT_CLASSES[cls].schema
        frame.write_ndjson()  # an impossible date raises only when it is written
    frames = [*parsed.events.values(), parsed.rejects]
    found = pl.concat([frame["line_no"] for frame in frames])
    assert found.is_unique().all()
    assert len(found) + parsed.blanks == batch.height
    assert parsed.rejects["reason"].is_not_null().all()
    return set(parsed.rejects["line_no"]), len(found)


CASES = [
    pytest.param(
        family, name, path, id=f"{name}/{path.relative_to(CORPORA).as_posix()}"
    )
    for family in FAMILIES
    for name in present(family)
    for path in files(family)
]
READABLE = [family for family in FAMILIES if present(family) and files(family)]


@pytest.mark.parametrize(("family", "name", "path"), CASES)
def test_each_line_becomes_one_event_reject_or_blank(family, name, path):
    unread(family, name, log_of(path))


@pytest.mark.parametrize("family", READABLE)
def test_few_lines_of_a_family_are_rejected(family):
    known = FAMILIES[family]
    lines, left = 0, []
    for path in files(family):
        data = log_of(path)
        rejected, counts = zip(
            *(unread(family, name, data) for name in present(family)), strict=True
        )
        lines += max(counts)
        refused = set.intersection(*rejected)
        left += [f"{path.relative_to(CORPORA)}:{number}" for number in sorted(refused)]
    share = len(left) / lines
    assert share <= known.ceiling, f"{len(left)} of {lines} lines: {left[:20]}"
