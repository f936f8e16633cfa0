"""Every key of the settings, with a value of every wrong type, is refused in words."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.alerts.channels import channel_faults, channels
from pipelines.settings.alert_settings import Channel
from pipelines.settings.model import Settings
from pipelines.settings.problems import InvalidSettingsError
from pipelines.settings.toml_reader import parse_settings
from pipelines.settings.toml_text import NAMED, part_of

NEEDED = {"district.name": '"Sample Schools"', "district.zone": '"America/Chicago"'}
VALUES = {
    str: '"zz top"',
    bool: "true",
    int: "-7",
    float: "-2.5",
    tuple: "[[1]]",
    dict: "{ 'zz top' = [1] }",
    "date": "2026-11-09",
    "time": "07:30:00",
    "instant": "2026-11-09T07:30:00Z",
    "not a number": "nan",
    "too large": "123456789012345678901234",
}
"""Type of a value -> a value of it that no setting takes, or that is of another type."""
MUST = {
    bool: "must be true or false",
    int: "must be a whole number",
    float: "must be a number",
    str: "must be text",
    tuple: "must be a list",
    dict: "must be a table",
    "date": "must be a day such as 2026-08-24, without quotes",
    "time": "must be a time such as 07:30:00, without quotes",
}
WORDS = re.compile(
    r'must be (true or false|one number|a whole number|a number|text|a list|a table|a day|a time|"'
    r"|a reference)"
    r"|unknown key|is missing|bad name|requires a regulation|is not (a time zone|a path|a break)"
    r"|are not hours|is not a channel|is neither empty nor an https:"
)
OF_THE_LIBRARY = ("Input", "valid", "unable", "instance", "input_type", "should")


def keys(model, at=""):
    for name, field in model.model_fields.items():
        path = f"{at}{name}"
        inner = part_of(field.annotation)
        yield path, field, inner is not None
        if inner is not None:
            named = f"{path}.{NAMED[path]}" if path in NAMED else path
            yield from keys(inner, f"{named}.")


KEYS = {path: (field, is_table) for path, field, is_table in keys(Settings)}


def kind_of(field, is_table):
    """The type of the example, which the file of `schoolbell init` shows."""
    if is_table:
        return dict
    example = field.examples[0]
    named = {"date": "date", "time": "time"}.get(type(example).__name__)
    return named or (tuple if isinstance(example, list) else type(example))


def problems(path, value):
    given = {key: one for key, one in NEEDED.items() if not (key == path or path == "district")}
    text = "".join(f"{key} = {one}\n" for key, one in (given | {path: value}).items())
    try:
        parse_settings(text.encode())
    except InvalidSettingsError as error:
        return error.problems
    return []


@pytest.mark.parametrize("path", KEYS)
def test_a_value_of_a_wrong_type_is_refused_in_words(path):
    field, is_table = KEYS[path]
    right = kind_of(field, is_table)
    for kind, value in VALUES.items():
        found = problems(path, value)
        for problem in found:
            said = str(problem)
            assert WORDS.search(said), said
            assert not any(word in said for word in OF_THE_LIBRARY), said
            assert problem.line
            assert problem.column.startswith(path.rpartition(".")[0])
        is_number = {kind, right} <= {int, float, "not a number", "too large"}
        if kind == right or is_number or (path == "district.usual_duty" and kind is str):
            continue
        said = " ".join(str(one) for one in found if one.column == path)
        allowed = (MUST[right], 'must be "', 'must be text such as "')
        assert said, (path, value)
        assert any(one in said for one in allowed[: 1 if right in (bool, int, dict) else 3]), said


def test_every_type_of_setting_is_among_the_keys():
    kinds = {kind_of(*one) for one in KEYS.values()}
    assert kinds >= MUST.keys()
    assert len(KEYS) > 130


def test_a_number_out_of_its_range_shows_the_range():
    (problem,) = problems("report.least_count", "1")
    assert "report.least_count must be a whole number from 3 to 100, found '1'" in str(problem)
    (problem,) = problems("limits.reject_share", "nan")
    assert "must be a number from 0 to 1" in str(problem)


def test_a_table_with_a_fixed_set_of_keys_lists_them():
    (problem,) = problems("records.exemptions", '{ zz = "x" }')
    assert '"student_rows"' in problem.allowed


WRONG = ("zz top", -7, -2.5, True, ["zz top"], [[1]], {"zz": 1})
HOME = SimpleNamespace(
    home=SimpleNamespace(path=Path("/nowhere")),
    settings=SimpleNamespace(alerts=SimpleNamespace(recipients=())),
)


@pytest.mark.parametrize("kind", channels())
def test_a_setting_of_a_channel_is_refused_in_words(kind):
    refused = 0
    for key in channels()[kind].settings.model_fields:
        if key in ("password", "token", "secret", "urls"):
            continue
        for value in WRONG:
            one = Channel(type=kind, settings={key: value})
            faults = [
                fault
                for fault in channel_faults(HOME.home, HOME.settings, "x", one)
                if fault.path[-1] == key
            ]
            assert len(faults) < 2
            refused += len(faults)
            for fault in faults:
                assert fault.allowed, (kind, key, value)
                assert not any(word in fault.allowed for word in OF_THE_LIBRARY), fault
    assert refused or kind in ("stdout", "chat")


def test_tls_must_be_true_or_false():
    (fault,) = (
        fault
        for fault in channel_faults(
            HOME.home, HOME.settings, "x", Channel(type="smtp", settings={"tls": "none"})
        )
        if fault.path[-1] == "tls"
    )
    assert (fault.what, fault.allowed) == ("is not allowed", "true or false")
    assert fault.paste == "tls = true"
