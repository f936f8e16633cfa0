r"""Microsoft ISA Server in its own text layout: firewall and web proxy.

    10.20.1.7, ada, browser.exe:3:5.1, Y, 11/2/2026, 8:15:00, fwsrv, ISA1, -, -,
    203.0.113.9, 80, 30, 812, 5120, 80, TCP, Connect, -, -, -, 20000, 0, Out, -, 7, 9

(one line). 27 values separated by commas and blanks, without a header; what was not selected for
the log is a dash. Date and time are local, month first; the W3C layout of the same products is
`w3c_elff`.

- The first address is always the inside computer. It opened a `Connect`; for an `Accept` it is
  the target, and the far end the source.
- A connection is reported at its start (status 0) and at its end (20000, 20001), minus
  `time-taken` for the beginning. 13301 was refused by a rule.
- `GHBN` looks a name up for the client. `Bind` and `Listen` are system events.
- A web request is written at its end. 12209 and 407 request a login.
- `SYSTEM` is a service of the computer, not an account of a person.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import elff as _elff
from pipelines.formats.reading.csv import cell, width
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
    word_of,
)
from pipelines.formats.reading.flows import not_of_windows, protocol, somewhere
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.web import unless_challenged

PLACES = {
    "client": 0, "login": 1, "agent": 2, "date": 4, "clock": 5, "service": 6,
    "computer": 7, "referred": 8, "far_host": 9, "far": 10, "far_port": 11, "taken": 12,
    "sent": 13, "received": 14, "own_port": 15, "transport": 16, "operation": 17,
    "uri": 18, "mime": 19, "status": 21, "rule": 23, "more_rule": 24, "connection": 26,
}  # fmt: skip
WIDTH = 27
SERVICES = "fwsrv|w3proxy|w3reverseproxy"
FIRST = r"^[0-9.]{7,15}, [^,]*, [^,]*, [YN-], [0-9]{1,2}/[0-9]{1,2}/[0-9]{4}, [0-9:]+, "
ENDED, REFUSED = ["20000", "20001"], "13301"
FLOW, WEB, LOOKUP = "connections", "http_requests", "dns_queries"
cls, did = pl.col("event_class"), pl.col("operation").str.to_lowercase()

REJECT_RULES = {
    "{columns} columns, not the 27 of the layout": pl.col("is_whole"),
    "no date and time that can be read": pl.col("time").is_not_null(),
    "the client is not an address": pl.col("inside").is_not_null(),
    "the far end is not an address": (cls != FLOW)
    | (pl.col("src_ip").is_not_null() & pl.col("dst_ip").is_not_null()),
    "bytes are not a count": (cls != FLOW)
    | (pl.col("bytes_in").is_not_null() & pl.col("bytes_out").is_not_null()),
    "no host in the URL": (cls != WEB) | pl.col("url_hostname").is_not_null(),
    "no name asked for": (cls != LOOKUP) | pl.col("query_name").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an address, a date and the name of one of the services, in their places."""
    return line.str.contains(f"{FIRST}(?:{SERVICES}), ")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of flows, requests and look-ups; the rest is talk."""
    stamp = clock.civil(
        pl.col("date") + " " + pl.col("clock"), "%m/%d/%Y %H:%M:%S", context.reading
    )
    text = pl.col("line").str.strip_chars_end("\r\n\x00")
    return (
        batch.with_columns(cells=text.str.split(", "))
        .with_columns(
            is_whole=width() == WIDTH,
            **{column: null_if_dash(cell(place)) for column, place in PLACES.items()},
        )
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            event_class=_event_class(),
            inside=address(pl.col("client")),
            user_name=account(not_of_windows(pl.col("login"))),
            user_agent=pl.col("agent"),
            reported_by=name(pl.col("computer")),
            kind=pl.coalesce("operation", pl.lit("none")),
            message=pl.col("line"),
        )
        .with_columns(**_ends(), **_request(), **_lookup())
        .with_columns(start_time=_start(), disposition=_disposition(), extras=_extras())
    )


def _event_class() -> pl.Expr:
    is_web = pl.col("service").is_in(["w3proxy", "w3reverseproxy"])
    has_far = pl.col("far").is_not_null()
    return (
        pl.when(is_web & pl.col("uri").is_not_null())
        .then(pl.lit(WEB))
        .when(did.is_in(["connect", "accept"]) & has_far)
        .then(pl.lit(FLOW))
        .when((did == "ghbn") & pl.col("far_host").is_not_null())
        .then(pl.lit(LOOKUP))
        .otherwise(pl.lit("system_events"))
    )


def _ends() -> dict[str, pl.Expr]:
    """Return source and target, and the bytes of each way as the source sees them."""
    taken_in = (did == "accept") & (cls == FLOW)
    inside, far = pl.col("inside"), somewhere(address(pl.col("far")))
    far_port, own = port(pl.col("far_port")), port(pl.col("own_port"))
    sent, received = to_int(pl.col("sent")), to_int(pl.col("received"))

    def turned(plain: pl.Expr, accepted: pl.Expr) -> pl.Expr:
        return pl.when(taken_in).then(accepted).otherwise(plain)

    return {
        "src_ip": turned(inside, far),
        "dst_ip": turned(far, inside),
        "src_port": turned(pl.lit(None, pl.Int32), far_port),
        "dst_port": turned(far_port, own),
        "bytes_out": turned(sent, received),
        "bytes_in": turned(received, sent),
        "dst_hostname": turned(name(pl.col("far_host")), pl.lit(None, pl.String)),
        "protocol": protocol(pl.col("transport")),
        "connection_uid": pl.when(pl.col("connection") != "0").then("connection"),
    }


def _request() -> dict[str, pl.Expr]:
    uri = pl.col("uri")
    code = to_int(pl.col("status"), 5)
    return {
        "method": pl.col("operation").str.to_uppercase(),
        "url": uri.str.slice(0, MAX_URL),
        "url_scheme": uri.str.extract("^([a-z][a-z0-9+.-]*)://", 1),
        "url_hostname": pl.coalesce(hostname(uri), name(pl.col("far_host"))),
        "status_code": pl.when(code.is_between(100, 599)).then(code),
        "content_type": media_type(pl.col("mime")),
        "referrer_hostname": hostname(pl.col("referred")),
    }


def _lookup() -> dict[str, pl.Expr]:
    return {
        "query_name": name(pl.col("far_host")),
        "answers": pl.when(cls == LOOKUP).then(address(pl.col("far"))),
    }


def _start() -> pl.Expr:
    is_end = (cls == WEB) | pl.col("status").is_in(ENDED)
    return pl.col("time") - _elff.taken(pl.when(is_end).then("taken"))


def _disposition() -> pl.Expr:
    status = pl.col("status")
    code = to_int(status, 5)
    let_through = (
        pl.when(cls == WEB).then(code.is_between(100, 599)).otherwise(status.is_in(["0", *ENDED]))
    )
    outcome = word_of(
        ("blocked", status.is_in([REFUSED, *_elff.DENIED_BY_ISA])),
        ("allowed", let_through),
    )
    answer = pl.when(cls == WEB).then(status)
    return unless_challenged(answer, outcome, answer == _elff.ASKED_BY_ISA)


def _extras() -> pl.Expr:
    status = pl.col("status")
    is_flow = cls == FLOW
    phase = word_of(("start", is_flow & (status == "0")), ("end", is_flow & status.is_in(ENDED)))
    own = pl.when(is_flow).then("agent")
    fields = [
        phase.alias("phase"),
        status.alias("result"),
        pl.col("rule"),
        pl.col("more_rule").alias("site_rule"),
        own.alias("agent"),
        pl.col("computer"),
    ]
    return pl.when(cls != "system_events").then(json_of(fields))


FORMAT = Format(
    name="isa_native",
    product="Microsoft ISA Server",
    event_classes=(FLOW, WEB, LOOKUP, "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=width(),
)
