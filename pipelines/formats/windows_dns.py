"""The debug log of a Windows DNS server: one line per logged packet.

    11/2/2026 8:15:00 AM 0D48 PACKET  000000000181D1C0 UDP Rcv 192.0.2.17      0c6b   Q
    [0001   D   NOERROR] A      (7)example(3)org(0)

(one line). A received question is a query from that client; packets to other servers,
and answers, are `system_events`, because they repeat it. The timestamp is local time in
the order of the server's language: if the date begins with the day, set
`options.date_order = "day_first"`.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, name
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.office import as_iso, order_of

STAMP = r"([0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4} [0-9]{1,2}:[0-9:]{5}(?: [AP]M)?)"
PACKET = (
    rf"^{STAMP} [0-9A-F]{{3,4}} PACKET +[0-9A-F]{{8,16}} (UDP|TCP) +(Rcv|Snd) "
    r"([0-9a-fA-F.:]+) +([0-9a-f]{4}) (R| ) (Q|N|U|\?) "
    r"\[([0-9a-f]{4}) +[ATDR ]* +([A-Z]+) *\] ([A-Z0-9]+) +(.*)$"
)
PARTS = [
    "stamp", "transport", "way", "peer", "number", "is_answer", "asks", "flags", "code",
    "query_type", "asked",
]  # fmt: skip
TALK = r"^(?:DNS Server log file creation|Log file wrap|Message logging key|[ \t])"
IS_QUERY = pl.col("event_class") == "dns_queries"

REJECT_RULES = {
    "not a packet of the log": pl.col("way").is_not_null(),
    "no date and time that can be read": pl.col("time").is_not_null(),
    "query from no address": ~IS_QUERY | pl.col("src_ip").is_not_null(),
    "query of no name": ~IS_QUERY | pl.col("query_name").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a stamp, a thread, the word PACKET and a context."""
    return line.str.contains(rf"^{STAMP} [0-9A-F]{{3,4}} PACKET  ")


def comment(line: pl.Expr) -> pl.Expr:
    """Match the key above the packets, and the details below one."""
    return line.str.contains(TALK)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `dns_queries`, or of `system_events` for other packets.

    Raises:
        SettingsError: The option for the order of a date has no meaning.
    """
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    found = line.str.extract_groups(PACKET).struct.rename_fields(PARTS)
    asked = pl.col("asked")
    # (7)example(3)org(0), or .example.org. of other versions
    labels = asked.str.replace_all(r"\([0-9]+\)", ".").str.strip_chars(".")
    is_question = (pl.col("way") == "Rcv") & (pl.col("is_answer") == " ") & (pl.col("asks") == "Q")
    when = as_iso(pl.col("stamp"), order_of(context.options))
    stamp = clock.iso(when, context.reading)
    return batch.with_columns(found.struct.unnest()).with_columns(
        event_class=pl.when(is_question)
        .then(pl.lit("dns_queries"))
        .otherwise(pl.lit("system_events")),
        time=stamp.time,
        time_quality=stamp.quality,
        src_ip=address(pl.col("peer")),
        query_name=pl.when(labels == "").then(pl.lit(".")).otherwise(name(labels)),
        kind=pl.concat_str("transport", "way", separator=" "),
        message=pl.col("line"),
        extras=pl.when(is_question).then(json_of([pl.col("transport")])),
    )


FORMAT = Format(
    name="windows_dns",
    product="Windows DNS server",
    event_classes=("dns_queries", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    comment=comment,
)
