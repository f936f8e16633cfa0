"""Joins between the relations of a snapshot, from the columns that identify their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.reports.dictionary import header_of, in_snapshots

TARGETS = (
    "identity.accounts",
    "identity.devices",
    "core.rostered_people",
    "core.site_use",
    "core.site_standing",
    "core.host_categories",
    "findings.findings",
    "marts.school_days",
    "marts.site_use",
    "marts.site_first_seen",
    "marts.device_reach",
    "marts.source_files",
)
"""Relations that others join to: what an account, a device, a site or a day is."""
OTHER_NAMES: Mapping[str, Mapping[str, str]] = {
    "findings.findings": {"account": "subject"},
    "findings.evidence": {"event_date": "time::date"},
    "identity.accounts": {"building": "home_building"},
}
"""Relation -> column of a target -> the column or expression that has its values."""


@dataclass(frozen=True)
class Join:
    """A relation with at most one row for each row of another.

    Attributes:
        relation: Its name.
        columns: Its column -> the column or expression of the other with the same values.
    """

    relation: str
    columns: Mapping[str, str]

    @property
    def condition(self) -> str:
        """The columns to join on, as people read them."""
        pairs = self.columns.items()
        return ", ".join(own if own == theirs else f"{own} = {theirs}" for theirs, own in pairs)


def joins_of(relation: str) -> Sequence[Join]:
    """Return the relations that each row of a relation joins to."""
    columns = in_snapshots().get(relation, frozenset())
    names = {**{one: one for one in columns}, **OTHER_NAMES.get(relation, {})}
    keys = {name: header_of(name).grain for name in TARGETS if name != relation}
    return [
        Join(name, {column: names[column] for column in key})
        for name, key in keys.items()
        if names.keys() >= set(key)
    ]


def joined_by(relation: str) -> Sequence[str]:
    """Return the relations whose rows join to a row of a relation."""
    every = (name for name in in_snapshots() if name != relation)
    return sorted(name for name in every if relation in (join.relation for join in joins_of(name)))


def picture(relation: str) -> Sequence[str]:
    """Return a relation and what joins to it, as a tree of text."""
    joins = joins_of(relation)
    wide = max((len(join.relation) for join in joins), default=0)
    lines = [
        f"{'└' if join is joins[-1] else '├'}─ {join.relation:{wide}}  {join.condition}"
        for join in joins
    ]
    others = ", ".join(joined_by(relation))
    return (
        *(("Joins to", *lines) if lines else ()),
        *((f"Joined by: {others}",) if others else ()),
    )
