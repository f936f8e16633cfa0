"""Unbound, the resolver of pfSense and OPNsense: DNS lookups.

    Nov  2 08:15:00 gate unbound[812]: [812:0] info: 192.0.2.17 www.example.org. A IN
    [1793628900] unbound[812:0] reply: 192.0.2.17 www.example.org. A IN NOERROR 0.034 0 67

In syslog or in a separate file, with `log-queries`, `log-replies` or
`log-local-actions`. With both of the first two, each lookup is logged twice: turn on
only one (a reply contains more: the result and, from its timestamp, the time of the
query). Replies have a `phase` in `extras`. A local action contains the kind of
the local zone: `refuse`, `deny` and `always_...` block. Other messages of the server
become system events.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading.fields import word_of
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.syslog import with_header, written_by
from pipelines.formats.reading.table import value, with_groups

OWN_FILE = (
    r"^(?:\[([0-9]{10})\]|[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8}) "
    r"unbound\[[0-9]+:[0-9a-f]+\] "
)
MESSAGE = r"^(?:\[[0-9]+:[0-9a-f]+\] )?(?<level>[a-z]+): (?<text>.*)$"
ZONES = (
    "deny|refuse|static|transparent|redirect|nodefault|typetransparent|inform"
    "|inform_deny|inform_redirect|always_[a-z]+|noview|block_a|ipset"
)
LOOKUP = (
    rf"^(?:(?:[^ ]+ )?(?<zone>{ZONES}) )?(?<ip>[0-9a-fA-F.:]+)(?:@(?<port>[0-9]+))? "
    r"(?<name>[^ ]+) (?<type>[A-Z0-9]+) (?:IN|CH|HS|ANY|CLASS[0-9]+)"
    r"(?: (?<response>[A-Z0-9]+) (?<seconds>[0-9]+\.[0-9]+) [01] [0-9]+)?$"
)
BLOCKS = ["deny", "refuse", "inform_deny"]
PASSES = ["transparent", "typetransparent", "inform", "always_transparent"]
LINE, ZONE = pl.col("line").str.strip_chars_end("\r\n\x00 "), value("zone")
IS_BLOCK = ZONE.is_in(BLOCKS) | (ZONE.str.starts_with("always_") & ~ZONE.is_in(PASSES))


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a line of `unbound`, in syslog or in its own file."""
    return written_by(line, "unbound") | line.str.contains(OWN_FILE)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the message behind either header, and the words of a look-up."""
    del names
    file_body = pl.when(LINE.str.contains(OWN_FILE)).then(LINE.str.replace(OWN_FILE, ""))
    body = file_body.otherwise("syslog_body").str.strip_chars_end(" ")
    lines = with_groups(with_header(batch, context.reading), body, MESSAGE)
    return with_groups(lines, value("text"), LOOKUP)


def stamp(context: Context) -> Stamp:
    """Return the time of the query: a reply is written when it was answered."""
    written = clock.first(clock.epoch(LINE.str.extract(OWN_FILE, 1)), of_header(context))
    seconds = pl.when(value("seconds").str.len_chars() < 16).then(value("seconds"))
    micros = (seconds.cast(pl.Float64, strict=False) * 1e6).cast(pl.Int64).fill_null(0)
    lasted = pl.duration(microseconds=micros, time_unit="us")
    return Stamp(written.time - lasted, written.quality)


FORMAT = Format(
    name="unbound",
    product="Unbound (pfSense, OPNsense)",
    event_classes=("dns_queries", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": "ip",
        "src_port": "port",
        "query_name": "name",
        "query_type": "type",
        "response_code": "response",
        "kind": "level",
        "reported_by": pl.col("syslog_host"),
    },
    classes={"dns_queries": value("name").is_not_null()},
    more={
        "disposition": word_of(("blocked", IS_BLOCK), ("allowed", ZONE.is_in(PASSES))),
        "extras": json_text(
            phase=pl.when(value("response").is_not_null()).then(pl.lit("reply")), local_zone=ZONE
        ),
    },
    must={"not a message of this product": value("level").is_not_null()},
)
