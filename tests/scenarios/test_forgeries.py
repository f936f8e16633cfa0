"""A line that an outsider forged names no one, and is counted."""

import pytest

from tests.scenarios.forgeries import FORGERIES, Forged, Genuine
from tests.scenarios.running import run
from tests.scenarios.scenario import TUESDAY

each = pytest.mark.parametrize("forgery", FORGERIES, ids=lambda one: one.act.__name__)


@each
def test_a_forged_line_names_no_one_even_as_a_lead(forgery, tmp_path):
    story = Forged(TUESDAY)
    extra = forgery.act(story)
    found = run(tmp_path, story, extra, rejects=forgery.rejects)
    assert not [
        (one.rule, one.finding.confidence) for one in found if one.account == forgery.victim
    ]


@each
def test_the_genuine_line_is_found(forgery, tmp_path):
    story = Genuine(TUESDAY)
    extra = forgery.act(story)
    found = run(tmp_path, story, extra, [forgery.rule])
    assert forgery.rule in {one.rule for one in found if one.account == forgery.victim}
