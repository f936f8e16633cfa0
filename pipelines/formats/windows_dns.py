"""The debug log of a Windows DNS server: one line per logged packet.

    11/2/2026 8:15:00 AM 0D48 PACKET  000000000181D1C0 UDP Rcv 192.0.2.17      0c6b   Q
    [0001   D   NOERROR] A      (7)example(3)org(0)

(one line). A received question is a query from that client; packets to other servers,
and answers, are `system_events`, because they repeat it. The timestamp is local time in
the order of the server's language: if the date begins with the day, set
`options.date_order = "day_first"`.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading.office import as_iso, order_of
from pipelines.formats.reading.table import by_name, value, with_groups

STAMP = r"([0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4} [0-9]{1,2}:[0-9:]{5}(?: [AP]M)?)"
PACKET = (
    rf"^(?<stamp>{STAMP}) [0-9A-F]{{3,4}} PACKET +[0-9A-F]{{8,16}} "
    r"(?<transport>UDP|TCP) +(?<direction>Rcv|Snd) (?<peer>[0-9a-fA-F.:]+) +[0-9a-f]{4} "
    r"(?<answer>R| ) (?<opcode>Q|N|U|\?) \[[0-9a-f]{4} +[ATDR ]* +[A-Z]+ *\] "
    r"(?<type>[A-Z0-9]+) +(?<name>.*)$"
)
TALK = r"^(?:DNS Server log file creation|Log file wrap|Message logging key|[ \t])"
# (7)example(3)org(0), or .example.org. of other versions
LABELS = value("name").str.replace_all(r"\([0-9]+\)", ".").str.strip_chars(".")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a stamp, a thread, the word PACKET and a context."""
    return line.str.contains(rf"^{STAMP} [0-9A-F]{{3,4}} PACKET  ")


def comment(line: pl.Expr) -> pl.Expr:
    """Match the key above the packets, and the details below one."""
    return line.str.contains(TALK)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the words of a packet."""
    del context, names
    return with_groups(batch, pl.col("line").str.strip_chars_end("\r\n\x00 "), PACKET)


def stamp(context: Context) -> Stamp:
    """Return the local time.

    Raises:
        SettingsError: The option for the order of a date has no meaning.
    """
    return clock.iso(as_iso(value("stamp"), order_of(context.options)), context.reading)


FORMAT = Format(
    name="windows_dns",
    product="Windows DNS server",
    event_classes=("dns_queries", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": "peer",
        "query_name": LABELS.replace("", "."),
        "query_type": "type",
        "kind": value("transport") + " " + value("direction"),
    },
    classes={
        "dns_queries": (value("direction") == "Rcv")
        & (value("answer") == " ")
        & (value("opcode") == "Q")
    },
    extras=by_name("transport"),
    must={"not a message of this product": value("direction").is_not_null()},
    comment=comment,
)
