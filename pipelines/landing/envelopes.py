r"""Extraction of lines from the envelopes of collectors.

    Nov  2 08:15:00 proxy1 (squid-1): 1793628900.123 45 192.0.2.17 TCP_MISS/200 ...
    {"log":"...\n","stream":"stdout","time":"2026-11-02T14:15:00.123Z"}       (docker)
    2026-11-02T14:15:00.123456789Z stdout F ...              (a Kubernetes container)
    {"__REALTIME_TIMESTAMP":"1793628900123456","MESSAGE":"...", ...}      (journald; its
                                                    export format too, `streams`)
    {"version":"1.1","host":"gate","short_message":"...","timestamp":1793628900.123}
    {"@timestamp":"...","message":"...","host":{"name":"gate"}, ...}      (filebeat)
    "2026-11-02T08:15:00.000-0600","...","gate", ...     (Splunk's export, `_raw` in it)
    2026-11-02T14:15:00Z {app="squid"} ...                                    (Loki)

Only lines that no format can read directly come here. The result is the line
inside, and the same line with a syslog header made of the envelope's own timestamp, host and
program, for the formats whose lines need one. `@cee:` in front of JSON is removed. The
content may be another envelope.
"""

import polars as pl

from pipelines.clock import Reading
from pipelines.events import PLACE
from pipelines.formats.reading.csv import cells
from pipelines.formats.reading.fields import null_if_dash
from pipelines.formats.reading.json import with_fields
from pipelines.formats.reading.syslog import HEADED, with_header

LINE = pl.col("line")
ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
CONTAINER = rf"^({ISO}) std(?:out|err) [FP] (.*)$"
LABELED = rf"^({ISO})[ \t]+\{{[^}}]*\}}[ \t]+(.*)$"
TABBED = rf"^({ISO}|[0-9]{{10,19}})\t(?:.*\t)?([^\t]+)$"
ROW = r'^(?:"[^"]*"|[^",]*),.*"'
WRAPPED = f"{HEADED}|{CONTAINER}|{LABELED}|{TABBED}|{ROW}"
"""The first characters of possible envelopes that are not JSON: most lines here
are a format's own with damage, and one look is cheaper than parsing.
"""

NAMED = r'(?:^|,)"?_raw"?(?:,|$)'
"""The row of names above Splunk's export."""

IN_JSON = {
    "inside": [
        "MESSAGE", "event/original", "full_message", "short_message", "message",
        "result/_raw", "_raw", "line", "log", "msg", "event",
    ],
    "stamp": [
        "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "@timestamp", "timestamp",
        "time", "result/_time", "_time",
    ],
    "host": ["_HOSTNAME", "host/name", "host/hostname", "hostname", "host"],
    "program": ["SYSLOG_IDENTIFIER", "process/name", "appname", "program"],
    "process": ["_PID", "SYSLOG_PID", "process/pid"],
}  # fmt: skip
"""Fields of JSON envelopes with the content and its description."""

FIELDS = {f"{part}_{n}": path for part, paths in IN_JSON.items() for n, path in enumerate(paths)}
WORD = r"^[!-~]{1,255}$"
EPOCH = r"^([0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(?:\.([0-9]+))?$"
INSTANT = rf"^(?:{ISO}|[0-9]{{10}}(?:\.[0-9]+)?)$"


def unwrapped(lines: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Return lines that were in an envelope.

    `line` is what was inside, `headed` the same behind a header, or null.

    Args:
        lines: Lines with their place.
        reading: How stamps without a zone are read.
    """
    bare = LINE.str.strip_chars("\r\n\x00 ").str.strip_prefix("@cee:")
    text = lines.select(*PLACE, line=bare.str.strip_chars_start(" "))
    is_json = LINE.str.starts_with("{") & LINE.str.ends_with("}")
    objects = text.filter(is_json)
    others = text.filter(~is_json & LINE.str.contains(WRAPPED))
    found = [text.clear().select(*PLACE, LINE, headed=LINE)]
    found += [_json(objects)] if objects.height else []
    found += [_text(others, reading)] if others.height else []
    inside = LINE.str.strip_chars_end("\r\n\x00 ")
    return pl.concat(found).with_columns(inside).filter(LINE.str.len_bytes() > 0)


def is_names(line: pl.Expr) -> pl.Expr:
    """Match the row of column names that an export begins with."""
    return line.str.contains(NAMED) & ~line.str.contains("[0-9]{4}")


def _json(lines: pl.DataFrame) -> pl.DataFrame:
    fields = with_fields(lines.lazy(), FIELDS)
    parts = {
        part: pl.coalesce(null_if_dash(pl.col(f"{part}_{n}")) for n in range(len(paths)))
        for part, paths in IN_JSON.items()
    }
    return _headed(fields.with_columns(**parts)).collect()


def _text(lines: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Return the text after a timestamp or a syslog header, or the longest cell of a row."""
    fronts = [LINE.str.extract_groups(shape).struct for shape in (CONTAINER, LABELED, TABBED)]
    values = cells(pl.when(LINE.str.contains(ROW)).then(LINE))
    element = pl.element()
    sizes = values.list.eval(element.str.len_bytes())
    when = values.list.eval(element.filter(element.str.contains(INSTANT))).list.first()
    body = pl.col("syslog_body")
    behind = pl.when(body != LINE).then(body.str.strip_chars_start(" "))
    nothing = dict.fromkeys(("host", "program", "process"), pl.lit(None, pl.String))
    parts = with_header(lines.lazy(), reading).with_columns(
        inside=pl.coalesce(
            *(front.field("2") for front in fronts),
            behind.str.strip_prefix("@cee:").str.strip_chars_start(" "),
            values.list.get(sizes.list.arg_max(), null_on_oob=True),
        ),
        stamp=pl.coalesce(*(front.field("1") for front in fronts), when),
        **nothing,
    )
    return _headed(parts).collect()


def _headed(parts: pl.LazyFrame) -> pl.LazyFrame:
    """Return the content, and the same after a header of RFC 5424."""
    words = [
        pl.when(pl.col(part).str.contains(WORD)).then(part).fill_null("-")
        for part in ("host", "program", "process")
    ]
    header = [pl.lit("<14>1"), _iso(pl.col("stamp")), *words, pl.lit("- -")]
    inside = pl.col("inside").str.strip_chars_end("\r\n")
    headed = pl.concat_str([*header, inside], separator=" ")
    return parts.select(*PLACE, line="inside", headed=headed)


def _iso(stamp: pl.Expr) -> pl.Expr:
    """Return a stamp as ISO text, be it that already or the digits of an epoch."""
    text = pl.when(stamp.str.contains(f"^{ISO}$")).then(
        stamp.str.replace(" ", "T").str.replace(",", ".")
    )
    parts = stamp.str.extract_groups(EPOCH).struct
    # seconds, milli-, micro- and nanoseconds have 10, 13, 16 and 19 digits
    all_digits = parts.field("1") + parts.field("2").fill_null("")
    micro = all_digits.str.slice(0, 16).str.pad_end(16, "0").cast(pl.Int64)
    instant = micro.cast(pl.Datetime("us", "UTC"))
    return pl.coalesce(text, instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
