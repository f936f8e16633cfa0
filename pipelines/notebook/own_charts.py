"""Charts of saved queries: numbers that rest on enough accounts, and no name.

A query with `chart:` in its header returns one row per account, and the numbers of a chart are
added up here, so that the accounts behind each are counted, not stated. DuckDB's own parser
shows that the column `account` is that of a table and that no other column can identify anyone;
a query of which this is not certain is refused.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Timer
from typing import Any

import polars as pl

from pipelines.errors import ModelError
from pipelines.notebook.saved_queries import saved_queries, values_of
from pipelines.privacy.suppression import Grid, held_back, with_totals
from pipelines.reports.dictionary import notes_of
from pipelines.warehouse.models import Model, read_model, relations_read
from pipelines.warehouse.own_rules import MISTAKES, OwnRuleError, check_query, line_of_key, nodes
from pipelines.warehouse.snapshots import SqlError, locked_down

PEOPLE = "account"
"""The column that shows how many people a number rests on."""
SCHEMAS = ("core", "identity", "marts")
ABOUT_LOGS = frozenset(("marts.school_days", "marts.source_hours"))
"""Relations that count lines of logs and describe days; no row of them is about a person."""
GIVEN = ("first", "zone")
"""Parameters that the page fills: the Monday of its week, and the district's zone."""
MOST_ROWS = 500_000
MOST_ACROSS, MOST_BY = 60, 40
SECONDS = 20.0
"""Longest time of a query."""
RETURN_IT = (
    f"Return the column {PEOPLE} as the table has it, and group by it too: Schoolbell adds the "
    "rows up and counts the accounts."
)
NO_PLACE = 1_000_000
WEEKS = """
select distinct date_trunc('week', event_date)::date as monday
from marts.source_hours
order by monday desc
"""


@dataclass(frozen=True)
class Numbers:
    """The numbers of a chart.

    Attributes:
        across: Values of the columns, in order.
        by: Values of the rows; one empty value if the chart has none.
        values: A list for each row; None for a number that is withheld.
        withheld: How many are.
    """

    across: Sequence[object]
    by: Sequence[object]
    values: Sequence[Sequence[float | None]]
    withheld: int


class ChartError(OwnRuleError):
    """A chart of the home that is left out; the others are drawn."""

    command = "schoolbell query"
    folder = "queries"


@dataclass(frozen=True)
class ChartQueries:
    """The saved queries with a chart, and what is wrong with files of the home."""

    queries: Mapping[str, Model]
    problems: Sequence[ChartError]


def chart_queries(folder: Path) -> ChartQueries:
    """Return the charts of the product and of a folder; a wrong file leaves out itself only."""
    queries = {name: model for name, model in saved_queries().items() if model.header.chart}
    problems: list[ChartError] = []
    for path in sorted(folder.glob("*.sql")):
        try:
            text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
            model = read_model(path)
            if model.header.chart is None:
                continue
            check_chart(path.name, text, model)
            queries[path.stem] = model
        except ChartError as error:
            problems.append(error)
        except ModelError as error:
            problems.append(
                ChartError(
                    error.what,
                    file=path.name,
                    remedy=error.remedy or "docs/how-to/own-charts.md explains the header.",
                )
            )
        except (OSError, UnicodeDecodeError):
            problems.append(
                ChartError("cannot be read", file=path.name, remedy="Save it as plain UTF-8 text.")
            )
    return ChartQueries(queries, problems)


def check_chart(file: str, text: str, model: Model) -> None:
    """Check that a chart can name no one, and that accounts behind its numbers can be counted.

    Args:
        text: All of the file.

    Raises:
        ChartError: It may not be drawn, with the line and what to do.
    """
    query = model.text
    first = text[: text.index(query)].count("\n") + 1
    try:
        select = check_query(file, query, first, SCHEMAS)
    except OwnRuleError as error:
        raise ChartError(error.what, file=file, line=error.line, remedy=error.remedy) from error
    reads = relations_read(query)
    for what, remedy, at in _problems(select, reads):
        line = first + query[:at].count("\n")
        raise ChartError(what, file=file, line=line, remedy=remedy)
    for what, remedy, key in _of_the_header(model, reads):
        raise ChartError(what, file=file, line=line_of_key(key, text), remedy=remedy)
    if file.removesuffix(".sql") in saved_queries() and model != saved_queries()[file[:-4]]:
        raise ChartError("has the name of a built-in query", file=file, remedy="Rename it.")


def _of_the_header(model: Model, reads: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a header: problem, remedy, key."""
    chart = model.header.chart
    assert chart is not None
    for name, param in model.header.params.items():
        if name not in GIVEN and param.default is None:
            yield (
                f"the parameter {name} has no value",
                "Give it a `default`. The desk fills only `first`, the Monday of the week.",
                name,
            )
    if PEOPLE in (chart.across, chart.by):
        yield (
            "each number would be about one account",
            "Choose other columns for `across` and `by`.",
            "chart",
        )
    if PEOPLE not in model.header.columns and not ABOUT_LOGS.issuperset(reads):
        yield "how many accounts a number rests on cannot be counted", RETURN_IT, "columns"


def _problems(select: Mapping[str, Any], reads: Collection[str]) -> Iterator[tuple[str, str, int]]:
    """Yield what could hide whose a row is: problem, remedy, place in the query."""
    personal = {
        name for one in reads for name, note in notes_of(one).items() if note.pii != "none"
    } - {PEOPLE}
    every = [node for node, _ctes in nodes(select)]
    tables = {
        str(name).lower()
        for node in every
        for name in (node.get("alias"), node.get("table_name"))
        if name
        and node["type"] in ("BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION")
        and "class" not in node
    }
    for node in every:
        for what, remedy in _of_node(node, personal):
            yield what, remedy, _place(node)
        for column in node.get("select_list", ()):
            for what, remedy in _of_column(column, tables):
                yield what, remedy, _place(column)


def _of_node(node: Mapping[str, Any], personal: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with one node of a query, and what to do."""
    kind = node.get("class", "")
    if node["type"] == "SET_OPERATION_NODE":
        yield "a union may mix columns", "Write one select."
    if kind == "STAR":
        yield "the columns are not written out", "Name each column instead of *."
    if kind == "SUBQUERY":
        yield "a select inside an expression may hide an account", "Join it instead."
    if node.get("column_name_alias") or _renames(node):
        yield "columns are renamed in a list", "Rename each with `as`."
    if kind == "COLUMN_REF" and _column(node) in personal:
        yield f"the column {_column(node)} may identify a person", "Leave it out of the query."


def _of_column(column: Mapping[str, Any], tables: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with one column of a select, and what to do."""
    names = {_column(one) for one, _ctes in nodes(column) if one["type"] == "COLUMN_REF"}
    is_bare = column["class"] == "COLUMN_REF" and _column(column) == PEOPLE
    alias = str(column.get("alias") or "").lower()
    if not names.isdisjoint(tables):
        yield "a whole row is used as a column", "Name each column."
    if is_bare and alias not in ("", PEOPLE):
        yield f"{PEOPLE} has another name", RETURN_IT
    elif alias == PEOPLE and not is_bare:
        yield f"another value is called {PEOPLE}", RETURN_IT
    elif PEOPLE in names and not is_bare:
        yield f"a column is computed from {PEOPLE}", RETURN_IT


def _place(node: Mapping[str, Any]) -> int:
    """Return where a node is in the query; some have no place, which is a very large number."""
    at = int(node.get("query_location") or 0)
    return at if at < NO_PLACE else 0


def _renames(node: Mapping[str, Any]) -> bool:
    """Return whether a CTE of a select renames its columns in a list."""
    return any(one["value"].get("aliases") for one in node.get("cte_map", {}).get("map", ()))


def _column(node: Mapping[str, Any]) -> str:
    return str(node["column_names"][-1]).lower()


def weeks_with_lines(snapshot: Path) -> list[date]:
    """Return the Mondays of the weeks with lines in a snapshot, the newest first."""
    with closing(locked_down(snapshot)) as connection:
        rows = connection.execute(WEEKS).fetchall()
    return [monday for (monday,) in rows]


def numbers(snapshot: Path, name: str, query: Model, first: date, least: int) -> Numbers:
    """Return the numbers of a chart; what rests on too few accounts is withheld.

    Args:
        snapshot: Read-only, without files, settings or a network; see `locked_down`.
        name: The file's.
        first: The Monday of its week.
        least: Fewest accounts behind a number.

    Raises:
        ChartError: The query fails, takes too long, or returns too much.
    """
    chart = query.header.chart
    assert chart is not None
    where = f"{name}.sql"
    frame = _rows(snapshot, where, query, first)
    needed = [one for one in (chart.across, chart.by, chart.value) if one]
    is_about_people = not relations_read(query.text) <= ABOUT_LOGS
    wanted = [*needed, PEOPLE] if is_about_people else needed
    for column in wanted:
        if column not in frame.columns:
            raise ChartError(
                f"the query returns no column {column}",
                file=where,
                remedy="Add it to the last select.",
            )
    is_counted = chart.value == PEOPLE
    if not is_counted and not frame[chart.value].dtype.is_numeric():
        raise ChartError(
            f"{chart.value} is not a number", file=where, remedy="Choose a numeric `value`."
        )
    keys = [pl.col(chart.across).alias("_across"), pl.col(chart.by or chart.across).alias("_by")]
    if not chart.by:
        keys[1] = pl.lit("").alias("_by")
    people = pl.col(PEOPLE).drop_nulls().n_unique() if is_about_people else pl.lit(least)
    cells = (
        frame.drop_nulls([one for one in (chart.across, chart.by) if one])
        .group_by(keys)
        .agg(
            value=people if is_counted else pl.col(chart.value).sum().cast(pl.Float64),
            people=people,
        )
    )
    across = cells["_across"].unique().sort().to_list()
    by = cells["_by"].unique().sort().to_list()
    if len(across) > MOST_ACROSS or len(by) > MOST_BY:
        raise ChartError(
            f"the chart would have {len(across)} columns and {len(by)} rows",
            file=where,
            remedy=f"Group values: at most {MOST_ACROSS} columns and {MOST_BY} rows are drawn.",
        )
    by_place = {(row, column): (value, who) for column, row, value, who in cells.rows()}
    values = [[float(by_place.get((row, column), (0, 0))[0]) for column in across] for row in by]
    # a cell without a known account rests on at least one person
    counted = [
        [max(by_place[row, column][1], 1) if (row, column) in by_place else 0 for column in across]
        for row in by
    ]
    hidden = _hidden(values, counted, least) if is_about_people and by_place else frozenset()
    shown = [
        [None if (r, c) in hidden else value for c, value in enumerate(row)]
        for r, row in enumerate(values)
    ]
    return _without_names_of_few(Numbers(across, by, shown, _count(shown)))


def _hidden(
    values: Sequence[Sequence[float]], people: Sequence[Sequence[int]], least: int
) -> frozenset[tuple[int, int]]:
    # at least 1 where an account is: 0 would mean that there is no one
    counts = [
        [max(round(value), 1) if who else 0 for value, who in zip(*row, strict=True)]
        for row in zip(values, people, strict=True)
    ]
    return held_back(Grid(with_totals(counts), with_totals(people)), least)


def _count(values: Sequence[Sequence[float | None]]) -> int:
    return sum(value is None for row in values for value in row)


def _without_names_of_few(chart: Numbers) -> Numbers:
    """Leave out rows and columns without a number; even their names may identify someone."""
    rows = [at for at, row in enumerate(chart.values) if any(row)]
    columns = [at for at in range(len(chart.across)) if any(row[at] for row in chart.values)]
    return Numbers(
        [chart.across[at] for at in columns],
        [chart.by[at] for at in rows],
        [[chart.values[row][column] for column in columns] for row in rows],
        chart.withheld,
    )


def _rows(snapshot: Path, where: str, query: Model, first: date) -> pl.DataFrame:
    """Return the rows of a query, within its limits of time, memory and rows."""
    with closing(locked_down(snapshot, is_local=True)) as connection:
        zone = str(connection.execute("select current_setting('TimeZone')").fetchall()[0][0])
        given = {"first": first.isoformat()} if "first" in query.header.params else {}
        clock = Timer(SECONDS, connection.interrupt)
        clock.start()
        try:
            relation = connection.sql(query.query, params=dict(values_of(query, given, zone)))
            frame: pl.DataFrame = relation.limit(MOST_ROWS + 1).pl()
        except SqlError as error:
            is_late = clock.finished.is_set()
            message = str(error).strip().partition("\n")[0]
            if not message.startswith(MISTAKES):
                message = message.partition(":")[0]
            what = f"takes longer than {SECONDS:g} seconds" if is_late else message
            raise ChartError(
                what,
                file=where,
                remedy="Read fewer days."
                if is_late
                else "See: schoolbell describe, and: schoolbell describe TABLE",
            ) from error
        finally:
            clock.cancel()
    if frame.height > MOST_ROWS:
        raise ChartError(
            f"returns more than {MOST_ROWS:,} rows",
            file=where,
            remedy="Group by the columns of the chart and by account.",
        )
    return frame
