"""Report section: sites that are not on the approved list, for a decision."""

import polars as pl

from pipelines.reports.charts import ROW_HEIGHT, Axis, Bars, Figure, Note, lane_axis, scale
from pipelines.reports.headline import WITHOUT_LIST, open_sites
from pipelines.reports.language import plural, term, text
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Cell, Table, largest, table, total
from pipelines.reports.top_lists import hours
from pipelines.reports.words import VERDICTS, categories, count, duration, number

MAX_DRAWN = 10


def title(rows: pl.DataFrame) -> str:
    """Return how many are new, how many were there before."""
    if rows.is_empty():
        return text("Every site that accounts used this week is on the list")
    new = total(rows, "is_new")
    older = rows.height - new
    if rows["verdict"].is_in(WITHOUT_LIST).all():
        return plural(
            "There is no list of approved sites yet; {n} site was used",
            "There is no list of approved sites yet; {n} sites were used",
            rows.height,
            n=number(rows.height),
        )
    if not new:
        sites = count(older, "older site")
        return text("No new site; {sites} in use, not on the list", sites=sites)
    said = plural(
        "{n} new site is not on the list", "{n} new sites are not on the list", new, n=number(new)
    )
    return said + (text("; {n} older in use", n=number(older)) if older else "")


def summary(rows: pl.DataFrame) -> str:
    """Return the longest used site, and what is known about it."""
    if rows.is_empty():
        return ""
    top = rows.sort(["minutes", "site"], descending=[True, False]).row(0, named=True)
    guess = rows.filter(pl.col("category").is_not_null()).height
    said = text(
        "Bars show the use of each site, {all} in all. Most used: {site}, {minutes} on {days}, at "
        "most {accounts} in a day. A list names a category for {guess} of them.",
        all=number(rows.height),
        site=top["site"],
        minutes=duration(top["minutes"]),
        days=count(top["day_count"], "day"),
        accounts=count(top["most_accounts"], "account"),
        guess=number(guess),
    )
    return f"{said}{without_bar(rows)}{propose(rows)}"


def propose(rows: pl.DataFrame) -> str:
    """Return how to begin a list, where there is none."""
    if not rows["verdict"].is_in(WITHOUT_LIST).all():
        return ""
    return text(" The page Proposals of the review desk suggests a list based on these sites.")


def drawn(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the sites that get a bar: new ones first, a minute or more."""
    return (
        rows.filter(pl.col("minutes") >= 1)
        .head(MAX_DRAWN)
        .sort(["minutes", "site"], descending=[True, False])
    )


def without_bar(rows: pl.DataFrame) -> str:
    """Return how many sites have no bar, and how many were hardly used."""
    left = rows.height - drawn(rows).height
    if not left:
        return ""
    few = rows.filter(pl.col("minutes") < 1).height
    short = text(", {n} used for less than a minute", n=number(few)) if few else ""
    return plural(
        " {n} site has no bar{short}; the table lists all.",
        " {n} sites have no bar{short}; the table lists all.",
        left,
        n=number(left),
        short=short,
    )


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return hours of use a site, new ones apart, the longest on top."""
    shown = drawn(rows)
    if shown.is_empty():
        return None
    longest = max(largest(shown, "minutes") / 60, 0.5)
    traces, notes = [], []
    for is_new, role, name in (
        (True, "vermillion", text("new")),
        (False, "blue", text("seen before")),
    ):
        marks = []
        for place, row in enumerate(shown.iter_rows(named=True)):
            if row["is_new"] == is_new:
                said = f"{row['site']}: {duration(row['minutes'])}"
                marks.append((place, 0, row["minutes"] / 60, said))
                notes.append(Note(row["minutes"] / 60, place, short(row)))
        if marks:
            traces.append(Bars(role, marks, name=name))
    across = Axis(0, longest * 1.45, scale(longest, " h"))
    return Figure(
        traces,
        [(across, lane_axis(shown["site"]))],
        height=80 + ROW_HEIGHT * shown.height,
        notes=notes,
    )


def short(row: dict[str, object]) -> str:
    """Return the label next to a bar."""
    minutes = float(str(row["minutes"]))
    days = count(int(str(row["day_count"])), "day")
    return text("{minutes} on {days}", minutes=hours(minutes), days=days)


def sites_table(rows: pl.DataFrame) -> Table:
    """Return what a reviewer needs to decide on each site."""
    most = max(largest(rows, "minutes"), 1)
    return table(
        text("One row per site. Minutes are estimates."),
        [
            "Site",
            "Standing",
            "New",
            "First seen",
            "Category",
            "Lists that contain it",
            "Days",
            "Most accounts in a day",
            "Minutes",
            "Requests",
        ],
        (
            [
                Cell.of_site(row["site"]),
                term(VERDICTS.get(row["verdict"], "")),
                text("new") if row["is_new"] else text("seen before"),
                Cell.of_day(row["first_seen_date"]) if row["first_seen_date"] else None,
                categories(row["category"]),
                row["category_source_count"],
                row["day_count"],
                row["most_accounts"],
                Cell.bar(round(row["minutes"] or 0), (row["minutes"] or 0) / most),
                row["request_count"],
            ]
            for row in rows.iter_rows(named=True)
        ),
        only_in_files=("First seen", "Lists that contain it", "Requests"),
    )


SECTION = Section(
    name="sites",
    editions=("superintendent",),
    order=30,
    label="Sites not on the list",
    page="pictures",
    rows=open_sites,
    title=title,
    summary=summary,
    draw=draw,
    table=sites_table,
    is_for_spans=True,
    kind="non_approved_site",
)
