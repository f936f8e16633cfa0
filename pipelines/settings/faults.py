"""One thing in the settings that a run would stumble over."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Where it stands, and what should stand there.

    Attributes:
        path: Tables and key, as in `("sources", "proxy", "format")`.
        what: What is wrong, as a short phrase.
        found: What stands there; None where nothing does.
        allowed: What may stand there, in words.
        paste: A line that would be right.
    """

    path: tuple[str, ...]
    what: str
    found: str | None
    allowed: str
    paste: str
