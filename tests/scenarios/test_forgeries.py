"""A line that an outsider forged names no one, and is counted."""

from contextlib import closing
from datetime import UTC, datetime, time

import pytest

from pipelines.health.overview import forged
from pipelines.settings.home import DistrictHome
from pipelines.state.connections import open_store
from pipelines.state.source_records import source_days
from tests.scenarios.forgeries import FORGERIES, Forged, Genuine
from tests.scenarios.running import run
from tests.scenarios.scenario import TUESDAY

each = pytest.mark.parametrize("forgery", FORGERIES, ids=lambda one: one.act.__name__)


@each
def test_a_forged_line_names_no_one_even_as_a_lead(forgery, tmp_path):
    story = Forged(TUESDAY)
    extra = forgery.act(story)
    found = run(tmp_path, story, extra)
    assert not [
        (one.rule, one.finding.confidence) for one in found if one.account == forgery.victim
    ]


@each
def test_health_counts_the_lines_whose_name_is_doubtful(forgery, tmp_path):
    story = Forged(TUESDAY)
    run(tmp_path, story, forgery.act(story), [forgery.rule])
    with closing(open_store(DistrictHome(tmp_path).state_db)) as store:
        days = [[day] for day in source_days(store)]
    as_of = datetime.combine(TUESDAY, time(23), UTC)
    found = [issue for own in days for issue in forged(own, as_of)]
    counts = [int(issue.detail.split()[0]) for issue in found]
    assert counts == ([len(story.lines[forgery.doubtful])] if forgery.doubtful else [])


@each
def test_the_genuine_line_is_found(forgery, tmp_path):
    story = Genuine(TUESDAY)
    extra = forgery.act(story)
    found = run(tmp_path, story, extra, [forgery.rule])
    assert forgery.rule in {one.rule for one in found if one.account == forgery.victim}
