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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import address, null_if_dash, to_int, word_of
from pipelines.formats.reading.flows import seconds, somewhere
from pipelines.formats.reading.table import PREFIX, value

HEAD = r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4})\s*(?:\n|$)"
SHAPE = r"^[^\n]+(?:\n[ \t]+[A-Za-z0-9._:-]+ *\+?:?= *[^\n]*|\n?\s*)*$"
ACTIVITIES = {
    "start": "logon",
    "stop": "logoff",
    "interim-update": "mapping",
    "alive": "mapping",
    "access-accept": "logon",
    "access-reject": "logon",
}
PACKET = null_if_dash(value("Acct-Status-Type", "Packet-Type"))
ACTIVITY = PACKET.str.to_lowercase().replace_strict(
    ACTIVITIES, default=None, return_dtype=pl.String
)
IS_REFUSED = PACKET.str.to_lowercase() == "access-reject"
GIVEN_IP = somewhere(address(value("Framed-IP-Address")))
IS_IDLE = (ACTIVITY == "mapping") & GIVEN_IP.is_null()
PORT = value("NAS-Port-Type").str.to_lowercase()
BY_PORT = word_of(
    ("wifi", PORT.str.starts_with("wireless") | (PORT == "ethernet")), ("vpn", PORT == "virtual")
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a date alone on its line, then indented attributes."""
    return line.str.contains(HEAD) & line.str.contains(r"\n[ \t]+[A-Za-z0-9-]+ = ")


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the attributes; of two with one name the first counts."""
    del context
    lines = batch.with_columns(line=pl.col("line").str.replace_all("\r", ""))
    return lines.with_columns(_attribute(name).alias(f"{PREFIX}{name}") for name in names)


def _attribute(name: str) -> pl.Expr:
    """Return the value of the first line of that name, without its quotes."""
    shape = rf'(?m)^[ \t]+{name} *= *(?:"((?:[^"\\]|\\.)*)"|(.*?))\s*$'
    parts = pl.col("line").str.extract_groups(shape).struct
    quoted = parts.field("1").str.replace_all(r"\\(.)", "$1")
    return pl.coalesce(quoted, parts.field("2"))


def stamp(context: Context) -> Stamp:
    """Return when the packet's event was, before its delay."""
    head = pl.col("line").str.extract_groups(HEAD).struct
    text = pl.concat_str([head.field(place) for place in "1243"], separator=" ")
    written = clock.first(
        clock.epoch(value("Timestamp")), clock.civil(text, "%b %d %Y %H:%M:%S", context.reading)
    )
    delay = seconds(value("Acct-Delay-Time").fill_null("0"))
    none = pl.duration(seconds=0, time_unit="us")
    return Stamp(written.time - pl.coalesce(delay, none), written.quality)


def more(context: Context) -> dict[str, pl.Expr]:
    """Return the result of a login and its device."""
    card, far_ip = radius.caller(value("Calling-Station-Id"))
    logon_kind = radius.kind(BY_PORT, (card, far_ip), context.options)
    station = card, pl.coalesce(far_ip, address(value("Tunnel-Client-Endpoint")))
    return {
        **radius.login(pl.col("user_name"), station, logon_kind, given_ip=GIVEN_IP),
        "name_proof": radius.proof(
            word_of(
                ("outer", value("Acct-Status-Type").is_null()),
                ("said", (logon_kind != "vpn").fill_null(value=True)),
            ),
            context.options,
        ),
        "activity": ACTIVITY,
        "is_success": pl.when(ACTIVITY == "logon").then(~IS_REFUSED),
        "failure_reason": pl.when(IS_REFUSED).then(
            pl.coalesce(null_if_dash(value("Reply-Message")), PACKET)
        ),
    }


FORMAT = Format(
    name="freeradius_detail",
    product="FreeRADIUS",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "user_name": "User-Name",
        "event_code": PACKET,
        "logon_uid": "Acct-Session-Id",
        "kind": PACKET,
        "reported_by": value("NAS-Identifier", "NAS-IP-Address"),
    },
    classes={
        "logons": ACTIVITY.is_not_null() & pl.col("user_name").is_not_null() & ~IS_IDLE
    },
    more=more,
    extras={
        "seconds": to_int(value("Acct-Session-Time")).cast(pl.String),
        "bytes_out": to_int(value("Acct-Input-Octets")).cast(pl.String),
        "bytes_in": to_int(value("Acct-Output-Octets")).cast(pl.String),
        "ended_by": "Acct-Terminate-Cause",
        "called": "Called-Station-Id",
    },
    must={
        "a line that is not an attribute": pl.col("line").str.contains(SHAPE),
        "neither an accounting packet nor another": PACKET.is_not_null(),
    },
    framing="paragraphs",
)  # fmt: skip
