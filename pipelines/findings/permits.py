"""Which consent or exception of the registry covers a candidate on its day.

An exception hides what it names, whatever it is. A consent permits what its type
is about: it has to come from its lawful grantor (the registry sees to that), name
the person or account, and, where sites are concerned, name every one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl

from pipelines.findings.record import NOT_TESTABLE, RULED_OUT, Alternative
from pipelines.registry.sites import canonical_host, registrable_domain

PermitKind = Literal["consent", "exception"]

SITE_KINDS = ("non_approved_site", "off_hours_external")
COVERS: Mapping[str, tuple[str, ...]] = {
    "a": ("AN-2",),
    "b": SITE_KINDS,
    "c": SITE_KINDS,
    "d": ("AN-5", "AN-8"),
    "e": SITE_KINDS,
    "f": (*SITE_KINDS, "AN-3"),
    "g": (),
}
"""Type of a consent -> kinds and codes of the rules whose findings it may cover.

Nothing that logs show falls under g (logos and images).
"""
WITHOUT_SITES = ("d",)
"""Types that permit a person, not a site."""
NAMED_ASIDE = "A consent may allow it"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a permit is compared with.

    Attributes:
        owner: Person to whom the account belonged on the day, if anybody.
    """

    rule: str
    kind: str
    subject: str
    owner: str | None
    day: date
    devices: Sequence[str] = ()
    sites: Sequence[str] = ()

    @property
    def persons(self) -> frozenset[str]:
        """Everything by which a row may name whom it is about."""
        named = {self.subject.casefold()}
        return frozenset(named | ({self.owner.casefold()} if self.owner else set()))


def is_valid(row: Mapping[str, Any], day: date) -> bool:
    """The row counts on a day; both ends belong to it."""
    first, last = row["valid_from"] or date.min, row["valid_to"] or date.max
    return bool(first <= day <= last)


def exception_for(exceptions: pl.DataFrame, seen: Seen) -> str | None:
    """The exception that hides a candidate, the first by its place in the file."""
    for row in exceptions.iter_rows(named=True):
        if is_valid(row, seen.day) and excepts(row, seen):
            return str(row["exception_id"])
    return None


def consent_for(consents: pl.DataFrame, seen: Seen) -> str | None:
    """The consent that permits all of a candidate."""
    for row in consents.iter_rows(named=True):
        if is_valid(row, seen.day) and permits(row, seen):
            return str(row["consent_id"])
    return None


def excepts(row: Mapping[str, Any], seen: Seen) -> bool:
    """An exception is about it, whatever the day."""
    if row["rule"] not in (seen.rule, "*"):
        return False
    if row["scope"] == "rule":
        return True
    if row["scope"] == "person":
        owner = seen.owner.casefold() if seen.owner else None
        return owner is not None and _person(row["value"]) == owner
    named = {"account": [seen.subject], "device": seen.devices, "site": seen.sites}
    values = set(named.get(row["scope"], ()))
    return bool(values) and values <= {row["value"]}


def permits(row: Mapping[str, Any], seen: Seen) -> bool:
    """A consent is about all of it, whatever the day."""
    if not _concerns(row, seen):
        return False
    if row["type"] in WITHOUT_SITES:
        return True
    allowed = named_sites(row["what"])
    return bool(seen.sites) and all(_within(site, allowed) for site in seen.sites)


def said_of_consents(consents: pl.DataFrame, seen: Seen) -> Iterator[Alternative]:
    """What the person's consents say of a candidate that none of them covers.

    One in words that name no site can not be compared by a machine.
    """
    for row in consents.iter_rows(named=True):
        if not is_valid(row, seen.day) or not _concerns(row, seen):
            continue
        allowed = named_sites(row["what"])
        name = f"consent {row['consent_id']} (type {row['type']})"
        if not allowed:
            text = f"{name} is in words; a person has to compare it"
            yield Alternative(NAMED_ASIDE, text, NOT_TESTABLE)
            continue
        inside = [site for site in seen.sites if _within(site, allowed)]
        if inside:
            text = f"{name} covers {', '.join(inside)}, and not the rest"
            yield Alternative(NAMED_ASIDE, text, RULED_OUT)


def named_sites(what: str | None) -> frozenset[str]:
    """The sites and hosts that a consent names, between bars, commas or blanks."""
    words = (what or "").casefold().replace("|", " ").replace(",", " ").split()
    hosts = [canonical_host(one) for one in words if registrable_domain(one)]
    return frozenset(host for host in hosts if host is not None)


def _concerns(row: Mapping[str, Any], seen: Seen) -> bool:
    covered = COVERS.get(row["type"], ())
    about = seen.rule in covered or seen.kind in covered
    return about and _person(row["subject"]) in seen.persons


def _within(site: str, allowed: frozenset[str]) -> bool:
    return any(site == one or site.endswith(f".{one}") for one in allowed)


def _person(value: str | None) -> str:
    return (value or "").casefold().removeprefix("person:")
