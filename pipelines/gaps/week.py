"""The newest week of logs: what the rules could judge of it, and its gaps.

The counts come from the warehouse: `marts.rule_coverage` counts the events that
remained for each family of rules. A rule whose files have rows but whose events all
dropped out judged nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from pipelines.district import District
from pipelines.gaps.families import families_of
from pipelines.gaps.logs import (
    arrived,
    fed_since,
    is_without_windows,
    lacking_files,
)
from pipelines.gaps.losses import (
    DAYS,
    ENOUGH,
    JUDGED,
    MIN_EVENTS,
    TABLE,
    CoverageRow,
    all_lost,
    coverage_rows,
    judged_requests,
    remedied,
)
from pipelines.gaps.relation import IDLE, Gap
from pipelines.state.connections import Store, fact, remember

if TYPE_CHECKING:  # `status` opens no warehouse, and DuckDB takes long to import
    from pipelines.warehouse.database import Database

NOTED = "judged_week"
COUNTED = frozenset({"http_requests", "connections", "logons"})
"""Classes of events that `marts.rule_coverage` counts."""


@dataclass(frozen=True)
class JudgedWeek:
    """Activity of the rules in the newest week.

    Attributes:
        attributable: Page requests of staff with a name, or of a device with an owner.
        judged: Of these, the ones that rules on sites could judge.
        rules_on: Rules that judged an event somewhere.
        rule_count: Number of rules.
        days: First and last day; empty before the first build.
        gaps: What was not judged, the most important first.
    """

    attributable: int = 0
    judged: int = 0
    rules_on: int = 0
    rule_count: int = 0
    days: tuple[date, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def share(self) -> float:
        """Judged of attributable; 1 if there is too little to decide."""
        is_much = self.attributable >= MIN_EVENTS
        return self.judged / self.attributable if is_much else 1.0

    @property
    def is_enough(self) -> bool:
        """Nine tenths of the attributable requests can be judged."""
        return self.share >= ENOUGH

    @property
    def line(self) -> str:
        """A sentence such as "rules that judged a request last week: 31 of 39"."""
        if not self.rule_count:
            return "rules that judged a request last week: none yet; no log has been read"
        return (
            f"rules that judged a request last week: {self.rules_on} of {self.rule_count} "
            f"({self.days[0]} to {self.days[1]})"
        )

    @property
    def idle(self) -> Iterator[str]:
        """Why the other rules judged nothing, a sentence for each reason."""
        return (gap.line for gap in self.gaps if gap.reason in IDLE)


JUDGED_WEEK = TypeAdapter(JudgedWeek)


def judged_week(
    district: District, rows: Sequence[CoverageRow], days: tuple[date, date]
) -> JudgedWeek:
    """Summarize one week of `marts.rule_coverage`.

    Args:
        days: First and last day of the week.
    """
    judged, attributable = judged_requests(rows)
    by_rule, rules_on = _by_rule(district, rows)
    week = JudgedWeek(attributable, judged, rules_on, len(district.detections), days)
    share = Gap(reason="share", lost=attributable - judged, total=attributable, days=days)
    has_leases = any(event_class == "leases" for event_class, _ in arrived(district.store))
    has_windows = not is_without_windows(district.store)
    gaps = (
        *(() if week.is_enough else (share,)),
        *remedied(rows, has_leases=has_leases, has_windows=has_windows),
        *by_rule,
    )
    return replace(week, gaps=gaps)


def _by_rule(district: District, rows: Sequence[CoverageRow]) -> tuple[list[Gap], int]:
    """Return why rules judged nothing, and the number of those that judged something."""
    lacking = lacking_files(district.detections, district.registry)
    logs = arrived(district.store)
    judging = {row.family for row in rows if row.filter == JUDGED and row.event_count}
    idle: dict[Gap, list[str]] = {}
    rules_on = 0
    for code, model in sorted(district.rules.items()):
        if code in lacking:
            causes = [Gap(reason="rows", what=", ".join(lacking[code]))]
        elif fed_since(model, district.models, logs, district.registry) is None:
            causes = [Gap(reason="log")]
        else:
            classes = {name.split(".")[0] for name in model.header.requires_fields}
            families = families_of(model.header) if classes & COUNTED else ()
            rules_on += judging.issuperset(families)
            causes = [gap for family in families for gap in all_lost(family, rows)]
        for gap in dict.fromkeys(causes):
            idle.setdefault(gap, []).append(code)
    gaps = [
        replace(
            gap,
            rules=tuple(codes),
            titles=tuple(district.rules[code].header.title or code for code in codes),
        )
        for gap, codes in idle.items()
    ]
    return sorted(gaps, key=lambda gap: IDLE.index(gap.reason)), rules_on


def note_week(database: "Database", district: District) -> None:
    """Remember the newest week, for those who may not open the warehouse."""
    if not database.has(TABLE):
        return
    ((newest,),) = database.rows("select max(event_date) from marts.rule_coverage")
    week = JudgedWeek()
    if newest is not None:
        first = newest - DAYS + timedelta(days=1)
        rows = coverage_rows(database.days_of(TABLE, first, newest))
        week = judged_week(district, rows, (first, newest))
    text = JUDGED_WEEK.dump_json(week).decode()
    with district.store.writing() as connection:
        if fact(connection, NOTED) != text:
            remember(connection, NOTED, text)


def noted_week(store: Store) -> JudgedWeek:
    """Return the recorded result; an empty one before the first build."""
    with store.reading() as connection:
        return JUDGED_WEEK.validate_json(fact(connection, NOTED) or "{}")
