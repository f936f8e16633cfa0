"""The classes of records that a home keeps: what, where, how long, how deleted.

A class is one row here and its `Deletion` in `operations/record_deletion.py`; a test
holds the two against each other. The settings, the commands, the certificate of a
purge and `docs/reference/retention.md` read the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field, create_model

from pipelines.settings.problems import Part

KEPT: Mapping[str, str] = {
    "The audit chain": "who did what must stay provable",
    "The ledger of files": "every line stays accounted for",
    "The names given to pseudonyms": "a name cannot be recovered from its token",
    "Inquiries of other offices": "who was asked about, and who authorized it, must stay provable",
    "Groups of proposals that were accepted": "they can be taken back; what was taken "
    "back keeps no row",
    "Certificates": "they prove what was deleted",
}
"""Data that no purge deletes, with the reason."""
NOT_REACHED = (
    "Copies that `schoolbell backup` or anyone else made before are not touched.",
    (
        "Copies of the state that an upgrade, a move or a restore kept next to state.db are "
        "not touched."
    ),
    "Files that analysts exported, and mails that were sent, are not touched.",
    "On a solid-state disk old blocks stay for a while; an encrypted one is safe.",
)
"""Data that a purge cannot delete, as every certificate lists it."""
MAX_DAYS = 36_525
"""A hundred years; what is kept for good has no days at all."""


@dataclass(frozen=True, kw_only=True)
class RecordClass:
    """Records that are kept and deleted together.

    Attributes:
        name: As in `NAME_days` of the settings, and in certificates.
        plural: Their name in `purge`.
        where: In a home.
        covers: What belongs to it, as in the settings.
        deletion: Effect of deleting.
        least_days: The fewest that a district may set.
        example_days: The example in the settings.
        default_days: The value if the district sets none; None: kept.
        like: The class whose setting applies, if it has none.
    """

    name: str
    plural: str
    where: str
    covers: str
    deletion: str
    least_days: int = 28
    example_days: int = 400
    default_days: int | None = None
    like: str = ""


RECORD_CLASSES: tuple[RecordClass, ...] = (
    RecordClass(
        name="raw",
        plural="raw files",
        where="`landing/`",
        covers="raw files in landing/ that were read to their end",
        deletion="The file, once its hash is noted.",
        least_days=1,
        example_days=60,
    ),
    RecordClass(
        name="event",
        plural="lake files",
        where="`lake/`, `warehouse.duckdb`, `snapshots/`",
        covers="events, and all that is made from them",
        deletion="The files; the warehouse is rebuilt, snapshots are published again. "
        "Changes of attribution of those days are deleted too.",
    ),
    RecordClass(
        name="finding",
        plural="undecided findings",
        where="`state.db`",
        covers="findings without a decision",
        deletion="Their rows, copied lines and history; cases left empty.",
        example_days=365,
    ),
    RecordClass(
        name="case",
        plural="findings of decided cases",
        where="`state.db`",
        covers="findings with a decision, and their evidence",
        deletion="As undecided findings, with the verdicts.",
        example_days=2555,
    ),
    RecordClass(
        name="report",
        plural="weekly reports",
        where="`reports/`, `editions/`, `state.db`",
        covers="published reports of every edition",
        deletion="Their pages and numbers; the index keeps an entry.",
        example_days=2555,
    ),
    RecordClass(
        name="message",
        plural="alert messages",
        where="`state.db`",
        covers="alerts that were sent",
        deletion="Text and page; a record that it was sent is kept, so that it is not sent again.",
    ),
    RecordClass(
        name="registry",
        plural="copies of registry files that shrank",
        where="`registry-kept/`",
        covers="copies of registry files that shrank",
        deletion="The copy; from then on the current file counts.",
        like="event",
    ),
)


class RetentionDays(Part):
    """Days that records are kept; a class that is left out is kept until you set it.

    A day expires with its whole week: nothing of a week is deleted before all of it may be.
    """

    def days(self) -> Mapping[str, int]:
        """Return the days of each class that has a retention."""
        own = {
            one.name: getattr(self, f"{one.like or one.name}_days", None) for one in RECORD_CLASSES
        }
        return {name: count for name, count in own.items() if count is not None}


def _fields() -> Mapping[str, object]:
    return {
        f"{one.name}_days": (
            int | None,
            Field(
                default=one.default_days,
                ge=one.least_days,
                le=MAX_DAYS,
                description=one.covers,
                examples=[one.example_days],
            ),
        )
        for one in RECORD_CLASSES
        if not one.like
    }


if TYPE_CHECKING:
    Retention = RetentionDays
else:
    Retention = create_model(
        "Retention",
        __base__=RetentionDays,
        __module__=__name__,
        __doc__=RetentionDays.__doc__,
        **_fields(),
    )
