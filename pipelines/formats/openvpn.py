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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading import logons
from pipelines.formats.reading.fields import address, mac, word_of
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header, written_by
from pipelines.formats.reading.table import by_name, is_of, value, with_groups

PROGRAMS = r"openvpn(?:[-_@][^ \[:]+)?|ovpn-[^ \[:]+|charon(?:-[a-z]+)?"
ISO = r"^(?<iso>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8})(?: us=[0-9]+)? (?<iso_body>.*)$"
OLD = (
    r"^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) +(?<day>[0-9]{1,2}) (?<time>[0-9:]{8}) "
    r"(?<year>[0-9]{4})(?: us=[0-9]+)? (?<old_body>.*)$"
)
OLD_STAMP = r"[A-Z][a-z]{2} [A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8} [0-9]{4}"
IN_SYSLOG = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}[0-9.]* [^ ]+ [^ \[]+\[[0-9]+\]: "
BEGINNINGS = (
    r"(?:Peer Connection Initiated|MULTI: |MULTI_sva: |TLS: "
    r"|TLS (?:Auth )?Error: "
    r"|VERIFY (?:OK|ERROR|KU|EKU)|SIG(?:TERM|USR1|HUP|INT)\[|OpenVPN [0-9]\.|PUSH: "
    r"|Initialization Sequence|(?:Control|Data|Outgoing|Incoming)[A-Za-z ]* Channel"
    r"|LDAP |Incorrect password supplied for LDAP "
    r"|TCP connection established|AUTH: |SENT CONTROL |peer info: |OpenSSL: error)"
)
PEER = (
    r"^(?:(?<{0}user>[^/ ]+)/)?(?<{0}ip>\[?[0-9a-fA-F]*[.:][0-9a-fA-F.:]*?\]?)"
    r"(?::(?<{0}port>[0-9]{{1,5}}))?(?:/(?<{0}common_name>[^ ]+))?{1}"
)
OF_PEER, OF_OWNER = PEER.format("", " "), PEER.format("owner_", "$")
INITIATED = r"^\[(?<initiated>[^\]]+)\] Peer Connection Initiated"
SENTENCES = (
    INITIATED,
    INITIATED.replace("?<initiated>", "?:")
    + r" with \[AF_INET6?\](?<far_ip>.*?):(?<far_port>[0-9]{1,5})(?: |$)",
    r"^MULTI_sva: pool returned IPv4=(?<pooled>[0-9.]+)",
    r"^MULTI: Learn: (?<learned>[^ ]+) -> (?<owner>[^ ]+)$",
    r"^(?<signal>SIG[A-Z0-9]+\[[^\]]*\]) received, client-instance",
)
FAILED = (
    r"^(?:TLS Auth Error: Auth Username/Password verification failed"
    r"|SENT CONTROL \[[^\]]*\]: 'AUTH_FAILED)"
)
BY_LDAP = (
    r'^(?:LDAP user "(?<unknown>.+)" was not found\.$'
    r'|Incorrect password supplied for LDAP DN "(?:(?i:uid)=(?<refused>[^,"]+))?)'
)
BODY, SENTENCE, USER = pl.col("body"), pl.col("sentence"), pl.col("user_name")
IS_OWN = value("iso", "time").is_not_null()
WRITTEN_USER = value("unknown", "refused", "initiated", "owner_user", "user", "common_name")
EVENT = word_of(
    ("MULTI: Learn", value("learned").is_not_null()),
    ("MULTI_sva", value("pooled").is_not_null()),
    ("Peer Connection Initiated", value("initiated").is_not_null()),
    ("authentication failed", SENTENCE.str.contains(FAILED)),
    ("refused by LDAP", BODY.str.contains(BY_LDAP)),
    ("session ended", value("signal").is_not_null()),
)
LEARNED = value("learned", "pooled")
DEVICE = mac(LEARNED)
GIVEN_IP = address(pl.when(DEVICE.is_null()).then(LEARNED))
HAS_ADDRESS = GIVEN_IP.is_not_null() | DEVICE.is_not_null()
IS_LEARNED = EVENT.is_in(["MULTI: Learn", "MULTI_sva"])
IS_FAILED = EVENT.is_in(["authentication failed", "refused by LDAP"])


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a line of the daemon, or its own stamp and one of its sentences."""
    stamp = rf"^(?:[0-9]{{4}}-[0-9-]{{5}} [0-9:]{{8}}|{OLD_STAMP})(?: us=[0-9]+)? "
    peer = PEER.format("", " ").removeprefix("^")
    own_stamp = rf"{stamp}(?:{peer})?(?:\[[^\]]+\] )?{BEGINNINGS}"
    wireguard = line.str.contains(rf"{BEFORE_TAG}kernel: (?:\[ *[0-9.]+\] )?wireguard: wg")
    return line.str.contains(own_stamp) | written_by(line, PROGRAMS) | wireguard


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the server's own header, the peer, and each sentence into its words."""
    del names
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    lines = with_header(batch, context.reading)
    lines = with_groups(lines, pl.when(~line.str.contains(IN_SYSLOG)).then(line), ISO)
    lines = with_groups(lines, line, OLD).with_columns(
        body=pl.coalesce(value("iso_body", "old_body"), "syslog_body")
    )
    lines = with_groups(with_groups(lines, BODY, OF_PEER), BODY, BY_LDAP)
    lines = lines.with_columns(sentence=BODY.str.replace(OF_PEER, ""))
    for shape in SENTENCES:
        lines = with_groups(lines, SENTENCE, shape)
    return with_groups(lines, value("owner"), OF_OWNER)


def stamp(context: Context) -> Stamp:
    """Return the server's own local time, or the time in the syslog header."""
    old = pl.concat_str([value(part) for part in ("month", "day", "year", "time")], separator=" ")
    own_stamp = clock.first(
        clock.iso(value("iso"), context.reading),
        clock.civil(old, "%b %d %Y %H:%M:%S", context.reading),
    )
    return Stamp(
        pl.when(IS_OWN).then(own_stamp.time).otherwise("syslog_time"),
        pl.when(IS_OWN).then(own_stamp.quality).otherwise("syslog_time_quality"),
    )


FORMAT = Format(
    name="openvpn",
    product="OpenVPN",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "user_name": WRITTEN_USER.replace("UNDEF", None),
        "src_ip": value("far_ip", "owner_ip", "ip"),
        "src_port": value("far_port", "owner_port", "port"),
        "src_mac": LEARNED,
        "event_code": EVENT,
        "reported_by": pl.when(~IS_OWN).then("syslog_host"),
    },
    classes={
        "logons": IS_FAILED
        | (EVENT.is_not_null() & USER.is_not_null() & (~IS_LEARNED | HAS_ADDRESS))
    },
    more={
        **logons.result(left=EVENT == "session ended", failed=IS_FAILED, reason=EVENT),
        "logon_kind": pl.lit("vpn"),
        "assigned_ip": GIVEN_IP,
        # WireGuard logs through the kernel, without a program name
        "kind": word_of(
            ("wireguard", pl.col("line").str.contains("wireguard: wg", literal=True)),
            otherwise=pl.coalesce(pl.when(~IS_OWN).then("syslog_program"), pl.lit("openvpn")),
        ),
    },
    extras=by_name("signal"),
    must={
        "nothing said": BODY.str.strip_chars(" ").str.len_bytes() > 0,
        "a login from no address": pl.col("src_ip").is_not_null()
        | is_of("system_events")
        | (EVENT == "refused by LDAP"),
        "the peer is missing": value("initiated").is_null() | pl.col("src_ip").is_not_null(),
    },
)
