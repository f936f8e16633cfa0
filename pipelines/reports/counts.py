"""The numbers and tables of the editions that many people read."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.privacy.suppression import Grid, band, held_back, with_totals
from pipelines.reports.amounts import total
from pipelines.reports.coverage import coverage
from pipelines.reports.open_sites import new_sites
from pipelines.reports.page_one import read_share
from pipelines.reports.tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import KINDS, NOT_KNOWN, count, number, share

HIDDEN = "held back"
SEVERAL = "several buildings"
NOWHERE = "building not known"
EVERY = "all buildings"


@dataclass(frozen=True)
class Count:
    """One number with its words."""

    value: str
    label: str


def counts_of(view: View) -> list[Count]:
    """The week in numbers, none of which stands for few accounts."""
    least = view.inputs.least_count
    if not coverage(view).has_data:
        return [Count(NOT_KNOWN, "no log lines arrived")]
    grid, labels, _ = _grid(view)
    hidden = held_back(grid, least)
    last = len(grid.counts) - 1
    kinds = [
        Count(_shown(grid, hidden, last, column), f"items about: {label}")
        for column, label in enumerate([*labels, "any of these"])
    ]
    return [*kinds, *_rough(view, least), *_of_data(view)]


def _rough(view: View, least: int) -> list[Count]:
    """Numbers that carry over from week to week: a difference would show one item."""
    return [
        Count(band(view.waiting.height, least), "items that wait for a decision"),
        Count(band(view.decided.height, least), "items decided since last week"),
        *_of_pupils(band(view.of_pupils.waiting.height, least), view),
    ]


def _of_pupils(said: str, view: View) -> list[Count]:
    """Items about pupils' accounts are in no other number; none is said of none."""
    if view.of_pupils.waiting.is_empty():
        return []
    return [Count(said, "items about pupils' accounts that wait, counted apart")]


def _of_data(view: View) -> list[Count]:
    """What arrived, was read, and could be laid to an account."""
    arrived = coverage(view)
    grades = view.of_week(view.inputs.attribution)
    known = total(grades.filter(pl.col("grade").is_in(["A", "B"])), "request_count")
    return [
        Count(
            number(new_sites(view).height), "new sites that are not on the list (yet)"
        ),
        Count(
            share(arrived.expected - arrived.missing, arrived.expected),
            "of source hours arrived",
        ),
        Count(read_share(view).removesuffix(" of lines read."), "of lines read"),
        Count(
            share(known, total(grades, "request_count")),
            "of use with a known account",
        ),
    ]


def own_counts(view: View, elsewhere: int) -> list[Count]:
    """The numbers of one building, whole: its principal sees the items as well."""
    if not coverage(view).has_data:
        return [Count(NOT_KNOWN, "no log lines arrived")]
    said = [
        Count(number(view.waiting.height), "items that wait for a decision"),
        Count(number(view.decided.height), "items decided since last week"),
    ]
    said += [
        Count(number(view.seen(kind).height), f"items about: {label}")
        for kind, label in KINDS.items()
    ]
    also = "that also concern another building, with the technology director"
    said += _of_pupils(number(view.of_pupils.waiting.height), view)
    return [*said, Count(count(elsewhere, "item"), also)]


def tables_of(view: View, kind: str) -> Sequence[Table]:
    """The tables that an edition shows beside its numbers."""
    if kind == "public" or not coverage(view).has_data:
        return ()
    if kind == "board":
        return (_items_table(view),)
    return (_items_table(view), _use_table(view))


def _grid(view: View) -> tuple[Grid, list[str], list[str]]:
    """The week's items by building and kind, with totals; the labels of both."""
    week = _placed(view)
    kinds = list(KINDS)
    places = [*view.of_week(view.inputs.school_days)["building"].unique().sort()]
    places += [one for one in week["place"].unique().sort() if one not in places]
    counts = [
        [week.filter(place=place, kind=kind).height for kind in kinds]
        for place in places
    ]
    inside = [(pl.col("place") == one) for one in places] + [pl.lit(value=True)]
    about = [(pl.col("kind") == one) for one in kinds] + [pl.lit(value=True)]
    people = tuple(
        tuple(week.filter(row, column)["subject"].n_unique() for column in about)
        for row in inside
    )
    return Grid(with_totals(counts or [[0] * len(kinds)]), people), _labels(), places


def _labels() -> list[str]:
    return list(KINDS.values())


def _placed(view: View) -> pl.DataFrame:
    """The week's standing items, each with the one place it is counted under."""
    known = view.inputs.evidence.drop_nulls("building")
    held = known.group_by("finding_id").agg(pl.col("building").unique().sort())
    week = view.of_week(view.standing).join(held, on="finding_id", how="left")
    many = pl.col("building").list.len() > 1
    place = (
        pl.when(many)
        .then(pl.lit(SEVERAL))
        .otherwise(pl.col("building").list.first())
        .fill_null(NOWHERE)
    )
    return week.select("finding_id", "subject", "kind", place=place)


def _shown(
    grid: Grid, hidden: frozenset[tuple[int, int]], row: int, column: int
) -> str:
    return HIDDEN if (row, column) in hidden else number(grid.counts[row][column])


def _items_table(view: View) -> Table:
    grid, labels, places = _grid(view)
    hidden = held_back(grid, view.inputs.least_count)
    rows = [
        [name, *(_shown(grid, hidden, row, at) for at in range(len(labels) + 1))]
        for row, name in enumerate([*(places or [NOWHERE]), EVERY])
    ]
    return table("The week's items by building", ["Building", *labels, "All"], rows)


def _use_table(view: View) -> Table:
    """Use by people in each building; no totals, so nothing can be subtracted."""
    people = view.of_week(view.inputs.daily_use).filter(pl.col("use_class") == "people")
    sums = (
        people.with_columns(pl.col("building").fill_null(NOWHERE))
        .group_by("building")
        .agg(pl.col("request_count").sum(), pl.col("account_count").max())
        .sort("building")
    )
    least = view.inputs.least_count
    return table(
        "Use by people in each building",
        ["Building", "Requests", "Most accounts in a day"],
        (
            [name, *([number(requests), number(accounts)] if accounts >= least
                     else [HIDDEN, HIDDEN])]
            for name, requests, accounts in sums.with_columns(
                pl.col("account_count").fill_null(0)
            ).iter_rows()
        ),
    )  # fmt: skip
