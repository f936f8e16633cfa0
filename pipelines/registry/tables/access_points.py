"""Access points and switches, by name, with their buildings.

A log of 802.1X names the device that let a card in. Where one network spans several
buildings, only that name shows in which one the card is.
"""

import polars as pl

from pipelines.registry import canonical
from pipelines.registry.csv_files import Cell, File, RegistryFrame
from pipelines.registry.table import BUILDING, Table, conform, identifier, text

FILE = File(
    "access_points.csv",
    {
        "name": identifier("hs-ap-*"),
        "building": Cell("HS", required=True, names="building"),
    },
    "a network that spans buildings does not identify a place",
)
COLUMNS = {
    "pattern": text("its name in lower case; * matches anything"),
    "building": BUILDING,
}


def access_points(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `access_points`."""
    named = rows.frame.with_columns(pattern=canonical.lowered(pl.col("name")))
    return RegistryFrame(conform(COLUMNS, named), rows.problems)


TABLE = Table(
    name="access_points",
    file=FILE,
    frames={"access_points": COLUMNS},
    make=lambda inputs: {"access_points": access_points(inputs.rows[FILE.name])},
)
