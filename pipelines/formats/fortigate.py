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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading import logons
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    name,
    null_if_dash,
    port,
    split_before,
    to_int,
    where_rare,
    word_of,
)
from pipelines.formats.reading.flows import direction, seconds, somewhere
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END
from pipelines.formats.reading.table import are_counts, by_name, is_of, value

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

TYPE, SUBTYPE, ACTION, STATUS = (value(key) for key in ("type", "subtype", "action", "status"))
IS_TRAFFIC, IS_UTM, IS_EVENT = TYPE == "traffic", TYPE == "utm", TYPE == "event"
IS_VPN, IS_LEASE = SUBTYPE == "vpn", value("dhcp_msg") == "Ack"
IS_FLOW = is_of("connections", "http_requests", "dns_queries")
IS_INTERIM = (IS_TRAFFIC & value("logid").str.ends_with("000020")).fill_null(value=False)

CERTIFIED = value("user").str.contains(",cn=", literal=True)
WRITTEN_USER = pl.when(CERTIFIED).then(split_before(value("user"), ",cn=")).otherwise(value("user"))
USER, XAUTH = pl.col("user_name"), null_if_dash(value("xauthuser"))
"""A tunnel without an account repeats the far address instead."""

TUNNEL_IP = pl.coalesce(null_if_dash(value("tunnelip")), null_if_dash(value("assignip")))
IS_IPSEC = ~value("tunneltype").fill_null("ipsec").str.starts_with("ssl")
IS_BETWEEN_SITES = IS_IPSEC & XAUTH.is_null() & TUNNEL_IP.is_null()
IS_TUNNEL = ACTION.is_in(["tunnel-up", "tunnel-down"]) & (USER.is_not_null() | XAUTH.is_not_null())
IS_LOGIN = ACTION.is_in([*MAPPING, "FSSO-logoff", "auth-logout", "authentication"])

HOST, PATH = pl.col("url_hostname"), value("url")
SERVICE = value("service").str.to_lowercase()
SCHEME = pl.when(SERVICE.is_in(["http", "https", "ftp"])).then(SERVICE)
URL = (SCHEME + "://").fill_null("") + HOST + PATH

NAT = somewhere(address(value("transip")))
IS_SOURCE_NAT = value("trandisp").str.contains("snat", literal=True)
SOURCE_ROLE, TARGET_ROLE = (
    null_if_dash(value(role).replace("undefined", None)) for role in ("srcintfrole", "dstintfrole")
)

ENDED = ACTION.is_in(LEAVING) | STATUS.is_in(["timed_out", "logout"])
IS_MAPPING = ACTION.is_in(MAPPING)
IS_REFUSED = (ACTION == "ssl-login-fail") | STATUS.str.starts_with("fail")


def carried(key: str) -> pl.Expr:
    """Return bytes since the last line of the session, or all of it at its close."""
    total = pl.when(~IS_INTERIM).then(value(f"{key}byte"))
    return to_int(pl.coalesce(value(f"{key}delta"), total))


def elapsed() -> pl.Expr:
    """Return the duration of traffic lines."""
    since = pl.when(value("sentdelta").is_not_null()).then(
        pl.coalesce(value("durationdelta"), pl.lit(BETWEEN))
    )
    lasted = pl.min_horizontal(seconds(value("duration")), seconds(since))
    none = pl.duration(seconds=0, time_unit="us")
    return pl.when(IS_TRAFFIC).then(lasted.fill_null(none)).otherwise(none)


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


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the pairs; few lines have more than a priority before the first key."""
    del context
    line = pl.col("line")
    is_bare = line.str.contains(BARE)
    bare = pl.when(is_bare).then(line.str.strip_chars_start(BEFORE))
    odd = where_rare(pl.when(~is_bare).then(line), lambda raw: raw.str.extract(BODY))
    text = pl.col("text")
    commas = where_rare(
        pl.when(text.str.contains(COMMAS)).then(text),
        lambda raw: raw.str.replace_all(QUOTED_OR_COMMA, "$1 "),
    )
    lines = batch.with_columns(text=pl.coalesce(bare, odd)).with_columns(
        text=pl.coalesce(commas, text)
    )
    keys = dict.fromkeys((*names, *SESSION))
    return _with_deltas(with_values(lines, pl.col("text"), *keys, writers=WRITERS))


def _with_deltas(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Add deltas to closing lines that lack them, if earlier lines have some."""
    frame = lines.collect()
    is_between = value("logid").str.ends_with("000020")
    has_delta = is_between & value("sentdelta").is_not_null()
    if not frame.select(has_delta.any()).item():
        return frame.lazy()
    lacks = (value("type") == "traffic") & ~is_between & value("sentdelta").is_null()
    session = pl.concat_str([value(key).fill_null("") for key in SESSION], separator=" ")
    since = {
        delta: to_int(value(total))
        - pl.when(has_delta).then(to_int(value(total))).forward_fill().over(session)
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


def stamp(context: Context) -> Stamp:
    """Return `eventtime`, or the local time of lines in which it cannot be read."""
    counted = clock.epoch_by_size(value("eventtime"))
    tz = value("tz").str.replace(r"^([+-])([0-9])$", "${1}0${2}")
    offset = tz.str.replace(r"^([+-][0-9]{2})$", "${1}00").fill_null("")
    local = pl.when(counted.time.is_null()).then(value("date") + " " + value("time") + offset)
    return clock.first(counted, clock.iso(local, context.reading))


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
    split=split,
    stamp=stamp,
    fields={
        "src_ip": pl.coalesce(value("srcip"), pl.when(IS_VPN).then(value("remip"))),
        "src_port": "srcport",
        "src_mac": "srcmac",
        "src_hostname": "srcname",
        "user_name": pl.when(value("remip").fill_null("") != WRITTEN_USER).then(WRITTEN_USER),
        "dst_ip": "dstip",
        "dst_port": "dstport",
        "protocol": "proto",
        "application": "app",
        "category": pl.when(IS_TRAFFIC)
        .then(value("appcat"))
        .otherwise(value("catdesc", "appcat"))
        .replace("unscanned", None),
        "connection_uid": value("sessionid").replace("0", None),
        "method": "httpmethod",
        "url_scheme": pl.coalesce(PATH.str.extract("^([a-z]+)://"), SCHEME),
        "url_hostname": ("hostname", pl.when(PATH.str.contains("^[a-z]+://")).then(PATH)),
        "content_type": "contenttype",
        "referrer_hostname": "referralurl",
        "user_agent": "agent",
        "query_name": "qname",
        "query_type": "qtype",
        "response_code": "rcode",
        "answers": value("ipaddr").str.replace_all(" ", "", literal=True),
        "threat": "virus",
        "event_code": "logid",
        "logon_uid": value("tunnelid").replace("0", None),
        "reported_by": "devname",
        "ip": "ip",
        "mac": "mac",
        "hostname": "hostname",
        "kind": value("logdesc", "subtype", "type", "desc"),
    },
    classes={
        "connections": IS_TRAFFIC,
        "dns_queries": (IS_UTM & (SUBTYPE == "dns")) | (TYPE == "dns"),
        "http_requests": IS_UTM & HOST.is_not_null(),
        "logons": IS_EVENT
        & (
            (IS_VPN & ((IS_TUNNEL & ~IS_BETWEEN_SITES) | (ACTION == "ssl-login-fail")))
            | ((SUBTYPE == "user") & IS_LOGIN & USER.is_not_null())
        ),
        "leases": IS_EVENT & value("dhcp_msg").is_in(["Ack", "Release"]),
    },
    more={
        "start_time": pl.col("time") - elapsed(),
        "user_name": pl.coalesce(
            pl.when(IS_VPN).then(XAUTH),
            USER,
            pl.when(IS_FLOW).then(account(value("unauthuser"))),
        ),
        # a page of the firewall's own asks for the password; a collector reports the name
        "name_proof": word_of(
            ("said", pl.coalesce(pl.when(IS_VPN).then(XAUTH), USER).is_null()),
            ("authenticated", (ACTION == "authentication") & (STATUS == "success")),
        ),
        "bytes_in": carried("rcvd"),
        "bytes_out": carried("sent"),
        "disposition": word_of(
            ("blocked", ACTION.is_in(REFUSED) | value("utmaction").is_in(REFUSED)),
            ("allowed", ACTION.is_in(PASSED)),
        ),
        "url": pl.when(PATH.str.starts_with("/")).then(URL).otherwise(PATH).str.slice(0, MAX_URL),
        "dst_hostname": pl.coalesce(HOST, name(value("dstname"))),
        "nat_ip": pl.when(IS_SOURCE_NAT).then(NAT),
        "nat_port": pl.when(IS_SOURCE_NAT & NAT.is_not_null()).then(port(value("transport"))),
        "direction": direction(SOURCE_ROLE, TARGET_ROLE, ["wan"]),
        **logons.result(
            left=ENDED,
            mapped=IS_MAPPING,
            failed=IS_REFUSED,
            entered=(ACTION == "tunnel-up") | (STATUS == "success"),
            reason=pl.coalesce(null_if_dash(value("reason")), value("msg")),
        ),
        "logon_kind": word_of(("vpn", IS_VPN), ("proxy", ACTION == "authentication")),
        "assigned_ip": somewhere(address(TUNNEL_IP)),
        "action": word_of(("assign", IS_LEASE), otherwise="release"),
        "lease_end_time": pl.when(IS_LEASE).then(pl.col("time") + seconds(value("lease"))),
    },
    extras={
        **by_name(*EXTRA),
        "sentbyte_so_far": pl.when(IS_INTERIM).then(value("sentbyte")),
        "rcvdbyte_so_far": pl.when(IS_INTERIM).then(value("rcvdbyte")),
        "session": pl.when(is_of("http_requests")).then(value("sessionid").replace("0", None)),
    },
    must={
        "not key=value pairs": pl.col("is_pairs"),
        "beginning or duration cannot be read": are_counts("duration", digits=9),
        "bytes are not a count": are_counts("sentbyte", "rcvdbyte"),
    },
    required={"leases": ("mac",)},
)
