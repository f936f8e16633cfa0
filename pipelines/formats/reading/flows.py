"""Small expressions for what firewalls say of a flow: protocol, direction."""

from collections.abc import Mapping

import polars as pl

from pipelines.formats.reading.fields import null_if_dash, one_of, to_int, word_of

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
    return null_if_dash(field).str.to_lowercase().replace(PROTOCOLS)


def seconds(field: pl.Expr) -> pl.Expr:
    """Parse a duration; null beyond ten digits or if it is not a number."""
    return pl.duration(seconds=to_int(field, 9), time_unit="us")


def somewhere(address: pl.Expr) -> pl.Expr:
    """Return null for the all-zero address, which products write for none."""
    return pl.when(~address.is_in(["0.0.0.0", "::"])).then(address)  # noqa: S104


def direction(source: pl.Expr, target: pl.Expr, outside: list[str]) -> pl.Expr:
    """Derive the direction from the zones, lower case, on both ends; null if one is unknown."""
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
    """Return whether it is a Windows computer's account, with a final `$`; null for none."""
    return user.str.ends_with("$")


def not_of_windows(user: pl.Expr) -> pl.Expr:
    """Return null for the accounts that the services of every Windows computer have."""
    return pl.when(~user.str.contains(BUILT_IN)).then(user)


def by_words(text: pl.Expr, stopped: str, passed: str) -> pl.Expr:
    """Return blocked or allowed, by the patterns of their words; null for neither or both."""
    is_stopped, is_passed = text.str.contains(stopped), text.str.contains(passed)
    return word_of(("blocked", is_stopped & ~is_passed), ("allowed", is_passed & ~is_stopped))


def verdict(words: pl.Expr, options: Mapping[str, str]) -> pl.Expr:
    """Return the result for a packet, from the words that the rule's author chose.

    Args:
        words: The prefix in front of the packet.
        options: The source's; `unmarked` is the meaning of other words.

    Raises:
        SettingsError: It is neither allowed nor blocked.
    """
    fallback = one_of(options, "unmarked", ("allowed", "blocked"))
    is_unmarked = ~words.str.contains(STOPPED) & ~words.str.contains(PASSED)
    unmarked = pl.when(is_unmarked).then(pl.lit(fallback, pl.String))
    return pl.coalesce(by_words(words, STOPPED, PASSED), unmarked)
