"""Lines that were kept as talk of the product and yet seem to say who did something.

`system_events` feed no rule. A format that reads a login as talk loses it in silence:
each line counts as an event. So what such lines hold is counted by their kind.
"""

from dataclasses import dataclass

import polars as pl

PERSON = (
    r"(?i)(?:\b(?:user|username|user_name|account|accountname|login|upn|suser|duser"
    r"|targetusername|email|principal|device_user)\b[\"']?[ \t]*[=:][ \t]*[\"']?"
    r"|\buser[ \t]+[\"'<])"
    r"([a-z][a-z0-9._@\\-]+)"
)
NOBODY = r"(?i)^(?:n/?a|none|null|unknown|unset|system|root|localhost|true|false|id)$"
CARD = (
    r"(?:^|[^0-9A-Fa-f:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?:$|[^0-9A-Fa-f:-])"
)
MOST_KINDS = 5
FEWEST = 1


@dataclass(frozen=True)
class Unused:
    """Talk of one kind, by what it holds.

    Attributes:
        lines: How many there are.
        accounts: How many name what looks like an account.
        cards: How many name what looks like a network card.
    """

    kind: str
    lines: int
    accounts: int
    cards: int


def unused(talk: pl.DataFrame) -> list[Unused]:
    """The kinds of system events that name most, most first.

    Args:
        talk: System events with their `kind` and `message`.
    """
    if "message" not in talk.columns:
        return []
    kind = pl.col("kind") if "kind" in talk.columns else pl.lit(None, pl.String)
    person = pl.col("message").str.extract(PERSON, 1)
    found = (
        talk.select(
            kind.fill_null("-").alias("kind"),
            has_person=person.is_not_null() & ~person.str.contains(NOBODY),
            has_card=pl.col("message").str.contains(CARD),
        )
        .group_by("kind")
        .agg(
            pl.len().alias("lines"),
            pl.col("has_person").sum().alias("accounts"),
            pl.col("has_card").sum().alias("cards"),
        )
        .filter(pl.col("accounts") + pl.col("cards") >= FEWEST)
        .sort(pl.col("accounts") + pl.col("cards"), "kind", descending=[True, False])
        .head(MOST_KINDS)
    )
    return [Unused(**row) for row in found.iter_rows(named=True)]
