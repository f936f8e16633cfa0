"""Saved queries answer as their headers say; what is written is safe to open."""

import io
import json
import zipfile

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.cli.row_files import rendered
from pipelines.day_kinds import DAY_TYPES
from pipelines.errors import ModelError, SettingsError
from pipelines.notebook.connection import Connection
from pipelines.notebook.saved_queries import saved_queries, values_of
from pipelines.registry.tables.approved_sites import SITE_CLASSES
from pipelines.registry.device_classes import DEVICE_CLASSES
from pipelines.registry.tables.ip_geo import NETWORK_TYPES
from pipelines.registry.tables.subnets import SUBNET_KINDS
from pipelines.reports.dictionary import (
    OPEN,
    described,
    in_snapshots,
    relations,
    words_of,
)
from pipelines.reports.joins import joins_of
from pipelines.settings.home import DistrictHome

FORMULA = "=cmd|'/c calc'!A0"
ESCAPE = "\x1b[2J\u202e"
ROWS = pl.DataFrame(
    {"site": [FORMULA, ESCAPE, None], "minutes": [-1.5, 2.0, None], "all": [["a"]] * 3}
)


@pytest.fixture(scope="module")
def con(district):
    opened = Connection(district.home)
    yield opened
    opened.close()


def run(*words, code=0):
    done = CliRunner().invoke(app, list(map(str, words)))
    if code == 0 and done.exception:
        raise done.exception
    return done


@pytest.mark.parametrize("name", saved_queries())
def test_a_saved_query_gives_the_columns_of_its_header(con, name):
    query = saved_queries()[name]
    (subject, device) = con.sql(
        "select account, device from core.presence_blocks"
        " order by request_count desc, account limit 1"
    ).fetchall()[0]
    known = {"account": subject, "device": device, "site": "google.com"}
    known |= dict.fromkeys(("first", "since"), "2026-10-19") | {"minutes": "30"}
    given = {one: known[one] for one in query.header.params}
    rows = con.saved(name, **given).pl()
    assert rows.columns == list(query.header.columns)
    assert rows.height
    assert rows.select(query.header.grain).is_unique().all()


def test_a_value_that_is_missing_wrong_or_not_asked_for_is_told():
    query = saved_queries()["account_week"]
    right = {"account": "falcon-27", "first": "2026-10-19"}
    assert values_of(query, right, "UTC") == right
    for wrong, said in (
        ({"account": "falcon-27"}, "needs a value for first"),
        (right | {"first": "monday"}, "'monday' is not a date"),
        (right | {"last": "2026-10-20"}, "no parameter"),
    ):
        with pytest.raises(ModelError, match=said):
            values_of(query, wrong, "UTC")


def test_an_unknown_query_is_refused(con):
    with pytest.raises(ModelError, match="no saved query 'nothing'"):
        con.saved("nothing")


def test_a_home_has_queries_of_its_own(con, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "snapshots").symlink_to(DistrictHome(con.home).snapshots)
    own = home / "queries" / "days.sql"
    own.parent.mkdir()
    own.write_text(
        "/* ---\nsummary: Days with use of sites.\ngrain: [event_date]\n"
        "columns:\n  event_date: {type: date, is: local day}\n--- */\n"
        "select distinct event_date from marts.site_use order by event_date\n"
    )
    mine = Connection(home)
    assert mine.saved("days").pl().height == len(mine.coverage.days)
    assert "days" in mine.saved().pl()["query"].to_list()
    own.rename(own.with_name("top_sites.sql"))
    with pytest.raises(ModelError, match="top_sites is the name of a built-in query"):
        mine.saved("top_sites")
    mine.close()


def test_a_connection_lists_the_saved_queries(con):
    assert con.saved().pl()["query"].to_list() == list(saved_queries())
    with pytest.raises(ModelError, match="needs a value for first"):
        con.saved("top_sites")


def test_sql_saved_and_ask_give_the_same_kind_of_result(con):
    text = saved_queries()["new_sites"].query
    since = {"since": "2026-10-19"}
    answers = [
        con.sql(text, **since),
        con.saved("new_sites", **since),
        con.ask("new_sites", **since),
        con.ask(text, **since),
    ]
    assert len({type(answer) for answer in answers}) == 1
    frames = [answer.pl() for answer in answers]
    assert frames[0].height
    assert all(frame.equals(frames[0]) for frame in frames)
    assert con.local(answers[0]).equals(con.frame(text, **since))
    with pytest.raises(ModelError, match="no saved query 'newsites'"):
        con.ask("newsites")


def test_a_description_shows_a_row_and_the_joins(con, district):
    told = con.describe("core.site_use")
    row = {name: text for name, text in told.select("column", "example").iter_rows() if text}
    assert {"account", "site", "event_date"} <= row.keys()
    found = con.sql(
        "select count(*) from core.site_use where account = $account and site = $site"
        " and event_date = $day::date",
        account=row["account"], site=row["site"], day=row["event_date"],
    )  # fmt: skip
    assert found.fetchall()[0][0]
    assert dict(con.joins("core.site_use").rows())["identity.accounts"] == "account, event_date"
    done = run("describe", "core.site_use", "--home", district.home).stdout
    assert row["site"] in done
    assert "├─ identity.accounts      account, event_date" in done
    assert "Joined by: core.engaged_requests" in done
    said = run("describe", "core.site_use", "--home", district.home, "--json").stdout
    by_column = {one["column"]: one for one in map(json.loads, said.splitlines())}
    assert "identity.accounts" in by_column["account"]["joins to"]
    assert by_column["site"]["example"] == row["site"]
    with pytest.raises(ModelError, match=r"no table 'core\.nothing'"):
        con.describe("core.nothing")


def test_a_join_adds_no_row(con):
    tried = 0
    for table in con.tables()["table"]:
        for join in joins_of(table):
            on = " and ".join(f"a.{own} = b.{theirs}" for theirs, own in join.columns.items())
            query = f"select count(*) from {table} a left join {join.relation} b on {on}"
            rows = con.sql(f"select count(*) from {table}").fetchall()
            assert con.sql(query).fetchall() == rows, (table, join)
            tried += 1
    assert tried > 100


def test_the_command_prints_lists_and_writes(district, tmp_path):
    home = ("--home", district.home)
    assert "new_sites" in run("query", *home).stdout
    asked = ("query", "new_sites", *home, "--set", "since=2026-10-19")
    sites = [json.loads(line) for line in run(*asked, "--format", "json").stdout.split("\n")[:-1]]
    assert sites[0]["first_seen_date"] >= "2026-10-19"
    for kind in ("csv", "parquet", "xlsx"):
        run(*asked, "--format", kind, "--to", tmp_path / f"sites.{kind}")
    assert pl.read_parquet(tmp_path / "sites.parquet").height == len(sites)
    assert pl.read_csv(tmp_path / "sites.csv").height == len(sites)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    before = (tmp_path / "sites.csv").read_bytes()
    again = run(*asked, "--format", "csv", "--to", tmp_path / "sites.csv", code=1)
    assert isinstance(again.exception, FileExistsError)
    assert (tmp_path / "sites.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sql", "drop table core.duty"], "read-only"),
        (["--sql", "copy core.duty to '/tmp/out.csv'"], "disabled"),
        (["--sql", "select * from core.nothing"], "nothing"),
        (["new_sites", "--sql", "select 1"], "cannot be used together"),
        (["new_sites", "--set", "since"], "not NAME=VALUE"),
        (["open_findings", "--format", "xlsx"], "--to FILE"),
    ],
)
def test_what_a_query_may_not_do_is_told(district, words, said):
    done = run("query", "--home", district.home, *words, code=1)
    assert isinstance(done.exception, SettingsError | ModelError)
    assert said in str(done.exception)


def test_a_spreadsheet_gets_no_formula_and_a_terminal_no_control_character():
    text = rendered(ROWS, "csv", ()).decode()
    assert text.splitlines()[1] == f'"\'{FORMULA}",-1.5,"a"'
    shown = rendered(ROWS, "table", ()).decode()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    book = zipfile.ZipFile(io.BytesIO(rendered(ROWS, "xlsx", [("Rows", "3")])))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<v>-1.5</v>" in sheet
    assert FORMULA.replace("'", "&#39;").split("|")[0] in book.read("xl/sharedStrings.xml").decode(
        "utf-8"
    )


def test_every_relation_and_column_is_described():
    for name, row in relations().items():
        assert len(row) > 10, name
        for one in described(name):
            assert len(one.meaning) > 2, (name, one.column)
            assert one.pii in ("none", "indirect", "direct")
    assert "direct" in run("describe", "core.site_use").stdout
    assert "core.duty" in run("describe").stdout
    with pytest.raises(ModelError, match="no relation"):
        described("core.nothing")


def test_what_describe_offers_is_what_a_query_sees(con):
    offered = set(in_snapshots())
    assert set(con.tables()["table"]) <= offered
    assert "core.candidate_requests" not in run("describe").stdout
    assert "core.candidate_requests" in run("describe", "--all").stdout
    refused = run("describe", "core.candidate_requests", code=1).exception
    assert "core.candidate_requests is in no snapshot" in str(refused)
    assert "time_quality" in run("describe", "raw.logons", "--all").stdout
    assert {one.kind for one in described("raw.logons")} >= {"timestamptz", "varchar"}
    for name in con.tables()["table"]:
        shown = {one.column for one in described(name) if one.is_published}
        assert set(con.describe(name)["column"]) == shown, name
    assert con.describe().equals(con.tables())


def test_a_slip_in_a_query_is_answered_with_what_there_is(district):
    asked = ("query", "--home", district.home, "--sql")
    said = str(run(*asked, "select acount from core.site_use", code=1).exception)
    assert 'Candidate bindings: "account"' in said
    assert "LINE 1" not in said


def test_no_relation_of_a_snapshot_lacks_its_description(con):
    for name in con.tables()["table"]:
        known = {one.column for one in described(name)}
        assert set(con.describe(name)["column"]) <= known, name


def test_every_word_that_a_column_holds_is_described(con):
    """A new word, or a column of words that no one described, fails here."""
    for relation in con.tables()["table"]:
        columns = con.describe(relation).filter(type="varchar", is_pseudonym=False)
        for column in columns["column"]:
            words = words_of(relation, column)
            assert words or column in OPEN, (relation, column)
            if words:
                held = con.sql(
                    f"select distinct {column} from {relation} where {column} is not null"
                ).fetchall()
                assert {word for (word,) in held} <= set(words), (relation, column)


@pytest.mark.parametrize(
    ("column", "allowed"),
    [("net_kind", SUBNET_KINDS), ("device_class", DEVICE_CLASSES),
     ("day_type", DAY_TYPES), ("site_class", SITE_CLASSES),
     ("network_kind", NETWORK_TYPES)],
)  # fmt: skip
def test_every_word_that_a_registry_file_admits_is_described(column, allowed):
    assert set(allowed) <= set(words_of("core.any", column))


def test_sql_text_runs_without_an_option(con):
    """A select as the argument was taken for the name of a saved query."""
    made = run("query", "select 7 as seven", "--json", "--home", con.home)
    assert json.loads(made.stdout) == {"seven": 7}


def test_a_wrong_name_gets_a_near_one_and_a_query_lists_what_it_needs(con):
    for words, said in (
        (("query", "top_site"), "Did you mean top_sites?"),
        (("query", "top_sites"), "--set first=2026-10-19"),
        (("describe", "core.presense"), "Did you mean core.presences?"),
    ):
        error = run(*words, "--home", con.home, code=1).exception
        assert said in error.remedy, words
