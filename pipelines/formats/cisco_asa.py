r"""Cisco ASA and FTD in syslog: connections, refusals, URLs, VPN logons.

    <166>Nov 02 2026 08:15:00 asa1 : %ASA-6-302013: Built outbound TCP connection 7
    for outside:198.51.100.7/443 (198.51.100.7/443) to inside:192.0.2.17/50123
    (203.0.113.1/50123)

(one line). The header has many shapes: with and without year, host, priority, zone word. The
number after the level is the message type; other types are system events.

- The end named first is not always the source: `Built outbound` names the one that answered
  first. A teardown does not contain the opener: it takes that, the mapped address and the user
  from its `Built`, if both are read together. Otherwise the end whose port is not a service's
  (below 1024) is the source, and if both ports are of one type, both ends remain unknown. Both
  carry one `connection_uid`, which is reused after a restart; sums of flows count it once. The
  bytes are of both ways together (`extras`).
- The mapped address of the source is its outside address (`nat_ip`).
- An address may be a name from the device's own list.
- A user is in brackets after its end as `domain\user`, or at the line's end.
- Packets of no known connection (106015) and forged ones (106016, 106017, 106021) do not show
  who opened the connection: system events.
- FTD reports a connection once more with all its data (430002 at its start, 430003 at its end,
  one `connection_uid`): initiator, user, bytes of each way, application. Where it names a URL
  the line is a request, except for an allowed start, whose end repeats it.
- `Username` of a LAN-to-LAN session is the other firewall. `*****` is hidden.
- Options: `outside_interfaces` (`outside,isp2`) distinguishes inbound from outbound.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import asa_fields as _cisco_ftd
from pipelines.formats.reading.asa_fields import (
    CODES,
    FLOWS,
    HAS_PORTS,
    IS_BUILT,
    IS_ENDED,
    LOGONS,
    VISITS,
    ends,
    joined,
    lasted,
    logon,
    placed,
    said,
    visit,
    words,
)
from pipelines.formats.reading.fields import account, name, word_of
from pipelines.formats.reading.flows import direction, protocol
from pipelines.formats.reading.json_text import json_of
from pipelines.formats.reading.syslog import BEFORE_TAG, HEADER_END, with_header

MESSAGE = r"%(?:ASA|FTD|NGIPS|PIX|FWSM)-(?:[A-Za-z]+-|-)?[0-7]-([0-9]{6})"
FAMILY, CODE = pl.col("family"), pl.col("code")
IS_FLOW = pl.col("event_class") == "connections"
HAS_ENDS = pl.col("event_class").is_in(["connections", "http_requests"])

REJECT_RULES = {
    "not a message of this product": CODE.is_not_null(),
    "not the words of this message number": FAMILY.is_not_null()
    | ~CODE.is_in([*CODES, *_cisco_ftd.FTD_CODES]),
    "an end is neither an address nor a name": ~HAS_ENDS
    | (pl.col("is_end_a") & pl.col("is_end_b")),
    "port is not a number up to 65,535": ~(IS_FLOW & HAS_PORTS)
    | (pl.col("port_a").is_not_null() & pl.col("port_b").is_not_null()),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a message number of ASA, FTD or their forerunners."""
    return line.str.contains(rf"(?:{HEADER_END}|{BEFORE_TAG}){MESSAGE}:? ")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the event class of each message."""
    program, body = pl.col("syslog_program"), pl.col("syslog_body")
    in_tag = program.str.extract(rf"^{MESSAGE}$", 1)
    is_host = in_tag.is_null() & pl.col("syslog_process").is_null()
    return (
        with_header(batch, context.reading)
        .with_columns(
            code=pl.coalesce(in_tag, body.str.extract(rf"^{MESSAGE}:? ", 1)),
            text=body.str.replace(rf"^{MESSAGE}:? ", "").str.strip_chars_end(" "),
            reported_by=pl.coalesce("syslog_host", name(pl.when(is_host).then(program))),
            time=pl.col("syslog_time"),
            time_quality=pl.col("syslog_time_quality"),
        )
        .pipe(words)
        .pipe(_cisco_ftd.told)
        .with_columns(**ends(), event_class=_event_class())
        .pipe(joined)
        .with_columns(**placed(), **_times())
        .pipe(_cisco_ftd.timed)
        .with_columns(**_flow(context), **visit(), **logon())
        .with_columns(user_name=_user(), kind=CODE, message=pl.col("line"), extras=_extras())
    )


def _event_class() -> pl.Expr:
    # the peer of a tunnel between networks is not a user
    is_peer = (said("session") == "LAN-to-LAN").fill_null(value=False)
    return word_of(
        ("connections", FAMILY.is_in([*FLOWS, "session"])),
        ("http_requests", FAMILY.is_in([*VISITS, "session_url"])),
        ("logons", FAMILY.is_in(LOGONS) & ~is_peer),
        otherwise="system_events",
    )


def _user() -> pl.Expr:
    r"""`domain\user` of the source (a tag number follows a comma), or the line's."""
    own = pl.col("source_user").str.extract(r"^([^,]*\\[^,]+)(?:, *[0-9]+)?$", 1)
    return pl.coalesce(
        account(text)
        for text in (own, pl.col("source_account"), said("user").str.strip_suffix(">"))
    )


def _times() -> dict[str, pl.Expr]:
    start = pl.when(IS_ENDED).then(pl.col("time") - lasted()).otherwise("time")
    return {"start_time": start}


def _flow(context: Context) -> dict[str, pl.Expr]:
    outside = [
        text.strip() for text in context.options.get("outside_interfaces", "").lower().split(",")
    ]
    ends = [pl.col(at).str.to_lowercase() for at in ("source_if", "target_if")]
    denied = FAMILY.is_in(["refused", "denied", "not_let"]) | (said("verdict") == "denied")
    return {
        "protocol": protocol(said("transport")),
        "direction": direction(ends[0], ends[1], outside)
        if any(outside)
        else pl.lit(None, pl.String),
        "disposition": pl.when(denied.fill_null(value=False))
        .then(pl.lit("blocked"))
        .otherwise(pl.lit("allowed")),
        "connection_uid": said("uid"),
    }


def _extras() -> pl.Expr:
    """Return fields without a column; both ends where their roles are unknown."""
    is_unsure = IS_ENDED & pl.col("b_opened").is_null()
    ends = [
        pl.when(is_unsure).then(said(end) + "/" + said(f"{end}_port")).alias(end)
        for end in ("a", "b")
    ]
    phase = pl.when(IS_BUILT).then(pl.lit("start")).when(IS_ENDED).then(pl.lit("end"))
    fields = [
        pl.coalesce(phase, "ftd_phase").alias("phase"),
        pl.col("source_if").alias("from_interface"),
        pl.col("target_if").alias("to_interface"),
        *ends,
        *(
            said(key).alias(key)
            for key in ("bytes", "rule", "hits", "group", "session", "sent", "received")
        ),
        pl.when(IS_ENDED | (FAMILY == "gone")).then(said("lasted")).alias("duration"),
        pl.when(pl.col("activity") == "logoff").then("end_reason").alias("end_reason"),
    ]
    return pl.when(pl.col("event_class") != "system_events").then(json_of(fields))


FORMAT = Format(
    name="cisco_asa",
    product="Cisco ASA, FTD",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    required={"connections": ("start_time",), "http_requests": ("start_time",)},
    may_lack={"src_ip": pl.lit(value=True)},
)
