"""Rules that judged a request last week, and why the others did not, by school.

The counts come from the warehouse: `marts.rule_coverage` counts the events that
remained for each family of rules. A rule whose files have rows but whose events all
dropped out judged nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipelines.district import District
from pipelines.health.rule_coverage import (
    ASKED_OF,
    DAYS,
    ELSEWHERE,
    KEYBOARDS,
    MIN_EVENTS,
    NO_ACCOUNT,
    PRESENCE,
    REASONS,
    TABLE,
    CoverageRow,
    arrived,
    coverage_rows,
    family_of,
    fed_since,
    rules_counted,
    rules_on,
)
from pipelines.state.connections import Store, fact, remember
from pipelines.warehouse.headers import Header

if TYPE_CHECKING:  # `status` opens no warehouse, and DuckDB takes long to import
    from pipelines.warehouse.database import Database

NOTED = "judged_rules"
LEFT = "candidates"
"""The filter of `marts.rule_coverage` whose events the rules judge."""
MAX_NAMED = 3
"""Titles of rules that a sentence contains."""
COUNTED = frozenset({"http_requests", "connections", "logons"})
"""Classes of events that `marts.rule_coverage` counts."""

Left = Mapping[str, Mapping[str, int]]
"""Family -> building -> events."""


@dataclass(frozen=True)
class JudgedRules:
    """Activity of the rules in the newest week.

    Attributes:
        on: Rules that judged an event somewhere.
        count: Number of rules.
        lacking: Titles of rules, and the empty files that they depend on.
        unfed: Titles of rules whose logs did not arrive.
        unjudged: Titles of rules, the schools at which they judged nothing, and why.
    """

    on: int = 0
    count: int = 0
    first: str = ""
    last: str = ""
    lacking: Sequence[tuple[Sequence[str], str]] = ()
    unfed: Sequence[str] = ()
    unjudged: Sequence[tuple[Sequence[str], Sequence[str], str]] = field(default=())

    @property
    def line(self) -> str:
        """A sentence such as "rules that judged a request last week: 31 of 39"."""
        if not self.count:
            return "rules that judged a request last week: none yet; no log has been read"
        return (
            f"rules that judged a request last week: {self.on} of {self.count} "
            f"({self.first} to {self.last})"
        )

    @property
    def reasons(self) -> Iterator[str]:
        """Why the others did not, a sentence for each reason."""
        for titles, files in self.lacking:
            yield _not_judged(titles, f": no rows in {files}")
        if self.unfed:
            yield _not_judged(self.unfed, ": none of their logs arrived")
        for titles, places, reason in self.unjudged:
            named = [one for one in places if one != ELSEWHERE]
            where = [f"at {', '.join(named)}"] if named else []
            if ELSEWHERE in places:
                where.append("without a known building")
            yield _not_judged(
                titles, f" {' and '.join(where)}: events {REASONS.get(reason, reason)}"
            )


def _not_judged(titles: Sequence[str], why: str) -> str:
    """Return text such as "2 rules judged nothing: no rows in leave.csv (TITLE; TITLE)"."""
    named = "; ".join(f"“{one}”" for one in titles[:MAX_NAMED])
    more = f"; and {len(titles) - MAX_NAMED} more" if len(titles) > MAX_NAMED else ""
    return f"{rules_counted(len(titles))} judged nothing{why} ({named}{more})"


def families_of(header: Header) -> tuple[str, ...]:
    """Return every family of whose events a rule needs some."""
    own = family_of(header)
    if own in (KEYBOARDS, PRESENCE):
        return (own,)
    return ASKED_OF.get(header.kind, (own,))


def judged_rules(
    district: District, rows: Sequence[CoverageRow], days: tuple[date, date]
) -> JudgedRules:
    """Summarize one week of `marts.rule_coverage` by rule.

    Args:
        days: First and last day of the week.
    """
    rules = rules_on(district.detections, district.registry)
    held = arrived(district.store)
    left = _counted(row for row in rows if row.filter == LEFT)
    lacking: dict[str, list[str]] = {}
    silent: dict[tuple[tuple[str, ...], str], list[str]] = {}
    unfed, on = [], 0
    for code, model in sorted(district.rules.items()):
        title = model.header.title or code
        if code in rules.lacking:
            lacking.setdefault(", ".join(rules.lacking[code]), []).append(title)
            continue
        if fed_since(model, district.models, held, district.registry) is None:
            unfed.append(title)
            continue
        classes = {name.split(".")[0] for name in model.header.requires_fields}
        families = families_of(model.header) if classes & COUNTED else ()
        on += all(any(left.get(one, {}).values()) for one in families)
        for family in families:
            for reason, places in _nothing_left(family, left, rows).items():
                silent.setdefault((tuple(places), reason), []).append(title)
    return JudgedRules(
        on=on,
        count=rules.count,
        first=days[0].isoformat(),
        last=days[1].isoformat(),
        lacking=[(titles, files) for files, titles in lacking.items()],
        unfed=unfed,
        unjudged=[
            (list(dict.fromkeys(titles)), places, reason)
            for (places, reason), titles in silent.items()
        ],
    )


def _counted(rows: Iterable[CoverageRow]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        places = found.setdefault(row.family, {})
        places[row.building] = places.get(row.building, 0) + row.event_count
    return found


def _nothing_left(family: str, left: Left, rows: Sequence[CoverageRow]) -> dict[str, list[str]]:
    """Return buildings with events that a family judged none of, by the largest loss."""
    lost: dict[str, dict[str, int]] = {}
    for row in rows:
        is_own = row.family == family and row.is_loss
        if is_own and row.filter != NO_ACCOUNT:
            filters = lost.setdefault(row.building, {})
            dropped = filters.get(row.filter, 0) + row.dropped_count
            filters[row.filter] = dropped
    found: dict[str, list[str]] = {}
    for building, filters in sorted(lost.items()):
        is_silent = not left.get(family, {}).get(building)
        if is_silent and sum(filters.values()) >= MIN_EVENTS:
            worst = max(filters, key=lambda name: filters[name])
            found.setdefault(worst, []).append(building)
    return found


def note_judged_rules(database: "Database", district: District) -> None:
    """Remember the newest week, for those who may not open the warehouse."""
    if not database.has(TABLE):
        return
    ((newest,),) = database.rows("select max(event_date) from marts.rule_coverage")
    if newest is None:
        return
    first = newest - DAYS + timedelta(days=1)
    rows = coverage_rows(database.days_of(TABLE, first, newest))
    noted = json.dumps(asdict(judged_rules(district, rows, (first, newest))))
    with district.store.writing() as connection:
        if fact(connection, NOTED) != noted:
            remember(connection, NOTED, noted)


def noted_judged_rules(store: Store) -> JudgedRules:
    """Return the recorded result; an empty one before the first build."""
    with store.reading() as connection:
        noted = json.loads(fact(connection, NOTED) or "{}")
    return JudgedRules(**noted)
