"""Exact bounds, against known values and against what defines them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.findings.rule_quality import share_bounds


@pytest.mark.parametrize(
    ("found", "of", "low", "high"),
    [
        (0, 10, 0, 0.30850),
        (10, 10, 0.69150, 1),
        (45, 50, 0.78186, 0.96672),
        (1, 1, 0.025, 1),
        (500, 500, 0.99265, 1),
        (0, 0, 0, 1),
    ],
)
def test_bounds_of_a_share(found, of, low, high):
    assert share_bounds(found, of) == pytest.approx((low, high), abs=1e-5)


@given(st.integers(1, 400), st.data())
def test_bounds_hold_the_share_and_mirror(of, data):
    found = data.draw(st.integers(0, of))
    low, high = share_bounds(found, of)
    assert 0 <= low <= found / of <= high <= 1
    mirrored = share_bounds(of - found, of)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-9)


@given(st.integers(1, 60), st.data())
def test_a_bound_leaves_half_the_rest_outside(of, data):
    found = data.draw(st.integers(1, of))
    low, _ = share_bounds(found, of)
    tail = math.fsum(
        math.comb(of, k) * low**k * (1 - low) ** (of - k) for k in range(found, of + 1)
    )
    assert tail == pytest.approx(0.025, abs=1e-9)


def test_a_higher_level_is_wider():
    narrow, wide = share_bounds(9, 12), share_bounds(9, 12, level=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
