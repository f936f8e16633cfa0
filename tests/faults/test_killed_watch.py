"""A look between two nights is killed anywhere: the next look and the night mend all."""

import random
import shutil

import pytest

from pipelines.district import open_district
from pipelines.run.run import run
from pipelines.state import ledger
from pipelines.state.findings import stored_findings
from pipelines.state.source_records import dirty_days
from tests.conftest import LONG
from tests.faults.test_whole_runs import KILLED, sent
from tests.faults.zygote import DONE, STEPS
from tests.journey.watched import AT_TWO, NIGHT, attack, ran_on_monday


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """A district with lines of today that no look has read."""
    home = ran_on_monday(tmp_path_factory.mktemp("attacked") / "home")
    attack(home)
    return home


@pytest.fixture(scope="module")
def undisturbed(attacked, tmp_path_factory, zygote):
    """The district after a look and a night, and the number of points of the look."""
    home = shutil.copytree(attacked, tmp_path_factory.mktemp("undisturbed") / "home")
    assert zygote.run(home, look=AT_TWO.isoformat()) == DONE, zygote.said()
    points = int(zygote.said().split(STEPS)[-1].split()[-1])
    run(home, now=NIGHT, settle_seconds=0)
    return home, points


def result(home):
    """Return lines, findings and messages; a file that was begun twice has other line ids."""
    with open_district(home) as district:
        found = [
            (row["rule"], row["subject"], row["status"], row["confidence"])
            for row in stored_findings(district.store)
        ]
        assert dirty_days(district.store) == []
        return ledger.account(district.store), sorted(found), sent(home)


def test_a_look_is_killed_at_its_steps(attacked, undisturbed, tmp_path, zygote):
    home, points = undisturbed
    chance = random.Random(17)
    tried = range(1, points, 1 + points // 40) if LONG else chance.sample(range(1, points), 2)
    kills = 0
    for at in tried:
        copy = shutil.copytree(attacked, tmp_path / f"k{at}")
        code = zygote.run(copy, "kill", at=at, look=AT_TWO.isoformat())
        assert code in (KILLED, DONE), zygote.said()
        kills += code == KILLED
        if at % 2:  # the night mends it without another look, too
            assert zygote.run(copy, look=AT_TWO.isoformat()) == DONE, zygote.said()
        run(copy, now=NIGHT, settle_seconds=0)
        assert result(copy) == result(home)
        shutil.rmtree(copy)
    print(f"\na look killed at {kills} of {points} points: 0 differences")
    assert kills
