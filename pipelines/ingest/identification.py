"""Choice of a delivery's format: named, known from before, or identified."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import NoReturn

import polars as pl
from polars.exceptions import PanicException, PolarsError

from pipelines.clock import Reading
from pipelines.errors import SchoolbellError, SourceError
from pipelines.events import REJECT_COLUMNS
from pipelines.formats import BLANK, MIXED, Context, Format, Parsed, formats, is_blank, never
from pipelines.ingest.blocks import BOM, batch
from pipelines.ingest.format_proposals import not_read, proposed
from pipelines.ingest.parser import ANY, TOO_LONG, parse, parse_own, readers, rejected
from pipelines.ingest.record_cuts import parts, records
from pipelines.ingest.source import Source
from pipelines.landing.compression import read_up_to
from pipelines.landing.delivery import Delivery, opened_up, readable
from pipelines.landing.streams import SalvagedStream, opened
from pipelines.state.ledger import FileRecord

SAMPLE_BYTES = 1 << 18
SAMPLE_LINES = 400
ENOUGH = 0.2
SURE = 0.9
MUCH_MORE = 1.1
"""If other formats read this many events more than the best, the file has many products."""
MAX_ABOVE = 5
"""Lines that may precede an export's row of names, such as a title."""

EVTX_MAGIC = b"ElfFile\x00"
BINARY = (EVTX_MAGIC, b"PK", b"\x1f\x8b")


@dataclass(frozen=True)
class Claim:
    """A format and the share of sampled records that are of it, 0 to 1."""

    format: str
    share: float


def identify(head: bytes, context: Context | None = None) -> list[Claim]:
    """Return the formats that match some records of a file's first bytes, best first.

    Args:
        head: The first bytes, decompressed; a cut last line does no harm.
        context: Context of the formats.
    """
    return _identify(head, context, is_whole_enough=False)


def _identify(head: bytes, context: Context | None, *, is_whole_enough: bool) -> list[Claim]:
    """Return the same; with `is_whole_enough` a format that claims every plain line alone."""
    if head.startswith(EVTX_MAGIC):
        return [Claim("windows_security_evtx", 1.0)]
    by_framing: dict[str, list[Format]] = {"lines": []}
    for fmt in formats().values():
        by_framing.setdefault(fmt.framing, []).append(fmt)
    claims: list[Claim] = []
    for framing, candidates in by_framing.items():
        if framing != "evtx":
            claims += _claims(_sample(head, framing), candidates, context)
        if is_whole_enough and framing == "lines" and not head.startswith(BINARY):
            whole = [claim for claim in claims if claim.share == 1.0]
            if whole:
                return whole[:1]
    # at equal shares the plain line is the simpler explanation
    plain = {fmt.name for fmt in by_framing["lines"]}
    return sorted(claims, key=lambda c: (-c.share, c.format not in plain, c.format))


def best(head: bytes, *, likely: str | None = None, context: Context | None = None) -> str | None:
    """Return the format of a file, or None if no format matches enough of it.

    Args:
        head: The first bytes, decompressed.
        likely: The format of the file's neighbors, which is tried first.
        context: Context of the formats.
    """
    fmt = formats().get(likely or "")
    if fmt is not None and fmt.framing == "lines":
        claims = _claims(_sample(head, fmt.framing), [fmt], context)
        if claims and claims[0].share >= SURE:
            return fmt.name
    claims = _identify(head, context, is_whole_enough=True)
    share = claims[0].share if claims else 0.0
    if share >= SURE:
        return claims[0].format
    name = claims[0].format if share >= ENOUGH else None
    if head.startswith(BINARY) or (name and formats()[name].framing != "lines"):
        return name
    lines = batch(head[: head.rfind(b"\n") + 1] or head).head(SAMPLE_LINES)
    own = _telling(formats()[name], lines, context) if name else 0
    mixed = _telling(ANY, lines, context, talk=name is None)
    return MIXED if mixed > max(MUCH_MORE * own, ENOUGH * lines.height) else name


def _telling(
    fmt: Format, lines: pl.DataFrame, context: Context | None, *, talk: bool = False
) -> int:
    """Return how many lines become events; a product's own messages count if requested."""
    try:
        parsed = parse_own(fmt, lines, context or Context())
    except SchoolbellError:
        return 0
    return sum(
        frame.height for name, frame in parsed.events.items() if talk or name != "system_events"
    )


def _sample(head: bytes, framing: str) -> pl.DataFrame:
    if framing == "lines":
        return _sample_lines(head[: head.rfind(b"\n") + 1] or head)
    return records(head, framing).filter(~is_blank(pl.col("line"))).head(SAMPLE_LINES)


def _sample_lines(head: bytes) -> pl.DataFrame:
    """Return the same for lines, without the cost of a frame's way for a tiny file."""
    text = head.decode(errors="replace").removeprefix(BOM)
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    said = (line for line in lines if line.strip(BLANK))
    return pl.DataFrame({"line": [*islice(said, SAMPLE_LINES)]}, {"line": pl.String})


def _claims(lines: pl.DataFrame, candidates: list[Format], context: Context | None) -> list[Claim]:
    """Return what each format matches: its lines, or lines below its header.

    A row of a table may have no special marks, such as an address between commas.
    Below a header that belongs to one format only, a row counts if that format reads it.
    """
    if not lines.height:
        return []
    line = pl.col("line")
    shares, owned = {}, {}
    for fmt in candidates:
        looks = fmt.looks_like(line).fill_null(value=False)
        if fmt.header is None and fmt.comment is never:
            shares[fmt.name] = looks.mean()
            continue
        said = _said(fmt, line)
        shares[fmt.name] = (looks & ~said).sum() / (~said).sum().clip(lower_bound=1)
        is_on_top = (~said).cum_sum() <= MAX_ABOVE
        owned[f"{fmt.name} owned"] = (looks & said & is_on_top).any()
    told = lines.select(**shares, **owned).row(0, named=True)
    found = []
    for fmt in candidates:
        share = float(told[fmt.name])
        if told.get(f"{fmt.name} owned") and share < SURE:
            share = max(share, _share_read(fmt, lines, context))
        if share > 0:
            found.append(Claim(fmt.name, share))
    return found


def _share_read(fmt: Format, lines: pl.DataFrame, context: Context | None) -> float:
    """Return the share of records that become events; 1 where there is a header alone."""
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    batch = lines.select(
        pl.lit(0, pl.Int64).alias("file_id"),
        place.alias("line_no"),
        place.alias("byte_offset"),
        "line",
    )
    try:
        parsed = fmt.parse(batch, context)
    except (SchoolbellError, PolarsError, PanicException):
        return 0.0  # such as options that are those of another format
    events = sum(frame.height for frame in parsed.events.values())
    records = events + parsed.rejects.height
    return events / records if records else 1.0


def _said(fmt: Format, line: pl.Expr) -> pl.Expr:
    """Match comments and headers, which are not records."""
    said = fmt.comment(line).fill_null(value=False)
    return said | fmt.header(line).fill_null(value=False) if fmt.header else said


@dataclass(frozen=True, kw_only=True)
class Examination:
    """The result of reading the first lines of a file.

    Attributes:
        claims: The formats that match some of it, best first.
        format: The format it was read with, or None.
        lines: Lines (records) of the sample.
        events: The first events by class, without columns that are all null.
        rejects: Reason and line of what that format cannot read.
        reasons: Number of rejects by reason.
        blanks: Blank and comment lines.
        proposal: For a file of an unknown format, how to declare it.
        note: Kind of file, if it is known and not read on purpose.
    """

    claims: list[Claim]
    format: str | None
    lines: int
    events: Mapping[str, pl.DataFrame]
    rejects: pl.DataFrame
    reasons: Mapping[str, int]
    blanks: int
    proposal: Sequence[str] = ()
    note: str = ""


def members_of(file: Path) -> list[Delivery]:
    """Return a file to examine, or the members of the archive that it is.

    Raises:
        SourceError: The file does not exist.
    """
    return opened_up(_delivery(file), lambda: file.open("rb"))


def _delivery(file: Path) -> Delivery:
    if not file.is_file():
        raise SourceError("there is no such file", where=str(file), remedy="Check the path.")
    state = file.stat()
    return Delivery(
        source="identify",
        path=readable(file.name),
        file=file,
        raw_bytes=state.st_size,
        raw_mtime_ns=state.st_mtime_ns,
    )


def examine(
    delivery: Delivery, *, fmt: str | None = None, context: Context | None = None
) -> Examination:
    """Read and identify the first lines of a file without writing anything.

    Args:
        delivery: The file.
        fmt: A format to read it with, instead of the best.
        context: Context of the format.

    Raises:
        SourceError: The file cannot be read.
    """
    with opened(delivery) as stream:
        head = read_up_to(stream, SAMPLE_BYTES)
    claims = identify(head, context)
    name = fmt or best(head, context=context)
    if name is None:
        lines = batch(head).height
        return Examination(
            claims=claims,
            format=None,
            lines=lines,
            events={},
            rejects=pl.DataFrame(schema=REJECT_COLUMNS),
            reasons={},
            blanks=0,
            proposal=proposed(head, "export"),
            note=not_read(head),
        )
    chosen = readers()[name]
    sample, too_long = _first_records(delivery, head, chosen.framing)
    parsed = parse(chosen, sample, context or Context())
    if name == MIXED:
        claims = _read_by(parsed, sample.height)
    oversize = rejected(too_long, TOO_LONG, None)
    rejects = pl.concat([parsed.rejects, oversize.rejects])
    reasons = rejects.group_by("reason").len().sort("len", descending=True)
    return Examination(
        claims=claims,
        format=name,
        lines=sample.height + too_long.height,
        events={
            key: frame[[column.name for column in frame if column.null_count() < frame.height]]
            for key, frame in parsed.events.items()
        },
        rejects=rejects.select(*REJECT_COLUMNS),
        reasons=dict(reasons.iter_rows()),
        blanks=parsed.blanks,
    )


def _read_by(parsed: Parsed, lines: int) -> list[Claim]:
    """Return the formats that read some of the lines of a mixed file, and their shares."""
    read = pl.concat(frame.select("format") for frame in parsed.events.values())
    counts = read["format"].value_counts().sort("count", "format", descending=[True, False])
    return [Claim(name, count / lines) for name, count in counts.iter_rows()]


def _first_records(
    delivery: Delivery, head: bytes, framing: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return records that are not cut by the end of the sample, and those too long to keep."""
    if framing == "lines":
        return batch(head[: head.rfind(b"\n") + 1] or head), batch(b"")
    sample, too_long = [batch(b"")], [batch(b"")]
    with opened(delivery) as stream:
        for part in parts(stream, framing, most=SAMPLE_LINES):
            (too_long if part.is_oversize else sample).append(part.lines)
            if part.lines["line_no"][-1] >= SAMPLE_LINES:
                break
    return pl.concat(sample), pl.concat(too_long)


def choose_format(
    source: Source, delivery: Delivery, record: FileRecord, likely: str | None
) -> Format | None:
    """Return the format of a delivery; None where there is nothing in it yet.

    Args:
        source: Its source, which may name one.
        delivery: The file.
        record: Its row, which names the one it was read with.
        likely: The format of its neighbors.

    Raises:
        SourceError: None claims enough of its lines, or the named one is unknown.
        DamageError: None does, and the stream breaks off.
    """
    known = readers()
    name = source.format or record.format
    if name is None:
        head = _head(delivery)
        if not head:
            return None
        context = Context(reading=Reading(source.zone), options=dict(source.options))
        name = best(head, likely=likely, context=context) or _unknown(source, delivery)
    if name not in known:
        raise SourceError(
            f"there is no format {name!r}",
            where=f"[sources.{source.name}] format",
            remedy="Formats: " + ", ".join(sorted(known)),
        )
    return known[name]


def _head(delivery: Delivery) -> bytes:
    """Return the first bytes up to any damage."""
    with opened(delivery) as stream:
        salvaged = SalvagedStream(stream)
        head = read_up_to(salvaged, SAMPLE_BYTES)
    if not head:
        salvaged.settle()
    return head


def _unknown(source: Source, delivery: Delivery) -> NoReturn:
    # report the cut before the unknown format
    with opened(delivery) as stream:
        read_up_to(stream, SAMPLE_BYTES)
    file = delivery.file if isinstance(delivery.file, Path) else delivery.path
    raise SourceError(
        "no known format claims enough of its lines, so they wait",
        where=delivery.where,
        remedy=(
            f"Name the format in district.toml under [sources.{source.name}]; "
            f"what its lines look like says: schoolbell identify {quote(str(file))}"
        ),
    )
