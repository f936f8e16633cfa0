"""Who held which address: what the warehouse believes, against what was planted.

A request is held against a planted binding of its address and moment. Lines that
the DHCP log lost leave their device unknown, which is right; a wrong device or a
wrong account is not. `python -m tests.benchmarks.attribution` prints the figures.
"""

import polars as pl
import pytest

from tests.benchmarks.attribution import figures, matched


@pytest.fixture(scope="module")
def match(district):
    return matched(district.home)


def test_the_device_is_the_one_that_held_the_address(match):
    assert match.rows.height > 40_000
    assert match.wrong_devices.is_empty(), match.wrong_devices
    assert match.untold <= 0.01 * match.rows.height
    assert match.right_share >= 0.999


@pytest.mark.parametrize("grade", "ABC")
def test_a_grade_never_names_the_wrong_account(match, grade):
    right, wrong = match.accounts(grade)
    assert right
    assert wrong.is_empty(), wrong


def test_grade_d_names_nobody(match):
    assert match.count(pl.col("grade") == "D", pl.col("account").is_not_null()) == 0


def test_every_figure_that_is_printed_is_met(match):
    assert all(one.is_met for one in figures(match))
