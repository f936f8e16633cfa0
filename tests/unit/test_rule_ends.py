"""The model that counts where candidates end is made from the rules' own queries."""

import pytest

from pipelines.errors import ModelError
from pipelines.warehouse.models import arguments, every_model, given, read_model, sql_folder

MART = "marts.rule_ends"
RULE = sql_folder() / "detections" / "device_that_scans.sql"


def changed(tmp_path, before, after):
    folder = tmp_path / "detections"
    folder.mkdir()
    text = RULE.read_text(encoding="utf-8")
    assert before in text
    (folder / "_shared.yaml").symlink_to(RULE.with_name("_shared.yaml"))
    path = folder / RULE.name
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


def test_a_districts_threshold_counts_for_the_rule_and_for_its_ends():
    model = every_model()[MART]
    values = arguments(model, given(model, {"AN-20": {"targets": 40}, "SA-6": {"turns": 9}}))
    assert values["device_that_scans_targets"] == 40
    assert values["account_near_and_far_turns"] == 9
    assert values["device_that_scans_silent_share"] == 0.9


def test_the_ends_of_all_rules_reach_as_far_as_the_rules():
    header = every_model()[MART].header
    rules = [one.header for one in every_model().values() if one.header.ends]
    assert header.lookback == max(rule.lookback for rule in rules)
    assert header.lookahead == max(rule.lookahead for rule in rules)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("targets: targets >= $targets", "targets: targets > $targets", "has no condition"),
        ("of: searches", "of: research", "has no CTE research"),
        (
            "  where:\n    too few",
            "  having:\n    x: silent_share\n  where:\n    too few",
            "either",
        ),
    ],
)
def test_ends_that_contradict_the_query_are_an_error(tmp_path, before, after, problem):
    with pytest.raises(ModelError, match=problem):
        read_model(changed(tmp_path, before, after))
