"""Every SQL case, and what each model promises in its header."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.warehouse.models import PYTHON_SCHEMAS, arguments, every_model, models
from tests.databases import empty_database
from tests.sql.tables import DIMENSIONS, Case, QueryCase, columns_of, create

HERE = Path(__file__).parent
QUERIES = sorted(
    path for name in ("lookups", "proposals", "questions") for path in HERE.glob(f"{name}/*/*.yaml")
)
CASES = sorted({*HERE.glob("*/*/*.yaml")} - {*QUERIES})


def named(path):
    return "/".join(path.parts[-3:])[:-5]


@pytest.mark.parametrize("path", CASES, ids=named)
def test_case(path):
    made, expected = Case(path).run()
    assert made == expected


@pytest.mark.parametrize("path", QUERIES, ids=named)
def test_case_of_a_query(path):
    made, expected = QueryCase(path).run()
    assert made == expected


DATED = [name for name, model in models().items() if model.is_dated]


@pytest.mark.parametrize("name", DATED)
def test_a_span_of_days_says_what_each_day_says(name):
    schema, table = name.split(".")
    case = Case(min((HERE / schema / table).glob("*.yaml")))
    one_by_one, at_once = case.one_by_one_and_at_once()
    assert one_by_one == at_once


@pytest.mark.parametrize("name", [name for name, model in models().items() if model.is_split])
def test_parts_of_the_accounts_say_what_all_say(name):
    schema, table = name.split(".")
    for path in (HERE / schema / table).glob("*.yaml"):
        whole, in_parts = Case(path).whole_and_in_parts(3)
        assert in_parts == whole, path.name


@pytest.mark.parametrize("name", every_model())
def test_every_model_has_a_case(name):
    schema, table = name.split(".")
    cases = list((HERE / schema / table).glob("*.yaml"))
    enough = 3 if schema == "detections" else 1
    assert len(cases) >= enough, f"{name} has {len(cases)} cases, needs {enough}"


def test_no_case_lacks_its_model():
    folders = {f"{path.parts[-3]}.{path.parts[-2]}" for path in CASES}
    assert folders <= set(every_model())


@pytest.mark.parametrize("name", every_model())
def test_inputs_exist_and_the_query_plans(name):
    model = every_model()[name]
    for relation in model.inputs:
        made_in_python = relation.split(".")[0] in PYTHON_SCHEMAS
        assert made_in_python or relation in DIMENSIONS or relation in models()
    with empty_database() as database:
        for relation in model.inputs:
            create(database, relation)
        values = dict(arguments(model))
        if model.is_dated:
            values["event_date"] = "2026-03-02"
        assert database.rows(f"explain {model.query}", values)


@pytest.mark.parametrize("name", every_model())
def test_an_empty_district_gives_the_promised_columns_and_no_row(name):
    model = every_model()[name]
    with empty_database() as database:
        for relation in model.inputs:
            create(database, relation)

        day = date(2026, 3, 2) if model.is_dated else None
        rows = database.build(model, arguments(model), day)
        assert rows == 0 or not model.inputs  # a list that reads nothing is unchanged
        assert database.table(model.name).columns == list(columns_of(name))


def test_detections_return_the_same_columns():
    shapes = {
        name: tuple(columns_of(name).items()) for name in models() if name.startswith("detections.")
    }
    assert len(set(shapes.values())) == 1, shapes


ORDER = ("raw", "registry", "identity", "core", "detections", "marts")


@pytest.mark.parametrize("name", every_model())
def test_folders_read_downward_and_detections_no_raw_line(name):
    """What rules have in common with raw lines is a model of `core`, made once."""
    own = ORDER.index(name.split(".")[0])
    for relation in every_model()[name].inputs:
        schema = relation.split(".")[0]
        assert ORDER.index(schema) <= own, f"{name} reads {relation}"
        if ORDER[own] == "detections":
            assert schema not in ("raw", "detections"), f"{name} reads {relation}"
