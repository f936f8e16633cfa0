"""What overlaps counts once: the union of spans, as SQL sums it."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.warehouse.database import writing

SPANS = st.lists(st.tuples(st.integers(0, 86_400), st.integers(1, 7_200)), min_size=1, max_size=30)


def united(spans):
    """Return seconds in which any of the spans, each a start and a length, was going on."""
    rows = [{"began": float(start), "ended": float(start + n)} for start, n in spans]
    with writing(Path(":memory:"), threads=1) as database:
        cast = "$spans::struct(began double, ended double)[]"
        ((seconds,),) = database.rows(f"select united_seconds({cast})", {"spans": rows})
    return seconds


@given(SPANS)
def test_a_union_is_as_long_as_the_seconds_that_any_span_covers(spans):
    covered = {second for start, n in spans for second in range(start, start + n)}
    assert united(spans) == len(covered)


def test_nothing_has_no_length():
    assert united([]) is None
