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

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cells
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
)
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.web import unless_challenged

STAMP = r"[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2} [0-9]{1,2}:[0-9]{2}:[0-9]{2}"
COLUMNS = [
    "stamp", "user", "client", "asked", "what", "verb", "size", "weight", "kind",
    "group", "code", "mime", "client_name", "group_name", "agent",
]  # fmt: skip
RECORDED = [
    "ended", "server", "user", "client", "client_name", "asked", "verb", "code", "size",
    "mime", "agent", "", "lasted", "", "message_no", "what", "", "kind", "group_name",
    "group",
]  # fmt: skip
"""Columns of layouts 5 to 8; those without a name are not used."""

EPOCH = r"^[0-9]{9,10}\.[0-9]{3}\t"
METHOD = "[A-Z]{3,16}(?:-[A-Z]+)?"
BY_BLANKS = (
    rf"^({STAMP}) ([^ ]+) ([^ ]+) ([^ ]+) (.*?) ?({METHOD}) ([0-9]+) (-?[0-9]+) (.*?) ?"
    r"([0-9]*) ([0-9]{3}) ([^ ]*) ([^ ]*) ([^ ]*) ?(.*)$"
)
ACTIONS = r"^ *((?:\*[A-Z-]+\* ?)*)"
STOPPED = r"\*(?:DENIED(?:-[A-Z]+)?|INFECTED)\*"
IS_RECORDED = pl.col("ended").is_not_null()
HAS_PLACES = pl.all_horizontal(
    pl.col("verb").str.contains(f"^{METHOD}$"),
    pl.col("asked").str.contains("://", literal=True),
    *(pl.col(key).str.contains("^-?[0-9]+$") for key in ("size", "lasted", "message_no", "group")),
)
"""The columns of layouts 5 to 8 with a fixed shape contain it."""

REJECT_RULES = {
    "not the columns of the filter's layouts": pl.col("asked").is_not_null()
    & (~IS_RECORDED | HAS_PLACES),
    "the field for the filter's action contains other words": IS_RECORDED
    | pl.col("what").str.contains(r"^ *(?:$|\*[A-Z-]+\*)"),
    "no date and time that can be read": pl.col("time").is_not_null(),
    "the client is not an address": pl.col("src_ip").is_not_null(),
    "no host in the URL": pl.col("url_hostname").is_not_null(),
    "the status is not a number": pl.col("code").str.contains("^[0-9]{3}$"),
    "the size is not a number of bytes": pl.col("bytes_in") >= 0,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a date with points and no padding first, or an epoch and a tab."""
    return line.str.contains(rf'^"?{STAMP}(?: |\t|",")') | line.str.contains(EPOCH)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`."""
    told = _cut(batch)
    padded = pl.col("stamp").str.replace_all(r"([. ])([0-9])\b", "${1}0${2}")
    stamp = clock.first(
        clock.civil(padded, "%Y.%m.%d %H:%M:%S", context.reading),
        clock.epoch_milliseconds(pl.col("ended")),
    )
    lasted = pl.duration(milliseconds=to_int(pl.col("lasted"), 9).fill_null(0), time_unit="us")
    asked, user = pl.col("asked"), account(pl.col("user"))
    is_tunnel = pl.col("verb") == "CONNECT"
    scheme = asked.str.extract("^([a-z][a-z0-9+.-]*)://", 1)
    at_port = asked.str.extract(r"^(?:[a-z]+://)?[^/?#]*:([0-9]{1,5})(?:[/?#]|$)", 1)
    status = to_int(pl.col("code"), 3).cast(pl.Int16)
    return told.with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        start_time=stamp.time - lasted,
        src_ip=address(pl.col("client")),
        src_hostname=pl.when(address(pl.col("client_name")).is_null()).then(
            name(pl.col("client_name"))
        ),
        user_name=pl.when(user != pl.col("client")).then(user),
        method=null_if_dash(pl.col("verb")),
        url_scheme=pl.when(~is_tunnel).then(scheme),
        url_hostname=hostname(asked),
        url=asked.str.slice(0, MAX_URL),
        dst_port=port(at_port),
        status_code=pl.when(status > 0).then(status),
        bytes_in=to_int(pl.col("size")),
        content_type=media_type(pl.col("mime")),
        user_agent=null_if_dash(pl.col("agent")),
        category=null_if_dash(pl.col("kind")),
        disposition=_disposition(pl.col("what"), status),
    ).with_columns(extras=_extras())


def _cut(batch: pl.LazyFrame) -> pl.LazyFrame:
    """Add `COLUMNS` and `more`, whichever layout the line has."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00")
    by_tabs = line.str.contains("\t", literal=True)
    by_commas = line.str.starts_with('"')
    is_recorded = line.str.contains(EPOCH)
    blanks = pl.when(~by_tabs & ~by_commas).then(line).str.extract_groups(BY_BLANKS)
    marked = pl.coalesce(
        cells(pl.when(by_commas).then(line)),
        pl.when(by_tabs & ~by_commas).then(line).str.split("\t"),
    )
    count = pl.col("marked").list.len()
    whole_row = ~is_recorded & count.is_between(len(COLUMNS), len(COLUMNS) + 6)
    values = {
        column: pl.coalesce(
            pl.col("blanks").struct.field(str(place + 1)), pl.when(whole_row).then(_cell(place))
        )
        for place, column in enumerate(COLUMNS)
    }
    # two more columns in layouts 7 and 8, one less without the address of the client
    whole_record = is_recorded & count.is_in([len(RECORDED), len(RECORDED) + 2])
    short_record = is_recorded & count.is_in([len(RECORDED) - 1, len(RECORDED) + 1])
    client = RECORDED.index("client")
    recorded = {
        column: pl.when(whole_record)
        .then(_cell(place))
        .when(short_record)
        .then(_cell(place - (place > client)))
        for place, column in enumerate(RECORDED)
        if column
    }
    named = {name: value for name, value in recorded.items() if name not in values}
    more = pl.col("marked").list.slice(len(COLUMNS)).list.join(" ")
    return (
        batch.with_columns(blanks=blanks, marked=marked)
        .with_columns(
            **{
                column: pl.coalesce(value, recorded.get(column, value))
                for column, value in values.items()
            },
            **named,
            more=pl.when(whole_row).then(more),
        )
        .drop("blanks", "marked")
    )


def _cell(place: int) -> pl.Expr:
    return pl.col("marked").list.get(place, null_on_oob=True)


def _disposition(what: pl.Expr, status: pl.Expr) -> pl.Expr:
    """Read the stars; a proxy that requests a login has done nothing yet."""
    stars = what.str.extract(ACTIONS, 1)
    has_message = IS_RECORDED & (pl.col("message_no") != "0") & (status == 403)
    is_stopped = stars.str.contains(STOPPED) | (has_message & (stars == "")).fill_null(value=False)
    outcome = pl.when(is_stopped).then(pl.lit("blocked")).otherwise(pl.lit("allowed"))
    return unless_challenged(pl.col("code"), outcome)


def _extras() -> pl.Expr:
    what = pl.col("what")
    return json_of(
        [
            null_if_dash(what.str.extract(ACTIONS, 1)).alias("action"),
            null_if_dash(what.str.replace(ACTIONS, "")).alias("reason"),
            null_if_dash(pl.col("weight").replace("0", None)).alias("weight"),
            null_if_dash(pl.col("server")).alias("server"),
            null_if_dash(pl.col("group_name")).alias("group"),
            null_if_dash(pl.col("more")).alias("more"),
        ]
    )


FORMAT = Format(
    name="e2guardian",
    product="e2guardian, DansGuardian",
    event_classes=("http_requests",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
