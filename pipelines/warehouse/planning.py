"""Says which days of which model are stale.

A changed day of an input touches the days whose window reaches it; from model
to model the touched days spread, and stop at the first and last day that hold
events. Long after any event they stop too: nothing is left to say of such a day.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

from pipelines.warehouse.models import Model

LINGER_DAYS = 8
"""So long after the last events a day without any is built: leases are believed for
eight days, and on Sundays a week is looked back at."""


def stale_days(
    models: Mapping[str, Model],
    changed: Iterable[date],
    held: Sequence[date],
    own: Mapping[str, Collection[date]] = MappingProxyType({}),
) -> dict[str, list[date]]:
    """For each dated model the days to build, oldest first.

    Args:
        models: In build order.
        changed: Local days whose events are new.
        held: Local days that hold events.
        own: Further days by model: it changed, or could not be built before.
    """
    roots = set(changed)
    if not (roots or own) or not held:
        return {}
    near = days_said_of(held)
    stale: dict[str, set[date]] = {}
    for model in models.values():
        if not model.is_dated:
            continue
        window = model.header.window
        before = timedelta(days=window.days_before)
        after = timedelta(days=window.days_after)
        inputs = [stale.get(name, set()) for name in model.inputs]
        if any(name.startswith("raw.") for name in model.inputs):
            inputs.append(roots)
        if not inputs or not any(inputs):
            inputs.append(roots)
        touched = set().union(*inputs)
        days = {day for one in touched for day in _range(one - after, one + before)}
        stale[model.name] = (days | set(own.get(model.name, ()))) & near
    return {name: sorted(days) for name, days in stale.items()}


def days_said_of(held: Sequence[date]) -> set[date]:
    """Days that hold events, and those that events of shortly before speak of."""
    last = max(held, default=date.min)
    return {
        day
        for one in set(held)
        for day in _range(one, one + timedelta(days=LINGER_DAYS))
        if day <= last
    }


def _range(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
