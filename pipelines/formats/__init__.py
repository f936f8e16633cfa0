"""Log formats: batches of raw lines in, events out. Each module here is one format.

A batch has the columns `file_id`, `line_no`, `byte_offset` and `line`. A format
reads it with Polars expressions, one pass and no loop. Bytes that are not UTF-8
arrive as U+FFFD; the offset leads back to the original.

A *line* is one record: most formats end it with a newline, some have a special
framing (`Format.framing`), which ingest applies before it calls `parse`.

Most formats are a table: `split` cuts a line into the product's fields, `fields` names the field
of each column, `classes` sorts the lines, and `more` computes what no table can express.

`reading` contains what several formats share: the table, syslog headers, key=value, CSV with
quotes, JSON, addresses and hosts, and the meaning of a 407.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal, NamedTuple

import polars as pl

from pipelines.clock import Reading, Stamp
from pipelines.events import EVENT_CLASSES
from pipelines.events import PLACE as PLACE_SCHEMA
from pipelines.formats.reading import table
from pipelines.formats.reading.fields import word_of
from pipelines.formats.reading.flows import is_machine
from pipelines.formats.reading.json_text import json_of
from pipelines.plugins import discover

PLACE = PLACE_SCHEMA.names()
BLANK = " \t\r\n\x00\x1a\ufeff"
"""Characters of a line without content."""

MIXED = "mixed"
"""Name of the format of a file whose lines have different formats."""

ESCAPED_ENDS = ("#000", "#015")
"""NUL and carriage return at the end of a line, as rsyslog writes them."""

NameProof = Literal["authenticated", "recorded", "outer", "said"]

Columns = Mapping[str, pl.Expr]

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


def of_header(context: Context) -> Stamp:
    """Return the time in the syslog header."""
    del context
    return Stamp(pl.col("syslog_time"), pl.col("syslog_time_quality"))


@dataclass(frozen=True, kw_only=True)
class Format:
    """A log format: recognizes its lines and reads batches of them.

    Attributes:
        name: As in `district.toml`; the module's name.
        product: The product that writes such logs.
        event_classes: Classes of the events in its lines, in the order of the results.
        looks_like: True for a line that is of this format and, among the
            formats of this folder, of no other.
        split: Cuts lines into text columns: `key_NAME` for each name that it is given,
            which the table and its expressions look at (`table.value`).
        stamp: The time of a line, after `split`; the syslog header's by default.
        fields: The table: columns, each with its field.
        classes: Event classes, each with its condition, which may look at columns of
            the table; the first that holds counts. Other lines are system events.
        more: Columns that are computed, from fields and from columns of the table.
        extras: Names of further fields and texts, kept as JSON except in system events.
        read: Adds all columns to a batch, with `event_class` if there are several: for
            formats that no table can express.
        must: Further rules for events, each under the sentence that an operator
            reads when it is broken. Null counts as broken.
        required: Further columns that an event of a class must have.
        checked: Columns of the table whose text, if there is one, must be readable.
        may_lack: Columns that every event of a class must have (`table.REQUIRED`), each
            with the lines that lack it rightly.
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
    split: Callable[[pl.LazyFrame, Context, Sequence[str]], pl.LazyFrame] | None = None
    stamp: Callable[[Context], Stamp] = of_header
    fields: Mapping[str, table.Field] = field(default_factory=dict)
    classes: Mapping[str, pl.Expr] = field(default_factory=dict)
    more: Columns | Callable[[Context], Columns] = field(default_factory=dict)
    extras: Mapping[str, table.Source] = field(default_factory=dict)
    read: Callable[[pl.LazyFrame, Context], pl.LazyFrame] | None = None
    must: Mapping[str, pl.Expr] = field(default_factory=dict)
    required: Mapping[str, Sequence[str]] = field(default_factory=dict)
    checked: Sequence[str] = ()
    may_lack: Mapping[str, pl.Expr] = field(default_factory=dict)
    framing: Framing = "lines"
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
        if self.read is None:
            lines, classes = self._of_table(records.lazy(), context)
        else:
            lines, classes = self.read(records.lazy(), context), self.event_classes
        present = set(lines.collect_schema().names())
        if "event_class" not in present:
            lines = lines.with_columns(event_class=pl.lit(self.event_classes[0]))
        missing = [
            pl.lit(None, dtype).alias(name)
            for name, dtype in self._columns(self.event_classes).items()
            if name not in present
        ]
        return (
            lines.with_columns(missing)
            .with_columns(self._proven(present))
            .with_columns(**self._answers(classes))
            .select(self._wanted(classes))
            .collect(engine="in-memory")
        )

    def _of_table(
        self, records: pl.LazyFrame, context: Context
    ) -> tuple[pl.LazyFrame, tuple[str, ...]]:
        """Return lines with their columns, and the classes that occur."""
        assert self.split is not None
        stamp = self.stamp(context)
        columns = {"time": stamp.time, "time_quality": stamp.quality, **self._of_fields}
        more = dict(self.more(context) if callable(self.more) else self.more)
        if self.extras:
            is_kept = pl.col("event_class") != "system_events"
            more["extras"] = pl.when(is_kept).then(json_of(table.texts(self.extras)))
        parts = (columns, self.classes, more, self.must, self.may_lack)
        names = table.names_in(each for part in parts for each in part.values())
        lines, classes = self._classified(self.split(records, context, names), columns)
        decided = set(lines.collect_schema().names())
        rest = {name: column for name, column in columns.items() if name not in decided}
        return (
            lines.with_columns(**rest)
            .with_columns(**more)
            .with_columns(**self._implied({*columns, *more})),
            classes,
        )

    def _classified(
        self, lines: pl.LazyFrame, columns: Columns
    ) -> tuple[pl.LazyFrame, tuple[str, ...]]:
        """Add `event_class`, and the columns of the table that decide it."""
        if not self.classes:
            return lines.with_columns(event_class=pl.lit(self.event_classes[0])), self.event_classes
        roots = {root for rule in self.classes.values() for root in rule.meta.root_names()}
        deciding = {name: column for name, column in columns.items() if name in roots}
        other = "system_events" if "system_events" in self.event_classes else None
        event_class = word_of(*self.classes.items(), otherwise=other)
        sorted_out = lines.with_columns(**deciding).with_columns(event_class=event_class).collect()
        # parts of a batch with headers of their own are joined: all have the same columns
        occurring = self._occurring(sorted_out) if self.header is None else ()
        return sorted_out.lazy(), occurring or self.event_classes

    @cached_property
    def _of_fields(self) -> Columns:
        """The columns of the table."""
        return table.columns(self.fields)

    def _implied(self, given: set[str]) -> Columns:
        """Return columns that follow from others, unless the format has them."""
        implied = {"start_time": pl.col("time"), "message": pl.col("line")}
        if "user_name" in given:
            implied["is_machine"] = is_machine(pl.col("user_name"))
        class_columns = self._columns(self.event_classes)
        return {
            name: implied[name] for name in implied if name in class_columns and name not in given
        }

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

    def _rules_of(self, classes: tuple[str, ...]) -> dict[str, pl.Expr]:
        """Return the rules for some classes: those of this format, then those of all."""
        checked = {column: self.fields[column] for column in self.checked}
        common = table.rules(classes, self.required, checked, self.may_lack)
        rules = {**self.must, "of no known kind": pl.col("event_class").is_not_null()}
        for wording, rule in common.items():
            rules[wording] = rules[wording] & rule if wording in rules else rule
        return rules

    @cached_property
    def _rules(self) -> dict[str, str]:
        """The column with each rule's answer, and the sentence of a line that breaks it."""
        return {
            f"_rule_{at}": wording for at, wording in enumerate(self._rules_of(self.event_classes))
        }

    def _answers(self, classes: tuple[str, ...]) -> dict[str, pl.Expr]:
        """Return whether an event keeps each rule; columns of absent classes are not read."""
        rules = self._rules_of(classes)
        return {
            column: rules.get(wording, pl.lit(value=True)).fill_null(value=False)
            for column, wording in self._rules.items()
        }

    @cached_property
    def _reason(self) -> pl.Expr:
        """The first rule that a line breaks."""
        return pl.coalesce(
            pl.when(~pl.col(rule)).then(_reason(text)) for rule, text in self._rules.items()
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
