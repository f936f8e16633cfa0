"""What may be announced of a source that is not well. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from pipelines.alerts.news import News, one_line
from pipelines.findings.record import Severity
from pipelines.health.kinds import EVERYWHERE
from pipelines.health.trouble import KINDS, Kind, Trouble

SEVERITIES: Mapping[Kind, Severity] = {
    "silent": "high",
    "let_through": "high",
    "thin": "medium",
    "late": "medium",
    "skewed": "medium",
    "off_clock": "medium",
    "drifting": "medium",
    "not_come": "medium",
    "blind": "low",
}
"""Of a whole source. Files that can not be read are facts of their own."""


def of_troubles(
    troubles: Iterable[Trouble],
    now: datetime,
    names: Mapping[str, str] = MappingProxyType({}),
) -> list[News]:
    """What lasts, one fact a trouble; of one building it is less bad.

    Args:
        names: What people call a building, by its code.
    """
    return [
        _news(one, now, replace(one, building=names.get(one.building, one.building)))
        for one in troubles
        if one.end is None and one.kind in SEVERITIES
    ]


def _news(one: Trouble, now: datetime, called: Trouble) -> News:
    is_part = one.building != EVERYWHERE or one.what == "never"
    severity = SEVERITIES[one.kind]
    return News(
        key=f"health:{one.key}",
        about="health",
        severity="medium" if is_part and severity == "high" else severity,
        confidence="C3",
        line=one_line(f"{called.place}: {KINDS[one.kind]} ({one.detail})"),
        since=one.start,
        reference=one.source,
        lasting=one.lasting(now),
        group="sources",
    )
