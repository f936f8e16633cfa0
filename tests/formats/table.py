"""Makes `docs/reference/formats.md`: what each format reads, and how well.

    python -m tests.formats.table > docs/reference/formats.md

Counts need the sample corpora; where they are absent their columns stay empty.
"""

import ast
import inspect
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import polars as pl

from pipelines.cli.reference_text import table
from pipelines.formats import Context, Format
from pipelines.lake.identify import ENOUGH, SAMPLE_BYTES, identify
from pipelines.sources.framing import records
from tests.formats.test_corpora import (
    FAMILIES,
    READING,
    files,
    headed,
    log_of,
    present,
)
from tests.formats.test_formats import FORMATS, LOGS, batch_of, context_of

TIMED_LINES = 20_000
THIN = 10
"""Sample lines below which a format rests on its own golden logs."""

INTRODUCTION = """<!-- Made by `python -m tests.formats.table`; do not edit. -->

# Log formats

Each line of a log becomes one event, one reject or one blank; the reason of a reject is
kept with its line. A format is found from the lines (`schoolbell identify FILE`) or
named in `district.toml` (`format`, with `options` where a section below says so). How
to bring logs here: [forward logs](../how-to/forward-logs.md).
"""
COUNTS = """## Counts

*Samples* are logs that others published, read in place and not part of this project;
*golden* are our own, whose every value is recorded. Many sample families hold damage on
purpose: see the reasons below. *Lines/s* is one run on one processor of a small machine
over the format's own good lines: an order of magnitude, no promise. Formats with fewer
than {thin} sample lines rest on documentation and on our own logs: try them on a day of
yours before you trust them.
"""
CONFUSION = """## Which format a sample is taken for

The best claim on the head of each sample file, as `schoolbell identify` makes it. A
header that a collector cut off is put back first. *None* are files in which no format
claims a fifth of the lines: single lines without a header, or layouts that only
settings can tell.
"""


@dataclass
class Count:
    """What became of the sample lines of a format."""

    lines: int = 0
    blanks: int = 0
    rejects: int = 0
    events: Counter[str] = field(default_factory=Counter)


def counted() -> dict[str, Count]:
    """Each format over the sample files of its families."""
    counts: dict[str, Count] = {}
    for family, known in FAMILIES.items():
        for name in present(family):
            count = counts.setdefault(name, Count())
            for path in files(family):
                batch = records(
                    headed(log_of(path), known.header), FORMATS[name].framing
                )
                parsed = FORMATS[name].parse(batch, Context(READING, known.options))
                count.lines += batch.height
                count.blanks += parsed.blanks
                count.rejects += parsed.rejects.height
                for cls, frame in parsed.events.items():
                    count.events[cls] += frame.height
    return counts


def lines_a_second(name: str) -> str:
    """How quickly a format reads its own good lines; empty for none."""
    good = []
    for log in (log for log in LOGS if log.parent.name == name):
        batch = batch_of(name, log.read_bytes())
        refused = FORMATS[name].parse(batch, context_of(name)).rejects["line_no"]
        good.append(batch.filter(~pl.col("line_no").is_in(refused.implode())))
    whole = pl.concat(good)
    if not whole.height:
        return ""
    times = TIMED_LINES // whole.height + 1
    many = pl.concat([whole] * times, rechunk=True).with_columns(
        line_no=pl.int_range(1, whole.height * times + 1, dtype=pl.Int64)
    )
    begin = time.process_time()
    FORMATS[name].parse(many, context_of(name))
    rate = many.height / (time.process_time() - begin)
    return f"{round(rate, -3 if rate >= 10_000 else -2):,.0f}"


def rows() -> list[list[str]]:
    """One row a format."""
    counts = counted()
    cases = Counter(log.parent.name for log in LOGS)
    return [
        [
            name,
            f"{count.lines:,}" if (count := counts.get(name, Count())).lines else "",
            " ".join(f"{cls} {n:,}" for cls, n in sorted(count.events.items())),
            f"{count.rejects:,}" if count.lines else "",
            f"{count.blanks:,}" if count.lines else "",
            str(cases[name]),
            lines_a_second(name),
        ]
        for name in FORMATS
    ]


def head_of(path: Path, header: bytes) -> bytes:
    """The first bytes of a sample; a binary one is not touched."""
    data = log_of(path)
    return headed(data, header)[:SAMPLE_BYTES] if header else data[:SAMPLE_BYTES]


def confusion() -> list[list[str]]:
    """One row a family: how many files are taken for its format, or for another."""
    found = []
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
            found.append([family, str(total), share, others, str(none or "")])
    return found


def refusals() -> list[list[str]]:
    """The families whose samples can not all be read, and why."""
    return [
        [family, ", ".join(present(family)), known.because]
        for family, known in FAMILIES.items()
        if known.because and present(family)
    ]


def section(fmt: Format) -> str:
    """What the format's own module says of it."""
    module = import_module(f"pipelines.formats.{fmt.name}")
    said = ast.get_docstring(ast.parse(inspect.getsource(module))) or ""
    classes = ", ".join(f"`{cls}`" for cls in fmt.event_classes)
    facts = f"{fmt.product}. Becomes {classes}. Records: {fmt.framing}."
    return f"### {fmt.name}\n\n{facts}\n\n{said}\n"


def page() -> str:
    """The whole page."""
    heads = [
        "Format", "Samples", "Events", "Rejects", "Blanks", "Golden", "Lines/s",
    ]  # fmt: skip
    parts = [
        INTRODUCTION,
        COUNTS.format(thin=THIN),
        table(heads, rows()),
        "\nWhy sample lines are rejected:\n",
        table(["Family", "Formats", "What those lines are"], refusals()) + "\n",
        CONFUSION,
        table(["Family", "Files", "Own format", "Another", "None"], confusion()) + "\n",
        "## Each format\n",
        *(section(fmt) for fmt in FORMATS.values()),
    ]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
