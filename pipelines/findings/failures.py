"""Models that could not be built, with the days and the rules that fail with them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from pipelines.district import enabled_models, rules_of
from pipelines.settings.model import Settings
from pipelines.state.connections import Store
from pipelines.state.source_records import Quarantined, quarantined

MAX_DAYS = 7
"""Days that a failure lists by their dates."""


@dataclass(frozen=True)
class Failure:
    """A model that could not be built, and what is not known because of it.

    Attributes:
        reason: What it failed with, on the first of the days. It may hold a value of a
            log line: for the operator's eyes, in no report, alert or snapshot.
        days: Oldest first; empty where an undated model alone is held back.
        rules: Codes of the rules that judge none of these days.
        models: Everything that is held back: the model and what reads it.
    """

    cause: str
    reason: str
    days: Sequence[date]
    rules: Sequence[str]
    models: Sequence[str]

    @property
    def message(self) -> str:
        """Model, days and rules, without the reason."""
        days = [day.isoformat() for day in self.days]
        when = f" for {', '.join(days[:MAX_DAYS])}" if days else ""
        when += f" and {len(days) - MAX_DAYS} more days" * (len(days) > MAX_DAYS)
        without = f"; not judged there: {', '.join(self.rules)}" if self.rules else ""
        return f"{self.cause} could not be built{when}{without}"

    @property
    def shown(self) -> dict[str, object]:
        """All fields, for machines."""
        return asdict(self) | {"days": [day.isoformat() for day in self.days]}

    def __str__(self) -> str:
        return f"{self.message} ({self.reason})"


def failures(store: Store, settings: Settings) -> list[Failure]:
    """Return what could not be built, by the model that failed."""
    found: dict[str, list[Quarantined]] = {}
    for entry in quarantined(store):
        found.setdefault(entry.cause, []).append(entry)
    if not found:
        return []  # without reading the models
    rules = rules_of(enabled_models(settings))
    codes = {model.name: code for code, model in rules.items()}
    return [
        Failure(
            cause,
            min(held, key=lambda entry: entry.event_date or date.min).reason,
            sorted({entry.event_date for entry in held if entry.event_date}),
            sorted({codes[entry.model] for entry in held if entry.model in codes}),
            sorted({entry.model for entry in held}),
        )
        for cause, held in sorted(found.items())
    ]
