"""The words of the ASA messages that are read, by message number.

A pattern names its groups; `a` is the end named first, `b` the other one. Which
of them opened the connection is decided in `cisco_asa`.
"""

import re
from collections.abc import Mapping

import polars as pl

from pipelines.formats.reading.fields import MAX_URL, account, address, hostname, known
from pipelines.formats.reading.flows import is_machine, somewhere

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


def _ends(pattern: str, end: str) -> str:
    """The pattern with its two places filled by the two ends."""
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
        ["113039", "716001", "716002", "716038", "716039", "722051"],
        (
            r"^Group <?(?<group>[^>]*?)>? User <?(?<user>[^>]*?)>? IP <?(?<a>[^> ]*)>? "
            r"(?<said>.*)$"
        ),
    ),
    "vpn_before": (
        ["716038", "716039"],
        (
            r"^(?<said>Authentication: (?:rejected|successful)), "
            r"group = (?<group>[^ ,]*) user = (?<user>[^ ,]*) ?, "
            r"Session Type: (?<session>.*)$"
        ),
    ),
    "gone": (
        ["113019"],
        (
            r"^Group = (?<group>.*?), Username = (?<user>.*?), IP = (?<a>[^ ,]+), "
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
FLOWS = ["built", "ended", "ping", "refused", "denied", "listed"]
VISITS = ["visited", "not_let"]
LOGONS = ["vpn", "vpn_before", "gone", "unproven", "admin"]
ALWAYS = {
    **dict.fromkeys(FLOWS, "transport"),
    **dict.fromkeys(VISITS, "url"),
    **dict.fromkeys(LOGONS, "user"),
}
"""A group that each pattern of the family fills."""
GROUP = re.compile(r"\(\?<([a-z_]+)>")
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
                pl.when(_field(family, ALWAYS[family]).is_not_null()).then(
                    pl.lit(family)
                )
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
    """The text of a group; null where the message has none."""
    return pl.col(f"said_{name}")


def visit() -> dict[str, pl.Expr]:
    """The URL, which may be a path on the server alone."""
    url = said("url")
    is_path = url.str.starts_with("/")
    server = pl.coalesce(pl.col("dst_ip"), pl.col("dst_hostname"))
    return {
        "url": url.str.slice(0, MAX_URL),
        "url_scheme": url.str.extract("^([a-z][a-z0-9+.-]*)://", 1),
        "url_hostname": pl.when(is_path).then(server).otherwise(hostname(url)),
    }


def logon() -> dict[str, pl.Expr]:
    """What became of an account, of the VPN or of an administrator."""
    text = pl.coalesce(said("said"), pl.lit(""))
    refused = text.str.contains("rejected", literal=True) | (
        pl.col("family").is_in(["unproven"]) | (said("verdict") == "denied")
    ).fill_null(value=False)
    left = (pl.col("family") == "gone") | text.str.contains(
        "session terminated", literal=True
    )
    is_vpn = pl.col("family").is_in(["vpn", "vpn_before", "gone"]) & ~text.str.contains(
        "(?i)session type: admin"
    )
    reason = text.str.extract(r"terminated: (.*?)\.?$", 1)
    return {
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(is_vpn & (said("session").fill_null("") != "admin"))
        .then(pl.lit("vpn"))
        .when(pl.col("family") == "admin")
        .then(pl.lit("remote")),
        "is_success": pl.when(~left).then(~refused),
        "failure_reason": pl.when(refused).then(
            pl.coalesce(known(said("reason")), pl.lit("rejected"))
        ),
        "event_code": pl.col("code"),
        "assigned_ip": somewhere(
            address(text.str.extract(r"^IPv4 Address <([^>]*)>", 1))
        ),
        "is_machine": is_machine(account(said("user"))),
        "end_reason": pl.coalesce(reason, known(said("reason"))),
    }


def _field(family: str, name: str) -> pl.Expr:
    return pl.col(f"of_{family}").struct.field(name)
