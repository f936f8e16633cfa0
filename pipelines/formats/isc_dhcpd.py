"""ISC dhcpd in syslog: which address was given to which MAC.

    Nov  2 08:15:00 dhcp1 dhcpd[812]: DHCPACK on 192.0.2.17 to 00:00:5e:00:53:01 (lab-7) via eth0

Only an ACK proves an address: DISCOVER, OFFER, REQUEST and NAK are talk, and
`DHCPACK to` answers an INFORM, which gives nothing. The server does not say
whether an ACK was the first or a renewal, so it is `assign` unless the line
ends in `(RENEW)`, as Infoblox writes. The name in brackets is the client's own
and may be missing. The old stamp has neither year nor zone. DHCPv6 names the
client by its DUID, which is not a MAC and stays in `extras`.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, mac, name, null_if_dash, to_int
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import with_header, written_by

LEASE = r"^DHCP(?:ACK on|RELEASE of|EXPIRE on|DECLINE of) ([^ ]+) (?:to|from) ([^ ]+)"
LEASE_V6 = r"^Reply NA: address ([^ ]+) to client with duid ([^ ]+) "
ENDED_V6 = r"^Client ([^ ]+) (?:releases|declines) address ([^ ,]+)"
REPEATED = "^last message repeated"
ACTIONS = {
    "DHCPACK on ": "assign",
    "DHCPRELEASE of ": "release",
    "DHCPEXPIRE on ": "expire",
    "DHCPDECLINE of ": "decline",
    "Reply NA: ": "assign",
}
BODY = pl.col("syslog_body")
IS_LEASE = pl.col("event_class") == "leases"

REJECT_RULES = {
    "no syslog stamp that can be read": pl.col("time").is_not_null(),
    "no program in the syslog header": pl.col("kind").is_not_null(),
    "lease of no address": pl.col("ip").is_not_null() | ~IS_LEASE,
    "client of the lease is not a MAC": pl.any_horizontal(
        pl.col("mac").is_not_null(), pl.col("duid").is_not_null(), ~IS_LEASE
    ),
    "no such DHCP message": pl.col("verb").is_null()
    | BODY.str.contains("^DHCP(?:[A-Z]+) (?:on|of|for|from|to) "),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a syslog line of `dhcpd`; a Firebox, which has one too, numbers its lines."""
    numbered = line.str.contains('dhcpd6?(?:\\[[0-9]*\\])?: msg_id="')
    return written_by(line, "dhcpd6?") & ~numbered


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `leases`, or of `system_events` for all other talk."""
    lease, lease_v6, ended_v6 = (
        BODY.str.extract_groups(shape) for shape in (LEASE, LEASE_V6, ENDED_V6)
    )
    return (
        with_header(batch, context.reading)
        .with_columns(
            time=pl.col("syslog_time"),
            time_quality=pl.col("syslog_time_quality"),
            verb=BODY.str.extract("^(DHCP[A-Z]+)", 1),
            action=action(BODY),
            ip=address(
                pl.coalesce(
                    lease.struct.field("1"), lease_v6.struct.field("1"), ended_v6.struct.field("2")
                )
            ),
            mac=mac(lease.struct.field("2")),
            hostname=name(BODY.str.extract(r" (?:to|from) [^ ]+ \((.*?)\)(?: via |$)")),
            duid=pl.coalesce(lease_v6.struct.field("2"), ended_v6.struct.field("1")),
            via=BODY.str.extract(r" via ([^ :]+)", 1),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
        )
        .with_columns(
            event_class=pl.when(pl.col("action").is_not_null())
            .then(pl.lit("leases"))
            .otherwise(pl.lit("system_events")),
            kind=pl.coalesce("verb", "syslog_program", BODY.str.extract(REPEATED, 0)),
            lease_end_time=pl.col("time") + seconds(BODY),
        )
        .with_columns(extras=extras())
    )


def action(body: pl.Expr) -> pl.Expr:
    """Return the lease's action; null for a line that is not a lease."""
    told = pl.coalesce(
        [pl.when(body.str.starts_with(start)).then(pl.lit(word)) for start, word in ACTIONS.items()]
    )
    renewed = body.str.ends_with("(RENEW)") & (told == "assign")
    ended = body.str.extract(ENDED_V6.replace("(?:", "("), 2)
    return (
        pl.when(renewed)
        .then(pl.lit("renew"))
        .when(ended.is_not_null())
        .then(ended.str.strip_suffix("s"))
        .otherwise(told)
    )


def seconds(body: pl.Expr) -> pl.Expr:
    """Return the duration of the lease, if the line has it; at most three years."""
    count = body.str.extract(r" (?:lease-duration|valid for) ([0-9]{1,8})(?: |$)", 1)
    return pl.duration(seconds=to_int(count), time_unit="us")


def extras() -> pl.Expr:
    """Return the server, the relay or interface, and the DUID, of a lease."""
    fields = [
        pl.col("reported_by").alias("server"),
        null_if_dash(pl.col("via")).alias("via"),
        pl.col("duid"),
    ]
    return pl.when(IS_LEASE).then(json_of(fields))


FORMAT = Format(
    name="isc_dhcpd",
    product="ISC dhcpd",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
