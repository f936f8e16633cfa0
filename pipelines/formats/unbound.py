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

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, name, port, word_of
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import with_header, written_by

OWN_FILE = (
    r"^(?:\[([0-9]{10})\]|[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8}) "
    r"unbound\[[0-9]+:[0-9a-f]+\] "
)
SAID = r"^(?:\[[0-9]+:[0-9a-f]+\] )?([a-z]+): (.*)$"
ZONES = (
    "deny|refuse|static|transparent|redirect|nodefault|typetransparent|inform"
    "|inform_deny|inform_redirect|always_[a-z]+|noview|block_a|ipset"
)
LOOKUP = (
    rf"^(?:(?:[^ ]+ )?({ZONES}) )?([0-9a-fA-F.:]+)(?:@([0-9]+))? ([^ ]+) "
    r"([A-Z0-9]+) (?:IN|CH|HS|ANY|CLASS[0-9]+)"
    r"(?: ([A-Z0-9]+) ([0-9]+\.[0-9]+) [01] [0-9]+)?$"
)
BLOCKS = ["deny", "refuse", "inform_deny"]
PASSES = ["transparent", "typetransparent", "inform", "always_transparent"]
IS_QUERY = pl.col("event_class") == "dns_queries"

REJECT_RULES = {
    "no stamp that can be read": pl.col("time").is_not_null(),
    "not the words of unbound": pl.col("level").is_not_null(),
    "query of no name": pl.col("query_name").is_not_null() | ~IS_QUERY,
    "query from no address": pl.col("src_ip").is_not_null() | ~IS_QUERY,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a line of `unbound`, in syslog or in its own file."""
    return written_by(line, "unbound") | line.str.contains(OWN_FILE)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `dns_queries`, or of `system_events` for other talk."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    is_own = line.str.contains(OWN_FILE)
    body = pl.when(is_own).then(line.str.replace(OWN_FILE, "")).otherwise("syslog_body")
    own = clock.epoch(line.str.extract(OWN_FILE, 1))
    said = pl.col("body").str.extract_groups(SAID).struct
    told = (
        with_header(batch, context.reading)
        .with_columns(body=body.str.strip_chars_end(" "))
        .with_columns(
            stamp=pl.coalesce(own.time, "syslog_time"),
            time_quality=pl.coalesce(own.quality, "syslog_time_quality"),
            level=said.field("1"),
            lookup=said.field("2").str.extract_groups(LOOKUP),
        )
    )
    return told.with_columns(**_lookup()).with_columns(
        event_class=pl.when(pl.col("asked").is_not_null())
        .then(pl.lit("dns_queries"))
        .otherwise(pl.lit("system_events")),
        time=pl.col("stamp") - pl.col("lasted"),
        kind=pl.col("level"),
        reported_by=pl.col("syslog_host"),
        message=pl.col("line"),
        extras=_extras(),
    )


def _lookup() -> dict[str, pl.Expr]:
    """Return client, question and result."""
    said = pl.col("lookup").struct
    zone, asked, taken = said.field("1"), said.field("4"), said.field("7")
    blocks = zone.is_in(BLOCKS) | (zone.str.starts_with("always_") & ~zone.is_in(PASSES))
    seconds = pl.when(taken.str.len_chars() < 16).then(taken)
    micros = (seconds.cast(pl.Float64, strict=False) * 1e6).cast(pl.Int64)
    return {
        "asked": asked,
        "query_name": pl.when(asked == ".").then(asked).otherwise(name(asked)),
        "query_type": said.field("5"),
        "src_ip": address(said.field("2")),
        "src_port": port(said.field("3")),
        "response_code": said.field("6"),
        "lasted": pl.duration(microseconds=micros.fill_null(0), time_unit="us"),
        "disposition": word_of(("blocked", blocks), ("allowed", zone.is_in(PASSES))),
        "zone": zone,
    }


def _extras() -> pl.Expr:
    """Return which of the two lines of a lookup it is, and the local zone's type."""
    replied = pl.when(pl.col("response_code").is_not_null()).then(pl.lit("reply"))
    return json_of([replied.alias("phase"), pl.col("zone").alias("local_zone")])


FORMAT = Format(
    name="unbound",
    product="Unbound (pfSense, OPNsense)",
    event_classes=("dns_queries", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
