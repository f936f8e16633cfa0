"""The list of slow tests that is made from the times of a run."""

from tests.slow_list import slowest

TIMES = {
    "a.py::one[x]": 9.0,
    "a.py::one[y]": 8.0,
    "a.py::two[x]": 7.0,
    "a.py::two[y]": 0.1,
    "b.py::only": 30.0,
    "c.py::quick": 0.2,
    "c.py::quicker": 0.1,
}


def test_the_slowest_go_until_the_rest_fits():
    assert slowest(TIMES, budget=50) == ["a.py::one[x]"]


def test_all_values_of_a_test_are_one_line():
    assert slowest(TIMES, budget=38) == ["a.py::one"]
    assert slowest(TIMES, budget=31) == ["a.py::one", "a.py::two[x]"]


def test_the_quickest_of_each_file_stays_and_quick_tests_do_too():
    assert slowest(TIMES, budget=0) == ["a.py::one", "a.py::two[x]"]


def test_what_tests_share_is_prepared_in_any_case():
    assert slowest(TIMES, shared=12, budget=50) == ["a.py::one"]
