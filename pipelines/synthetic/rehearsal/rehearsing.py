"""Draws a school year, plays it, and counts."""

from random import Random

from pipelines.synthetic.rehearsal.counting import Count, count
from pipelines.synthetic.rehearsal.findings import drawn
from pipelines.synthetic.rehearsal.playing import play
from pipelines.synthetic.rehearsal.volumes import FEEDS, lines
from pipelines.synthetic.rehearsal.year import plant, school_year

FIRST_YEAR = 2026


def rehearse(*, weeks: int, seed: int, silences: int) -> Count:
    """The figures of a school year.

    Args:
        weeks: How much of it, from August on.
        silences: Planted at each source; in buildings of it as many again.
    """
    random = Random(seed)
    year = school_year(FIRST_YEAR, random, weeks)
    planted = plant(year, random, {one.name: one.is_local for one in FEEDS}, silences)
    hours = lines(year, planted, random)
    played, store = play(year, hours, drawn(year, random), random)
    try:
        return count(year, planted, played, store)
    finally:
        store.close()
