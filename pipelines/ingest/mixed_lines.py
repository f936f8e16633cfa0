"""Lines of mixed formats, each read by the format that matches it, with or without envelope.

The result keeps the place of the delivered line, and a column `format` names what read it. A line
that a format matches and cannot read is offered to the next one that matches it; if none can read
it, it is rejected with the first one's reason. From an envelope it is tried unchanged, then after
a header made of the envelope's fields.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

import polars as pl

from pipelines.errors import SchoolbellError
from pipelines.formats import PLACE, Context, Format, Parsed, formats, is_blank
from pipelines.landing.envelopes import is_names, unwrapped

UNCLAIMED = "no known format matches it, with or without its envelope"
MAX_ENVELOPES = 3
"""One around the other."""

SAMPLE = 400
"""Lines that decide the order in which formats are tried."""

ONE_LINE = ("lines", "json_array", "xml_events", "evtx")
"""Framings whose records are on one line each, if nothing else is."""

WRAPPED = '^[{"]'
LINE = pl.col("line")
Parse = Callable[[Format, pl.DataFrame, Context], Parsed]


def read_by_claim(lines: pl.DataFrame, context: Context, parse: Parse) -> Parsed:
    """Return each line as an event, a reject or a blank.

    Args:
        lines: Lines with their place.
        context: Context of the formats.
        parse: Reads lines by a format that matches them.
    """
    records = lines.select(*PLACE, "line").filter(~(is_blank(LINE) | is_names(LINE)))
    reading = _Reading(records, context, parse)
    reading.read(records)
    texts = records
    for _ in range(MAX_ENVELOPES):
        texts = unwrapped(reading.unread(texts), context.reading)
        if not texts.height:
            break
        reading.read(texts.select(*PLACE, "line"))
        headed = texts.filter(pl.col("headed").is_not_null())
        reading.read(reading.unread(headed.select(*PLACE, line="headed")))
    return reading.parsed(lines.height - records.height)


class _Reading:
    """Lines on their way to what they are."""

    def __init__(self, lines: pl.DataFrame, context: Context, parse: Parse) -> None:
        self._left = lines
        self._context = context
        self._parse = parse
        self._events: dict[str, list[pl.DataFrame]] = defaultdict(list)
        self._refused = lines.clear().select(*PLACE, reason=LINE)
        self._blanks = 0

    def read(self, texts: pl.DataFrame) -> None:
        """Read what formats claim; what one cannot read is offered to the next."""
        for fmt, looks_like in _claimants(texts):
            part = texts.filter(looks_like)
            if not part.height:
                continue
            parsed = self._parse(fmt, part, self._context_of(fmt, part))
            for name, frame in parsed.events.items():
                self._events[name].append(frame.with_columns(format=pl.lit(fmt.name)))
            refused = parsed.rejects.select(*PLACE, "reason")
            self._refused = pl.concat([self._refused, refused])
            done = part.join(refused, on=PLACE, how="anti")
            self._left = self._left.join(done, on=PLACE, how="anti")
            texts = texts.join(done, on=PLACE, how="anti", maintain_order="left")
            self._blanks += parsed.blanks

    def unread(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Return lines that are not events yet."""
        return texts.join(self._left, on=PLACE, how="semi", maintain_order="left")

    def parsed(self, blanks: int) -> Parsed:
        """Return the result for all of them.

        In an envelope, the reason for the innermost line counts; text that already looks
        like a line is one, and its header is not an envelope.
        """
        by_place = self._refused.group_by(PLACE)
        reasons = by_place.agg(pl.first("reason"), pl.last("reason").alias("inner"))
        rejects = self._left.join(reasons, on=PLACE, how="left", maintain_order="left")
        is_wrapped = LINE.str.contains(WRAPPED)
        reason = (pl.when(is_wrapped).then("inner").otherwise("reason").fill_null(UNCLAIMED)).alias(
            "reason"
        )
        return Parsed(
            events={
                name: pl.concat(frames).sort("file_id", "line_no")
                for name, frames in self._events.items()
            },
            rejects=rejects.select(*PLACE, reason, "line"),
            blanks=blanks + self._blanks,
            header=None,
        )

    def _context_of(self, fmt: Format, lines: pl.DataFrame) -> Context:
        """Return the context with the source's options, unless they are those of another format."""
        told = replace(self._context, header=None)
        if not told.options:
            return told
        try:
            fmt.parse(lines.clear(), told)
        except SchoolbellError:
            return replace(told, options={})
        return told


def _claimants(lines: pl.DataFrame) -> Iterator[tuple[Format, pl.Expr]]:
    """Yield formats that may claim some of these lines; what claims most comes first."""
    looks = {
        name: fmt.looks_like(LINE).fill_null(value=False)
        for name, fmt in formats().items()
        if fmt.framing in ONE_LINE and fmt.header is None
    }
    shares = lines.head(SAMPLE).select(
        pl.col("line").filter(look).len().alias(name) for name, look in looks.items()
    )
    counts = shares.row(0, named=True)
    for name in sorted(looks, key=lambda name: -counts[name]):
        if counts[name] or lines.height > SAMPLE:
            yield formats()[name], looks[name]
