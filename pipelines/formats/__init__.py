"""Log formats: batches of raw lines in, events out. Each module here is one format.

A batch has the columns `file_id`, `line_no`, `byte_offset` and `line`. A format
reads it with Polars expressions, one pass and no loop. Bytes that are not UTF-8
arrive as U+FFFD; the offset leads back to the original.

A *line* is one record: most formats end it with a newline, some have a special
framing (`Format.framing`), which ingest applies before it calls `parse`.

`reading` contains what several formats share: syslog headers, key=value, CSV with
quotes, JSON, addresses and hosts, and the meaning of a 407.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal, NamedTuple

import polars as pl

from pipelines.clock import Reading
from pipelines.events import EVENT_CLASSES
from pipelines.events import PLACE as PLACE_SCHEMA
from pipelines.plugins import discover

PLACE = PLACE_SCHEMA.names()
BLANK = " \t\r\n\x00\x1a\ufeff"
"""Characters of a line without content."""

MIXED = "mixed"
"""Name of the format of a file whose lines have different formats."""

ESCAPED_ENDS = ("#000", "#015")
"""NUL and carriage return at the end of a line, as rsyslog writes them."""

NameProof = Literal["authenticated", "recorded", "outer", "said"]

Framing = Literal["lines", "evtx", "json_array", "xml_events", "csv", "paragraphs", "blocks"]


@dataclass(frozen=True)
class Context:
    """The context that a format needs in addition to its lines.

    Attributes:
        reading: Zone and anchor of timestamps that lack them.
        options: The source's own settings for the format, from `district.toml`.
        header: The last line that named the columns, for formats that have one.
        latest: Latest time that a line may have; without it none is too late.
        is_checked: The options are being checked: unusual values are refused,
            though lines could be read.
    """

    reading: Reading = field(default_factory=Reading)
    options: Mapping[str, str] = field(default_factory=dict)
    header: str | None = None
    latest: datetime | None = None
    is_checked: bool = False


class Parsed(NamedTuple):
    """Result of a batch; each of its lines is in exactly one part.

    Attributes:
        events: One frame for each event class that occurs, place columns first.
        rejects: Place, `reason` and `line` of unreadable lines.
        blanks: Number of blank and comment lines.
        header: The header that a following batch must be read with.
    """

    events: Mapping[str, pl.DataFrame]
    rejects: pl.DataFrame
    blanks: int
    header: str | None

    @property
    def event_count(self) -> int:
        """Lines that became events."""
        return sum(frame.height for frame in self.events.values())

    @property
    def reject_count(self) -> int:
        """Lines that could not be read."""
        return self.rejects.height


def is_blank(line: pl.Expr) -> pl.Expr:
    """Match only spaces, NULs and line ends."""
    return line.str.strip_chars(BLANK).eq("")


def without_escapes(batch: pl.DataFrame) -> pl.DataFrame:
    """Remove a final carriage return or NUL that rsyslog wrote as digits."""
    ends = [batch["line"].str.ends_with(escape) for escape in ESCAPED_ENDS]
    if not any(end.any() for end in ends):
        return batch
    line = pl.col("line")
    for escape in ESCAPED_ENDS:
        line = line.str.strip_suffix(escape)
    return batch.with_columns(line)


def never(line: pl.Expr) -> pl.Expr:
    """Match nothing, for formats without comments."""
    return line.is_null()


@dataclass(frozen=True, kw_only=True)
class Format:
    """A log format: recognizes its lines and reads batches of them.

    Attributes:
        name: As in `district.toml`; the module's name.
        product: The product that writes such logs.
        event_classes: Classes of the events in its lines. With more than one, `read`
            sets a column `event_class`.
        looks_like: True for a line that is of this format and, among the
            formats of this folder, of no other.
        read: Adds columns of the event classes to a batch; columns that it does not
            add are null.
        classify: Adds `event_class` and the inputs of `read`; then only
            columns of classes that occur in a batch are computed.
        must: Rules for events, each under the sentence that an operator
            reads when it is broken. Null counts as broken.
        framing: How records are cut out of the bytes.
        comment: True for lines that are not records.
        header: True for lines that name the columns of those below.
        columns: Number of columns of a line, for rules that contain `{columns}`.
        hands_on_lines: The lines that one batch passes to the next are log lines and
            events too, not names of columns.
        name_proof: How its user names are known, if a line does not show it. `recorded`
            is a product that maps an address to an account, from a logon elsewhere; a
            login of a kind (VPN, portal) passed through it all the same.
        version: Raised when the meaning of the output changes.
    """

    name: str
    product: str
    event_classes: tuple[str, ...]
    looks_like: Callable[[pl.Expr], pl.Expr]
    read: Callable[[pl.LazyFrame, Context], pl.LazyFrame]
    must: Mapping[str, pl.Expr]
    framing: Framing = "lines"
    classify: Callable[[pl.LazyFrame, Context], pl.LazyFrame] | None = None
    comment: Callable[[pl.Expr], pl.Expr] = never
    header: Callable[[pl.Expr], pl.Expr] | None = None
    columns: pl.Expr | None = None
    hands_on_lines: bool = False
    name_proof: NameProof = "authenticated"
    version: int = 1

    def parse(self, batch: pl.DataFrame, context: Context | None = None) -> Parsed:
        """Read a batch and set aside each line that breaks a rule in `must`."""
        context = context or Context()
        line = pl.col("line")
        if self.framing == "lines":
            batch = without_escapes(batch)
        if self.header is None:
            skip = is_blank(line) | self.comment(line).fill_null(value=False)
            records = batch.filter(~skip)
            blanks = batch.height - records.height
            return self._sorted_out(self._read(records, context), blanks, None)
        return self._parse_headed(batch, context)

    def handed_on(self, lines: pl.DataFrame) -> dict[int, str]:
        """Return what each of several files hands on to its next batch: its last header."""
        if self.header is None:
            return {}
        is_header = self.header(pl.col("line")).fill_null(value=False)
        found = lines.filter(is_header).group_by("file_id").agg(pl.col("line").last())
        return dict(found.iter_rows())

    def _parse_headed(self, batch: pl.DataFrame, context: Context) -> Parsed:
        """Read each stretch of lines with the header above it."""
        assert self.header is not None
        line = pl.col("line")
        is_header = self.header(line).fill_null(value=False)
        named = pl.when(is_header).then(line).forward_fill()
        if batch.height and batch["file_id"].min() != batch["file_id"].max():
            named = named.over("file_id")  # a header holds for its own file
        skip = is_blank(line) | self.comment(line).fill_null(value=False) | is_header
        marked = batch.with_columns(_header=named.fill_null(pl.lit(context.header, pl.String)))
        last = marked["_header"].tail(1).to_list()
        records = marked.filter(~skip)
        parts = [
            self._read(part.drop("_header"), replace(context, header=header[0]))
            for header, part in records.partition_by(
                "_header", as_dict=True, maintain_order=True
            ).items()
        ]
        empty = self._read(batch.clear(), context)
        whole = pl.concat([empty, *parts]).sort("file_id", "line_no")
        carried = last[0] if last else context.header
        return self._sorted_out(whole, batch.height - records.height, carried)

    def _read(self, records: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Return place, event class, columns, each rule's answer, and line.

        The columns are those of the classes that occur, where these are known. A block
        is small enough to be computed eagerly, for a tenth less than in streams.
        """
        lines, classes = records.lazy(), self.event_classes
        if self.classify is not None:
            told = self.classify(lines, context).collect(engine="in-memory")
            lines, classes = told.lazy(), self._occurring(told) or classes
        read = self.read(lines, context)
        present = set(read.collect_schema().names())
        if "event_class" not in present:
            read = read.with_columns(event_class=pl.lit(self.event_classes[0]))
        missing = [
            pl.lit(None, dtype).alias(name)
            for name, dtype in self._columns(self.event_classes).items()
            if name not in present
        ]
        return (
            read.with_columns(missing)
            .with_columns(self._proven(present))
            .with_columns(**self._rules)
            .select(self._wanted(classes))
            .collect(engine="in-memory")
        )

    def _proven(self, present: set[str]) -> list[pl.Expr]:
        """Return user and proof; a doubtful line (`is_doubtful`) names no one."""
        if "user_name" not in self._columns(self.event_classes):
            return []
        user, proof = pl.col("user_name"), pl.lit(self.name_proof, pl.String)
        if self.name_proof == "recorded" and "logons" in self.event_classes:
            is_login = (pl.col("activity") != "mapping") & pl.col("logon_kind").is_not_null()
            is_login &= pl.col("event_class") == "logons"
            proof = pl.when(is_login).then(pl.lit("authenticated")).otherwise(proof)
        if "name_proof" in present:
            proof = pl.coalesce("name_proof", proof)
        if "logons" in self.event_classes:
            is_refused = (pl.col("event_class") == "logons") & ~pl.col("is_success")
            proof = pl.when(is_refused).then(pl.lit("said")).otherwise(proof)
        doubtful = pl.lit(value=False)
        if "is_doubtful" in present:
            doubtful = pl.col("is_doubtful").fill_null(value=False)
        return [
            pl.when(~doubtful).then(user).alias("user_name"),
            pl.when(doubtful)
            .then(pl.lit("doubtful"))
            .when(user.is_not_null())
            .then(proof)
            .alias("name_proof"),
        ]

    def _occurring(self, lines: pl.DataFrame) -> tuple[str, ...]:
        there = set(lines["event_class"].unique())
        return tuple(name for name in self.event_classes if name in there)

    def _wanted(self, classes: tuple[str, ...]) -> list[pl.Expr]:
        count = pl.lit(None, pl.String) if self.columns is None else self.columns
        return [
            *map(pl.col, [*PLACE, "event_class"]),
            *(pl.col(name).cast(dtype) for name, dtype in self._columns(classes).items()),
            *map(pl.col, self._rules),
            count.alias("_columns"),
            pl.col("line"),
        ]

    @cached_property
    def _rules(self) -> dict[str, pl.Expr]:
        """Whether an event keeps each rule of `must`, and is of a known class."""
        held = [holds.fill_null(value=False) for holds in self.must.values()]
        of_class = pl.col("event_class").is_in(self.event_classes)
        held.append(of_class.fill_null(value=False))
        return {f"_rule_{number}": rule for number, rule in enumerate(held)}

    @cached_property
    def _reason(self) -> pl.Expr:
        """The first rule that a line breaks."""
        said = [*self.must, "of no known kind"]
        return pl.coalesce(
            pl.when(~pl.col(rule)).then(_reason(text))
            for rule, text in zip(self._rules, said, strict=True)
        )

    def _columns(self, classes: tuple[str, ...]) -> dict[str, pl.DataType | type[pl.DataType]]:
        found: dict[str, pl.DataType | type[pl.DataType]] = {}
        for name in classes:
            found |= EVENT_CLASSES[name].schema
        return found

    def _sorted_out(self, lines: pl.DataFrame, blanks: int, header: str | None) -> Parsed:
        is_event = lines.select(pl.all_horizontal(*self._rules)).to_series()
        events = {}
        for name in self._occurring(lines):
            part = lines.select(*PLACE, *EVENT_CLASSES[name].names()).filter(
                is_event & (lines["event_class"] == name)
            )
            if part.height:
                events[name] = part
        rejects = lines.filter(~is_event).with_columns(reason=self._reason)
        return Parsed(
            events=events,
            rejects=rejects.select(*PLACE, "reason", "line"),
            blanks=blanks,
            header=header,
        )


def _reason(text: str) -> pl.Expr:
    """Return the sentence, with the number of columns where it names that."""
    if "{columns}" not in text:
        return pl.lit(text)
    count = pl.col("_columns").cast(pl.String).fill_null("no")
    return pl.format(text.replace("{columns}", "{}"), count)


def formats() -> Mapping[str, Format]:
    """Return every format in this folder, by name."""
    return discover(__name__, "FORMAT", Format)
