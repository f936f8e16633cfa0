"""ISC dhcpd in syslog: which address was given to which MAC.

    Nov  2 08:15:00 dhcp1 dhcpd[812]: DHCPACK on 192.0.2.17 to 00:00:5e:00:53:01 (lab-7) via eth0

Only an ACK proves an address: DISCOVER, OFFER, REQUEST and NAK are talk, and
`DHCPACK to` answers an INFORM, which gives nothing. The server does not say
whether an ACK was the first or a renewal, so it is `assign` unless the line
ends in `(RENEW)`, as Infoblox writes. The name in brackets is the client's own
and may be missing. The old stamp has neither year nor zone. DHCPv6 names the
client by its DUID, which is not a MAC and stays in `extras`.
"""

from collections.abc import Sequence

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import to_int, word_of
from pipelines.formats.reading.syslog import with_header, written_by
from pipelines.formats.reading.table import value, with_groups

SENTENCES = (
    r"^(?<verb>DHCP[A-Z]+)",
    r"^DHCP(?:ACK on|RELEASE of|EXPIRE on|DECLINE of) (?<ip>[^ ]+) (?:to|from) (?<mac>[^ ]+)",
    r"^Reply NA: address (?<ip6>[^ ]+) to client with duid (?<duid>[^ ]+) ",
    r"^Client (?<ended_duid>[^ ]+) (?<ended>release|decline)s address (?<ended_ip>[^ ,]+)",
    r" (?:to|from) [^ ]+ \((?<name>.*?)\)(?: via |$)",
    r" via (?<via>[^ :]+)",
    r" (?:lease-duration|valid for) (?<seconds>[0-9]{1,8})(?: |$)",
    r"^(?<repeated>last message repeated)",
)
ACTIONS = {
    "DHCPACK on ": "assign",
    "DHCPRELEASE of ": "release",
    "DHCPEXPIRE on ": "expire",
    "DHCPDECLINE of ": "decline",
    "Reply NA: ": "assign",
}
BODY, DUID = pl.col("syslog_body"), value("duid", "ended_duid")
KIND = pl.coalesce(value("verb"), "syslog_program", value("repeated"))
ACTION = word_of(
    ("renew", BODY.str.starts_with("DHCPACK on ") & BODY.str.ends_with("(RENEW)")),
    *((action, BODY.str.starts_with(start)) for start, action in ACTIONS.items()),
    otherwise=value("ended"),
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a syslog line of `dhcpd`; a Firebox, which has one too, numbers its lines."""
    numbered = line.str.contains('dhcpd6?(?:\\[[0-9]*\\])?: msg_id="')
    return written_by(line, "dhcpd6?") & ~numbered


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut each sentence into its words."""
    del names
    lines = with_header(batch, context.reading)
    for shape in SENTENCES:
        lines = with_groups(lines, BODY, shape)
    return lines


FORMAT = Format(
    name="isc_dhcpd",
    product="ISC dhcpd",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    split=split,
    fields={
        "action": ACTION,
        "ip": value("ip", "ip6", "ended_ip"),
        "mac": "mac",
        "hostname": "name",
        "kind": KIND,
        "reported_by": pl.col("syslog_host"),
    },
    classes={"leases": ACTION.is_not_null()},
    more={
        "lease_end_time": pl.col("time")
        + pl.duration(seconds=to_int(value("seconds")), time_unit="us")
    },
    extras={"server": pl.col("syslog_host"), "via": "via", "duid": DUID},
    must={
        "no program in the syslog header": KIND.is_not_null(),
        "no such DHCP message": value("verb").is_null()
        | BODY.str.contains("^DHCP(?:[A-Z]+) (?:on|of|for|from|to) "),
    },
    required={"leases": ("mac",)},
    may_lack={"mac": DUID.is_not_null()},
)
