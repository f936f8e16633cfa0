"""A district written otherwise has the same findings; one known less well has fewer.

The quick run takes two days of the small district through the mutations that change how it is
written, all at once, and through some that take facts away or allow more. The long run takes a
week of it through each mutation alone, and through sets of them that hypothesis draws and
shrinks to the smallest set that breaks a law. With the folder of other generators next to the
checkout, it takes their districts too.
"""

import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.registry.new_home import create
from tests.benchmarks.judge import GENERATORS, JUDGE, lay, made
from tests.conftest import LONG
from tests.journey.small import small, two_days
from tests.metamorphic.laws import Law, accounts_of, broken, findings_of
from tests.metamorphic.mutations import MUTATIONS, rows_of, write_rows

LONG_ONLY = pytest.mark.skipif(not LONG, reason="in the long run")
QUICK = (
    "half of the roster",
    "half of the job titles",
    "half of the holders",
    "half of the hours",
    "approvals that have not begun",
    "exceptions in capitals",
)
SPELLINGS = tuple(name for name, one in MUTATIONS.items() if one.law is Law.EQUAL)
LESS = tuple(name for name, one in MUTATIONS.items() if one.law is Law.FEWER)
MIN_FINDINGS = 10


class Tried:
    """A district that mutations change, with its findings as it is."""

    def __init__(self, delivered: Path, scratch: Path):
        self.delivered = delivered
        self.scratch = scratch
        self.count = 0
        plain = self.copy()
        self.before = findings_of(plain)
        self.accounts = accounts_of(plain)
        assert len(self.before) >= MIN_FINDINGS  # else nothing is compared

    def copy(self):
        """Return a new home to change."""
        self.count += 1
        target = self.scratch / f"home-{self.count}"
        shutil.copytree(self.delivered, target)
        return target

    def breaks(self, names, seed=1):
        """Return what breaks the law of mutations that are applied one after the other."""
        home = self.copy()
        (law,) = {MUTATIONS[name].law for name in names}
        for name in names:
            MUTATIONS[name].change(home, Random(seed))
        after = findings_of(home)
        shutil.rmtree(home)
        return broken(law, self.before, after, self.accounts)


OTHERS = {one.name: one for one in GENERATORS} if LONG and JUDGE.is_dir() else {}
SIZE = ("--weeks", "1", "--people", "60")
OWN = "our own"


@pytest.fixture(scope="module", params=[OWN, *OTHERS])
def district(request, tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    scratch = tmp_path_factory.mktemp("mutated")
    if request.param == OWN:
        ours = small(base) if LONG else two_days(base)
        return Tried(ours.delivered, scratch)
    generator = OTHERS[request.param]
    home = scratch / "delivered"
    create(home, zone=generator.zone)
    lay(made(generator, scratch / "made", 71, SIZE), home, generator)
    return Tried(home, scratch)


def test_a_district_written_otherwise_has_the_same_findings(district):
    assert district.breaks(SPELLINGS) == []


@pytest.mark.parametrize("name", MUTATIONS if LONG else QUICK)
def test_each_mutation_keeps_its_law(district, name):
    assert district.breaks([name]) == [], MUTATIONS[name].reason


@LONG_ONLY
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sets(st.sampled_from(LESS), min_size=2, max_size=5), st.integers(0, 9))
def test_less_of_several_lists_accuses_no_one(district, names, seed):
    assert district.breaks(sorted(names), seed) == []


def test_a_first_approved_site_is_no_list(district):
    """Approving the district's own domain accused the users of every other leisure site."""
    home = district.copy()
    rows = rows_of(home, "approved_sites.csv")
    write_rows(home, "approved_sites.csv", [], list(rows[0]))
    before = findings_of(home)
    home = district.copy()
    write_rows(home, "approved_sites.csv", rows[:1])
    assert broken(Law.FEWER, before, findings_of(home), district.accounts) == []
