"""A class of records is one row of a table, and one way to delete it."""

import pytest
from pydantic import ValidationError

from docs.reference_pages import retention_page
from pipelines.operations.record_deletion import DELETIONS
from pipelines.settings.record_classes import RECORD_CLASSES, Retention


def test_every_class_can_be_deleted_and_nothing_else_is():
    assert {one.name for one in RECORD_CLASSES} == set(DELETIONS)


def test_every_class_has_a_setting_of_its_own_or_another_ones():
    own = {one.name for one in RECORD_CLASSES if not one.like}
    assert set(Retention.model_fields) == {f"{name}_days" for name in own}
    assert {one.like for one in RECORD_CLASSES if one.like} <= own


def test_what_is_not_set_is_kept():
    assert Retention().days() == {}


def test_a_class_may_go_with_another():
    assert Retention(event_days=60).days() == {"event": 60, "registry": 60}


@pytest.mark.parametrize(
    "one", [one for one in RECORD_CLASSES if not one.like], ids=lambda one: one.name
)
def test_no_class_goes_sooner_than_it_may(one):
    key = f"{one.name}_days"
    with pytest.raises(ValidationError):
        Retention(**{key: one.least_days - 1})
    assert Retention(**{key: one.least_days}).days()[one.name] == one.least_days


@pytest.mark.parametrize("one", RECORD_CLASSES, ids=lambda one: one.name)
def test_the_page_says_where_it_is_and_how_it_goes(one):
    (row,) = [
        line
        for line in retention_page().splitlines()
        if line.startswith(f"| `{one.name}` | {one.plural} |")
    ]
    assert one.where in row
    assert one.deletion in row
