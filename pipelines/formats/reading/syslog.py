"""Syslog headers: the sender, the time, and the message.

    <86>Nov  2 08:15:00 gate sshd[812]: message                  (RFC 3164)
    <134>1 2026-11-02T08:15:00-06:00 gate filterlog 812 - - message  (RFC 5424)
    2026-11-02T08:15:00.123456-06:00 gate dhcpd[812]: message    (ISO stamp)

A number of octets may come first. Priority, host, tag and process id may be missing, the old
timestamp may include a year (`Nov 02 2026 08:15:00`, Cisco), and a relay may have added another
header: then the inner one, nearer to the device, counts. Without a header, the whole line is the
body.
"""

from collections.abc import Callable, Mapping

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.events import INSTANT
from pipelines.formats.reading.fields import cut, name, null_if_dash

PRIORITY = r"^(?:[0-9]{1,6} )?<[0-9]{1,3}>:? ?"
OLD = (
    r"[A-Z][a-z]{2} +[0-9]{1,2} (?:[0-9]{4} )?[0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]{1,9})?(?: (?:19|20)[0-9]{2})?"
)
ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.,]*"
    r"(?: ?[+-][0-9]{2}:?[0-9]{2}|Z)?"
)
ZONE = "(?:UTC|GMT|[A-Z]{1,3}[DES]T)"  # not `DROP:`, a rule's own words
STAMP = rf"^[*.]?(?:{OLD}|{ISO})(?: {ZONE}:| ?:)?(?: +|$)"
HOST = r"^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.:/-][A-Za-z0-9_.:%/-]*)(?: +: +| +|$)"
TAG = r"^[^ :\[\]]+(?:\[[^\] ]*\])?:(?: +|$)"
TAG_WITH_PROCESS = r"^[^ :\[\]]+\[[^\] ]*\]:(?: +|$)"
NOT_PER_TAG = r"^(?:CEF|LEEF): "
NEW = r"^1 (?:-|[0-9]{4}-[^ ]*) "
NEW_FIELDS = ["version", "stamp", "host", "program", "process", "kind", "rest"]
HEADED = rf"{PRIORITY}|{NEW}|{STAMP}|{TAG_WITH_PROCESS}"
"""Beginning of a line with a header; without one, the body is the whole line."""

_HOST_NAME = r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.:/-][A-Za-z0-9_.:%/-]*)"
_ONE_HEADER = (
    rf"(?:<[0-9]{{1,3}}>:? ?)?(?:[*.]?(?:{OLD}|{ISO})(?: {ZONE}:| ?:)? +)?"
    rf"(?:{_HOST_NAME}(?: +: +| +))?"
)
BEFORE_TAG = rf"^(?:[0-9]{{1,6}} )?(?:{_ONE_HEADER}){{0,2}}"
"""Text before a program: priority, stamp and host, once more if a relay added its own."""

_NEW_HEADER = (
    r"(?:[0-9]{1,6} )?(?:<[0-9]{1,3}>)?1 [^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ (?:-|\[[^\]]*\]) ?\x{feff}?"
)
_ANY_TAG = r"(?:[^ :=\"|\[\]]+(?:\[[^\] ]*\])?: +)?"
HEADER_END = rf"^(?:{_NEW_HEADER}|{BEFORE_TAG[1:]}{_ANY_TAG})"
"""A whole header, if there is one; the message begins after it."""

DATA = r'^(?:-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?: |$)'
RELAYED = (
    r"^(?:<[0-9]{1,3}>|[A-Z][a-z]{2} [ 0-3][0-9] (?:[0-9]{4} )?[0-9]{2}:[0-9]{2}:"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:|1 [0-9]{4}-[0-9]{2}-[0-9]{2}T)"
)
DATED = r"^([A-Z][a-z]{2} +[0-9]{1,2} [0-9]{4} [0-9:]{8})"
ENDED = r"^([A-Z][a-z]{2} +[0-9]{1,2}) ([0-9:]{8})[0-9.]* ([0-9]{4})$"
DATED_SHAPE = "%b %d %Y %H:%M:%S"
SHAPES = ["bsd", "iso", "utc", "dated"]
PARTS = ["time", "time_quality", "host", "program", "process", "body"]
HEADER = {f"syslog_{part}": pl.String for part in PARTS} | {"syslog_time": INSTANT}
HEADER_NAMES = [*HEADER]

_TIMES = [
    pl.col("_at").struct.field("time").alias("syslog_time"),
    pl.col("_at").struct.field("quality").alias("syslog_time_quality"),
]

# Shapes of nearly all lines. If you widen one, make sure that `_any_header` agrees: a body that
# begins with `<` may be a relayed line.
_PRI = "^(?:<[0-9]{1,3}>)?"
_ISO_STAMP = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[+-][0-9]{2}:[0-9]{2}|Z)"
)
_HOST, _PROGRAM = r" [A-Za-z][A-Za-z0-9_.-]*", r" [A-Za-z][A-Za-z0-9_./-]*"
_HOST_AND_TAG = rf"{_HOST}{_PROGRAM}(?:\[[0-9]+\])?: [^ <]"
ODD = r" (?:CEF|LEEF|[nN]one|null|[uU]nknown|anonymous|[nN]/?[aA])(?:\[[0-9]+\])?[: ]"
"""A line with one of these as its program takes the slow path."""


def with_header(batch: pl.LazyFrame, reading: Reading) -> pl.LazyFrame:
    """Add the fields of the header of `line`.

    Adds `syslog_time` and `syslog_time_quality` (null without a stamp),
    `syslog_host` (lower case), `syslog_program`, `syslog_process` and
    `syslog_body`: the line behind the header, without its line end.
    """
    # immediately: within a plan it would run inside of its threads, at a higher cost
    lines = batch.collect()
    return pl.concat([lines, _headers(lines, reading)], how="horizontal").lazy()


def _headers(lines: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Return the header fields of `line`; plain shapes are read by their places."""
    text = pl.col("line").str.strip_chars_end("\r\n\x00")
    rows = lines.select(text).with_row_index("row")
    parts = []
    for shape, cut_plain in PLAIN.items():
        plain = pl.col("line").str.contains(shape) & ~pl.col("line").str.contains(ODD)
        is_plain = rows.select(plain.fill_null(value=False)).to_series()
        if is_plain.any():
            parts.append(cut_plain(rows.filter(is_plain), reading))
            rows = rows.filter(~is_plain)
    if rows.height or not parts:
        parts.append(_any_header(rows.lazy(), reading).collect())
    found = [part.select("row", *HEADER_NAMES) for part in parts]
    whole = found[0] if len(found) == 1 else pl.concat(found).sort("row")
    return whole.select(HEADER_NAMES)


def _plain_old(rows: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`<13>Nov  2 08:15:00 gate sshd[812]: message`."""
    bare = pl.col("bare")
    stamped = _without_priority(rows).with_columns(
        stamp=bare.str.slice(0, 15), rest=bare.str.slice(16)
    )
    return _plain_tag(stamped, clock.bsd_pair(pl.col("stamp"), reading))


def _plain_iso(rows: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`2026-11-02T08:15:00.123456-06:00 gate dhcpd[812]: message`."""
    stamped = cut(_without_priority(rows), pl.col("bare"), ["stamp", "rest"])
    return _plain_tag(stamped, clock.iso_pair(pl.col("stamp"), reading))


def _no_header(rows: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`1,2026/11/02 08:15:00,...`: all of it is the body."""
    del reading
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in HEADER.items()]
    return rows.with_columns(absent).with_columns(syslog_body="line")


def _plain_tag(stamped: pl.DataFrame, stamp: pl.Expr) -> pl.DataFrame:
    """Cut host, program and process off the rest."""
    program = pl.col("tag").str.strip_suffix(":")
    return (
        stamped.pipe(cut, pl.col("rest"), ["host", "tag", "syslog_body"])
        .pipe(cut, program, ["syslog_program", "process"], "[")
        .with_columns(
            _at=stamp,
            syslog_host=name(pl.col("host")),
            syslog_process=pl.col("process").str.strip_suffix("]"),
        )
        .with_columns(_TIMES)
    )


def _plain_new(rows: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`<134>1 2026-11-02T08:15:00-06:00 gate filterlog 812 - - message`."""
    return (
        _without_priority(rows)
        .pipe(cut, pl.col("bare"), NEW_FIELDS)
        .with_columns(
            _at=clock.iso_pair(pl.col("stamp"), reading),
            syslog_host=name(pl.col("host")),
            syslog_program=pl.col("program"),
            syslog_process=null_if_dash(pl.col("process")),
            syslog_body=pl.col("rest").str.slice(2),
        )
        .with_columns(_TIMES)
    )


def _without_priority(rows: pl.DataFrame) -> pl.DataFrame:
    """`bare`: the line behind `<134>`."""
    line = pl.col("line")
    behind = line.str.splitn(">", 2).struct.field("field_1")
    return rows.with_columns(bare=pl.when(line.str.starts_with("<")).then(behind).otherwise(line))


PLAIN: Mapping[str, Callable[[pl.DataFrame, Reading], pl.DataFrame]] = {
    _PRI + "[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}" + _HOST_AND_TAG: _plain_old,
    _PRI + _ISO_STAMP + _HOST_AND_TAG: _plain_iso,
    # the rest is not a tag with a process
    rf"{_PRI}1 {_ISO_STAMP}{_HOST}{_PROGRAM} [^ ]+ [^ ]+ - [^ <\[:\ufeff]+(?:[ :]|$)": (_plain_new),
    r"^[0-9]+,[0-9]{4}/[0-9/]* ": _no_header,
}


def _any_header(rows: pl.LazyFrame, reading: Reading) -> pl.LazyFrame:
    """Return the fields of headers of any shape."""
    outer = _read(rows, pl.col("line"), "outer", reading)
    body = pl.col("outer_body")
    relayed = body.str.contains(RELAYED) & (
        pl.col("outer_program").is_null() | body.str.starts_with("<")
    )
    inner = _read(outer, pl.when(relayed).then(body), "inner", reading)
    stamped = pl.col("inner_time").is_not_null()
    quality = pl.when(stamped).then("inner_time_quality").otherwise("outer_time_quality")
    return (
        inner.with_columns(
            *(
                pl.coalesce(f"inner_{part}", f"outer_{part}").alias(f"syslog_{part}")
                for part in PARTS
            )
        )
        .with_columns(syslog_time_quality=quality)
        .select("row", *HEADER_NAMES)
    )


def written_by(line: pl.Expr, program: str) -> pl.Expr:
    """Match headers with a program; `program` is a regular expression.

    A program in the message is a word of its sender's.
    """
    old = rf"{BEFORE_TAG}(?:{program})(?:\[[0-9]*\])?: "
    new = rf"^[^ ]*1 [^ ]+ [^ ]+ (?:{program}) [^ ]+ [^ ]+ (?:-|\[)"
    return line.str.contains(old) | line.str.contains(new)


def _read(batch: pl.LazyFrame, text: pl.Expr, part: str, reading: Reading) -> pl.LazyFrame:
    """Add `<part>_time`, `<part>_host` and so on for one header of `text`."""
    text_column, rest = pl.col(f"{part}_text"), pl.col(f"{part}_rest")
    priority = text_column.str.extract(PRIORITY, 0)
    whole = batch.with_columns(text.alias(f"{part}_text")).with_columns(
        text_column.str.strip_prefix(priority.fill_null("")).alias(f"{part}_rest"),
        priority.is_not_null().alias(f"{part}_has_priority"),
    )
    is_new = rest.str.contains(NEW)
    six = [f"{part}_new_{key}" for key in NEW_FIELDS]
    split = whole.pipe(cut, pl.when(is_new).then(rest), six).with_columns(
        pl.when(~is_new).then(rest.str.extract(STAMP, 0)).alias(f"{part}_stamp")
    )
    return _named(_tagged(split, part), part, reading)


def _tagged(split: pl.LazyFrame, part: str) -> pl.LazyFrame:
    """Split host and tag from the text after the timestamp."""
    rest, stamp = pl.col(f"{part}_rest"), pl.col(f"{part}_stamp")
    after, behind = pl.col(f"{part}_after"), pl.col(f"{part}_behind")
    early, host = pl.col(f"{part}_early"), pl.col(f"{part}_old_host")
    new_rest = pl.col(f"{part}_new_rest")
    headed = stamp.is_not_null() | pl.col(f"{part}_has_priority")
    new_body = new_rest.str.strip_prefix(new_rest.str.extract(DATA, 0).fill_null(""))
    return (
        split.with_columns(
            pl.coalesce(
                new_body.str.strip_prefix("\ufeff"), rest.str.strip_prefix(stamp.fill_null(""))
            ).alias(f"{part}_after")
        )
        .with_columns(
            pl.when(headed & new_rest.is_null())
            .then(_tag(after, TAG))
            .otherwise(_tag(after, TAG_WITH_PROCESS))
            .alias(f"{part}_early")
        )
        .with_columns(
            pl.when(stamp.is_not_null() & early.is_null())
            .then(after.str.extract(HOST, 0))
            .alias(f"{part}_old_host")
        )
        .with_columns(after.str.strip_prefix(host.fill_null("")).alias(f"{part}_behind"))
        .with_columns(
            pl.coalesce(early, pl.when(host.is_not_null()).then(_tag(behind, TAG))).alias(
                f"{part}_tag"
            )
        )
    )


def _tag(text: pl.Expr, shape: str) -> pl.Expr:
    """`sshd[812]: ` with its blanks, or null."""
    tag = text.str.extract(shape, 0)
    return pl.when(~tag.str.contains(NOT_PER_TAG)).then(tag)


def _named(tagged: pl.LazyFrame, part: str, reading: Reading) -> pl.LazyFrame:
    tag, behind = pl.col(f"{part}_tag"), pl.col(f"{part}_behind")
    host = pl.coalesce(
        pl.col(f"{part}_new_host"),
        pl.col(f"{part}_old_host").str.strip_chars(" []").str.strip_suffix(" :"),
    )
    stamp = clock.first(
        *(
            Stamp(pl.col(f"{part}_{shape}_time"), pl.col(f"{part}_{shape}_quality"))
            for shape in SHAPES
        )
    )
    return _stamped(tagged, part, reading).with_columns(
        stamp.time.alias(f"{part}_time"),
        stamp.quality.alias(f"{part}_time_quality"),
        name(host).alias(f"{part}_host"),
        pl.coalesce(
            null_if_dash(pl.col(f"{part}_new_program")), tag.str.extract(r"^([^ :\[\]]+)", 1)
        ).alias(f"{part}_program"),
        pl.coalesce(
            null_if_dash(pl.col(f"{part}_new_process")),
            null_if_dash(tag.str.extract(r"\[(.*)\]", 1)),
        ).alias(f"{part}_process"),
        behind.str.strip_prefix(tag.fill_null("")).alias(f"{part}_body"),
    )


def _stamped(tagged: pl.LazyFrame, part: str, reading: Reading) -> pl.LazyFrame:
    """Read the stamp in each shape; a zone word other than UTC gives no offset."""
    old = pl.col(f"{part}_stamp").str.strip_chars(" *.:")
    bare, dated = pl.col(f"{part}_bare"), pl.col(f"{part}_dated")
    in_utc, bsd = pl.col(f"{part}_in_utc"), pl.col(f"{part}_bsd")
    ended = bare.str.extract_groups(ENDED)
    moved = pl.concat_str([ended.struct.field(at) for at in "132"], separator=" ")
    shapes = {
        "bsd": Stamp(bsd.struct.field("time"), bsd.struct.field("quality")),
        "iso": clock.iso(pl.coalesce(pl.col(f"{part}_new_stamp"), bare), reading),
        "utc": clock.civil(pl.when(in_utc).then(dated), DATED_SHAPE, Reading("UTC")),
        "dated": clock.civil(pl.when(~in_utc).then(dated), DATED_SHAPE, reading),
    }
    return (
        tagged.with_columns(
            old.str.replace(f" {ZONE}$", "").alias(f"{part}_bare"),
            old.str.contains(r" (?:UTC|GMT)$").alias(f"{part}_in_utc"),
        )
        .with_columns(
            pl.coalesce(bare.str.extract(DATED, 1), moved)
            .str.replace(" +", " ")
            .alias(f"{part}_dated"),
            clock.bsd_pair(bare, reading).alias(f"{part}_bsd"),
        )
        .with_columns(
            *(at.time.alias(f"{part}_{shape}_time") for shape, at in shapes.items()),
            *(
                (pl.lit("exact") if shape == "utc" else at.quality).alias(f"{part}_{shape}_quality")
                for shape, at in shapes.items()
            ),
        )
    )
