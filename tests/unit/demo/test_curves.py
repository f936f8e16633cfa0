"""Curves: which values a threshold is moved to, and which depend on a slope."""

from pipelines.warehouse.headers import Param
from tests.benchmarks.curves import Point, curves, sloping, together, tried
from tests.conftest import only_long
from tests.journey.small import small


def point(value, true, false=0, *, is_now=False, rule="NA-1", parameter="requests"):
    return Point(rule=rule, parameter=parameter, value=value, is_now=is_now, true=true, false=false)


def test_a_threshold_moves_within_its_bounds():
    param = Param(type="int", default=480, min=300, max=700)
    assert tried(param) == [300, 360, 480, 700]
    assert tried(Param(type="double", default=0.8, max=1)) == [0.4, 0.6, 0.8, 1.0]
    assert tried(Param(type="int", default=1)) == [0, 1, 2]


def test_words_and_switches_do_not_move():
    assert tried(Param(type="varchar", default="x")) == []
    assert tried(Param(type="boolean", default=True)) == []
    assert tried(Param(type="date")) == []


def test_findings_of_several_districts_are_put_together():
    whole = together([point(3, 4, 1, is_now=True), point(2, 9), point(3, 5, 1)])
    assert [(one.value, one.true, one.false) for one in whole] == [(2, 9, 0), (3, 9, 2)]


def test_a_flat_stretch_is_no_slope_and_a_steep_one_is():
    flat = [point(1, 40), point(2, 20), point(3, 20, is_now=True), point(4, 19)]
    assert sloping(flat) == []
    steep = [point(1, 20), point(2, 20, is_now=True), point(3, 17)]
    assert sloping(steep) == [steep[1]]
    false = [point(1, 20, 5), point(2, 20, 0, is_now=True), point(3, 20, 0)]
    assert sloping(false) == [false[1]]


def test_each_threshold_slopes_by_itself():
    one = [point(1, 20), point(2, 2, is_now=True)]
    other = [point(1, 2, parameter="days"), point(2, 2, is_now=True, parameter="days")]
    assert sloping([*other, *one]) == [one[1]]


@only_long
def test_as_they_are_the_rules_find_what_they_found(tmp_path_factory, tmp_path):
    home = small(tmp_path_factory.getbasetemp()).copy(tmp_path)
    points = curves(home)
    now = {}
    for one in points:
        if one.is_now:
            now.setdefault(one.rule, set()).add((one.true, one.false))
    assert all(len(found) == 1 for found in now.values())
    looser = max(p.true for p in points if p.parameter == "longest_seconds")
    assert looser > max(true for true, _ in now["NA-1"])
