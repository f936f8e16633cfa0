"""What detections would find in a school year, and when people decide on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from pipelines.synthetic.rehearsal.year import Year

CONDUCT = (
    ("SA-1", "shared_account", "medium", 0.5),
    ("NA-1", "non_approved_site", "low", 1.2),
    ("OH-1", "off_hours_external", "low", 0.6),
)
"""Rule, kind, severity, and how many are likely or surer on a school day."""

SECURITY = (("AN-1", "anomaly", "high", 0.01), ("AN-5", "anomaly", "high", 0.04))
LEADS = 1.0
"""Results of the lowest confidence on a school day."""

ACCOUNTS = 300
DECIDED_WITHIN_DAYS = 14
NEVER_DECIDED = 0.2


@dataclass(frozen=True)
class Drawn:
    """Findings with the instant from which each is known and decided on."""

    rows: Sequence[Mapping[str, Any]]

    def known(self, now: datetime) -> list[Mapping[str, Any]]:
        """As the findings stand at an instant; what was decided is explained."""
        return [
            {**row, "status": "explained" if row["decided_time"] <= now else "open"}
            for row in self.rows
            if row["known_time"] <= now
        ]


def drawn(year: Year, random: Random) -> Drawn:
    """Findings of the judged days, known in the night after."""
    rows = []
    for day in (one for one in year.days if one >= year.judged):
        if year.is_open(day):
            rows += _of_day(day, random)
    for number, row in enumerate(rows):
        row["finding_id"] = f"f-{number:05d}"
    return Drawn(rows)


def _of_day(day: date, random: Random) -> list[dict[str, Any]]:
    found = []
    for rule, kind, severity, mean in (*CONDUCT, *SECURITY):
        for _ in range(_times(mean, random)):
            confidence = random.choice(("C2", "C2", "C3"))
            found.append(_row(day, (rule, kind, severity, confidence), random))
    lead = ("NA-1", "non_approved_site", "low", "C1")
    found += [_row(day, lead, random) for _ in range(_times(LEADS, random))]
    return found


def _times(mean: float, random: Random) -> int:
    """A number whose mean is given, by tossing often."""
    return sum(random.random() < mean / 10 for _ in range(10))


def _row(day: date, said: tuple[str, str, str, str], random: Random) -> dict[str, Any]:
    rule, kind, severity, confidence = said
    known = datetime.combine(day + timedelta(days=1), time(7), UTC)
    waits = timedelta(days=random.uniform(1, DECIDED_WITHIN_DAYS))
    never = random.random() < NEVER_DECIDED
    return {
        "rule": rule,
        "kind": kind,
        "severity": severity,
        "confidence": confidence,
        "subject": f"account {random.randrange(ACCOUNTS)}",
        "event_date": day.isoformat(),
        "record": {"stage": "live"},
        "known_time": known,
        "decided_time": datetime.max.replace(tzinfo=UTC) if never else known + waits,
    }
