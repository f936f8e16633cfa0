"""Which detections an event field feeds: what a log without it cannot show.

`needs` of a rule's header is for whoever connects a source. A log that never had the
field still counts, and what another source knows (a lease, a logon) may fill the gap.
A field that a source used to fill and suddenly does not is another matter: without it
no rule may judge that stands on it, of its `needs` or of its `once_filled`.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines.ingest.drift import Drift
from pipelines.warehouse.library import rules


def disabled(events: Mapping[str, pl.DataFrame]) -> dict[str, Sequence[str]]:
    """Codes of the rules by missing field, as `class.column`.

    Args:
        events: Events by class, without the columns that are null throughout.
    """
    found: dict[str, list[str]] = {}
    for code, model in sorted(rules().items()):
        for field in model.header.needs:
            name, _, column = field.partition(".")
            if name in events and column not in events[name].columns:
                found.setdefault(field, []).append(code)
    return dict(sorted(found.items()))


def blocked_rules(drift: Drift) -> Sequence[str]:
    """Codes of the rules that must not judge the days without the field."""
    if not drift.is_severe:
        return ()
    field = f"{drift.event_class}.{drift.field}"
    return [
        code
        for code, model in sorted(rules().items())
        if field in model.header.needs or field in model.header.once_filled
    ]
