"""The connection events of Cisco FTD, `Key: Value` with commas, as ASA's words.

A value may hold a comma and a visitor writes some of them (agent, URL): so who
and where are read only from what stands in front of these, and a key that comes
twice says nothing.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats.reading.fields import hostname, known, whole
from pipelines.formats.reading.flows import seconds

STARTED, ENDED = "430002", "430003"
CODES = [STARTED, ENDED]
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


def told(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Add what FTD says to the `said_` columns, and columns ASA never fills.

    Looks at `code` and `text`; `family` becomes `session`, or `session_url` where
    the line tells a request.
    """
    return (
        _with_values(lines)
        .with_columns(ftd_is_blocked=_is_blocked(), ftd_user=_user())
        .with_columns(**_said(), **_columns())
    )


def _with_values(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Add a column for each key; in a step of its own, as they are used again."""
    # a comma in front of the first key too: what begins with plain text is found soon
    whole_text = pl.when(pl.col("code").is_in(CODES)).then(", " + pl.col("text"))
    text, front = pl.col("ftd_text"), pl.col("ftd_front")
    found = {f"ftd_{key}": _value(front, name) for key, name in IN_FRONT.items()}
    found |= {f"ftd_{key}": _value(text, name) for key, name in ANYWHERE.items()}
    return (
        lines.with_columns(ftd_text=whole_text)
        .with_columns(ftd_front=text.str.replace(f"{WRITTEN_BY_VISITORS}.*$", ""))
        .with_columns(**found)
    )


def _said() -> dict[str, pl.Expr]:
    """What ASA's words fill too."""
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
    """Set when it began: at the first packet, whose stamp is UTC.

    A line without a header of its own was written when the connection ended.
    """
    first = clock.iso(pl.col("ftd_first"), Reading("UTC"))
    lasted = seconds(pl.col("ftd_took")).fill_null(
        pl.duration(seconds=0, time_unit="us")
    )
    has_stamp = pl.col("time").is_not_null()
    begun = pl.coalesce(first.time, pl.col("time") - lasted)
    return lines.with_columns(
        start_time=pl.when(IS_SESSION).then(begun).otherwise("start_time"),
        time_quality=pl.when(has_stamp).then("time_quality").otherwise(first.quality),
        time=pl.coalesce("time", first.time + lasted),
    )


def _value(text: pl.Expr, name: str) -> pl.Expr:
    """What stands behind a key, up to the next one; null where it comes twice."""
    count = text.str.count_matches(f", {name}: ", literal=True)
    shape = "([^,]*)" if name in OF_ONE_WORD else NEXT_KEY
    return known(pl.when(count == 1).then(text.str.extract(f", {name}: {shape}", 1)))


def _family() -> pl.Expr:
    """A request told at its start is told again at its end, unless it was blocked."""
    is_request = pl.col("ftd_url").is_not_null() & (
        (pl.col("code") == ENDED) | pl.col("ftd_is_blocked")
    )
    family = pl.when(is_request).then(pl.lit("session_url"))
    return pl.when(pl.col("ftd_a").is_not_null()).then(
        family.otherwise(pl.lit("session"))
    )


def _is_blocked() -> pl.Expr:
    """A visitor may go on from the page of an interactive block."""
    went_on = pl.col("ftd_because").str.contains("User Bypass", literal=True)
    refused = pl.col("ftd_action").str.contains("(?i)block")
    return (refused & ~went_on.fill_null(value=False)).fill_null(value=False)


def _user() -> pl.Expr:
    user = pl.col("ftd_user")
    return pl.when(~user.is_in(NOBODY)).then(user)


def _uid() -> pl.Expr:
    """The number of the connection is used again; with these two it is its own."""
    parts = ["ftd_instance", "ftd_number", "ftd_first"]
    return pl.concat_str(parts, separator="-")


def _columns() -> dict[str, pl.Expr]:
    status = whole(pl.col("ftd_status"), 3)
    return {
        "bytes_out": whole(pl.col("ftd_sent")),
        "bytes_in": whole(pl.col("ftd_received")),
        "category": pl.col("ftd_class"),
        "user_agent": pl.col("ftd_agent"),
        "referrer_hostname": hostname(pl.col("ftd_referrer")),
        "status_code": pl.when(status.is_between(100, 599)).then(status),
        "application": pl.coalesce("ftd_web_app", "ftd_app"),
    }
