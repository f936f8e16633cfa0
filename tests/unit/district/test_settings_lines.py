"""One value of a settings file changes; every other line stays."""

import pytest

from pipelines.errors import SettingsError
from pipelines.settings.toml_text import scalar, with_value

PATH = ("detections", "SA-1", "turns")


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("", 6, "\n[detections.SA-1]\nturns = 6\n"),
        ("[desk]\na = 1", 6, "[desk]\na = 1\n\n[detections.SA-1]\nturns = 6\n"),
        (
            "[detections.SA-1]\nstage = 'live'\n",
            6,
            "[detections.SA-1]\nturns = 6\nstage = 'live'\n",
        ),
        ("[detections.SA-1]\nturns = 4 # why\n", 6, "[detections.SA-1]\nturns = 6 # why\n"),
        ("[detections]\nSA-1.turns=4\r\n", 6, "[detections]\nSA-1.turns= 6\r\n"),
        ("[detections.'SA-1']\nturns = 4\n", None, "[detections.'SA-1']\n"),
    ],
)
def test_a_value_is_written_on_its_line(before, value, after):
    assert with_value(before, PATH, value) == after


@pytest.mark.parametrize(
    "text",
    [
        "[detections]\nSA-1 = { turns = 4 }\n",
        '[desk]\nnote = """\n[detections.SA-1]\nturns = 4\n"""\n',
    ],
)
def test_a_value_that_no_single_line_can_change_is_left_to_the_person(text):
    for value, remedy in ((6, "turns = 6"), (None, "remove turns")):
        with pytest.raises(SettingsError, match="is not on a line") as refused:
            with_value(text, PATH, value)
        assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "value"), [("6", 6), ("0.5", 0.5), ("true", True), ("at night", "at night")]
)
def test_a_value_is_read_as_people_write_it(text, value):
    assert scalar(text) == value
