"""Which days the last build had to open, and what opened them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from pipelines.state.store import Store, fact, remember

OPENED = "days_opened"

Reasons = Mapping[str, Sequence[date]]
"""What opened days -> those days, oldest first."""


def note_opened(store: Store, reasons: Reasons) -> None:
    """Remember what opened days; a build that opened none changes nothing."""
    if not reasons:
        return
    said = {name: [day.isoformat() for day in days] for name, days in reasons.items()}
    with store.writing() as connection:
        remember(connection, OPENED, json.dumps(said))


def last_opened(store: Store) -> Reasons:
    """What the last build that opened days was told; empty before the first."""
    with store.reading() as connection:
        said = json.loads(fact(connection, OPENED) or "{}")
    return {
        name: [date.fromisoformat(day) for day in days] for name, days in said.items()
    }


def lines(reasons: Reasons) -> Iterator[str]:
    """A line for each reason: how many days, and from when to when."""
    for name, days in sorted(reasons.items()):
        if len(days) == 1:
            yield f"{name}: {days[0]}"
        else:
            yield f"{name}: {len(days)} days, {days[0]} to {days[-1]}"
