"""The days with something to cite a clause: those on which its rules found anything.

No model reads the policy. A finding cites the clauses that its rule serves, with what
they ask and what logs can not show; so it is judged again, and nothing is built.
"""

from collections.abc import Collection
from datetime import date

from pipelines.refresh.touching.changes import Change
from pipelines.warehouse.detections import served

FRAMES = ("clauses", "detection_clauses")


def by_clause(change: Change, names: Collection[str]) -> set[date]:
    """Days on which a rule returned rows that serves a clause of another text."""
    codes = set(change.rows("detection_clauses")["detection"])
    if "clauses" in names:
        clauses = change.rows("clauses")["clause_id"].unique().to_list()
        both = [change.was("detection_clauses"), change.now("detection_clauses")]
        codes |= {
            model.header.code
            for model in change.district.models.values()
            if any(set(served(model, said)) & set(clauses) for said in both)
        }
    found: set[date] = set()
    for model in change.district.models.values():
        if model.header.code in codes and change.database.has(model.name):
            found |= set(change.database.distinct(model.name, "event_date"))
    return found & set(change.held)
