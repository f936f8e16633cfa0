"""The event classes: what a parsed log line may become, column by column.

Names follow OCSF where it has one. Times are UTC instants in microseconds.
`bytes_in` and `bytes_out` are seen from the *source* endpoint: `bytes_in` came
toward it, whatever the product calls that. An unknown value is null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

INSTANT = pl.Datetime("us", "UTC")

LINES_PER_FILE = 1 << 32
"""An event's id is one number: its file times this, and its line."""

Pii = Literal["none", "indirect", "direct"]
TIME_QUALITIES: Mapping[str, str] = {
    "exact": "an epoch, or a stamp that carries its offset",
    "zoned": "local civil time, read in the zone set for the source",
    "year_inferred": "no year in the stamp: the one nearest to its anchor",
    "ambiguous": "falls in the repeated hour of a clock change; decides nothing alone",
    "shifted": "falls in the hour that a clock change leaves out",
}
PLACE = pl.Schema({"file_id": pl.Int64, "line_no": pl.Int64, "byte_offset": pl.Int64})
"""Location of a line: ledger ID of the file, line from 1, first byte from 0."""
REJECT_COLUMNS = pl.Schema({"reason": pl.String, "line": pl.String})
LAKE_COLUMNS = pl.Schema({"source": pl.String, "format": pl.String, "event_date": pl.Date})
"""Columns that the lake adds to every event: the source's name, the format that read it,
and the district's local day of `start_time` (else `time`)."""

LOGON_ACTIVITIES: Mapping[str, str] = {
    "logon": "an account signed in, or tried to",
    "logoff": "its session ended",
    "lock": "its screen was locked",
    "unlock": "its screen was unlocked",
    "ticket": "a directory issued or refused a ticket (Kerberos, NTLM)",
    "mapping": "a product took an address for an account",
}

NAME_PROOFS: Mapping[str, str] = {
    "authenticated": "the product, or the directory that it asked, checked the account",
    "tunnel": "the same, of a name that was sent inside a tunnel",
    "recorded": "the network's equipment took the address for that account: a copy, a mapping",
    "outer": "a server's name of a network login; a tunnel may have proven another one",
    "said": "the client, or any program, wrote it; or it was refused",
    "guessed": "inferred without a record",
    "doubtful": "the line has two names of accounts, or one in a visitor's text; none counts",
}
"""Ways in which a product knows the account in its line. A name that is *said* or *guessed* may
confirm another one and is never the reason of a finding."""

LOGON_KINDS: Mapping[str, str] = {
    "interactive": "at the keyboard of that device, unlocking included",
    "cached": "at the keyboard, directory out of reach",
    "remote": "remote desktop, ssh",
    "network": "a share, a mailbox, a directory look-up; no keyboard",
    "batch": "a scheduled task; no person",
    "service": "a service; no person",
    "vpn": "a tunnel into the district",
    "wifi": "802.1X on a wireless network or port",
    "cloud": "a sign-in to a cloud service",
    "proxy": "a login to a proxy or captive portal",
}


def event_id_of(file_id: int, line_no: int) -> int:
    """Return the event id of a line of a file."""
    return file_id * LINES_PER_FILE + line_no


def place_of(event_id: int) -> tuple[int, int]:
    """Return file and line of an event."""
    return divmod(event_id, LINES_PER_FILE)


@dataclass(frozen=True)
class Column:
    """One column of an event class."""

    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    pii: Pii = "none"


@dataclass(frozen=True)
class EventClass:
    """One kind of event, and its columns."""

    name: str
    ocsf: int | None
    meaning: str
    columns: Mapping[str, Column]

    @property
    def schema(self) -> pl.Schema:
        """Column names and types, without the columns of the place."""
        return pl.Schema({name: col.dtype for name, col in self.columns.items()})

    def names(self) -> list[str]:
        """Return the column names in order."""
        return list(self.columns)


_TIMES = {
    "time": Column(INSTANT, "the stamp in the log"),
    "time_quality": Column(pl.String, "how the stamp was read: " + ", ".join(TIME_QUALITIES)),
}
_SOURCE = {
    "src_ip": Column(pl.String, "address that opened it, in canonical form", "indirect"),
    "src_port": Column(pl.Int32, "its port"),
    "src_mac": Column(pl.String, "its MAC, lower case with colons", "indirect"),
    "src_hostname": Column(pl.String, "its name where the log gives one", "indirect"),
    "user_name": Column(pl.String, "account as written in the log; null for none", "direct"),
    "name_proof": Column(pl.String, "how the account is known: " + ", ".join(NAME_PROOFS)),
}
_EXTRAS = {
    "event_uid": Column(pl.String, "the product's own id of the event, where it has one"),
    "extras": Column(pl.String, "further fields of the line, as JSON text", "direct"),
}

HTTP_REQUESTS = EventClass(
    name="http_requests",
    ocsf=4002,
    meaning="A request that a proxy or web filter saw; for HTTPS usually the tunnel.",
    columns={
        **_TIMES,
        "start_time": Column(INSTANT, "when it began; decides duty, leave and approval"),
        **_SOURCE,
        "dst_ip": Column(pl.String, "address that answered"),
        "dst_port": Column(pl.Int32, "port asked for"),
        "method": Column(pl.String, "HTTP method, upper case; CONNECT for a tunnel"),
        "url_scheme": Column(pl.String, "http, https, ftp, ...; null for a tunnel"),
        "url_hostname": Column(pl.String, "host asked for, lower case, without port"),
        "url": Column(pl.String, "the URL as logged, at most 8,192 characters", "direct"),
        "status_code": Column(pl.Int16, "HTTP status sent to the client"),
        "bytes_in": Column(pl.Int64, "bytes sent to the client"),
        "bytes_out": Column(pl.Int64, "bytes sent by the client"),
        "content_type": Column(pl.String, "media type, lower case, without parameters"),
        "referrer_hostname": Column(pl.String, "host of the referring page"),
        "user_agent": Column(pl.String, "the client's own description", "indirect"),
        "category": Column(pl.String, "the product's category; never a verdict"),
        "threat": Column(pl.String, "malware that the product's own scan named in it"),
        "disposition": Column(
            pl.String, "what the control did: allowed, blocked, challenged (log in first)"
        ),
        **_EXTRAS,
    },
)

CONNECTIONS = EventClass(
    name="connections",
    ocsf=4001,
    meaning="A network flow or packet that a firewall saw.",
    columns={
        **_TIMES,
        "start_time": Column(INSTANT, "when it began"),
        **_SOURCE,
        "dst_ip": Column(pl.String, "address that answered"),
        "dst_port": Column(pl.Int32, "its port"),
        "dst_hostname": Column(pl.String, "its name where the log gives one, lower case"),
        "protocol": Column(pl.String, "tcp, udp, icmp, ipv6-icmp, or the number as text"),
        "bytes_in": Column(pl.Int64, "bytes toward the source"),
        "bytes_out": Column(pl.Int64, "bytes sent by the source"),
        "nat_ip": Column(pl.String, "address that the source wore outside"),
        "nat_port": Column(pl.Int32, "port that the source wore outside"),
        "application": Column(pl.String, "the product's name for what it carried"),
        "category": Column(pl.String, "the product's category; never a verdict"),
        "threat": Column(pl.String, "malware that the product's own scan named in it"),
        "direction": Column(pl.String, "outbound, inbound or lateral, where known"),
        "disposition": Column(pl.String, "what the control did: allowed, blocked"),
        "connection_uid": Column(pl.String, "the product's id of the flow"),
        **_EXTRAS,
    },
)


LOGONS = EventClass(
    name="logons",
    ocsf=3002,
    meaning="An account signed in, was refused, signed out, was locked or unlocked.",
    columns={
        **_TIMES,
        **_SOURCE,
        "user_domain": Column(pl.String, "directory or domain as written", "indirect"),
        "activity": Column(pl.String, "one of: " + ", ".join(LOGON_ACTIVITIES)),
        "logon_kind": Column(pl.String, "one of: " + ", ".join(LOGON_KINDS)),
        "is_success": Column(pl.Boolean, "allowed; null where that does not apply"),
        "failure_reason": Column(pl.String, "why it was refused, as the product says"),
        "logon_type": Column(pl.Int16, "Windows logon type"),
        "event_code": Column(pl.String, "the product's number or name of the event"),
        "logon_uid": Column(pl.String, "the product's id of the session"),
        "host": Column(pl.String, "device the account was used on, lower case", "indirect"),
        "reported_by": Column(pl.String, "device that wrote the event, lower case"),
        "assigned_ip": Column(pl.String, "address given to it inside (VPN)", "indirect"),
        "is_machine": Column(pl.Boolean, "a computer's or built-in account, not a person's"),
        **_EXTRAS,
    },
)

LEASES = EventClass(
    name="leases",
    ocsf=4004,
    meaning="A DHCP server gave, renewed or took back an address.",
    columns={
        **_TIMES,
        "ip": Column(pl.String, "address", "indirect"),
        "mac": Column(pl.String, "MAC, lower case with colons", "indirect"),
        "hostname": Column(pl.String, "name the client gave, lower case", "indirect"),
        "action": Column(pl.String, "assign, renew, release, expire or decline"),
        "lease_end_time": Column(INSTANT, "when the lease runs out, where known"),
        **_EXTRAS,
    },
)

DNS_QUERIES = EventClass(
    name="dns_queries",
    ocsf=4003,
    meaning="A name that was looked up.",
    columns={
        **_TIMES,
        **_SOURCE,
        "query_name": Column(pl.String, "name asked for, lower case, no final dot"),
        "query_type": Column(pl.String, "A, AAAA, HTTPS, ..."),
        "response_code": Column(pl.String, "NOERROR, NXDOMAIN, ..."),
        "answers": Column(pl.String, "answers, separated by commas"),
        "category": Column(pl.String, "the product's category; never a verdict"),
        "disposition": Column(pl.String, "what the control did: allowed, blocked"),
        **_EXTRAS,
    },
)

SYSTEM_EVENTS = EventClass(
    name="system_events",
    ocsf=None,
    meaning=(
        "A line that reads well and belongs to no class above: the product about "
        "itself. Kept, counted, used by source health only."
    ),
    columns={
        **_TIMES,
        "kind": Column(pl.String, "the product's name for this kind of line"),
        "reported_by": Column(pl.String, "device that wrote it, lower case"),
        "message": Column(pl.String, "the line as written", "direct"),
        **_EXTRAS,
    },
)

ECS: Mapping[str, str] = {
    "time": "@timestamp",
    "start_time": "event.start",
    "event_uid": "event.id",
    "src_ip": "source.ip",
    "src_port": "source.port",
    "src_mac": "source.mac",
    "src_hostname": "source.domain",
    "user_name": "user.name",
    "user_domain": "user.domain",
    "user_agent": "user_agent.original",
    "dst_ip": "destination.ip",
    "dst_port": "destination.port",
    "dst_hostname": "destination.domain",
    "nat_ip": "source.nat.ip",
    "nat_port": "source.nat.port",
    "bytes_in": "destination.bytes",
    "bytes_out": "source.bytes",
    "protocol": "network.transport",
    "application": "network.application",
    "direction": "network.direction",
    "method": "http.request.method",
    "status_code": "http.response.status_code",
    "content_type": "http.response.mime_type",
    "referrer_hostname": "http.request.referrer",
    "url": "url.original",
    "url_scheme": "url.scheme",
    "url_hostname": "url.domain",
    "threat": "threat.software.name",
    "disposition": "event.type",
    "activity": "event.action",
    "is_success": "event.outcome",
    "failure_reason": "event.reason",
    "event_code": "event.code",
    "host": "host.name",
    "reported_by": "observer.name",
    "ip": "client.ip",
    "mac": "client.mac",
    "hostname": "client.domain",
    "query_name": "dns.question.name",
    "query_type": "dns.question.type",
    "response_code": "dns.response_code",
    "answers": "dns.answers.data",
    "message": "message",
}
"""Column -> the field of the Elastic Common Schema (8.17) with the same content. Values differ
where the schema has separate words: `disposition` is `allowed` or `denied` there."""

EVENT_CLASSES: Mapping[str, EventClass] = {
    cls.name: cls
    for cls in (HTTP_REQUESTS, CONNECTIONS, LOGONS, LEASES, DNS_QUERIES, SYSTEM_EVENTS)
}
