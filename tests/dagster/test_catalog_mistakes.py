"""What the check `built` shows of a rule that cannot be built."""

from datetime import date

from pipelines.defs.catalog import _of_model
from pipelines.state.source_records import Quarantined
from pipelines.warehouse.models import models

DAY = date(2026, 10, 20)
NO_COLUMN = 'Binder Error: Table "logons" does not have a column named "devices"'
VALUE = "Conversion Error: Could not convert string 'jordan@example.org' to INT32"


def built_with(reason):
    model = models()["detections.pooled_account"]
    held = Quarantined(model.name, DAY, model.name, reason)
    return next(_of_model(model, [held]))


def test_the_check_names_the_mistake_in_a_query():
    check = built_with(NO_COLUMN)
    assert not check.passed
    assert check.metadata["mistakes"].value == NO_COLUMN


def test_the_check_shows_no_value_of_a_log():
    check = built_with(VALUE)
    assert not check.passed
    assert "jordan" not in str(check.metadata)
