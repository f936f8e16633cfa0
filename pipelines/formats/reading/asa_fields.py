"""The words of the ASA messages that are read, by message number, and FTD's fields.

A pattern names its groups; `a` is the end named first, `b` the other one. Below is
decided which of them opened the connection, and a start is joined to its end.
"""

import re
from collections.abc import Mapping

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    name,
    null_if_dash,
    port,
    to_int,
)
from pipelines.formats.reading.flows import is_machine, seconds, somewhere

USER = r"(?:\((?<{end}_user>[^()]*)\))?"
END = (
    r"(?<{end}_if>[^:]+): ?(?<{end}>[^ /(]+)/(?<{end}_port>[0-9]+)"
    r" \((?<{end}_worn>[^ /()]+)/(?<{end}_worn_port>[0-9]+)\)" + USER
)
BARE_END = (
    r"(?<{end}_if>[^:]+): ?(?<{end}>[^ /(]+)/(?<{end}_port>[0-9]+)"
    + USER
    + r"(?: (?<{end}_account>[^ ()]+))?"
)
PLAIN_END = r"(?<{end}>[^ /]+)/(?<{end}_port>[0-9]+)"
RULE_END = r"(?<{end}_if>[^ :]+): ?(?<{end}>[^ /(]+)(?:/(?<{end}_port>[0-9]+))?" + USER
LIST_END = r"(?<{end}_if>[^ /]+)/(?<{end}>[^ (]+)\((?<{end}_port>[0-9]+)\)" + USER

FLOWS = ["built", "ended", "ping", "refused", "denied", "listed"]
VISITS = ["visited", "not_let"]
LOGONS = ["vpn", "vpn_before", "given", "tunnel", "gone", "unproven", "admin"]
ALWAYS = {
    **dict.fromkeys(FLOWS, "transport"),
    **dict.fromkeys(VISITS, "url"),
    **dict.fromkeys(LOGONS, "user"),
}
"""A group that each pattern of the family fills."""
GROUP = re.compile(r"\(\?<([a-z_]+)>")
NAME = r"^[A-Za-z0-9_.-]*[A-Za-z][A-Za-z0-9_.-]*$"
SERVICE_PORTS = (1, 1_023)
ACTIVE_FTP = 20  # opened by the server
FAMILY = pl.col("family")
IS_ENDED = (FAMILY == "ended").fill_null(value=False)
IS_BUILT = FAMILY.is_in(["built", "ping"]).fill_null(value=False)
HOURS = r"^([0-9]{1,5}):([0-9]{2}):([0-9]{2})$"
CONNECTION = ["file_id", "reported_by", "said_uid"]
ENDS = ["said_a", "said_a_port", "said_b", "said_b_port"]
TAKEN = [
    "said_a_worn", "said_a_worn_port", "said_b_worn", "said_b_worn_port",
    "said_a_user", "said_b_user", "said_user",
]  # fmt: skip
ROUNDED = pl.duration(seconds=2, time_unit="us")
"""Stamps and durations are whole seconds, each cut by itself."""
STARTED, ENDED = "430002", "430003"
FTD_CODES = [STARTED, ENDED]
WRITTEN_BY_VISITORS = (
    r", (?:UserAgent|HTTPReferer|ReferencedHost|URL|DNSQuery|DNS_Sinkhole|FileName"
    r"|SSLServerName|Client|ClientVersion|ApplicationProtocol|WebApplication): "
)

IN_FRONT = {
    "a": "SrcIP", "a_port": "SrcPort", "b": "DstIP", "b_port": "DstPort",
    "transport": "Protocol", "a_if": "IngressInterface", "b_if": "EgressInterface",
    "a_worn": "NAT_InitiatorIP", "a_worn_port": "NAT_InitiatorPort",
    "rule": "AccessControlRuleName", "user": "User",
    "action": "AccessControlRuleAction",
    "because": "AccessControlRuleReason", "first": "FirstPacketSecond",
    "number": "ConnectionID", "instance": "InstanceID",
}  # fmt: skip
ANYWHERE = {
    "url": "URL", "took": "ConnectionDuration", "sent": "InitiatorBytes",
    "received": "ResponderBytes", "class": "URLCategory", "agent": "UserAgent",
    "referrer": "HTTPReferer", "status": "HTTPResponse", "app": "ApplicationProtocol",
    "web_app": "WebApplication",
}  # fmt: skip
OF_ONE_WORD = {
    "SrcIP", "SrcPort", "DstIP", "DstPort", "Protocol", "NAT_InitiatorIP",
    "NAT_InitiatorPort", "FirstPacketSecond", "ConnectionID", "InstanceID",
    "ConnectionDuration", "InitiatorBytes", "ResponderBytes", "HTTPResponse",
    "AccessControlRuleAction", "ApplicationProtocol",
}  # fmt: skip
"""Keys whose values hold no comma: quicker to find."""
NEXT_KEY = r"(.*?)(?:, [A-Z][A-Za-z_ /-]{1,40}: |$)"
NOBODY = ["No Authentication Required", "Unknown", "Not Found", "Failed Authentication"]
SAME = [
    "a", "a_port", "b", "b_port", "transport", "a_if", "b_if", "a_worn", "a_worn_port",
    "rule", "url",
]  # fmt: skip
IS_SESSION = pl.col("family").is_in(["session", "session_url"])


def _ends(pattern: str, end: str) -> str:
    """Return the pattern with its two places filled by the two ends."""
    first, second = (end.replace("{end}", letter) for letter in "ab")
    return pattern.replace("FIRST", first).replace("SECOND", second)


FAMILIES: Mapping[str, tuple[list[str], str]] = {
    "built": (
        ["302013", "302015"],
        _ends(
            r"^Built (?<way>inbound|outbound) (?<transport>TCP|UDP) connection "
            r"(?<uid>[0-9]+) for FIRST to SECOND(?: \((?<user>[^()]*)\))? *$",
            END,
        ),
    ),
    "ended": (
        ["302014", "302016"],
        _ends(
            r"^Teardown (?<transport>TCP|UDP) connection (?<uid>[0-9]+) for FIRST to "
            r"SECOND duration (?<lasted>[0-9]+:[0-9]{2}:[0-9]{2}) bytes "
            r"(?<bytes>[0-9]+)(?: (?<reason>[^()]*?))?(?: \((?<user>[^()]*)\))? *$",
            BARE_END,
        ),
    ),
    "ping": (
        ["302020"],
        (
            r"^Built (?<way>inbound|outbound) (?<transport>ICMP(?:v6)?) connection for "
            r"faddr (?<a>[^ /]+)/[0-9]+(?:\((?<a_user>[^()]*)\))? "
            r"gaddr (?<b_worn>[^ /]+)/[0-9]+ "
            r"laddr (?<b>[^ /]+)/[0-9]+(?:\((?<b_user>[^()]*)\))?"
            r"(?: \((?<user>[^()]*)\))?(?: type [0-9]+ code [0-9]+)? *$"
        ),
    ),
    "refused": (
        ["106001", "106006", "106007"],
        _ends(
            r"^(?:Inbound|Deny inbound) (?<transport>TCP|UDP)(?: connection denied)? "
            r"from FIRST to SECOND(?: .*)?$",
            PLAIN_END,
        ),
    ),
    "denied": (
        ["106010", "106014", "106023"],
        _ends(
            r"^Deny (?:inbound )?(?:protocol )?(?<transport>[a-zA-Z0-9-]+) "
            r"src FIRST dst SECOND(?: ?\(?type [0-9]+, code [0-9]+\)?,?)?"
            r'(?: by access-group "(?<rule>[^"]*)".*)? *$',
            RULE_END,
        ),
    ),
    "listed": (
        ["106100", "106102", "106103"],
        _ends(
            r"^access-list (?<rule>[^ ]+) (?<verdict>permitted|denied|est-allowed) "
            r"(?<transport>[^ ]+)(?: for user (?<user>[^ ]+))? FIRST -> SECOND "
            r"hit-cnt (?<hits>[0-9]+) .*$",
            LIST_END,
        ),
    ),
    "visited": (
        ["304001"],
        (
            r"^(?:(?<user>[^ @]+)@)?(?<a>[^ @(]+)(?:\((?<a_user>[^()]*)\))? "
            r"Accessed (?:JAVA )?URL (?:[^ @/]+@)?(?<b>[^ /]+?):"
            r"(?<url>(?:[a-zA-Z]+:)?/.*)$"
        ),
    ),
    "not_let": (
        ["304002"],
        (
            r"^Access denied URL (?<url>.+) SRC (?<a>[^ ]+) DEST (?<b>[^ ]+)"
            r"(?: on interface (?<a_if>[^ ]+))? *$"
        ),
    ),
    "vpn": (
        [
            "113039",
            "716001",
            "716002",
            "716038",
            "716039",
            "716058",
            "716059",
            "722051",
        ],
        (
            r"^Group <?(?<group>[^>]*?)>? User <?(?<user>.*) IP <?(?<a>[^> ]*)>? "
            r"(?<said>.*)$"
        ),
    ),
    "vpn_before": (
        ["716038", "716039"],
        (
            r"^(?<said>Authentication: (?:rejected|successful)), "
            r"group = (?<group>[^ ,]*) user = (?<user>.*?) ?, "
            r"Session Type: (?<session>[^,]*)$"
        ),
    ),
    "given": (
        ["109201"],
        (
            r"^UAUTH: Session=[^,]*, User=(?<user>.*), "
            r"Assigned IP=(?<given>[^,]*), (?<said>.*)$"
        ),
    ),
    "tunnel": (
        ["750006", "750007"],
        (
            r"^Local:[^ ]+ Remote:(?<a>[^ ]+):(?<a_port>[0-9]+) "
            r"Username:(?<user>[A-Za-z][^ ]*) IKEv2 (?<said>SA .*)$"
        ),
    ),
    "gone": (
        ["113019"],
        (
            r"^Group = (?<group>.*?), Username = (?<user>.*), IP = (?<a>[^ ,]+), "
            r"Session disconnected\. Session Type: (?<session>.*?), "
            r"Duration: (?<lasted>[^,]+), Bytes xmt: (?<sent>[0-9]+), "
            r"Bytes rcv: (?<received>[0-9]+), Reason: (?<reason>.*)$"
        ),
    ),
    "unproven": (
        ["113005", "113015"],
        (
            r"^AAA user authentication Rejected *: *reason = (?<reason>.*?) *: *"
            r"(?:server = [^ ]+|local database) *[:,] *user = (?<user>.*?)"
            r"(?: *: *user IP = (?<a>[^ ]+))? *$"
        ),
    ),
    "admin": (
        ["605004", "605005"],
        (
            r"^Login (?<verdict>permitted|denied) from (?<a>[^ /]+)/(?<a_port>[0-9]+) "
            r"to (?<b_if>[^ :]+):(?<b>[^ /]+)/(?<session>[^ ]+) "
            r'for user "(?<user>[^"]*)"'
        ),
    ),
}
CODES = sorted({code for codes, _ in FAMILIES.values() for code in codes})


def words(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Add `family` and a text column `said_<group>` for each group.

    Looks at `code` and `text`; a text that has not the words of its number has
    no family.
    """
    groups = {
        f"of_{family}": pl.when(pl.col("code").is_in(codes))
        .then("text")
        .str.extract_groups(pattern)
        for family, (codes, pattern) in FAMILIES.items()
    }
    held = {family: GROUP.findall(pattern) for family, (_, pattern) in FAMILIES.items()}
    names = sorted({name for group in held.values() for name in group})
    return lines.with_columns(**groups).with_columns(
        family=pl.coalesce(
            [
                pl.when(_field(family, ALWAYS[family]).is_not_null()).then(pl.lit(family))
                for family in FAMILIES
            ]
        ),
        **{
            f"said_{name}": pl.coalesce(
                [_field(family, name) for family in FAMILIES if name in held[family]]
            )
            for name in names
        },
    )


def said(name: str) -> pl.Expr:
    """Return the text of a group; null where the message has none."""
    return pl.col(f"said_{name}")


def visit() -> dict[str, pl.Expr]:
    """Return the URL, which may be a path on the server alone."""
    url = said("url")
    is_path = url.str.starts_with("/")
    server = pl.coalesce(pl.col("dst_ip"), pl.col("dst_hostname"))
    return {
        "url": url.str.slice(0, MAX_URL),
        "url_scheme": url.str.extract("^([a-z][a-z0-9+.-]*)://", 1),
        "url_hostname": pl.when(is_path).then(server).otherwise(hostname(url)),
    }


def logon() -> dict[str, pl.Expr]:
    """Return the result for an account of the VPN or of an administrator."""
    text = pl.coalesce(said("said"), pl.lit(""))
    refused = text.str.contains("rejected|^Failed") | (
        pl.col("family").is_in(["unproven"]) | (said("verdict") == "denied")
    ).fill_null(value=False)
    left = (pl.col("family") == "gone") | text.str.contains(
        "session terminated|session lost connection|^SA DOWN"
    )
    tunnels = ["vpn", "vpn_before", "given", "tunnel", "gone"]
    is_vpn = pl.col("family").is_in(tunnels) & ~text.str.contains("(?i)session type: admin")
    reason = text.str.extract(r"terminated: (.*?)\.?$", 1)
    return {
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(is_vpn & (said("session").fill_null("") != "admin"))
        .then(pl.lit("vpn"))
        .when(pl.col("family") == "admin")
        .then(pl.lit("remote")),
        "is_success": pl.when(~left).then(~refused),
        "failure_reason": pl.when(refused).then(
            pl.coalesce(null_if_dash(said("reason")), pl.lit("rejected"))
        ),
        "event_code": pl.col("code"),
        "assigned_ip": somewhere(
            address(pl.coalesce(said("given"), text.str.extract(r"^IPv4 Address <([^>]*)>", 1)))
        ),
        "is_machine": is_machine(account(said("user").str.strip_suffix(">"))),
        "end_reason": pl.coalesce(reason, null_if_dash(said("reason"))),
    }


def _field(family: str, name: str) -> pl.Expr:
    return pl.col(f"of_{family}").struct.field(name)


HAS_PORTS = said("transport").str.to_lowercase().is_in(["tcp", "udp", "sctp"])
ANSWERED_FIRST = (said("way") == "outbound").fill_null(value=False)


def ends() -> dict[str, pl.Expr]:
    """Return both ends in the line's order, and whether the second one opened it."""
    a, b = port(said("a_port")), port(said("b_port"))
    serves_a, serves_b = (p.is_between(*SERVICE_PORTS) & (p != ACTIVE_FTP) for p in (a, b))
    is_free_a, is_free_b = (p > SERVICE_PORTS[1] for p in (a, b))
    return {
        "port_a": a,
        "port_b": b,
        "is_end_a": _is_end(said("a")),
        "is_end_b": _is_end(said("b")),
        "b_opened": pl.when(IS_ENDED)
        .then(
            pl.when(serves_a & is_free_b)
            .then(pl.lit(value=True))
            .when(serves_b & is_free_a)
            .then(pl.lit(value=False))
        )
        .otherwise(IS_BUILT & ANSWERED_FIRST),
    }


def _is_end(text: pl.Expr) -> pl.Expr:
    return text.str.contains(NAME) | address(text).is_not_null()


def placed() -> dict[str, pl.Expr]:
    """Return source and target; null where a teardown does not show which is which."""
    opened = pl.col("b_opened")

    def pick(first: pl.Expr, second: pl.Expr) -> pl.Expr:
        return pl.when(opened).then(second).when(~opened).then(first)

    a, b = said("a"), said("b")
    both = HAS_PORTS.fill_null(value=False)
    ports = [pl.when(both).then(pl.col(at)) for at in ("port_a", "port_b")]
    worn = pick(said("a_worn"), said("b_worn"))
    worn_port = pick(said("a_worn_port"), said("b_worn_port"))
    source = address(pick(a, b))
    is_worn = somewhere(address(worn)) != source
    return {
        "src_ip": source,
        "dst_ip": address(pick(b, a)),
        "src_hostname": _named(pick(a, b)),
        "dst_hostname": _named(pick(b, a)),
        "src_port": pick(ports[0], ports[1]),
        "dst_port": pick(ports[1], ports[0]),
        "source_if": pick(said("a_if"), said("b_if")),
        "target_if": pick(said("b_if"), said("a_if")),
        "source_user": pick(said("a_user"), said("b_user")),
        "source_account": pick(said("a_account"), said("b_account")),
        "nat_ip": pl.when(is_worn).then(address(worn)),
        "nat_port": pl.when(is_worn).then(port(worn_port)),
    }


def _named(text: pl.Expr) -> pl.Expr:
    return pl.when(address(text).is_null()).then(name(text))


# The end of an ASA connection gets the facts that only its beginning contains.
#
# `Built` contains the opener of a connection, the translated addresses and the users; `Teardown`
# contains its duration and bytes, and no more. Both have the number of the connection, which the
# device reuses after a restart: a beginning belongs to an end only if both name the same ends and
# the same instant.


def lasted() -> pl.Expr:
    """Return the duration of a connection; null if the line is not an end."""
    parts = said("lasted").str.extract_groups(HOURS).struct
    hours, minutes, seconds = (parts.field(at).cast(pl.Int64, strict=False) for at in "123")
    return pl.duration(hours=hours, minutes=minutes, seconds=seconds, time_unit="us")


def joined(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Fill `b_opened` and the `said_` columns of an end from its beginning.

    Only from a beginning above it among the lines read together; an end without
    one is not changed.
    """
    is_begin = IS_BUILT & said("uid").is_not_null()
    place = pl.when(is_begin).then(pl.int_range(pl.len(), dtype=pl.UInt32))
    above = pl.col("above")

    def begun(column: str) -> pl.Expr:
        return pl.col(column).gather(above)

    is_same = pl.all_horizontal(begun(end).eq_missing(pl.col(end)) for end in ENDS) & (
        (pl.col("time") - lasted() - begun("time")).abs() <= ROUNDED
    )
    own = pl.when("is_joined")
    return (
        lines.with_columns(above=place)
        .with_columns(above.forward_fill().over(CONNECTION))
        .with_columns(is_joined=IS_ENDED & is_same)
        .with_columns(
            pl.coalesce(own.then(begun("b_opened")), "b_opened").alias("b_opened"),
            *(pl.coalesce(column, own.then(begun(column))) for column in TAKEN),
        )
    )


# Connection events of Cisco FTD, `Key: Value` with commas, in ASA's terms.
#
# A value may contain a comma and a visitor writes some of them (agent, URL): so users and places
# are read only from the text in front of these, and a repeated key counts as missing.


def told(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Add FTD's values to the `said_` columns, and columns that ASA never fills.

    Looks at `code` and `text`; `family` becomes `session`, or `session_url` if
    the line is about a request.
    """
    return (
        _with_values(lines)
        .with_columns(ftd_is_blocked=_is_blocked(), ftd_user=_user())
        .with_columns(**_said(), **_columns())
    )


def _with_values(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Add a column for each key; in a separate step, because they are reused."""
    # a comma in front of the first key too: what begins with plain text is found soon
    whole_text = pl.when(pl.col("code").is_in(FTD_CODES)).then(", " + pl.col("text"))
    text, front = pl.col("ftd_text"), pl.col("ftd_front")
    found = {f"ftd_{key}": _value(front, name) for key, name in IN_FRONT.items()}
    found |= {f"ftd_{key}": _value(text, name) for key, name in ANYWHERE.items()}
    return (
        lines.with_columns(ftd_text=whole_text)
        .with_columns(ftd_front=text.str.replace(f"{WRITTEN_BY_VISITORS}.*$", ""))
        .with_columns(**found)
    )


def _said() -> dict[str, pl.Expr]:
    """Return the columns that ASA's words fill too."""
    phase = pl.col("code").replace({STARTED: "start", ENDED: "end"})
    denied = pl.when("ftd_is_blocked").then(pl.lit("denied"))
    return {
        "family": pl.coalesce("family", _family()),
        "said_user": pl.coalesce("said_user", "ftd_user"),
        "said_uid": pl.coalesce("said_uid", _uid()),
        "said_verdict": denied.otherwise("said_verdict"),
        "ftd_phase": pl.when(pl.col("ftd_a").is_not_null()).then(phase),
        **{f"said_{key}": pl.coalesce(f"said_{key}", f"ftd_{key}") for key in SAME},
    }


def timed(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Set the beginning: the first packet, whose timestamp is UTC.

    A line without a header was written when the connection ended.
    """
    first = clock.iso(pl.col("ftd_first"), Reading("UTC"))
    lasted = seconds(pl.col("ftd_took")).fill_null(pl.duration(seconds=0, time_unit="us"))
    has_stamp = pl.col("time").is_not_null()
    begun = pl.coalesce(first.time, pl.col("time") - lasted)
    return lines.with_columns(
        start_time=pl.when(IS_SESSION).then(begun).otherwise("start_time"),
        time_quality=pl.when(has_stamp).then("time_quality").otherwise(first.quality),
        time=pl.coalesce("time", first.time + lasted),
    )


def _value(text: pl.Expr, name: str) -> pl.Expr:
    """Return the text after a key, up to the next one; null if it occurs twice."""
    count = text.str.count_matches(f", {name}: ", literal=True)
    shape = "([^,]*)" if name in OF_ONE_WORD else NEXT_KEY
    return null_if_dash(pl.when(count == 1).then(text.str.extract(f", {name}: {shape}", 1)))


def _family() -> pl.Expr:
    """Classify; a request in a start line is repeated at its end, unless it was blocked."""
    is_request = pl.col("ftd_url").is_not_null() & (
        (pl.col("code") == ENDED) | pl.col("ftd_is_blocked")
    )
    family = pl.when(is_request).then(pl.lit("session_url"))
    return pl.when(pl.col("ftd_a").is_not_null()).then(family.otherwise(pl.lit("session")))


def _is_blocked() -> pl.Expr:
    """Return whether it was blocked; a visitor may continue after an interactive block."""
    went_on = pl.col("ftd_because").str.contains("User Bypass", literal=True)
    refused = pl.col("ftd_action").str.contains("(?i)block")
    return (refused & ~went_on.fill_null(value=False)).fill_null(value=False)


def _user() -> pl.Expr:
    user = pl.col("ftd_user")
    return pl.when(~user.is_in(NOBODY)).then(user)


def _uid() -> pl.Expr:
    """Return a unique id: the connection's number is reused, so these two are added."""
    parts = ["ftd_instance", "ftd_number", "ftd_first"]
    return pl.concat_str(parts, separator="-")


def _columns() -> dict[str, pl.Expr]:
    status = to_int(pl.col("ftd_status"), 3)
    return {
        "bytes_out": to_int(pl.col("ftd_sent")),
        "bytes_in": to_int(pl.col("ftd_received")),
        "category": pl.col("ftd_class"),
        "user_agent": pl.col("ftd_agent"),
        "referrer_hostname": hostname(pl.col("ftd_referrer")),
        "status_code": pl.when(status.is_between(100, 599)).then(status),
        "application": pl.coalesce("ftd_web_app", "ftd_app"),
    }
