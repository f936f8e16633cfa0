"""Reading SQL models, the values of their parameters, and which days are stale."""

import json
from datetime import date, timedelta

import duckdb
import polars as pl
import pytest

from pipelines.errors import ModelError
from pipelines.privacy.pseudonyms import copied
from pipelines.refresh.spans import days_read, stale_days
from pipelines.warehouse.database import MAX_LOCAL_PARTS, Memory, writing
from pipelines.warehouse.models import (
    arguments,
    downstream,
    every_model,
    inlined,
    model_version,
    models,
    read_models,
    relations_read,
    rule_headers,
    rules_about_devices,
)

DAYS = [date(2026, 3, 1) + timedelta(days=n) for n in range(10)]


def model(folder, name, query, header="grain: [a]", columns=("a",)):
    schema, table = name.split(".")
    path = folder / schema / f"{table}.sql"
    path.parent.mkdir(exist_ok=True)
    kinds = {"event_date": "date"}
    noted = "".join(f"  {one}: {{type: {kinds.get(one, 'bigint')}, is: it}}\n" for one in columns)
    text = f"/* ---\nsummary: a model\n{header}\ncolumns:\n{noted}--- */\n{query}\n"
    path.write_text(text, encoding="utf-8")


def dated(folder, name, source, *, lookback=0, lookahead=0):
    day = "params: {event_date: {type: date}}"
    header = f"grain: [a, event_date]\nlookback: {lookback}\nlookahead: {lookahead}\n{day}"
    query = f"select a, event_date from {source} where event_date = $event_date"
    model(folder, name, query, header, ("a", "event_date"))


def stale(folder, *numbers):
    found = stale_days(read_models(folder), [DAYS[n] for n in numbers], DAYS)
    return {name: [DAYS.index(day) for day in days] for name, days in found.items()}


def test_what_a_day_reads_of_itself_alone_is_read_off_the_query(tmp_path):
    query = """select a.a, a.event_date
    from core.a as a where event_date = $event_date::date
    union all
    select b.a, b.event_date from core.b as b
    where event_date between $event_date::date - interval 6 day and $event_date::date
    union all
    select c.a, c.event_date from core.c as c
    where event_date = $event_date::date - interval 1 day"""
    day = "params: {event_date: {type: date}}"
    header = f"grain: [a, event_date]\nlookback: 6\n{day}"
    for name in "abc":
        dated(tmp_path, f"core.{name}", "raw.logons")
    model(tmp_path, "core.reads", query, header, ("a", "event_date"))
    assert read_models(tmp_path)["core.reads"].of_the_day == {"core.a"}


@pytest.mark.parametrize(
    ("asked", "reach"),
    [
        ("from core.a where event_date = $event_date::date", "own"),
        ("from core.a as b where b.event_date = $event_date::date and a > 1", "own"),
        (
            "from core.a where event_date = $event_date::date and (a > 1 or a < 0)",
            "own",
        ),
        (
            "from core.a where event_date = $event_date::date and a > 1 -- or not :(\n",
            "own",
        ),
        ("from core.a where event_date = $event_date::date or a > 1", "span"),
        ("from core.a where event_date = $event_date::date and f(a) or a < 0", "span"),
        ("from core.a where event_date = $event_date::date - interval 1 day", "span"),
        ("from core.a where event_date = $event_date::date + interval 1 day", "span"),
        ("from core.a where a > 1 and event_date = $event_date::date", "span"),
        ("from core.a as b, core.a as c where event_date = $event_date::date", "span"),
    ],
)
def test_a_span_reads_no_day_that_none_of_its_days_asks_for(tmp_path, asked, reach):
    day = "params: {event_date: {type: date}}"
    header = f"grain: [a, event_date]\nlookback: 6\n{day}"
    dated(tmp_path, "core.a", "raw.logons")
    columns = ("a", "event_date")
    model(tmp_path, "core.c", f"select a, event_date {asked}", header, columns)
    read = read_models(tmp_path)["core.c"]
    assert f"(from core.a where event_date between ${reach}_first" in (read.span_statement)
    dates = read.span_arguments(DAYS[6:8])
    first = {"own": DAYS[6], "span": DAYS[0]}
    assert dates[f"{reach}_first"] == first[reach]
    assert len(dates) == 3


def test_inputs_come_before_what_reads_them(tmp_path):
    model(tmp_path, "core.first", "select a from core.second")
    model(tmp_path, "core.second", "select a from identity.third")
    model(tmp_path, "identity.third", "select a from raw.leases")
    names = ["identity.third", "core.second", "core.first"]
    assert list(read_models(tmp_path)) == names


def test_a_circle_of_models_is_refused(tmp_path):
    model(tmp_path, "core.first", "select a from core.second")
    model(tmp_path, "core.second", "select a from core.first")
    with pytest.raises(ModelError):
        read_models(tmp_path)


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("select a from raw.leases where a > $least", "grain: [a]"),
        ("select a from raw.leases", "grain: [a]\nparams: {least: {type: int}}"),
        ("select a from raw.leases", "grain: [b]"),
        ("select a from raw.leases", "grain: [a]\nanswer: 42"),
    ],
    ids=["undeclared parameter", "unused parameter", "grain", "unknown key"],
)
def test_a_header_that_drifts_is_refused(tmp_path, query, header):
    model(tmp_path, "core.one", query, header)
    with pytest.raises(ModelError, match="core"):
        read_models(tmp_path)


def test_a_grain_that_can_come_again_on_another_day_is_refused(tmp_path):
    day = "grain: [a]\nparams: {event_date: {type: date}}"
    query = "select a from raw.leases where event_date = $event_date"
    model(tmp_path, "core.tool_use", query, day)
    with pytest.raises(ModelError, match="two days"):
        read_models(tmp_path)


@pytest.mark.parametrize("name", every_model())
def test_a_model_reads_what_the_parser_of_duckdb_sees(name):
    query = every_model()[name].query
    (text,) = duckdb.execute("select json_serialize_sql(?)", [query]).fetchone()
    parsed = json.loads(text)
    assert not parsed["error"], parsed.get("error_message")
    assert relations_read(query) == set(tables_of(parsed))


def tables_of(node):
    if isinstance(node, list):
        yield from (name for one in node for name in tables_of(one))
    elif isinstance(node, dict):
        if node.get("type") == "BASE_TABLE" and node["schema_name"]:
            yield f"{node['schema_name']}.{node['table_name']}"
        yield from (name for one in node.values() for name in tables_of(one))


def test_what_a_rule_is_about_is_read_as_its_header_says_it():
    said = {code for code, one in rule_headers().items() if one.about == "device"}
    assert rules_about_devices() == said


def test_a_cte_is_no_input():
    query = "with leases as (select 1 as a) select a from leases, raw.logons"
    assert relations_read(query) == {"raw.logons"}


@pytest.mark.parametrize(
    "quoted", ["-- like raw.leases", "/* raw.leases\n*/", "'it''s raw.leases'"]
)
def test_a_comment_or_a_text_names_no_input(quoted):
    assert relations_read(f"select {quoted}\n a from core.duty") == {"core.duty"}


def bounded(folder):
    header = "grain: [a]\nparams: {least: {type: int, default: 5, min: 1, max: 9}}"
    model(folder, "core.one", "select a from raw.leases where a > $least", header)
    return read_models(folder)["core.one"]


def test_a_district_may_set_a_parameter_within_its_bounds(tmp_path):
    one = bounded(tmp_path)
    assert arguments(one) == {"least": 5}
    assert arguments(one, {"least": 9}) == {"least": 9}


@pytest.mark.parametrize("given", [{"least": 10}, {"least": 0}, {"most": 3}])
def test_a_value_out_of_bounds_or_unknown_is_refused(tmp_path, given):
    with pytest.raises(ModelError, match=r"core\.one"):
        arguments(bounded(tmp_path), given)


def test_what_reads_a_changed_model_is_downstream(tmp_path):
    model(tmp_path, "core.first", "select a from raw.leases")
    model(tmp_path, "core.second", "select a from core.first")
    model(tmp_path, "core.third", "select a from raw.logons")
    found = downstream(read_models(tmp_path).values(), ["raw.leases"])
    assert found == ["core.first", "core.second"]


def test_nothing_new_makes_nothing_stale(tmp_path):
    dated(tmp_path, "core.one", "raw.leases")
    assert stale(tmp_path) == {}
    assert stale_days(read_models(tmp_path), [DAYS[0]], []) == {}


def test_a_new_day_makes_itself_stale(tmp_path):
    dated(tmp_path, "core.one", "raw.leases")
    assert stale(tmp_path, 4)["core.one"] == [4]


def test_a_window_reaches_from_the_days_that_read_the_changed_one(tmp_path):
    # it reads 2 days back, so days 4 to 6 read day 4; and 1 ahead, so day 3 does
    dated(tmp_path, "core.one", "raw.leases", lookback=2, lookahead=1)
    assert stale(tmp_path, 4) == {"core.one": [3, 4, 5, 6]}


def test_stale_days_stay_within_the_days_that_hold_events(tmp_path):
    dated(tmp_path, "core.one", "raw.leases", lookback=6, lookahead=6)
    assert stale(tmp_path, 0)["core.one"] == [0, 1, 2, 3, 4, 5, 6]
    assert stale(tmp_path, 9)["core.one"] == [3, 4, 5, 6, 7, 8, 9]


def test_days_long_after_any_event_are_not_built(tmp_path):
    dated(tmp_path, "core.one", "raw.leases", lookback=140, lookahead=1)
    scattered = [DAYS[0], DAYS[0] + timedelta(days=100), DAYS[0] + timedelta(days=103)]
    found = stale_days(read_models(tmp_path), scattered, scattered)["core.one"]
    assert [(day - DAYS[0]).days for day in found] == [*range(9), *range(100, 104)]


def test_staleness_spreads_from_model_to_model(tmp_path):
    dated(tmp_path, "identity.one", "raw.leases", lookback=1)
    dated(tmp_path, "core.two", "identity.one", lookback=1)
    assert stale(tmp_path, 4) == {"identity.one": [4, 5], "core.two": [4, 5, 6]}


def test_the_days_that_a_day_is_made_from_reach_back_from_model_to_model(tmp_path):
    dated(tmp_path, "identity.one", "raw.leases", lookback=1)
    dated(tmp_path, "core.two", "identity.one", lookback=1, lookahead=1)
    dated(tmp_path, "core.other", "identity.one")
    model(tmp_path, "identity.zero", "select a from identity.one")
    dated(tmp_path, "core.whole", "identity.zero")
    three = read_models(tmp_path)
    read = days_read(three, {"core.two": [DAYS[4]]}, DAYS)
    assert read["identity.one"] == {*DAYS[3:6]}
    assert read["raw.leases"] == {*DAYS[2:6]}
    assert "core.other" not in read
    assert days_read(three, {"core.whole": [DAYS[4]]}, DAYS)["identity.one"] == {*DAYS}


@pytest.mark.parametrize("rule", ["account_on_two_campuses", "bulk_upload", "rare_beacon"])
def test_a_day_that_makes_another_one_stale_is_a_day_that_it_is_made_from(rule):
    name, held = f"detections.{rule}", [DAYS[0] + timedelta(days=n) for n in range(30)]
    read = days_read(models(), {name: [held[20]]}, held)
    for one in set(models()) - {name}:
        for day in (held[10], held[19], held[20], held[21]):
            reached = stale_days(models(), [], held, {one: [day]}).get(name, [])
            if held[20] in reached:
                assert day in read[one], one


def test_a_model_of_registry_alone_is_stale_on_the_new_days(tmp_path):
    dated(tmp_path, "core.duty", "registry.duty_windows")
    assert stale(tmp_path, 4) == {"core.duty": [4]}


def test_a_day_that_failed_is_due_with_what_reads_it(tmp_path):
    dated(tmp_path, "identity.one", "raw.leases")
    dated(tmp_path, "core.two", "identity.one", lookback=1)
    found = stale_days(read_models(tmp_path), [], DAYS, {"identity.one": [DAYS[4]]})
    assert found == {"identity.one": [DAYS[4]], "core.two": [DAYS[4], DAYS[5]]}


def test_undated_models_have_no_days(tmp_path):
    model(tmp_path, "core.one", "select a from raw.leases")
    assert stale(tmp_path, 4) == {}


def test_a_warehouse_of_another_version_is_told_when_it_is_published(tmp_path):
    with writing(tmp_path / "warehouse.duckdb", memory_mb=500) as database:
        database.replace("main.use", pl.DataFrame({"site": ["example.org"]}))
        with pytest.raises(ModelError, match=r"schoolbell run"):
            database.shown("main.use", {"site": None, "minutes": None}, copied)


def test_a_few_rows_lack_the_columns_that_another_version_built_without(tmp_path):
    with writing(tmp_path / "warehouse.duckdb", memory_mb=500) as database:
        database.replace("main.use", pl.DataFrame({"event_date": DAYS[:2], "site": ["a", "b"]}))
        columns = ["site", "minutes"]
        assert database.sample("main.use", columns, 9, DAYS[1]) == [{"site": "b"}]
        assert database.sample("main.use", columns, 1) == [{"site": "a"}]
        assert database.sample("main.use", ["minutes"], 1) == []


TOO_MUCH = "select len(list(range)) as a from range(6_000_000)"
"""A list of 48 MB, which cannot be written to disk in parts."""


@pytest.mark.parametrize("most", [None, 400])
def test_a_statement_that_does_not_fit_gets_more_memory(tmp_path, most):
    """The rules of a day of four million requests were not judged."""
    model(tmp_path, "core.large", TOO_MUCH)
    large = read_models(tmp_path)["core.large"]
    path = tmp_path / "warehouse.duckdb"
    with writing(path, threads=1, memory_mb=30, most_memory_mb=most) as database:
        if most is None:
            with pytest.raises(ModelError, match="Out of Memory"):
                database.build(large, {}, None)
            return
        assert database.build(large, {}, None) == 1
        assert 30 < database.known.memory.needed["core.large"] <= most
        (limit,) = database.rows("select current_setting('memory_limit')")[0]
        assert limit == "28.6 MiB"  # other statements have what they had
        assert database.rows("from core.large") == [(6_000_000,)]


def test_a_model_gets_no_more_memory_than_the_machine_may_give():
    memory = Memory(512, 1_500)
    assert memory.has_other("core.large", in_parts=False)
    assert memory.needed == {"core.large": 1_024}
    assert memory.has_other("core.large", in_parts=False)
    assert memory.needed == {"core.large": 1_500}
    assert not memory.has_other("core.large", in_parts=False)


def test_a_model_is_built_in_parts_before_it_gets_more_memory():
    memory = Memory(512, 1_024, parts={"core.split": MAX_LOCAL_PARTS // 2})
    assert memory.has_other("core.split", in_parts=True)
    assert (memory.parts, memory.needed) == ({"core.split": MAX_LOCAL_PARTS}, {})
    assert memory.has_other("core.split", in_parts=True)
    assert memory.needed == {"core.split": 1_024}
    assert not memory.has_other("core.split", in_parts=True)


def test_a_day_that_does_not_fit_is_built_in_parts_of_the_accounts(tmp_path):
    """A day of five million requests needed more than a gigabyte."""
    day = date(2026, 3, 2)
    columns = ("account", "value", "event_date")
    lines = (
        "select range % 40 as account, range as value, $event_date::date as event_date"
        " from range(4_000_000)"
    )
    model(tmp_path, "core.lines", lines, f"grain: [value, event_date]\n{DAY}", columns)
    listed = (
        "select account, len(list(value)) as value, event_date from core.lines"
        " where event_date = $event_date::date group by account, event_date"
    )
    split = f"grain: [account, event_date]\n{DAY}\nby_account: [core.lines]"
    model(tmp_path, "core.listed", listed, split, columns)
    models = read_models(tmp_path)
    path = tmp_path / "warehouse.duckdb"
    with writing(path, threads=1, memory_mb=40) as database:
        for name in ("core.lines", "core.listed"):
            database.build(models[name], {}, day)
        assert database.known.memory.parts["core.listed"] > 1
        assert database.rows("select count(*), sum(value) from core.listed") == [(40, 4_000_000)]


def test_the_largest_need_of_what_runs_counts():
    memory = Memory(50, 400, needed={"core.large": 200})
    with duckdb.connect() as connection:

        def limit():
            return connection.execute("select current_setting('memory_limit')").fetchone()[0]

        with memory.room(connection, "core.large"):
            with memory.room(connection, "core.small"):
                assert limit() == "190.7 MiB"
            assert limit() == "190.7 MiB"
        assert limit() == "47.6 MiB"


DAY = "params: {event_date: {type: date}}"
PART = f"kind: ephemeral\ngrain: [a, event_date]\n{DAY}"
LINES = "select 1 as a, $event_date::date as event_date from raw.leases"


def in_parts(folder, reader="from core.seconds", part=PART):
    """A model that reads an ephemeral one, which reads another one."""
    columns = ("a", "event_date")
    model(folder, "core.first", LINES, part, columns)
    second = "with own as (from core.first) select a + 1 as a, event_date from own"
    header = "grain: [a, event_date]"
    model(folder, "core.seconds", second, f"kind: ephemeral\n{header}", columns)
    model(folder, "core.one", f"select a, event_date {reader}", header, columns)


def test_an_ephemeral_model_is_a_part_of_what_reads_it(tmp_path):
    in_parts(tmp_path, "from core.seconds as s where exists (from core.first where first.a = 1)")
    one = read_models(tmp_path)["core.one"]
    assert one.inputs == {"raw.leases"}
    assert [part.name for part in one.parts] == ["core.first", "core.seconds"]
    duckdb.execute(
        "create schema if not exists raw; create or replace table raw.leases as from range(2)"
    )
    day = date(2026, 3, 2)
    assert duckdb.execute(one.query, {"event_date": day}).fetchall() == [(2, day), (2, day)]


def test_an_ephemeral_model_may_be_read_as_a_table(tmp_path):
    in_parts(tmp_path)
    one = read_models(tmp_path)["core.one"]
    assert inlined(one, []).inputs == {"core.seconds"}
    assert inlined(one, []).header.params == {}
    assert inlined(one, one.parts[1:]).inputs == {"core.first"}


def test_a_changed_ephemeral_model_changes_what_reads_it(tmp_path):
    in_parts(tmp_path)
    before = model_version(read_models(tmp_path)["core.one"], {})
    assert model_version(read_models(tmp_path)["core.one"], {}) == before
    model(tmp_path, "core.first", LINES.replace("1 as", "2 as"), PART, ("a", "event_date"))
    assert model_version(read_models(tmp_path)["core.one"], {}) != before


def test_parameters_of_an_ephemeral_model_are_set_where_it_is_read(tmp_path):
    part = f"{PART[:-1]}, least: {{type: int, default: 5, min: 1, max: 9}}}}"
    columns = ("a", "event_date")
    model(tmp_path, "core.first", f"{LINES} where 1 < $least", part, columns)
    own = PART.replace("kind: ephemeral\n", "")
    query = f"{LINES} where exists (from core.first)"
    model(tmp_path, "core.one", query, own, columns)
    assert arguments(read_models(tmp_path)["core.one"], {"least": 7}) == {"least": 7}
    other = f"{own[:-1]}, least: {{type: int, default: 6, min: 1, max: 9}}}}"
    model(tmp_path, "core.one", f"{query} and 1 < $least", other, columns)
    with pytest.raises(ModelError, match="another parameter least"):
        read_models(tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"part": f"{PART}\nlookahead: 1"}, "lookahead is shorter"),
        ({"reader": "from core.seconds where event_date > a"}, "only rows of its day"),
        ({"part": f"{PART}\naudits: [{{holds: a > 1}}]"}, "has no audits"),
        ({"part": PART.replace("ephemeral", "view")}, "kind 'view'"),
    ],
)
def test_what_an_ephemeral_model_cannot_be_is_refused(tmp_path, changed, message):
    in_parts(tmp_path, **changed)
    with pytest.raises(ModelError, match=message):
        read_models(tmp_path)


def test_a_model_is_built_by_day_where_an_ephemeral_one_reads_one(tmp_path):
    in_parts(tmp_path)
    assert stale(tmp_path, 4)["core.one"] == [4]
    header = "grain: [event_id]"
    model(tmp_path, "core.one", "select a as event_id from core.seconds", header, ("event_id",))
    with pytest.raises(ModelError, match="no column event_date"):
        read_models(tmp_path)


def noted(folder, name, query, columns):
    path = folder / "core" / f"{name}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"/* ---\nsummary: a model\ngrain: [a]\ncolumns: {columns}\n--- */\n{query}\n")


INPUT = "{a: {type: bigint, is: number, pii: direct}, b: {type: date, is: day}}"


@pytest.mark.parametrize("note", ["bigint", "core.first", "{type: bigint}", "{of: core.first}"])
def test_a_column_without_a_meaning_has_that_of_its_input(tmp_path, note):
    noted(tmp_path, "first", "select 1 as a, current_date as b", INPUT)
    noted(tmp_path, "one", "select a from core.first", f"{{a: {note}}}")
    column = read_models(tmp_path)["core.one"].header.columns["a"]
    assert (column.type, column.meaning, column.pii) == ("bigint", "number", "direct")


def test_a_column_may_have_its_own_meaning_and_the_type_of_its_input(tmp_path):
    noted(tmp_path, "first", "select 1 as a, current_date as b", INPUT)
    noted(tmp_path, "one", "select a from core.first", "{a: {of: core.first, is: count}}")
    column = read_models(tmp_path)["core.one"].header.columns["a"]
    assert (column.type, column.meaning, column.pii) == ("bigint", "count", "none")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("{a: {of: registry.people}}", "column a has no meaning.*none"),
        ("{a: bigint, ip: {of: raw.leases}}", "column ip has no type"),
        ("{a: bigint, b: date}", "column b has no meaning.*core.first: day; core.other: date"),
        ("{a: bigint, b: core.third}", "column b has no meaning.*none"),
        ("{a: bigint, c: date}", "column c has no meaning.*none"),
    ],
)
def test_a_meaning_that_no_input_gives_alone_is_asked_for(tmp_path, columns, message):
    noted(tmp_path, "first", "select 1 as a, current_date as b", INPUT)
    noted(tmp_path, "other", "select 1 as a, current_date as b", INPUT.replace("day", "date"))
    noted(tmp_path, "one", "select a, b from core.first, core.other, raw.leases", columns)
    with pytest.raises(ModelError, match=message):
        read_models(tmp_path)


@pytest.mark.parametrize("name", every_model())
def test_a_meaning_is_more_than_the_name_of_its_column(name):
    for column, note in every_model()[name].header.columns.items():
        assert note.meaning.lower().replace(" ", "_") != column, "leave the meaning to the input"
