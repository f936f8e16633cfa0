r"""CEF: a header cut by bars, then ` key=value` where a value may hold blanks.

A value ends where the next blank, key and `=` stand; `\=` is a sign of the value.
"""

import polars as pl

from pipelines.formats.reading.keyvalue import value

PART = r"((?:[^|\\]|\\.)*)"
HEAD = (
    rf"^(?:.*?[ >:])??(?:CEF: ?)?[01]\|{PART}\|{PART}\|{PART}\|{PART}\|"
    rf"{PART}\|{PART}\|(.*)$"
)
KEY = r"[A-Za-z0-9_.\[\]-]+"
KEYS = [
    "rt", "end", "start", "UNIFIutcTime", "src", "spt", "smac", "shost", "suser",
    "susr", "sntdom", "dst", "dpt", "dhost", "duser", "dntdom", "destinationDnsDomain",
    "proto", "act", "fw_action", "outcome", "reason", "msg", "in", "out", "app",
    "appName", "request", "requestMethod", "requestContext", "requestClientApplication",
    "sourceTranslatedAddress", "sourceTranslatedPort", "c6a2", "c6a3", "dvc", "dvchost",
    "externalId", "cat", "cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cs1Label",
    "cs2Label", "cs3Label", "cs4Label", "cs5Label", "cs6Label",
]  # fmt: skip
EXTRA = ["act", "fw_action", "cat", "msg"]
STOPPED = r"(?i)den[yi]|drop|block|refuse|discard|reject|reset|prevent"
PASSED = r"(?i)allow|accept|permit|pass|bypass|forward|opened"
CATEGORIES = pl.coalesce(
    [
        pl.when(value(f"cs{at}Label").str.contains("(?i)category")).then(
            value(f"cs{at}")
        )
        for at in range(1, 7)
    ]
)


def with_cef(batch: pl.LazyFrame) -> pl.LazyFrame:
    """Add the header's `vendor`, `product`, `event_id` and `title`, and the values.

    All null where a line is no CEF; `fields` is null where what stands behind the
    header is neither empty nor begins with a key.
    """
    groups = pl.col("line").str.strip_chars("\r\n\x00 ").str.extract_groups(HEAD)
    rest = groups.struct.field("7").str.strip_chars(" ")
    named = {"vendor": "1", "product": "2", "event_id": "4", "title": "5"}
    return batch.with_columns(
        fields=pl.when(rest.str.contains(rf"^(?:{KEY}=|$)")).then(" " + rest),
        **{key: _plain(groups.struct.field(at)) for key, at in named.items()},
    ).with_columns(_found(key).alias(f"key_{key}") for key in KEYS)


def disposition(title: pl.Expr) -> pl.Expr:
    """The action's words, else those of the event's name."""
    told = pl.coalesce(
        "key_act", value("fw_action").replace("NA", None), "key_outcome", title
    )
    stopped, passed = told.str.contains(STOPPED), told.str.contains(PASSED)
    return (
        pl.when(stopped & ~passed)
        .then(pl.lit("blocked"))
        .when(passed & ~stopped)
        .then(pl.lit("allowed"))
    )


def _found(key: str) -> pl.Expr:
    found = pl.col("fields").str.extract(rf" {key}=(.*?)(?: +{KEY}=|$)", 1)
    return _plain(found.str.strip_chars(" ")).str.strip_chars('"').replace("", None)


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"\\([=|\\])", "$1")
