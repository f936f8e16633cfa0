"""The whole way on a district of Chromebooks: Google, Palo Alto, 802.1X, no domain.

Sites and bytes stand in two lines there, and who is at a keyboard in Google's audit.
"""

import polars as pl
import pytest

from pipelines.synthetic.habits import CHROMEBOOKS
from pipelines.synthetic.trial import hold_trial

KINDS = {"SA-1", "SA-3", "OH-1", "NA-1", "NA-4", "AN-2"}
"""Rules that such a district must be able to ask."""


@pytest.mark.slow
def test_what_was_planted_is_found_and_nothing_else(tmp_path):
    trial = hold_trial(
        tmp_path,
        31,
        people=60,
        weeks=1,
        violations=True,
        weeks_before=0,
        habits=CHROMEBOOKS,
    )
    false = trial.findings.filter(~pl.col("is_true"))
    assert false.height == 0, false
    cases = trial.cases.filter(~pl.col("is_lead") & (pl.col("intensity") == "3"))
    found = cases.filter("is_found")["expected_rule"]
    assert set(found) >= KINDS & set(cases["expected_rule"])
    assert cases["is_found"].mean() >= 0.8
