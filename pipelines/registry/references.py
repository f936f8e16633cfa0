"""Cells that name a row of another file, which is not there.

Each is a notice: the row is kept, and what the name stands for stays unknown. A
building that is misspelt in one file would otherwise look like one more building.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines.registry.networks import address_text
from pipelines.registry.reading import LINE, Rows, tell
from pipelines.settings.problems import Problem

BUILDINGS = ("subnets.csv", "devices.csv", "staff_duty.csv")
PEOPLE = (("accounts.csv", "owner_person_id"), ("devices.csv", "assigned_to"))
DEVICES = "devices.csv"


def dangling(
    rows: Mapping[str, Rows], people: pl.DataFrame, places: pl.DataFrame
) -> list[Problem]:
    """Names without their row, where the file that should have them has any.

    Args:
        rows: Every file's good rows, with `_line`.
        people: Frame `people`.
        places: Frame `buildings`.
    """
    problems = []
    names = places["building"].drop_nulls().unique(maintain_order=True).to_list()
    for file in BUILDINGS:
        allowed, what = ", ".join(names), "is no building"
        problems += _unknown(rows, file, "building", names, (what, allowed))
    persons = people["person_id"].drop_nulls().unique().to_list()
    said = ("is not in the roster", "a sourcedId of users.csv")
    for file, column in PEOPLE:
        problems += _unknown(rows, file, column, persons, said)
    return [*problems, *_addresses(rows[DEVICES].frame)]


def _unknown(
    rows: Mapping[str, Rows],
    file: str,
    column: str,
    known: Sequence[str],
    said: tuple[str, str],
) -> list[Problem]:
    frame = rows[file].frame
    if not known or column not in frame.columns:
        return []
    strange = frame.filter(~pl.col(column).is_in(known).fill_null(value=True))
    told = strange.select(LINE, pl.col(column).alias("value"))
    what, allowed = said
    return tell(file, column, told, what=what, allowed=allowed, severity="notice")


def _addresses(devices: pl.DataFrame) -> list[Problem]:
    """Fixed addresses that are none, so that no line can ever come from them."""
    written = devices["static_ip"].drop_nulls().unique().to_list()
    odd = [text for text in written if address_text(text) is None]
    told = devices.filter(pl.col("static_ip").is_in(odd)).select(
        LINE, pl.col("static_ip").alias("value")
    )
    return tell(
        DEVICES,
        "static_ip",
        told,
        what="is no address",
        allowed="10.20.4.17, 2001:db8::17",
        severity="notice",
    )
