r"""Windows Security events that Snare's agent sends, or NXLog in Snare's layout: tabs.

    LAB-07<tab>MSWinEventLog<tab>1<tab>Security<tab>812<tab>Mon Nov 02 08:15:05 2026<tab>4624
    <tab>Microsoft-Windows-Security-Auditing<tab>EXAMPLE\ada<tab>N/A<tab>Success Audit<tab>
    LAB-07.example.org<tab>Logon<tab><tab>An account was successfully logged on.    Subject:
    Security ID:  S-1-5-18   Account Name:  LAB-07$   ...<tab>81

(one line), with or without a syslog header; a relay may have written `#011` for a tab. The agent
replaces each line end and each tab of the message by a blank: two or three blanks separate two
fields, and four two sections. The account and the action are only in the message, in the language
of the computer: only English messages are read, others become system events. The timestamp is
the computer's local time. The last column is the number of the event's record.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import windows as _windows
from pipelines.formats.reading.fields import null_if_dash
from pipelines.formats.reading.syslog import HEADER_END

MARK = HEADER_END + r"(?:[^\t# ]*(?:\t|#011))?MSWinEventLog(?:\t|#011)"
COLUMNS = ["", "channel", "counter", "when", "event_id", "", "", "", "", "computer"]
LABEL = "[A-Z][A-Za-z0-9/-]*(?: [A-Za-z0-9/()-]+)*:"
TEXT = len(COLUMNS) + 1
"""Place of the first column of the message, after the name of the category."""

REJECT_RULES = {
    "not the columns of this log": pl.col("event_id").is_not_null(),
    **_windows.REJECT_RULES,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the agent's word between two tabs."""
    return line.str.contains(MARK)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00")
    rest = line.str.replace_all("#011", "\t", literal=True).str.extract(r"MSWinEventLog\t(.*)$", 1)
    named = {
        key: null_if_dash(pl.col("cells").list.get(place, null_on_oob=True))
        for place, key in enumerate(COLUMNS)
        if key
    }
    last = pl.col("cells").list.last()
    stamp = clock.civil(
        pl.col("when").str.replace("^[A-Z][a-z]{2} ", ""), "%b %d %H:%M:%S %Y", context.reading
    )
    return (
        batch.with_columns(cells=rest.str.split("\t"), raw="line")
        .with_columns(**named, line=_message(pl.col("cells").list.slice(TEXT).list.join("    ")))
        .with_columns(
            record_id=pl.when(last.str.contains("^[1-9][0-9]*$")).then(last).otherwise("counter"),
            stamp=pl.lit(None, pl.String),
            **_windows.of_message(pl.col("line")),
        )
        .pipe(_windows.events, context.reading, needs_name=True)
        .with_columns(line="raw", message="raw", time=stamp.time, time_quality=stamp.quality)
        .drop("cells", "raw")
    )


def _message(text: pl.Expr) -> pl.Expr:
    """Return the message with its line ends, as the event's own text contains them."""
    return (
        text.str.replace_all(f"({LABEL}) {{3}}({LABEL})", "$1\n\t$2")
        .str.replace_all(": +", ": ")
        .str.replace_all(" {4,}", "\n")
        .str.replace_all(" {3}", "\n\t")
        .str.replace_all(" {2}", "\n")
    )


FORMAT = Format(
    name="windows_security_snare",
    product="Windows, sent by Snare or NXLog",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
