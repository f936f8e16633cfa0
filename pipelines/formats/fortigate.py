"""FortiGate (FortiOS) syslog in its default format or `csv`: one line of `key=value`.

    <189>date=2026-03-02 time=08:14:28 devname="fw01" logid="0000000013"
    type="traffic" subtype="forward" eventtime=1772460868291463928 tz="-0600"
    srcip=10.20.1.7 srcport=50354 dstip=198.51.100.7 dstport=443 proto=6
    action="close" user="ada" duration=126 sentbyte=923 rcvdbyte=77654 ...

(one line). `eventtime` is UTC, in s, ms, us or ns by firmware; it is preferred to
`date` and `time`, which are local and whose `tz` may be missing or one digit.

- A traffic line is written when the session *closes*: start is the stamp minus `duration`. Lines
  of a long session in between (logid ...000020) hold running totals that the closing line
  repeats, so theirs go to `extras`. `sentdelta` and `rcvddelta` count since the line before,
  also in the closing line: if present, they are used, and the line begins where the one before
  ended. A closing line without them counts the difference of its total and that of the session's
  line before, in the same batch; models look for those of the day.
- `sentbyte` is what the source sent. `utmaction="block"`: the policy let the
  session pass and the filter stopped it, hence blocked.
- In a web filter line `url` is a path, the host is `hostname`, and `method` is the rating
  method, not an HTTP method. `user="N/A"` means no user.
- `unauthuser` is a name that the device's own traffic showed (`kerberos`): without
  authentication, it is the best guess. `user="ada,cn=ada"` has a certificate.
- An IPsec tunnel between sites has no person: a system event.
- An event `FSSO-logon` reports that a collector mapped an address to an account.
"""

from collections.abc import Mapping
from functools import cache

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    mac,
    media_type,
    name,
    null_if_dash,
    port,
    split_before,
    to_int,
    where_rare,
    word_of,
)
from pipelines.formats.reading.flows import direction, is_machine, protocol, seconds, somewhere
from pipelines.formats.reading.keyvalue import json_of, with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END
from pipelines.formats.reading.table import value

REFUSED = ["deny", "block", "blocked", "drop", "dropped", "redirect", "reset"]
PASSED = [
    "accept", "close", "start", "timeout", "client-rst", "server-rst", "ip-conn",
    "dns", "pass", "passthrough", "monitor", "exempt", "permit", "allow", "log-only",
]  # fmt: skip
MAPPING = ["FSSO-logon", "auth-logon"]
LEAVING = ["FSSO-logoff", "auth-logout", "tunnel-down"]
EXTRA = [
    "subtype", "action", "policyid", "service", "profile", "group", "utmaction",
    "unauthuser",
]  # fmt: skip

WRITERS = Writers(["user", "xauthuser", "unauthuser"], ["agent", "filename", "url"])
KEYS = [
    *EXTRA, "agent", "app", "appcat", "assignip", "catdesc", "contenttype", "date",
    "desc", "devname", "dhcp_msg", "dstintfrole", "dstip", "dstname", "dstport",
    "duration", "durationdelta", "eventtime", "hostname", "httpmethod", "ip", "ipaddr",
    "lease", "logdesc", "logid", "mac", "msg", "proto", "qname", "qtype", "rcode",
    "rcvdbyte", "rcvddelta", "reason", "referralurl", "remip", "sentbyte", "sentdelta",
    "sessionid", "srcintfrole", "srcip", "srcmac", "srcname", "srcport", "status",
    "time", "trandisp", "transip", "transport", "tunnelid", "tunnelip", "tunneltype",
    "type", "tz", "url", "user", "xauthuser",
]  # fmt: skip

did, cls = pl.col("did"), pl.col("event_class")
is_interim = ((pl.col("type") == "traffic") & pl.col("logid").str.ends_with("000020")).fill_null(
    value=False
)

FIRST_KEY = "(?:date|devname|logver|itime|timestamp|eventtime|devid)"
BARE = rf"^[\x00 ]*(?:<[0-9]{{1,3}}>)?{FIRST_KEY}="
COMMAS = rf'^{FIRST_KEY}=(?:"[^"]*"|[^ ",]*),[a-z]+='
QUOTED_OR_COMMA = r'("[^"]*")?(?:,|$)'
BEFORE = "<0123456789>\x00 "
BODY = rf'^(?:<[0-9]{{1,3}}>)?(?:[^="]*[ :>])??({FIRST_KEY}=.*)$'
BETWEEN = "120"
"""Seconds between two lines of a session, where the line does not say."""
DELTAS = {
    "sentbyte": "sentdelta", "rcvdbyte": "rcvddelta", "duration": "durationdelta",
}  # fmt: skip
SESSION = ("devname", "sessionid", "srcip", "srcport", "dstip", "dstport")
FLOWS = ["connections", "http_requests", "dns_queries"]

REJECT_RULES = {
    "not key=value pairs": pl.col("is_pairs"),
    "neither eventtime nor date and time": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "duration is not seconds": value("duration").is_null()
    | to_int(value("duration"), 9).is_not_null(),
    "bytes are not a count": (value("sentbyte").is_null() | to_int(value("sentbyte")).is_not_null())
    & (value("rcvdbyte").is_null() | to_int(value("rcvdbyte")).is_not_null()),
    "no name asked for": (cls != "dns_queries") | pl.col("query_name").is_not_null(),
    "lease without address and MAC": (cls != "leases")
    | (pl.col("ip").is_not_null() & pl.col("mac").is_not_null()),
}


@cache
def endpoints() -> Mapping[str, pl.Expr]:
    """Return the ends: the one that opened it and the one that answered."""
    vpn = pl.col("subtype") == "vpn"
    outside = pl.when(vpn).then(value("remip"))
    shown = pl.when(cls.is_in(FLOWS)).then(account(value("unauthuser")))
    xauth = pl.when(vpn).then(null_if_dash(value("xauthuser")))
    return {
        "src_ip": address(pl.coalesce(value("srcip"), outside)),
        "src_port": port(value("srcport")),
        "src_mac": mac(value("srcmac")),
        "src_hostname": name(value("srcname")),
        "user_name": pl.coalesce(xauth, "user", shown),
        # a page of the firewall's own asks for the password; a collector reports the name
        "name_proof": pl.when(pl.coalesce(xauth, "user").is_null())
        .then(pl.lit("said"))
        .when((did == "authentication") & (value("status") == "success"))
        .then(pl.lit("authenticated")),
        "dst_ip": address(value("dstip")),
        "dst_port": port(value("dstport")),
        "bytes_in": carried("rcvd"),
        "bytes_out": carried("sent"),
        "disposition": disposition(),
        "category": null_if_dash(
            pl.when(pl.col("type") == "traffic")
            .then(value("appcat"))
            .otherwise(pl.coalesce(value("catdesc"), value("appcat")))
            .replace("unscanned", None)
        ),
    }


def carried(way: str) -> pl.Expr:
    """Return bytes since the last line of the session, or all of it at its close."""
    total = pl.when(~is_interim).then(value(f"{way}byte"))
    return to_int(pl.coalesce(value(f"{way}delta"), total))


def disposition() -> pl.Expr:
    """Return the action of the policy or, after it, the filter."""
    stopped = did.is_in(REFUSED) | value("utmaction").is_in(REFUSED)
    return word_of(("blocked", stopped.fill_null(value=False)), ("allowed", did.is_in(PASSED)))


@cache
def web() -> Mapping[str, pl.Expr]:
    """Return columns of a request; a path is put behind scheme and host."""
    service = value("service").str.to_lowercase()
    scheme = pl.when(service.is_in(["http", "https", "ftp"])).then(service)
    path = value("url")
    front = pl.coalesce(scheme + "://", pl.lit("")) + pl.col("host_asked")
    whole_url = pl.when(path.str.starts_with("/")).then(front + path).otherwise(path)
    return {
        "method": null_if_dash(value("httpmethod")).str.to_uppercase(),
        "url_scheme": pl.coalesce(path.str.extract("^([a-z]+)://"), scheme),
        "url_hostname": pl.col("host_asked"),
        "url": whole_url.str.slice(0, MAX_URL),
        "content_type": media_type(value("contenttype")),
        "referrer_hostname": hostname(null_if_dash(value("referralurl"))),
        "user_agent": null_if_dash(value("agent")),
    }


@cache
def traffic() -> Mapping[str, pl.Expr]:
    """Return columns of a flow."""
    worn = value("trandisp").str.contains("snat", literal=True)
    outside_ip = somewhere(address(value("transip")))
    session = value("sessionid")
    roles = [
        null_if_dash(pl.when(value(role) != "undefined").then(value(role)))
        for role in ("srcintfrole", "dstintfrole")
    ]
    return {
        "dst_hostname": pl.coalesce("host_asked", name(value("dstname"))),
        "protocol": protocol(value("proto")),
        "nat_ip": pl.when(worn).then(outside_ip),
        "nat_port": pl.when(worn & outside_ip.is_not_null()).then(port(value("transport"))),
        "application": null_if_dash(value("app")),
        "direction": direction(roles[0], roles[1], ["wan"]),
        "connection_uid": pl.when(session != "0").then(session),
    }


@cache
def lookup() -> Mapping[str, pl.Expr]:
    """Return columns of a DNS query or answer."""
    return {
        "query_name": name(value("qname")),
        "query_type": null_if_dash(value("qtype")).str.to_uppercase(),
        "response_code": null_if_dash(value("rcode")).str.to_uppercase(),
        "answers": null_if_dash(value("ipaddr")).str.replace_all(" ", "", literal=True),
    }


@cache
def logon() -> Mapping[str, pl.Expr]:
    """Return columns of a tunnel, an authentication or a mapping."""
    vpn = pl.col("subtype") == "vpn"
    status = value("status")
    ended = did.is_in(LEAVING) | status.is_in(["timed_out", "logout"])
    inside = pl.coalesce(null_if_dash(value("tunnelip")), null_if_dash(value("assignip")))
    refused = (did == "ssl-login-fail") | status.str.starts_with("fail")
    entered = (did == "tunnel-up") | status.is_in(["success"])
    tunnel = value("tunnelid")
    return {
        "activity": pl.when(ended.fill_null(value=False))
        .then(pl.lit("logoff"))
        .when(did.is_in(MAPPING))
        .then(pl.lit("mapping"))
        .otherwise(pl.lit("logon")),
        "logon_kind": word_of(("vpn", vpn), ("proxy", did == "authentication")),
        "is_success": pl.when(ended | did.is_in(MAPPING))
        .then(None)
        .when(refused)
        .then(pl.lit(value=False))
        .when(entered)
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(refused).then(
            pl.coalesce(null_if_dash(value("reason")), value("msg"))
        ),
        "event_code": pl.col("logid"),
        "logon_uid": pl.when(tunnel != "0").then(tunnel),
        "reported_by": name(value("devname")),
        "assigned_ip": somewhere(address(inside)),
    }


@cache
def lease() -> Mapping[str, pl.Expr]:
    """Return columns of a lease; `lease` counts seconds from now."""
    given = value("dhcp_msg") == "Ack"
    return {
        "ip": address(value("ip")),
        "mac": mac(value("mac")),
        "hostname": name(value("hostname")),
        "action": pl.when(given).then(pl.lit("assign")).otherwise(pl.lit("release")),
        "lease_end_time": pl.when(given).then(pl.col("time") + seconds(value("lease"))),
    }


@cache
def extras() -> pl.Expr:
    """Return fields without a column; a system event keeps its whole line anyway."""
    so_far = [
        pl.when(is_interim).then(value(key)).alias(f"{key}_so_far")
        for key in ("sentbyte", "rcvdbyte")
    ]
    fields = [null_if_dash(value(key)).alias(key) for key in EXTRA]
    session = pl.when((cls == "http_requests") & (value("sessionid") != "0")).then(
        value("sessionid")
    )
    return pl.when(cls != "system_events").then(
        json_of([*fields, *so_far, session.alias("session")])
    )


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a type and a subtype, and a log id of ten digits."""
    begins = line.str.contains(rf"(?:{HEADER_END}|{BARE[:-1]}){FIRST_KEY}=") | line.str.contains(
        BARE
    )
    return (
        begins
        & line.str.contains(r'[ ,]logid="?[0-9]{10}"?[ ,]')
        & line.str.contains(r'[ ,]type="?(?:traffic|utm|event|dns|anomaly)"?[ ,]+subtype=')
    )


def classify(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the value of each key, the time, and the event class."""
    return (
        _since_told(with_values(with_text(batch), pl.col("text"), *KEYS, writers=WRITERS))
        .with_columns(clocked=clock.epoch_by_size(value("eventtime")).time)
        .with_columns(local=local_stamp(context))
        .with_columns(
            time=pl.coalesce("clocked", pl.col("local").struct.field("time")),
            time_quality=pl.when(pl.col("clocked").is_not_null())
            .then(pl.lit("exact"))
            .otherwise(pl.col("local").struct.field("quality")),
            user=person(),
            host_asked=host_asked(),
            did=value("action"),
            **{key: value(key) for key in ("type", "subtype", "logid")},
        )
        .with_columns(event_class=event_class())
    )


def _since_told(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Add deltas to closing lines that lack them, if earlier lines have some."""
    frame = lines.collect()
    is_between = value("logid").str.ends_with("000020")
    tells = is_between & value("sentdelta").is_not_null()
    if not frame.select(tells.any()).item():
        return frame.lazy()
    lacks = (value("type") == "traffic") & ~is_between & value("sentdelta").is_null()
    session = pl.concat_str([value(key).fill_null("") for key in SESSION], separator=" ")
    since = {
        delta: to_int(value(total))
        - pl.when(tells).then(to_int(value(total))).forward_fill().over(session)
        for total, delta in DELTAS.items()
    }
    is_known = (
        lacks
        & (value("sessionid") != "0")
        & pl.all_horizontal((count >= 0).fill_null(value=False) for count in since.values())
    )
    return frame.lazy().with_columns(
        pl.when(is_known).then(count.cast(pl.String)).otherwise(value(delta)).alias(f"key_{delta}")
        for delta, count in since.items()
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    del context  # what needs it was read before
    return batch.with_columns(
        **endpoints(), **web(), **traffic(), **lookup(), **logon(), **lease()
    ).with_columns(
        start_time=pl.col("time") - elapsed(),
        is_machine=is_machine(pl.col("user_name")),
        kind=pl.coalesce(value("logdesc"), "subtype", "type", value("desc")),
        message=pl.col("line"),
        extras=extras(),
    )


def with_text(batch: pl.LazyFrame) -> pl.LazyFrame:
    """Add `text`; few lines have more than a priority before the first key."""
    line = pl.col("line")
    is_bare = line.str.contains(BARE)
    bare = pl.when(is_bare).then(line.str.strip_chars_start(BEFORE))
    odd = where_rare(pl.when(~is_bare).then(line), lambda one: one.str.extract(BODY))
    text = pl.col("text")
    commas = where_rare(
        pl.when(text.str.contains(COMMAS)).then(text),
        lambda one: one.str.replace_all(QUOTED_OR_COMMA, "$1 "),
    )
    return batch.with_columns(text=pl.coalesce(bare, odd)).with_columns(
        text=pl.coalesce(commas, text)
    )


@cache
def person() -> pl.Expr:
    """Return the account; a tunnel without one repeats the far address instead."""
    user = value("user")
    is_certified = user.str.contains(",cn=", literal=True)
    user = account(pl.when(is_certified).then(split_before(user, ",cn=")).otherwise(user))
    return pl.when(user != value("remip").fill_null("")).then(user)


def local_stamp(context: Context) -> pl.Expr:
    """Return the local stamp of lines whose `eventtime` cannot be read."""
    tz = value("tz").str.replace(r"^([+-])([0-9])$", "${1}0${2}")
    offset = tz.str.replace(r"^([+-][0-9]{2})$", "${1}00").fill_null("")
    local = value("date") + " " + value("time") + offset
    needed = pl.when(pl.col("clocked").is_null()).then(local)
    return clock.iso_pair(needed, context.reading)


@cache
def elapsed() -> pl.Expr:
    """Return the duration of traffic lines."""
    since = pl.when(value("sentdelta").is_not_null()).then(
        pl.coalesce(value("durationdelta"), pl.lit(BETWEEN))
    )
    lasted = pl.min_horizontal(seconds(value("duration")), seconds(since))
    spent = lasted.fill_null(pl.duration(seconds=0, time_unit="us"))
    none = pl.duration(seconds=0, time_unit="us")
    return pl.when(cls == "connections").then(spent).otherwise(none)


@cache
def host_asked() -> pl.Expr:
    """Return the host, also of lines that give it in the URL alone."""
    in_url = pl.when(value("url").str.contains("^[a-z]+://")).then(value("url"))
    return pl.coalesce(hostname(null_if_dash(value("hostname"))), hostname(in_url))


@cache
def event_class() -> pl.Expr:
    """Classify by type and subtype; a line without person or host is a system event."""
    event = pl.col("type") == "event"
    utm = pl.col("type") == "utm"
    person = pl.col("user").is_not_null()
    given = person | null_if_dash(value("xauthuser")).is_not_null()
    inside = null_if_dash(value("tunnelip")).is_not_null()
    inside |= null_if_dash(value("assignip")).is_not_null()
    tunnel = did.is_in(["tunnel-up", "tunnel-down"])
    between_sites = is_ipsec() & null_if_dash(value("xauthuser")).is_null() & ~inside
    vpn = (tunnel & given & ~between_sites) | (did == "ssl-login-fail")
    entered = did.is_in([*MAPPING, "FSSO-logoff", "auth-logout", "authentication"])
    return word_of(
        ("connections", pl.col("type") == "traffic"),
        (
            "dns_queries",
            (utm & (pl.col("subtype") == "dns")) | (pl.col("type") == "dns"),
        ),
        ("http_requests", utm & pl.col("host_asked").is_not_null()),
        ("logons", event & (pl.col("subtype") == "vpn") & vpn),
        ("logons", event & (pl.col("subtype") == "user") & entered & person),
        ("leases", event & value("dhcp_msg").is_in(["Ack", "Release"])),
        otherwise="system_events",
    )


def is_ipsec() -> pl.Expr:
    """Return whether a tunnel uses IPsec; SSL lines have a `tunneltype`."""
    return ~value("tunneltype").fill_null("ipsec").str.starts_with("ssl")


FORMAT = Format(
    name="fortigate",
    product="Fortinet FortiGate",
    name_proof="recorded",
    event_classes=(
        "connections",
        "http_requests",
        "dns_queries",
        "logons",
        "leases",
        "system_events",
    ),
    looks_like=looks_like,
    classify=classify,
    read=read,
    must=REJECT_RULES,
)
