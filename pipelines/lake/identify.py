"""Names the format of a file from its first lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import polars as pl

from pipelines.events import REJECT_COLUMNS
from pipelines.formats import BLANK, Context, Format, formats, is_blank
from pipelines.lake.parsing import TOO_LONG, parse, rejected
from pipelines.sources.delivery import Delivery
from pipelines.sources.framing import parts, records
from pipelines.sources.lines import BOM, batch
from pipelines.sources.streams import opened, read_up_to

SAMPLE_BYTES = 1 << 18
SAMPLE_LINES = 400
ENOUGH = 0.2
SURE = 0.9
EVTX_MAGIC = b"ElfFile\x00"


@dataclass(frozen=True)
class Claim:
    """A format and the share of sampled records that look like it, 0 to 1."""

    format: str
    share: float


def identify(head: bytes) -> list[Claim]:
    """The formats that claim some records of a file's first bytes, best first.

    Args:
        head: The first bytes, decompressed; a cut last line does no harm.
    """
    if head.startswith(EVTX_MAGIC):
        return [Claim("windows_security_evtx", 1.0)]
    by_framing: dict[str, list[Format]] = {}
    for fmt in formats().values():
        by_framing.setdefault(fmt.framing, []).append(fmt)
    claims: list[Claim] = []
    for framing, candidates in by_framing.items():
        if framing != "evtx":
            claims += _claims(_sample(head, framing), candidates)
    # at equal shares the plain line is the simpler explanation
    plain = {fmt.name for fmt in by_framing.get("lines", [])}
    return sorted(claims, key=lambda c: (-c.share, c.format not in plain, c.format))


def best(head: bytes, *, likely: str | None = None) -> str | None:
    """The format of a file, or None where no format claims enough of it.

    Args:
        head: The first bytes, decompressed.
        likely: The format of the file's neighbours, which is tried first.
    """
    fmt = formats().get(likely or "")
    if fmt is not None and fmt.framing == "lines":
        claims = _claims(_sample(head, fmt.framing), [fmt])
        if claims and claims[0].share >= SURE:
            return fmt.name
    claims = identify(head)
    return claims[0].format if claims and claims[0].share >= ENOUGH else None


def _sample(head: bytes, framing: str) -> pl.DataFrame:
    if framing == "lines":
        return _sample_lines(head[: head.rfind(b"\n") + 1] or head)
    return records(head, framing).filter(~is_blank(pl.col("line"))).head(SAMPLE_LINES)


def _sample_lines(head: bytes) -> pl.DataFrame:
    """The same for lines, without the cost of a frame's way for a tiny file."""
    text = head.decode(errors="replace").removeprefix(BOM)
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    said = (line for line in lines if line.strip(BLANK))
    return pl.DataFrame({"line": [*islice(said, SAMPLE_LINES)]}, {"line": pl.String})


def _claims(lines: pl.DataFrame, candidates: list[Format]) -> list[Claim]:
    if not lines.height:
        return []
    line = pl.col("line")
    own = lines.select(
        (
            fmt.looks_like(line).fill_null(value=False).sum()
            / (~_said(fmt, line)).sum().clip(lower_bound=1)
        ).alias(fmt.name)
        for fmt in candidates
    ).row(0, named=True)
    return [Claim(name, float(share)) for name, share in own.items() if share > 0]


def _said(fmt: Format, line: pl.Expr) -> pl.Expr:
    """Comments and headers, which speak neither for nor against."""
    said = fmt.comment(line).fill_null(value=False)
    return said | fmt.header(line).fill_null(value=False) if fmt.header else said


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What a file would become, as far as its first lines tell.

    Attributes:
        claims: The formats that claim some of it, best first.
        format: The format it was read with, or None.
        lines: Lines (records) of the sample.
        events: The first events by class, columns that are all null left out.
        rejects: Reason and line of what that format can not read.
        reasons: Number of rejects by reason.
        blanks: Blank and comment lines.
    """

    claims: list[Claim]
    format: str | None
    lines: int
    events: Mapping[str, pl.DataFrame]
    rejects: pl.DataFrame
    reasons: Mapping[str, int]
    blanks: int


def examine(
    delivery: Delivery, *, fmt: str | None = None, context: Context | None = None
) -> Examination:
    """Read the first lines of a file and say what they are; nothing is written.

    Args:
        delivery: The file.
        fmt: A format to read it with, instead of the best.
        context: What the format is told.

    Raises:
        SourceError: The file can not be read.
    """
    with opened(delivery) as stream:
        head = read_up_to(stream, SAMPLE_BYTES)
    claims = identify(head)
    name = fmt or best(head)
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
        )
    chosen = formats()[name]
    sample, too_long = _first_records(delivery, head, chosen.framing)
    parsed = parse(chosen, sample, context or Context())
    oversize = rejected(too_long, TOO_LONG, None)
    rejects = pl.concat([parsed.rejects, oversize.rejects])
    reasons = rejects.group_by("reason").len().sort("len", descending=True)
    return Examination(
        claims=claims,
        format=name,
        lines=sample.height + too_long.height,
        events={key: _filled(frame) for key, frame in parsed.events.items()},
        rejects=rejects.select(*REJECT_COLUMNS),
        reasons=dict(reasons.iter_rows()),
        blanks=parsed.blanks,
    )


def _first_records(
    delivery: Delivery, head: bytes, framing: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records that are not cut by the end of the sample, and those too long to keep."""
    if framing == "lines":
        return batch(head[: head.rfind(b"\n") + 1] or head), batch(b"")
    sample, too_long = [batch(b"")], [batch(b"")]
    with opened(delivery) as stream:
        for part in parts(stream, framing, most=SAMPLE_LINES):
            (too_long if part.is_oversize else sample).append(part.lines)
            if part.lines["line_no"][-1] >= SAMPLE_LINES:
                break
    return pl.concat(sample), pl.concat(too_long)


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame[[one.name for one in frame if one.null_count() < frame.height]]
