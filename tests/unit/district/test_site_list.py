"""When a list of approved sites counts as complete."""

from datetime import date

import polars as pl

from pipelines.registry.tables.site_list import approved_sites_of, tenth_day


def listed(prefix, count):
    """Return entries that began on one day after the other."""
    return pl.DataFrame(
        {
            "entry_id": [f"{prefix}-{number:03d}" for number in range(count)],
            "pattern": [f"{prefix.lower()}{number}.example" for number in range(count)],
            "match": ["domain"] * count,
            "supports": [None] * count,
            "valid_from": [date(2026, 9, 1 + number) for number in range(count)],
        },
        schema_overrides={"supports": pl.String},
    )


def test_accepted_proposals_do_not_make_a_list_complete():
    """An art teacher with a consent on paper was named for a shop that the logs did not propose."""
    learned, entered = listed("L", 20), listed("E", 10)
    assert tenth_day(learned) is None
    assert tenth_day(pl.concat([learned, entered[:9]])) is None
    assert tenth_day(pl.concat([learned, entered])) == date(2026, 9, 10)
    assert approved_sites_of(pl.concat([learned, entered[:1]])) == {"e0.example"}
