"""The headline of a week, and what must be said before any number of it."""

from typing import Any

from pipelines.reports.coverage import Coverage, coverage
from pipelines.reports.page_one import Line
from pipelines.reports.unjudged import say_unjudged, unjudged
from pipelines.reports.view import View
from pipelines.reports.words import count, listed, number, share


def opening(view: View, five: list[Line]) -> dict[str, Any]:
    """The headline, and what must be said before any number."""
    arrived = coverage(view)
    whole = arrived.expected - arrived.missing
    notices = []
    if not view.is_over:
        notices.append("The week is not over: these numbers will change.")
    if arrived.has_data and arrived.is_partial:
        part = share(whole, arrived.expected)
        notices.append(f"Partial week: {part} of hours arrived. Do not compare.")
    notices += [
        f"{one} What happened there is not known." for one in say_unjudged(view)
    ]
    if pupils := view.of_pupils.waiting.height:
        verb = "waits" if pupils == 1 else "wait"
        notices.append(
            f"{count(pupils, 'item')} about pupils' accounts {verb} beside these "
            "numbers, in a section apart."
        )
    notices += view.inputs.not_believed
    if view.inputs.revision > 1:
        said = f"Corrected report, revision {number(view.inputs.revision)}."
        notices.append(f"{said} See Corrections.")
    return {
        "headline": headline(view, five),
        "notices": notices,
        "school_days": school_days(view),
    }


def school_days(view: View) -> str:
    """How many there were, if the calendar says."""
    if view.of_week(view.inputs.school_days).is_empty():
        return "school days not known"
    return count(view.school_day_count, "school day")


def headline(view: View, five: list[Line]) -> str:
    """The week in a few words."""
    arrived = coverage(view)
    if not arrived.has_data:
        return "No log lines arrived"
    if five[0].value:
        verb = "needs" if five[0].value == 1 else "need"
        return f"{count(five[0].value, 'item')} {verb} you"
    if not view.of_pupils.waiting.is_empty():
        return "Nothing needs you but items about pupils' accounts"
    if any(line.value for line in five):
        return "Nothing needs you"
    if not unjudged(view).is_empty():
        return "Nothing was found in what could be judged"
    return f"A quiet week, and {came(arrived)}"


def came(arrived: Coverage) -> str:
    """Whether every source arrived."""
    if arrived.missing:
        return f"{count(arrived.missing, 'source hour is', 'source hours are')} missing"
    if len(arrived.sources) <= 2:
        return f"{listed(arrived.sources)} arrived in full"
    return f"all {number(len(arrived.sources))} sources arrived"
