"""Writer of `docs/reference/formats.md`, the page about log formats and their tests.

    python -m tests.formats.table > docs/reference/formats.md

Counts need the sample corpora; where they are absent their columns stay empty.
"""

import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from docs.reference_pages import table
from pipelines.ingest.identification import ENOUGH, SAMPLE_BYTES, identify
from tests.conftest import CORPORA, corpus
from tests.formats.agreement import compared
from tests.formats.clauses import CLAUSES
from tests.formats.differences import EXPLAINED
from tests.formats.sample_reading import read
from tests.formats.samples import FAMILIES, files, headed, log_of, present
from tests.formats.table_parts import (
    NOT_COMPARED,
    clause_rows,
    not_compared,
    thin_layouts,
)
from tests.formats.test_formats import FORMATS, LOGS, batch_of, context_of

TIMED_LINES, TIMES = 10_000, 3
THIN = 20
"""Sample lines below which a format depends on its golden logs."""

INTRODUCTION = """<!-- Made by `python -m tests.formats.table`; do not edit. -->

# Tests of the formats

Each line of a log becomes one event, one reject or one blank; the reason for a reject is
kept with its line. A format is recognized from the lines (`schoolbell identify FILE`) or
set in `district.toml` (`format`, with its `options`). The docstring of its module in
`pipelines/formats/` states what it reads; `make docs` makes a page of all. To deliver
logs, see [forward logs](../how-to/forward-logs.md).
"""
COUNTS = """## Counts

*Samples* are logs that others published; they are not part of this project. *Golden*
logs are part of it, with every expected value on record. Many sample families contain
deliberate damage: see the reasons below. *µs* is processor time per line and *Lines/s*
its inverse, the best of three runs on one processor of a small machine over the format's
valid lines: an order of magnitude, not a promise. Formats marked *thin* have fewer
than {thin} sample lines and depend on documentation and golden logs: test them on a
day of your logs before you trust them.

*Agreement* counts the fields (times, accounts, addresses, ports, hosts, bytes,
statuses, outcomes) that another parser also found in a sample line: the number with the
same meaning, out of those that both have. Each difference is explained below.
"""
AGREEMENT = """## Differences from other parsers

The comparison covers columns that both parsers have, without a year that is in no line.
Accounts are compared without their domain, addresses in their shortest form, and
timestamps to the millisecond.
"""
THIN_ONES = """
These {count} formats were tested with fewer than {thin} sample lines: {names}.
"""
THIN_LAYOUTS = """
These layouts of other formats also have few samples:
"""
CLAUSE_TABLE = """## Tested behavior of each format

The number of events in golden logs that show each behavior, with the original values or
with difficult hosts, accounts and addresses in their place. A dot means that it does not
apply. A letter means that it cannot be shown, for the reason below.
"""
CONFUSION = """## Recognition of samples

The best match of `schoolbell identify` for the beginning of each sample file. A header
that a collector cut off is restored first. *None* counts files in which no format
matches a fifth of the lines: single lines without a header, or layouts that only
settings can identify. **{own} of {total} files ({share:.1%}) need no hint; {wrong} would
be mistaken for another format.**
"""
UNREAD = """
Samples without a format here:
"""
NO_FORMAT = {
    "other_web_filter": (
        "Skyhigh, Olfeo, Forcepoint, Netskope, Symantec, Privoxy: declare an export of "
        "theirs as CSV or JSON"
    ),
    "dns_filter": "CoreDNS; logins of administrators to AdGuard and Technitium",
    "radius": "Cisco Secure ACS, GNU Radius",
    "zeek": "logs of other kinds: Kerberos, RADIUS, files, mail and so on",
    "syslog_framing": "system logs; only their headers are used",
}
"""Families of the manifest with files that belong to no format, and their contents."""


@dataclass
class Count:
    """Results of reading the sample lines of a format."""

    lines: int = 0
    blanks: int = 0
    rejects: int = 0
    events: Counter[str] = field(default_factory=Counter)


def counted() -> dict[str, Count]:
    """Return each format over the sample files of its families."""
    counts: dict[str, Count] = {}
    for family in FAMILIES:
        for name in present(family):
            count = counts.setdefault(name, Count())
            for path in files(family):
                count_file(count, family, name, path)
    return counts


def count_file(count: Count, family: str, name: str, path: Path) -> None:
    """Add a sample file, without the lines that another format of the family reads."""
    height, parsed = read(family, name, path)
    refused = parsed.rejects
    for other in (other for other in present(family) if other != name):
        theirs = read(family, other, path)[1].rejects["line_no"].implode()
        refused = refused.filter(pl.col("line_no").is_in(theirs))
    count.lines += height - (parsed.rejects.height - refused.height)
    count.blanks += parsed.blanks
    count.rejects += refused.height
    for cls, frame in parsed.events.items():
        count.events[cls] += frame.height


def agreements() -> dict[str, str]:
    """Return for each format how many compared fields agree, out of how many."""
    agreeing: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for each in compared():
        all_of[each.format] += 1
        agreeing[each.format] += each.agrees
    return {name: f"{agreeing[name]:,}/{n:,}" for name, n in all_of.items()}


def differences() -> list[list[str]]:
    """Return one row per format and field that differs."""
    return [
        [name, f"`{column}`", str(count), why]
        for (name, column), (count, why) in sorted(EXPLAINED.items())
    ]


def seconds_a_line(name: str) -> float:
    """Return the processor time per valid golden line of a format; 0 without any."""
    good = []
    for log in (log for log in LOGS if log.parent.name == name):
        batch = batch_of(name, log.read_bytes())
        refused = FORMATS[name].parse(batch, context_of(name)).rejects["line_no"]
        good.append(batch.filter(~pl.col("line_no").is_in(refused.implode())))
    whole = pl.concat(good)
    if not whole.height:
        return 0
    times = TIMED_LINES // whole.height + 1
    many = pl.concat([whole] * times, rechunk=True).with_columns(
        line_no=pl.int_range(1, whole.height * times + 1, dtype=pl.Int64)
    )
    return min(_seconds(name, many) for _ in range(TIMES)) / many.height


def _seconds(name: str, lines: pl.DataFrame) -> float:
    begin = time.process_time()
    FORMATS[name].parse(lines, context_of(name))
    return time.process_time() - begin


def thin_ones(counts: Mapping[str, Count]) -> list[str]:
    """Return the formats that few sample lines were tried on."""
    return [name for name in FORMATS if counts.get(name, Count()).lines < THIN]


def rows(counts: Mapping[str, Count], agreed: Mapping[str, str]) -> list[list[str]]:
    """Return one row per format."""
    cases = Counter(log.parent.name for log in LOGS)
    found = []
    for name in FORMATS:
        count, lasted = counts.get(name, Count()), seconds_a_line(name)
        thin = " thin" if count.lines < THIN else ""
        found.append(
            [
                name,
                f"{count.lines:,}{thin}",
                " ".join(f"{cls} {n:,}" for cls, n in sorted(count.events.items())),
                f"{count.rejects:,}" if count.lines else "",
                f"{count.blanks:,}" if count.lines else "",
                agreed.get(name, ""),
                str(cases[name]),
                f"{lasted * 1e6:.1f}" if lasted else "",
                f"{round(1 / lasted, -3):,.0f}" if lasted else "",
            ]
        )
    return found


def head_of(path: Path, header: bytes) -> bytes:
    """Return the first bytes of a sample; a binary one is not touched."""
    data = log_of(path)
    return headed(data, header)[:SAMPLE_BYTES] if header else data[:SAMPLE_BYTES]


@dataclass
class Taken:
    """Formats recognized in the sample files: the rows, and their sums."""

    rows: list[list[str]] = field(default_factory=list)
    total: int = 0
    own: int = 0
    wrong: int = 0


def confusion() -> Taken:
    """Return one row per family: the files recognized as its format, and as another."""
    found = Taken()
    for family, known in FAMILIES.items():
        taken: Counter[str] = Counter()
        for path in files(family):
            claims = identify(head_of(path, known.header))
            sure = claims and claims[0].share >= ENOUGH
            taken[claims[0].format if sure else ""] += 1
        total = sum(taken.values())
        own = sum(taken.pop(name, 0) for name in present(family))
        none = taken.pop("", 0)
        others = " ".join(f"{name} {n}" for name, n in taken.most_common())
        if total:
            share = f"{own / total:.0%}"
            found.rows.append([family, str(total), share, others, str(none or "")])
        found.total += total
        found.own += own
        found.wrong += sum(taken.values())
    return found


def without_format() -> list[list[str]]:
    """Return families of the manifest with files of no format, with number and contents."""
    read_ones = {path for family in FAMILIES for path in files(family)}
    return [
        [family, str(count), what]
        for family, what in NO_FORMAT.items()
        if (count := sum(CORPORA / row["file"] not in read_ones for row in corpus(family)))
    ]


def refusals() -> list[list[str]]:
    """Return the families whose samples cannot all be read, and why."""
    return [
        [family, ", ".join(present(family)), known.because]
        for family, known in FAMILIES.items()
        if known.because and present(family)
    ]


def page() -> str:
    """Return the whole page."""
    heads = [
        "Format", "Samples", "Events", "Rejects", "Blanks", "Agreement", "Golden", "µs",
        "Lines/s",
    ]  # fmt: skip
    counted_lines, taken, agreed = counted(), confusion(), agreements()
    thin = thin_ones(counted_lines)
    shown_rows, reasons = clause_rows()
    parts = [
        INTRODUCTION,
        COUNTS.format(thin=THIN),
        table(heads, rows(counted_lines, agreed)),
        THIN_ONES.format(count=len(thin), thin=THIN, names=", ".join(f"`{name}`" for name in thin)),
        THIN_LAYOUTS,
        table(["Layout", "Format", "Sample lines"], thin_layouts(THIN)) + "\n",
        CLAUSE_TABLE,
        table(["Format", *CLAUSES], shown_rows) + "\n",
        *(f"- *{clause}*: {what}" for clause, what in CLAUSES.items()),
        "",
        *(f"- {each}" for each in reasons),
        "\n## Why sample lines are rejected\n",
        table(["Family", "Formats", "Rejected lines"], refusals()) + "\n",
        AGREEMENT,
        table(["Format", "Field", "Differing", "Reason for our value"], differences()) + "\n",
        NOT_COMPARED.format(reasons=not_compared(agreed)),
        CONFUSION.format(
            own=taken.own,
            total=taken.total,
            share=taken.own / max(taken.total, 1),
            wrong=taken.wrong,
        ),
        table(["Family", "Files", "Own format", "Another", "None"], taken.rows),
        UNREAD,
        table(["Family", "Files", "Contents"], without_format()) + "\n",
    ]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
