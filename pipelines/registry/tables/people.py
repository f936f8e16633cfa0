"""The people of the roster, with their roles and days; see `registry.roster`."""

import polars as pl

from pipelines.events import Column
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.table import (
    BUILDING,
    FROM,
    PERSON,
    TO,
    Inputs,
    Mentions,
    Table,
    conform,
    text,
)

COLUMNS = {
    "person_id": PERSON,
    "role": text("OneRoster role, as exported"),
    "job_title": text("job title, as exported", "indirect"),
    "building": BUILDING,
    "grade": text("grade of a student; several joined by |", "indirect"),
    "is_staff": Column(pl.Boolean, "an employee; null for an unknown role"),
    "is_student": Column(pl.Boolean, "a student; null for an unknown role"),
    "username": text("account of the roster, canonical", "direct"),
    "valid_from": FROM,
    "valid_to": TO,
}


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the frame `people`."""
    roster = inputs.roster
    return {"people": RegistryFrame(conform(COLUMNS, roster.people), roster.problems)}


TABLE = Table(name="people", frames={"people": COLUMNS}, make=make, touches=Mentions())
