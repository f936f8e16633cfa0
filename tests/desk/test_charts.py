"""Charts of saved queries: enough accounts behind each number, and no name."""

from pathlib import Path

import duckdb
import pytest

from pipelines.desk.chart_page import charts_page
from pipelines.desk.open_homes import OpenHome
from pipelines.notebook.own_charts import (
    ChartError,
    chart_queries,
    check_chart,
    numbers,
    weeks_with_lines,
)
from pipelines.notebook.saved_queries import saved_queries
from pipelines.operations.settings_check import own_chart_problems
from pipelines.settings.home import DistrictHome
from pipelines.warehouse.models import sql_folder
from pipelines.warehouse.snapshots import current

LEAST = 5
COLUMNS = {
    "building": "{type: varchar, is: building}",
    "device": "{type: varchar, is: device}",
    "account": "{type: varchar, pii: direct, is: account}",
    "n": "{type: bigint, is: number}",
    "event_date": "{type: date, is: day}",
}


def written(folder, query, *, columns=("building", "account", "n"), chart="", name="own"):
    """Write a query of a home; its chart has bars unless another is given."""
    folder.mkdir(exist_ok=True)
    described = "".join(f"  {one}: {COLUMNS[one]}\n" for one in columns)
    drawn = chart or "{draws: bars, across: building, value: n}"
    (folder / f"{name}.sql").write_text(
        f"/* ---\nsummary: Numbers.\ngrain: [building]\nchart: {drawn}\n"
        f"columns:\n{described}--- */\n{query}\n"
    )
    return folder


COUNTED = "select building, account, count(*) as n from core.site_use group by building, account"


def test_a_query_with_accounts_is_drawn(tmp_path):
    assert "own" in chart_queries(written(tmp_path / "queries", COUNTED)).queries


@pytest.mark.parametrize("name", [n for n, one in saved_queries().items() if one.header.chart])
def test_the_charts_of_the_product_pass_the_checks_of_a_home(name):
    text = (sql_folder() / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    check_chart(f"{name}.sql", text, saved_queries()[name])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select building, sum(1) as n from core.site_use group by building", "cannot be counted"),
        ("select account as building, account, 1 as n from core.site_use", "another name"),
        ("select min(account) as building, account, 1 as n from core.site_use group by account",
         "computed from account"),
        ("select building, site as account, 1 as n from core.site_use", "called account"),
        ("select device as building, account, 1 as n from core.site_use", "column device"),
        ("select person_id as building, account, 1 as n from core.site_use", "column person_id"),
        ("select * from core.site_use", "not written out"),
        (("select building, account, 1 as n from core.site_use"
          " union all select account, building, 1 from core.site_use"), "union"),
        (("with a(building, b) as (select account, site from core.site_use)"
          " select building, b as account, 1 as n from a"), "renamed in a list"),
        (("select building, account, 1 as n from"
          " (select account, building from core.site_use) as a(building, account)"),
         "renamed in a list"),
        ("select a as building, account, 1 as n from core.site_use as a", "whole row"),
        (("select (select max(site) from core.site_use) as building, account, 1 as n"
          " from core.site_use"), "inside an expression"),
        ("select subject as building, subject as account, 1 as n from findings.findings",
         "cannot read 'findings.findings'"),
        ("select building, account, 1 as n from read_csv('/etc/passwd')", "read_csv"),
        ("select building, account, 1 as n from query_table('core.site_use')", "query_table"),
        ("copy core.site_use to '/tmp/x'", "not a select"),
        ("select building, account, 1 as n from core.site_use; select 1", "more than one"),
    ],
)  # fmt: skip
def test_a_query_that_could_name_someone_is_refused(tmp_path, query, said):
    columns = ("building", "n") if "account" not in query else ("building", "account", "n")
    found = chart_queries(written(tmp_path / "queries", query, columns=columns))
    (problem,) = found.problems
    assert "own" not in found.queries
    assert said in problem.what
    assert problem.remedy
    assert str(problem).startswith("queries/own.sql, line ")


def test_a_chart_by_account_is_refused(tmp_path):
    chart = "{draws: bars, across: account, value: n}"
    (problem,) = chart_queries(written(tmp_path / "queries", COUNTED, chart=chart)).problems
    assert "about one account" in problem.what


def test_a_wrong_file_leaves_out_itself_only_and_check_shows_it(tmp_path):
    folder = written(tmp_path / "queries", COUNTED)
    (folder / "broken.sql").write_text("select 1")
    (folder / "odd.sql").write_bytes(b"\xff\xfe")
    found = chart_queries(folder)
    assert "own" in found.queries
    assert [one.file for one in found.problems] == ["broken.sql", "odd.sql"]
    shown = list(own_chart_problems(DistrictHome(tmp_path)))
    assert [one.file for one in shown] == ["queries/broken.sql", "queries/odd.sql"]


@pytest.fixture
def snapshot(tmp_path):
    """A snapshot with 4 accounts at one building, 6 at two others, and lines of one week."""
    path = tmp_path / "s.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("create schema core; create schema marts")
        database.execute("create table marts.about as select 'UTC' as zone")
        database.execute("create table marts.source_hours as select date '2026-10-21' event_date")
        database.execute(
            "create table core.site_use as"
            " select 'small' as building, 'a' || i as account from range(4) as t(i)"
            " union all select 'large', 'b' || i from range(6) as t(i)"
            " union all select 'wide', 'c' || i from range(9) as t(i)"
            " union all select 'nobody', null from range(50) as t(i)"
        )
    return path


def drawn(snapshot, folder, least=LEAST):
    (week,) = weeks_with_lines(snapshot)
    return numbers(snapshot, "own", chart_queries(folder).queries["own"], week, least)


def test_a_number_of_few_accounts_is_withheld_and_so_is_its_name(snapshot, tmp_path):
    found = drawn(snapshot, written(tmp_path / "queries", COUNTED))
    # lines without an account may be those of one person
    assert dict(zip(found.across, found.values[0], strict=True)) == {"large": 6, "wide": 9}
    assert found.withheld == 2


def test_a_lone_withheld_number_does_not_follow_from_the_others(snapshot, tmp_path):
    query = COUNTED.replace("group", "where building != 'nobody' group")
    found = drawn(snapshot, written(tmp_path / "queries", query))
    assert found.withheld == 2
    assert list(found.across) == ["wide"]


def test_accounts_are_counted_once(snapshot, tmp_path):
    query = "select building, account from core.site_use, range(3) where account is not null"
    chart = "{draws: bars, across: building, value: account}"
    folder = written(tmp_path / "queries", query, columns=("building", "account"), chart=chart)
    found = drawn(snapshot, folder, least=1)
    assert dict(zip(found.across, found.values[0], strict=True)) == {
        "large": 6, "small": 4, "wide": 9,
    }  # fmt: skip


def test_a_query_without_an_end_is_stopped(snapshot, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.notebook.own_charts.SECONDS", 0.3)
    query = (
        "select building, account, sum(a.range * b.range) as n"
        " from core.site_use, range(1000000) as a, range(1000000) as b group by building, account"
    )
    with pytest.raises(ChartError, match="takes longer"):
        drawn(snapshot, written(tmp_path / "queries", query))


def test_a_query_that_fails_has_its_reason_on_the_page(district, tmp_path):
    home = district.copy(tmp_path)
    written(home / "queries", COUNTED.replace("count(*)", "count(nothing)"))
    opened = OpenHome(Path(home))
    page = charts_page(opened, {})
    opened.close()
    assert len(page["charts"]) == 3
    (problem,) = page["problems"]
    assert "queries/own.sql" in problem
    assert "nothing" in problem


def test_the_reason_of_a_failed_query_contains_no_value_of_a_log(snapshot, tmp_path):
    """A conversion that fails names the value, such as the building of one person."""
    query = COUNTED.replace("count(*)", "sum(cast(building as integer))")
    with pytest.raises(ChartError) as raised:
        drawn(snapshot, written(tmp_path / "queries", query))
    assert raised.value.what == "Conversion Error"


def test_the_desk_shows_charts_without_a_name(desk, district):
    page = desk.by_proxy("director").get("/charts")
    assert page.status == 200
    assert "Requests by building and hour" in page.text
    assert "Charts that cannot be drawn" not in page.text
    with duckdb.connect(str(current(DistrictHome(district.home).snapshots)), read_only=True) as one:
        accounts = one.execute("select distinct account from core.site_use").fetchall()
    assert accounts
    assert not [name for (name,) in accounts if name and name in page.text]
    assert desk.by_proxy("operator").get("/charts").status == 403
