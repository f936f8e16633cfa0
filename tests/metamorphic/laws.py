"""Laws of a district's findings, and the findings that they compare.

A law relates the findings of one district to those of the same district written otherwise, or
known less well. None needs the truth, and none trusts a rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter
from pathlib import Path

from pipelines.district import only_writer, open_district
from pipelines.findings.grades import LEVELS
from pipelines.refresh.steps import build_and_judge, ingest_sources
from pipelines.settings.problems import SEVERITIES
from pipelines.state.findings import OPEN, WITHDRAWN, stored_findings
from pipelines.warehouse.models import rules

Key = tuple[str, str, str]
"""Rule, subject in lower case, and local day of a finding."""


class Law(Enum):
    """Relations of the findings after a mutation to those before it."""

    EQUAL = "the same findings, as sure and as severe"
    FEWER = "of accounts the same findings or fewer, none surer or more severe"
    HIDDEN = "no finding is open"


@dataclass(frozen=True)
class Grade:
    """How sure and how severe a finding is, and whether it is open.

    Attributes:
        level: Place of its confidence in `LEVELS`.
        severity: Place of its severity, from the least.
    """

    level: int
    severity: int
    is_open: bool


def findings_of(home: Path) -> dict[Key, Grade]:
    """Read, build and judge a home; return its findings, leads too."""
    with open_district(home) as district, only_writer(district.home):
        ingest_sources(district, settle_seconds=0)
        build_and_judge(district)
        return {
            (one["rule"], one["subject"].lower(), one["event_date"]): Grade(
                LEVELS.index(one["confidence"]),
                SEVERITIES.index(one["severity"]),
                one["status"] == OPEN,
            )
            for one in stored_findings(district.store)
            if one["status"] != WITHDRAWN
        }


def accounts_of(home: Path) -> set[str]:
    """Return the accounts of a home's registry; other subjects are devices and places."""
    with open_district(home) as district:
        return set(district.registry.frames["accounts"]["account"])


def broken(
    law: Law, before: Mapping[Key, Grade], after: Mapping[Key, Grade], accounts: set[str]
) -> list[str]:
    """Return what breaks a law, a line for each finding."""
    return list(BREAKS[law](before, after, accounts))


def _use(key: Key) -> tuple[str, str, str]:
    rule, *rest = key
    return (rules()[rule].header.kind, *rest)


def _unequal(
    before: Mapping[Key, Grade], after: Mapping[Key, Grade], _accounts: set[str]
) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"{key}: {before.get(key)} became {after.get(key)}"


def _more(
    before: Mapping[Key, Grade], after: Mapping[Key, Grade], accounts: set[str]
) -> Iterator[str]:
    uses = {_use(key) for key in before}
    for key, grade in sorted(after.items(), key=itemgetter(0)):
        if key[1] not in accounts:
            continue
        was = before.get(key)
        # what one rule no longer takes, another of the same kind may
        if was is None and _use(key) not in uses:
            yield f"{key}: added"
        elif was is None:
            continue
        elif grade.level > was.level or grade.severity > was.severity:
            yield f"{key}: {was} became {grade}"


def _open(
    _before: Mapping[Key, Grade], after: Mapping[Key, Grade], accounts: set[str]
) -> Iterator[str]:
    for key, grade in sorted(after.items(), key=itemgetter(0)):
        if key[1] in accounts and grade.is_open:
            yield f"{key}: is open"


BREAKS = {Law.EQUAL: _unequal, Law.FEWER: _more, Law.HIDDEN: _open}
