"""The types of rows of the state."""

from dataclasses import fields

from pipelines.findings.record import Finding
from pipelines.state import rows


def test_a_record_has_the_fields_of_a_finding():
    assert rows.FindingRecord.__annotations__.keys() == {one.name for one in fields(Finding)}
