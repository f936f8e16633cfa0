"""Report section: what the rules could judge, and what each filter left out."""

import polars as pl

from pipelines.health.rule_coverage import FAMILIES, REASONS, blind_of
from pipelines.reports.headline import judged, on_devices
from pipelines.reports.language import term, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import NO_BUILDING, View, at_place, place_name
from pipelines.reports.words import count, listed, share


def rows(view: View) -> pl.DataFrame:
    """Return one row per family of rules, building and filter that was too much for it."""
    schema = {
        "family": pl.String,
        "building": pl.String,
        "on_devices": pl.String,
        "filter": pl.String,
        "event_count": pl.Int64,
        "dropped_count": pl.Int64,
    }
    found = [
        [on_devices(one) if name == "on_devices" else getattr(one, name) for name in schema]
        for one in blind_of(judged(view))
    ]
    return pl.DataFrame(found, schema, orient="row")


def title(rows: pl.DataFrame) -> str:
    """Return where rules are blind."""
    if rows.is_empty():
        return text("The rules could judge all of their events")
    places = rows["building"].unique().sort().to_list()
    known = [one for one in places if one != NO_BUILDING]
    also = [at_place(NO_BUILDING)] if len(known) < len(places) else []
    where = listed([*([at_place(listed(known))] if known else []), *also])
    return text("Some rules could not judge use {where}", where=where)


def summary(rows: pl.DataFrame) -> str:
    """Return the worst of them, and what that means."""
    if rows.is_empty():
        return ""
    worst = rows.row(0, named=True)
    part = share(worst["dropped_count"], worst["event_count"])
    why = text("{share} of requests {reason}", share=part, reason=term(REASONS[worst["filter"]]))
    where = f"{worst['building']}{worst['on_devices']}"
    return text(
        "More than a fifth of the requests was lost {times}, by rules, place, and reason. Most: "
        "{where}, {why}. No finding there does not mean that there was nothing to find.",
        times=count(rows.height, "time"),
        where=at_place(where),
        why=why,
    )


def coverage_table(rows: pl.DataFrame) -> Table:
    """Return what was left out, and why."""
    return table(
        text("One row per family of rules, building and filter"),
        ["Rules", "Building and devices", "Requests that", "Left out", "Of"],
        (
            [
                term(FAMILIES[family]),
                f"{place_name(building)}{devices}",
                term(REASONS[name]),
                dropped,
                came,
            ]
            for family, building, devices, name, came, dropped in rows.iter_rows()
        ),
    )


def is_shown(rows: pl.DataFrame) -> bool:
    """Return whether something could not be judged."""
    return not rows.is_empty()


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
    is_shown=is_shown,
    stays=True,
)
