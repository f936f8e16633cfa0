"""Domains that account names carry, and what was made of each; see `account_names`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

APPLIED, PROPOSED, AMBIGUOUS, UNKNOWN = "applied", "proposed", "ambiguous", "unknown"
MAX_STRANGE = 5
"""Number of unknown names that a person can still review."""
MIN_NAMES = 5
"""Known names that make a domain the district's; fewer may be chance."""


@dataclass(frozen=True)
class Domain:
    r"""A domain that account names carry, and what is made of it.

    Attributes:
        forms: `prefix` for `DOMAIN\u`, `suffix` for `u@domain`.
        names: Distinct names of the logs that carry it.
        known: Of these, those that the registry knows without it.
        state: `applied`, `proposed`, `ambiguous` or `unknown`.
        strange: The names that the registry lacks, where they are few.
    """

    name: str
    forms: tuple[str, ...]
    names: int
    known: int
    state: str
    reason: str
    strange: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        r"""As names carry it: `PBCSD\...` or `...@school.example`."""
        shown = {"prefix": f"{self.name.upper()}\\...", "suffix": f"...@{self.name}"}
        return " and ".join(shown[form] for form in self.forms)

    def __str__(self) -> str:
        many = "1 name" if self.names == 1 else f"{self.names:,} names"
        return f"{self.pattern}: {many}, {self.known:,} in the registry; {self.reason}"


class Domains(NamedTuple):
    """Domains that are stripped from account names."""

    own: Sequence[str]
    derived: Sequence[str] = ()


def applied(domains: Iterable[Domain]) -> tuple[str, ...]:
    """Return the domains that need no setting."""
    return tuple(one.name for one in domains if one.state == APPLIED)
