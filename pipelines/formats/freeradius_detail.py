"""FreeRADIUS (and GNU Radius) `detail` files: one paragraph per packet.

    Mon Nov  2 08:15:00 2026
            User-Name = "ada"
            Acct-Status-Type = Start
            Framed-IP-Address = 192.0.2.17

Accounting records sessions: `Start` is a login, `Stop` its end, an interim packet with an
address shows that the account still has it. `Access-Accept` and `Access-Reject` are logins of an
auth-detail file; requests and challenges are system events. The address that a session was given
is the client's own on a wireless network, and the one inside on a VPN. `Timestamp` is UTC and
goes before the first line, which is local; `Acct-Delay-Time` seconds had passed by then. Octets
are counted by the gateway: its input is what the client sent. A name on a wireless network or port
is the one in front of the tunnel: it counts if the server's log proves it, or with
`options.name_proof = "authenticated"` if the server returns the proven name in its answer.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import radius as _radius
from pipelines.formats.reading.fields import account, address, name, null_if_dash, to_int
from pipelines.formats.reading.flows import seconds, somewhere
from pipelines.formats.reading.keyvalue import json_of

HEAD = r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4})\s*(?:\n|$)"
SHAPE = r"^[^\n]+(?:\n[ \t]+[A-Za-z0-9._:-]+ *\+?:?= *[^\n]*|\n?\s*)*$"
KEYS = [
    "User-Name", "Acct-Status-Type", "Packet-Type", "Framed-IP-Address",
    "Calling-Station-Id", "Called-Station-Id", "NAS-IP-Address", "NAS-Identifier",
    "NAS-Port-Type", "Acct-Session-Id", "Acct-Session-Time", "Acct-Input-Octets",
    "Acct-Output-Octets", "Acct-Terminate-Cause", "Acct-Delay-Time", "Timestamp",
    "Reply-Message", "Tunnel-Client-Endpoint",
]  # fmt: skip
ACTIVITIES = {
    "start": "logon",
    "stop": "logoff",
    "interim-update": "mapping",
    "alive": "mapping",
    "access-accept": "logon",
    "access-reject": "logon",
}
PORTS = {"ethernet": "wifi", "virtual": "vpn"}
IS_LOGON = pl.col("event_class") == "logons"

REJECT_RULES = {
    "a line that is not an attribute": pl.col("line").str.contains(SHAPE),
    "no time that can be read": pl.col("time").is_not_null(),
    "neither an accounting packet nor another": pl.col("kind").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a date alone on its line, then indented attributes."""
    return line.str.contains(HEAD) & line.str.contains(r"\n[ \t]+[A-Za-z0-9-]+ = ")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons`, or of `system_events` for other packets."""
    text = pl.col("line").str.replace_all("\r", "")
    cut = batch.with_columns(line=text).with_columns(_attribute(key).alias(key) for key in KEYS)
    kind = null_if_dash(pl.coalesce("Acct-Status-Type", "Packet-Type"))
    return (
        cut.with_columns(**_when(context), kind=kind)
        .with_columns(
            activity=kind.str.to_lowercase().replace_strict(
                ACTIVITIES, default=None, return_dtype=pl.String
            ),
            given=somewhere(address(pl.col("Framed-IP-Address"))),
            user_name=account(pl.col("User-Name")),
        )
        .with_columns(**_logon(context))
        .with_columns(**_addresses(), extras=_extras())
    )


def _attribute(key: str) -> pl.Expr:
    """Return the value of the first line of that name, without its quotes."""
    shape = rf'(?m)^[ \t]+{key} *= *(?:"((?:[^"\\]|\\.)*)"|(.*?))\s*$'
    found = pl.col("line").str.extract_groups(shape).struct
    quoted = found.field("1").str.replace_all(r"\\(.)", "$1")
    return pl.coalesce(quoted, found.field("2"))


def _when(context: Context) -> dict[str, pl.Expr]:
    head = pl.col("line").str.extract_groups(HEAD).struct
    spelled = [head.field(place) for place in ("1", "2", "4", "3")]
    text = pl.concat_str(spelled, separator=" ")
    stamp = clock.first(
        clock.epoch(pl.col("Timestamp")), clock.civil(text, "%b %d %Y %H:%M:%S", context.reading)
    )
    delay = seconds(pl.col("Acct-Delay-Time").fill_null("0"))
    return {
        "time": stamp.time - pl.coalesce(delay, pl.duration(seconds=0, time_unit="us")),
        "time_quality": stamp.quality,
    }


def _logon(context: Context) -> dict[str, pl.Expr]:
    activity, user, kind = pl.col("activity"), pl.col("user_name"), pl.col("kind")
    station = _radius.caller(pl.col("Calling-Station-Id"))
    port = pl.col("NAS-Port-Type").str.to_lowercase()
    by_port = (
        pl.when(port.str.starts_with("wireless"))
        .then(pl.lit("wifi"))
        .otherwise(port.replace_strict(PORTS, default=None, return_dtype=pl.String))
    )
    is_idle = (activity == "mapping") & pl.col("given").is_null()
    refused = kind.str.to_lowercase() == "access-reject"
    is_logon = activity.is_not_null() & user.is_not_null() & ~is_idle
    return {
        "event_class": pl.when(is_logon).then(pl.lit("logons")).otherwise(pl.lit("system_events")),
        "logon_kind": _radius.kind(by_port, station, context.options),
        "name_proof": _radius.proof(
            pl.when(pl.col("Acct-Status-Type").is_null())
            .then(pl.lit("outer"))
            .when((_radius.kind(by_port, station, context.options) != "vpn").fill_null(value=True))
            .then(pl.lit("said")),
            context.options,
        ),
        "is_success": pl.when(activity == "logon").then(~refused),
        "failure_reason": pl.when(refused).then(
            pl.coalesce(null_if_dash(pl.col("Reply-Message")), kind)
        ),
        "event_code": kind,
        "logon_uid": null_if_dash(pl.col("Acct-Session-Id")),
        "src_mac": station[0],
        "far_ip": pl.coalesce(station[1], address(pl.col("Tunnel-Client-Endpoint"))),
        "host": _radius.computer_name(user),
        "src_hostname": _radius.computer_name(user),
        "reported_by": name(pl.coalesce("NAS-Identifier", "NAS-IP-Address")),
        "is_machine": _radius.is_computer(user),
        "message": pl.col("line"),
    }


def _addresses() -> dict[str, pl.Expr]:
    """Return inside and outside addresses, which differ only on a VPN."""
    is_vpn = pl.col("logon_kind") == "vpn"
    return {
        "assigned_ip": pl.when(is_vpn).then("given"),
        "src_ip": pl.when(is_vpn).then("far_ip").otherwise(pl.coalesce("given", "far_ip")),
    }


def _extras() -> pl.Expr:
    counts = {
        "seconds": "Acct-Session-Time",
        "bytes_out": "Acct-Input-Octets",
        "bytes_in": "Acct-Output-Octets",
    }
    fields = [
        *(to_int(pl.col(key)).cast(pl.String).alias(n) for n, key in counts.items()),
        null_if_dash(pl.col("Acct-Terminate-Cause")).alias("ended_by"),
        null_if_dash(pl.col("Called-Station-Id")).alias("called"),
    ]
    return pl.when(IS_LOGON).then(json_of(fields))


FORMAT = Format(
    name="freeradius_detail",
    product="FreeRADIUS",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="paragraphs",
)
