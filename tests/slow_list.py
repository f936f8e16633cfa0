"""Makes `slow.txt`: the tests that `make test` leaves to CI, from the times of a whole run.

    SCHOOLBELL_SLOW=rewrite python -m pytest -q -n 3 --dist worksteal

The slowest tests go onto the list until the others take `BUDGET_SECONDS`. The quickest test of each
file stays, so that no file is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

LIST = Path(__file__).with_name("slow.txt")
ROOT = LIST.parents[1]
BUDGET_SECONDS = 780
"""Five minutes of three workers, less the time in which they start."""
LEAST_SECONDS = 0.5
HEAD = f"""\
# What `make test` leaves to CI (`make test ALL=1`): the rest takes {BUDGET_SECONDS} seconds.
# Made by tests/slow_list.py from the times of a run; do not edit.
"""


def listed(text: str) -> set[str]:
    """Return what a list names: files, tests, or tests with one of their values."""
    return {line for line in text.splitlines() if line[:1] != "#"}


def slowest(seconds: Mapping[str, float], budget: float = BUDGET_SECONDS) -> list[str]:
    """Return the tests to leave out, by name.

    Args:
        seconds: Of each test, with its preparation.
    """
    by_file: dict[str, list[str]] = defaultdict(list)
    for name in seconds:
        by_file[name.partition("::")[0]].append(name)
    kept = {min(names, key=lambda name: (seconds[name], name)) for names in by_file.values()}
    left, out = sum(seconds.values()), []
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
        self._marked: set[str] = set()

    def pytest_runtest_logreport(self, report) -> None:
        self._seconds[report.nodeid] += report.duration
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
        LIST.write_text(HEAD + "".join(f"{name}\n" for name in sorted({*slowest(seconds), *left})))
