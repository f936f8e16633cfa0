"""Makes `slow.txt`: the tests that `make test` leaves to CI, from the times of a whole run.

    SCHOOLBELL_SLOW=rewrite python -m pytest -q -n 3 --dist worksteal

The slowest tests go onto the list until the others take `BUDGET_SECONDS`. The quickest test of each
file stays, so that no file is left out. What several tests share is prepared for those that stay,
whichever test of the run came first.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("slow.txt")
ROOT = LIST.parents[1]
BUDGET_SECONDS = 840
"""Five minutes of three workers, less the time in which they start."""
LEAST_SECONDS = 0.5
SHARED = "seconds of what others need too"
HEAD = f"""\
# What `make test` leaves to CI (`make test ALL=1`): the rest takes {BUDGET_SECONDS} seconds.
# Made by tests/slow_list.py from the times of a run; do not edit.
"""


def listed(text: str) -> set[str]:
    """Return what a list names: files, tests, or tests with one of their values."""
    return {line for line in text.splitlines() if line[:1] != "#"}


def slowest(
    seconds: Mapping[str, float], shared: float = 0, budget: float = BUDGET_SECONDS
) -> list[str]:
    """Return the tests to leave out, by name.

    Args:
        seconds: Of each test, with its own preparation.
        shared: Of all that is prepared for more than one test.
    """
    by_file: dict[str, list[str]] = defaultdict(list)
    for name in seconds:
        by_file[name.partition("::")[0]].append(name)
    kept = {min(names, key=lambda name: (seconds[name], name)) for names in by_file.values()}
    left, out = shared + sum(seconds.values()), []
    for name in sorted(seconds, key=lambda name: (-seconds[name], name)):
        if left <= budget or seconds[name] < LEAST_SECONDS:
            break
        if name not in kept:
            out.append(name)
            left -= seconds[name]
    return _short(sorted(out), seconds)


def _short(names: Iterable[str], every: Iterable[str]) -> list[str]:
    """Return the names, one for all values of a test if all of them are out."""
    of_test: dict[str, set[str]] = defaultdict(set)
    for name in every:
        of_test[name.partition("[")[0]].add(name)
    out: dict[str, set[str]] = defaultdict(set)
    for name in names:
        out[name.partition("[")[0]].add(name)
    return sorted(
        line
        for test, found in out.items()
        for line in ([test] if found == of_test[test] else found)
    )


def name_parts(name: str) -> set[str]:
    """Return the names by which a list may name a test: its own, without its value, its file."""
    return {name, name.partition("[")[0], name.partition("::")[0]}


class Times:
    """A plugin that adds up the time of each test and writes the list at the end."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._shared: dict[str, float] = defaultdict(float)
        self._marked: set[str] = set()
        self._preparing: list[float] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        """Measure in a worker what is prepared for several tests, without what that needs."""
        if fixturedef.scope == "function":
            return (yield)
        began = time.perf_counter()
        before = sum(self._preparing)
        try:
            return (yield)
        finally:
            took = time.perf_counter() - began
            self._preparing.append(took - (sum(self._preparing) - before))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        """Tell the process that writes the list, with the report."""
        del item, call
        report = yield
        report.user_properties.append((SHARED, sum(self._preparing)))
        self._preparing.clear()
        return report

    def pytest_runtest_logreport(self, report) -> None:
        shared = dict(report.user_properties).get(SHARED, 0)
        self._shared[report.nodeid] += shared
        self._seconds[report.nodeid] += report.duration - shared
        if "slow" in report.keywords:
            self._marked.add(report.nodeid)

    def pytest_sessionfinish(self, session) -> None:
        if hasattr(session.config, "workerinput"):
            return
        before = listed(LIST.read_text())
        own = {name for name in self._marked if not before & name_parts(name)}
        seconds = {name: took for name, took in self._seconds.items() if name not in own}
        ran = {part for name in self._seconds for part in name_parts(name)}
        left = {line for line in before - ran if (ROOT / line.partition("::")[0]).is_file()}
        shared = sum(took for name, took in self._shared.items() if name not in own)
        names = {*slowest(seconds, shared), *left}
        LIST.write_text(HEAD + "".join(f"{name}\n" for name in sorted(names)))
