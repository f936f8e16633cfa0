"""The headline numbers of a week, and what they are compared with."""

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any

from pipelines.reports.coverage import WHOLE_ENOUGH, coverage
from pipelines.reports.open_sites import new_sites
from pipelines.reports.school_year import same_week_last_year
from pipelines.reports.unjudged import is_unknown
from pipelines.reports.view import View
from pipelines.reports.words import count, number

NUMBERS = {
    "needs_review": "Items to review",
    "shared_accounts": "Shared accounts",
    "new_sites": "New sites",
    "off_hours_accounts": "Accounts outside hours",
}
KINDS = {
    "shared_accounts": "shared_account",
    "new_sites": "non_approved_site",
    "off_hours_accounts": "off_hours_external",
}
WEEKS_DRAWN = 12
WEEKS_COMPARED = 8
FEWEST = 4  # below this, "usual" would be a big word


def this_week(view: View) -> dict[str, Any]:
    """The week's own numbers; null where nothing arrived to count."""
    arrived = coverage(view)
    if not arrived.has_data:
        return dict.fromkeys(NUMBERS) | {"coverage": 0.0}
    numbers: dict[str, Any] = {
        "week_start": view.start,
        "needs_review": view.waiting.height,
        "shared_accounts": view.seen("shared_account")["subject"].n_unique(),
        "new_sites": new_sites(view).height,
        "off_hours_accounts": view.seen("off_hours_external")["subject"].n_unique(),
        "coverage": 1 - arrived.missing / arrived.expected,
        "school_days": view.school_day_count,
    }
    # what was found counts; nothing found means nothing where no rule looked
    nothing = {key: kind for key, kind in KINDS.items() if not numbers[key]}
    unknown = [key for key, kind in nothing.items() if is_unknown(view, kind)]
    return numbers | dict.fromkeys(unknown)


def history(view: View) -> list[Mapping[str, Any]]:
    """The last weeks before this one that are drawn beside it."""
    return view.earlier[-WEEKS_DRAWN:]


def comparable(view: View, key: str) -> list[int]:
    """One number over the earlier weeks that arrived whole."""
    whole = [week for week in history(view) if is_whole(week)]
    return [week[key] for week in whole if week.get(key) is not None]


def is_whole(week: Mapping[str, Any]) -> bool:
    """Whether enough of a week arrived to compare with it."""
    return (week.get("coverage") or 0) >= WHOLE_ENOUGH


def usual(values: Sequence[int | None]) -> tuple[int, int] | None:
    """Median plus and minus the quartile range of up to eight weeks."""
    known = [value for value in values if value is not None][-WEEKS_COMPARED:]
    if len(known) < FEWEST:
        return None
    low, _, high = quantiles(known, n=4, method="inclusive")
    middle, spread = median(known), high - low
    return max(round(middle - spread), 0), round(middle + spread)


def compare(view: View, key: str) -> str:
    """One short comparison, honest about weeks that are missing or not whole."""
    if not view.earlier:
        return "No earlier week to compare with."
    last = view.last_week
    if last is None or last.get(key) is None:
        return "Last week is not known."
    said = f"Last week {number(last[key])}{in_days(view, last)}"
    if coverage(view).is_partial or not view.is_over:
        return f"{said}."
    band = usual(comparable(view, key))
    if band:
        said += f"; usually {number(band[0])} to {number(band[1])}"
    year = same_week_last_year(view)
    if year and year.get(key) is not None:
        said += f"; last year {number(year[key])}"
    return f"{said}."


def in_days(view: View, last: Mapping[str, Any]) -> str:
    """Names the school days where the two weeks differ in them."""
    days = last.get("school_days")
    if days is None or days == view.school_day_count:
        return ""
    return f" in {count(days, 'school day')}"
