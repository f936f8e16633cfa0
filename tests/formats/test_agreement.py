"""Our events agree with what other parsers made of the sample lines."""

from collections import Counter
from functools import cache

import pytest
from polars.testing import assert_frame_equal

from pipelines.formats import PLACE
from tests.conftest import CORPORA
from tests.formats.agreement import Compared, compared
from tests.formats.differences import EXPLAINED
from tests.formats.sample_reading import read

needs_corpora = pytest.mark.skipif(
    not (CORPORA / "MANIFEST.tsv").is_file(), reason="sample corpora not present"
)
MIN_COMPARED = 6_000


@cache
def every_field() -> tuple[Compared, ...]:
    """Return all that both have, read once."""
    return tuple(compared())


@needs_corpora
def test_every_difference_is_known_and_explained():
    differing = [each for each in every_field() if not each.agrees]
    counts = Counter((each.format, each.field) for each in differing)
    known = {difference: count for difference, (count, _) in EXPLAINED.items()}
    news = [each for each in differing if (each.format, each.field) not in known]
    assert not news
    assert dict(counts) == known


@needs_corpora
def test_many_fields_of_many_formats_are_compared():
    fields = every_field()
    assert len(fields) >= MIN_COMPARED
    assert len({each.format for each in fields}) >= 28


@needs_corpora
def test_zeek_says_the_same_in_text_and_in_json():
    text, in_json = (
        read("zeek_http", "zeek_http", CORPORA / f"zeek/activecm_rita/{way}/http.log.gz")
        for way in ("valid_tsv", "valid_json")
    )
    assert text[1].events["http_requests"].height > 27_000
    text, in_json = (each[1].events["http_requests"].drop(PLACE) for each in (text, in_json))
    assert_frame_equal(text.sort("event_uid", "time"), in_json.sort("event_uid", "time"))
