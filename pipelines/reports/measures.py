"""The figures of a finding in words: what each is called, and its unit.

A measure without an entry here is for machines and is not shown.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pipelines.reports.words import DAY_TYPES, listed, number

Say = Callable[[Any], str]


def _plain(value: Any) -> str:
    return number(round(float(value)))


def _minutes(seconds: Any) -> str:
    whole = max(1, round(float(seconds) / 60))
    return "1 minute" if whole == 1 else f"{number(whole)} minutes"


def _short(seconds: Any) -> str:
    value = float(seconds)
    if value >= 90:
        return _minutes(value)
    whole = max(1, round(value))
    return "1 second" if whole == 1 else f"{whole} seconds"


def _about(seconds: Any) -> str:
    return f"about {_minutes(seconds)} (estimate)"


def _bytes(value: Any) -> str:
    size = float(value)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _share(value: Any) -> str:
    return f"{float(value):.0%}".replace("%", " %")


def _kilometres(value: Any) -> str:
    size = float(value)
    return f"{size:.1f} km" if size < 10 else f"{number(round(size))} km"


def _words(value: Any) -> str:
    return listed([str(one).replace("_", " ") for one in value], most=6)


def _day_type(value: Any) -> str:
    return DAY_TYPES.get(str(value), str(value).replace("_", " "))


MEASURES: Mapping[str, tuple[str, Say]] = {
    "turns": ("changes between the places", _plain),
    "contradictions": ("changes between the places", _plain),
    "gap_seconds": ("time between the places", _short),
    "shortest_gap_seconds": ("shortest time between", _short),
    "travel_seconds": ("fastest drive", _minutes),
    "kilometres": ("distance", _kilometres),
    "requests_before": ("requests just before", _plain),
    "requests_after": ("requests just after", _plain),
    "requests": ("requests", _plain),
    "bins": ("five-minute stretches with requests", _plain),
    "longest_seconds": ("longest stretch", _about),
    "total_seconds": ("in all", _about),
    "external_seconds": ("on outside sites", _about),
    "on_duty_seconds": ("of it on duty", _about),
    "visits": ("visits", _plain),
    "days": ("days in two weeks", _plain),
    "largest_bytes": ("largest response", _bytes),
    "categories": ("lists call it", _words),
    "list_count": ("lists that agree", _plain),
    "day_type": ("kind of day", _day_type),
    "live_share": ("requests with a live keyboard", _share),
    "share": ("share", _share),
}
NOTHING: tuple[object, ...] = (0, 0.0, None, "", [])


def shown(measures: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Label and text of each figure that readers know, in the order above."""
    for name, (label, say) in MEASURES.items():
        value = measures.get(name)
        if value not in NOTHING and _fits(value, say):
            yield label, say(value)


def _fits(value: Any, say: Say) -> bool:
    """The value is of the kind its words are made for."""
    if say is _words:
        return isinstance(value, list)
    if say is _day_type:
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)
