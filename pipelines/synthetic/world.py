"""The world that all parts share, and their random numbers."""

import random
import zlib
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from pipelines.synthetic.habits import FRIENDLY, Habits
from pipelines.synthetic.invented_people import Roster, make_roster
from pipelines.synthetic.places import Places, make_places
from pipelines.synthetic.school_days import FIRST_DAY, Day, make_days, moved
from pipelines.synthetic.websites import Site, make_sites


@dataclass(frozen=True)
class World:
    """People, places, activities and times; each part draws separate random numbers.

    Parts draw from separate streams, so that a change in one of them does not change the
    others.
    """

    seed: int
    roster: Roster
    places: Places
    sites: tuple[Site, ...]
    days: tuple[Day, ...]
    habits: Habits = FRIENDLY
    later: timedelta = timedelta(0)

    def moved(self, text: str) -> str:
        """Return a date of the planned term as the district lives it; empty stays empty."""
        return moved(text, self.later)

    def random(self, part: str) -> random.Random:
        """Return random numbers for planning."""
        return random.Random(f"{self.seed}:{part}")

    def generator(self, part: str) -> np.random.Generator:
        """Return random numbers for whole columns."""
        return np.random.default_rng([self.seed, zlib.crc32(part.encode())])


def make_world(
    seed: int,
    weeks: int,
    people: int,
    habits: Habits = FRIENDLY,
    later: timedelta = timedelta(0),
) -> World:
    """Return the district of a seed, some whole weeks after the planned term."""
    roster = make_roster(seed, people)
    places = make_places(seed, roster, chromebooks=habits.products == "chromebooks")
    days = make_days(weeks, FIRST_DAY, later)
    return World(seed, roster, places, make_sites(), days, habits, later)
