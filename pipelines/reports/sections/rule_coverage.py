"""Report section: what the rules could judge, and what each filter left out."""

from pipelines.gaps.families import FAMILIES
from pipelines.gaps.losses import losses_of
from pipelines.gaps.relation import FILTERS, Gap
from pipelines.reports.gaps import on_devices, week_coverage, why
from pipelines.reports.language import term, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import NO_BUILDING, View, at_place, place_name
from pipelines.reports.words import count, listed


def rows(view: View) -> list[Gap]:
    """Return one gap per family of rules, building and filter that was too much for it."""
    return losses_of(week_coverage(view))


def title(rows: list[Gap]) -> str:
    """Return where rules are blind."""
    if not rows:
        return text("The rules could judge all of their events")
    places = sorted({building for gap in rows for building in gap.buildings})
    known = [place for place in places if place != NO_BUILDING]
    also = [at_place(NO_BUILDING)] if len(known) < len(places) else []
    where = listed([*([at_place(listed(known))] if known else []), *also])
    return text("Some rules could not judge use {where}", where=where)


def summary(rows: list[Gap]) -> str:
    """Return the worst of them, and what that means."""
    if not rows:
        return ""
    worst = rows[0]
    return text(
        "More than a fifth of the requests was lost {times}, by rules, place, and reason. Most: "
        "{where}, {why}. No finding there does not mean that there was nothing to find.",
        times=count(len(rows), "time"),
        where=at_place(f"{worst.buildings[0]}{on_devices(worst)}"),
        why=why(worst),
    )


def coverage_table(rows: list[Gap]) -> Table:
    """Return what was left out, and why."""
    return table(
        text("One row per family of rules, building and filter"),
        ["Rules", "Building and devices", "Requests that", "Left out", "Of"],
        (
            [
                term(FAMILIES[gap.family]),
                f"{place_name(gap.buildings[0])}{on_devices(gap)}",
                term(FILTERS[gap.what]),
                gap.lost,
                gap.total,
            ]
            for gap in rows
        ),
    )


SECTION = Section(
    name="rule-coverage",
    editions=("principal", "superintendent"),
    order=52,
    label="Rule coverage",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=coverage_table,
    is_shown=bool,
    stays=True,
)
