"""The whole way on a district of Chromebooks: Google, Palo Alto, 802.1X, no domain.

Sites and bytes stand in two lines there. Who is at a keyboard stands in Google's audit,
and where there is none, in the logins to Wi-Fi and ports.
"""

import polars as pl
import pytest

from pipelines.synthetic.habits import CHROMEBOOKS, CHROMEBOOKS_BY_NETWORK
from pipelines.synthetic.trial import hold_trial
from tests.journey.grades import assert_same_grades

KINDS = {"SA-1", "SA-3", "OH-1", "NA-1", "NA-4", "AN-2"}
"""Rules that such a district must be able to ask."""
BY_NETWORK = {"SA-3", "OH-1", "NA-1"}
"""Those of which the network's own logins are enough for some."""


def trial_of(home, habits):
    trial = hold_trial(
        home, 31, people=60, weeks=1, violations=True, weeks_before=0, habits=habits
    )
    false = trial.findings.filter(~pl.col("is_true"))
    assert false.height == 0, false
    return trial.cases.filter(~pl.col("is_lead"))


@pytest.mark.slow
def test_what_was_planted_is_found_and_nothing_else(tmp_path):
    cases = trial_of(tmp_path, CHROMEBOOKS).filter(pl.col("intensity") == "3")
    found = cases.filter("is_found")["expected_rule"]
    assert set(found) >= KINDS & set(cases["expected_rule"])
    assert cases["is_found"].mean() >= 0.8
    assert_same_grades(tmp_path, "A", "B", "D")


@pytest.mark.slow
def test_without_googles_audit_the_network_tells_who_is_there(tmp_path):
    cases = trial_of(tmp_path, CHROMEBOOKS_BY_NETWORK)
    assert set(cases.filter("is_found")["expected_rule"]) >= BY_NETWORK
    assert_same_grades(tmp_path, "A", "B", "C", "D")
