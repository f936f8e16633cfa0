"""DansGuardian and e2guardian `access.log`, in their own layout, tabs or CSV.

    2026.11.2 8:15:00 ada 192.0.2.17 http://www.example.org/ *DENIED* Banned site GET 0 0 Games 1 403 text/html  staff -
    1793628900.123<tab>filter1<tab>ada<tab>192.0.2.17<tab>192.0.2.17<tab>http://www.example.org/<tab>GET<tab>200<tab>5120<tab>text/html<tab>...

The first is layout 1, and with tabs or as CSV 4 and 2. Date and hour are not padded and have no
zone. The filter's action is between stars, `*DENIED*` or `*EXCEPTION*`; the reason after it is
translated and not used. Without a login the user is the address once more. An empty category or
client name leaves two blanks. Newer releases may add columns after the user agent, which remain
part of it in the blank-separated layout, and otherwise go to `extras`. Layout 3 of the filter is
Squid's own: `squid_access`.

The second, with tabs only, is layouts 5 to 8, in use since e2guardian 5: the stamp is the end of
the request, in UTC, and it began `duration` milliseconds before. The column of the client's
address is missing if `logclientnameandip` is off; then the column of its name contains it. A
status 403 with a message of the filter is denied even without stars.
"""  # noqa: E501

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cell, cells
from pipelines.formats.reading.fields import address, null_if_dash, to_int, word_of
from pipelines.formats.reading.table import PREFIX, value, with_groups
from pipelines.formats.reading.web import PORT_OF_URL, SCHEME_OF_URL, unless_challenged

STAMP = r"[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2} [0-9]{1,2}:[0-9]{2}:[0-9]{2}"
COLUMNS = [
    "stamp", "user", "client", "url", "action", "method", "size", "weight", "category",
    "group", "status", "mime", "client_name", "group_name", "agent",
]  # fmt: skip
RECORDED = [
    "ended", "server", "user", "client", "client_name", "url", "method", "status", "size",
    "mime", "agent", "", "duration", "", "message_no", "action", "", "category", "group_name",
    "group",
]  # fmt: skip
"""Columns of layouts 5 to 8; those without a name are not used."""

EPOCH = r"^[0-9]{9,10}\.[0-9]{3}\t"
METHOD = "[A-Z]{3,16}(?:-[A-Z]+)?"
BY_BLANKS = (
    rf"^(?<stamp>{STAMP}) (?<user>[^ ]+) (?<client>[^ ]+) (?<url>[^ ]+) (?<action>.*?) ?"
    rf"(?<method>{METHOD}) (?<size>[0-9]+) (?<weight>-?[0-9]+) (?<category>.*?) ?"
    r"(?<group>[0-9]*) (?<status>[0-9]{3}) (?<mime>[^ ]*) (?<client_name>[^ ]*) "
    r"(?<group_name>[^ ]*) ?(?<agent>.*)$"
)
ACTIONS = r"^ *((?:\*[A-Z-]+\* ?)*)"
STOPPED = r"\*(?:DENIED(?:-[A-Z]+)?|INFECTED)\*"

IS_RECORDED = value("ended").is_not_null()
HAS_PLACES = pl.all_horizontal(
    value("method").str.contains(f"^{METHOD}$"),
    value("url").str.contains("://", literal=True),
    *(value(key).str.contains("^-?[0-9]+$") for key in ("size", "duration", "message_no", "group")),
)
"""The columns of layouts 5 to 8 with a fixed shape contain it."""

ACTION, USER, CLIENT_NAME = value("action"), value("user"), value("client_name")
STARS = ACTION.str.extract(ACTIONS, 1)
HAS_MESSAGE = IS_RECORDED & (value("message_no") != "0") & (value("status") == "403")
IS_STOPPED = STARS.str.contains(STOPPED) | (HAS_MESSAGE & (STARS == "")).fill_null(value=False)
DURATION = pl.duration(milliseconds=to_int(value("duration"), 9).fill_null(0), time_unit="us")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a date with points and no padding first, or an epoch and a tab."""
    return line.str.contains(rf'^"?{STAMP}(?: |\t|",")') | line.str.contains(EPOCH)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns of whichever layout the line has; adds `more`."""
    del context
    line = pl.col("line").str.strip_chars_end("\r\n\x00")
    by_tabs = line.str.contains("\t", literal=True)
    by_commas = line.str.starts_with('"')
    is_recorded = line.str.contains(EPOCH)
    count = pl.col("cells").list.len()
    is_row = ~is_recorded & count.is_between(len(COLUMNS), len(COLUMNS) + 6)
    # two more columns in layouts 7 and 8, one less without the address of the client
    is_record = is_recorded & count.is_in([len(RECORDED), len(RECORDED) + 2])
    is_short = is_recorded & count.is_in([len(RECORDED) - 1, len(RECORDED) + 1])

    def of_layout(name: str) -> pl.Expr:
        candidates = [pl.col(f"{PREFIX}{name}")] if name in COLUMNS else []
        if name in COLUMNS:
            candidates.append(pl.when(is_row).then(cell(COLUMNS.index(name))))
        if name in RECORDED:
            place = RECORDED.index(name)
            candidates.append(
                pl.when(is_record)
                .then(cell(place))
                .when(is_short)
                .then(cell(place - (place > RECORDED.index("client"))))
            )
        return pl.coalesce(candidates)

    lines = with_groups(batch, pl.when(~by_tabs & ~by_commas).then(line), BY_BLANKS)
    return (
        lines.with_columns(
            cells=pl.coalesce(
                cells(pl.when(by_commas).then(line)),
                pl.when(by_tabs & ~by_commas).then(line).str.split("\t"),
            )
        )
        .with_columns(
            more=pl.when(is_row).then(pl.col("cells").list.slice(len(COLUMNS)).list.join(" ")),
            **{f"{PREFIX}{name}": of_layout(name) for name in names},
        )
        .drop("cells")
    )


def stamp(context: Context) -> Stamp:
    """Return the local time of a request, or its end since 1970."""
    padded = value("stamp").str.replace_all(r"([. ])([0-9])\b", "${1}0${2}")
    return clock.first(
        clock.civil(padded, "%Y.%m.%d %H:%M:%S", context.reading),
        clock.epoch_milliseconds(value("ended")),
    )


FORMAT = Format(
    name="e2guardian",
    product="e2guardian, DansGuardian",
    event_classes=("http_requests",),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": "client",
        "src_hostname": pl.when(address(CLIENT_NAME).is_null()).then(CLIENT_NAME),
        "user_name": pl.when(value("client") != USER).then(USER),
        "method": "method",
        "url": "url",
        "url_scheme": pl.when(value("method") != "CONNECT").then(
            value("url").str.extract(SCHEME_OF_URL, 1)
        ),
        "dst_port": value("url").str.extract(PORT_OF_URL, 1),
        "status_code": "status",
        "bytes_in": "size",
        "content_type": "mime",
        "user_agent": "agent",
        "category": "category",
    },
    more={
        "start_time": pl.col("time") - DURATION,
        "disposition": unless_challenged(
            value("status"), word_of(("blocked", IS_STOPPED), otherwise="allowed")
        ),
    },
    extras={
        "action": null_if_dash(STARS),
        "reason": null_if_dash(ACTION.str.replace(ACTIONS, "")),
        "weight": null_if_dash(value("weight").replace("0", None)),
        "server": "server",
        "group": "group_name",
        "more": null_if_dash(pl.col("more")),
    },
    must={
        "not the columns of this log": value("url").is_not_null() & (~IS_RECORDED | HAS_PLACES),
        "the field for the filter's action contains other words": IS_RECORDED
        | ACTION.str.contains(r"^ *(?:$|\*[A-Z-]+\*)"),
        "the status is not a number": value("status").str.contains("^[0-9]{3}$"),
    },
    required={"http_requests": ("bytes_in",)},
)
