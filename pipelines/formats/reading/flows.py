"""Small expressions for flows and requests: protocol, direction, host asked for, a 407.

Some logs of web requests tell host and path apart.
"""

from collections.abc import Mapping

import polars as pl

from pipelines.formats.reading.fields import (
    MAX_URL,
    hostname,
    known,
    one_of,
    port,
    whole,
)

PROTOCOLS = {
    "1": "icmp",
    "2": "igmp",
    "6": "tcp",
    "17": "udp",
    "41": "ipv6",
    "47": "gre",
    "50": "esp",
    "51": "ah",
    "58": "ipv6-icmp",
    "icmp6": "ipv6-icmp",
    "icmpv6": "ipv6-icmp",
    "132": "sctp",
}

BUILT_IN = r"(?i)^(?:[^\\]*\\)?(?:system|local service|network service)$"
STOPPED = r"(?i)(?:^|[^a-z])(?:drop|den[yi]|reject|block)"
PASSED = r"(?i)(?:^|[^a-z])(?:accept|allow|pass)"


def protocol(field: pl.Expr) -> pl.Expr:
    """`tcp` of `6`, `TCP` or `tcp`; a number without a name stays a number."""
    return known(field).str.to_lowercase().replace(PROTOCOLS)


def seconds(field: pl.Expr) -> pl.Expr:
    """A duration; null beyond ten digits or where it is no count."""
    return pl.duration(seconds=whole(field, 9), time_unit="us")


def somewhere(address: pl.Expr) -> pl.Expr:
    """Null for the all-zero address, which products write for none."""
    return pl.when(~address.is_in(["0.0.0.0", "::"])).then(address)  # noqa: S104


def direction(source: pl.Expr, target: pl.Expr, outside: list[str]) -> pl.Expr:
    """From the zones, lower case, on both ends; null where one is not known."""
    from_outside, to_outside = source.is_in(outside), target.is_in(outside)
    return (
        pl.when(source.is_null() | target.is_null())
        .then(None)
        .when(from_outside & to_outside)
        .then(None)
        .when(to_outside)
        .then(pl.lit("outbound"))
        .when(from_outside)
        .then(pl.lit("inbound"))
        .otherwise(pl.lit("lateral"))
    )


def is_machine(user: pl.Expr) -> pl.Expr:
    """Accounts of Windows computers end in `$`; null for nobody."""
    return user.str.ends_with("$")


def not_of_windows(user: pl.Expr) -> pl.Expr:
    """Null for the accounts that the services of every Windows computer have."""
    return pl.when(~user.str.contains(BUILT_IN)).then(user)


def verdict(words: pl.Expr, options: Mapping[str, str]) -> pl.Expr:
    """What became of a packet, by the words that the rule's author chose.

    Args:
        words: The prefix in front of the packet.
        options: The source's; `unmarked` says what words that say nothing mean.

    Raises:
        SettingsError: It is neither allowed nor blocked.
    """
    stopped, passed = words.str.contains(STOPPED), words.str.contains(PASSED)
    fallback = one_of(options, "unmarked", ("allowed", "blocked"))
    return (
        pl.when(stopped & ~passed)
        .then(pl.lit("blocked"))
        .when(passed & ~stopped)
        .then(pl.lit("allowed"))
        .when(~stopped & ~passed)
        .then(pl.lit(fallback, pl.String))
    )


IS_PATH = r"^[/*?]"
VERDICT_OF_CISCO = r" [A-Z][A-Z0-9_]*(?:-[^ <]*){3,} <[^ ]*,"
"""Behind the fields of Squid, in the log of Cisco's appliance."""


def is_tunnel(method: pl.Expr) -> pl.Expr:
    """A CONNECT: what follows is not to be seen."""
    return (method.str.to_uppercase() == "CONNECT").fill_null(value=False)


def whole_url(host: pl.Expr, at_port: pl.Expr, asked: pl.Expr) -> pl.Expr:
    """The URL, put together where the request named a path only.

    Args:
        host: From the Host header; it may hold a port.
        at_port: Port of the server, to be named unless it is 80.
        asked: A path, or the whole URL in a request to a proxy.
    """
    is_v6 = host.str.contains(r"^[^\[]*:.*:")
    bracketed = pl.when(is_v6).then("[" + host + "]").otherwise(host)
    says_port = host.str.contains(r"^[^:]+:[0-9]+$|\]:[0-9]+$")
    named = pl.when((at_port != "80") & ~says_port).then(":" + at_port)
    joined = "http://" + bracketed + named.fill_null("") + asked
    url = pl.when(asked.str.contains(IS_PATH)).then(pl.coalesce(joined, asked))
    return known(url.otherwise(asked)).str.slice(0, MAX_URL)


def host_asked(method: pl.Expr, host: pl.Expr, asked: pl.Expr) -> pl.Expr:
    """Of a tunnel its target, else the Host header, else the host in the URL."""
    in_url = pl.when(~asked.str.contains(IS_PATH)).then(asked)
    first = pl.when(is_tunnel(method)).then(in_url)
    return pl.coalesce(hostname(known(text)) for text in (first, host, in_url))


def port_asked(method: pl.Expr, asked: pl.Expr, at_port: pl.Expr) -> pl.Expr:
    """Of a tunnel the port of its target, else the server's."""
    target = pl.when(is_tunnel(method)).then(asked.str.extract(r":([0-9]+)$", 1))
    return port(pl.coalesce(target, at_port))


def unless_challenged(status: pl.Expr, outcome: pl.Expr, *signs: pl.Expr) -> pl.Expr:
    """What a control did with a request; a proxy that asks for credentials did nothing.

    Such a request is neither a use nor a block: the browser sends it again with them.

    Args:
        status: The HTTP status, as a number or as text; 407 asks.
        outcome: The disposition of a request that is not asked.
        signs: Other ways in which the product says that it asks.
    """
    asks = pl.any_horizontal(status.cast(pl.String) == "407", *signs)
    return pl.when(asks).then(pl.lit("challenged")).otherwise(outcome)


def seen(status: pl.Expr) -> pl.Expr:
    """What a sensor can say of a request: answered means that it was let through."""
    answered = pl.when(status.is_not_null()).then(pl.lit("allowed"))
    return unless_challenged(status, answered)
