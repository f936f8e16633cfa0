"""OpenVPN servers, in their own file or in syslog: tunnels that began, failed and ended.

    2026-11-02 08:15:00 192.0.2.17:50112 [ada] Peer Connection Initiated with [AF_INET]192.0.2.17:50112
    2026-11-02 08:15:00 ada/192.0.2.17:50112 MULTI_sva: pool returned IPv4=10.8.0.6, IPv6=(Not enabled)
    2026-11-02 08:15:01 ada/192.0.2.17:50112 MULTI: Learn: 10.8.0.6 -> ada/192.0.2.17:50112
    2026-11-02 09:15:00 ada/192.0.2.17:50112 SIGTERM[soft,remote-exit] received, client-instance exiting

Two lines make a login: the first accepts a peer, the second or third contains its inside address;
without `verb 3` there is no third. The name is that of the certificate, or of the account where the
server is set so (`username-as-common-name`); `[UNDEF]` means no user yet. What a client sends
about itself (`peer info`, a certificate) is never a sentence: one begins behind the peer. Most
other lines are
handshakes and scans: system events, as are WireGuard's and the lines of strongSwan, which name no
authenticated account. Own stamps are local time.
"""  # noqa: E501

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, mac, name, port
from pipelines.formats.reading.flows import is_machine
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header, written_by

PROGRAMS = r"openvpn(?:[-_@][^ \[:]+)?|ovpn-[^ \[:]+|charon(?:-[a-z]+)?"
ISO = r"^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8})(?: us=[0-9]+)? (.*)$"
OLD = (
    r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4})"
    r"(?: us=[0-9]+)? (.*)$"
)
OLD_STAMP = r"[A-Z][a-z]{2} [A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8} [0-9]{4}"
IN_SYSLOG = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}[0-9.]* [^ ]+ [^ \[]+\[[0-9]+\]: "
SAYS = (
    r"(?:Peer Connection Initiated|MULTI: |MULTI_sva: |TLS: "
    r"|TLS (?:Auth )?Error: "
    r"|VERIFY (?:OK|ERROR|KU|EKU)|SIG(?:TERM|USR1|HUP|INT)\[|OpenVPN [0-9]\.|PUSH: "
    r"|Initialization Sequence|(?:Control|Data|Outgoing|Incoming)[A-Za-z ]* Channel"
    r"|LDAP |Incorrect password supplied for LDAP "
    r"|TCP connection established|AUTH: |SENT CONTROL |peer info: |OpenSSL: error)"
)
FAR = r"(\[?[0-9a-fA-F]*[.:][0-9a-fA-F.:]*?\]?)(?::([0-9]{1,5}))?"
PEER = rf"^(?:([^/ ]+)/)?{FAR}(?:/([^ ]+))? "
INITIATED = r"^\[([^\]]+)\] Peer Connection Initiated"
WITH = INITIATED + r" with \[AF_INET6?\](.*?):([0-9]{1,5})(?: |$)"
POOLED = r"^MULTI_sva: pool returned IPv4=([0-9.]+)"
LEARNED = r"^MULTI: Learn: ([^ ]+) -> ([^ ]+)$"
FAILED = (
    r"^(?:TLS Auth Error: Auth Username/Password verification failed"
    r"|SENT CONTROL \[[^\]]*\]: 'AUTH_FAILED)"
)
BY_LDAP = (
    r'^(?:LDAP user "(.+)" was not found\.$'
    r'|Incorrect password supplied for LDAP DN "(?:(?i:uid)=([^,"]+))?)'
)
ENDED = r"^(SIG[A-Z0-9]+\[[^\]]*\]) received, client-instance"
BODY, SENTENCE = pl.col("body"), pl.col("sentence")
IS_LOGON = pl.col("event_class") == "logons"

REJECT_RULES = {
    "no time that can be read": pl.col("time").is_not_null(),
    "nothing said": BODY.str.strip_chars(" ").str.len_bytes() > 0,
    "a login from no address": pl.col("src_ip").is_not_null()
    | ~IS_LOGON
    | (pl.col("what") == "refused by LDAP"),
    "the peer is missing": ~SENTENCE.str.contains(INITIATED) | pl.col("src_ip").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a line of the daemon, or its own stamp and one of its sentences."""
    stamp = rf"^(?:[0-9]{{4}}-[0-9-]{{5}} [0-9:]{{8}}|{OLD_STAMP})(?: us=[0-9]+)? "
    own = rf"{stamp}(?:{PEER[1:]})?(?:\[[^\]]+\] )?{SAYS}"
    wireguard = line.str.contains(rf"{BEFORE_TAG}kernel: (?:\[ *[0-9.]+\] )?wireguard: wg")
    return line.str.contains(own) | written_by(line, PROGRAMS) | wireguard


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons`, or of `system_events` for all other talk."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    alone = pl.when(~line.str.contains(IN_SYSLOG)).then(line)
    iso, old = alone.str.extract_groups(ISO).struct, line.str.extract_groups(OLD).struct
    spelled = pl.concat_str([old.field(at) for at in ("1", "2", "4", "3")], separator=" ")
    stamp = clock.first(
        clock.iso(iso.field("1"), context.reading),
        clock.civil(spelled, "%b %d %Y %H:%M:%S", context.reading),
    )
    is_own = iso.field("1").is_not_null() | old.field("1").is_not_null()
    return (
        with_header(batch, context.reading)
        .with_columns(
            time=pl.when(is_own).then(stamp.time).otherwise("syslog_time"),
            time_quality=pl.when(is_own).then(stamp.quality).otherwise("syslog_time_quality"),
            reported_by=pl.when(~is_own).then("syslog_host"),
            program=pl.when(~is_own).then("syslog_program"),
            body=pl.coalesce(iso.field("2"), old.field("5"), "syslog_body"),
        )
        .with_columns(sentence=BODY.str.replace(PEER, ""))
        .with_columns(**_said())
        .with_columns(**_logon())
        .with_columns(
            extras=pl.when(IS_LOGON).then(json_of([pl.col("signal")])), message=pl.col("line")
        )
    )


def _said() -> dict[str, pl.Expr]:
    """Return user, address and activity."""
    peer = BODY.str.extract_groups(PEER).struct
    far = SENTENCE.str.extract_groups(WITH).struct
    learned = SENTENCE.str.extract_groups(LEARNED).struct
    owner = learned.field("2").str.extract_groups(f"{PEER[:-1]}$").struct
    ldap = BODY.str.extract_groups(BY_LDAP).struct
    initiated = SENTENCE.str.extract(INITIATED, 1)
    pooled = SENTENCE.str.extract(POOLED)
    events = {
        "MULTI: Learn": learned.field("1").is_not_null(),
        "MULTI_sva": pooled.is_not_null(),
        "Peer Connection Initiated": initiated.is_not_null(),
        "authentication failed": SENTENCE.str.contains(FAILED),
        "refused by LDAP": BODY.str.contains(BY_LDAP),
        "session ended": SENTENCE.str.contains(ENDED),
    }
    told = [pl.when(holds).then(pl.lit(word)) for word, holds in events.items()]
    return {
        "what": pl.coalesce(told),
        "user_name": _person(
            pl.coalesce(
                ldap.field("1"),
                ldap.field("2"),
                initiated,
                owner.field("1"),
                peer.field("1"),
                peer.field("4"),
            )
        ),
        "src_ip": address(pl.coalesce(far.field("2"), owner.field("2"), peer.field("2"))),
        "src_port": port(pl.coalesce(far.field("3"), owner.field("3"), peer.field("3"))),
        "learned": pl.coalesce(learned.field("1"), pooled),
        "signal": SENTENCE.str.extract(ENDED, 1),
    }


def _person(text: pl.Expr) -> pl.Expr:
    """Return the user; `UNDEF` means none yet."""
    return account(pl.when(text != "UNDEF").then(text))


def _logon() -> dict[str, pl.Expr]:
    what, user = pl.col("what"), pl.col("user_name")
    device = mac(pl.col("learned"))
    given = address(pl.when(device.is_null()).then("learned"))
    learned = what.is_in(["MULTI: Learn", "MULTI_sva"])
    failed = what.is_in(["authentication failed", "refused by LDAP"])
    ended = what == "session ended"
    has_address = given.is_not_null() | device.is_not_null()
    named = user.is_not_null() & (~learned | has_address)
    return {
        "event_class": pl.when((what.is_not_null() & named) | failed)
        .then(pl.lit("logons"))
        .otherwise(pl.lit("system_events")),
        "activity": pl.when(ended).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.lit("vpn"),
        "is_success": pl.when(~ended).then(~failed),
        "failure_reason": pl.when(failed).then(what),
        "event_code": what,
        "assigned_ip": given,
        "src_mac": device,
        "is_machine": is_machine(user),
        "kind": pl.coalesce(_speaker(), "program", pl.lit("openvpn")),
        "host": pl.lit(None, pl.String),
        "reported_by": name(pl.col("reported_by")),
    }


def _speaker() -> pl.Expr:
    """Return the program; WireGuard logs through the kernel, without a program name."""
    said = pl.col("line").str.contains("wireguard: wg", literal=True)
    return pl.when(said).then(pl.lit("wireguard"))


FORMAT = Format(
    name="openvpn",
    product="OpenVPN",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
